# ruff: noqa: S311 - chance spreads waits, it keeps no secret
"""What is stored is told: in order, until it is confirmed, over losses of whoever is told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.connection import Connection
from edge.relays import Relays
from inspector.errors import RecordsError
from inspector.inspecting import utc_now
from inspector.messages import CameraTopic
from inspector.records import Destination, Records
from inspector.settings import Settings
from tests.edge.peers import Observer, Sender
from tests.edge.rig import CAMERA, Line, ServiceThread, wait_until
from tests.inspector.records.examples import description, inspection
from tests.services import HOST, MosquittoServer, PostgresServer, mosquitto_server, postgres_server, running

BROKER = [Destination.BROKER]
BOTH = [Destination.BROKER, Destination.CENTRAL]


class Box:
    """Records and relays, as in the service. A context manager: inside, it delivers."""

    def __init__(self, folder: Path, port: int, central: str | None = None) -> None:
        values: dict[str, object] = {"mqtt": {"host": HOST, "port": port}}
        if central is not None:
            values["central"] = {"url": central}
        self.settings = Settings.model_validate(values)
        self.folder = folder
        self.records = Records.open(f"sqlite:///{folder}/inspector.db")
        self.connection = Connection(self.settings.mqtt, "relay-test", chance=random.Random(0))
        self.relays = Relays(
            self.settings, self.records, folder, self.connection, now=utc_now, chance=random.Random(0)
        )

    def __enter__(self) -> Box:
        self.connection.start()
        self.relays.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.relays.stop(5.0)
        self.connection.stop()
        self.records.close()

    def store(self, *frame_ids: str, to: list[Destination] | None = None) -> None:
        self.records.add_all([inspection(frame_id) for frame_id in frame_ids], to or BROKER)
        self.relays.notify()

    def await_empty(self, destination: Destination = Destination.BROKER) -> None:
        wait_until(lambda: not self.records.outbox.backlog(destination).count, "an empty outbox")


def test_results_are_told_in_the_order_in_which_they_were_stored(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    ids = [f"frame-{number:03}" for number in range(250)]
    with Observer(mosquitto.port) as observer, Box(tmp_path, mosquitto.port) as box:
        for start in range(0, 250, 10):
            box.store(*ids[start : start + 10])
        results = observer.await_results(250)
        box.await_empty()
    assert [result.frame_id for result in results] == ids


def test_a_description_is_told_after_its_result(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    with Observer(mosquitto.port) as observer, Box(tmp_path, mosquitto.port) as box:
        box.store("a", "b")
        box.records.describe("a", description(), BROKER)
        box.relays.notify()
        [told] = observer.await_descriptions(1)
        observer.await_results(2)
        box.await_empty()
    assert told.sentence == description().sentence
    assert observer.order.index(("description", "a")) > observer.order.index(("result", "a"))


def test_what_was_stored_before_the_start_is_told_first(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    box = Box(tmp_path, mosquitto.port)
    box.store("left", "over")
    with Observer(mosquitto.port) as observer, box:
        box.store("new")
        results = observer.await_results(3)
    assert [result.frame_id for result in results] == ["left", "over", "new"]


def test_without_a_broker_results_wait_and_are_told_once_when_it_is_back(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    mosquitto.stop()
    with Box(tmp_path, mosquitto.port) as box:
        box.store(*(f"frame-{number}" for number in range(20)))
        [relay] = box.relays.relays
        assert relay.depth() == 20
        wait_until(lambda: relay.age_s() > 0.2, "results that wait for a while")
        mosquitto.start()
        with Observer(mosquitto.port) as observer:
            box.await_empty()
            told = [result.frame_id for result in observer.results]
    # The first ones may have been told before the observer was there.
    assert len(told) == len(set(told)) <= 20
    assert relay.failure is None


def test_a_broker_that_refuses_leaves_them_in_the_outbox_with_the_remedy(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite somewhere/else\n")
    tmp_path.chmod(0o755)
    server = mosquitto_server("")
    server.close()
    server = mosquitto_server(f"acl_file {acl_for_everybody(acl)}\n").start()
    try:
        with Box(tmp_path, server.port) as box:
            box.store("a")
            [relay] = box.relays.relays
            wait_until(lambda: relay.failure, "a refusal")
            assert relay.failure is not None
            assert "refuses results" in relay.failure.what
            assert "Let this box publish" in relay.failure.remedy
            assert relay.depth() == 1
    finally:
        server.close()


def acl_for_everybody(path: Path) -> Path:
    """A copy that the user of mosquitto may read."""
    import tempfile  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    copy = folder / "acl"
    copy.write_text(path.read_text())
    copy.chmod(0o644)
    return copy


def test_a_row_that_cannot_be_told_does_not_hold_up_the_others(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    with Observer(mosquitto.port) as observer, Box(tmp_path, mosquitto.port) as box:
        strange = replace(inspection("strange"), camera="no/topic level")
        box.records.add_all([inspection("a"), strange, inspection("b")], BROKER)
        box.relays.notify()
        results = observer.await_results(2)
        box.await_empty()
    assert [result.frame_id for result in results] == ["a", "b"]


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A server of its own, because the test takes it away."""
    with running(postgres_server()) as server:
        yield server


