"""The pages in English and Chinese: no text without a translation, none that goes past the catalogues."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from string import Formatter
from typing import Any, Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from streamlit.testing.v1 import AppTest

from dashboard import fact_words, language
from inspector.describing.writing import chinese
from inspector.records import Role
from tests.dashboard.app_pages import html, sign_in, text
from tests.dashboard.line import Line, bare_inspection
from tests.dashboard.people import person

ROOM: Final = Path(language.__file__).parent
MARKERS: Final = {"_": None, "N_": None, "ngettext": (1, 2)}
Message = str | tuple[str, ...]
REMEDY: Final = (
    "Run `make translations`, then fill in the empty msgstr in dashboard/locale/zh/LC_MESSAGES/dashboard.po"
)

PAGES: Final = ("live", "frame", "review", "overview", "history", "report", "products", "health", "account")
DATA: Final = re.compile(
    r"http://\S*|\[Errno \d+\] Connection refused|inspector|plant-7|line-1|cam-1|box-1|washer"
    r"|\bboss\b|\bbad\b|\bgood\b|\bbare\b|\d+ px|\bUTC\b"
    r"|\bCSV\b|Parquet|\bMB\b|GB\b"
    r"|English|中文|127\.0\.0\.1|Etc/GMT[-+\d]*|tiny-[0-9a-f]+|\bpx\b|\bms\b|\bmm\b"
)
"""Names that the tests give, units, formats, names of languages: the same in each language."""


def messages() -> set[Message]:
    """What Babel finds in the room."""
    found = extract_from_dir(ROOM, method_map=[("**.py", "python")], keywords=MARKERS)
    return {message[2] if isinstance(message[2], str) else tuple(message[2]) for message in found}


def translations(of: str = "zh") -> Catalog:
    with (ROOM / "locale" / of / "LC_MESSAGES" / "dashboard.po").open("rb") as file:
        return read_po(file, locale=of)


def fields(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def forms(message: Any) -> tuple[str, ...]:
    """A message or translation: one text, or one for each number."""
    return (message,) if isinstance(message, str) else tuple(message)


def test_every_text_has_a_chinese_translation() -> None:
    catalogue = translations()
    known = {entry.id: entry for entry in catalogue if entry.id}
    missing = [m for m in messages() if m not in known or not all(forms(known[m].string)) or known[m].fuzzy]
    assert not missing, f"{missing} have no Chinese translation. {REMEDY}"


def test_the_catalogue_has_nothing_that_no_page_says() -> None:
    catalogue, said = translations(), messages()
    left = [entry.id for entry in catalogue if entry.id and entry.id not in said]
    assert not left + list(catalogue.obsolete), f"{left} is said nowhere. {REMEDY}, and delete these"


def test_a_translation_has_the_names_that_are_filled_in() -> None:
    for entry in translations():
        if entry.id:
            wanted = set().union(*map(fields, forms(entry.id)))
            for form in forms(entry.string):
                assert fields(form) == wanted, f"{form!r} fills in other names than {entry.id!r}"


def test_babel_finds_every_marked_text() -> None:
    """Before Python 3.12 it cannot look into f-strings: `_` has to stand outside of them."""
    found = {form for message in messages() for form in forms(message)}
    hidden = [
        f"{path.name}:{call.lineno}"
        for path in ROOM.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MARKERS
        if call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value not in found
    ]
    assert not hidden, f"Babel does not see the texts at {hidden}: take them out of the f-strings"


class Marking(gettext.NullTranslations):
    """A language in which each text is itself between brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def unmarked(shown: str) -> str:
    """What is left of a text without the marked parts, tags and data; attributes that are read stay."""
    shown = re.sub(r"<(style|script)>.*?</\1>", " ", shown, flags=re.DOTALL)
    shown = re.sub(r'<[^>]*?\b(?:alt|aria-label|title|placeholder)="([^"]*)"[^>]*>', r" \1 ", shown)
    shown = unescape(re.sub(r"<[^>]*>", " ", shown))
    before = ""
    while before != shown:
        before, shown = shown, re.sub(r"⟦[^⟦⟧]*⟧", " ", shown)
    shown = re.sub(r":material/\w+:", " ", DATA.sub(" ", shown))
    return " ".join(word for word in shown.split() if re.search(r"[^\W\d_]{2}", word))


