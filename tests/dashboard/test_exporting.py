from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dashboard.exporting import SCHEMA, Format, export, harmless
from inspector.records import Decision, HistoryFilter, Records, Review
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, at, description, facts, inspection

ALL = HistoryFilter()


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as records:
        yield records


def csv_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1+1",
        "＝1",  # noqa: RUF001
        '=HYPERLINK("http://x","y")',
        "=cmd|' /C calc'!A0",
    ],
)
def test_a_text_that_a_spreadsheet_would_compute_is_a_text_in_csv(records: Records, text: str) -> None:
    records.add(inspection(f"f{text}", product=text, reason=text, box=text))
    records.describe(f"f{text}", description(sentence=text, facts=(facts(kind=text), facts())))
    records.reviews.add(Review(f"f{text}", Decision.TRUE_DEFECT, text, NOON, text, text))
    [row] = csv_rows(export(records, ALL, Format.CSV).data)
    for name in ("product", "reason", "box", "sentence", "kind", "reviewer", "review_note", "review_kind"):
        assert row[name] == f"'{text}", name
    first = [cell.lstrip()[:1] for cell in row.values()]
    assert not {"=", "+", "-", "@"} & set(first)
    # Programs read the other format; it has the text as it is.
    [whole] = pq.read_table(io.BytesIO(export(records, ALL, Format.PARQUET).data)).to_pylist()
    assert whole["product"] == text


@pytest.mark.parametrize("text", ["", "scratch", "a=b", "1-2", "'quoted'", "划痕"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


def test_separators_and_quotes_do_not_begin_a_cell(records: Records) -> None:
    sentence = 'One "defect", \r\n=1+1; at the top'
    records.add(inspection("a", regions=()))
    records.describe("a", description(sentence=sentence, facts=()))
    [row] = csv_rows(export(records, ALL, Format.CSV).data)
    assert row["sentence"] == sentence
    assert list(row) == SCHEMA.names


def test_both_formats_have_what_was_recorded(records: Records) -> None:
    records.add(inspection("a", inspected_at=at(0)))
    records.describe("a", description())
    records.reviews.add(Review("a", Decision.MISSED, "bert", at(5)))
    records.reviews.add(Review("a", Decision.TRUE_DEFECT, "anna", at(9), "bent", "scratch"))
    nan = float("nan")
    records.add(inspection("b", inspected_at=at(1), verdict=Verdict.UNSURE, score=nan, evidence=None))
    made = export(records, ALL, Format.PARQUET)
    table = pq.read_table(io.BytesIO(made.data))
    assert table.schema.equals(SCHEMA)
    b, a = table.to_pylist()
    assert (made.rows, made.is_cut) == (2, False)
    assert (a["frame_id"], a["verdict"], a["score"], a["regions"]) == ("a", "reject", 2.31, 2)
    assert (a["inspected_at"], a["place"], a["kind"]) == (at(0), "upper left", "scratch")
    assert a["sentence"] == description().sentence
    assert (a["decision"], a["review_note"], a["reviewed_at"]) == ("true_defect", "bent", at(9))
    assert b["frame_id"] == "b"
    assert {b[name] for name in ("score", "kind", "sentence", "evidence", "decision")} == {None}

    read = csv_rows(export(records, ALL, Format.CSV).data)
    assert [row["frame_id"] for row in read] == ["b", "a"]
    assert (read[0]["score"], read[1]["score"], read[1]["place"]) == ("", "2.31", "upper left")
    assert read[1]["inspected_at"] == "2026-03-04 12:00:00+00:00"


def test_only_what_the_filter_finds_is_exported(records: Records) -> None:
    for frame_id in "abc":
        records.add(inspection(frame_id, line=f"line-{frame_id}"))
    made = export(records, HistoryFilter(lines=("line-b",)), Format.CSV)
    assert [row["frame_id"] for row in csv_rows(made.data)] == ["b"]


@pytest.mark.parametrize("form", Format)
def test_an_export_ends_at_its_bound_and_says_so(records: Records, form: Format) -> None:
    like = inspection("x", regions=())
    records.add_all([replace(like, frame_id=f"f-{n}", inspected_at=at(n)) for n in range(5)])
    for most, rows, is_cut in ((3, 3, True), (4, 4, True), (5, 5, False), (6, 5, False)):
        made = export(records, ALL, form, most)
        assert (made.rows, made.is_cut) == (rows, is_cut)
        if form is Format.CSV:
            assert [row["frame_id"] for row in csv_rows(made.data)] == [f"f-{4 - n}" for n in range(rows)]
        else:
            assert pq.read_table(io.BytesIO(made.data)).num_rows == rows


@pytest.mark.parametrize("form", Format)
def test_an_export_of_nothing_is_a_file_with_the_columns(records: Records, form: Format) -> None:
    made = export(records, ALL, form)
    assert made.rows == 0
    if form is Format.CSV:
        assert made.data.decode("utf-8-sig").startswith('"frame_id","inspected_at"')
    else:
        assert pq.read_table(io.BytesIO(made.data)).schema.names == SCHEMA.names
