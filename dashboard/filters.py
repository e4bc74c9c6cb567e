"""Which frames a visitor wants to see, chosen by large buttons and kept in the page's address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

import streamlit as st

from dashboard.address_words import accept_words
from dashboard.language import _
from dashboard.verdicts import BY_URGENCY, WORDS
from inspector.records import Records, StoredInspection, VerdictCount
from inspector.results import Verdict

VERDICT: Final = "verdict"
PRODUCT: Final = "product"
CAMERA: Final = "camera"
"""Keys of the widgets; they are the names in the live page's address as well."""
AMONG: Final = "among-"
"""Before the same names in a frame's address: Streamlit drops a widget's own names when the page changes."""


@dataclass(frozen=True, slots=True)
class Filters:
    """A choice of frames; empty means all.

    Attributes:
        verdicts: only these verdicts.
        product: only this product.
        camera: only cameras of this name.
    """

    verdicts: tuple[Verdict, ...] = ()
    product: str | None = None
    camera: str | None = None

    @classmethod
    def from_address(cls, query: Mapping[str, Sequence[str]], prefix: str = "") -> Self:
        """Read the choice out of an address; words that are no verdict are left out.

        Args:
            query: all values by name.
            prefix: stands before each name.
        """
        wanted = {word.lower() for word in query.get(prefix + VERDICT, ())}
        return cls(
            verdicts=tuple(verdict for verdict in BY_URGENCY if verdict.value in wanted),
            product=next(iter(query.get(prefix + PRODUCT, ())), None),
            camera=next(iter(query.get(prefix + CAMERA, ())), None),
        )

    def to_address(self, prefix: str = "") -> list[tuple[str, str]]:
        """The choice as names, with a prefix before each, and values of an address."""
        pairs = [(prefix + VERDICT, WORDS[verdict]) for verdict in self.verdicts]
        pairs += [(prefix + PRODUCT, self.product)] if self.product else []
        return pairs + ([(prefix + CAMERA, self.camera)] if self.camera else [])

    def __bool__(self) -> bool:
        return bool(self.verdicts or self.product or self.camera)

    def __str__(self) -> str:
        """The choice in words, such as "reject or unsure, bottle, cam-1"."""
        words = [_(WORDS[verdict]).lower() for verdict in self.verdicts]
        parts = [_(" or ").join(words), self.product, self.camera]
        return _(", ").join(part for part in parts if part)

    def latest(
        self, records: Records, limit: int, before: datetime | StoredInspection | None = None
    ) -> list[StoredInspection]:
        """The newest inspections of this choice, the newest first.

        Raises:
            RecordsError: the database cannot be reached.
        """
        return records.latest(
            limit=limit,
            verdicts=self.verdicts,
            products=(self.product,) if self.product else (),
            cameras=(self.camera,) if self.camera else (),
            before=before,
        )


def address() -> dict[str, list[str]]:
    """The names and values in the address of the page being drawn."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def choose_filters(seen: Sequence[VerdictCount]) -> Filters:
    """Draw the filters and return what is chosen.

    Args:
        seen: counts whose products and cameras are offered.
    """
    accept_words(VERDICT, WORDS.values())
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        words = st.pills(
            _("Show"),
            [WORDS[verdict] for verdict in BY_URGENCY],
            selection_mode="multi",
            format_func=_,
            key=VERDICT,
            bind="query-params",
        )
        product = st.selectbox(
            _("Product"),
            sorted({count.product for count in seen}),
            index=None,
            placeholder=_("All products"),
            filter_mode=None,
            key=PRODUCT,
            bind="query-params",
        )
        camera = st.selectbox(
            _("Camera"),
            sorted({count.camera for count in seen}),
            index=None,
            placeholder=_("All cameras"),
            filter_mode=None,  # no typing, hence no keyboard over a tablet's screen
            key=CAMERA,
            bind="query-params",
        )
    chosen = tuple(verdict for verdict in BY_URGENCY if WORDS[verdict] in (words or ()))
    return Filters(verdicts=chosen, product=product, camera=camera)
