"""The command `inspector dashboard`, run in a process of its own."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0


@contextmanager
def serving(
    config: Path, port: int, folder: Path, *, worker: bool = False
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `inspector dashboard` until the block ends; yields the process and what it printed.

    Args:
        config: its settings.
        port: of the page.
        folder: where it runs and what it says goes.
        worker: it starts a worker beside the page.
    """
    errors = (folder / "dashboard.err").open("w+", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "inspector.cli",
        "dashboard",
        "--config",
        str(config),
        "--port",
        str(port),
        "--worker" if worker else "--no-worker",
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=folder, env=environment
    )
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for text in process.stdout:
            lines.put(text)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    try:
        said = ""
        while "Dashboard:" not in said:
            line = lines.get(timeout=START_TIMEOUT_S)
            assert line, (folder / "dashboard.err").read_text(encoding="utf-8")
            said += line
        yield process, said
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        errors.close()
