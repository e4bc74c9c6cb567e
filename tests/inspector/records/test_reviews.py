"""What operators decided, and who changed what: added only, the latest counts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from inspector.records import AuditEntry, Decision, Records, Review
from tests.inspector.records.examples import NOON, inspection


def review(frame_id: str, decision: Decision, minutes: int = 0, note: str = "") -> Review:
    return Review(frame_id, decision, "anna", NOON + timedelta(minutes=minutes), note)


def test_a_review_comes_back_and_a_later_one_does_not_replace_it(records: Records) -> None:
    records.add(inspection("a"))
    reviews = [review("a", Decision.FALSE_REJECT, 0, "dust"), review("a", Decision.TRUE_DEFECT, 1)]
    for one in reviews:
        records.reviews.add(one)
    assert records.reviews.of("a") == reviews[::-1]
    assert records.reviews.of("b") == []


def test_the_latest_review_of_a_frame_counts_and_the_newest_come_first(records: Records) -> None:
    for name in "abcd":
        records.add(inspection(name))
    records.add(inspection("other", product="bottle"))
    for one in (
        review("a", Decision.FALSE_REJECT),
        review("b", Decision.FALSE_REJECT),
        review("a", Decision.TRUE_DEFECT),
        review("c", Decision.MISSED),
        review("other", Decision.FALSE_REJECT),
    ):
        records.reviews.add(one)

    def decided(*decisions: Decision, limit: int = 10) -> list[tuple[str, Decision]]:
        found = records.reviews.decided("gasket", decisions, limit=limit)
        return [(record.frame_id, decision) for record, decision in found]

    assert decided(Decision.FALSE_REJECT) == [("b", Decision.FALSE_REJECT)]
    assert decided(Decision.TRUE_DEFECT, Decision.MISSED) == [
        ("c", Decision.MISSED),
        ("a", Decision.TRUE_DEFECT),
    ]
    assert decided(*Decision, limit=1) == [("c", Decision.MISSED)]


def test_a_frame_that_is_not_stored_and_a_time_without_zone_are_refused(records: Records) -> None:
    with pytest.raises(ValueError, match="frame nobody is not stored"):
        records.reviews.add(review("nobody", Decision.MISSED))
    records.add(inspection("a"))
    with pytest.raises(ValueError, match="no time zone"):
        records.reviews.add(Review("a", Decision.MISSED, "anna", datetime(2026, 1, 1)))
    assert records.reviews.of("a") == []


def test_the_audit_log_tells_the_newest_first_and_by_subject(records: Records) -> None:
    entries = [
        AuditEntry(NOON + timedelta(minutes=number), "anna", "promote", subject, {"why": "lot", "n": number})
        for number, subject in enumerate(("bottle/1", "bottle/2", "bottle_2/1", "bottle%/1", "bottle"))
    ]
    for entry in entries:
        records.audit.add(entry)
    assert records.audit.latest() == entries[::-1]
    assert records.audit.latest(limit=2) == entries[:2:-1]
    assert records.audit.latest(subject="bottle") == [entries[4], entries[1], entries[0]]
    assert records.audit.latest(subject="bottle/2") == [entries[1]]
    assert records.audit.latest(subject="bottle%") == [entries[3]]
