# ruff: noqa: S311 - chance spreads waits, it keeps no secret
"""Pictures are kept for their time; a disk that gets full or read-only stops the intake and loses nothing."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.disk import DiskGuard, DiskState
from edge.evidence import EvidenceStore
from edge.evidence_mover import EvidenceMover
from edge.retention import Retention
from inspector.errors import EvidenceError, RecordsError
from inspector.evidence import read_evidence
from inspector.inspecting import load_inspector
from inspector.records import Records
from inspector.results import Verdict
from inspector.settings import DiskSettings, EvidenceSettings
from tests.edge.rig import NOW, PipelineRig, wait_until
from tests.inspector.records.examples import inspection

OLD_S = 3600.0
MB = 1_000_000


def kept(folder: Path, day: datetime, verdict: str, name: str, size: int = 1000, *, old: bool = True) -> Path:
    path = folder / "evidence" / day.date().isoformat() / verdict / "washer" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    if old:
        os.utime(path, (time.time() - OLD_S, time.time() - OLD_S))
    return path


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def retention(folder: Path, **settings: object) -> Retention:
    return Retention(EvidenceSettings.model_validate(settings), folder, now=lambda: NOW)


def test_pictures_beyond_their_days_go_with_their_folders_and_quarantine_has_days_of_its_own(
    tmp_path: Path,
) -> None:
    old, young = kept(tmp_path, days_ago(8), "reject", "a.jpg"), kept(tmp_path, days_ago(6), "pass", "b.jpg")
    broken = tmp_path / "quarantine" / days_ago(4).date().isoformat() / "empty-1.bin"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"")
    (tmp_path / "evidence" / "readme.txt").write_text("not ours")
    rule = retention(tmp_path, keep_days=7, quarantine_days=3)
    rule.apply()
    assert not old.exists()
    assert not (tmp_path / "evidence" / days_ago(8).date().isoformat()).exists()
    assert young.exists()
    assert not broken.exists()
    assert (tmp_path / "evidence" / "readme.txt").exists()
    assert rule.removed == {"reject": 1, "quarantine": 1}


def test_without_days_pictures_stay(tmp_path: Path) -> None:
    old = kept(tmp_path, days_ago(5000), "pass", "a.jpg")
    retention(tmp_path, keep_days=None, largest_gb=None).apply()
    assert old.exists()


def test_of_too_much_the_oldest_passes_go_first_then_unsure_then_rejects(tmp_path: Path) -> None:
    files = {
        (verdict, day): kept(tmp_path, days_ago(day), verdict, f"{day}.jpg", 1_000_000)
        for verdict in ("pass", "unsure", "reject")
        for day in (1, 2, 3)
    }
    legacy = tmp_path / "evidence" / days_ago(3).date().isoformat() / "washer" / "old.jpg"
    legacy.parent.mkdir(parents=True)
    legacy.write_bytes(b"x" * 1_000_000)
    os.utime(legacy, (time.time() - OLD_S, time.time() - OLD_S))
    for room_mb, left in ((8, 8), (6, 6), (2.5, 2)):
        retention(tmp_path, largest_gb=room_mb / 1000).apply()
        assert sum(path.exists() for path in (*files.values(), legacy)) == left
        if room_mb == 8:
            assert files["pass", 1].exists()
            assert not files["pass", 2].exists()
        if room_mb == 6:
            assert not files["unsure", 3].exists()
            assert files["unsure", 2].exists()
    assert files["reject", 1].exists()
    assert files["reject", 2].exists()


def test_what_was_written_just_now_is_left_alone(tmp_path: Path) -> None:
    fresh = kept(tmp_path, NOW, "pass", "a.jpg", 1_000_000, old=False)
    retention(tmp_path, largest_gb=0.0001).apply()
    assert fresh.exists()


class Disk:
    """Free space that the test says; what is removed below the folder makes room."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder, self.size = folder, size

    def __call__(self, _: Path) -> int:
        used = sum(path.stat().st_size for path in self._folder.rglob("*.jpg"))
        return self.size - used


def guard(folder: Path, disk: Disk) -> DiskGuard:
    settings = DiskSettings(low_mb=10, full_mb=4)
    return DiskGuard(settings, folder, retention(folder), free_bytes=disk, look_s=0.05)


def test_where_room_is_low_the_oldest_passes_go_and_rejects_stay(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 20 * MB)
    old, new = (kept(tmp_path, days_ago(day), "pass", f"{day}.jpg", 3 * MB) for day in (2, 1))
    reject = kept(tmp_path, days_ago(9), "reject", "r.jpg", 3 * MB)
    watch = guard(tmp_path, disk)
    assert watch.look() is DiskState.OK
    disk.size = 17 * MB
    assert watch.look() is DiskState.OK
    assert not old.exists()
    assert new.exists()
    disk.size = 12 * MB
    assert watch.look() is DiskState.LOW
    assert not new.exists()
    assert reject.exists()
    assert watch.may_take()
    problem = watch.problem()
    assert problem is not None
    assert not problem.is_fatal


