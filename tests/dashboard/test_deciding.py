"""Decisions: who may make them, what is stored, and what two people at once do to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard.claims import CLAIM_S, Claims
from dashboard.deciding import LONGEST_NOTE, choices, decide, take_back
from dashboard.visitors import Visitor
from inspector.errors import AccountError
from inspector.records import Decision, Records, Role
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, inspection


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as opened:
        for name in "abc":
            opened.add(inspection(name))
        yield opened


def by(name: str) -> Callable[[Role], Visitor]:
    return lambda needed: Visitor(name, needed)


def nobody(_needed: Role) -> Visitor:
    raise AccountError("nothing was changed", "nobody is signed in", "Sign in")


def test_what_can_be_said_depends_on_the_verdict() -> None:
    stopped = [choice.decision for choice in choices(Verdict.REJECT)]
    assert stopped == [Decision.TRUE_DEFECT, Decision.FALSE_REJECT, Decision.SKIPPED]
    assert choices(Verdict.UNSURE) == choices(Verdict.REJECT)
    assert [choice.decision for choice in choices(Verdict.PASS)] == [Decision.MISSED, Decision.SKIPPED]
    keys = [choice.key for choice in choices(Verdict.REJECT)]
    assert len(set(keys)) == len(keys)


def test_several_frames_are_decided_at_once_and_a_kind_is_kept_of_defects_only(records: Records) -> None:
    frames = [inspection("a"), inspection("b")]
    done = decide(
        records, frames, Decision.TRUE_DEFECT, seen={}, at=NOON, kind="dent", note=" deep ", who=by("anna")
    )
    assert [(one.frame_id, one.kind, one.note) for one in done.stored] == [
        ("a", "dent", "deep"),
        ("b", "dent", "deep"),
    ]
    assert records.reviews.latest(["a", "b"]) == {one.frame_id: one for one in done.stored}
    good = decide(
        records, [inspection("c")], Decision.FALSE_REJECT, seen={}, at=NOON, kind="dent", who=by("anna")
    )
    assert good.stored[0].kind is None


def test_what_another_has_decided_meanwhile_stays_and_is_told(records: Records) -> None:
    decide(records, [inspection("a")], Decision.FALSE_REJECT, seen={}, at=NOON, who=by("bert"))
    done = decide(
        records, [inspection("a"), inspection("b")], Decision.TRUE_DEFECT, seen={}, at=NOON, who=by("anna")
    )
    assert [one.frame_id for one in done.stored] == ["b"]
    assert done.conflicts == ("a: bert has decided false_reject in the meantime",)
    assert records.reviews.latest(["a"])["a"].decision is Decision.FALSE_REJECT


def test_a_decision_taken_back_waits_again_unless_another_came_after_it(records: Records) -> None:
    done = decide(records, [inspection("a")], Decision.TRUE_DEFECT, seen={}, at=NOON, who=by("anna"))
    later = NOON + timedelta(minutes=1)
    assert take_back(records, done.stored, at=later, who=by("anna")).conflicts == ()
    assert [one.frame_id for one in records.reviews.waiting(limit=9)] == ["c", "b", "a"]
    again = take_back(records, done.stored, at=later, who=by("anna"))
    assert not again.stored
    assert "withdrawn" in again.conflicts[0]


def test_who_may_not_decide_changes_nothing(records: Records) -> None:
    with pytest.raises(AccountError, match="nobody is signed in"):
        decide(records, [inspection("a")], Decision.TRUE_DEFECT, seen={}, at=NOON, who=nobody)
    with pytest.raises(ValueError, match="the note has"):
        decide(
            records,
            [inspection("a")],
            Decision.TRUE_DEFECT,
            seen={},
            at=NOON,
            note="x" * (LONGEST_NOTE + 1),
            who=by("anna"),
        )
    assert records.reviews.of("a") == []


def test_a_role_counts_only_with_a_password_of_ones_own() -> None:
    assert Visitor("anna", Role.OPERATOR).may(Role.OPERATOR)
    assert not Visitor("anna", Role.OPERATOR).may(Role.ENGINEER)
    assert not Visitor("", None).may(Role.VIEWER)


def test_two_reviewers_are_not_shown_the_same_frame() -> None:
    now = [0.0]
    claims = Claims(lambda: now[0])
    assert claims.take("anna", ["a", "b"]) == "a"
    assert claims.take("bert", ["a", "b"]) == "b"
    assert claims.take("carl", ["a", "b"]) is None
    assert claims.take("anna", ["a", "b"]) == "a"
    assert claims.take("anna", ["c"]) == "c"
    assert claims.take("carl", ["a", "b"]) == "a"
    now[0] = CLAIM_S + 1
    assert claims.take("dora", ["b"]) == "b"


def test_a_frame_that_is_gone_is_told_and_the_others_are_decided(records: Records) -> None:
    frames = [inspection("gone"), inspection("a")]
    done = decide(records, frames, Decision.TRUE_DEFECT, seen={}, at=NOON, who=by("anna"))
    assert [one.frame_id for one in done.stored] == ["a"]
    assert done.conflicts == ("frame gone is not stored, so it cannot be reviewed",)
