"""`inspector train --model anomalib:…` writes a bundle like any other, or says early why not."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import Bundle, load_bundle
from inspector.calibration import promise
from inspector.cli import main
from inspector.errors import TrainingError
from inspector.frames import image_files, read_frame
from inspector.gate import Tolerance, check_bundle
from inspector.inspecting import load_inspector
from inspector.results import Verdict
from tests.training.anomalib_models.small import random_dino, small_recipe
from tests.training.washers import write_washers
from training.anomalib_models.product import train_anomalib_product
from training.anomalib_models.protocol import Recipe
from training.anomalib_models.registry import ANOMALIB_MODELS, find_model
from training.retraining.retraining import retrain_product
from training.settings import TrainingSettings

NORMALS = 24
CONFIG = """
height = 128
width = 128
golden_frames = 4
golden_defects = 2
[anomalib]
memory = 200
pool = 2000
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_washers(tmp_path_factory.mktemp("data") / "washer", normals=NORMALS, tests=6)


@pytest.fixture(scope="module")
def patchcore(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Trained by the command."""
    folder = tmp_path_factory.mktemp("patchcore")
    (folder / "training.toml").write_text(CONFIG)
    words = ["train", "--product", "washer", "--normal", str(data / "train/good"), "--json"]
    words += ["--model", "anomalib:patchcore", "--config", str(folder / "training.toml")]
    with redirect_stdout(StringIO()) as printed, pytest.raises(SystemExit) as done:
        main([*words, "--output", str(folder / "bundle")])
    assert done.value.code == 0
    bundle = load_bundle(folder / "bundle")
    assert json.loads(printed.getvalue())["model_version"] == bundle.version
    return bundle


def test_bundle_passes_good_parts_and_rejects_defective_ones(patchcore: Bundle, data: Path) -> None:
    inspector = load_inspector(patchcore.path)

    def verdicts(kind: str) -> set[Verdict]:
        return {inspector.inspect(read_frame(path)).verdict for path in image_files(data / "test" / kind)}

    assert verdicts("good") == {Verdict.PASS}
    assert verdicts("blot") == {Verdict.REJECT}


def test_regions_of_a_reject_lie_on_the_defect(patchcore: Bundle, data: Path) -> None:
    inspector = load_inspector(patchcore.path)
    for path in image_files(data / "test/blot"):
        mask = read_frame(data / "ground_truth/blot" / f"{path.stem}_mask.png").image[..., 0] > 0
        region = inspector.inspect(read_frame(path)).regions[0]
        x, y = region.centre_px
        assert mask[round(y), round(x)]


def test_bundle_passes_the_gate_that_boxes_have(patchcore: Bundle) -> None:
    inspector = load_inspector(patchcore.path)
    tolerance = Tolerance.for_engine(inspector.engine.name)
    report = check_bundle(inspector, tolerance=tolerance, budget_ms=None, largest_batch=4)
    assert report.passed, report.why
    golden = patchcore.manifest.golden
    assert [one.verdict for one in golden[-2:]] == [Verdict.REJECT] * 2


def test_manifest_names_the_model_and_what_the_limit_is_worth(patchcore: Bundle) -> None:
    manifest = patchcore.manifest
    assert manifest.training["model"] == "anomalib:Patchcore"
    assert manifest.text_encoder is None
    assert manifest.limits.normals == NORMALS
    assert promise(manifest.limits) == pytest.approx(1 / (NORMALS + 1))
    assert manifest.limits.reject > max(one.score for one in manifest.golden if one.verdict is Verdict.PASS)


def test_show_prints_such_a_bundle(patchcore: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["show", str(patchcore.path)])
    assert done.value.code == 0
    assert "anomalib:Patchcore" in capsys.readouterr().out


def test_retraining_is_refused(patchcore: Bundle, data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"holds anomalib:Patchcore.*inspector train --model"):
        retrain_product(patchcore, data / "train/good", tmp_path / "candidate")
    assert not (tmp_path / "candidate").exists()


@pytest.mark.parametrize("text", ["Patchcore", "anomalib:Patchcoer", "padim", ""])
def test_an_unknown_model_is_answered_with_the_names(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(["--model", text], tmp_path, capsys).count("anomalib:") >= len(ANOMALIB_MODELS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--model", "anomalib:EfficientAd"], "pretrained_teacher_small.pth"),
        (["--model", "anomalib:Dinomaly"], "vit_base_patch14_reg4_dinov2"),
        (["--model", "anomalib:Padim", "--weights", "x.pth"], "Leave out --weights"),
        (["--weights", "x.pth"], "Leave out --weights"),
    ],
)
def test_what_is_missing_is_told_before_any_picture_is_read(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in refusal(words, tmp_path, capsys)


def refusal(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says; there is no folder of normals, which it would say if it came so far."""
    with pytest.raises(SystemExit) as done:
        main(["train", "-p", "x", "-n", str(folder / "absent"), "-o", str(folder / "bundle"), *words])
    assert done.value.code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "absent" not in said
    return said


def test_a_file_of_weights_that_is_absent_or_damaged_is_named(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.pth"
    damaged.write_bytes(b"no weights")
    for name in ("EfficientAd", "Dinomaly"):
        (tmp_path / name).mkdir()
        recipe, model = small_recipe(name, tmp_path / name), find_model(f"anomalib:{name}")
        model.check(recipe)
        with pytest.raises(TrainingError, match="there is no such file"):
            model.check(replace(recipe, weights=tmp_path / "absent.pth"))
        with pytest.raises(TrainingError, match="damaged"):
            model.check(replace(recipe, weights=damaged))


def test_frames_that_do_not_suit_a_model_are_refused(tmp_path: Path) -> None:
    weights = random_dino(tmp_path / "dino.pth")
    with pytest.raises(TrainingError, match="no whole patches of 14"):
        find_model("anomalib:Dinomaly").check(Recipe(128, 126, weights=weights))
    (tmp_path / "efficient").mkdir()
    recipe = small_recipe("EfficientAd", tmp_path / "efficient")
    with pytest.raises(TrainingError, match="too small"):
        find_model("anomalib:EfficientAd").check(replace(recipe, height=128))


def test_weights_of_another_network_do_not_fit(tmp_path: Path) -> None:
    recipe = small_recipe("EfficientAd", tmp_path)
    other = replace(recipe, weights=random_dino(tmp_path / "dino.pth"))
    normals = np.zeros((2, 256, 256, 3), np.uint8)
    with pytest.raises(TrainingError, match="do not fit the small teacher"):
        find_model("anomalib:EfficientAd").fit(normals, normals, other)


def test_too_few_normals_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    few = write_washers(tmp_path / "few", normals=3, tests=1)
    settings = TrainingSettings(height=128, width=128)
    with pytest.raises(TrainingError, match="cannot be trained on 3 pictures"):
        train_anomalib_product(
            "washer", few / "train/good", tmp_path / "bundle", find_model("anomalib:Padim"), settings
        )
    assert not (tmp_path / "bundle").exists()
