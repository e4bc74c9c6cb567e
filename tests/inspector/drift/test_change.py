from __future__ import annotations

import numpy as np
import pytest

from inspector.drift.change import DELTA, GAIN, ChangeDetector, FrontDoor


def frames_until_change(values: list[float], known: list[float]) -> int | None:
    detector = ChangeDetector(known)
    return next((number for number, value in enumerate(values, 1) if detector.update(value)), None)


@pytest.fixture
def noise() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(("step", "most"), [(1.0, 90), (-1.0, 90), (2.0, 30), (-4.0, 15)])
def test_a_change_of_the_mean_is_told_soon(noise: np.random.Generator, step: float, most: int) -> None:
    known = noise.standard_normal(200).tolist()
    found = frames_until_change((noise.standard_normal(200) + step).tolist(), known)
    assert found is not None
    assert found <= most


def test_a_stable_stream_is_never_told(noise: np.random.Generator) -> None:
    for _ in range(5):
        known = noise.standard_normal(200).tolist()
        assert frames_until_change(noise.standard_normal(10_000).tolist(), known) is None


def test_after_a_change_the_stream_is_compared_with_what_was_known_again(noise: np.random.Generator) -> None:
    detector = ChangeDetector(noise.standard_normal(200).tolist())
    told = [detector.update(value) for value in (noise.standard_normal(100) + 3).tolist()]
    assert sum(told) > 1


def test_the_compiled_detector_is_the_public_one(noise: np.random.Generator) -> None:
    public = FrontDoor(
        {"delta": DELTA, "clock": 1, "max_buckets": 5, "min_window_length": 5, "grace_period": 10}
    )
    ours = ChangeDetector([])
    values = np.concatenate([noise.standard_normal(500), noise.standard_normal(100) + 1.5])
    for number, value in enumerate(values.tolist()):
        told = ours.update(value)
        assert public.update(GAIN * value) == told
        if told:
            assert number > 500
            return
    pytest.fail("the change was not told")
