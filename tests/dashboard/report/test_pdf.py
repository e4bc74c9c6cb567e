"""The report as PDF, its text read back by another library."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import reportlab
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from dashboard.report.pdf import pdf
from dashboard.report.telling import tell
from inspector.describing.words import Language
from inspector.errors import ReportError
from tests.dashboard.line import Line
from tests.dashboard.report.shift import SHIFT, after, report_of, work, work_with_hostile_names

A4_POINTS = (595, 842)
VERA = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"


def read(line: Line, language: Language = "en") -> PdfReader:
    return PdfReader(io.BytesIO(pdf(tell(report_of(line), language))))


def fonts(reader: PdfReader) -> set[str]:
    """The names of all fonts."""
    return {str(one["/BaseFont"]) for one in objects(reader) if "/BaseFont" in one}


def objects(reader: PdfReader) -> list[DictionaryObject]:
    """Every dictionary of the file."""
    found = (reader.get_object(number) for number in range(1, len(reader.xref[0]) + 1))
    return [one for one in found if isinstance(one, DictionaryObject)]


def text(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_a_pdf_says_what_the_html_says(line: Line) -> None:
    work(line)
    reader = read(line)
    said = text(reader)
    for words in (
        "Shift report: early",
        "4 of 20 frames were rejected (20.0 %). In the same length of time before it was 25.0 %.",
        "3 frames wait for a review.",
        "the picture is 20 % darker",
        "One defect: ",
        "Review: Defect confirmed, anna: “deep”",
        "Page 1",
    ):
        assert words in said, words
    assert sum(len(page.images) for page in reader.pages) == 6
    assert {round(float(size)) for size in reader.pages[0].mediabox[2:]} == set(A4_POINTS)
    assert reader.metadata is not None
    assert (
        reader.metadata.title == "Shift report: early \N{EN DASH} plant-7 · 2026-03-04 06:00 to 14:00 (UTC)"
    )


def test_chinese_can_be_read_also_within_a_line_of_western_letters(line: Line) -> None:
    work(line)
    bad = line.inspect("bad-zh", defect=True, at=after(200))
    line.describe(bad, sentence="发现一处缺陷：左侧有一处圆形深色划痕。", language="zh")  # noqa: RUF001
    said = text(read(line, "zh")).replace(" ", "")
    assert "班次报告" in said
    assert "共检测21帧" in said
    assert "发现一处缺陷：左侧有一处圆形深色划痕。" in said  # noqa: RUF001
    assert "第1页" in said
    assert "发现一处缺陷" in text(read(line, "en")).replace(" ", "")


def test_hostile_names_are_nothing_but_text(line: Line) -> None:
    work_with_hostile_names(line)
    reader = read(line)
    said = text(reader).replace(" ", "")
    assert said.count("<script>alert(1)</script>") >= 5
    assert "{{7*7}}" in said
    # Neither links nor anything that runs.
    keys = {key for one in objects(reader) for key in one}
    assert "/Contents" in keys
    assert not {"/Annots", "/OpenAction", "/AA", "/JS", "/URI", "/Names"} & keys


@pytest.mark.parametrize(
    "name", ["w" * 128, "部件" * 60, "\U0001f525 fire", "\u202egnitset", "\x07bell", "Ł Ж Ω"]
)
def test_a_name_of_any_letters_and_length_makes_a_pdf(line: Line, name: str) -> None:
    bad = line.inspect("bad", defect=True, at=after(1), product=name[:64], camera=name[:64])
    line.describe(bad, sentence=name * 20, kind=(name, 0.9))
    assert len(read(line).pages) >= 1


def test_a_letter_that_no_font_has_is_not_left_out(line: Line) -> None:
    line.inspect("bad", defect=True, at=after(1), product="Łąka-ř-Ж-件-\U0001f525")
    assert "?aka-r-Ж-件-?" in text(read(line)).replace(" ", "")


def test_a_font_of_the_settings_is_put_into_the_file(line: Line) -> None:
    line.inspect("bad", defect=True, at=after(1), product="Ω-ł")
    sheet = tell(report_of(line), "en")
    with_font = PdfReader(io.BytesIO(pdf(sheet, VERA)))
    assert "Ω-ł" in text(with_font)
    assert any("BitstreamVera" in name for name in fonts(with_font))
    assert any("/FontFile2" in one for one in objects(with_font))
    # What is written next is as before.
    assert not any("BitstreamVera" in name for name in fonts(PdfReader(io.BytesIO(pdf(sheet)))))


@pytest.mark.parametrize("data", [None, b"no font", b"OTTO" + bytes(200), VERA.read_bytes()[:5000]])
def test_a_font_that_cannot_be_used_is_told(line: Line, tmp_path: Path, data: bytes | None) -> None:
    font = tmp_path / "font.ttf"
    if data is not None:
        font.write_bytes(data)
    with pytest.raises(ReportError, match=r"the font .* cannot be used: .* Set a TrueType file"):
        pdf(tell(report_of(line), "en"), font)


def test_many_places_run_over_pages_with_their_heads(line: Line) -> None:
    for number in range(90):
        line.inspect(f"f-{number}", at=after(number), product=f"product-{number:02}")
    reader = read(line)
    said = text(reader)
    assert all(f"product-{number:02}" in said for number in range(90))
    pages = [page.extract_text() for page in reader.pages]
    assert sum("product-" in page and "Reject" in page for page in pages) >= 3


def test_an_empty_span_makes_a_pdf_that_says_so(line: Line) -> None:
    assert "Nothing was inspected in this time." in text(read(line))
    assert SHIFT.shift in text(read(line))
