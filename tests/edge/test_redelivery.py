"""Nothing lost and nothing doubled: the service, the broker or the database goes away while frames flow."""
# ruff: noqa: S311 - chance spreads waits, it keeps no secret

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from edge.backlog import Backlog
from edge.clients import Publication
from edge.intake import Intake
from inspector.settings import Settings
from tests.edge.conftest import Wire
from tests.edge.peers import Observer, Sender
from tests.edge.rig import CAMERA, NOW, AmqttBroker, Line, ServiceProcess, ServiceThread, wait_until
from tests.services import MosquittoServer, PostgresServer, postgres_server, running


def test_every_frame_has_one_record_after_the_service_was_killed(
    wire: Wire, line: Line, pictures: list[Path]
) -> None:
    frames = 90
    sent: list[str] = []

    def play() -> None:
        sent.extend(camera.play(pictures, count=frames, rate_per_s=60)[1])

    with Observer(wire.port) as observer, Sender(line.settings) as camera:
        service = ServiceProcess(line.config)
        observer.await_online(service)
        player = threading.Thread(target=play)
        player.start()
        for rows in (10, 30) if wire.has_properties else (20,):
            line.await_rows(rows)
            service.kill()
            service = ServiceProcess(line.config)
        player.join()
        assert len(sent) == frames
        stored = line.await_all_rows(frames)
        wait_until(lambda: {one.frame_id for one in observer.results} == set(sent), "a result for each frame")
        output = service.terminate()
    assert set(stored) == set(sent)
    assert "frames" in output
    assert line.files("spool") == []
    kept = [row.evidence for row in stored.values() if row.verdict == "reject"]
    assert all(evidence and (line.data_dir / evidence).exists() for evidence in kept)


def test_frames_sent_while_the_box_is_away_are_inspected_when_it_is_back(
    wire: Wire, line: Line, pictures: list[Path]
) -> None:
    with Observer(wire.port) as observer, Sender(line.settings) as camera:
        with ServiceThread(line.settings):
            observer.await_online()
        observer.await_offline()
        _, ids = camera.play(pictures, count=30)
        with ServiceThread(line.settings):
            observer.await_results(30)
    assert set(line.rows()) == set(ids)


def test_a_frame_is_not_acknowledged_before_it_is_recorded(
    wire: Wire, line: Line, pictures: list[Path]
) -> None:
    """The database fails; the service ends without a record; the next one gets every frame again."""
    database = line.config.with_name("inspector.db")
    with Observer(wire.port) as observer, Sender(line.settings) as camera:
        with ServiceThread(line.settings) as service:
            observer.await_online()
            with sqlite3.connect(database) as connection:
                connection.execute("ALTER TABLE inspections RENAME TO away")
            _, ids = camera.play(pictures)
            assert service.end().frames == 0
        with sqlite3.connect(database) as connection:
            connection.execute("ALTER TABLE away RENAME TO inspections")
        assert line.rows() == {}
        with ServiceThread(line.settings):
            observer.await_results(len(pictures))
    assert set(line.rows()) == set(ids)


