"""What the worker does for a product: bars, logs, results; drawn again every second while anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

import streamlit as st

from dashboard.clock import full_time_text
from dashboard.context import Moment, moment, records
from dashboard.language import N_, _
from dashboard.notices import draw_or_explain
from dashboard.telling import attempt
from dashboard.visitors import require
from inspector.records import Job, JobKind, JobState, Role

LINES: Final = 12
JOBS: Final = 2
EVERY_S: Final = 1.0
KINDS: Final[dict[JobKind, str]] = {
    JobKind.TRAIN: N_("Train"),
    JobKind.RETRAIN: N_("Retrain"),
    JobKind.PREVIEW: N_("Preview"),
    JobKind.CALIBRATE: N_("Calibrate"),
}
STATES: Final[dict[JobState, str]] = {
    JobState.WAITING: N_("waits for the worker"),
    JobState.RUNNING: N_("is being done"),
    JobState.DONE: N_("is done"),
    JobState.FAILED: N_("has failed"),
    JobState.CANCELLED: N_("was cancelled"),
}


def show_jobs(product: str) -> None:
    """Draw the newest jobs of a product."""
    running = any(not job.state.has_ended for job in records().jobs.latest(product, limit=JOBS))
    st.fragment(_draw, run_every=EVERY_S if running else None)(product, running)


def _draw(product: str, was_running: bool) -> None:
    def draw() -> None:
        jobs = records().jobs.latest(product, limit=JOBS)
        for job in jobs:
            _show(job, moment())
        if was_running and all(job.state.has_ended for job in jobs):
            st.rerun(scope="app")  # there is a candidate to be looked at now

    draw_or_explain(draw)


def _show(job: Job, now: Moment) -> None:
    with st.container(border=True, key=f"job-{job.number}"):
        asked = _("job {number}, asked by {name}, {time}").format(
            number=job.number, name=job.asked_by, time=full_time_text(job.asked_at, now.zone)
        )
        st.html(
            f'<div class="job {job.state.value}" data-job="{job.number}" data-state="{job.state.value}">'
            f"<b>{escape(_(KINDS[job.kind]))} {escape(job.product)}</b> {_(STATES[job.state])}"
            f"<small>{escape(asked)}</small></div>"
        )
        if job.state is JobState.RUNNING:
            share = job.done / job.parts if job.parts else 0.0
            st.progress(min(1.0, share), text=escape(job.step) or _("Beginning"))
        if not job.state.has_ended:
            st.button(_("Cancel"), key=f"cancel-{job.number}", on_click=_cancel, args=(job.number,))
        if job.error:
            st.html(f'<div class="told conflict" role="alert">{escape(job.error)}</div>')
        if job.result:
            st.html(f'<div class="job-result">{_result(job.result)}</div>')
        with st.expander(_("Log"), expanded=job.state is JobState.RUNNING):
            lines = records().jobs.log(job.number, limit=LINES)
            st.html(f'<pre class="job-log">{_log(lines, now)}</pre>')


def _result(result: dict[str, Any]) -> str:
    """What came of a job, one line a fact; the values are the worker's, so each is escaped."""
    lines = []
    if version := result.get("version"):
        made = _("Candidate {version}, scores above {limit} are rejected")
        lines.append(made.format(version=version, limit=f"{float(result['limit']):.3g}"))
    if normals := result.get("normals"):
        if "new_normals" in result:
            learned = _("Learned from {n} good parts, {new} of them new, in {seconds} s")
        else:
            learned = _("Learned from {n} good parts, in {seconds} s")
        new, seconds = result.get("new_normals"), result.get("seconds")
        lines.append(learned.format(n=normals, new=new, seconds=seconds))
    if result.get("known_defects"):
        caught = _("Known defects caught: {caught} of {all}, {before} before")
        names = {"caught": result["caught"], "all": result["known_defects"]}
        lines.append(caught.format(**names, before=result["caught_before"]))
    if "frames" in result:
        flips = result["flips"] or {}
        what = ", ".join(f"{count} {way}" for way, count in sorted(flips.items())) or _("no verdict flips")
        lines.append(_("Of {n} frames judged by both: {flips}").format(n=result["frames"], flips=what))
    lines += [_("Against it: {reason}").format(reason=reason) for reason in result.get("against", ())]
    left_out = _("Left out {picture}: {reason}")
    lines += [
        left_out.format(picture=one["picture"], reason=one["reason"])
        for one in result.get("left_out", ())[:LINES]
    ]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _log(lines: Sequence[tuple[datetime, str]], now: Moment) -> str:
    return "\n".join(f"{at.astimezone(now.zone):%H:%M:%S} {escape(text)}" for at, text in lines)


def _cancel(number: int) -> None:
    def cancel() -> str:
        by = require(Role.ENGINEER).name
        was_open = records().jobs.cancel(number, by=by, at=datetime.now(UTC))
        text = _("Job {number} is cancelled.") if was_open else _("Job {number} had ended already.")
        return text.format(number=number)

    attempt(cancel)
