from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.errors import RecordsError
from inspector.records import Records, StoredInspection
from inspector.regions import Region
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, at, count_rows, inspection, raw, start_python


def test_a_stored_inspection_comes_back_as_it_was(records: Records) -> None:
    record = inspection("frame-1")
    assert records.add(record)
    assert records.get("frame-1") == record


def test_a_frame_that_was_never_stored_is_none(records: Records) -> None:
    assert records.get("frame-1") is None


def test_what_was_stored_is_there_after_reopening(url: str) -> None:
    with Records.open(url) as records:
        records.add(inspection("frame-1"))
    with Records.open(url) as records:
        assert records.get("frame-1") == inspection("frame-1")


@pytest.mark.parametrize(
    ("evidence", "evidence_map"), [(None, None), ("a.png", None), (None, "s3://bucket/map.png")]
)
def test_pictures_may_be_missing(records: Records, evidence: str | None, evidence_map: str | None) -> None:
    record = inspection("frame-1", evidence=evidence, evidence_map=evidence_map, regions=())
    records.add(record)
    assert records.get("frame-1") == record


def test_a_frame_that_could_not_be_scored_keeps_no_number(records: Records) -> None:
    records.add(inspection("frame-1", score=math.nan, verdict=Verdict.UNSURE))
    stored = records.get("frame-1")
    assert stored is not None
    assert math.isnan(stored.score)


def test_times_come_back_in_utc_whatever_zone_they_had(records: Records) -> None:
    local = datetime(2026, 3, 4, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    records.add(inspection("frame-1", captured_at=local, inspected_at=local))
    stored = records.get("frame-1")
    assert stored is not None
    assert stored.captured_at.isoformat() == "2026-03-04T12:00:00.123456+00:00"
    assert stored.inspected_at.tzinfo is UTC


@pytest.mark.parametrize("name", ["captured_at", "inspected_at"])
def test_a_time_without_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} has no time zone"):
        inspection("frame-1", **{name: NOON.replace(tzinfo=None)})


def test_numpy_numbers_are_stored_as_numbers(records: Records, url: str) -> None:
    one, half = np.int64(1), np.float32(0.5)
    region: Any = Region((one, one, one, one), (half, half), one, half, half)  # type: ignore[arg-type]
    records.add(
        inspection("f", score=half, reject_limit=half, latency_ms=half, width_px=one, regions=(region,))
    )
    stored = records.get("f")
    assert stored is not None
    assert stored.regions == (Region((1, 1, 1, 1), (0.5, 0.5), 1, 0.5, 0.5),)
    with raw(url).connect() as connection:
        query = "SELECT score + reject_limit + latency_ms + width_px FROM inspections"
        assert connection.exec_driver_sql(query).scalar_one() == 2.5


def test_the_second_delivery_of_a_frame_changes_nothing(records: Records, url: str) -> None:
    assert records.add(inspection("frame-1", score=2.0)) is True
    assert records.add(inspection("frame-1", score=9.0, evidence="other.png")) is False
    stored = records.get("frame-1")
    assert stored is not None
    assert (stored.score, stored.evidence) == (2.0, "evidence/frame-1.png")
    assert [count_rows(url, table) for table in ("inspections", "regions", "evidence")] == [1, 2, 1]


def test_of_many_threads_with_the_same_frames_one_stores_each(records: Records, url: str) -> None:
    workers, frames = 8, 20
    together = threading.Barrier(workers)

    def deliver(_worker: int) -> list[bool]:
        together.wait()
        return [records.add(inspection(f"frame-{frame}")) for frame in range(frames)]

    with ThreadPoolExecutor(workers) as pool:
        stored = list(pool.map(deliver, range(workers)))
    assert [sum(column) for column in zip(*stored, strict=True)] == [1] * frames
    assert [count_rows(url, table) for table in ("inspections", "regions")] == [frames, 2 * frames]


STORE_FRAMES = """
import sys
from inspector.records import Records
from tests.inspector.records.examples import inspection
with Records.open(sys.argv[1]) as records:
    print("open", flush=True)
    sys.stdin.readline()
    print(sum(records.add(inspection(f"frame-{n}")) for n in range(int(sys.argv[2]))), flush=True)
"""


