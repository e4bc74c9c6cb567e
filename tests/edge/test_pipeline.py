"""From delivery to record: batches, faults of single frames, a database that is away, a stage that hangs."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.quarantine import Fault
from edge.storing import NO_MODEL
from inspector.bundle import load_bundle
from inspector.engines import Engine, ScorerOutput
from inspector.errors import EngineError
from inspector.frames import encode_png
from inspector.inspecting import Inspector, load_inspector
from inspector.records import Destination, Records
from inspector.results import Verdict
from tests.edge.rig import CAMERA, PipelineRig, wait_until
from tests.tiny_bundle import tiny_part


class ScriptedEngine:
    """A real engine in front of which a test can fail, hang or look.

    Attributes:
        batches: sizes of the batches that were asked for.
        error: raised for every batch; or for those that hold `poison`.
        poison: brightest value of a frame that the error is for; None: all are.
        hang: the first batch waits for it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.name
        self.batches: list[int] = []
        self.error: Exception | None = None
        self.poison: int | None = None
        self.hang: threading.Event | None = None

    def run(self, images: NDArray[np.uint8]) -> ScorerOutput:
        self.batches.append(len(images))
        hang, self.hang = self.hang, None
        if hang is not None:
            hang.wait(60)
        poisoned = self.poison is None or any(int(image.max()) == self.poison for image in images)
        if self.error is not None and poisoned:
            raise self.error
        return self._engine.run(images)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as opened:
        yield opened


@pytest.fixture
def engine(bundle: Path) -> ScriptedEngine:
    return ScriptedEngine(load_inspector(bundle).engine)


@pytest.fixture
def inspector(bundle: Path, engine: ScriptedEngine) -> Inspector:
    return Inspector(load_bundle(bundle), engine)


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (
            EngineError("the engine failed", "the GPU is gone"),
            (Fault.NOT_SCORED, "the engine failed: the GPU is gone"),
        ),
        (
            ZeroDivisionError("0"),
            (Fault.INTERNAL, "frame part-1 cannot be judged: a defect of inspector, ZeroDivisionError"),
        ),
    ],
)
def test_a_frame_the_engine_fails_on_is_unsure_and_kept(
    tmp_path: Path,
    records: Records,
    inspector: Inspector,
    engine: ScriptedEngine,
    good_png: bytes,
    *,
    error: Exception,
    wanted: tuple[Fault, str],
) -> None:
    engine.error = error
    with PipelineRig(tmp_path, records, inspector) as rig:
        rig.send(good_png, "part-1")
        [stored] = rig.await_finished(1)
    code, reason = wanted
    assert stored.fault == code
    record = records.get("part-1")
    assert record is not None
    assert (record.verdict, record.reason) == (Verdict.UNSURE, reason)
    assert math.isnan(record.score)
    assert record.reject_limit == inspector.bundle.manifest.limits.reject
    assert record.evidence is not None
    assert (tmp_path / record.evidence).read_bytes() == good_png


def test_frames_that_wait_are_judged_in_one_pass_each_with_its_own_latency_and_in_their_order(
    tmp_path: Path, records: Records, inspector: Inspector, engine: ScriptedEngine, pictures: list[Path]
) -> None:
    engine.hang = release = threading.Event()
    with PipelineRig(tmp_path, records, inspector) as rig:
        ids = [f"part-{number}" for number in range(12)]
        for number, frame_id in enumerate(ids):
            rig.send(pictures[number % len(pictures)].read_bytes(), frame_id)
        wait_until(lambda: rig.queued("score") >= 8, "frames that wait for the engine")
        release.set()
        finished = rig.await_finished(12)
    assert max(engine.batches) > 1
    assert engine.batches[0] == 1
    assert [stored.record.frame_id for stored in finished if stored.record] == ids
    offline = load_inspector(inspector.bundle.path)
    for stored, number in zip(finished, range(12), strict=True):
        assert stored.record is not None
        is_bad = pictures[number % len(pictures)].name.startswith("bad")
        assert stored.record.verdict is (Verdict.REJECT if is_bad else Verdict.PASS)
        assert stored.record.model_version == offline.bundle.version
        assert stored.record.latency_ms > 0


def test_one_frame_that_the_engine_fails_on_does_not_harm_the_others_of_its_batch(
    tmp_path: Path, records: Records, inspector: Inspector, engine: ScriptedEngine, good_png: bytes
) -> None:
    poison = np.minimum(tiny_part(1), 201)
    poison[0, 0] = 202
    engine.hang = release = threading.Event()
    with PipelineRig(tmp_path, records, inspector) as rig:
        rig.send(good_png, "first")
        wait_until(lambda: engine.batches, "a busy engine")
        for frame_id in ("a", "b"):
            rig.send(good_png, frame_id)
        rig.send(encode_png(poison), "poison")
        wait_until(lambda: rig.queued("score") == 3, "frames that wait for the engine")
        engine.error, engine.poison = EngineError("the engine failed", "no"), None
        release.set()
        finished = rig.await_finished(4)
        assert {stored.record.verdict for stored in finished if stored.record} == {Verdict.UNSURE}
        engine.error = None
        rig.send(good_png, "after")
        [*_, last] = rig.await_finished(5)
    assert last.record is not None
    assert last.record.verdict is Verdict.PASS


