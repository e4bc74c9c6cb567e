"""What a visitor of the history looks for: chosen above the page, and kept in its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final, Self

import streamlit as st

from dashboard.address_words import accept_words
from dashboard.fact_words import fact_word, fact_word_in
from dashboard.language import N_, _
from dashboard.searching import LONGEST, Search
from dashboard.verdicts import BY_URGENCY, WORDS
from inspector.describing.words import Position
from inspector.records import UNDECIDED, Cursor, Decision, HistoryChoices, HistoryFilter, ReviewState
from inspector.results import Verdict

SEARCH, VERDICTS, REVIEW, FIRST_DAY, LAST_DAY = "search", "verdicts", "review", "from", "to"
NAMES: Final = ("products", "lines", "cameras", "kinds", "places", "models")
"""Keys of the widgets; they are the names in the page's address as well."""
BEFORE, AFTER = "before", "after"
"""Names of the cursors in the address."""
PAST: Final = "past-"
"""Before all these names in a frame's address, so that its page leads back and steps on."""

REVIEW_WORDS: Final[dict[ReviewState, str]] = {
    UNDECIDED: N_("Undecided"),
    Decision.TRUE_DEFECT: N_("True defect"),
    Decision.FALSE_REJECT: N_("False reject"),
    Decision.MISSED: N_("Missed"),
    Decision.SKIPPED: N_("Skipped"),
}
"""Without `WITHDRAWN`: such a frame is undecided."""

Address = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen; empty means all.

    Attributes:
        search: what was typed.
        verdicts: only these.
        review: only frames whose latest review says this.
        first_day: only frames from this day on, in the visitor's zone.
        last_day: only frames up to the end of this day.
        products: only these.
        lines: only these.
        cameras: only these.
        kinds: only these kinds of defects.
        places: only defects in these cells of the frame.
        models: only what these versions judged.
    """

    search: str = ""
    verdicts: tuple[Verdict, ...] = ()
    review: ReviewState | None = None
    first_day: date | None = None
    last_day: date | None = None
    products: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    places: tuple[Position, ...] = ()
    models: tuple[str, ...] = ()

    @classmethod
    def from_address(cls, query: Address, prefix: str = "") -> Self:
        """Read the wish out of an address; what cannot be read is left out.

        Args:
            query: all values by name.
            prefix: stands before each name.
        """

        def all_of(name: str) -> tuple[str, ...]:
            return tuple(value for value in query.get(prefix + name, ()) if value and "\0" not in value)

        def one_of(name: str) -> str:
            return next(iter(all_of(name)), "")

        return cls(
            search=one_of(SEARCH),
            verdicts=tuple(verdict for verdict in BY_URGENCY if WORDS[verdict] in all_of(VERDICTS)),
            review=next((state for state, word in REVIEW_WORDS.items() if word == one_of(REVIEW)), None),
            first_day=_day(one_of(FIRST_DAY)),
            last_day=_day(one_of(LAST_DAY)),
            places=tuple(place for place in Position if place.value in all_of("places")),
            **{name: all_of(name) for name in NAMES if name != "places"},
        )

    def to_address(self, prefix: str = "") -> list[tuple[str, str]]:
        """The wish as names, with a prefix before each, and values of an address."""
        pairs = [(SEARCH, self.search)]
        pairs += [(VERDICTS, WORDS[verdict]) for verdict in self.verdicts]
        pairs += [(REVIEW, REVIEW_WORDS[self.review])] if self.review is not None else []
        pairs += [(FIRST_DAY, self.first_day.isoformat())] if self.first_day else []
        pairs += [(LAST_DAY, self.last_day.isoformat())] if self.last_day else []
        pairs += [(name, str(value)) for name in NAMES for value in getattr(self, name)]
        return [(prefix + name, value) for name, value in pairs if value]

    def words(self) -> list[str]:
        """What was chosen, each in the visitor's language."""
        words = [self.search, *(_(WORDS[verdict]) for verdict in self.verdicts)]
        words += [_(REVIEW_WORDS[self.review])] if self.review is not None else []
        words += [day.isoformat() for day in (self.first_day, self.last_day) if day]
        words += [fact_word(str(value)) for name in NAMES for value in getattr(self, name)]
        return [word for word in words if word]

    def filter(self, zone: tzinfo, kinds: Sequence[str]) -> HistoryFilter:
        """What the records are asked for.

        Args:
            zone: of the visitor, in which days begin and end.
            kinds: kinds of defects that occur, which the search may name.
        """
        wanted = HistoryFilter(
            verdicts=self.verdicts,
            products=self.products,
            lines=self.lines,
            cameras=self.cameras,
            model_versions=self.models,
            kinds=self.kinds,
            places=self.places,
            since=_midnight(self.first_day, zone),
            until=_midnight(self.last_day, zone, days_later=1),
            review=self.review,
        )
        return Search.of(self.search, kinds).narrow(wanted)

    def __bool__(self) -> bool:
        return self != type(self)()