def test_frames_wait_for_a_database_that_is_away(
    mosquitto_line: Line, postgres: PostgresServer, pictures: list[Path]
) -> None:
    url = postgres.create_database()
    settings = mosquitto_line.settings.model_copy(
        update={"database": mosquitto_line.settings.database.model_copy(update={"url": url})}
    )
    line = Line(mosquitto_line.config, settings)
    with (
        Observer(settings.mqtt.port) as observer,
        Sender(settings) as camera,
        ServiceThread(settings) as service,
    ):
        observer.await_online()
        _, before = camera.play(pictures)
        observer.await_results(len(pictures))
        postgres.stop()
        _, after = camera.play(pictures, count=20)
        postgres.start()
        observer.await_results(len(pictures) + 20)
        summary = service.end()
    assert set(line.rows()) == {*before, *after}
    assert (summary.frames, summary.duplicates) == (len(pictures) + 20, 0)


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A server of its own, because the test takes it away."""
    with running(postgres_server()) as server:
        yield server


def test_the_service_goes_on_when_the_broker_comes_back(
    mosquitto: MosquittoServer, mosquitto_line: Line, pictures: list[Path]
) -> None:
    line = mosquitto_line
    sent: list[str] = []

    def play() -> None:
        sent.extend(camera.play(pictures, count=60, rate_per_s=30)[1])

    with ServiceThread(line.settings), Sender(line.settings) as camera:
        with Observer(mosquitto.port) as observer:
            observer.await_online()
        player = threading.Thread(target=play)
        player.start()
        line.await_rows(10)
        mosquitto.stop()
        mosquitto.start()
        player.join()
        stored = line.await_all_rows(60)
    assert set(stored) == set(sent)


def test_the_service_goes_on_when_the_broker_has_forgotten_it(
    amqtt: AmqttBroker, bundle: Path, tmp_path: Path, good_png: bytes
) -> None:
    line = Line.write(tmp_path, bundle, amqtt.port)
    with ServiceThread(line.settings):
        for frame_id in ("before", "after"):
            with Observer(amqtt.port) as observer, Sender(line.settings) as camera:
                observer.await_online()
                camera.send(good_png, id_level=frame_id)
                observer.await_results(1)
            amqtt.stop()
            amqtt.start()
    assert set(line.rows()) == {"before", "after"}


def settled(look: Callable[[], list[Path]]) -> list[Path]:
    """Files that stay the same for a second."""
    seen, since = look(), time.monotonic()

    def is_settled() -> bool:
        nonlocal seen, since
        if (now := look()) != seen:
            seen, since = now, time.monotonic()
        return time.monotonic() - since > 1

    wait_until(is_settled, "files that stay the same")
    return seen


class OpenIntake:
    """An intake without a worker: frames stay in the backlog until the test takes them."""

    def __init__(self, settings: Settings, spool: Path) -> None:
        spool.mkdir(exist_ok=True)
        self.backlog = Backlog(settings.edge.queue_size, spool)
        self.intake = Intake(settings, [CAMERA], self.backlog, chance=random.Random(0), now=lambda: NOW)

    def __enter__(self) -> Self:
        self.intake.connection.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.intake.connection.stop()

    def await_frames(self, count: int) -> None:
        wait_until(lambda: len(self.backlog) >= count, f"{count} frames in the backlog")


def test_a_broker_holds_back_what_was_not_asked_for(
    mosquitto_line: Line, good_png: bytes, tmp_path: Path
) -> None:
    settings = mosquitto_line.settings
    with (
        OpenIntake(settings, tmp_path / "spool") as box,
        Observer(settings.mqtt.port) as observer,
        Sender(settings) as camera,
    ):
        observer.await_online()
        for number in range(10):
            camera.send(good_png, id_level=str(number))
        # The broker answers in order: after this confirmation nothing older is on its way.
        box.intake.connection.publish(Publication("inspector/v1/test/barrier", b""))
        assert box.intake.connection.wait_confirmed(0, 30)
        assert len(box.backlog) == settings.edge.queue_size == 4


def test_what_a_broker_without_a_window_sends_waits_in_files(
    amqtt: AmqttBroker, bundle: Path, tmp_path: Path, good_png: bytes
) -> None:
    settings = Line.write(tmp_path, bundle, amqtt.port).settings
    spool = tmp_path / "spool"
    with OpenIntake(settings, spool) as box, Observer(amqtt.port) as observer, Sender(settings) as camera:
        observer.await_online()
        for number in range(10):
            camera.send(good_png, id_level=str(number))
        box.await_frames(10)
        assert len(list(spool.iterdir())) == 6
        taken = []
        while (delivery := box.backlog.take(0)) is not None:
            assert delivery.read() == good_png
            taken.append(delivery.topic.rpartition("/")[2])
            box.intake.acknowledge(delivery)
            delivery.discard()
    assert taken == [str(number) for number in range(10)]
    assert list(spool.iterdir()) == []


def test_a_frame_whose_file_was_removed_is_not_acknowledged_and_comes_again(
    amqtt: AmqttBroker, bundle: Path, tmp_path: Path, pictures: list[Path]
) -> None:
    line = Line.write(tmp_path, bundle, amqtt.port)
    frames = 200  # more than the stages hold while the database is away
    database = line.config.with_name("inspector.db")
    with Observer(amqtt.port) as observer, Sender(line.settings) as camera:
        with ServiceThread(line.settings) as service:
            observer.await_online()
            with sqlite3.connect(database) as connection:
                connection.execute("ALTER TABLE inspections RENAME TO away")
            _, ids = camera.play(pictures, count=frames)
            removed = settled(lambda: line.files("spool"))
            assert removed
            for path in removed:
                (line.data_dir / path).unlink()
            with sqlite3.connect(database) as connection:
                connection.execute("ALTER TABLE away RENAME TO inspections")
            wait_until(lambda: len(observer.results) >= frames - len(removed), "those that are here")
            # Some of the files had been read before they were removed.
            assert frames - len(removed) <= service.end().frames < frames
        with ServiceThread(line.settings):
            observer.await_results(frames)
    assert set(line.rows()) == set(ids)


def test_frames_in_the_backlog_are_not_piled_up_by_reconnects_and_can_still_be_acknowledged(
    mosquitto: MosquittoServer, mosquitto_line: Line, good_png: bytes, tmp_path: Path
) -> None:
    settings = mosquitto_line.settings
    with OpenIntake(settings, tmp_path / "spool") as box, Sender(settings) as camera:
        with Observer(mosquitto.port) as observer:
            observer.await_online()
        for number in range(3):
            camera.send(good_png, id_level=str(number))
        box.await_frames(3)
        mosquitto.stop()
        mosquitto.start()
        camera.send(good_png, id_level="3")
        box.await_frames(4)
        topics: Counter[str] = Counter()
        while (delivery := box.backlog.take(0)) is not None:
            topics[delivery.topic.rpartition("/")[2]] += 1
            box.intake.acknowledge(delivery)
    assert topics == Counter("0123")
    with OpenIntake(settings, tmp_path / "spool") as box, Sender(settings) as camera:
        camera.send(good_png, id_level="the-next")
        box.await_frames(1)
        assert len(box.backlog) == 1
        delivery = box.backlog.take(0)
        assert delivery is not None
        assert delivery.topic.endswith("/the-next")


@pytest.mark.parametrize("wire", ["mosquitto 5", "amqtt"], indirect=True)
def test_a_box_that_dies_is_announced_by_its_last_will_and_a_box_that_stops_by_itself(
    wire: Wire, line: Line
) -> None:
    with Observer(wire.port) as observer:
        service = ServiceProcess(line.config)
        observer.await_online(service)
        service.kill()
        observer.await_offline()
        with ServiceThread(line.settings):
            observer.await_online()
        observer.await_offline()
    with Observer(wire.port) as latecomer:
        latecomer.await_offline()
