"""`inspector camera` and its code."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edge.camera import picture_order
from edge.commands import camera as camera_command
from inspector.errors import DatasetError, MessageError
from inspector.messages import FRAME_ID_PATTERN
from tests.edge.conftest import Wire
from tests.edge.peers import FrameTap, Sender
from tests.edge.rig import CAMERA, DEADLINE_S, Line, wait_until

FILES = [Path(f"{number}.png") for number in range(6)]


def first(count: int, seed: int | None) -> list[Path]:
    return list(itertools.islice(picture_order(FILES, seed), count))


def test_pictures_go_round_in_order() -> None:
    assert first(8, None) == [*FILES, *FILES[:2]]


def test_each_round_is_shuffled_by_the_seed_and_holds_every_picture_once() -> None:
    rounds = first(12, 7)
    assert first(12, 7) == rounds
    assert first(12, 8) != rounds
    assert sorted(rounds[:6]) == sorted(rounds[6:]) == FILES
    assert rounds[:6] != rounds[6:]


def test_frames_carry_their_files_bytes_and_an_id_of_their_own(
    wire: Wire, line: Line, pictures: list[Path]
) -> None:
    with FrameTap(wire.port) as tap, Sender(line.settings) as camera:
        _, ids = camera.play(pictures, count=12)
        _, more = camera.play(pictures, count=12)
        wait_until(lambda: len(tap.frames) == 24, "24 frames")
    assert [frame.payload for frame in tap.frames] == [path.read_bytes() for path in pictures] * 4
    assert len({*ids, *more}) == 24
    assert all(FRAME_ID_PATTERN.fullmatch(frame_id) for frame_id in ids)
    if wire.has_properties:
        assert {frame.topic for frame in tap.frames} == {CAMERA.frame}
    else:
        assert [frame.topic for frame in tap.frames[:12]] == [CAMERA.frame_with_id(one) for one in ids]


@pytest.mark.parametrize("wire", ["mosquitto 5"], indirect=True)
def test_the_rate_is_kept(wire: Wire, line: Line, pictures: list[Path]) -> None:
    with Sender(line.settings) as camera:
        stats, _ = camera.play(pictures, count=11, rate_per_s=20)
    assert stats.sent == 11
    assert 0.5 <= stats.seconds < 5
    assert stats.frames_per_s <= 22


@pytest.mark.parametrize("wire", ["mosquitto 5"], indirect=True)
def test_a_camera_stops_when_it_is_told_to(wire: Wire, line: Line, pictures: list[Path]) -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with Sender(line.settings) as camera:
        stats, ids = camera.play(pictures, count=10_000, rate_per_s=50, stop=stop)
    assert 0 < stats.sent == len(ids) < 10_000


def command(line: Line, *options: str) -> list[str]:
    return [
        *(sys.executable, "-m", "inspector.cli", "camera", "--config", str(line.config)),
        *("--line", "line-1", "--camera", "cam-1", *options),
    ]


def test_the_command_prints_what_it_did_as_json(mosquitto_line: Line, pictures: list[Path]) -> None:
    folder = str(pictures[0].parent)
    with FrameTap(mosquitto_line.settings.mqtt.port) as tap:
        words = command(mosquitto_line, "--folder", folder, "--rate", "0", "--count", "7", "--json")
        done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["sent"], facts["confirmed"]) == (7, True)
    assert facts["frames_per_s"] > 0
    assert len(tap.frames) == 7


def test_ctrl_c_ends_the_command_cleanly(mosquitto_line: Line, pictures: list[Path]) -> None:
    words = command(mosquitto_line, "--folder", str(pictures[0].parent), "--rate", "50")
    with FrameTap(mosquitto_line.settings.mqtt.port) as tap:
        process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: len(tap.frames) >= 8, "frames of an endless camera")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, said
    assert "all confirmed" in said
    assert "good-1.png" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("nowhere", r"nowhere is not a folder of pictures"), ("empty", r"empty holds no pictures")],
)
def test_a_folder_without_pictures_is_refused(tmp_path: Path, folder: str, sentence: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=sentence):
        camera_command(line="line-1", camera="cam-1", folder=tmp_path / folder)


def test_a_name_that_is_no_topic_level_is_refused(pictures: list[Path]) -> None:
    with pytest.raises(MessageError, match=r"camera 'cam/1' is not usable"):
        camera_command(line="line-1", camera="cam/1", folder=pictures[0].parent)
