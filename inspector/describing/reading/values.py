"""What a sentence says, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspector.describing.words import Contrast, Position, Shape, Size


class Presence(StrEnum):
    """What a sentence says about whether there is a defect."""

    DEFECT = "a defect"
    NO_DEFECT = "no defect"
    UNSURE = "unsure"
    """It says that the picture cannot be judged."""
    BOTH = "a defect and no defect"
    NOT_SAID = "not said"


@dataclass(frozen=True, slots=True)
class Count:
    """How many: from `least` to `most`; `most` is None for "several", "many"."""

    least: int
    most: int | None

    def __str__(self) -> str:
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.least == self.most else f"both {self.most} and {self.least}"

    def allows(self, number: int) -> bool:
        """Whether a number lies between the two ends."""
        return self.least <= number and (self.most is None or number <= self.most)

    def plus(self, other: Count) -> Count:
        """Both together."""
        most = None if self.most is None or other.most is None else self.most + other.most
        return Count(self.least + other.least, most)

    def both(self, other: Count) -> Count:
        """What fits both; `least` exceeds `most` where nothing does."""
        ends = [end for end in (self.most, other.most) if end is not None]
        return Count(max(self.least, other.least), min(ends, default=None))


class Unit(StrEnum):
    """What an amount measures."""

    PERCENT = "%"
    MM = "mm"
    MM2 = "mm²"


class Bound(StrEnum):
    """Whether an amount is meant as it is, or as a limit."""

    ABOUT = "about"
    LESS = "less than"
    MORE = "more than"


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with a unit, such as "less than 0.1 %"."""

    value: float
    unit: Unit
    bound: Bound = Bound.ABOUT

    def __str__(self) -> str:
        return f"{self.bound} {self.value:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Mention:
    """One defect, or several alike, as a sentence describes it. What it does not say is empty.

    Attributes:
        count: how many are meant.
        kinds: kinds it is called; "unknown" where the sentence says that the kind is not known. Words like
            "defect" or "mark" are no kinds.
        positions: cells that are named.
        sizes: size words.
        shapes: shape words.
        contrasts: contrast words.
        amounts: percentages and millimetres.
    """

    count: Count
    kinds: tuple[str, ...]
    positions: tuple[Position, ...]
    sizes: tuple[Size, ...]
    shapes: tuple[Shape, ...]
    contrasts: tuple[Contrast, ...]
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """What a sentence says.

    Attributes:
        presence: whether there is a defect.
        count: number of defects; None where no defect is described.
        mentions: the defects that are described, in the sentence's order.
        denied_kinds: kinds that it says are not there, "not a crack".
        unread: claims that no fact can confirm: named colours, numbers of nothing, foreign letters.
    """

    presence: Presence
    count: Count | None
    mentions: tuple[Mention, ...]
    denied_kinds: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def positions(self) -> tuple[Position, ...]:
        """Every named cell, in the sentence's order."""
        return tuple(position for mention in self.mentions for position in mention.positions)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every named kind, in the sentence's order."""
        return tuple(kind for mention in self.mentions for kind in mention.kinds)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Every size word, in the sentence's order."""
        return tuple(size for mention in self.mentions for size in mention.sizes)

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """Every contrast word, in the sentence's order."""
        return tuple(contrast for mention in self.mentions for contrast in mention.contrasts)

    @property
    def amounts(self) -> tuple[Amount, ...]:
        """Every percentage and every number of millimetres, in the sentence's order."""
        return tuple(amount for mention in self.mentions for amount in mention.amounts)
