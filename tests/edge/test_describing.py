"""Sentences about rejects while the line runs: the real service and broker, a real process that writes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.typing import EventDict

from inspector.describing.describer import Describer
from inspector.describing.facts import Facts
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Position, Source
from inspector.frames import Frame, decode_image, encode_jpeg, read_frame
from inspector.inspecting import load_inspector
from inspector.messages import DescriptionMessage
from inspector.records import Records, StoredFacts
from inspector.results import Verdict
from tests.edge import writers
from tests.edge.conftest import Wire
from tests.edge.peers import Observer, Sender
from tests.edge.rig import DEADLINE_S, NOW, Line, ServiceProcess, ServiceThread, wait_until
from tests.edge.writers import REJECTED, WRITTEN, Script
from tests.tiny_bundle import tiny_part

PATIENT_S = 300.0
"""A deadline that does not come within a test."""


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.fixture
def script(mosquitto_line: Line) -> Script:
    return Script(mosquitto_line.settings.describing.language_model)


def events(logs: list[EventDict], event: str) -> list[EventDict]:
    return [one for one in logs if one["event"] == event]


def await_event(logs: list[EventDict], event: str, times: int = 1) -> None:
    wait_until(lambda: len(events(logs, event)) >= times, f"{event}, {times} times")


def describing(line: Line, **changes: Any) -> Line:
    """The line with other settings of descriptions."""
    settings = line.settings
    section = settings.describing.model_copy(update=changes)
    return Line(line.config, settings.model_copy(update={"describing": section}))


def bad(seed: int) -> bytes:
    """A defective part; seeds beside each other have their defects at other places."""
    return encode_jpeg(tiny_part(seed, defect=True))


def measured(line: Line, frame_id: str) -> Facts:
    """Facts of a recorded frame, by the code of `inspector describe` on the kept picture."""
    row = line.rows()[frame_id]
    assert row.evidence is not None
    bundle = line.settings.edge.cameras[0].bundle
    assert bundle is not None
    inspector = load_inspector(bundle)
    frame = read_frame(line.data_dir / row.evidence)
    return Describer(inspector.bundle).measure(frame, inspector.inspect(frame)).facts


def place_of(bundle: Path, seed: int) -> Position:
    """Where the defect of a drawn part is, in words."""
    inspector = load_inspector(bundle)
    frame = Frame(decode_image(bad(seed)), "frame", NOW)
    return Describer(inspector.bundle).measure(frame, inspector.inspect(frame)).facts.regions[0].position


@dataclass
class Box:
    """A running service with a scripted writer, a camera and somebody who watches."""

    observer: Observer
    service: ServiceThread
    camera: Sender
    script: Script

    def reject(self, frame_id: str, seed: int = 1) -> None:
        """Send a defective part and wait for its result."""
        before = len(self.observer.results)
        self.camera.send(bad(seed), id_level=frame_id)
        self.observer.await_results(before + 1)

    def description(self, frame_id: str) -> DescriptionMessage:
        """Wait for the description of a frame."""

        def found() -> list[DescriptionMessage]:
            return [one for one in self.observer.descriptions if one.frame_id == frame_id]

        wait_until(found, f"a description of {frame_id}")
        return found()[0]

    def await_loaded(self) -> None:
        """Wait until the writer has written once, so that loading is over."""
        self.reject("the-first", seed=9)
        assert self.description("the-first").source is Source.LLM_RETRY


@pytest.fixture
def run(script: Script, mosquitto_line: Line) -> Iterator[Callable[..., Box]]:
    """Starts a box with a scripted writer and the given settings of descriptions; ends it with the test."""
    running: list[Box] = []

    def start(load: Any = writers.load, **changes: Any) -> Box:
        line = describing(mosquitto_line, **({"deadline_s": PATIENT_S} | changes))
        box = Box(
            Observer(line.settings.mqtt.port).__enter__(),
            ServiceThread(line.settings, load).__enter__(),
            Sender(line.settings).__enter__(),
            script,
        )
        running.append(box)
        box.observer.await_online()
        return box

    yield start
    for box in running:
        box.camera.__exit__(None, None, None)
        box.service.end()
        box.observer.__exit__(None, None, None)


def test_a_reject_is_described_after_its_result_and_nothing_else_is(
    wire: Wire, line: Line, bad_jpeg: bytes, good_png: bytes
) -> None:
    with (
        Observer(wire.port) as observer,
        ServiceThread(line.settings) as service,
        Sender(line.settings) as camera,
    ):
        observer.await_online()
        camera.send(b"no picture", id_level="unsure")
        camera.send(bad_jpeg, id_level="reject")
        camera.send(good_png, id_level="pass")
        observer.await_results(3)
        [told] = observer.await_descriptions(1)
        summary = service.end()
    assert observer.order.index(("description", "reject")) > observer.order.index(("result", "reject"))
    rows = line.rows()
    assert {frame_id for frame_id, row in rows.items() if row.description} == {"reject"}
    stored = rows["reject"].description
    assert stored is not None
    facts = measured(line, "reject")
    assert stored.sentence == describe_by_template(facts)
    assert (stored.source, stored.language, stored.defects) == (Source.TEMPLATE, "en", facts.count)
    assert stored.facts == tuple(map(StoredFacts.of, facts.regions))
    assert stored.described_at >= rows["reject"].inspected_at
    assert told == DescriptionMessage.of(rows["reject"])
    assert summary.described == {Source.TEMPLATE: 1, Source.LLM: 0, Source.LLM_RETRY: 0}


@pytest.mark.parametrize("wire", ["mosquitto 5", "amqtt"], indirect=True)
def test_a_frame_delivered_again_gets_the_same_description_again(
    wire: Wire, line: Line, bad_jpeg: bytes
) -> None:
    with Observer(wire.port) as observer, ServiceThread(line.settings), Sender(line.settings) as camera:
        observer.await_online()
        camera.send(bad_jpeg, id_level="part-1")
        [first] = observer.await_descriptions(1)
        camera.send(bad_jpeg, id_level="part-1")
        wait_until(lambda: len(observer.descriptions) > 1, "the description again")
    assert observer.descriptions == [first, first]
    assert len(observer.results) == 2
    assert line.descriptions()["part-1"].sentence == first.sentence


def test_without_a_language_model_one_warning_says_how_to_make_it(
    mosquitto_line: Line, logs: list[EventDict]
) -> None:
    line = mosquitto_line
    with (
        Observer(line.settings.mqtt.port) as observer,
        ServiceThread(line.settings),
        Sender(line.settings) as camera,
    ):
        observer.await_online()
        for seed in range(3):
            camera.send(bad(seed))
        observer.await_descriptions(3)
    [warning] = events(logs, "descriptions come from templates only")
    assert warning["log_level"] == "warning"
    assert str(line.settings.describing.language_model) in warning["why"]
    assert "`inspector prepare-llm" in warning["remedy"]


def test_descriptions_can_be_switched_off(mosquitto_line: Line, bad_jpeg: bytes) -> None:
    line = describing(mosquitto_line, enabled=False)
    with Observer(line.settings.mqtt.port) as observer, Sender(line.settings) as camera:
        with ServiceThread(line.settings) as service:
            observer.await_online()
            camera.send(bad_jpeg)
            observer.await_results(1)
            summary = service.end()
        observer.await_offline()
    assert (line.descriptions(), observer.descriptions, summary.described) == ({}, [], {})


def test_sizes_are_in_millimetres_where_the_camera_has_a_scale(mosquitto_line: Line, bad_jpeg: bytes) -> None:
    settings = mosquitto_line.settings
    [camera] = settings.edge.cameras
    edge = settings.edge.model_copy(update={"cameras": (camera.model_copy(update={"mm_per_px": 0.5}),)})
    settings = settings.model_copy(update={"edge": edge})
    with Observer(settings.mqtt.port) as observer, ServiceThread(settings), Sender(settings) as sender:
        observer.await_online()
        sender.send(bad_jpeg)
        [told] = observer.await_descriptions(1)
    [region] = told.regions
    assert region.length_mm is not None
    assert 5 < region.length_mm < 15
    assert " mm " in told.sentence


def test_sentences_are_in_the_language_of_the_settings(mosquitto_line: Line, bad_jpeg: bytes) -> None:
    line = describing(mosquitto_line, language="zh")
    with (
        Observer(line.settings.mqtt.port) as observer,
        ServiceThread(line.settings),
        Sender(line.settings) as camera,
    ):
        observer.await_online()
        camera.send(bad_jpeg)
        [told] = observer.await_descriptions(1)
    assert told.language == "zh"
    assert told.sentence.startswith("发现一处缺陷")


def test_what_the_language_model_writes_is_stored_and_told(
    run: Callable[..., Box], mosquitto_line: Line
) -> None:
    box = run()
    box.reject("part-1")
    told = box.description("part-1")
    assert (told.sentence, told.source) == (WRITTEN, Source.LLM_RETRY)
    assert REJECTED not in told.model_dump_json()
    stored = mosquitto_line.descriptions()["part-1"]
    assert (stored.sentence, stored.source, stored.rejected_sentence) == (WRITTEN, Source.LLM_RETRY, REJECTED)
    assert stored.facts == tuple(map(StoredFacts.of, measured(mosquitto_line, "part-1").regions))
    assert box.service.end().described[Source.LLM_RETRY] == 1


def test_a_hung_language_model_does_not_delay_a_verdict(
    run: Callable[..., Box], mosquitto_line: Line
) -> None:
    """Latency is compared with that of the same line without descriptions."""
    frames = 40
    box = run()
    box.await_loaded()
    box.script.tell("hang")
    for number in range(frames):
        box.reject(f"hung-{number}", number)
    assert len(box.script.tasks()) == 2
    assert len(box.observer.descriptions) == 1
    hung_ms = box.service.end().median_latency_ms
    box.observer.await_offline()
    plain = run(enabled=False)
    for number in range(frames):
        plain.reject(f"plain-{number}", number)
    usual_ms = plain.service.end().median_latency_ms
    assert hung_ms is not None
    assert usual_ms is not None
    assert hung_ms < 2 * usual_ms + 10
    assert len(mosquitto_line.descriptions()) == 1 + frames


def test_at_the_deadline_the_template_stands_and_a_hung_process_is_replaced(
    run: Callable[..., Box], mosquitto_line: Line, logs: list[EventDict]
) -> None:
    box = run(deadline_s=2.0)
    await_event(logs, "language model is ready")
    box.script.tell("hang")
    box.reject("late", seed=2)
    told = box.description("late")
    assert told.source is Source.TEMPLATE
    assert told.sentence == describe_by_template(measured(mosquitto_line, "late"))
    assert 2.0 <= told.seconds < 10.0
    [complaint] = events(logs, "language model hangs")
    assert "deadline of 2 s" in complaint["why"]
    assert complaint["remedy"]
    box.script.untell("hang")
    await_event(logs, "language model is ready", times=2)
    box.reject("in-time", seed=3)
    assert box.description("in-time").source is Source.LLM_RETRY
    first, second = box.script.loads()
    assert box.script.tasks()[-1][0] == second
    wait_until(lambda: not is_alive(first), "the end of the hung process")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("word", "why"),
    [("die", "exit code 3"), ("fail", "ZeroDivisionError('no sentence')"), ("SIGKILL", "signal SIGKILL")],
)
def test_a_crashed_process_is_replaced_and_the_template_stands_at_once(
    run: Callable[..., Box], logs: list[EventDict], word: str, why: str
) -> None:
    box = run()
    box.await_loaded()
    [pid] = box.script.loads()
    if word == "SIGKILL":
        os.kill(pid, signal.SIGKILL)
        await_event(logs, "language model has crashed")
    else:
        box.script.tell(word)
        box.reject("part-1")
        assert box.description("part-1").source is Source.TEMPLATE
        box.script.untell(word)
    box.reject("part-2")
    assert box.description("part-2").source is Source.LLM_RETRY
    [complaint] = events(logs, "language model has crashed")
    assert complaint["why"] == why
    assert complaint["remedy"]
    assert 0 < complaint["again_in_s"] <= 1
    assert ("ZeroDivisionError" in complaint.get("trace", "")) == (word == "fail")
    assert len(box.script.loads()) == 2


def test_a_stopped_process_is_replaced_too(run: Callable[..., Box], logs: list[EventDict]) -> None:
    """It takes no signal but the last one, and reads nothing."""
    box = run(deadline_s=3.0)
    await_event(logs, "language model is ready")
    os.kill(box.script.loads()[0], signal.SIGSTOP)
    box.reject("part-1")
    assert box.description("part-1").source is Source.TEMPLATE
    wait_until(lambda: len(box.script.loads()) == 2, "a second process")


def test_waits_between_attempts_grow_while_the_language_model_cannot_load(
    run: Callable[..., Box], script: Script, logs: list[EventDict]
) -> None:
    script.tell("die-loading")
    box = run()
    wait_until(lambda: len(script.loads()) >= 3, "three attempts")
    box.service.end()
    complaints = events(logs, "language model has crashed")
    assert complaints[0]["again_in_s"] < complaints[1]["again_in_s"]
    assert complaints[0]["why"] == "exit code 4"


def test_rejects_do_not_wait_for_a_process_that_comes_back_too_late(
    run: Callable[..., Box], script: Script, logs: list[EventDict]
) -> None:
    script.tell("die-loading")
    box = run(deadline_s=0.5)
    await_event(logs, "language model has crashed")
    box.reject("part-1")
    told = box.description("part-1")
    assert told.source is Source.TEMPLATE


def test_a_language_model_that_cannot_be_used_is_told_once_and_templates_write(
    run: Callable[..., Box], script: Script, logs: list[EventDict]
) -> None:
    script.tell("refuse")
    box = run()
    box.reject("part-1")
    assert box.description("part-1").source is Source.TEMPLATE
    box.reject("part-2")
    assert box.description("part-2").source is Source.TEMPLATE
    [complaint] = events(logs, "descriptions come from templates only")
    assert complaint["why"] == "the language model cannot be used: it was changed"
    assert complaint["remedy"] == "Prepare it anew"
    assert len(script.loads()) == 1


def test_the_newest_reject_is_written_first(run: Callable[..., Box], bundle: Path) -> None:
    box = run()
    box.await_loaded()
    box.script.tell("hang")
    box.reject("0", seed=0)
    wait_until(lambda: len(box.script.tasks()) == 2, "a task in hand")
    for seed in (1, 2, 3):
        box.reject(str(seed), seed)
    box.script.untell("hang")
    box.observer.await_descriptions(5)
    assert [one.frame_id for one in box.observer.descriptions[1:]] == ["0", "3", "2", "1"]
    assert [place for _, place in box.script.tasks()[2:]] == [place_of(bundle, seed) for seed in (3, 2, 1)]


def test_what_the_queue_has_no_room_for_gets_the_template_at_once(run: Callable[..., Box]) -> None:
    box = run(queue_size=2)
    box.await_loaded()
    box.script.tell("hang")
    box.reject("0", seed=0)
    wait_until(lambda: len(box.script.tasks()) == 2, "a task in hand")
    for seed in (1, 2, 3, 4):
        box.reject(str(seed), seed)
    assert box.description("1").source is Source.TEMPLATE
    assert box.description("2").source is Source.TEMPLATE
    assert len(box.observer.descriptions) == 3
    box.script.untell("hang")
    box.observer.await_descriptions(6)
    written = [one.frame_id for one in box.observer.descriptions if one.source is Source.LLM_RETRY]
    assert written == ["the-first", "0", "4", "3"]


def test_a_service_that_stops_describes_what_waits_by_templates(
    run: Callable[..., Box], mosquitto_line: Line
) -> None:
    box = run()
    box.await_loaded()
    box.script.tell("hang")
    for seed in range(4):
        box.reject(str(seed), seed)
    summary = box.service.end()
    assert summary.described == {Source.TEMPLATE: 4, Source.LLM: 0, Source.LLM_RETRY: 1}
    box.observer.await_descriptions(5)
    stored = mosquitto_line.descriptions()
    for seed in range(4):
        assert stored[str(seed)].sentence == describe_by_template(measured(mosquitto_line, str(seed)))
    wait_until(lambda: not any(map(is_alive, box.script.loads())), "the end of the process")


def test_a_description_waits_for_a_database_that_fails(run: Callable[..., Box], mosquitto_line: Line) -> None:
    database = mosquitto_line.config.with_name("inspector.db")
    box = run()
    box.await_loaded()
    box.script.tell("hang")
    box.reject("part-1")
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE descriptions RENAME TO away")
    box.script.untell("hang")
    wait_until(lambda: len(box.script.tasks()) == 2, "a task")
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE away RENAME TO descriptions")
    assert box.description("part-1").source is Source.LLM_RETRY
    assert box.service.end().described[Source.LLM_RETRY] == 2


# What an earlier run left without a sentence.


def left_without_sentence(line: Line, pictures: dict[str, bytes]) -> None:
    """Record frames as a box does that died before it described them."""
    quiet = describing(line, enabled=False)
    with Observer(quiet.settings.mqtt.port) as observer, Sender(quiet.settings) as camera:
        with ServiceThread(quiet.settings):
            observer.await_online()
            for frame_id, picture in pictures.items():
                camera.send(picture, id_level=frame_id)
            observer.await_results(len(pictures))
        observer.await_offline()
    assert line.descriptions() == {}


def test_rejects_of_an_earlier_run_are_described_from_their_pictures(
    mosquitto_line: Line, good_png: bytes
) -> None:
    line = mosquitto_line
    left_without_sentence(line, {"a": bad(1), "b": bad(2), "good": good_png, "unsure": b"nothing"})
    with Observer(line.settings.mqtt.port) as observer, ServiceThread(line.settings):
        told = observer.await_descriptions(2)
    assert [one.frame_id for one in told] == ["b", "a"]
    rows = line.rows()
    for one in told:
        facts = measured(line, one.frame_id)
        assert one.sentence == describe_by_template(facts)
        stored = rows[one.frame_id].description
        assert stored is not None
        assert stored.facts == tuple(map(StoredFacts.of, facts.regions))
        assert one == DescriptionMessage.of(rows[one.frame_id])
    assert set(line.descriptions()) == {"a", "b"}


def test_the_language_model_describes_earlier_rejects_too(
    run: Callable[..., Box], mosquitto_line: Line
) -> None:
    left_without_sentence(mosquitto_line, {"a": bad(1)})
    box = run()
    assert box.description("a").source is Source.LLM_RETRY


def test_a_picture_that_is_gone_leaves_the_place(
    mosquitto_line: Line, bundle: Path, logs: list[EventDict]
) -> None:
    line = mosquitto_line
    left_without_sentence(line, {"a": bad(1)})
    row = line.rows()["a"]
    assert row.evidence is not None
    (line.data_dir / row.evidence).unlink()
    with Observer(line.settings.mqtt.port) as observer, ServiceThread(line.settings):
        [told] = observer.await_descriptions(1)
    place = place_of(bundle, 1)
    assert told.sentence == f"One defect at the {place}."
    assert told.source is Source.TEMPLATE
    [region] = told.regions
    assert (region.position, region.shape, region.kind) == (place, None, None)
    assert [one["frame_id"] for one in events(logs, "reject cannot be measured")] == ["a"]


def test_a_bundle_that_was_replaced_does_not_look_at_earlier_pictures(
    mosquitto_line: Line, bundle: Path
) -> None:
    """Its regions would be others than those that were recorded."""
    line = mosquitto_line
    left_without_sentence(line, {"a": bad(1)})
    with sqlite3.connect(line.config.with_name("inspector.db")) as connection:
        connection.execute("UPDATE inspections SET model_version = 'of-another-day'")
    with Observer(line.settings.mqtt.port) as observer, ServiceThread(line.settings):
        [told] = observer.await_descriptions(1)
    assert told.sentence == f"One defect at the {place_of(bundle, 1)}."


def test_only_the_newest_rejects_of_the_last_day_are_caught_up_with(mosquitto_line: Line) -> None:
    line = mosquitto_line
    left_without_sentence(line, {"a": bad(1)})
    [row] = line.rows().values()
    now = datetime.now(UTC)
    with Records.open(line.settings.database.url) as records:
        for number in range(103):
            moment = now - timedelta(minutes=1 + number)
            records.add(replace(row, frame_id=f"f-{number:03}", inspected_at=moment))
        records.add(replace(row, frame_id="old", inspected_at=now - timedelta(hours=25)))
        records.add(replace(row, frame_id="foreign", box="box-2"))
    with Observer(line.settings.mqtt.port) as observer, ServiceThread(line.settings) as service:
        wait_until(lambda: len(observer.descriptions) >= 100, "descriptions")
        assert service.end().described[Source.TEMPLATE] == 100
    assert set(line.descriptions()) == {"a", *(f"f-{number:03}" for number in range(99))}


def test_a_killed_service_leaves_rejects_that_the_next_one_describes(mosquitto_line: Line) -> None:
    line = mosquitto_line
    frames = 12
    with Observer(line.settings.mqtt.port) as observer, Sender(line.settings) as camera:
        service = ServiceProcess(line.config)
        observer.await_online(service)
        for number in range(frames):
            camera.send(bad(number), id_level=str(number))
        line.await_rows(frames // 2)
        service.kill()
        with ServiceThread(line.settings):
            wait_until(
                lambda: len(line.descriptions()) == frames, "a description of every reject", DEADLINE_S
            )
    rows = line.rows()
    assert set(rows) == {str(number) for number in range(frames)}
    assert all(row.verdict is Verdict.REJECT and row.description for row in rows.values())


SCRIPTED_SERVICE = """
import sys, threading
from pathlib import Path
from edge.service import EdgeService
from inspector.settings import load_settings
from tests.edge.writers import load
EdgeService(load_settings(Path(sys.argv[1])), load_writer=load).run(threading.Event())
"""


def test_the_process_that_writes_dies_with_a_killed_service(mosquitto_line: Line, script: Script) -> None:
    script.tell("hang")
    with Observer(mosquitto_line.settings.mqtt.port) as observer, Sender(mosquitto_line.settings) as camera:
        service = subprocess.Popen([sys.executable, "-c", SCRIPTED_SERVICE, str(mosquitto_line.config)])
        try:
            observer.await_online()
            wait_until(script.loads, "a process that loads")
            camera.send(bad(1))
            wait_until(script.tasks, "a task in hand")
        finally:
            service.kill()
            service.wait()
        [pid] = script.loads()
        wait_until(lambda: not is_alive(pid), "the end of the process")
