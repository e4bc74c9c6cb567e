"""The abnormal places of a frame as a table; their numbers are those drawn on the picture."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.scores import number
from inspector.regions import Region


def show_regions(regions: Sequence[Region]) -> None:
    """Draw a row for each region, the worst first."""
    if not regions:
        st.html('<p class="no-regions">No regions were found.</p>')
        return
    rows = "".join(
        f'<tr><th><span class="region-number">{place}</span></th>'
        f"<td class=n>{region.centre_px[0]:.0f}, {region.centre_px[1]:.0f}</td>"
        f"<td class=n>{region.box_px[2]} × {region.box_px[3]}</td>"  # noqa: RUF001 - a size
        f"<td class=n>{area_percent(region.area_fraction)}</td>"
        f"<td class=n>{number(region.peak_score)}</td></tr>"
        for place, region in enumerate(regions, start=1)
    )
    st.html(
        '<table class="figures regions"><thead><tr><th></th><th class=n>Centre px</th>'
        "<th class=n>Size px</th><th class=n>Area</th><th class=n>Peak</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def area_percent(fraction: float) -> str:
    """A share of the frame as a percentage; the smallest ones as "< 0.01 %"."""
    share = fraction * 100
    return "< 0.01 %" if 0 < share < 0.01 else f"{share:.2f} %"  # noqa: PLR2004 - two decimals are shown
