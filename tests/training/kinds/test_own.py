"""A product's own kinds: from the settings of a training into its bundle, and out of it again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import load_bundle, seal
from inspector.describing.describer import Describer
from inspector.describing.kinds import BUNDLE_KINDS, load_kind_reader
from inspector.describing.words import Kind
from inspector.frames import read_frame
from inspector.inspecting import load_inspector
from inspector.results import Verdict
from tests.tiny_bundle import write_tiny_bundle
from tests.training.washers import write_washers
from training.kinds.own import write_own_kinds
from training.kinds.vocabulary import KindsOfProduct, OwnKind
from training.product import train_product
from training.settings import MemorySettings, TextDecoderSettings, TrainingSettings

BURR = OwnKind(word="burr", phrases=("a burr", "a sharp ridge of metal"))
ONLY_BURRS = {**{kind.value: 0.0 for kind in Kind if kind != Kind.UNKNOWN}, "burr": 5.0}

TINY = TrainingSettings(
    height=64,
    width=64,
    synthetic_frames=20,
    folds=2,
    memory=MemorySettings(size=64, pool=600, dimensions=16),
    text_decoder=TextDecoderSettings(steps=4, batch=128, hidden=16),
)


def test_a_product_with_the_known_kinds_only_has_no_file(tmp_path: Path) -> None:
    write_own_kinds(tmp_path, KindsOfProduct())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "kinds",
    [
        KindsOfProduct(own=(BURR, OwnKind(word="sink mark"))),
        KindsOfProduct(weights={"misprint": 0.0, "hole": 4.0}),
        KindsOfProduct(own=(BURR,), weights={"burr": 3.0, "dent": 0.0}),
    ],
)
def test_what_is_written_is_read_again(tmp_path: Path, kinds: KindsOfProduct) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    write_own_kinds(bundle.path, kinds)
    seal(bundle.path, bundle.manifest)
    content = json.loads((bundle.path / BUNDLE_KINDS).read_text())
    assert content["weights"] == dict(kinds.weights)
    assert list(content["directions"]) == [kind.word for kind in kinds.own]
    for direction in content["directions"].values():
        assert np.linalg.norm(direction) == pytest.approx(1, rel=1e-5)
    reader = load_kind_reader(load_bundle(bundle.path))
    assert reader.words[12:] == tuple(kind.word for kind in kinds.own)


def test_a_trained_bundle_tells_its_own_kinds(tmp_path: Path) -> None:
    data = write_washers(tmp_path / "data", normals=6, tests=2)
    settings = TINY.model_copy(update={"kinds": KindsOfProduct(own=(BURR,), weights=ONLY_BURRS)})
    bundle = train_product("washer", data / "train" / "good", tmp_path / "bundle", settings).bundle
    assert BUNDLE_KINDS in bundle.manifest.files
    assert "burr" in str(bundle.manifest.training["settings"])
    inspector, describer = load_inspector(bundle.path), Describer(bundle)
    for path in sorted((data / "test" / "blot").iterdir()):
        frame = read_frame(path)
        task = describer.measure(frame, inspector.inspect(frame))
        assert task.facts.verdict == Verdict.REJECT
        assert {region.kind for region in task.facts.regions} == {"burr"}
        assert "burr" in task.kinds
