"""What goes wrong with real cameras, for the simulated one: uneven pace, bursts, repeats, broken frames."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_CUT_SHARE: Final = 0.5
_FLIPPED_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Disturbances:
    """How often what goes wrong. All zero is a perfect camera.

    Attributes:
        jitter: largest deviation of a frame's moment, as a share of the interval between frames, 0..1.
        burst: frames that come at the same moment; the mean rate stays.
        duplicates: share of frames that are sent twice, 0..1.
        broken: share of frames whose bytes are damaged, 0..1.
        seed: of all choices.
    """

    jitter: float = 0.0
    burst: int = 1
    duplicates: float = 0.0
    broken: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame as a camera sends it.

    Attributes:
        due: when, in intervals since the first frame.
        is_repeated: it is sent twice.
        damage: what happens to its bytes; None: nothing.
    """

    due: float
    is_repeated: bool
    damage: str | None


def shots(disturbances: Disturbances) -> Iterator[Shot]:
    """The frames of a camera, without end. The same seed gives the same ones."""
    chance = random.Random(disturbances.seed)  # noqa: S311 - keeps no secret
    number = 0
    while True:
        first = number - number % disturbances.burst
        moved = chance.uniform(-disturbances.jitter, disturbances.jitter) / 2
        yield Shot(
            due=max(0.0, first + moved),
            is_repeated=chance.random() < disturbances.duplicates,
            damage=chance.choice(sorted(DAMAGES)) if chance.random() < disturbances.broken else None,
        )
        number += 1


def damaged(data: bytes, damage: str) -> bytes:
    """A frame's bytes after something has happened to them.

    Args:
        data: encoded picture.
        damage: a key of `DAMAGES`.
    """
    return DAMAGES[damage](data)


def _flipped(data: bytes) -> bytes:
    chance = random.Random(len(data))  # noqa: S311
    flipped = bytearray(data)
    for _ in range(_FLIPPED_BITS if data else 0):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


DAMAGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "empty": lambda _: b"",
    "flipped": _flipped,
    "text": lambda _: b"<html><body>503 Service Unavailable</body></html>",
    "truncated": lambda data: data[: int(len(data) * _CUT_SHARE)],
}
"""What can happen to bytes on their way, by name."""
