"""Which published messages the broker has not confirmed yet."""

from __future__ import annotations

import threading


class Unconfirmed:
    """Identifiers of published messages that the broker has not confirmed.

    paho may confirm from its own thread before `publish` has returned the identifier, and its locks forbid to
    hold one of ours meanwhile: so confirmations that come first are remembered.
    """

    def __init__(self) -> None:
        self._waiting: set[int] = set()
        self._early: set[int] = set()
        self._changed = threading.Condition()

    @property
    def count(self) -> int:
        """How many are waited for."""
        return len(self._waiting)

    def add(self, message_id: int) -> None:
        """Wait for a message that was published."""
        with self._changed:
            if message_id in self._early:
                self._early.remove(message_id)
            else:
                self._waiting.add(message_id)

    def discard(self, message_id: int) -> None:
        """The broker has confirmed a message."""
        with self._changed:
            if message_id in self._waiting:
                self._waiting.remove(message_id)
                self._changed.notify_all()
            else:
                self._early.add(message_id)

    def clear(self) -> None:
        """Wait for none of them any more."""
        with self._changed:
            self._waiting.clear()
            self._early.clear()
            self._changed.notify_all()

    def wait(self, allowed: int, timeout_s: float) -> bool:
        """Wait until at most `allowed` are not confirmed; whether it came so within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._waiting) <= allowed, timeout_s)
