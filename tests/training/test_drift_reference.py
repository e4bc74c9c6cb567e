"""A trained bundle brings what is usual, so that a box knows from its first frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import load_bundle, seal
from inspector.drift.channels import COLUMN, What
from inspector.drift.reference import REFERENCE_NAME, bundle_reference
from inspector.frames import encode_png, resize
from inspector.inspecting import load_inspector
from tests.tiny_bundle import INPUT_SIZE_PX, tiny_part, write_tiny_bundle
from training.benchmarks.drift import measure_drift, table
from training.drift_reference import write_drift_reference


def frames(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Good parts that lie as unevenly as those of the benchmark's line."""
    rng = np.random.default_rng(0)
    parts = [np.roll(tiny_part(10_000 + seed), rng.integers(-1, 2, 2), (0, 1)) for seed in range(count)]
    return np.stack([resize(part, INPUT_SIZE_PX, INPUT_SIZE_PX) for part in parts])


def scores(folder: Path, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return load_inspector(folder).engine.run(frames(count)).score.astype(np.float64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # So wide a limit that parts are not rejected for where they lie: this network compares pixels.
    return write_tiny_bundle(tmp_path / "washer", margin=10).path


def written(folder: Path, count: int) -> None:
    manifest = load_bundle(folder).manifest
    assert write_drift_reference(folder, frames(count), scores(folder, count), (160, 160), 0.01)
    seal(folder, manifest)


def test_a_bundle_with_a_reference_is_whole_and_knows_scores_and_embeddings(folder: Path) -> None:
    written(folder, 60)
    bundle = load_bundle(folder)
    assert REFERENCE_NAME in bundle.manifest.files
    reference = bundle_reference(bundle)
    assert reference is not None
    assert (reference.source, reference.reject_share, len(reference.values)) == ("training", 0.01, 60)
    assert np.isfinite(reference.centre[[COLUMN[What.SCORE], COLUMN[What.EMBEDDING]]]).all()


def test_of_few_normals_no_reference_is_made(folder: Path) -> None:
    assert not write_drift_reference(folder, frames(30), np.zeros(30), (160, 160), 0.01)
    assert not (folder / REFERENCE_NAME).exists()


def test_scores_of_other_frames_are_not_taken_for_those_of_the_normals(folder: Path) -> None:
    manifest = load_bundle(folder).manifest
    assert write_drift_reference(folder, frames(50), np.zeros(7), (160, 160), 0.01)
    seal(folder, manifest)
    reference = bundle_reference(load_bundle(folder))
    assert reference is not None
    assert np.isnan(reference.centre[COLUMN[What.SCORE]])
    assert np.isfinite(reference.centre[COLUMN[What.EMBEDDING]])


@pytest.mark.parametrize("learned_at_the_line", [False, True])
def test_the_benchmark_finds_every_change_and_no_other(
    folder: Path, tmp_path: Path, learned_at_the_line: bool
) -> None:
    written(folder, 100)
    pictures = []
    for seed in range(40):
        pictures.append(tmp_path / f"{seed}.png")
        pictures[-1].write_bytes(encode_png(tiny_part(seed)))
    figures = measure_drift(
        folder, pictures, learned_at_the_line=learned_at_the_line, stable_frames=500, trials=1
    )
    assert figures.source == ("box" if learned_at_the_line else "training")
    assert [each.shift.name for each in figures.shifts if not each.is_told] == []
    assert figures.false_alarms == 0
    assert all(each.shift.name in table(figures) for each in figures.shifts)
