"""Health: whether every box works, what waits, how fast it judges, and what has drifted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

import streamlit as st

from dashboard.boxes import BoxState, box_states
from dashboard.cards import FRAME_PAGE, FRAME_PARAMETER
from dashboard.clock import full_time_text
from dashboard.context import Moment, moment, records, settings
from dashboard.language import N_, _
from dashboard.notices import draw_or_explain, show_notice
from dashboard.rates import show_rates
from dashboard.sentences import duration_text
from dashboard.telling import attempt, show_told
from dashboard.visitors import require, visitor
from inspector.drift.channels import DriftKind
from inspector.records import Role, StoredAlarm

REFRESH_S: Final = 5.0
ALARMS: Final = 20
WORDS: Final[dict[str, str]] = {
    "ok": N_("Works"),
    "degraded": N_("Works, wants mending"),
    "failing": N_("Does not work"),
    "away": N_("Does not answer"),
}
KINDS: Final[dict[DriftKind, str]] = {DriftKind.CAMERA: N_("camera"), DriftKind.PROCESS: N_("process")}
# Verdict whose symbol and colour a status has; reject for the others.
LOOKS: Final[dict[str, str]] = {"ok": "pass", "degraded": "unsure"}
_WIDEST_STEPS: Final = 4.0
_WORTH_TELLING: Final = 0.5


def main() -> None:
    """Draw the page, and again every few seconds."""
    st.fragment(lambda: draw_or_explain(lambda: _draw(moment())), run_every=REFRESH_S)()


def _draw(now: Moment) -> None:
    show_told()
    states = box_states(settings())
    if not states:
        show_notice(_("No box is named"), "", _("Name them under [dashboard] boxes in the settings."))
    for state in states:
        st.html(_box(state))
    alarms = records().drift.latest(limit=ALARMS)
    st.subheader(_("False rejects"))
    show_rates(now, alarms)
    st.subheader(_("Drift"))
    if not alarms:
        none = _("No change of a camera or a process was told.")
        st.html(f'<p class="among">{none}</p>')
    may_acknowledge = visitor().may(Role.ENGINEER)
    for alarm in alarms:
        _show_alarm(alarm, now, may_acknowledge=may_acknowledge)


def _box(state: BoxState) -> str:
    look = LOOKS.get(state.status, "reject")
    word = escape(_(WORDS.get(state.status, state.status)))
    problems = "".join(
        f"<li><b>{escape(_(one.what))}</b>{': ' if one.why else ''}{escape(one.why)}."
        f" {escape(_(one.remedy))}</li>"
        for one in state.problems
    )
    figures = [
        (_("Frames"), f"{state.frames:,}"),
        *(
            (_("Latency {share} %").format(share=share), f"{value:.0f} ms")
            for share, value in state.latency_ms.items()
        ),
        *((_("Queue {name}").format(name=name), f"{depth:.0f}") for name, depth in state.queues.items()),
        *(
            (_("To tell, {name}").format(name=name), _outbox(depth, age))
            for name, (depth, age) in state.outbox.items()
        ),
        *(((_("Free disk"), f"{state.free_bytes / 1e9:.1f} GB"),) if math.isfinite(state.free_bytes) else ()),
        *((_("Model {version}").format(version=product), version) for product, version in state.models),
    ]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in figures)
    return (
        f'<section class="box" data-box="{escape(state.name)}" data-status="{escape(state.status)}">'
        f'<h3><span class="verdict {look}"><i class="symbol" aria-hidden="true"></i>{word}</span>'
        f" {escape(state.name)}</h3>"
        + (f"<ul>{problems}</ul>" if problems else "")
        + (f'<dl class="facts">{rows}</dl>' if state.status != "away" else "")
        + "".join(_drift(camera, steps) for camera, steps in sorted(state.drift.items()))
        + "</section>"
    )


def _outbox(depth: float, age: float) -> str:
    if not depth:
        return "0"
    return _("{n}, oldest {age}").format(n=f"{depth:.0f}", age=duration_text(age))


def _drift(camera: str, steps: Mapping[str, float]) -> str:
    """HTML of a camera's figures as bars from what is usual, in steps of the usual spread."""
    unit = _("steps from usual, last 50 frames")
    bars = []
    for what, value in sorted(steps.items(), key=lambda item: -abs(item[1])):
        share = min(abs(value), _WIDEST_STEPS) / _WIDEST_STEPS / 2
        left = 0.5 - share if value < 0 else 0.5
        look = "changed" if abs(value) >= _WORTH_TELLING else ""
        bars.append(
            f'<span>{escape(what)}</span><span class="steps"><i class="{look}"'
            f' style="left:{left:.1%};width:{share:.1%}"></i></span><span class="n">{value:+.1f}</span>'
        )
    return f'<div class="drift"><b>{escape(camera)}</b> <small>{unit}</small><div>{"".join(bars)}</div></div>'


def _show_alarm(alarm: StoredAlarm, now: Moment, *, may_acknowledge: bool) -> None:
    is_open = alarm.acknowledged_at is None
    since = _("{product}, since {time}; {state}").format(
        product=alarm.product, time=full_time_text(alarm.since, now.zone), state=_ending(alarm)
    )
    with st.container(border=True, key=f"alarm-{alarm.id}"):
        st.html(
            f'<div class="alarm" data-alarm="{alarm.id}"><b>{escape(alarm.line)} / {escape(alarm.camera)},'
            f" {escape(_(KINDS[alarm.kind]))}: {escape(alarm.sentence)}</b><p>{escape(alarm.suggestion)}.</p>"
            f"<small>{escape(since)}</small></div>"
        )
        _show_frames(alarm.frames_after)
        if is_open and may_acknowledge and alarm.id is not None:
            with st.container(horizontal=True):
                key = alarm.id
                st.button(_("It is mended"), key=f"mended-{key}", on_click=_acknowledge, args=(key, False))
                st.button(_("This is usual now"), key=f"usual-{key}", on_click=_acknowledge, args=(key, True))


def _show_frames(frames: Sequence[str]) -> None:
    with st.container(horizontal=True):
        for number, frame in enumerate(frames[:4], start=1):
            st.page_link(
                FRAME_PAGE,
                label=_("Frame {number}").format(number=number),
                query_params=[(FRAME_PARAMETER, frame)],
            )


def _ending(alarm: StoredAlarm) -> str:
    if alarm.acknowledged_at is None:
        return _("open")
    text = _("dealt with by {name}, usual now") if alarm.is_normal_now else _("dealt with by {name}")
    return text.format(name=alarm.acknowledged_by or "")


def _acknowledge(key: int, is_normal_now: bool) -> None:
    def acknowledge() -> str:
        by = require(Role.ENGINEER).name
        records().drift.acknowledge(key, by=by, at=datetime.now(UTC), is_normal_now=is_normal_now)
        return _("The box watches that camera again within seconds.")

    attempt(acknowledge)


main()
