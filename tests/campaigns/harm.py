"""What is done to a box while frames flow, and when: decided by a seed before the first frame."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class Harm(StrEnum):
    """One kind of harm."""

    KILL = "kill -9"
    BROKER = "broker restarts"
    CENTRAL_GOES = "central goes"


@dataclass(frozen=True, order=True)
class Blow:
    """One harm.

    Attributes:
        frame: when so many frames were sent.
        delay_s: and so much later, so that it hits any moment of a frame's way.
        harm: what.
    """

    frame: int
    delay_s: float
    harm: Harm


def blows(*, frames: int, kills: int, broker_restarts: int, rate_per_s: float, seed: int) -> list[Blow]:
    """All harm in its order.

    Kills and restarts are spread over the whole load: it is cut into as many pieces of equal length, and each
    has one at a random moment. The central database goes away once, after two fifths.
    """
    chance = random.Random(seed)  # noqa: S311 - moments, no secret
    planned = [Blow(round(0.4 * frames), 0.0, Harm.CENTRAL_GOES)]
    for harm, number in ((Harm.KILL, kills), (Harm.BROKER, broker_restarts)):
        planned += [
            Blow(int(frames * (piece + chance.random()) / number), chance.random() / rate_per_s, harm)
            for piece in range(number)
        ]
    return sorted(planned)
