"""What goes wrong with the simulated camera: as often as asked for, and the same each time."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.disturbances import DAMAGES, Disturbances, damaged, shots
from inspector.errors import FrameError
from inspector.frames import decode_image
from tests.edge.peers import Observer
from tests.edge.rig import Line, ServiceThread, wait_until

disturbed = st.builds(
    Disturbances,
    jitter=st.floats(0, 1),
    burst=st.integers(1, 10),
    duplicates=st.floats(0, 1),
    broken=st.floats(0, 1),
    seed=st.integers(0, 1000),
)


@given(disturbed)
def test_the_same_seed_gives_the_same_frames_and_the_mean_rate_stays(what: Disturbances) -> None:
    first, again = (list(islice(shots(what), 100)) for _ in range(2))
    assert first == again
    assert all(shot.due >= 0 for shot in first)
    assert all(abs(shot.due - number) <= what.burst + 1 for number, shot in enumerate(first))


def test_a_perfect_camera_sends_each_frame_once_at_its_time() -> None:
    perfect = list(islice(shots(Disturbances()), 50))
    assert [shot.due for shot in perfect] == list(range(50))
    assert not any(shot.is_repeated or shot.damage for shot in perfect)


def test_a_burst_comes_at_once() -> None:
    dues = [shot.due for shot in islice(shots(Disturbances(burst=4)), 9)]
    assert dues == [0, 0, 0, 0, 4, 4, 4, 4, 8]


def test_shares_are_kept() -> None:
    many = list(islice(shots(Disturbances(duplicates=0.1, broken=0.3, seed=1)), 5000))
    assert sum(shot.is_repeated for shot in many) == pytest.approx(500, abs=80)
    assert sum(shot.damage is not None for shot in many) == pytest.approx(1500, abs=130)
    assert {shot.damage for shot in many} == {None, *DAMAGES}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_damaged_bytes_are_no_picture_any_more(damage: str, good_png: bytes) -> None:
    with pytest.raises(FrameError):
        decode_image(damaged(good_png, damage))


def test_a_disturbed_camera_at_a_real_line(mosquitto_line: Line, pictures: list[Path]) -> None:
    line = mosquitto_line
    command = [sys.executable, "-m", "inspector.cli", "camera", "--config", str(line.config)]
    command += ["--line", "line-1", "--camera", "cam-1", "--folder", str(pictures[0].parent)]
    command += ["--rate", "0", "--count", "60", "--duplicates", "0.2", "--broken", "0.2", "--json"]
    with Observer(line.settings.mqtt.port) as observer, ServiceThread(line.settings) as service:
        observer.await_online()
        facts = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        line.await_all_rows(60)
        wait_until(lambda: len({one.frame_id for one in observer.results}) == 60, "all results")
        summary = service.end()
    assert (facts["sent"], facts["confirmed"]) == (60, True)
    assert facts["duplicates"] > 0
    assert summary.duplicates == facts["duplicates"]
    assert sum(summary.quarantined.values()) == facts["broken"] > 0
