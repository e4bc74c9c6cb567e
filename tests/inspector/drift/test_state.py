from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector.drift.reference import DriftReference
from inspector.drift.state import WatchState, load_state, save_state, state_path
from tests.inspector.drift.frames import observation


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return state_path(tmp_path, "line-1", "cam-1")


def test_a_state_comes_back_as_it_was_kept(path: Path) -> None:
    reference = DriftReference.learn([observation(seed) for seed in range(50)], "box", reject_share=0.02)
    save_state(path, WatchState("washer", "1234", reference, is_own=True, alarm=7))
    state = load_state(path)
    assert state is not None
    assert (state.product, state.model_version, state.is_own, state.alarm) == ("washer", "1234", True, 7)
    assert state.reference is not None
    np.testing.assert_array_equal(state.reference.values, reference.values)


def test_a_watch_that_still_learns_has_no_reference_to_keep(path: Path) -> None:
    save_state(path, WatchState("washer", "1234", None, is_own=False, alarm=None))
    state = load_state(path)
    assert state is not None
    assert (state.reference, state.alarm) == (None, None)


def test_no_file_and_a_broken_one_are_no_state(path: Path) -> None:
    assert load_state(path) is None
    path.parent.mkdir(parents=True)
    for content in (b"", b"PK", b"no archive"):
        path.write_bytes(content)
        assert load_state(path) is None
