"""Child processes of the demo: each in a group of its own, logging to a file, none left behind."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Final, Self

from inspector.errors import DemoError

LOOK_S: Final = 0.1
STOP_BUDGET_S: Final = 6.0
"""All children together have this long to end by themselves; what is left is killed."""
TAIL_LINES: Final = 12
_KILL_WAIT_S: Final = 2.0
_HUGE_WIDTH: Final = "1000"


class DemoStopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Ctrl-C or SIGTERM came while something was awaited."""


@dataclass(frozen=True, slots=True)
class StopRequest:
    """Whether the demo was asked to end.

    Attributes:
        stop: set by the first signal.
        hurry: set by a second one: children are killed instead of asked.
    """

    stop: threading.Event
    hurry: threading.Event

    @classmethod
    def none(cls) -> StopRequest:
        """Nobody asked yet."""
        return cls(threading.Event(), threading.Event())

    @contextmanager
    def on_signals(self) -> Iterator[StopRequest]:
        """Let SIGINT, SIGTERM and SIGHUP ask inside the block."""

        def ask(_number: int, _frame: FrameType | None) -> None:
            (self.hurry if self.stop.is_set() else self.stop).set()

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, ask) for number in numbers}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Child:
    """One child process.

    Attributes:
        name: names its log as well.
        process: the process; it leads a process group of its own.
        log: file that everything it writes goes to.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tail(self) -> str:
        """The last lines it wrote."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])

    def died(self) -> DemoError:
        """The error of a child that ended on its own."""
        code = self.process.returncode
        why = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        what = f"the demo's {self.name} has ended by itself"
        return DemoError(what, why, f"The last lines of {self.log} are:\n{self.tail()}")


class Children:
    """All children of a demo. Leaving the block stops them, the last one first.

    Args:
        logs: folder of their logs.
        request: ends every wait.
    """

    def __init__(self, logs: Path, request: StopRequest) -> None:
        self._logs, self._request = logs, request
        self._running: list[Child] = []

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()

    def start(self, name: str, words: Sequence[str]) -> Child:
        """Start a command; `Children` watches it from now on.

        Raises:
            DemoError: the program is missing or may not be run.
        """
        log = self._logs / f"{name}.log"
        with log.open("wb") as file:
            process = _spawn(name, words, file)
        child = Child(name, process, log)
        self._running.append(child)
        return child

    def start_inspector(self, name: str, *words: str) -> Child:
        """Start one of inspector's own commands with this Python."""
        return self.start(name, [sys.executable, "-m", "inspector", *words])

    def run_inspector(self, name: str, *words: str) -> None:
        """Run one of inspector's own commands to its end.

        Raises:
            DemoError: it failed; the message ends with what it wrote last.
            DemoStopped: the demo was asked to end.
        """
        child = self.start_inspector(name, *words)
        while child.process.poll() is None:
            self._pause(may_end=child)
        self._running.remove(child)
        if child.process.returncode:
            raise child.died()

    def wait_until(self, ready: Callable[[], bool], what: str, timeout_s: float) -> None:
        """Wait for a condition while all children live.

        Raises:
            DemoError: a child ended, or the time is up.
            DemoStopped: the demo was asked to end.
        """
        deadline = time.monotonic() + timeout_s
        while not ready():
            if time.monotonic() > deadline:
                why = f"it took more than {timeout_s:g} s"
                raise DemoError(f"{what} did not come", why, f"Read the logs in {self._logs}")
            self._pause()

    def wait(self, seconds: float | None, on_look: Callable[[], None]) -> None:
        """Let the children work for a time, or until the demo is asked to end.

        Args:
            seconds: how long; None until asked.
            on_look: called about once a second.

        Raises:
            DemoError: a child ended by itself.
        """
        end = None if seconds is None else time.monotonic() + seconds
        while not self._request.stop.is_set() and (end is None or time.monotonic() < end):
            self.check()
            on_look()
            left = 1.0 if end is None else max(0.0, min(1.0, end - time.monotonic()))
            self._request.stop.wait(left)

    def check(self, *, may_end: Child | None = None) -> None:
        """Make sure that every child still runs, but for one that may end.

        Raises:
            DemoError: another one has ended.
        """
        for child in self._running:
            if child is not may_end and child.process.poll() is not None:
                raise child.died()

    def end(self, *children: Child) -> None:
        """Ask children to end, all at once, and wait until they have; slow ones are killed."""
        for child in children:
            _signal_group(child, signal.SIGTERM)
        self._await(children, time.monotonic() + STOP_BUDGET_S / 2)

    def stop_all(self) -> None:
        """End every child, the last started first, within `STOP_BUDGET_S` and a little."""
        deadline = time.monotonic() + STOP_BUDGET_S
        for child in reversed(self._running[:]):
            _signal_group(child, signal.SIGTERM)
            # An equal share of what is left, so that one that hangs does not cost the others theirs.
            share = (deadline - time.monotonic()) / len(self._running)
            self._await([child], time.monotonic() + max(share, LOOK_S))

    def _await(self, children: Sequence[Child], deadline: float) -> None:
        for child in children:
            while child.process.poll() is None and time.monotonic() < deadline:
                if self._request.hurry.is_set():
                    break
                time.sleep(LOOK_S)
            # The group outlives its leader where the leader left children of its own.
            _signal_group(child, signal.SIGKILL)
            child.process.wait(_KILL_WAIT_S)
            self._running.remove(child)

    def _pause(self, *, may_end: Child | None = None) -> None:
        if self._request.stop.wait(LOOK_S):
            raise DemoStopped
        self.check(may_end=may_end)


def _spawn(name: str, words: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    log.write(f"$ {shlex.join(words)}\n".encode())
    log.flush()
    try:
        return subprocess.Popen(  # noqa: S603 - the words are our own
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=child_environment(os.environ),
            # Ctrl-C in the terminal reaches only us: children end in order, not all at once.
            start_new_session=True,
        )
    except OSError as error:
        raise DemoError(
            f"the demo's {name} cannot be started", str(error), "Install it, or repair it"
        ) from error


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of children: the settings file holds whatever `INSPECTOR_…` says; no line wraps."""
    kept = {key: value for key, value in environment.items() if not key.upper().startswith("INSPECTOR_")}
    return kept | {"COLUMNS": _HUGE_WIDTH, "PYTHONUNBUFFERED": "1"}


def _signal_group(child: Child, number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return  # it has ended, and nothing of its group is left (macOS says it the second way)