def test_a_frame_is_acknowledged_when_it_is_recorded_and_not_before(
    tmp_path: Path, records: Records, inspector: Inspector, bad_jpeg: bytes
) -> None:
    database = tmp_path / "inspector.db"
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE inspections RENAME TO away")
    with PipelineRig(tmp_path, records, inspector) as rig:
        rig.send(bad_jpeg, "part-1")
        wait_until(lambda: rig.pipeline.stages[-1].is_failing, "a failing database")
        assert rig.source.acknowledged == []
        with sqlite3.connect(database) as connection:
            connection.execute("ALTER TABLE away RENAME TO inspections")
        [stored] = rig.await_finished(1)
        assert not stored.is_duplicate
        assert [delivery.topic for delivery in rig.source.acknowledged] == [f"{CAMERA.frame}/part-1"]
        rig.send(bad_jpeg, "part-1")
        [_, again] = rig.await_finished(2)
        assert again.is_duplicate
        assert len(rig.source.acknowledged) == 2
    stored_rows = records.latest()
    assert [(record.frame_id, record.verdict) for record in stored_rows] == [("part-1", Verdict.REJECT)]


def test_an_inspection_and_its_news_are_stored_together(
    tmp_path: Path, records: Records, inspector: Inspector, good_png: bytes
) -> None:
    with PipelineRig(tmp_path, records, inspector) as rig:
        for number in range(5):
            rig.send(good_png, f"part-{number}")
        rig.await_finished(5)
    waiting = [entry.record.frame_id for entry in records.outbox.pending(Destination.BROKER, 0, 100)]
    assert waiting == [f"part-{number}" for number in range(5)]


def test_a_frame_that_comes_twice_at_the_same_time_is_stored_once_and_acknowledged_twice(
    tmp_path: Path, records: Records, inspector: Inspector, engine: ScriptedEngine, bad_jpeg: bytes
) -> None:
    engine.hang = release = threading.Event()
    with PipelineRig(tmp_path, records, inspector) as rig:
        for _ in range(4):
            rig.send(bad_jpeg, "part-1")
        wait_until(lambda: rig.queued("score") == 3, "frames that wait for the engine")
        release.set()
        finished = rig.await_finished(4)
        assert len(rig.source.acknowledged) == 4
    assert [stored.is_duplicate for stored in finished] == [False, True, True, True]
    assert len(records.latest()) == 1
    assert sum(stored.inspection is not None for stored in finished) == 1


def test_without_an_active_model_a_frame_is_unsure_with_the_remedy_and_its_bytes_are_kept(
    tmp_path: Path, records: Records, inspector: Inspector, good_png: bytes
) -> None:
    with PipelineRig(tmp_path, records, None) as rig:
        rig.send(good_png, "before")
        [stored] = rig.await_finished(1)
        rig.station.use(inspector)
        rig.send(good_png, "after")
        rig.await_finished(2)
    assert stored.fault == Fault.NO_MODEL
    assert stored.error is not None
    assert "inspector edge set-model" in stored.error.remedy
    before, after = records.get("before"), records.get("after")
    assert before is not None
    assert after is not None
    assert (before.verdict, before.model_version) == (Verdict.UNSURE, NO_MODEL)
    assert before.reason.startswith("no model is active for washer")
    assert before.evidence is not None
    assert (tmp_path / before.evidence).read_bytes() == good_png
    assert after.verdict is Verdict.PASS


def test_a_hanging_engine_is_left_behind_and_its_frames_are_judged_once(
    tmp_path: Path, records: Records, inspector: Inspector, engine: ScriptedEngine, good_png: bytes
) -> None:
    engine.hang = release = threading.Event()
    with PipelineRig(tmp_path, records, inspector) as rig:
        rig.send(good_png, "part-1")
        rig.send(good_png, "part-2")
        score = rig.pipeline.stages[1]
        wait_until(lambda: (score.busy_s() or 0) > 0.05, "an engine that hangs")
        score.restart()
        rig.await_finished(2)
        release.set()
    assert {record.frame_id for record in records.latest()} == {"part-1", "part-2"}
    assert len(rig.finished) == 2


def test_a_model_is_swapped_between_two_batches_and_no_frame_is_without_a_version(
    tmp_path: Path, records: Records, inspector: Inspector, other_bundle: Path, good_png: bytes
) -> None:
    other = load_inspector(other_bundle)
    with PipelineRig(tmp_path, records, inspector) as rig:
        for number in range(60):
            rig.send(good_png, f"part-{number:02}")
            if number % 10 == 9:
                rig.station.use(other if rig.station.inspector is inspector else inspector)
        rig.await_finished(60)
    versions = {record.model_version for record in records.latest(limit=100)}
    assert len(records.latest(limit=100)) == 60
    assert versions <= {inspector.bundle.version, other.bundle.version}


def test_nothing_is_taken_while_the_disk_is_full(
    tmp_path: Path, records: Records, inspector: Inspector, good_png: bytes
) -> None:
    room = threading.Event()
    with PipelineRig(tmp_path, records, inspector, may_take=room.is_set) as rig:
        rig.send(good_png, "part-1")
        rig.send(good_png, "part-2")
        assert not rig.pipeline.drain(everything=True, timeout_s=0.5)
        assert (len(rig.backlog), records.latest()) == (2, [])
        room.set()
        rig.await_finished(2)


def test_draining_finishes_everything_that_came(
    tmp_path: Path, records: Records, inspector: Inspector, good_png: bytes
) -> None:
    with PipelineRig(tmp_path, records, inspector) as rig:
        for number in range(40):
            rig.send(good_png, f"part-{number}")
        assert rig.pipeline.drain(everything=True, timeout_s=60)
    assert len(records.latest(limit=100)) == 40