def test_a_full_disk_stops_the_intake_until_there_is_room_again(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 3 * MB)
    watch = guard(tmp_path, disk)
    assert watch.look() is DiskState.FULL
    assert not watch.may_take()
    problem = watch.problem()
    assert problem is not None
    assert problem.is_fatal
    assert "no frame is taken until then" in problem.remedy
    disk.size = 4 * MB + 1  # not enough to go on: it would stop again with the next frame
    assert watch.look() is DiskState.FULL
    disk.size = 20 * MB
    assert watch.look() is DiskState.OK
    assert watch.may_take()
    assert watch.problem() is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 6 MB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a file system here (run the tests as root, outside a container)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room there is; the file that took it."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    return path


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def test_on_a_read_only_disk_nothing_is_acknowledged_and_all_is_recorded_when_it_is_writable_again(
    small_disk: Path, bundle: Path, bad_jpeg: bytes
) -> None:
    watch = DiskGuard(DiskSettings(low_mb=2, full_mb=1), small_disk, retention(small_disk), look_s=0.05)
    with (
        # Elsewhere: a file system whose files are open for writing cannot be made read-only.
        Records.open(f"sqlite:///{small_disk.parent}/inspector.db") as records,
        PipelineRig(small_disk, records, load_inspector(bundle), may_take=watch.may_take) as rig,
    ):
        rig.send(bad_jpeg, "before")
        rig.await_finished(1)
        remount(small_disk, "ro")
        rig.send(bad_jpeg, "during")
        wait_until(lambda: rig.pipeline.stages[-1].failure, "a failure")
        assert watch.look() is DiskState.UNWRITABLE
        problem = watch.problem()
        assert problem is not None
        assert "Mount it for writing" in problem.remedy
        rig.send(bad_jpeg, "waiting")
        assert len(rig.source.acknowledged) == 1
        remount(small_disk, "rw")
        assert watch.look() is DiskState.OK
        rig.await_finished(3)
        assert {record.frame_id for record in records.latest()} == {"before", "during", "waiting"}


def test_a_full_disk_corrupts_nothing_and_what_could_not_be_stored_is_stored_when_there_is_room(
    small_disk: Path, bundle: Path, bad_jpeg: bytes
) -> None:
    with (
        Records.open(f"sqlite:///{small_disk}/inspector.db") as records,
        PipelineRig(small_disk, records, load_inspector(bundle)) as rig,
    ):
        rig.send(bad_jpeg, "before")
        rig.await_finished(1)
        filler = fill(small_disk)
        with pytest.raises(RecordsError, match="Free space on the disk"):
            records.add_all([inspection(f"other-{number}") for number in range(500)])
        assert records.get("other-0") is None
        rig.send(bad_jpeg, "during")
        wait_until(lambda: rig.pipeline.stages[-1].failure, "a failure")
        assert len(rig.source.acknowledged) == 1
        filler.unlink()
        rig.await_finished(2)
        assert records.get("during") is not None
    with closing(sqlite3.connect(small_disk / "inspector.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_evidence_is_readable_before_and_after_it_was_brought_to_its_store(
    tmp_path: Path, bad_jpeg: bytes
) -> None:
    box, store = tmp_path / "box", (tmp_path / "store").as_uri()
    box.mkdir()
    found = EvidenceStore(box, 0, remote=store).keep(
        frame_id="a", product="washer", verdict=Verdict.REJECT, day=NOW.date(), data=bad_jpeg
    )
    assert found.picture == f"{store}/evidence/2026-01-31/reject/washer/a.jpg"
    assert read_evidence(found.picture, box) == bad_jpeg
    mover = EvidenceMover(box, store, chance=random.Random(0), look_s=0.05)
    mover.start()
    try:
        wait_until(lambda: mover.moved == 1, "a file that was brought")
        assert not list((box / "evidence").rglob("*.jpg"))
        assert read_evidence(found.picture, box) == bad_jpeg
        assert (tmp_path / "store/evidence/2026-01-31/reject/washer/a.jpg").read_bytes() == bad_jpeg
        assert mover.problem() is None
    finally:
        mover.stop()


def test_a_store_that_is_away_keeps_pictures_on_the_box_and_is_told_of(
    tmp_path: Path, bad_jpeg: bytes
) -> None:
    box = tmp_path / "box"
    (tmp_path / "taken").write_text("a file where the store's folder should be")
    store = f"{(tmp_path / 'taken').as_uri()}/store"
    box.mkdir()
    found = EvidenceStore(box, 0, remote=store).keep(
        frame_id="a", product="washer", verdict=Verdict.REJECT, day=NOW.date(), data=bad_jpeg
    )
    assert found.picture is not None
    mover = EvidenceMover(box, store, chance=random.Random(0), look_s=0.05)
    mover.start()
    try:
        wait_until(mover.problem, "a problem")
        problem = mover.problem()
        assert problem is not None
        assert "edge.evidence.url" in problem.remedy
        assert read_evidence(found.picture, box) == bad_jpeg
        (tmp_path / "taken").unlink()
        wait_until(lambda: mover.moved == 1, "a file that was brought")
    finally:
        mover.stop()


def test_evidence_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="is gone"):
        read_evidence("evidence/2026-01-31/reject/washer/a.jpg", tmp_path)
    with pytest.raises(EvidenceError, match="is gone"):
        read_evidence((tmp_path / "evidence" / "a.jpg").as_uri(), tmp_path)
    assert datetime.now(UTC) > NOW
