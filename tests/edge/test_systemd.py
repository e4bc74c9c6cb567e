"""What systemd is told by the service, and the unit that it is started by."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edge import systemd
from tests.edge.rig import DEADLINE_S, Line, ServiceProcess
from tests.services import free_port, missing

UNIT = Path(__file__).parents[2] / "docker/systemd/inspector-edge.service"
MOST_EXPOSED = 30
"""Tenths of a point of `systemd-analyze security`, where 100 is a service that may do everything."""


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """The socket on which systemd listens."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(DEADLINE_S)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return listener


def test_without_systemd_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not systemd.notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert not systemd.notify("READY=1")


def test_systemd_is_told_by_a_datagram(listener: socket.socket) -> None:
    assert systemd.notify("READY=1")
    assert listener.recv(64) == b"READY=1"


def test_the_service_is_ready_without_a_broker_tells_that_it_lives_and_says_goodbye(
    listener: socket.socket, bundle: Path, tmp_path: Path
) -> None:
    service = ServiceProcess(Line.write(tmp_path, bundle, free_port()).config)
    assert listener.recv(64) == b"READY=1"
    assert listener.recv(64) == b"WATCHDOG=1"
    service.terminate()
    said = {listener.recv(64)}
    while b"STOPPING=1" not in said:
        said.add(listener.recv(64))
    assert said <= {b"WATCHDOG=1", b"STOPPING=1"}


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        missing("systemd", "install Debian's package systemd")
    return subprocess.run(
        ["systemd-analyze", *arguments], check=False, capture_output=True, text=True, timeout=60
    )


def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text()
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE))
    known = analyze("verify", "--man=no", str(unit))
    assert (known.returncode, known.stderr) == (0, "")
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSeconds="))
    assert "WatchdogSeconds" in analyze("verify", "--man=no", str(unit)).stderr


def test_the_unit_may_do_little() -> None:
    answer = analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(UNIT))
    assert answer.returncode == 0, answer.stdout
