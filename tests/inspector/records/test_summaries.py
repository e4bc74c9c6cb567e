"""Sums over a span of time, the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from inspector.records import (
    Choice,
    Decision,
    DecisionCount,
    IntervalCount,
    KindCount,
    Latency,
    ModelChange,
    ModelUse,
    Records,
    Review,
    StoredInspection,
    VerdictCount,
)
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, at, description, facts, inspection

HOUR = Choice(NOON, NOON + timedelta(hours=1))


def store(records: Records, name: str, minute: float, **changes: Any) -> StoredInspection:
    """An inspection so many minutes after noon."""
    moment = NOON + timedelta(minutes=minute)
    record = inspection(name, inspected_at=moment, captured_at=moment, **changes)
    records.add(record)
    return record


def decide(records: Records, name: str, decision: Decision, minute: float = 0) -> None:
    records.reviews.add(Review(name, decision, "anna", NOON + timedelta(minutes=minute)))


def name_kind(records: Records, name: str, kind: str | None) -> None:
    worst, other = facts(kind=kind), facts(kind="other")
    records.describe(name, description(facts=(worst, other)))


def test_a_span_has_its_first_moment_and_not_its_last(records: Records) -> None:
    for name, minute in (("before", -0.01), ("first", 0), ("inside", 30), ("last", 60)):
        store(records, name, minute)
    assert records.summaries.verdicts(HOUR) == [VerdictCount("line-1", "cam-1", "gasket", Verdict.REJECT, 2)]


def test_lines_and_products_narrow_every_sum(records: Records) -> None:
    store(records, "a", 1, latency_ms=10.0)
    store(records, "b", 2, line="line-2", product="bottle", latency_ms=20.0, model_version="bottle-1")
    store(records, "c", 3, line="line-2", product="bottle", latency_ms=20.0, model_version="bottle-2")
    for choice in (replace(HOUR, lines=("line-2",)), replace(HOUR, products=("bottle", "none"))):
        sums = records.summaries
        assert sums.verdicts(choice) == [VerdictCount("line-2", "cam-1", "bottle", Verdict.REJECT, 2)]
        assert sums.over_time(choice, [choice.since, choice.until]) == [IntervalCount(0, Verdict.REJECT, 2)]
        assert [one.frames for one in sums.decisions(choice)] == [2]
        assert [one.frames for one in sums.kinds(choice)] == [2]
        assert [one.version for one in sums.models(choice)] == ["bottle-1", "bottle-2"]
        assert [one.after for one in sums.model_changes(choice, limit=5)] == ["bottle-2"]
        assert sums.latency(choice) == Latency(20.0, 20.0, 20.0, 20.0)
        assert {one.frame_id for one in sums.worst(choice, limit=5)} == {"b", "c"}


def test_an_empty_span_has_empty_sums(records: Records) -> None:
    sums = records.summaries
    for found in (
        sums.verdicts(HOUR),
        sums.over_time(HOUR, [HOUR.since, HOUR.until]),
        sums.decisions(HOUR),
        sums.kinds(HOUR),
        sums.models(HOUR),
        sums.model_changes(HOUR, limit=1),
        sums.worst(HOUR, limit=1),
    ):
        assert found == []
    assert sums.latency(HOUR) is None


def test_intervals_hold_the_frames_between_their_edges(records: Records) -> None:
    edges = [NOON + timedelta(minutes=minutes) for minutes in (0, 20, 40, 60)]
    for name, minute, verdict in (
        ("a", 0, Verdict.PASS),
        ("b", 19.99, Verdict.REJECT),
        ("c", 20, Verdict.REJECT),
        ("d", 59, Verdict.REJECT),
        ("e", 59.5, Verdict.REJECT),
    ):
        store(records, name, minute, verdict=verdict)
    assert records.summaries.over_time(HOUR, edges) == [
        IntervalCount(0, Verdict.PASS, 1),
        IntervalCount(0, Verdict.REJECT, 1),
        IntervalCount(1, Verdict.REJECT, 1),
        IntervalCount(2, Verdict.REJECT, 2),
    ]
    assert records.summaries.over_time(HOUR, edges[1:3]) == [IntervalCount(0, Verdict.REJECT, 1)]


def test_the_latest_review_of_a_frame_is_its_decision(records: Records) -> None:
    for name in ("good", "changed", "withdrawn", "nobody"):
        store(records, name, 1)
    store(records, "missed", 1, verdict=Verdict.PASS)
    decide(records, "good", Decision.FALSE_REJECT)
    decide(records, "changed", Decision.FALSE_REJECT)
    decide(records, "changed", Decision.TRUE_DEFECT, 1)
    decide(records, "withdrawn", Decision.FALSE_REJECT)
    decide(records, "withdrawn", Decision.WITHDRAWN, 1)
    decide(records, "missed", Decision.MISSED)

    def count(verdict: Verdict, decision: Decision | None) -> DecisionCount:
        return DecisionCount("line-1", "gasket", verdict, decision, 1)

    assert set(records.summaries.decisions(HOUR)) == {
        count(Verdict.REJECT, Decision.FALSE_REJECT),
        count(Verdict.REJECT, Decision.TRUE_DEFECT),
        count(Verdict.REJECT, Decision.WITHDRAWN),
        count(Verdict.REJECT, None),
        count(Verdict.PASS, Decision.MISSED),
    }


def test_a_reject_counts_once_by_the_kind_of_its_worst_region(records: Records) -> None:
    for name, kind in (("a", "scratch"), ("b", "dent"), ("c", "scratch"), ("d", None)):
        store(records, name, 1)
        name_kind(records, name, kind)
    store(records, "without-region", 1, regions=())
    store(records, "passed", 1, verdict=Verdict.PASS)
    decide(records, "a", Decision.FALSE_REJECT)
    found = records.summaries.kinds(HOUR)
    assert set(found) == {KindCount("scratch", 2, 1), KindCount(None, 2, 0), KindCount("dent", 1, 0)}
    assert found[-1].kind == "dent"


def test_bundles_and_their_changes_are_told_also_a_return_to_the_earlier_one(records: Records) -> None:
    for minute, version in enumerate(("old", "old", "new", "old")):
        store(records, f"f-{minute}", minute, model_version=version)
    store(records, "elsewhere", 1.5, model_version="new", camera="cam-2")
    store(records, "before", -1, model_version="oldest")

    def moment(minute: float) -> datetime:
        return NOON + timedelta(minutes=minute)

    assert records.summaries.models(HOUR) == [
        ModelUse("line-1", "gasket", "old", 3, moment(0), moment(3)),
        ModelUse("line-1", "gasket", "new", 2, moment(1.5), moment(2)),
    ]
    changes = [
        ModelChange(moment(2), "line-1", "cam-1", "gasket", "old", "new"),
        ModelChange(moment(3), "line-1", "cam-1", "gasket", "new", "old"),
    ]
    assert records.summaries.model_changes(HOUR, limit=5) == changes
    assert records.summaries.model_changes(HOUR, limit=1) == changes[:1]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (1, 1, 1, 1)), (3, (2, 3, 3, 3)), (20, (10, 19, 20, 20)), (150, (75, 143, 149, 150))],
)
def test_latencies_are_those_that_were_measured(
    records: Records, count: int, expected: tuple[float, ...]
) -> None:
    moments = [inspection(f"f-{n}", inspected_at=at(n), latency_ms=float(n)) for n in range(count, 0, -1)]
    records.add_all(moments)
    assert records.summaries.latency(HOUR) == Latency(*expected)


def test_the_worst_of_each_kind_come_first_and_good_parts_not_at_all(records: Records) -> None:
    for name, score, limit, kind in (
        ("scratch-3", 9.0, 1.0, "scratch"),
        ("scratch-2", 8.0, 1.0, "scratch"),
        ("scratch-1", 7.0, 1.0, "scratch"),
        ("dent", 20.0, 10.0, "dent"),
        ("called-good", 99.0, 1.0, "dent"),
    ):
        store(records, name, 1, score=score, reject_limit=limit)
        name_kind(records, name, kind)
    store(records, "not-scored", 1, score=float("nan"))
    store(records, "passed", 1, score=50.0, verdict=Verdict.PASS)
    decide(records, "called-good", Decision.FALSE_REJECT)

    def worst(limit: int) -> list[str]:
        return [one.frame_id for one in records.summaries.worst(HOUR, limit=limit)]

    assert worst(2) == ["scratch-3", "dent"]
    assert worst(3) == ["scratch-3", "scratch-2", "dent"]
    assert worst(10) == ["scratch-3", "scratch-2", "scratch-1", "dent"]


def test_a_limit_of_zero_ranks_last_and_divides_nothing(records: Records) -> None:
    store(records, "zero", 1, score=5.0, reject_limit=0.0)
    store(records, "usual", 1, score=1.5, reject_limit=1.0)
    assert [one.frame_id for one in records.summaries.worst(HOUR, limit=5)] == ["usual", "zero"]


def test_a_span_without_length_or_zone_is_refused(records: Records) -> None:
    with pytest.raises(ValueError, match="has no length"):
        Choice(NOON, NOON)
    with pytest.raises(ValueError, match="no time zone"):
        Choice(datetime(2026, 1, 1), NOON)
    with pytest.raises(ValueError, match="1 edges"):
        records.summaries.over_time(HOUR, [NOON])
