"""The abnormal places of a frame as a table; their numbers are those drawn on the picture."""

from __future__ import annotations

from html import escape
from typing import Final

import streamlit as st

from dashboard.fact_words import fact_word
from dashboard.language import N_, _
from dashboard.scores import number
from inspector.describing.words import Contrast, Kind
from inspector.records import StoredFacts, StoredInspection
from inspector.regions import Region

CONTRASTS: Final[dict[Contrast, str]] = {
    Contrast.DARKER: N_("darker"),
    Contrast.BRIGHTER: N_("brighter"),
    Contrast.OTHER_COLOUR: N_("another colour"),
    Contrast.SIMILAR: N_("same colour"),
}
"""Beside what is around it."""


def show_regions(inspection: StoredInspection) -> None:
    """Draw a row for each region of a frame, the worst first, with what was measured of it."""
    regions = inspection.regions
    if not regions:
        none = _("No regions were found.")
        st.html(f'<p class="no-regions">{none}</p>')
        return
    facts = inspection.description.facts if inspection.description is not None else ()
    frame_px = inspection.width_px * inspection.height_px
    rows = "".join(
        _row(place, region, facts[place - 1] if facts else StoredFacts(), frame_px)
        for place, region in enumerate(regions, start=1)
    )
    what, area, peak = _("What and where"), _("Area"), _("Peak")
    st.html(
        f'<table class="figures regions"><thead><tr><th></th><th>{what}</th>'
        f"<th class=n>{area}</th><th class=n>{peak}</th></tr></thead><tbody>{rows}</tbody></table>"
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
        kind = fact_word(facts.kind) if known else _("unknown kind")
        parts.append(f"{kind}{chance}".replace("%", "\N{NO-BREAK SPACE}%"))
    if facts.place is not None:
        parts.append(fact_word(facts.place.value))
    text = _(", ").join(parts)
    return text[:1].upper() + text[1:]


def look(facts: StoredFacts) -> str:
    """Size, shape, contrast and severity, such as "small, elongated, darker; clear"."""
    contrast = None if facts.contrast is None else _(CONTRASTS[facts.contrast])
    seen = [fact_word(str(word)) for word in (facts.size, facts.shape) if word is not None]
    words = _(", ").join([*seen, *([contrast] if contrast else [])])
    severity = fact_word(facts.severity.value) if facts.severity else ""
    return _("; ").join(text for text in (words, severity) if text)


def extent(region: Region, facts: StoredFacts) -> str:
    """Where it is and how large in pixels, and in millimetres where the product has a scale."""
    x, y = region.centre_px
    names = {"x": f"{x:.0f}", "y": f"{y:.0f}", "width": region.box_px[2], "height": region.box_px[3]}
    if facts.length_mm is None:
        return _("at {x}, {y} px, {width} × {height} px").format(**names)  # noqa: RUF001 - a size
    text = _("at {x}, {y} px, {width} × {height} px, {length} mm long")  # noqa: RUF001 - a size
    return text.format(**names, length=f"{facts.length_mm:.3g}")


def area_percent(fraction: float) -> str:
    """A share of the frame as a percentage; the smallest ones as "< 0.01 %"."""
    share = fraction * 100
    return "< 0.01 %" if 0 < share < 0.01 else f"{share:.2f} %"  # noqa: PLR2004 - two decimals are shown
