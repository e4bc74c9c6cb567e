"""The language model in a process of its own: slow, hung or dead, it holds up nothing but itself.

A thread would share Python's lock with the worker that judges, could not be ended, and a crash inside a
native library would take the service along. The process runs with a low priority, is told a deadline with
each task, and is killed where it does not keep it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from edge.backoff import Backoff
from inspector.describing.words import Source
from inspector.errors import InspectorError
from inspector.settings import DescribingSettings

if TYPE_CHECKING:
    from inspector.describing.writer import WritingTask

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

LOADING_S: Final = 120.0
"""A language model that is not loaded after this time is hung."""
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 300.0
NICENESS: Final = 10
"""Below everything else on the box, above what is idle."""
PIPE_TIMEOUT_S: Final = 2
"""A process that is stopped neither takes nor finishes a message."""
_KILL_WAIT_S: Final = 5.0


class Sentence(Protocol):
    """What was written; see `inspector.describing.writer.Written`."""

    @property
    def sentence(self) -> str:
        """What an operator reads."""

    @property
    def source(self) -> Source:
        """What wrote it."""

    @property
    def rejected_sentence(self) -> str | None:
        """What was written before and contradicts the facts."""


class Writer(Protocol):
    """Writes sentences; see `inspector.describing.writer.SentenceWriter`."""

    def write(self, task: WritingTask, deadline: float | None = None) -> Sentence:
        """Write a sentence that passes the check before the deadline, by `time.monotonic()`."""


WriterLoader = Callable[[DescribingSettings], Writer]
"""Loads a writer inside the new process; a function of a module, because it is sent there by its name."""


class State(Enum):
    """What the process is doing."""

    ABSENT = auto()
    """There is none, and there will be none."""
    LOADING = auto()
    READY = auto()
    WRITING = auto()
    RESTING = auto()
    """It failed, and is started again when its wait is over."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """The process says: the writer is loaded."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """The process says: this cannot be loaded, and trying again does not help."""

    what: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Failed:
    """The process says: something that nobody expected has ended me."""

    why: str
    trace: str


class WriterProcess:
    """Starts, feeds, watches and restarts the process. Used by one thread; another one may call `end`.

    Args:
        settings: the language model and its threads.
        load: loads the writer, inside the process.
        chance: source of randomness for the waits between attempts.
    """

    def __init__(self, settings: DescribingSettings, load: WriterLoader, chance: random.Random) -> None:
        self._settings, self._load = settings, load
        self._backoff = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S, chance)
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self._until = self._given_at = 0.0
        self.state = State.ABSENT
        self.took_s = 0.0
        """How long it took with the last sentence."""

    @property
    def connection(self) -> Connection | None:
        """Readable when `look` has something to see."""
        return self._connection

    @property
    def until(self) -> float | None:
        """`time.monotonic()` at which `look` has something to do by itself."""
        return self._until if self.state in (State.LOADING, State.RESTING) else None

    def start(self) -> None:
        """Start the process; it is ready some time later."""
        self._connection, theirs = multiprocessing.Pipe()
        _limit_waits(self._connection)
        # A forked child would share locks and open files with the service.
        process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(theirs, self._settings, self._load), name="language-model", daemon=True
        )
        try:
            process.start()
        except OSError as error:
            self._fail("language model cannot be started", str(error))
            return
        finally:
            theirs.close()
        self._process, self.state = process, State.LOADING
        self._until = time.monotonic() + LOADING_S

    def give(self, task: WritingTask, deadline: float) -> None:
        """Let it write; `look` returns the sentence. It must be ready.

        Args:
            task: what to write from.
            deadline: `time.monotonic()`, which is the same in all processes of a machine.
        """
        assert self._connection is not None  # noqa: S101 - for the type checker
        self.state, self._given_at = State.WRITING, time.monotonic()
        try:
            self._connection.send((task, deadline))
        except OSError as error:
            self._fail("language model has crashed", f"it takes no task ({error})")

    def look(self) -> Sentence | None:
        """See what became of the process: a sentence that it wrote, or None."""
        if self.state is State.RESTING and time.monotonic() >= self._until:
            self.start()
        elif self._connection is not None and self._connection.poll():
            return self._hear(self._connection)
        elif self.state is State.LOADING and time.monotonic() >= self._until:
            self._fail("language model hangs", f"it was not loaded after {LOADING_S:g} s")
        return None

    def give_up(self) -> None:
        """It did not write in time: end the process and start it anew after a wait."""
        why = f"it has not answered before the deadline of {self._settings.deadline_s:g} s"
        self._fail("language model hangs", why)

    def end(self) -> None:
        """End the process for good."""
        self._kill()
        self.state = State.ABSENT

    def _hear(self, connection: Connection) -> Sentence | None:
        try:
            said = connection.recv()
        except Exception as error:  # whatever a dying process leaves in the pipe
            self._fail("language model has crashed", self._cause_of_death(error))
            return None
        if isinstance(said, _Ready):
            self.state = State.READY
            log.info("language model is ready", folder=str(self._settings.language_model))
        elif isinstance(said, _Refused):
            self.end()
            why = f"{said.what}: {said.why}" if said.why else said.what
            log.error("descriptions come from templates only", why=why, remedy=said.remedy)
        elif isinstance(said, _Failed):
            self._fail("language model has crashed", said.why, trace=said.trace)
        else:
            self.state, self.took_s = State.READY, time.monotonic() - self._given_at
            self._backoff.reset()
            sentence: Sentence = said
            return sentence
        return None

    def _cause_of_death(self, error: Exception) -> str:
        assert self._process is not None  # noqa: S101 - for the type checker
        self._process.join(_KILL_WAIT_S)
        code = self._process.exitcode
        if code is None:
            return f"it is not understood ({error!r})"
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _fail(self, event: str, why: str, **details: str) -> None:
        self._kill()
        wait_s = self._backoff.next_s()
        self.state, self._until = State.RESTING, time.monotonic() + wait_s
        log.error(
            event,
            why=why,
            remedy="Templates write meanwhile. If it goes on: `inspector prepare-llm` anew, fewer other loads"
            " on the box, or describing.enabled = false",
            again_in_s=round(wait_s, 1),
            **details,
        )

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join(_KILL_WAIT_S)
            if not self._process.is_alive():
                self._process.close()
            self._process = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _limit_waits(connection: Connection) -> None:
    """Let no read or write on our end wait for ever for a process that has stopped in the middle."""
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            same.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", PIPE_TIMEOUT_S, 0))


def _serve(connection: Connection, settings: DescribingSettings, load: WriterLoader) -> None:
    """What the process does: load, then write until the service is gone."""
    # The service ends us: a Ctrl-C or a SIGTERM to all of its processes must not look like a crash.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)
    # The service prints its summary to stdout, which may be read by a machine.
    os.dup2(2, 1)
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError):  # the service is gone
        try:
            writer = load(settings)
        except InspectorError as error:
            connection.send(_Refused(error.what, error.why, error.remedy))
            return
        except Exception as error:  # the service logs it, in its own format
            connection.send(_Failed(repr(error), traceback.format_exc()))
            return
        connection.send(_Ready())
        while True:
            task, deadline = connection.recv()
            try:
                written = writer.write(task, deadline)
            except Exception as error:
                connection.send(_Failed(repr(error), traceback.format_exc()))
                return
            connection.send(written)


def _end_with_the_service() -> None:
    """Also a killed service leaves no process behind, not even a hung one."""
    service = multiprocessing.parent_process()
    if service is not None:
        service.join()
        os._exit(1)
