"""The abnormal places of a frame as a table; their numbers are those drawn on the picture."""

from __future__ import annotations

from html import escape
from typing import Final

import streamlit as st

from dashboard.scores import number
from inspector.describing.words import Contrast, Kind
from inspector.records import StoredFacts, StoredInspection
from inspector.regions import Region

CONTRASTS: Final[dict[Contrast, str]] = {
    Contrast.DARKER: "darker",
    Contrast.BRIGHTER: "brighter",
    Contrast.OTHER_COLOUR: "another colour",
    Contrast.SIMILAR: "same colour",
}
"""Beside what is around it."""


def show_regions(inspection: StoredInspection) -> None:
    """Draw a row for each region of a frame, the worst first, with what was measured of it."""
    regions = inspection.regions
    if not regions:
        st.html('<p class="no-regions">No regions were found.</p>')
        return
    facts = inspection.description.facts if inspection.description is not None else ()
    frame_px = inspection.width_px * inspection.height_px
    rows = "".join(
        _row(place, region, facts[place - 1] if facts else StoredFacts(), frame_px)
        for place, region in enumerate(regions, start=1)
    )
    st.html(
        '<table class="figures regions"><thead><tr><th></th><th>What and where</th><th class=n>Area</th>'
        f"<th class=n>Peak</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(place: int, region: Region, facts: StoredFacts, frame_px: int) -> str:
    lines = [f"<b>{escape(text)}</b>" for text in (headline(facts),) if text]
    lines += [f"<span>{escape(text)}</span>" for text in (look(facts), extent(region, facts)) if text]
    area = region.area_fraction
    if facts.core_px is not None and frame_px:
        area = facts.core_px / frame_px
    return (
        f'<tr><th><span class="region-number">{place}</span></th>'
        f"<td><div class=words>{''.join(lines)}</div></td>"
        f"<td class=n>{area_percent(area)}</td><td class=n>{number(region.peak_score)}</td></tr>"
    )


def headline(facts: StoredFacts) -> str:
    """Kind, its probability and place, such as "Scratch (75 %), upper left"; empty where nothing is known."""
    parts = []
    if facts.kind is not None:
        known = facts.kind != Kind.UNKNOWN
        chance = f" ({facts.kind_probability:.0%})" if known and facts.kind_probability is not None else ""
        parts.append(f"{facts.kind if known else 'unknown kind'}{chance}".replace("%", "\N{NO-BREAK SPACE}%"))
    if facts.place is not None:
        parts.append(facts.place.value)
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def look(facts: StoredFacts) -> str:
    """Size, shape, contrast and severity, such as "small, elongated, darker; clear"."""
    contrast = None if facts.contrast is None else CONTRASTS[facts.contrast]
    words = ", ".join(str(word) for word in (facts.size, facts.shape, contrast) if word is not None)
    return "; ".join(text for text in (words, facts.severity and facts.severity.value) if text)


def extent(region: Region, facts: StoredFacts) -> str:
    """Where it is and how large in pixels, and in millimetres where the product has a scale."""
    x, y = region.centre_px
    text = f"at {x:.0f}, {y:.0f} px, {region.box_px[2]} × {region.box_px[3]} px"  # noqa: RUF001 - a size
    return text if facts.length_mm is None else f"{text}, {facts.length_mm:.3g} mm long"


def area_percent(fraction: float) -> str:
    """A share of the frame as a percentage; the smallest ones as "< 0.01 %"."""
    share = fraction * 100
    return "< 0.01 %" if 0 < share < 0.01 else f"{share:.2f} %"  # noqa: PLR2004 - two decimals are shown
