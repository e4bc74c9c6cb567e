"""The history of thousands of inspections gives what looking at each of them gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.describing.words import Kind, Position, Severity, Shape, Size
from inspector.records import (
    UNDECIDED,
    Cursor,
    Decision,
    HistoryFilter,
    Records,
    Review,
    StoredFacts,
    StoredInspection,
)
from inspector.results import Verdict
from tests.campaigns.bench_dashboard import FILTERS
from tests.campaigns.seeding import NOW, OLD_MODEL, RARE_KIND, SPAN, TEXT, seed_inspections

COUNT = 3000


@dataclass(frozen=True)
class Month:
    """Seeded records, and all that is in them."""

    records: Records
    every: list[StoredInspection]
    reviews: dict[str, Review]

    def expected(self, wanted: HistoryFilter) -> list[StoredInspection]:
        """What the filter asks for, found by looking at each inspection."""
        return [each for each in self.every if fulfils(each, self.reviews.get(each.frame_id), wanted)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('month')}/inspector.db"
    else:
        url = request.getfixturevalue("postgresql").create_database()
    seed_inspections(url, COUNT)
    with Records.open(url) as records:
        every = list(records.each())
        yield Month(records, every, records.reviews.latest([each.frame_id for each in every]))


def fulfils(record: StoredInspection, review: Review | None, wanted: HistoryFilter) -> bool:
    told = record.description
    plain = (
        (wanted.verdicts, record.verdict),
        (wanted.products, record.product),
        (wanted.lines, record.line),
        (wanted.cameras, record.camera),
        (wanted.model_versions, record.model_version),
    )
    regions = told.facts if told is not None else ()
    decision = None if review is None or review.decision is Decision.WITHDRAWN else review.decision
    if wanted.review == UNDECIDED:
        is_reviewed = decision is None
    else:
        is_reviewed = wanted.review is None or (review is not None and review.decision == wanted.review)
    return (
        all(not values or value in values for values, value in plain)
        and (wanted.since is None or record.inspected_at >= wanted.since)
        and (wanted.until is None or record.inspected_at < wanted.until)
        and (not wanted.facts or any(has_facts(facts, wanted) for facts in regions))
        and all(told is not None and text.casefold() in told.sentence.casefold() for text in wanted.texts)
        and is_reviewed
    )


def has_facts(facts: StoredFacts, wanted: HistoryFilter) -> bool:
    return all(getattr(facts, name) in words for name, words in wanted.facts.items())


def test_a_seeded_month_looks_like_one_of_a_plant(month: Month) -> None:
    assert len(month.every) == COUNT
    for end, wanted in ((month.every[0], NOW), (month.every[-1], NOW - SPAN)):
        assert abs(end.inspected_at - wanted) < timedelta(seconds=1)
    shares = {verdict: sum(each.verdict is verdict for each in month.every) / COUNT for verdict in Verdict}
    assert shares[Verdict.PASS] > 0.9
    assert 0.03 < shares[Verdict.REJECT] < 0.07
    assert 0 < shares[Verdict.UNSURE] < 0.03
    rejects = [each for each in month.every if each.verdict is Verdict.REJECT]
    assert all(each.description and len(each.description.facts) == len(each.regions) > 0 for each in rejects)
    assert {review.decision for review in month.reviews.values()} >= {
        Decision.TRUE_DEFECT,
        Decision.FALSE_REJECT,
    }


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_of_the_benchmark_finds_what_is_there(month: Month, name: str) -> None:
    check(month, FILTERS[name])


def some(*values: object) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(st.sampled_from(values), max_size=2).map(tuple)


MOMENTS = st.none() | st.integers(0, 31).map(lambda days: NOW - timedelta(days=days))
ANY = st.builds(
    HistoryFilter,
    verdicts=some(*Verdict),
    products=some("gasket-1", "gasket-2", "bottle-1", "none"),
    lines=some("line-1", "line-2", "none"),
    cameras=some("cam-1-1", "cam-2-1", "none"),
    model_versions=some(OLD_MODEL, "00000000000aaa02"),
    kinds=some(Kind.SCRATCH, Kind.HOLE, RARE_KIND),
    places=some(Position.UPPER_LEFT, Position.TOP),
    sizes=some(*Size),
    shapes=some(*Shape),
    severities=some(*Severity),
    texts=some("SCRATCH", TEXT, "%", "_"),
    since=MOMENTS,
    until=MOMENTS,
    review=st.sampled_from([None, UNDECIDED, *Decision]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=ANY)
def test_any_filter_finds_what_is_there(month: Month, wanted: HistoryFilter) -> None:
    check(month, wanted)


def check(month: Month, wanted: HistoryFilter) -> None:
    expected = month.expected(wanted)
    history = month.records.history
    assert history.page(wanted, COUNT) == expected
    assert history.count(wanted, at_most=COUNT).frames == len(expected)
    middle = Cursor.of(month.every[COUNT // 2])
    older = [each for each in expected if Cursor.of(each) < middle]
    newer = [each for each in expected if Cursor.of(each) > middle]
    assert history.page(wanted, 7, before=middle) == older[:7]
    assert history.page(wanted, 7, after=middle) == newer[-7:]
