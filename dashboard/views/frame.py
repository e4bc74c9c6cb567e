"""One frame's page: the picture large, where it is abnormal, and everything that was recorded about it."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard.cards import FRAME_PARAMETER
from dashboard.clock import full_time_text
from dashboard.context import Moment, moment, records, settings
from dashboard.figures import show_figure
from dashboard.filters import address
from dashboard.language import N_, _
from dashboard.notices import draw_again, draw_and_recover, show_notice
from dashboard.opacity import choose_opacity
from dashboard.pictures import View
from dashboard.regions import show_regions
from dashboard.reviewing import show_reviews
from dashboard.scores import score_bar
from dashboard.sentences import Progress, how_it_came, progress_of, sentence
from dashboard.similar import show_way_to_similar
from dashboard.trails import Trail, trail_of
from dashboard.verdicts import badge
from dashboard.visitors import visitor
from inspector.overlay import MAX_OPACITY
from inspector.records import Role, StoredInspection


def main() -> None:
    """Draw the frame that the address names."""
    draw_and_recover(_draw, retry_s=_retry_s())


def _retry_s() -> float:
    """Seconds until a page that has no updates of its own looks again."""
    return max(settings().dashboard.refresh_s, 1.0)


def _draw() -> None:
    query = address()
    now = moment()
    trail = trail_of(query, now.zone)
    frame_id = next(iter(query.get(FRAME_PARAMETER, ())), None)
    found = records().get(frame_id) if frame_id else None
    if found is not None:
        _show_frame(found, trail, now)
        return
    with st.container(horizontal=True, key="ways"):
        _show_way_back(trail)
    headline = _("There is no frame {frame}").format(frame=frame_id) if frame_id else _("No frame is chosen")
    show_notice(
        headline,
        "",
        _("Choose a frame on the page {page}, or check the address.").format(page=_(trail.label)),
    )


def _show_frame(here: StoredInspection, trail: Trail, now: Moment) -> None:
    left, right = st.columns([0.58, 0.42], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", key="ways"):
            _show_way_back(trail)
            _show_step(N_("Older"), trail.older(records(), here), trail)
            _show_step(N_("Newer"), trail.newer(records(), here), trail)
            view = _choose_view() if here.evidence else View.PICTURE
            opacity = choose_opacity("frame") if view is View.OVERLAY else MAX_OPACITY
        if trail.words:
            words = _("Stepping through: {choice}").format(choice=trail.words)
            st.html(f'<div class="among">{escape(words)}</div>')
        show_figure(here, settings().edge.data_dir, view, opacity)
    with right:
        progress = progress_of(here, now.now, settings().describing)
        st.html(
            f'<div class="frame-verdict" data-frame-id="{escape(here.frame_id)}">{badge(here.verdict)}'
            f"{sentence(here, progress)}<p>{escape(here.reason)}</p></div>"
        )
        st.html(score_bar(here.score, here.reject_limit, here.verdict))
        show_way_to_similar(here)
        show_regions(here)
        show_reviews(here, now, may_decide=visitor().may(Role.OPERATOR))
        st.html(_facts(here, now))
    if progress is Progress.PENDING:
        draw_again(_retry_s())


def _choose_view() -> View:
    options = list(View)
    return View(
        st.segmented_control(
            _("View"),
            options,
            default=View.OVERLAY,
            format_func=lambda view: _(view.value),
            key="view",
            required=True,
            label_visibility="collapsed",
        )
    )


def _show_way_back(trail: Trail) -> None:
    st.page_link(trail.page, label=_(trail.label), icon=":material/arrow_back:", query_params=trail.back)


def _show_step(label: str, to: StoredInspection | None, trail: Trail) -> None:
    # Not a link: Streamlit does not change the address for a link from a page to itself.
    forward = label == "Newer"
    st.button(
        _(label),
        key=label.lower(),
        icon=":material/chevron_right:" if forward else ":material/chevron_left:",
        icon_position="right" if forward else "left",
        disabled=to is None,
        on_click=_open,
        args=([(FRAME_PARAMETER, to.frame_id), *trail.along] if to else [],),
    )


def _open(query: list[tuple[str, str]]) -> None:
    st.query_params.from_dict({name: [v for key, v in query if key == name] for name, _ in query})


def _facts(inspection: StoredInspection, now: Moment) -> str:
    size = f"{inspection.width_px} × {inspection.height_px} px" if inspection.width_px else _("not decoded")  # noqa: RUF001
    told = inspection.description
    rows = (
        *(((_("Described by"), how_it_came(told)),) if told is not None else ()),
        (_("Product"), inspection.product),
        (_("Camera"), f"{inspection.line} / {inspection.camera}"),
        (_("Captured"), full_time_text(inspection.captured_at, now.zone)),
        (_("Inspected"), full_time_text(inspection.inspected_at, now.zone)),
        (_("Latency"), f"{inspection.latency_ms:.1f} ms"),
        (_("Size"), size),
        (_("Model"), inspection.model_version),
        (_("Box"), f"{inspection.site} / {inspection.box}"),
        (_("Frame"), inspection.frame_id),
    )
    return (
        '<dl class="facts">'
        + "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows)
        + "</dl>"
    )


main()