def visible(page: AppTest) -> Iterator[str]:
    """Labels, placeholders, help, options and contents of everything that was drawn."""
    for element in page.main:
        yield from _of_element(element)


def _of_element(element: Any) -> Iterator[str]:
    proto = getattr(element, "proto", None)
    for name in ("label", "placeholder", "help", "body", "text"):
        value = getattr(proto, name, "")
        if isinstance(value, str) and value:
            yield value
    for option in getattr(proto, "options", ()):
        yield option if isinstance(option, str) else option.content


def draw(page: AppTest, view: str) -> list[str]:
    page.switch_page(f"views/{view}.py")
    if view == "frame":
        page.query_params["frame"] = "bad"
    page.run()
    assert not page.exception
    return [*visible(page), *(element.value for element in page.html)]


@pytest.fixture
def told(line: Line) -> Line:
    """A line with a described reject, a pass, a frame without a picture, and an admin."""
    stored = line.inspect("bad", defect=True)
    line.describe(stored, kind=("stain", 0.6))
    good = line.inspect("good")
    line.add(replace(bare_inspection("bare", datetime.now(UTC), good)))
    person(line.records, "boss", Role.ADMIN)
    return line


def test_no_page_has_a_text_past_the_catalogues(
    told: Line, page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(page, "account", "boss")
    # AppTest hands back the choices of the page before, in that page's language; this one has none.
    draw(page, "health")
    monkeypatch.setattr(language, "catalogue", lambda _: Marking())
    monkeypatch.setattr(fact_words, "TRANSLATIONS", {"en": {word: f"⟦{word}⟧" for word in chinese.WORDS}})
    records = {told.records.get(frame_id) for frame_id in ("bad", "good", "bare")}
    data = [frame.reason for frame in records if frame is not None]
    data += [frame.model_version for frame in records if frame is not None]
    data += [frame.description.sentence for frame in records if frame is not None and frame.description]
    left: dict[str, set[str]] = {}
    for view in PAGES:
        for shown in draw(page, view):
            if "shift-report" in shown:
                continue  # the report has words of its own
            for text_of_records in sorted(data, key=len, reverse=True):
                shown = shown.replace(text_of_records, " ")  # noqa: PLW2901 - less of the same text
            if rest := unmarked(shown):
                left.setdefault(view, set()).add(rest)
    assert not left, f"these texts do not go through _(): {left}"


def test_a_text_past_the_catalogues_would_be_found() -> None:
    assert unmarked('<p title="Peak">⟦Area⟧ of washer</p>') == "Peak of"
    assert not unmarked("<b>⟦{n} of ⟦3⟧⟧</b> washer 12 px")


def test_a_page_speaks_chinese_to_a_browser_that_asks_for_it(told: Line, page: AppTest) -> None:
    page.context["locale"] = "zh-CN"
    said = text(page.run())
    assert "剔除" in said
    assert "Reject" not in said
    assert page.button(key="switch-language").label == "English"


def test_other_browsers_get_english(told: Line, page: AppTest) -> None:
    page.context["locale"] = "de-DE"
    assert "Reject" in text(page.run())


def test_the_choice_survives_a_change_of_the_page(told: Line, page: AppTest) -> None:
    page.run()
    page.button(key="switch-language").click().run()
    assert page.query_params["lang"] in ("zh", ["zh"])
    page.switch_page("views/overview.py").run()
    assert "剔除率" in text(page)
    page.button(key="switch-language").click().run()
    assert "Reject rate" in text(page)


def test_an_address_brings_its_language(told: Line, page: AppTest) -> None:
    page.query_params["lang"] = "zh"
    assert "剔除" in text(page.run())


@pytest.mark.parametrize(("locale", "word"), [("zh-CN", "Reject"), ("en-GB", "剔除"), ("zh-CN", "剔除")])
def test_a_bookmark_of_filters_works_in_both_languages(
    told: Line, page: AppTest, locale: str, word: str
) -> None:
    page.context["locale"] = locale
    page.query_params["verdict"] = word
    shown = html(page.run())
    assert 'data-frame-id="bad"' in shown
    assert 'data-frame-id="good"' not in shown