def test_inspections_and_descriptions_are_copied_to_the_plants_database_over_its_absence(
    mosquitto: MosquittoServer, postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.create_database()
    with Observer(mosquitto.port) as observer, Box(tmp_path, mosquitto.port, url) as box:
        box.store("before", to=BOTH)
        box.await_empty(Destination.CENTRAL)
        postgres.stop()
        box.store(*(f"away-{number}" for number in range(30)), to=BOTH)
        box.records.describe("away-3", description(), BOTH)
        box.relays.notify()
        observer.await_results(31)
        assert box.records.outbox.backlog(Destination.CENTRAL).count == 31
        postgres.start()
        box.await_empty(Destination.CENTRAL)
    with Records.open(url) as central:
        stored = {record.frame_id: record for record in central.latest(limit=100)}
    assert len(stored) == 31
    assert stored["away-3"].description == description()
    assert stored["before"].evidence == (tmp_path / "evidence/before.png").as_uri()
    assert replace(stored["before"], evidence=None, evidence_map=None) == replace(
        inspection("before"), evidence=None, evidence_map=None
    )


def test_a_plants_database_that_is_none_is_refused_at_the_start_and_an_absent_one_is_waited_for(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    with pytest.raises(RecordsError, match="mysql is not a known driver"):
        Box(tmp_path, mosquitto.port, "mysql://plant/records")
    absent = "postgresql+psycopg://inspector:secret@127.0.0.1:1/records?connect_timeout=2"
    with Observer(mosquitto.port) as observer, Box(tmp_path, mosquitto.port, absent) as box:
        box.store("a", to=BOTH)
        observer.await_results(1)
        central = box.relays.relays[1]
        wait_until(lambda: central.failure, "a failure")
        assert central.failure is not None
        assert "secret" not in str(central.failure)
        assert "Check the URL" in central.failure.remedy
        assert central.depth() == 1


def test_a_whole_line_copies_to_the_plants_database(
    mosquitto_line: Line, postgres: PostgresServer, pictures: list[Path]
) -> None:
    url = postgres.create_database()
    central = mosquitto_line.settings.central.model_validate({"url": url})
    settings = mosquitto_line.settings.model_copy(update={"central": central})
    with (
        Observer(settings.mqtt.port) as observer,
        ServiceThread(settings),
        Sender(settings, CameraTopic(CAMERA.site, CAMERA.line, CAMERA.camera)) as camera,
    ):
        observer.await_online()
        _, ids = camera.play(pictures, count=24)
        observer.await_results(24)
        with Records.open(url) as there:
            wait_until(lambda: len(there.latest(limit=100)) == 24, "all of them in the plant's database")
            wait_until(
                lambda: all(row.description for row in there.latest(limit=100) if row.verdict == "reject"),
                "their descriptions too",
            )
            assert {row.frame_id for row in there.latest(limit=100)} == set(ids)
