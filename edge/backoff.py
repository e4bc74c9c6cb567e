"""How long to wait before trying again."""

from __future__ import annotations

import random


class Backoff:
    """Waits that double up to a longest one, each shortened by chance.

    Chance keeps the boxes of a plant from returning all at the same moment after the broker or the database
    was away (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015; here each wait is
    drawn from the upper half, so that waits still grow).

    Args:
        first_s: upper bound of the first wait in seconds.
        longest_s: upper bound of every wait in seconds.
        chance: source of randomness.
    """

    def __init__(self, first_s: float, longest_s: float, chance: random.Random) -> None:
        self._first_s, self._longest_s, self._chance = first_s, longest_s, chance
        self._next_s = first_s

    def next_s(self) -> float:
        """Seconds to wait now; the next wait is longer."""
        bound, self._next_s = self._next_s, min(2 * self._next_s, self._longest_s)
        return bound * self._chance.uniform(0.5, 1)

    def reset(self) -> None:
        """It worked: begin with the first wait again."""
        self._next_s = self._first_s
