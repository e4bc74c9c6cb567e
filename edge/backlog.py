"""Frames taken from the broker and not yet recorded: the first few in memory, the rest in files.

Holding frames back is the broker's work: it shall send an MQTT 5 client no more than its receive maximum
ahead of the acknowledgements, and most brokers have such a window for MQTT 3.1.1 too (mosquitto: 20). But an
MQTT 3.1.1 client cannot ask for one, and mosquitto 2.0.11 lets the window slip once the first acknowledgement
has come (its issue 2301: 31 frames were seen ahead of a receive maximum of 4). When more frames come than
were asked for, two things must not happen. The network thread must not wait for room: it also answers for the
keep-alive, and leaving the socket unread hides the broker's ping response behind the frames, so that the
connection would be given up in the very moment it is busiest. And memory must not grow with the broker's
queue. So what does not fit into memory goes to a file, a matter of milliseconds, unacknowledged like the
rest. The files need no sync and are worthless after a crash: the broker delivers their frames again.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from edge.sources import Source

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One message as it arrived, not yet acknowledged.

    Attributes:
        number: counts the deliveries of this process, so that each can be told from all others.
        topic: frame topic it was published on, or would have been.
        payload: its bytes, or the file they wait in.
        properties: MQTT 5 user properties; the first of each name.
        message_id: the broker's packet identifier; 0 where there is none.
        arrived_at: UTC time of arrival.
        started: `time.perf_counter()` of arrival.
        source: where it came from, and where its acknowledgement goes.
    """

    number: int
    topic: str
    payload: bytes | Path = field(repr=False)
    properties: Mapping[str, str]
    message_id: int
    arrived_at: datetime
    started: float
    source: Source = field(repr=False)

    def read(self) -> bytes:
        """The message's bytes.

        Raises:
            OSError: they wait in a file that cannot be read.
        """
        return self.payload.read_bytes() if isinstance(self.payload, Path) else self.payload

    def discard(self) -> None:
        """Remove the file the bytes waited in, if there is one."""
        if isinstance(self.payload, Path):
            self.payload.unlink(missing_ok=True)


class Backlog:
    """A queue between the network thread and the worker; the one who puts never waits.

    Args:
        size: frames held in memory.
        spool: existing folder for the frames beyond; its files from before a crash are removed.
    """

    def __init__(self, size: int, spool: Path) -> None:
        self._size, self._spool = size, spool
        self._numbers = itertools.count()
        self._entries: deque[Delivery] = deque()
        self._in_memory = 0
        self._changed = threading.Condition()
        for leftover in spool.iterdir():
            leftover.unlink()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_full(self) -> bool:
        """Whether the next frame goes to a file."""
        return self._in_memory >= self._size

    def put(self, delivery: Delivery) -> None:
        """Append a delivery whose payload is bytes. Any thread may put; the network thread never waits."""
        if self.is_full:
            delivery = self._spooled(delivery)
        with self._changed:
            self._in_memory += isinstance(delivery.payload, bytes)
            self._entries.append(delivery)
            self._changed.notify()

    def take(self, timeout_s: float) -> Delivery | None:
        """Remove and return the oldest delivery; None when none came in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._entries, timeout_s):
                return None
            delivery = self._entries.popleft()
            self._in_memory -= isinstance(delivery.payload, bytes)
            return delivery

    def put_back(self, delivery: Delivery) -> None:
        """Put a delivery first again: it was taken and not finished."""
        with self._changed:
            self._entries.appendleft(delivery)
            self._in_memory += isinstance(delivery.payload, bytes)
            self._changed.notify()

    def _spooled(self, delivery: Delivery) -> Delivery:
        path = self._spool / str(next(self._numbers))
        try:
            path.write_bytes(delivery.read())
        except OSError as error:
            # Full memory ends the process, a full disk does not: but a frame in hand is never let go.
            path.unlink(missing_ok=True)
            log.warning(
                "frame stays in memory",
                why=f"{path} cannot be written ({error.strerror})",
                remedy="Free space on the disk of edge.data_dir",
            )
            return delivery
        return replace(delivery, payload=path)
