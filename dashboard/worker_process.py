"""The worker that `inspector dashboard` starts beside the page, where training is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from inspector.errors import DashboardError

STOP_S: Final = 10.0
"""A worker in the middle of a job is ended after so long; the job is given up, and can be asked for again."""


def wants_worker(asked: bool | None) -> bool:
    """Whether a worker is to be started.

    Args:
        asked: by the command line; None: where it can be.

    Raises:
        DashboardError: it is asked for and training is not installed.
    """
    can = find_spec("torch") is not None
    if asked and not can:
        raise DashboardError(
            "no worker is started",
            "training is not installed",
            "Install it: `pip install 'inspector[train]'`",
        )
    return can if asked is None else asked


@contextmanager
def working(config: Path | None) -> Iterator[None]:
    """Run `inspector work` for as long as the block lasts, and never longer than this process."""
    words = ["--config", str(config)] if config is not None else []
    command = [sys.executable, "-m", "inspector.cli", "work", "--parent", str(os.getpid()), *words]
    # Ctrl-C reaches the page alone, which ends the worker.
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - ours
    try:
        yield
    finally:
        worker.terminate()
        try:
            worker.wait(STOP_S)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
