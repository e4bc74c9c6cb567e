"""The benchmark's baselines really work, and its document keeps what a person wrote around the tables."""

from __future__ import annotations

from pathlib import Path

from tests.training.washers import FAST, write_washers
from training.anomalib_models.settings import AnomalibSettings
from training.benchmarks.__main__ import MARKS
from training.benchmarks.accuracy import BASELINES, few_normals, measure_baselines, read_test_frames
from training.benchmarks.writing import write_tables


def test_baselines_tell_defective_washers_from_good_ones(tmp_path: Path) -> None:
    data = write_washers(tmp_path / "washer", normals=12, tests=5)
    small = {"anomalib": AnomalibSettings(memory=200, pool=2000), "golden_frames": 2, "golden_defects": 1}
    settings = FAST.model_copy(update=small)
    tests = read_test_frames(data, settings.height, settings.width)

    rows = measure_baselines("washer", data / "train/good", tests, tmp_path / "bundles", settings)

    assert [row.method for row in rows] == list(BASELINES)
    for row in rows:
        assert row.figures.image_auroc == 1.0
        assert row.figures.recall == 1.0
        assert row.figures.pixel_auroc is not None
        assert row.figures.pixel_auroc > 0.9


def test_few_normals_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    folder = write_washers(tmp_path / "all", normals=9, tests=1) / "train/good"

    first, again = (few_normals(folder, 4, tmp_path / name, seed=3) for name in ("a", "b"))

    assert [path.name for path in sorted(first.iterdir())] == [path.name for path in sorted(again.iterdir())]
    assert len(list(first.iterdir())) == 4


def test_tables_replace_only_what_stands_between_the_markers(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text(f"before\n<!-- begin: {MARKS} -->\nold\n<!-- end: {MARKS} -->\nafter\n")

    write_tables(document, "new table", MARKS)

    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "new table" in text
    assert "old" not in text
