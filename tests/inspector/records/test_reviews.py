"""What operators decided, and who changed what: added only, the latest counts."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from inspector.errors import ReviewConflictError
from inspector.records import AuditEntry, Decision, Records, Review, StoredInspection
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, at, inspection


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


def test_a_decision_is_stored_with_its_kind_and_told_in_the_audit_log(records: Records) -> None:
    records.add(inspection("a"))
    first = Review("a", Decision.TRUE_DEFECT, "anna", NOON, "deep", "scratch")
    records.reviews.decide(first, None)
    second = review("a", Decision.WITHDRAWN, 1)
    records.reviews.decide(second, first)
    assert records.reviews.latest(["a", "b"]) == {"a": second}
    told = records.audit.latest(subject="frame/a")
    assert [(one.actor, one.details["decision"], one.details["before"]) for one in told] == [
        ("anna", "withdrawn", "true_defect"),
        ("anna", "true_defect", None),
    ]
    assert told[1].details["kind"] == "scratch"


def test_a_reviewer_who_saw_less_is_told_who_decided_and_overwrites_nothing(records: Records) -> None:
    records.add(inspection("a"))
    mine = review("a", Decision.FALSE_REJECT)
    records.reviews.decide(mine, None)
    for seen in (None, review("a", Decision.MISSED)):
        with pytest.raises(ReviewConflictError, match="anna has decided false_reject"):
            records.reviews.decide(Review("a", Decision.TRUE_DEFECT, "bert", NOON), seen)
    assert records.reviews.of("a") == [mine]
    assert len(records.audit.latest()) == 1


def test_of_many_reviewers_at_once_exactly_one_decides(records: Records) -> None:
    records.add(inspection("a"))

    def decide(number: int) -> bool:
        try:
            records.reviews.decide(Review("a", Decision.TRUE_DEFECT, f"person {number}", NOON), None)
        except ReviewConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        assert sum(people.map(decide, range(16))) == 1
    assert len(records.reviews.of("a")) == 1


def test_what_nobody_has_decided_waits_rejects_first_and_page_by_page(records: Records) -> None:
    verdicts = [Verdict.REJECT, Verdict.UNSURE, Verdict.PASS, Verdict.REJECT, Verdict.UNSURE, Verdict.REJECT]
    for number, verdict in enumerate(verdicts):
        records.add(inspection(f"f{number}", verdict=verdict, inspected_at=at(number)))
    assert names(records.reviews.waiting(limit=10)) == ["f5", "f3", "f0", "f4", "f1"]
    assert names(records.reviews.waiting(limit=10, verdicts=[Verdict.PASS])) == ["f2"]
    assert names(records.reviews.waiting(limit=10, since=at(3))) == ["f5", "f3", "f4"]
    pages, after = [], None
    while page := records.reviews.waiting(limit=2, after=after):
        pages.append(names(page))
        after = page[-1]
    assert pages == [["f5", "f3"], ["f0", "f4"], ["f1"]]


def test_a_decided_or_skipped_frame_does_not_wait_and_a_withdrawn_one_waits_again(records: Records) -> None:
    for name, product in (("a", "gasket"), ("b", "gasket"), ("c", "bottle")):
        records.add(inspection(name, product=product))
    for one in (
        review("a", Decision.TRUE_DEFECT),
        review("b", Decision.SKIPPED),
        review("c", Decision.FALSE_REJECT),
        review("c", Decision.WITHDRAWN, 1),
    ):
        records.reviews.add(one)
    assert names(records.reviews.waiting(limit=10)) == ["c"]
    assert records.reviews.count_waiting() == {Verdict.REJECT: 1}
    assert records.reviews.count_waiting(products=["gasket"]) == {}


def test_decisions_about_rejects_come_with_the_time_of_their_frames(records: Records) -> None:
    for number, verdict in enumerate((Verdict.REJECT, Verdict.PASS, Verdict.REJECT, Verdict.REJECT)):
        records.add(inspection(f"f{number}", verdict=verdict, inspected_at=at(number)))
    for name in ("f0", "f1", "f3"):
        records.reviews.add(review(name, Decision.MISSED))
    records.reviews.add(review("f0", Decision.FALSE_REJECT, 1))
    assert records.reviews.decided_in(at(0), at(3)) == [(at(0), Decision.FALSE_REJECT)]
    assert records.reviews.decided_in(at(0), at(4))[1:] == [(at(3), Decision.MISSED)]
    assert records.reviews.decided_in(at(0), at(4), verdict=Verdict.PASS) == [(at(1), Decision.MISSED)]


def names(found: Sequence[StoredInspection]) -> list[str]:
    return [one.frame_id for one in found]
