"""The limit of the model that judges: where recent scores lie, and what another limit would flip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import altair as alt
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.context import records
from dashboard.language import _
from dashboard.telling import attempt
from dashboard.verdicts import COLOURS, WORDS
from dashboard.visitors import require
from inspector.records import JobKind, RegisteredBundle, Role, StoredInspection
from inspector.results import Verdict

FRAMES: Final = 500
_BINS: Final = 40


def show_limit(active: RegisteredBundle, *, may_change: bool) -> None:
    """Draw the scores of the newest frames that this model has judged, with a limit to move.

    Args:
        active: the bundle that judges.
        may_change: a candidate with the limit can be asked for.

    Raises:
        RecordsError: the records cannot be reached.
    """
    found = records().latest(limit=FRAMES, products=(active.product,))
    judged = [
        one
        for one in found
        if one.model_version == active.version
        and one.verdict is not Verdict.UNSURE
        and math.isfinite(one.score)
    ]
    if not judged:
        none = _("No frame was judged by this model yet.")
        st.html(f'<p class="among">{none}</p>')
        return
    scores, limit = np.array([one.score for one in judged]), judged[0].reject_limit
    low, high = float(min(scores.min(), limit)), float(max(scores.max(), limit))
    reach = max(high - low, abs(limit), 1e-6)
    moved = st.slider(
        _("Scores above are rejected"),
        min_value=float(limit - 0.75 * (limit - low + 0.05 * reach)),
        max_value=float(high + 0.05 * reach),
        value=float(limit),
        step=reach / 200,
        format="%.3g",
        key=f"limit-{active.version}",
    )
    st.html(f'<div class="told" role="status">{_words(judged, limit, moved)}</div>')
    st.altair_chart(_histogram(scores, limit, moved), width="stretch", theme=None)
    if may_change:
        st.button(
            _("Make a candidate with this limit"),
            disabled=math.isclose(moved, limit),
            on_click=_ask,
            args=(active.product, moved),
        )


def _words(judged: Sequence[StoredInspection], limit: float, moved: float) -> str:
    if math.isclose(moved, limit):
        return _("The newest {n} frames, judged with {limit}. Move it to see what would flip.").format(
            n=len(judged), limit=f"{limit:.3g}"
        )
    to_reject, to_pass = what_flips(judged, moved)
    return _(
        "With {moved} instead of {limit}, of the newest {n} frames {to_reject} that passed would be rejected,"
        " and {to_pass} that were rejected would pass."
    ).format(moved=f"{moved:.3g}", limit=f"{limit:.3g}", n=len(judged), to_reject=to_reject, to_pass=to_pass)


def what_flips(judged: Sequence[StoredInspection], limit: float) -> tuple[int, int]:
    """How many passed frames a limit would reject, and how many rejected ones it would pass."""
    to_reject = sum(one.verdict is Verdict.PASS and one.score > limit for one in judged)
    return to_reject, sum(one.verdict is Verdict.REJECT and one.score <= limit for one in judged)


def _histogram(scores: NDArray[np.float64], limit: float, moved: float) -> alt.LayerChart | alt.FacetChart:
    counts, edges = np.histogram(scores, bins=_BINS)
    rows = [
        {
            "from": float(edges[place]),
            "to": float(edges[place + 1]),
            "frames": int(count),
            "none": 0,
            "verdict": _(WORDS[Verdict.REJECT if edges[place] >= moved else Verdict.PASS]),
        }
        for place, count in enumerate(counts)
    ]
    verdicts = (Verdict.PASS, Verdict.REJECT)
    span = [float(min(edges[0], limit, moved)), float(max(edges[-1], limit, moved))]
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("from:Q", title=_("score"), scale=alt.Scale(domain=span)),
            x2="to:Q",
            y=alt.Y("frames:Q", title=_("frames"), scale=alt.Scale(domain=[0, int(max(1, counts.max()))])),
            y2="none:Q",  # with two ends in x, a bar has none in y by itself
            color=alt.Color(
                "verdict:N",
                legend=None,
                scale=alt.Scale(
                    domain=[_(WORDS[verdict]) for verdict in verdicts],
                    range=[COLOURS[verdict] for verdict in verdicts],
                ),
            ),
        )
    )
    rules = (
        alt.Chart(alt.InlineData(values=[{"at": limit, "dash": 1}, {"at": moved, "dash": 0}]))
        .mark_rule(size=2, color="#15202b")
        .encode(x=alt.X("at:Q"), strokeDash=alt.StrokeDash("dash:N", legend=None))
    )
    return alt.layer(bars, rules).properties(height=190, background="transparent")


def _ask(product: str, limit: float) -> None:
    def ask() -> str:
        by = require(Role.ENGINEER).name
        number = records().jobs.ask(
            JobKind.CALIBRATE, product, {"reject": limit}, by=by, at=datetime.now(UTC)
        )
        return _("Job {number} waits for the worker.").format(number=number)

    attempt(ask)
