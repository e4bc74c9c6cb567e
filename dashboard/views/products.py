"""Products for the engineer: what judges them, what may judge next, and teaching them from new pictures."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.context import central, moment, records, settings
from dashboard.counting import counts_of_cameras_seen
from dashboard.jobs_panel import show_jobs
from dashboard.language import N_, _
from dashboard.limits_panel import show_limit
from dashboard.models_panel import show_models
from dashboard.notices import draw_and_recover, show_notice
from dashboard.teaching import show_teaching
from dashboard.telling import show_told
from dashboard.visitors import visitor
from inspector.records import Role, Stage

NEW: Final = N_("A new product…")


def main() -> None:
    """Draw the page."""
    draw_and_recover(_draw, retry_s=max(settings().dashboard.refresh_s, 1.0))


def _draw() -> None:
    now, may_change = moment(), visitor().may(Role.ENGINEER)
    everything = central().bundles.of()
    asked_for = {job.product for job in records().jobs.latest(limit=50)}
    seen = {count.product for count in counts_of_cameras_seen(now.now)}
    names = sorted({bundle.product for bundle in everything} | seen | asked_for)
    chosen = st.selectbox(
        _("Product"),
        [*names, *([NEW] if may_change else [])],
        format_func=lambda name: _(NEW) if name == NEW else name,
        key="of-product",
        bind="query-params",
        filter_mode=None,
        label_visibility="collapsed",
    )
    show_told()
    if chosen is None:
        show_notice(
            _("No product yet"), "", _("An engineer signs in on the Account page, and trains one here.")
        )
        return
    if chosen == NEW:
        show_teaching(None, is_active=False)
        return
    bundles = [bundle for bundle in everything if bundle.product == chosen]
    active = next((bundle for bundle in bundles if bundle.stage is Stage.ACTIVE), None)
    if not may_change:
        none = _("Changes need an engineer: sign in on the Account page.")
        st.html(f'<p class="among">{none}</p>')
    show_jobs(chosen)
    left, right = st.columns([0.55, 0.45], gap="medium")
    with left:
        st.subheader(_("Models"))
        if not bundles:
            none = _("The registry knows no model of this product.")
            st.html(f'<p class="among">{none}</p>')
        show_models(chosen, bundles, now, may_change=may_change)
    with right:
        if active is not None:
            st.subheader(_("Limit"))
            show_limit(active, may_change=may_change)
        if may_change:
            st.subheader(_("Teach"))
            show_teaching(chosen, is_active=active is not None)


main()
