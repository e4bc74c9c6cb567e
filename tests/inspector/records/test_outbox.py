"""What is stored and has to be told: stored together, told in order, removed when confirmed."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command

from inspector.errors import RecordsError
from inspector.records import Destination, Records, Told
from inspector.records.migrating import alembic_config
from inspector.results import Verdict
from tests.inspector.records.examples import count_rows, description, inspection, raw

BOTH = (Destination.BROKER, Destination.CENTRAL)


def waiting(records: Records, destination: Destination = Destination.BROKER) -> list[tuple[str, Told]]:
    return [(entry.record.frame_id, entry.what) for entry in records.outbox.pending(destination, 0, 1000)]


def test_a_batch_is_stored_in_its_order_with_what_is_to_be_told(records: Records) -> None:
    batch = [inspection(f"frame-{number}") for number in range(20)]
    assert records.add_all(batch, BOTH) == [True] * 20
    assert records.known([one.frame_id for one in batch]) == {one.frame_id: one for one in batch}
    wanted = [(one.frame_id, Told.RESULT) for one in batch]
    assert waiting(records) == waiting(records, Destination.CENTRAL) == wanted


def test_a_frame_that_is_stored_already_is_told_apart_and_not_told_again(records: Records) -> None:
    assert records.add_all([inspection("a"), inspection("b")], BOTH) == [True, True]
    later = inspection("b", verdict=Verdict.PASS, regions=())
    assert records.add_all([later, inspection("c"), inspection("c"), inspection("a")], BOTH) == [
        False,
        True,
        False,
        False,
    ]
    assert records.get("b") == inspection("b")
    assert waiting(records) == [("a", Told.RESULT), ("b", Told.RESULT), ("c", Told.RESULT)]


def test_when_the_outbox_cannot_be_written_no_inspection_is_stored(tmp_path: Path) -> None:
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as records:
        with sqlite3.connect(tmp_path / "inspector.db") as connection:
            connection.execute("ALTER TABLE outbox RENAME TO away")
        with pytest.raises(RecordsError, match="2 inspections cannot be stored"):
            records.add_all([inspection("a"), inspection("b")], BOTH)
        assert records.latest() == []


def test_a_description_is_told_after_its_result(records: Records) -> None:
    records.add_all([inspection("a"), inspection("b")], BOTH)
    assert records.describe("a", description(), BOTH)
    assert not records.describe("a", description(), BOTH)
    assert waiting(records) == [("a", Told.RESULT), ("b", Told.RESULT), ("a", Told.DESCRIPTION)]
    [*_, last] = records.outbox.pending(Destination.BROKER, 0, 10)
    assert last.record.description == description()


def test_what_is_confirmed_is_removed_for_that_destination_alone(records: Records) -> None:
    records.add_all([inspection("a"), inspection("b"), inspection("c")], BOTH)
    entries = records.outbox.pending(Destination.BROKER, 0, 2)
    records.outbox.delivered([entry.id for entry in entries])
    assert waiting(records) == [("c", Told.RESULT)]
    assert len(waiting(records, Destination.CENTRAL)) == 3


def test_reading_goes_on_after_what_was_read_and_ids_never_come_again(records: Records) -> None:
    records.add_all([inspection("a"), inspection("b")], BOTH)
    first, second = records.outbox.pending(Destination.BROKER, 0, 10)
    assert [one.id for one in records.outbox.pending(Destination.BROKER, first.id, 10)] == [second.id]
    everything = records.outbox.pending(Destination.CENTRAL, 0, 10)
    records.outbox.delivered([entry.id for entry in (first, second, *everything)])
    records.add_all([inspection("c")], BOTH)
    [third] = records.outbox.pending(Destination.BROKER, 0, 10)
    assert third.id > max(entry.id for entry in everything)


def test_how_much_waits_and_since_when(records: Records) -> None:
    empty = records.outbox.backlog(Destination.BROKER)
    assert (empty.count, empty.oldest_at) == (0, None)
    records.add_all([inspection("a"), inspection("b")], [Destination.BROKER])
    backlog = records.outbox.backlog(Destination.BROKER)
    assert backlog.count == 2
    assert backlog.oldest_at is not None
    assert backlog.oldest_at.utcoffset() is not None
    assert records.outbox.backlog(Destination.CENTRAL).count == 0


def test_what_was_told_can_be_told_again_and_what_waits_is_not_doubled(records: Records) -> None:
    records.add_all([inspection("a"), inspection("b"), inspection("c")], [Destination.BROKER])
    records.describe("a", description(), [Destination.BROKER])
    records.outbox.delivered([entry.id for entry in records.outbox.pending(Destination.BROKER, 0, 10)[:1]])
    records.outbox.tell_again(["a", "b"], [Destination.BROKER])
    assert sorted(waiting(records)) == [
        ("a", Told.DESCRIPTION),
        ("a", Told.RESULT),
        ("b", Told.RESULT),
        ("c", Told.RESULT),
    ]


def test_threads_that_store_and_confirm_at_the_same_time_lose_nothing(records: Records) -> None:
    def store(thread: int) -> None:
        for number in range(20):
            records.add_all([inspection(f"frame-{thread}-{number}")], BOTH)
            records.outbox.delivered(
                [entry.id for entry in records.outbox.pending(Destination.CENTRAL, 0, 5)]
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store, range(4)))
    assert len(waiting(records)) == 80


def test_the_outbox_comes_and_goes_with_its_revision_and_inspections_stay(url: str) -> None:
    with Records.open(url) as records:
        records.add_all([inspection("a")], BOTH)
    config = alembic_config()
    with raw(url).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    assert count_rows(url, "inspections") == 1
    with Records.open(url) as records:
        assert records.get("a") == inspection("a")
        assert waiting(records) == []
