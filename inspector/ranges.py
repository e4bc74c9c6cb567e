"""What a product's pictures usually measure, as ranges that a manifest keeps.

Light enough for the command line: no picture is touched here, `inspector.quality` measures them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

FEW = 10
"""Below so many values their spread says little: the margin then grows, to three times for a single one."""
TOLERATED_SHARE = 0.25
"""Of the margin, around pictures that must be judged too: the next one like them is a little different."""


class Range(BaseModel):
    """A figure of the product's pictures: what was seen, and what is still taken for one of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float = Field(title="Lowest", description="A picture below it is not judged")
    high: float = Field(title="Highest", description="A picture above it is not judged")
    seen_low: float = Field(title="Lowest seen")
    seen_high: float = Field(title="Highest seen")

    @classmethod
    def by_factor(cls, values: Sequence[float], least: float, tolerated: Sequence[float] = ()) -> Self:
        """The range of positive figures, whose margin is a factor.

        A new picture like n others lies outside what they measured with probability 2 / (n + 1), whatever
        the distribution. Beyond that, half of their spread (as a logarithm) is left on either side, and at
        least a factor: rare is not unusable.

        Args:
            values: of normals, all above zero.
            least: smallest factor on either side, above 1.
            tolerated: values of pictures that must be judged too, such as those with painted defects.
        """
        logs = [math.log(value) for value in values]
        margin = max((max(logs) - min(logs)) / 2, math.log(least)) * _fewness(len(logs))
        low, high = math.exp(min(logs) - margin), math.exp(max(logs) + margin)
        room = math.exp(TOLERATED_SHARE * margin)
        more = [limit for value in tolerated for limit in (value / room, value * room)]
        return cls._holding(low, high, values, more)

    @classmethod
    def by_step(cls, values: Sequence[float], least: float, tolerated: Sequence[float] = ()) -> Self:
        """The same for figures whose margin is a step, such as shares.

        Args:
            values: of normals.
            least: smallest step on either side.
            tolerated: see `by_factor`.
        """
        margin = max((max(values) - min(values)) / 2, least) * _fewness(len(values))
        room = TOLERATED_SHARE * margin
        more = [limit for value in tolerated for limit in (value - room, value + room)]
        return cls._holding(min(values) - margin, max(values) + margin, values, more)

    @classmethod
    def _holding(cls, low: float, high: float, values: Sequence[float], tolerated: Sequence[float]) -> Self:
        return cls(
            low=min([low, *tolerated]),
            high=max([high, *tolerated]),
            seen_low=min(values),
            seen_high=max(values),
        )


class FrameRanges(BaseModel):
    """Ranges of everything that says whether a frame can be judged; see `inspector.quality.FrameLook`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sharpness: Range
    brightness: Range
    white: Range
    black: Range
    aspect: Range = Field(title="Width / height", description="As captured")
    side: Range = Field(title="Smallest side", description="As captured, in sides of the network's input")


def _fewness(count: int) -> float:
    return 1.0 if count >= FEW else 1 + 2 * (FEW - count) / (count * (FEW - 1))
