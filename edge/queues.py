"""A queue between two stages: bounded in items and in bytes, so that a slow stage holds up the one before."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class BoundedQueue(Generic[Item]):
    """A first-in, first-out queue for several threads.

    Args:
        size: items that may wait.
        bytes_limit: bytes that may wait; a single item beyond it is let in when the queue is empty.
        weigh: bytes of an item; without it, only `size` counts.
    """

    def __init__(
        self, size: int, *, bytes_limit: int | None = None, weigh: Callable[[Item], int] | None = None
    ) -> None:
        self._size, self._bytes_limit = size, bytes_limit
        self._weigh = weigh if bytes_limit is not None else None
        self._items: deque[tuple[Item, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._items)

    def oldest(self) -> Item | None:
        """What will be taken next, left where it is; None where nothing waits."""
        with self._changed:
            return self._items[0][0] if self._items else None

    def put(self, item: Item, timeout_s: float) -> bool:
        """Append an item when there is room; False when there was none in time."""
        weight = 0 if self._weigh is None else self._weigh(item)
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_room(weight), timeout_s):
                return False
            self._items.append((item, weight))
            self._bytes += weight
            self._changed.notify_all()
            return True

    def put_back(self, items: Iterable[Item]) -> None:
        """Put items first again, whatever the bounds say: they were taken and not finished."""
        with self._changed:
            for item in reversed(list(items)):
                weight = 0 if self._weigh is None else self._weigh(item)
                self._items.appendleft((item, weight))
                self._bytes += weight
            self._changed.notify_all()

    def take(self, most: int, timeout_s: float) -> list[Item]:
        """Remove and return the oldest items, at most so many; empty when none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._items, timeout_s)
            taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._bytes -= sum(weight for _, weight in taken)
            self._changed.notify_all()
            return [item for item, _ in taken]

    def _has_room(self, weight: int) -> bool:
        if len(self._items) >= self._size:
            return False
        return not self._items or self._bytes_limit is None or self._bytes + weight <= self._bytes_limit
