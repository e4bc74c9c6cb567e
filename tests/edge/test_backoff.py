# ruff: noqa: S311 - chance spreads waits, it keeps no secret
from __future__ import annotations

import random

from edge.backoff import Backoff


def test_waits_grow_up_to_the_longest_one_and_start_again_after_a_success() -> None:
    backoff = Backoff(1, 8, random.Random(3))
    bounds = [1, 2, 4, 8, 8, 8]
    for bound in bounds:
        assert bound / 2 <= backoff.next_s() <= bound
    backoff.reset()
    assert backoff.next_s() <= 1


def test_two_boxes_do_not_wait_equally_long() -> None:
    one, other = (Backoff(1, 30, random.Random(seed)) for seed in (1, 2))
    assert one.next_s() != other.next_s()
