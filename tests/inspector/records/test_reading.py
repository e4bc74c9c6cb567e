from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.records import Records, StoredInspection, VerdictCount
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, at, inspection, raw


def ids(found: list[StoredInspection]) -> list[str]:
    return [record.frame_id for record in found]


@pytest.fixture
def shift(records: Records) -> Records:
    """Six frames of two lines, ten seconds apart, from `a` at noon to `f`."""
    frames: list[tuple[str, str, str, str, Verdict]] = [
        ("a", "line-1", "cam-1", "gasket", Verdict.PASS),
        ("b", "line-1", "cam-2", "gasket", Verdict.REJECT),
        ("c", "line-2", "cam-1", "bottle", Verdict.PASS),
        ("d", "line-2", "cam-1", "bottle", Verdict.UNSURE),
        ("e", "line-1", "cam-1", "gasket", Verdict.PASS),
        ("f", "line-1", "cam-2", "gasket", Verdict.REJECT),
    ]
    for position, (frame_id, line, camera, product, verdict) in enumerate(frames):
        record = inspection(
            frame_id,
            inspected_at=at(10 * position),
            line=line,
            camera=camera,
            product=product,
            verdict=verdict,
        )
        records.add(record)
    return records


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "fedcba"),
        ({"limit": 2}, "fe"),
        ({"verdicts": [Verdict.REJECT]}, "fb"),
        ({"verdicts": (Verdict.REJECT, Verdict.UNSURE)}, "fdb"),
        ({"products": ["bottle"]}, "dc"),
        ({"products": ["bottle", "gasket"], "limit": 3}, "fed"),
        ({"products": ["cookie"]}, ""),
        ({"cameras": ["cam-1"]}, "edca"),
        ({"cameras": ["cam-1"], "lines": ["line-2"]}, "dc"),
        ({"lines": ["line-2"]}, "dc"),
        ({"cameras": ["cam-1"], "verdicts": [Verdict.PASS], "products": ["gasket"]}, "ea"),
        ({"before": at(30)}, "cba"),
        ({"before": at(31), "limit": 1}, "d"),
        ({"before": at(30), "verdicts": [Verdict.PASS]}, "ca"),
        ({"before": NOON}, ""),
    ],
)
def test_latest_gives_the_newest_first_of_those_asked_for(
    shift: Records, filters: dict[str, Any], expected: str
) -> None:
    assert "".join(ids(shift.latest(**filters))) == expected


def test_latest_gives_whole_inspections(records: Records) -> None:
    stored = [inspection(f"frame-{n}", inspected_at=at(-n), regions=()) for n in range(3)]
    stored += [inspection("frame-3", inspected_at=at(-3), evidence=None, evidence_map=None)]
    for record in stored:
        records.add(record)
    assert records.latest() == stored


def test_a_camera_with_a_wrong_clock_does_not_hide_newer_inspections(records: Records) -> None:
    records.add(inspection("wrong", captured_at=datetime(2099, 1, 1, tzinfo=UTC), inspected_at=at(0)))
    records.add(inspection("right", captured_at=at(1), inspected_at=at(1)))
    assert ids(records.latest()) == ["right", "wrong"]


def test_moments_a_microsecond_apart_are_kept_in_order(records: Records) -> None:
    for frame_id, microsecond in (("b", 2), ("a", 1), ("whole", 0), ("c", 999_999)):
        records.add(inspection(frame_id, inspected_at=NOON.replace(microsecond=microsecond)))
    assert ids(records.latest()) == ["c", "b", "a", "whole"]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seconds=st.lists(st.integers(0, 3), max_size=12), page_size=st.integers(1, 5))
def test_paging_visits_every_inspection_once_also_those_of_one_moment(
    records: Records, url: str, seconds: list[int], page_size: int
) -> None:
    with raw(url).begin() as connection:
        connection.exec_driver_sql("DELETE FROM inspections")
    for position, second in enumerate(seconds):
        records.add(inspection(f"frame-{position}", inspected_at=at(second), regions=()))
    visited: list[StoredInspection] = []
    while page := records.latest(limit=page_size, before=visited[-1] if visited else None):
        visited += page
    assert visited == records.latest(limit=100)
    assert sorted(ids(visited)) == sorted(f"frame-{position}" for position in range(len(seconds)))


def test_counts_are_by_line_camera_product_and_verdict(shift: Records) -> None:
    assert shift.counts() == [
        VerdictCount("line-1", "cam-1", "gasket", Verdict.PASS, 2),
        VerdictCount("line-1", "cam-2", "gasket", Verdict.REJECT, 2),
        VerdictCount("line-2", "cam-1", "bottle", Verdict.PASS, 1),
        VerdictCount("line-2", "cam-1", "bottle", Verdict.UNSURE, 1),
    ]


def test_counts_since_a_moment_take_that_moment_in(shift: Records) -> None:
    assert shift.counts(since=at(40)) == [
        VerdictCount("line-1", "cam-1", "gasket", Verdict.PASS, 1),
        VerdictCount("line-1", "cam-2", "gasket", Verdict.REJECT, 1),
    ]
    assert shift.counts(since=at(51)) == []


def test_an_empty_database_has_no_inspections_and_no_counts(records: Records) -> None:
    assert (records.latest(), records.counts()) == ([], [])


def test_a_moment_without_zone_or_a_limit_of_nothing_is_refused(records: Records) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"):
        records.latest(before=naive)
    with pytest.raises(ValueError, match="no time zone"):
        records.counts(since=naive)
    with pytest.raises(ValueError, match="limit is 0"):
        records.latest(limit=0)


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("inspected_at < '2026'", "ix_inspections_inspected_at_frame_id"),
        ("verdict = 'reject'", "ix_inspections_verdict_inspected_at_frame_id"),
        ("product = 'gasket'", "ix_inspections_product_inspected_at_frame_id"),
        ("camera = 'cam-1'", "ix_inspections_camera_inspected_at_frame_id"),
        ("frame_id = 'frame-1'", "ix_inspections_frame_id"),
    ],
)
def test_each_filter_of_the_live_page_is_an_index_search_without_sorting(
    sqlite_url: str, condition: str, index: str
) -> None:
    Records.open(sqlite_url).close()
    query = f"SELECT * FROM inspections WHERE {condition} ORDER BY inspected_at DESC, frame_id DESC LIMIT 50"  # noqa: S608
    with raw(sqlite_url).connect() as connection:
        plan = " ".join(row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
    assert index in plan or "sqlite_autoindex_inspections_1" in plan
    assert "TEMP B-TREE" not in plan
