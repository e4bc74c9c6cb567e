"""Answers kept for a while: the longer a question took, the longer its answer is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar

SHARE: Final = 0.1
"""Asking one question again and again takes at most this share of the time."""

T = TypeVar("T")


@dataclass(slots=True)
class _Question:
    lock: Lock = field(default_factory=Lock)
    answer: Any = None
    good_until: float = float("-inf")


class Thrifty:
    """Shares answers between visitors, so that neither their number nor the size of a database swamps it.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._questions: dict[Hashable, _Question] = {}

    def ask(self, key: Hashable, question: Callable[[], T], at_least_s: float) -> T:
        """The answer to a question, from memory while it is good.

        Visitors who ask the same at the same time wait for one answer. An error is passed on and not kept.

        Args:
            key: what is asked.
            question: finds the answer.
            at_least_s: seconds an answer is good for, however fast it came.
        """
        with self._lock:
            entry = self._questions.setdefault(key, _Question())
        with entry.lock:
            asked = self._clock()
            if asked >= entry.good_until:
                entry.answer = question()
                answered = self._clock()
                entry.good_until = answered + max(at_least_s, (answered - asked) / SHARE)
                self._forget_stale(answered)
            answer: T = entry.answer
            return answer

    def _forget_stale(self, now: float) -> None:
        with self._lock:
            for key in [key for key, entry in self._questions.items() if entry.good_until < now]:
                if not self._questions[key].lock.locked():
                    del self._questions[key]
