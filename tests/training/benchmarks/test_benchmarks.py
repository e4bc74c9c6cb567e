"""The benchmark's baselines really work, and its document keeps what a person wrote around the tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector.frames import resize
from tests.tiny_bundle import tiny_part
from tests.training.washers import write_washers
from training.benchmarks.__main__ import MARKS
from training.benchmarks.accuracy import few_normals, read_test_frames
from training.benchmarks.baselines import BASELINES, run_baseline
from training.benchmarks.writing import write_tables


@pytest.mark.parametrize("name", list(BASELINES))
def test_baseline_tells_defective_washers_from_good_ones(name: str, tmp_path: Path) -> None:
    tests = read_test_frames(write_washers(tmp_path, normals=1, tests=5), 128, 128)
    normals = np.stack([resize(tiny_part(seed), 128, 128) for seed in range(12)])

    result = run_baseline(name, normals, tests.resized, 0.1, np.random.default_rng(0))

    figures = tests.figures(result.scores, result.maps, result.limit)
    assert figures.image_auroc == 1.0
    assert figures.pixel_auroc is not None
    assert figures.pixel_auroc > 0.9


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
