"""The report as HTML, read back by a parser."""

from __future__ import annotations

import base64
from html.parser import HTMLParser

import pytest

from dashboard.report.html import body, document
from dashboard.report.spans import Span
from dashboard.report.telling import tell
from inspector.describing.words import Language
from inspector.frames import decode_image
from tests.dashboard.line import Line
from tests.dashboard.report.shift import BEGIN, END, HOSTILE, after, report_of, work, work_with_hostile_names

EMPTY = {"meta", "img", "br"}
KNOWN = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "div",
    "h1",
    "h2",
    "p",
    "ul",
    "li",
    "b",
    "i",
} | {"span", "table", "thead", "tbody", "tr", "th", "td", "article", "figure", "figcaption", "img"}


class Reader(HTMLParser):
    """Text by element, and everything that could ask for something from elsewhere or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == [], "elements that are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def of(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def read(line: Line, language: Language = "en", span: Span | None = None) -> Reader:
    report = report_of(line) if span is None else report_of(line, span)
    return Reader(document(tell(report, language)))


def test_the_first_lines_tell_a_manager_what_happened(line: Line) -> None:
    work(line)
    said = read(line).text
    assert "Shift report: early" in said
    assert "plant-7 · 2026-03-04 06:00 to 14:00 (UTC)" in said
    assert "4 of 20 frames were rejected (20.0 %). In the same length of time before it was 25.0 %." in said
    for statement in (
        "1 drift alarm is open",
        "1 part that had passed was found to be defective.",
        "1 of 2 rejects that were reviewed were good parts (50.0 %).",
        "3 frames wait for a review.",
        "Highest reject rate: line-1 / washer with 26.7 %.",
        "Most frequent kind of defect: scratch, 2 of 4 rejects.",
        "The model changed once.",
    ):
        assert statement in said
        assert said.index(statement) < said.index("Rejects over time")


def test_every_section_has_its_figures(line: Line) -> None:
    work(line)
    said = read(line).text
    for row in (
        "scratch 2 50.0 % 50.0 % 1",
        "dent 1 25.0 % 75.0 % 0",
        "not known 1 25.0 % 100.0 % 0",
        "line-1 washer 15 10 1 4 26.7 % 50.0 % 3",
        "line-2 gasket 5 5 0 0 0.0 % \N{EN DASH} 0",
        "All 20 15 1 4 20.0 % 50.0 % 3",
        "Good part was rejected 1",
        "08:30 line-1 / cam-1 the picture is 20 % darker Clean the lamp open",
        "10:10: line-1 / cam-1 / washer changed from",
        "line-2 40 ms 40 ms 40 ms 40 ms",
        "Review: Defect confirmed, anna: “deep”",
    ):
        assert row in said, row


def test_pictures_are_inside_and_nothing_is_asked_for_from_elsewhere(line: Line) -> None:
    work(line)
    page = read(line)
    pictures = page.of("src")
    assert len(pictures) == 6
    for picture in pictures:
        kind, data = picture.split(",")
        assert kind == "data:image/jpeg;base64"
        assert decode_image(base64.b64decode(data)).shape == (160, 160, 3)
    assert page.of("href") == []
    assert "script" not in page.tags
    assert set(page.tags) <= KNOWN
    assert "default-src 'none'" in "".join(page.of("content"))


def test_a_sentence_stands_by_its_pictures(line: Line) -> None:
    work(line)
    page = document(tell(report_of(line), "en"))
    cards = page.split("<article")[1:]
    assert len(cards) == 3
    described = [card for card in cards if "One defect: " in card]
    assert len(described) == 2
    assert all(card.index("<img") < card.index("One defect: ") for card in described)
    assert "Not described." in next(card for card in cards if card not in described)


@pytest.mark.parametrize("write", [document, body])
def test_hostile_names_are_nothing_but_text(line: Line, write: object) -> None:
    work_with_hostile_names(line)
    assert callable(write)
    page = Reader(write(tell(report_of(line), "en")))
    assert set(page.tags) <= KNOWN
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert all(value.startswith("data:image/jpeg;base64,") for value in page.of("src"))
    # Names, sentence, note, drift, kind, version: all is there, as it was written.
    assert page.text.count("<script>alert(1)</script>") >= 10
    assert "{{ 7 * 7 }}" in page.text
    assert HOSTILE[:70] in page.text


def test_chinese_is_chinese_with_kinds_and_all(line: Line) -> None:
    work(line)
    page = read(line, "zh")
    assert ("div", "lang", "zh") in page.attributes
    assert "共检测 20 帧，剔除 4 帧（20.0 %）。此前同样长的时段为 25.0 %。" in page.text  # noqa: RUF001
    assert "划痕 2 50.0 % 50.0 % 1" in page.text
    assert "Reject" not in page.text


def test_what_is_missing_is_said(line: Line) -> None:
    bad = line.inspect("bad", defect=True, at=after(1))
    assert bad.evidence is not None
    (line.data_dir / bad.evidence).unlink()
    page = read(line)
    assert "Picture cannot be read" in page.text
    assert "is gone: there is no such file" in page.text
    assert "img" not in page.tags


def test_a_span_without_frames_says_so_and_has_no_empty_tables(line: Line) -> None:
    page = read(line, span=Span(BEGIN, END))
    assert "Nothing was inspected in this time." in page.text
    assert "No alarm of drift in this time." in page.text
    assert "table" not in page.tags


def test_a_shift_without_rejects_says_so(line: Line) -> None:
    line.inspect("good", at=after(1))
    said = read(line).text
    assert "0 of 1 frames were rejected (0.0 %)." in said
    assert said.count("Nothing was rejected.") == 2
    assert "The same model judged all the time" in said
    assert "Worst parts" not in said


def test_many_kinds_are_added_up_in_one_row(line: Line) -> None:
    for number in range(13):
        bad = line.inspect(f"bad-{number}", defect=True, at=after(number))
        line.describe(bad, kind=(f"kind-{number:02}", 0.9))
    said = read(line).text
    assert "kind-09 1 7.7 % 76.9 % 0" in said
    assert "kind-10" not in said
    assert "3 other kinds 3 23.1 % 100.0 % 0" in said
