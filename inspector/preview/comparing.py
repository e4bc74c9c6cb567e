"""The same frames judged by the active bundle and by a candidate: which verdicts flip, and which way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from inspector.errors import InspectorError
from inspector.frames import Frame
from inspector.inspecting import Inspector
from inspector.results import Inspection, Verdict


class Truth(StrEnum):
    """What is known of a frame apart from what bundles say."""

    UNKNOWN = "unknown"
    GOOD = "good"
    """A golden good part, or one that an operator has called a false reject."""
    DEFECTIVE = "defective"
    """A golden painted defect, or one that an operator has confirmed or found missed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A frame to be judged by both.

    Attributes:
        name: frame id, or file.
        origin: where it comes from, such as `golden` or `stored`.
        truth: what is known of it.
        read: decodes it; called once, so that a thousand frames need the memory of one.
    """

    name: str
    origin: str
    truth: Truth
    read: Callable[[], Frame]


@dataclass(frozen=True, slots=True)
class Compared:
    """A frame that was judged by both.

    Attributes:
        trial: the frame.
        before: by the active bundle; map and embedding are not kept.
        after: by the candidate.
    """

    trial: Trial
    before: Judgement
    after: Judgement

    @property
    def is_flip(self) -> bool:
        """The verdicts differ."""
        return self.before.verdict is not self.after.verdict

    @property
    def direction(self) -> str:
        """Such as `pass -> reject`."""
        return f"{self.before.verdict.value} -> {self.after.verdict.value}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One bundle's view of a frame.

    Attributes:
        verdict: what was decided.
        score: the frame's score.
        limit: what it was compared with.
        reason: why, as one clause.
    """

    verdict: Verdict
    score: float
    limit: float
    reason: str

    @classmethod
    def of(cls, inspection: Inspection) -> Judgement:
        """Without map and embedding."""
        return cls(inspection.verdict, inspection.score, inspection.limit, inspection.reason)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A candidate beside the active bundle.

    Attributes:
        product: of both.
        active: version of the active bundle.
        candidate: version of the candidate.
        frames: all that both have judged, in their order.
        unreadable: name and reason of each frame that could not be judged by both.
    """

    product: str
    active: str
    candidate: str
    frames: tuple[Compared, ...]
    unreadable: tuple[tuple[str, str], ...]

    @property
    def flips(self) -> tuple[Compared, ...]:
        """Frames whose verdicts differ; those that matter most first: misses, then false rejects."""
        order = {"reject -> pass": 0, "reject -> unsure": 1, "pass -> reject": 2}
        flips = [one for one in self.frames if one.is_flip]
        return tuple(sorted(flips, key=lambda one: (order.get(one.direction, 3), -one.after.score)))

    def directions(self) -> Counter[str]:
        """Flips by direction."""
        return Counter(one.direction for one in self.flips)

    def known(self, truth: Truth) -> tuple[Compared, ...]:
        """Frames of which this is known."""
        return tuple(one for one in self.frames if one.trial.truth is truth)


def compare(
    active: Inspector,
    candidate: Inspector,
    trials: Iterable[Trial],
    on_frame: Callable[[], None] = lambda: None,
) -> Comparison:
    """Judge frames by both bundles, one after the other.

    Args:
        active: judges at present.
        candidate: may judge next.
        trials: the frames.
        on_frame: told after each.

    Raises:
        ValueError: the bundles are of different products.
    """
    product = active.bundle.product
    if candidate.bundle.product != product:
        raise ValueError(f"{candidate.bundle.product} is not compared with {product}")
    frames, unreadable = [], []
    for trial in trials:
        try:
            frame = trial.read()
            before, after = (Judgement.of(one.inspect(frame)) for one in (active, candidate))
            frames.append(Compared(trial, before, after))
        except InspectorError as error:
            unreadable.append((trial.name, str(error)))
        on_frame()
    return Comparison(
        product, active.bundle.version, candidate.bundle.version, tuple(frames), tuple(unreadable)
    )
