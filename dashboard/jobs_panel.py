"""What the worker does for a product: bars, logs, results; drawn again every second while anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

import streamlit as st

from dashboard.clock import full_time_text
from dashboard.context import Moment, moment, records
from dashboard.notices import draw_or_explain
from dashboard.telling import attempt
from dashboard.visitors import require
from inspector.records import Job, JobState, Role

LINES: Final = 12
JOBS: Final = 2
EVERY_S: Final = 1.0
STATES: Final[dict[JobState, str]] = {
    JobState.WAITING: "waits for the worker",
    JobState.RUNNING: "is being done",
    JobState.DONE: "is done",
    JobState.FAILED: "has failed",
    JobState.CANCELLED: "was cancelled",
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
        when = full_time_text(job.asked_at, now.zone)
        st.html(
            f'<div class="job {job.state.value}" data-job="{job.number}" data-state="{job.state.value}">'
            f"<b>{escape(job.kind.value.capitalize())} {escape(job.product)}</b> {STATES[job.state]}"
            f"<small>job {job.number}, asked by {escape(job.asked_by)}, {when}</small></div>"
        )
        if job.state is JobState.RUNNING:
            share = job.done / job.parts if job.parts else 0.0
            st.progress(min(1.0, share), text=escape(job.step) or "Beginning")
        if not job.state.has_ended:
            st.button("Cancel", key=f"cancel-{job.number}", on_click=_cancel, args=(job.number,))
        if job.error:
            st.html(f'<div class="told conflict" role="alert">{escape(job.error)}</div>')
        if job.result:
            st.html(f'<div class="job-result">{_result(job.result)}</div>')
        with st.expander("Log", expanded=job.state is JobState.RUNNING):
            lines = records().jobs.log(job.number, limit=LINES)
            st.html(f'<pre class="job-log">{_log(lines, now)}</pre>')


def _result(result: dict[str, Any]) -> str:
    """What came of a job, one line a fact; the values are the worker's, so each is escaped."""
    lines = []
    if version := result.get("version"):
        lines.append(f"Candidate {version}, scores above {float(result['limit']):.3g} are rejected")
    if normals := result.get("normals"):
        new = f", {result['new_normals']} of them new" if "new_normals" in result else ""
        lines.append(f"Learned from {normals} good parts{new}, in {result.get('seconds')} s")
    if result.get("known_defects"):
        lines.append(
            f"Known defects caught: {result['caught']} of {result['known_defects']},"
            f" {result['caught_before']} before"
        )
    if "frames" in result:
        flips = result["flips"] or {}
        what = ", ".join(f"{count} {way}" for way, count in sorted(flips.items())) or "no verdict flips"
        lines.append(f"Of {result['frames']} frames judged by both: {what}")
    lines += [f"Against it: {reason}" for reason in result.get("against", ())]
    lines += [f"Left out {one['picture']}: {one['reason']}" for one in result.get("left_out", ())][:LINES]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _log(lines: Sequence[tuple[datetime, str]], now: Moment) -> str:
    return "\n".join(f"{at.astimezone(now.zone):%H:%M:%S} {escape(text)}" for at, text in lines)


def _cancel(number: int) -> None:
    def cancel() -> str:
        by = require(Role.ENGINEER).name
        was_open = records().jobs.cancel(number, by=by, at=datetime.now(UTC))
        return f"Job {number} is cancelled." if was_open else f"Job {number} had ended already."

    attempt(cancel)
