"""Child processes of the demo: watched, ended in order, never left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.demo.children import (
    STOP_BUDGET_S,
    Child,
    Children,
    DemoStopped,
    StopRequest,
    child_environment,
)
from inspector.errors import DemoError

SLEEPER = "import time; print('ready', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
NOTER = """
import pathlib, signal, sys, time
def note(*_):
    with open(sys.argv[1], "a") as file:
        file.write(sys.argv[2])
    sys.exit(0)
signal.signal(signal.SIGTERM, note)
print('ready', flush=True)
time.sleep(600)
"""
PARENT = f"""
import subprocess, sys
grandchild = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], stdout=subprocess.PIPE)
grandchild.stdout.readline()
print('its pid', grandchild.pid, flush=True)
print('ready', flush=True)
grandchild.wait()
"""


@pytest.fixture
def request_() -> StopRequest:
    return StopRequest.none()


@pytest.fixture
def children(tmp_path: Path, request_: StopRequest) -> Iterator[Children]:
    with Children(tmp_path / "logs", request_) as children:
        yield children


def start(children: Children, name: str, code: str, *words: str) -> Child:
    child = children.start(name, [sys.executable, "-c", code, *words])
    children.wait_until(lambda: "\nready\n" in child.log.read_text(), "the child", 20)
    return child


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_a_child_writes_goes_to_its_log(children: Children, tmp_path: Path) -> None:
    child = start(
        children,
        "talker",
        "import sys, time; print('out'); print('err', file=sys.stderr); print('ready'); time.sleep(60)",
    )
    text = (tmp_path / "logs/talker.log").read_text()
    assert text.startswith("$ ")
    assert "out" in text
    assert "err" in text
    assert child.log == tmp_path / "logs/talker.log"


def test_a_child_that_dies_is_reported_with_its_last_lines(children: Children) -> None:
    children.start("unlucky", [sys.executable, "-c", "print('the port is taken'); raise SystemExit(3)"])
    with pytest.raises(DemoError) as error:
        children.wait_until(lambda: False, "anything", 20)
    assert "unlucky" in str(error.value)
    assert "exit code 3" in str(error.value)
    assert "the port is taken" in str(error.value)


def test_a_child_that_ends_well_but_too_early_is_an_error_too(children: Children) -> None:
    child = children.start("hasty", [sys.executable, "-c", "print('done')"])
    child.process.wait(20)
    with pytest.raises(DemoError, match="hasty has ended by itself: exit code 0"):
        children.wait(1, lambda: None)


def test_a_child_killed_by_a_signal_is_reported_by_its_name(children: Children) -> None:
    child = start(children, "victim", SLEEPER)
    child.process.kill()
    child.process.wait(20)
    with pytest.raises(DemoError, match="SIGKILL"):
        children.check()


def test_a_program_that_is_not_there_is_an_error(children: Children) -> None:
    with pytest.raises(DemoError, match="ghost cannot be started"):
        children.start("ghost", ["/no/such/program"])


def test_waiting_has_an_end(children: Children) -> None:
    start(children, "sleeper", SLEEPER)
    with pytest.raises(DemoError, match=r"spring did not come: it took more than 0\.3 s"):
        children.wait_until(lambda: False, "spring", 0.3)


def test_children_end_in_reverse_order(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with Children(tmp_path / "logs", StopRequest.none()) as children:
        for name in ("1", "2", "3"):
            start(children, name, NOTER, str(notes), name)
    assert notes.read_text() == "321"


def test_grandchildren_do_not_outlive_the_block(tmp_path: Path) -> None:
    with Children(tmp_path / "logs", StopRequest.none()) as children:
        parent = start(children, "parent", PARENT)
        grandchild = int(parent.tail().split("\nits pid ")[1].split()[0])
        assert is_alive(grandchild)
    deadline = time.monotonic() + 5
    while is_alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(grandchild)


def test_children_that_ignore_the_signal_are_killed_in_time(tmp_path: Path) -> None:
    with Children(tmp_path / "logs", StopRequest.none()) as children:
        pids = [start(children, str(number), STUBBORN).process.pid for number in range(3)]
        began = time.monotonic()
    assert time.monotonic() - began < STOP_BUDGET_S + 2
    assert not any(is_alive(pid) for pid in pids)


def test_an_error_in_the_block_stops_all(tmp_path: Path) -> None:
    pids = []

    def fail() -> None:
        with Children(tmp_path / "logs", StopRequest.none()) as children:
            pids.append(start(children, "sleeper", SLEEPER).process.pid)
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        fail()
    assert not is_alive(pids[0])


def test_a_signal_ends_every_wait(children: Children, request_: StopRequest) -> None:
    start(children, "sleeper", SLEEPER)
    before = signal.getsignal(signal.SIGINT)  # a shell ignores it for what it runs in the background
    with request_.on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(DemoStopped):
            children.wait_until(lambda: False, "anything", 60)
        children.wait(None, lambda: None)
        assert not request_.hurry.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert request_.hurry.wait(5)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_signal_kills_instead_of_asking(tmp_path: Path) -> None:
    request = StopRequest.none()
    with Children(tmp_path / "logs", request) as children:
        start(children, "stubborn", STUBBORN)
        request.hurry.set()
        began = time.monotonic()
    assert time.monotonic() - began < 2


def test_a_command_of_inspector_runs_to_its_end(children: Children, tmp_path: Path) -> None:
    children.run_inspector("version", "--version")
    assert "inspector 0." in (tmp_path / "logs/version.log").read_text()
    with pytest.raises(DemoError, match="exit code 2"):
        children.run_inspector("wrong", "no-such-command")


def test_children_do_not_inherit_settings() -> None:
    environment = child_environment({"PATH": "/bin", "INSPECTOR_MQTT__PORT": "1", "inspector_site": "x"})
    assert environment["PATH"] == "/bin"
    assert not [name for name in environment if name.lower().startswith("inspector_")]
