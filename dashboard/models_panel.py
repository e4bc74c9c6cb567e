"""The models of a product: what judges, what may judge next and would change, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

import streamlit as st

from dashboard.cards import FRAME_PAGE, FRAME_PARAMETER
from dashboard.clock import full_time_text
from dashboard.context import Moment, central, records, settings
from dashboard.language import N_, _
from dashboard.pictures import Drawing, View, draw
from dashboard.scores import number
from dashboard.telling import attempt
from dashboard.verdicts import WORDS, badge
from dashboard.visitors import require
from inspector.errors import DashboardError
from inspector.records import (
    JobKind,
    RegisteredBundle,
    Role,
    Stage,
    StoredFlip,
    StoredInspection,
    StoredPreview,
)
from inspector.registry import Registry
from inspector.signatures import Trust

STAGES: Final[dict[Stage, str]] = {
    Stage.ACTIVE: N_("judges"),
    Stage.CANDIDATE: N_("candidate"),
    Stage.RETIRED: N_("retired"),
}
TRUTHS: Final = {"good": N_("good"), "defective": N_("defective")}
_PICTURES: Final = 6
_CARD_PX: Final = 360


def show_models(product: str, bundles: Sequence[RegisteredBundle], now: Moment, *, may_change: bool) -> None:
    """Draw the bundles of a product, the newest first, with what an engineer can do.

    Args:
        product: which.
        bundles: of the registry.
        now: now, in the visitor's zone.
        may_change: buttons are drawn.

    Raises:
        RecordsError: the records cannot be reached.
    """
    active = next((bundle for bundle in bundles if bundle.stage is Stage.ACTIVE), None)
    previews = _previews(product, None if active is None else active.version)
    for bundle in bundles:
        preview = previews.get(bundle.version)
        with st.container(border=True, key=f"bundle-{bundle.version}"):
            st.html(_head(bundle, now))
            if preview is not None:
                _show_preview(preview)
            if may_change and bundle.stage is not Stage.ACTIVE:
                _show_buttons(bundle, preview, is_first=active is None)
    if may_change and any(bundle.stage is Stage.RETIRED for bundle in bundles) and active is not None:
        with st.container(horizontal=True, vertical_alignment="bottom", key="roll-back"):
            st.text_input(_("Why back"), key="back-why", max_chars=200)
            st.button(_("Roll back"), icon=":material/undo:", on_click=_roll_back, args=(product,))


def _previews(product: str, active: str | None) -> dict[str, StoredPreview]:
    """The newest comparison of each candidate with the bundle that judges now."""
    found = reversed(central().previews.latest(product))
    return {preview.candidate: preview for preview in found if preview.active == active}


def _head(bundle: RegisteredBundle, now: Moment) -> str:
    when = full_time_text(bundle.added_at, now.zone)
    origin = _("by {name}, {time}, of {parent}") if bundle.parent else _("by {name}, {time}")
    origin = origin.format(name=bundle.added_by, time=when, parent=bundle.parent)
    return (
        f'<div class="bundle {bundle.stage.value}" data-version="{escape(bundle.version)}"'
        f' data-stage="{bundle.stage.value}"><b>{escape(bundle.version)}</b> <i>{_(STAGES[bundle.stage])}</i>'
        f"<small>{escape(origin)}</small></div>"
    )


def _show_buttons(bundle: RegisteredBundle, preview: StoredPreview | None, *, is_first: bool) -> None:
    version, is_compared = bundle.version, is_first or preview is not None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if is_compared:
            against = preview is not None and bool(preview.reasons)
            st.text_input(_("Why all the same") if against else _("Why"), key=f"why-{version}", max_chars=200)
            st.button(
                _("Let it judge"),
                key=f"promote-{version}",
                icon=":material/check:",
                on_click=_promote,
                args=(bundle.product, version),
            )
        else:
            st.button(
                _("Compare with the one that judges"),
                key=f"compare-{version}",
                on_click=_compare,
                args=(bundle.product, version),
            )


def _show_preview(preview: StoredPreview) -> None:
    directions: dict[str, int] = {}
    for flip in preview.flips:
        way = f"{_(WORDS[flip.before]).lower()} → {_(WORDS[flip.after]).lower()}"
        directions[way] = directions.get(way, 0) + 1
    what = _(", ").join(f"{count} {way}" for way, count in sorted(directions.items())) or _("none")
    flips = _("Of {n} frames judged by both, verdicts that flip: {flips}.")
    st.html(f"<p>{escape(flips.format(n=preview.frames, flips=what))}</p>")
    against = _("Against it: {reason}.")
    for reason in preview.reasons:
        st.html(f'<div class="told conflict" role="alert">{escape(against.format(reason=reason))}</div>')
    shown = [flip for flip in preview.flips if not flip.origin.startswith("golden")][:_PICTURES]
    if not shown:
        return
    known = records().known([flip.frame for flip in shown])
    with st.container(key=f"flips-{preview.candidate}"):
        columns = st.columns(len(shown))
        for column, flip in zip(columns, shown, strict=True):
            with column:
                found = known.get(flip.frame)
                drawing = (
                    None if found is None else draw(found, settings().edge.data_dir, View.OVERLAY, _CARD_PX)
                )
                st.html(_flip(flip, drawing.source if isinstance(drawing, Drawing) else None))
                if found is not None:
                    st.page_link(FRAME_PAGE, label=_("Open"), query_params=[(FRAME_PARAMETER, flip.frame)])


def _source(frame: StoredInspection) -> str | None:
    drawing = draw(frame, settings().edge.data_dir, View.OVERLAY, _CARD_PX)
    return drawing.source if isinstance(drawing, Drawing) else None


def _flip(flip: StoredFlip, source: str | None) -> str:
    name = _("frame {frame}").format(frame=flip.frame)
    picture = f'<img src="{source}" alt="{escape(name)}">' if source else f"<span>{_('No picture')}</span>"
    truth = ""
    if flip.truth != "unknown":
        known = _("known to be {truth}").format(truth=_(TRUTHS.get(flip.truth, flip.truth)))
        truth = f"<small>{escape(known)}</small>"
    return (
        f'<figure class="flip">{picture}<figcaption>{badge(flip.before)} → {badge(flip.after)}'
        f"<small>{number(flip.score_before)} → {number(flip.score_after)}</small>{truth}"
        "</figcaption></figure>"
    )


def _promote(product: str, version: str) -> None:
    why = str(st.session_state.get(f"why-{version}") or "").strip()

    def promote() -> str:
        by = require(Role.ENGINEER).name
        active = central().bundles.active(product)
        against: tuple[str, ...] = ()
        if active is not None:
            # Asked anew: another bundle may judge since the page was drawn.
            preview = _previews(product, active.version).get(version)
            if preview is None:
                raise DashboardError(
                    f"{version} does not judge {product}",
                    f"it was not compared with {active.version}, which judges now",
                    "Compare it first",
                )
            against = preview.reasons
        _registry().promote(product, version, by=by, why=why, against=against, override=why)
        return _(
            "{version} judges {product} now; boxes that follow the registry take it within seconds."
        ).format(version=version, product=product)

    attempt(promote)


def _compare(product: str, version: str) -> None:
    def compare() -> str:
        by = require(Role.ENGINEER).name
        arguments = {"candidate": version}
        number = records().jobs.ask(JobKind.PREVIEW, product, arguments, by=by, at=datetime.now(UTC))
        return _("Job {number} waits for the worker.").format(number=number)

    attempt(compare)


def _roll_back(product: str) -> None:
    why = str(st.session_state.get("back-why") or "").strip()

    def back() -> str:
        by = require(Role.ENGINEER).name
        bundle = _registry().roll_back(product, by=by, why=why)
        return _("{version} judges {product} again.").format(version=bundle.version, product=product)

    attempt(back)


def _registry() -> Registry:
    return Registry(central(), settings().registry.url, trust=Trust.of(settings().edge))
