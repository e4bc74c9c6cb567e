"""The worker beside the page: started where training is installed, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboard import worker_process
from dashboard.worker_process import wants_worker
from inspector.errors import DashboardError


def test_a_worker_is_started_where_training_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [wants_worker(asked) for asked in (None, True, False)] == [True, True, False]
    monkeypatch.setattr(worker_process, "find_spec", lambda _: None)
    assert [wants_worker(asked) for asked in (None, False)] == [False, False]
    with pytest.raises(DashboardError, match="training is not installed"):
        wants_worker(True)


PARENT = """
import sys, time
from pathlib import Path
from dashboard.worker_process import working
with working(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(600)
"""


def test_a_worker_ends_with_a_page_that_was_killed(tmp_path: Path) -> None:
    config = tmp_path / "inspector.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/inspector.db"\n')
    page = subprocess.Popen([sys.executable, "-c", PARENT, str(config)], stdout=subprocess.PIPE, text=True)
    assert page.stdout is not None
    assert page.stdout.readline() == "ready\n"
    worker = wait_for_child(page.pid)
    deadline = time.monotonic() + 60
    page.send_signal(signal.SIGKILL)
    page.wait()
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists()


def wait_for_child(parent: int) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.02)
    os.kill(parent, signal.SIGKILL)
    raise AssertionError("no worker was started")
