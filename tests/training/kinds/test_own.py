"""A product's own kinds: from the settings of a training into its bundle, and out of it again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import load_bundle, seal
from inspector.describing.kinds import BUNDLE_KINDS, load_kind_reader
from tests.tiny_bundle import write_tiny_bundle
from training.kinds.own import write_own_kinds
from training.kinds.vocabulary import KindsOfProduct, OwnKind

BURR = OwnKind(word="burr", phrases=("a burr", "a sharp ridge of metal"))


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
