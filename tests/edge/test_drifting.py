"""A box tells once that the frames of a camera have changed, and goes on where it was after a restart."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from edge.drifting import QUEUE_SIZE, Drifting
from edge.metrics import Metrics
from edge.stations import Station
from inspector.drift.channels import DriftKind, What
from inspector.drift.state import load_state, state_path
from inspector.frames import Frame, encode_png
from inspector.inspecting import Inspector, load_inspector
from inspector.records import Records, StoredAlarm, StoredInspection
from inspector.settings import Settings, load_settings
from tests.edge.peers import Observer, Sender
from tests.edge.rig import CAMERA, NOW, Line, ServiceThread, wait_until
from tests.services import HOST, MosquittoServer, free_port
from tests.tiny_bundle import tiny_part, write_tiny_bundle

LEARN = 60


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Inspector:
    """So wide a limit that other light makes no rejects."""
    return load_inspector(write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "wide", margin=20).path)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as opened:
        yield opened


class Rig:
    """The watch of a box with one camera, and the time of its clock."""

    def __init__(self, folder: Path, records: Records, inspector: Inspector) -> None:
        self.metrics, self.now, self._number = Metrics("box-1"), 0.0, 0
        self.inspector, self._records, self._folder = inspector, records, folder
        self.station = Station(CAMERA, "washer", inspector=inspector)
        self.drifting = self._new()

    def _new(self) -> Drifting:
        settings = Settings(edge={"drift": {"learn_frames": LEARN}})
        return Drifting(
            settings,
            {CAMERA: self.station},
            self._records,
            self._folder,
            metrics=self.metrics,
            clock=lambda: self.now,
        )

    def start(self) -> Rig:
        self.drifting.start()
        return self

    def restart(self) -> None:
        self.drifting.stop()
        self.drifting = self._new()
        self.drifting.start()

    def send(self, count: int, light: float = 1.0) -> None:
        """Let so many frames be stored, one after the other."""
        for _ in range(count):
            self._number += 1
            at = NOW + timedelta(seconds=self._number)
            frame = Frame(lit(tiny_part(self._number), light), f"frame-{self._number}", at)
            inspection = self.inspector.inspect(frame)
            record = StoredInspection(
                frame_id=frame.frame_id,
                site=CAMERA.site,
                line=CAMERA.line,
                camera=CAMERA.camera,
                box="box-1",
                product="washer",
                model_version=inspection.model_version,
                captured_at=at,
                inspected_at=at,
                score=inspection.score,
                reject_limit=inspection.limit,
                verdict=inspection.verdict,
                reason=inspection.reason,
                latency_ms=1.0,
                width_px=160,
                height_px=160,
            )
            self.drifting.offer(record, inspection)
            wait_until(lambda: len(self.drifting._queue) < QUEUE_SIZE // 2, "the watch keeps up")
        wait_until(lambda: not len(self.drifting._queue), "all frames are watched")

    def figures(self) -> str:
        return self.metrics.render()[0].decode()


def lit(image: NDArray[np.uint8], light: float) -> NDArray[np.uint8]:
    return np.asarray(np.clip(image * light, 0, 255), np.uint8)


@pytest.fixture
def rig(tmp_path: Path, records: Records, wide: Inspector) -> Iterator[Rig]:
    made = Rig(tmp_path, records, wide).start()
    yield made
    made.drifting.stop()


def the_alarm(records: Records) -> StoredAlarm:
    wait_until(records.drift.latest, "an alarm in the records")
    (alarm,) = records.drift.latest()
    return alarm


def test_less_light_is_told_in_records_health_figures_and_log_once(rig: Rig, records: Records) -> None:
    with capture_logs() as logs:
        rig.send(LEARN + 40)
        assert rig.drifting.problem(CAMERA) is None
        rig.send(200, light=0.8)
        alarm = the_alarm(records)
        wait_until(lambda: rig.drifting.problem(CAMERA), "a problem")
    assert (alarm.line, alarm.camera, alarm.box, alarm.product) == ("line-1", "cam-1", "box-1", "washer")
    assert (alarm.kind, alarm.what) == (DriftKind.CAMERA, What.BRIGHTNESS)
    assert alarm.after == pytest.approx(0.8 * alarm.before, rel=0.05)
    assert len(alarm.frames_after) > 2
    problem = rig.drifting.problem(CAMERA)
    assert problem is not None
    assert not problem.is_fatal
    assert "darker" in problem.what
    assert f"inspector drift acknowledge {alarm.id}" in problem.remedy
    assert 'inspector_drift_alarms_total{camera="cam-1",kind="camera",line="line-1"} 1.0' in rig.figures()
    steps = 'inspector_drift_statistic{camera="cam-1",line="line-1",what="brightness"} -'
    assert steps in rig.figures()
    assert [entry["event"] for entry in logs] == ["frames have changed"]


def test_an_acknowledged_alarm_is_over_and_the_next_one_is_told(rig: Rig, records: Records) -> None:
    rig.send(LEARN)
    rig.send(60, light=0.8)
    alarm = the_alarm(records)
    assert alarm.id is not None
    records.drift.acknowledge(alarm.id, by="ann", at=NOW)
    rig.now += 60
    wait_until(lambda: rig.drifting.problem(CAMERA) is None, "the problem is over")
    rig.send(60, light=0.8)
    wait_until(lambda: len(records.drift.latest()) == 2, "a second alarm")


def test_what_is_usual_now_is_learned_anew(rig: Rig, records: Records) -> None:
    rig.send(LEARN)
    rig.send(60, light=0.8)
    alarm = the_alarm(records)
    assert alarm.id is not None
    records.drift.acknowledge(alarm.id, by="ann", at=NOW, is_normal_now=True)
    rig.now += 60
    wait_until(lambda: rig.drifting.problem(CAMERA) is None, "the problem is over")
    rig.send(3 * LEARN, light=0.8)
    assert len(records.drift.latest()) == 1


def test_after_a_restart_an_alarm_stands_and_is_not_told_again(
    rig: Rig, records: Records, tmp_path: Path
) -> None:
    rig.send(LEARN)
    rig.send(60, light=0.8)
    alarm = the_alarm(records)
    rig.restart()
    wait_until(lambda: rig.drifting.problem(CAMERA), "the problem stands")
    rig.send(60, light=0.8)
    assert len(records.drift.latest()) == 1
    rig.drifting.stop()
    state = load_state(state_path(tmp_path, "line-1", "cam-1"))
    assert state is not None
    assert state.alarm == alarm.id


def test_what_was_learned_outlives_a_restart(rig: Rig, records: Records) -> None:
    """Else a box that is restarted after a lamp has failed would learn the dark for usual."""
    rig.send(LEARN + 5)
    rig.restart()
    rig.send(60, light=0.8)
    assert the_alarm(records).what is What.BRIGHTNESS


def test_another_model_is_watched_anew(
    rig: Rig, records: Records, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rig.send(LEARN)
    rig.send(60, light=0.8)
    the_alarm(records)
    other = write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "other", margin=21)
    rig.inspector = load_inspector(other.path)
    rig.station.use(rig.inspector)
    rig.send(2 * LEARN, light=0.8)
    assert rig.drifting.problem(CAMERA) is None
    assert len(records.drift.latest()) == 1


def test_frames_beyond_the_room_are_counted_and_nobody_waits(
    tmp_path: Path, records: Records, wide: Inspector
) -> None:
    rig = Rig(tmp_path, records, wide)  # not started: nothing is taken
    inspection = wide.inspect(Frame(tiny_part(1), "frame-1", NOW))
    record = StoredInspection(
        frame_id="frame-1",
        site=CAMERA.site,
        line=CAMERA.line,
        camera=CAMERA.camera,
        box="box-1",
        product="washer",
        model_version=inspection.model_version,
        captured_at=NOW,
        inspected_at=NOW,
        score=inspection.score,
        reject_limit=inspection.limit,
        verdict=inspection.verdict,
        reason=inspection.reason,
        latency_ms=1.0,
        width_px=160,
        height_px=160,
    )
    for _ in range(QUEUE_SIZE + 3):
        rig.drifting.offer(record, inspection)
    assert "inspector_drift_skipped_total 3.0" in rig.figures()


def test_a_running_line_is_degraded_when_its_light_fails(
    mosquitto: MosquittoServer, wide: Inspector, tmp_path: Path
) -> None:
    line, port = Line.write(tmp_path, wide.bundle.path, mosquitto.port), free_port()
    text = line.config.read_text().replace("port = 0", f"port = {port}")
    line.config.write_text(
        text.replace("[edge.health]", f"[edge.drift]\nlearn_frames = {LEARN}\n[edge.health]")
    )
    settings = load_settings(line.config)

    def problems() -> dict[str, dict[str, str]]:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=10) as answer:
            return dict(json.loads(answer.read())["problems"])

    with Observer(mosquitto.port) as observer, ServiceThread(settings), Sender(settings) as camera:
        observer.await_online()
        for number in range(LEARN + 60):
            image = lit(tiny_part(number), 1.0 if number < LEARN + 20 else 0.8)
            camera.send(encode_png(image), id_level=f"frame-{number}")
        observer.await_results(LEARN + 60)
        wait_until(lambda: "drift line-1/cam-1" in problems(), "a problem of drift")
        told = problems()["drift line-1/cam-1"]
    assert "darker" in told["what"]
    with Records.open(settings.database.url) as records:
        assert [alarm.kind for alarm in records.drift.latest()] == [DriftKind.CAMERA]
