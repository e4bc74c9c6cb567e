"""`inspector work`: does the trainings that are asked for on the dashboard."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

if TYPE_CHECKING:
    from inspector.records import Job


_PARENT_POLL_S: Final = 1.0


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("work")(work)


def work(
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file: registry, databases, data folder.", show_default=False),
    ] = None,
    *,
    parent: Annotated[
        int | None,
        typer.Option(
            help="End with the process that has started this one, of this number.", show_default=False
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when nothing waits any more.")] = False,
) -> None:
    """Do the trainings, previews and limits that are asked for on the dashboard, until Ctrl-C.

    A job that has begun is ended first; a second Ctrl-C ends at once, and the job is given up.
    """
    from inspector.records import Records
    from inspector.settings import load_settings
    from training.working.worker import Worker

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    console, stop = Console(highlight=False, soft_wrap=True), threading.Event()
    settings = load_settings(config)

    def ask_to_stop(signum: int, _frame: object) -> None:
        stop.set()
        signal.signal(signum, signal.SIG_DFL)

    with Records.open(settings.database.url) as records:
        worker = Worker(settings, records)
        if once:
            while (job := worker.work_once()) is not None:
                console.print(_line(job), markup=False)
            return
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, ask_to_stop)
        if parent is not None:
            threading.Thread(target=_stop_without_parent, args=(parent, stop), daemon=True).start()
        console.print("Waiting for work (Ctrl-C ends it)")
        worker.run(stop, lambda job: console.print(_line(job), markup=False))


def _stop_without_parent(parent: int, stop: threading.Event) -> None:
    """A process whose parent has ended, in whatever way, gets another one."""
    while os.getppid() == parent:
        if stop.wait(_PARENT_POLL_S):
            return
    stop.set()


def _line(job: Job) -> str:
    text = f"job {job.number}, {job.kind.value} {job.product}: {job.state.value}"
    return f"{text}: {job.error}" if job.error else text