def cursor_to_address(cursor: Cursor) -> str:
    """A cursor as one value of an address."""
    moment = cursor.inspected_at.astimezone(UTC).replace(tzinfo=None)
    return f"{moment.isoformat()}Z~{cursor.frame_id}"


def cursor_from_address(query: Address, name: str) -> Cursor | None:
    """The cursor of a name in an address; None where there is none that can be read."""
    moment, _, frame_id = next(iter(query.get(name, ())), "").partition("~")
    try:
        return Cursor(datetime.fromisoformat(moment), frame_id) if "\0" not in frame_id else None
    except ValueError:
        return None


def choose_wish(choices: HistoryChoices) -> Wish:
    """Draw the filters and return what is chosen. A change leads to the first page.

    Args:
        choices: what is offered.
    """
    offered: dict[str, tuple[str, Sequence[str], str]] = {
        "products": (_("Product"), choices.products, _("All products")),
        "lines": (_("Line"), choices.lines, _("All lines")),
        "cameras": (_("Camera"), choices.cameras, _("All cameras")),
        "kinds": (_("Kind"), choices.kinds, _("All kinds")),
        "places": (_("Place"), [place.value for place in Position], _("All places")),
        "models": (_("Model"), choices.model_versions, _("All models")),
    }
    chosen = {}
    accept_words(VERDICTS, WORDS.values())
    accept_words(REVIEW, REVIEW_WORDS.values(), many=False)
    for name in ("kinds", "places"):
        accept_words(name, offered[name][1], fact_word_in)
    with st.container(key="past-filters"):
        search = st.text_input(
            _("Search"),
            placeholder=_("Words, such as: scratch upper left"),
            max_chars=LONGEST,
            **_options(SEARCH),
        )
        verdicts = st.pills(
            _("Verdict"),
            [WORDS[verdict] for verdict in BY_URGENCY],
            selection_mode="multi",
            format_func=_,
            **_options(VERDICTS),
        )
        review = st.selectbox(
            _("Review"),
            list(REVIEW_WORDS.values()),
            index=None,
            placeholder=_("Any or none"),
            format_func=_,
            filter_mode=None,
            **_options(REVIEW),
        )
        first_day = st.date_input(_("From"), None, **_options(FIRST_DAY))
        last_day = st.date_input(_("To"), None, **_options(LAST_DAY))
        for name, (label, values, placeholder) in offered.items():
            chosen[name] = st.multiselect(
                label,
                values,
                placeholder=placeholder,
                format_func=fact_word if name in {"kinds", "places"} else str,
                **_options(name),
            )
    return Wish(
        search=(search or "").strip(),
        verdicts=tuple(verdict for verdict in BY_URGENCY if WORDS[verdict] in (verdicts or ())),
        review=next((state for state, word in REVIEW_WORDS.items() if word == review), None),
        first_day=first_day if isinstance(first_day, date) else None,
        last_day=last_day if isinstance(last_day, date) else None,
        places=tuple(map(Position, chosen.pop("places"))),
        **{name: tuple(values) for name, values in chosen.items()},
    )


def to_first_page() -> None:
    """Take the cursors out of the address."""
    for name in (BEFORE, AFTER):
        st.query_params.pop(name, None)


def _options(key: str) -> dict[str, Any]:
    return {"key": key, "bind": "query-params", "on_change": to_first_page}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date | None, zone: tzinfo, days_later: int = 0) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(day + timedelta(days=days_later), time(), zone).astimezone(UTC)
    except OverflowError:  # the calendar's first or last day: nothing lies beyond it
        return None
