from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from inspector.errors import BundleError, DatasetError, FrameError, OutputExistsError
from inspector.inspecting import anomaly_map_in_frame, load_inspector
from tests.tiny_bundle import tiny_part, write_tiny_bundle
from tests.training.evaluation.drawn_set import put, write_drawn_set
from training.commands_evaluate import register
from training.evaluation.dataset import load_test_set, read_mask
from training.evaluation.evaluating import inspect_sample
from training.evaluation.running import run_evaluation

KEYS = {
    "image_auroc",
    "pixel_auroc",
    "pixel_auroc_error",
    "aupro",
    "f1",
    "f1_max",
    "recall",
    "recall_interval",
    "false_reject_rate",
    "false_reject_rate_interval",
    "false_reject_rate_target",
    "limit",
    "counts",
    "per_kind",
    "latency_ms",
    "product",
    "model_version",
    "dataset",
    "engine",
    "notes",
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "washer").path


def app() -> typer.Typer:
    application = typer.Typer(pretty_exceptions_enable=False)
    application.callback()(lambda: None)
    register(application)
    return application


def test_the_command_writes_figures_scores_and_a_report(tmp_path: Path, bundle: Path) -> None:
    dataset = write_drawn_set(tmp_path / "washers")
    output = tmp_path / "out" / "report"
    result = CliRunner().invoke(app(), ["evaluate", str(bundle), str(dataset), "--output", str(output)])
    assert result.exit_code == 0, result.output
    assert "100 %" in result.stdout
    assert str(output / "report.html") in result.stdout
    assert {file.name for file in output.iterdir()} == {"metrics.json", "scores.csv", "report.html"}
    metrics = json.loads((output / "metrics.json").read_text())
    assert set(metrics) == KEYS
    assert metrics["recall"] == 1
    assert metrics["false_reject_rate"] == 0
    assert metrics["image_auroc"] == 1
    assert metrics["f1"] == metrics["f1_max"] == 1
    assert 0.95 < metrics["pixel_auroc"] <= 1
    assert 0.8 < metrics["aupro"] <= 1
    assert metrics["latency_ms"] > 0
    assert metrics["per_kind"]["blot"]["count"] == 5
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert metrics["model_version"] == manifest["version"]
    assert metrics["limit"] == manifest["limits"]["reject"]
    with (output / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 11
    assert rows[-1]["picture"] == "test/blot/004.png"
    assert rows[-1]["verdict"] == "reject"
    assert float(rows[-1]["score"]) > metrics["limit"] > float(rows[0]["score"])


def test_pixel_figures_are_those_of_the_full_size_maps(tmp_path: Path, bundle: Path) -> None:
    dataset = write_drawn_set(tmp_path / "washers")
    metrics = run_evaluation(bundle, dataset, tmp_path / "report", threads=1)
    inspector, pixels, truth = load_inspector(bundle), [], []
    for sample in load_test_set(dataset).samples:
        inspection, _ = inspect_sample(inspector, sample)
        pixels.append(anomaly_map_in_frame(inspection).ravel())
        mask = read_mask(sample.mask_path, 160, 160) if sample.mask_path else np.zeros((160, 160), bool)
        truth.append(mask.ravel())
    exact = roc_auc_score(np.concatenate(truth), np.concatenate(pixels))
    assert metrics.pixel_auroc_error is not None
    assert metrics.pixel_auroc_error < 1e-5
    assert metrics.pixel_auroc == pytest.approx(exact, abs=metrics.pixel_auroc_error)


def test_json_on_stdout_is_the_content_of_the_file(tmp_path: Path, bundle: Path) -> None:
    dataset = write_drawn_set(tmp_path / "washers", good=2, blot=2)
    output = tmp_path / "report"
    result = CliRunner().invoke(
        app(), ["evaluate", str(bundle), str(dataset), "--output", str(output), "--json"]
    )
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads((output / "metrics.json").read_text())


def test_without_masks_pixel_figures_are_null_and_a_note_says_why(tmp_path: Path, bundle: Path) -> None:
    dataset = write_drawn_set(tmp_path / "washers", masks=False)
    metrics = run_evaluation(bundle, dataset, tmp_path / "report")
    assert (metrics.pixel_auroc, metrics.pixel_auroc_error, metrics.aupro) == (None, None, None)
    assert metrics.counts.with_mask == 0
    assert any("no masks" in note for note in metrics.notes)
    assert metrics.image_auroc == 1


def test_without_defects_only_the_false_reject_rate_is_known(tmp_path: Path, bundle: Path) -> None:
    dataset = write_drawn_set(tmp_path / "washers", blot=0)
    metrics = run_evaluation(bundle, dataset, tmp_path / "report")
    assert metrics.false_reject_rate == 0
    assert (metrics.image_auroc, metrics.recall, metrics.f1, metrics.f1_max) == (None,) * 4
    assert metrics.per_kind == {}
    assert "no defective part" in (tmp_path / "report/report.html").read_text()


def test_a_picture_that_cannot_be_judged_is_counted_as_unsure(tmp_path: Path, bundle: Path) -> None:
    dataset = write_drawn_set(tmp_path / "washers")
    put(dataset / "test/dark/000.png", np.zeros((160, 160, 3), np.uint8))
    metrics = run_evaluation(bundle, dataset, tmp_path / "report")
    assert metrics.counts.unsure_defective == 1
    assert metrics.counts.unsure_good == 0
    assert metrics.recall == pytest.approx(5 / 6)
    assert metrics.per_kind["dark"].unsure == 1
    assert any("1 picture could not be judged" in note for note in metrics.notes)


def test_an_empty_mask_is_left_out_and_noted(tmp_path: Path, bundle: Path) -> None:
    dataset = write_drawn_set(tmp_path / "washers")
    put(dataset / "ground_truth/blot/002_mask.png", np.zeros((160, 160, 3), np.uint8))
    metrics = run_evaluation(bundle, dataset, tmp_path / "report")
    assert metrics.counts.with_mask == 4
    assert metrics.notes == ("The mask of test/blot/002.png is empty: pixel figures leave it out.",)


def test_an_existing_report_is_kept_unless_told_otherwise(tmp_path: Path, bundle: Path) -> None:
    dataset = write_drawn_set(tmp_path / "washers", good=2, blot=2)
    output = tmp_path / "report"
    output.mkdir()
    (output / "mine.txt").write_text("keep")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        run_evaluation(bundle, dataset, output)
    assert (output / "mine.txt").read_text() == "keep"
    run_evaluation(bundle, dataset, output, overwrite=True)
    assert not (output / "mine.txt").exists()
    assert (output / "report.html").is_file()


@pytest.mark.parametrize("fault", ["picture", "mask", "mask size", "bundle", "layout"])
def test_a_failure_leaves_nothing_half_written(tmp_path: Path, bundle: Path, fault: str) -> None:
    dataset = write_drawn_set(tmp_path / "washers")
    expected: type[Exception] = DatasetError
    if fault == "picture":
        (dataset / "test/blot/003.png").write_bytes(b"no picture")
        expected = FrameError
    elif fault == "mask":
        (dataset / "ground_truth/blot/003_mask.png").write_bytes(b"no picture")
    elif fault == "mask size":
        put(dataset / "ground_truth/blot/003_mask.png", tiny_part(1)[:100])
    elif fault == "layout":
        (dataset / "ground_truth/blot/003_mask.png").unlink()
    else:
        bundle = tmp_path / "nowhere"
        expected = BundleError
    with pytest.raises(expected, match="nowhere" if fault == "bundle" else "003"):
        run_evaluation(bundle, dataset, tmp_path / "report")
    assert {entry.name for entry in tmp_path.iterdir()} == {"washers"}