def test_one_process_writes_while_others_write_and_read(records: Records, url: str) -> None:
    frames = 60
    writers = [start_python(STORE_FRAMES, url, str(frames)) for _ in range(2)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    while any(writer.poll() is None for writer in writers):
        page = records.latest(limit=frames)
        # Never half an inspection: regions and evidence appear with it.
        assert all(record == inspection(record.frame_id) for record in page)
        records.counts()
    outputs = [writer.communicate() for writer in writers]
    assert [errors for _, errors in outputs] == ["", ""]
    assert sum(int(stored) for stored, _ in outputs) == frames
    assert count_rows(url, "inspections") == frames


STORE_AND_HANG = """
import sys
from inspector.records import Records
from tests.inspector.records.examples import inspection
records = Records.open(sys.argv[1])
print(records.add(inspection("frame-1")), flush=True)
sys.stdin.readline()
"""


def test_a_stored_inspection_survives_the_death_of_its_process(url: str) -> None:
    process = start_python(STORE_AND_HANG, url)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    process.kill()
    process.communicate()
    with Records.open(url) as records:
        assert records.get("frame-1") == inspection("frame-1")


def test_sqlite_syncs_every_commit_to_disk_and_lets_readers_pass(sqlite_url: str) -> None:
    Records.open(sqlite_url).close()
    with raw(sqlite_url).connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    full = 2
    assert found == {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1}


def test_an_inspection_is_stored_whole_or_not_at_all(records: Records, url: str) -> None:
    with raw(url).begin() as connection:
        connection.exec_driver_sql("DROP TABLE evidence")
    with pytest.raises(RecordsError, match=r"inspection frame-1 cannot be stored in .*evidence"):
        records.add(inspection("frame-1"))
    assert [count_rows(url, table) for table in ("inspections", "regions")] == [0, 0]


def test_removing_an_inspection_removes_its_parts(records: Records, url: str) -> None:
    records.add(inspection("frame-1"))
    with raw(url).begin() as connection:
        connection.exec_driver_sql("DELETE FROM inspections")
    assert [count_rows(url, table) for table in ("regions", "evidence")] == [0, 0]


def test_a_writer_waits_for_another_process_that_holds_the_file(sqlite_url: str) -> None:
    with Records.open(sqlite_url) as records, raw(sqlite_url).connect() as other:
        other.exec_driver_sql("INSERT INTO audit VALUES (1, '2026-01-01', 'a', 'b', 'c', '{}')")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(records.add, inspection("frame-1"))
            # A reader is not held up, and sees what was committed.
            assert records.latest() == []
            assert not waiting.done()
            other.commit()
            assert waiting.result(timeout=20)


finite = st.floats(allow_nan=False, allow_infinity=False)
pixels = st.integers(0, 2**31 - 1)
# PostgreSQL's text holds every character but NUL.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
moments = st.datetimes(
    min_value=datetime(1970, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
regions = st.builds(
    Region,
    box_px=st.tuples(pixels, pixels, pixels, pixels),
    centre_px=st.tuples(finite, finite),
    area_px=pixels,
    area_fraction=st.floats(0, 1),
    peak_score=finite,
)
numbers: Iterator[int] = count()
inspections = st.builds(
    StoredInspection,
    frame_id=st.builds(lambda: f"frame-{next(numbers)}"),
    site=st.just("plant-1"),
    line=st.just("line-1"),
    camera=st.just("cam-1"),
    box=st.just("box-1"),
    product=st.just("gasket"),
    model_version=st.text("0123456789abcdef", min_size=16, max_size=16),
    captured_at=moments,
    inspected_at=moments,
    score=finite,
    reject_limit=finite,
    verdict=st.sampled_from(Verdict),
    reason=texts,
    latency_ms=finite,
    width_px=pixels,
    height_px=pixels,
    regions=st.lists(regions, max_size=4).map(tuple),
    evidence=st.none() | texts,
    evidence_map=st.none() | texts,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=inspections)
def test_every_inspection_comes_back_exactly(records: Records, record: StoredInspection) -> None:
    assert records.add(record)
    assert records.get(record.frame_id) == record


def test_a_character_that_the_database_cannot_hold_is_an_error_and_not_a_loss(postgresql_url: str) -> None:
    with Records.open(postgresql_url) as records:
        with pytest.raises(RecordsError, match="inspection frame-1 cannot be stored"):
            records.add(inspection("frame-1", reason="a\0b"))
        assert records.add(inspection("frame-1", inspected_at=at(1)))
