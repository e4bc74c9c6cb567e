from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.describing.words import Position, Severity, Shape, Size
from inspector.records import (
    UNDECIDED,
    Cursor,
    Decision,
    FrameCount,
    HistoryChoices,
    HistoryFilter,
    Records,
    Review,
    StoredInspection,
    history,
    history_paths,
)
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, at, description, facts, inspection, raw


def ids(found: list[StoredInspection]) -> str:
    return "".join(record.frame_id for record in found)


def review(frame_id: str, decision: Decision, second: float = 100) -> Review:
    return Review(frame_id, decision, "anna", at(second))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shift(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    """Six frames, that tests only read, on each kind of database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('history')}/inspector.db"
    else:
        url = request.getfixturevalue("postgresql").create_database()
    with Records.open(url) as records:
        store_shift(records)
        yield records


def store_shift(records: Records) -> None:
    """Frames of two lines, ten seconds apart, from `a` at noon to `f`; b, d and f are described rejects."""
    frames = [
        ("a", "line-1", "cam-1", "gasket", "m1", Verdict.PASS),
        ("b", "line-1", "cam-2", "gasket", "m1", Verdict.REJECT),
        ("c", "line-2", "cam-1", "bottle", "m2", Verdict.UNSURE),
        ("d", "line-2", "cam-1", "bottle", "m2", Verdict.REJECT),
        ("e", "line-1", "cam-1", "gasket", "m3", Verdict.PASS),
        ("f", "line-1", "cam-2", "gasket", "m3", Verdict.REJECT),
    ]
    for position, (frame_id, line, camera, product, version, verdict) in enumerate(frames):
        records.add(
            inspection(
                frame_id,
                inspected_at=at(10 * position),
                line=line,
                camera=camera,
                product=product,
                model_version=version,
                verdict=verdict,
            )
        )
    stain = facts(
        kind="stain", place=Position.TOP, size=Size.LARGE, shape=Shape.ROUND, severity=Severity.SEVERE
    )
    for frame_id, regions, sentence in (
        ("b", (facts(), stain), "Two defects: a SCRATCH, 100% sure."),
        ("d", (stain, facts(kind=None, place=None)), "One stain near the thread_end."),
        ("f", (facts(place=Position.TOP), facts(kind="unknown", place=Position.LEFT)), "一处划痕"),
    ):
        records.describe(frame_id, description(sentence=sentence, facts=regions))
    records.reviews.add(review("b", Decision.TRUE_DEFECT))
    records.reviews.add(review("d", Decision.TRUE_DEFECT))
    records.reviews.add(review("d", Decision.FALSE_REJECT))
    records.reviews.add(review("f", Decision.TRUE_DEFECT))
    records.reviews.add(review("f", Decision.WITHDRAWN))
    records.reviews.add(review("a", Decision.MISSED))


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "fedcba"),
    ({"verdicts": (Verdict.REJECT,)}, "fdb"),
    ({"verdicts": (Verdict.REJECT, Verdict.UNSURE)}, "fdcb"),
    ({"products": ("bottle",)}, "dc"),
    ({"products": ("bottle", "gasket", "bottle")}, "fedcba"),
    ({"products": ("cookie",)}, ""),
    ({"lines": ("line-1",), "cameras": ("cam-1",)}, "ea"),
    ({"model_versions": ("m1", "m3"), "verdicts": (Verdict.REJECT,)}, "fb"),
    ({"kinds": ("scratch",)}, "fb"),
    ({"kinds": ("stain",)}, "db"),
    ({"kinds": ("unknown",)}, "f"),
    ({"places": (Position.TOP,)}, "fdb"),
    ({"kinds": ("scratch",), "places": (Position.UPPER_LEFT,)}, "b"),
    # The scratch of b is not at the top; its stain is.
    ({"kinds": ("scratch",), "places": (Position.TOP,)}, "f"),
    ({"kinds": ("scratch", "stain"), "lines": ("line-1",)}, "fb"),
    ({"sizes": (Size.LARGE,), "shapes": (Shape.ROUND,), "severities": (Severity.SEVERE,)}, "db"),
    ({"kinds": ("scratch",), "verdicts": (Verdict.PASS,)}, ""),
    ({"since": at(20)}, "fedc"),
    ({"until": at(20)}, "ba"),
    ({"since": at(10), "until": at(40), "lines": ("line-2",)}, "dc"),
    ({"texts": ("scratch",)}, "b"),
    ({"texts": ("划痕",)}, "f"),
    ({"texts": ("stain", "thread")}, "d"),
    ({"texts": ("stain", "scratch")}, ""),
    ({"texts": ("100%",)}, "b"),
    ({"texts": ("%",)}, "b"),
    ({"texts": ("_",)}, "d"),
    ({"texts": ("'; DROP TABLE inspections; --",)}, ""),
    ({"texts": ("defect",), "until": at(20)}, "b"),
    ({"review": UNDECIDED}, "fec"),
    ({"review": UNDECIDED, "verdicts": (Verdict.REJECT,)}, "f"),
    ({"review": Decision.TRUE_DEFECT}, "b"),
    ({"review": Decision.FALSE_REJECT}, "d"),
    ({"review": Decision.MISSED}, "a"),
    ({"review": Decision.WITHDRAWN}, "f"),
    ({"review": Decision.SKIPPED}, ""),
    ({"review": Decision.MISSED, "kinds": ("scratch",)}, ""),
]


@pytest.mark.parametrize(("fields", "expected"), FILTERS)
def test_pages_counts_and_exports_have_what_the_filter_asks_for(
    shift: Records, fields: dict[str, Any], expected: str
) -> None:
    wanted = HistoryFilter(**fields)
    assert ids(shift.history.page(wanted, 10)) == expected
    assert shift.history.count(wanted, at_most=10) == FrameCount(len(expected), has_more=False)
    assert ids([record for page in shift.history.stream(wanted) for record in page]) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"verdicts": (Verdict.REJECT, Verdict.PASS), "lines": ("line-1", "line-2"), "since": at(10)},
        {"kinds": ("scratch", "stain"), "cameras": ("cam-2",), "model_versions": ("m1", "m3")},
        {"review": Decision.TRUE_DEFECT, "products": ("gasket",), "until": at(40)},
    ],
)
def test_every_way_to_the_rows_finds_the_same_ones(
    shift: Records, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]
) -> None:
    wanted = HistoryFilter(**fields)
    expected = shift.history.page(wanted, 10)
    assert expected
    paths = history_paths.paths(wanted, history_paths.conditions(wanted, None))
    assert len(paths) > 1
    for path in paths:
        monkeypatch.setattr(history, "best_path", lambda *_, path=path: path)
        assert shift.history.page(wanted, 10) == expected
        assert shift.history.count(wanted, at_most=10).frames == len(expected)
        assert shift.history.page(wanted, 10, before=Cursor.of(expected[0])) == expected[1:]


def test_pages_give_whole_inspections(shift: Records) -> None:
    assert shift.history.page(HistoryFilter(), 6) == shift.latest(limit=6)


def test_a_page_stands_next_to_its_cursor_on_both_sides(shift: Records) -> None:
    middle = Cursor(at(20), "c")
    page = shift.history.page
    assert ids(page(HistoryFilter(), 2, before=middle)) == "ba"
    assert ids(page(HistoryFilter(), 2, after=middle)) == "ed"
    assert ids(page(HistoryFilter(verdicts=(Verdict.REJECT,)), 1, after=middle)) == "d"
    assert ids(page(HistoryFilter(), 2, before=Cursor(at(0), "a"))) == ""
    assert ids(page(HistoryFilter(), 2, after=Cursor(at(50), "f"))) == ""


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    frames=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["x", "y"])), max_size=12),
    size=st.integers(1, 5),
    lines=st.sampled_from([(), ("x",), ("x", "y")]),
)
def test_paging_there_and_back_visits_every_inspection_once_also_those_of_one_moment(
    records: Records, url: str, frames: list[tuple[int, str]], size: int, lines: tuple[str, ...]
) -> None:
    with raw(url).begin() as connection:
        connection.exec_driver_sql("DELETE FROM inspections")
    for position, (second, line) in enumerate(frames):
        records.add(inspection(f"frame-{position}", inspected_at=at(second), line=line, regions=()))
    wanted = HistoryFilter(lines=lines)
    there: list[StoredInspection] = []
    while page := records.history.page(wanted, size, before=Cursor.of(there[-1]) if there else None):
        there += page
    assert there == [record for record in records.latest(limit=100) if not lines or record.line in lines]
    back = there[-1:]
    while back and (page := records.history.page(wanted, size, after=Cursor.of(back[0]))):
        back = page + back
    assert back == there


def test_counting_ends_at_its_bound(shift: Records) -> None:
    count = shift.history.count
    assert count(HistoryFilter(), at_most=5) == FrameCount(5, has_more=True)
    assert count(HistoryFilter(), at_most=6) == FrameCount(6, has_more=False)
    several = HistoryFilter(verdicts=(Verdict.REJECT, Verdict.PASS))
    assert count(several, at_most=4) == FrameCount(4, has_more=True)


def test_choices_are_the_values_that_occur(shift: Records) -> None:
    assert shift.history.choices() == HistoryChoices(
        products=("bottle", "gasket"),
        lines=("line-1", "line-2"),
        cameras=("cam-1", "cam-2"),
        kinds=("scratch", "stain", "unknown"),
        model_versions=("m3", "m2", "m1"),
    )


def test_an_empty_database_has_no_history_and_no_choices(records: Records) -> None:
    assert records.history.page(HistoryFilter(), 5) == []
    assert records.history.count(HistoryFilter(texts=("x",)), at_most=5) == FrameCount(0, has_more=False)
    assert list(records.history.stream(HistoryFilter())) == []
    assert records.history.choices() == HistoryChoices()


def test_only_the_newest_sentences_are_searched_and_it_is_told_how_far_back(
    shift: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = HistoryFilter(texts=("defect",))
    assert shift.history.searched_since(wanted) is None
    assert ids(shift.history.page(HistoryFilter(texts=("a",)), 5)) == "db"
    monkeypatch.setattr(history, "SEARCHED", 2)
    assert shift.history.searched_since(wanted) == at(30)
    assert ids(shift.history.page(HistoryFilter(texts=("a",)), 5)) == "d"
    assert shift.history.count(HistoryFilter(texts=("a",)), at_most=5).frames == 1
    # A search that ends earlier reaches further back.
    assert ids(shift.history.page(HistoryFilter(texts=("a",), until=at(50)), 5)) == "db"
    assert shift.history.searched_since(HistoryFilter(texts=("a",), since=at(35))) is None
    assert shift.history.searched_since(HistoryFilter()) is None


def test_an_export_reads_page_by_page(shift: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "STREAMED", 2)
    assert [ids(page) for page in shift.history.stream(HistoryFilter())] == ["fe", "dc", "ba"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda h: h.page(HistoryFilter(), 0), "limit is 0"),
        (lambda h: h.count(HistoryFilter(), at_most=0), "at_most is 0"),
        (lambda h: h.page(HistoryFilter(), 1, before=Cursor(NOON, "a"), after=Cursor(NOON, "a")), "not both"),
    ],
)
def test_what_makes_no_sense_is_refused(
    records: Records, call: Callable[[history.History], object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        call(records.history)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = NOON.replace(tzinfo=None)
    for make in (
        lambda: HistoryFilter(since=naive),
        lambda: HistoryFilter(until=naive),
        lambda: Cursor(naive, "a"),
    ):
        with pytest.raises(ValueError, match="no time zone"):
            make()


@pytest.mark.parametrize(
    ("fields", "index"),
    [
        ({}, "ix_inspections_inspected_at_frame_id"),
        ({"lines": ("line-1",)}, "ix_inspections_line_inspected_at_frame_id"),
        ({"model_versions": ("m1",)}, "ix_inspections_model_version_inspected_at_frame_id"),
        ({"cameras": ("cam-1", "cam-2")}, "ix_inspections_camera_inspected_at_frame_id"),
        ({"places": (Position.TOP,)}, "ix_inspections_verdict_inspected_at_frame_id"),
    ],
)
def test_a_page_walks_an_index_and_sorts_no_table_on_sqlite(
    sqlite_url: str, fields: dict[str, Any], index: str
) -> None:
    with Records.open(sqlite_url), raw(sqlite_url).connect() as connection:
        wanted = HistoryFilter(**fields)
        path = history_paths.best_path(connection, wanted, history_paths.conditions(wanted, None))
        query = history_paths.page_query(path, 25, before=Cursor(NOON, "a"), after=None)
        text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        rows = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert f"USING INDEX {index}" in " ".join(rows) or f"USING COVERING INDEX {index}" in " ".join(rows)
    assert not [row for row in rows if "SCAN inspections" in row and index not in row]
