from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from edge.backlog import Backlog, Delivery
from tests.edge.rig import NOW, RecordingSource


def delivery(data: bytes) -> Delivery:
    return Delivery(1, "topic", data, {}, 1, NOW, 0.0, RecordingSource())


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


def take(backlog: Backlog) -> bytes:
    taken = backlog.take(0)
    assert taken is not None
    data = taken.read()
    taken.discard()
    return data


def test_frames_beyond_the_size_wait_in_files_and_come_out_in_order(spool: Path) -> None:
    backlog = Backlog(2, spool)
    for number in range(5):
        backlog.put(delivery(b"%d" % number))
    assert len(list(spool.iterdir())) == 3
    assert [take(backlog) for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    assert list(spool.iterdir()) == []
    assert backlog.take(0) is None


def test_memory_is_used_again_when_there_is_room(spool: Path) -> None:
    backlog = Backlog(2, spool)
    for number in range(3):
        backlog.put(delivery(b"%d" % number))
    assert backlog.is_full
    assert [take(backlog), take(backlog)] == [b"0", b"1"]
    assert not backlog.is_full
    backlog.put(delivery(b"3"))
    assert len(list(spool.iterdir())) == 1
    assert [take(backlog), take(backlog)] == [b"2", b"3"]


def test_files_of_a_crashed_service_are_removed(spool: Path) -> None:
    (spool / "7").write_bytes(b"left over")
    assert len(Backlog(2, spool)) == 0
    assert list(spool.iterdir()) == []


def test_a_frame_stays_in_memory_when_the_disk_cannot_take_it(spool: Path) -> None:
    backlog = Backlog(1, spool)
    shutil.rmtree(spool)
    for data in (b"0", b"1", b"2"):
        backlog.put(delivery(data))
    assert [take(backlog) for _ in range(3)] == [b"0", b"1", b"2"]


def test_a_waiting_worker_gets_a_frame_from_another_thread(spool: Path) -> None:
    backlog = Backlog(2, spool)
    threading.Timer(0.05, lambda: backlog.put(delivery(b"late"))).start()
    taken = backlog.take(10)
    assert taken is not None
    assert taken.read() == b"late"
