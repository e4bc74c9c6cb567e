"""Rejects get a sentence, after their verdict and beside the line's work.

The worker that judges offers each recorded reject and goes on. A thread takes the newest first, measures it
and lets the language model's process write; where that is absent, slow or dead, the template's sentence
stands when the deadline comes. What the box could not describe before it died, it describes when it is back.
"""

from __future__ import annotations

import math
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final

import structlog

from edge.backoff import Backoff
from edge.measuring import Measured, Measuring
from edge.stations import Station
from edge.telling import Telling
from edge.waiting import Reject, Waiting
from edge.writer_process import Sentence, State, WriterLoader, WriterProcess
from inspector.describing.words import Source
from inspector.errors import RecordsError
from inspector.messages import CameraTopic
from inspector.records import Destination, Records, StoredDescription, StoredInspection
from inspector.results import Inspection
from inspector.settings import Settings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

CATCH_UP_SPAN: Final = timedelta(days=1)
CATCH_UP_FRAMES: Final = 100
FINISH_S: Final = 3.0
"""How long a stopping service measures; what is left then is described by what its record knows."""
STOP_S: Final = 15.0
_LARGEST_MARGIN_S: Final = 0.5
"""The language model is given so much less time, for the way back."""
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 60.0


class Describing:
    """Describes a box's rejects in a thread of its own.

    Args:
        settings: all settings.
        stations: what stands ready for each camera.
        records: where descriptions are stored.
        data_dir: the box's data folder.
        destinations: who shall be told of descriptions.
        notify: called when something new waits in the outbox.
        described: told of each sentence that is stored: what wrote it.
        now: the box's clock, UTC.
        chance: source of randomness for waits.
        load: loads what writes, inside the process for it; None: templates only.
    """

    def __init__(
        self,
        settings: Settings,
        stations: Mapping[CameraTopic, Station],
        records: Records,
        data_dir: Path,
        *,
        destinations: Collection[Destination],
        notify: Callable[[], None],
        described: Callable[[Source], None],
        now: Callable[[], datetime],
        chance: random.Random,
        load: WriterLoader | None,
    ) -> None:
        self._settings, self._box = settings.describing, settings.edge.box
        self._records, self._now = records, now
        self._measuring = Measuring(settings.describing, stations, data_dir)
        self._stopping = threading.Event()
        self._telling = Telling(
            records, destinations, notify, described, stopping=self._stopping, chance=chance
        )
        self._waiting = Waiting(settings.describing.queue_size)
        self._writer = None if load is None else WriterProcess(settings.describing, load, chance)
        self._margin_s = min(_LARGEST_MARGIN_S, settings.describing.deadline_s / 10)
        self._in_hand: tuple[Reject, Measured] | None = None
        self._earlier: deque[StoredInspection] = deque()
        self._catch_up_at, self._frames = 0.0, CATCH_UP_FRAMES
        self._backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S, chance)
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="describing", daemon=True)

    @property
    def counts(self) -> dict[Source, int]:
        """Descriptions that were stored since the start, by what wrote them."""
        return self._telling.counts

    def start(self) -> None:
        """Begin, with the rejects that an earlier run has left without a sentence."""
        self._thread.start()

    def offer(self, record: StoredInspection, inspection: Inspection) -> None:
        """Let a recorded reject be described. Returns at once, and never raises.

        Args:
            record: as it is stored.
            inspection: what was seen in the frame.
        """
        deadline = time.monotonic() + self._settings.deadline_s
        self._waiting.put(Reject(record, inspection, deadline))
        self._notify()

    def stop(self) -> None:
        """Describe what waits by templates, and end. No reject may be offered any more."""
        self._stopping.set()
        self._notify()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
            if self._thread.is_alive():
                why, remedy = f"it took more than {STOP_S:g} s", "They are described at the next start"
                log.warning("rejects are left without a sentence", why=why, remedy=remedy)
        if self._writer is not None:
            self._writer.end()
        self._woken.close()
        self._wake.close()

    def _notify(self) -> None:
        with suppress(OSError):  # full of earlier notes
            self._wake.send(b"!")

    def _run(self) -> None:
        if self._writer is not None:
            self._writer.start()
        while not self._stopping.is_set():
            try:
                if not self._step():
                    self._wait()
            except Exception:  # one reject must not end the descriptions of all others
                log.exception("descriptions have stumbled")
                self._stopping.wait(1)
        self._finish()

    def _step(self) -> bool:
        """Do the next thing that can be done now; False when there is none."""
        sentence = None if self._writer is None else self._writer.look()
        if self._in_hand is not None and self._await_in_hand(sentence):
            return True
        horizon = self._horizon()
        if (due := self._waiting.take_due(horizon)) is not None:
            self._describe(due, self._measuring.measure(due))
            return True
        if self._in_hand is not None:
            return False
        if self._state is State.READY and (reject := self._waiting.take_newest()) is not None:
            self._let_write(reject)
            return True
        return not self._waiting and self._catch_up(horizon)

    def _horizon(self) -> float:
        """Rejects whose deadline is before this time cannot wait for the language model."""
        if self._writer is None or self._state is State.ABSENT:
            return math.inf
        now = time.monotonic() + self._lead_s()
        return max(now, self._writer.until or now) if self._state is State.RESTING else now

    def _lead_s(self) -> float:
        """Time that a sentence needs: a task that there is less for would only end in a killed process."""
        took_s = 0.0 if self._writer is None else self._writer.took_s
        return max(self._margin_s, min(took_s, self._settings.deadline_s / 2))

    @property
    def _state(self) -> State:
        return State.ABSENT if self._writer is None else self._writer.state

    def _let_write(self, reject: Reject) -> None:
        measured = self._measuring.measure(reject)
        if measured.task is None or self._writer is None:
            self._describe(reject, measured)
            return
        self._in_hand = reject, measured
        self._writer.give(measured.task, reject.deadline - self._margin_s)

    def _await_in_hand(self, sentence: Sentence | None) -> bool:
        """Finish the reject that the language model writes about, where that is done, dead or late."""
        assert self._in_hand is not None  # noqa: S101 - for the type checker
        assert self._writer is not None  # noqa: S101
        reject, measured = self._in_hand
        if sentence is None and self._state is State.WRITING:
            if time.monotonic() < reject.deadline:
                return False
            self._writer.give_up()
        self._in_hand = None
        self._describe(reject, measured, sentence)
        return True

    def _catch_up(self, horizon: float) -> bool:
        """Describe one reject that was left without a sentence; False when none can be described now."""
        if forgotten := self._waiting.take_forgotten():
            self._frames = max(CATCH_UP_FRAMES, forgotten)
            self._catch_up_at = 0.0
        if not self._earlier and time.monotonic() >= self._catch_up_at:
            self._look_for_earlier()
        deadline = time.monotonic() + self._settings.deadline_s
        comes_too_late = deadline <= horizon
        if not self._earlier or not (comes_too_late or self._state is State.READY):
            return False
        reject = Reject(self._earlier.popleft(), None, deadline)
        if comes_too_late:
            self._describe(reject, self._measuring.measure(reject))
        else:
            self._let_write(reject)
        return True

    def _look_for_earlier(self) -> None:
        try:
            since = self._now() - CATCH_UP_SPAN
            self._earlier.extend(self._records.undescribed_rejects(self._box, since, self._frames))
        except RecordsError as error:
            wait_s = self._backoff.next_s()
            self._catch_up_at = time.monotonic() + wait_s
            log.warning("earlier rejects cannot be read", why=str(error), again_in_s=round(wait_s, 1))
            return
        self._catch_up_at = math.inf
        if self._earlier:
            log.info("rejects without a sentence are described now", frames=len(self._earlier))

    def _wait(self) -> None:
        """Wait for a reject, for the language model, or for the next moment that brings something to do."""
        moments = [self._catch_up_at] if self._catch_up_at > time.monotonic() else []
        if (deadline := self._waiting.next_deadline()) is not None:
            moments.append(deadline - self._lead_s())
        if self._in_hand is not None:
            moments.append(self._in_hand[0].deadline)
        sources: list[socket.socket | Connection] = [self._woken]
        if self._writer is not None:
            if self._writer.until is not None:
                moments.append(self._writer.until)
            if self._writer.connection is not None:
                sources.append(self._writer.connection)
        first = min(moments, default=math.inf)
        wait(sources, None if math.isinf(first) else max(0.0, first - time.monotonic()))
        with suppress(BlockingIOError):
            self._woken.recv(4096)

    def _finish(self) -> None:
        """Describe everything that waits without the language model."""
        if self._writer is not None:
            self._writer.end()
        until = time.monotonic() + FINISH_S
        in_hand, self._in_hand = self._in_hand, None
        told = in_hand is None or self._describe(*in_hand)
        while told and (reject := self._waiting.take_due(math.inf)) is not None:
            measure = time.monotonic() < until
            measured = self._measuring.measure(reject) if measure else self._measuring.recall(reject.record)
            told = self._describe(reject, measured)
        left = len(self._waiting) + (not told) + self._waiting.take_forgotten() + len(self._earlier)
        if left:
            remedy = "They are described at the next start"
            log.warning("rejects are left without a sentence", frames=left, remedy=remedy)

    def _describe(self, reject: Reject, measured: Measured, sentence: Sentence | None = None) -> bool:
        """Store a description, to be told; False when the service ends before it could be stored."""
        now = self._now()
        description = StoredDescription(
            sentence=measured.sentence if sentence is None else sentence.sentence,
            source=Source.TEMPLATE if sentence is None else sentence.source,
            language=self._settings.language,
            defects=measured.defects,
            seconds=max(0.0, (now - reject.record.inspected_at).total_seconds()),
            described_at=now,
            rejected_sentence=None if sentence is None else sentence.rejected_sentence,
            facts=measured.facts,
        )
        return self._telling.tell(reject.record, description)
