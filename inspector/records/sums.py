"""What is added up over a span of time, as values: which frames are chosen, and the sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inspector.records.values import Decision, with_zone
from inspector.results import Verdict


@dataclass(frozen=True, slots=True)
class Choice:
    """The frames that are added up.

    Attributes:
        since: only those inspected at this time or later.
        until: only those inspected before this time.
        lines: only these lines; all when empty.
        products: only these products; all when empty.

    Raises:
        ValueError: a time has no time zone, or the span has no length.
    """

    since: datetime
    until: datetime
    lines: tuple[str, ...] = ()
    products: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if with_zone(self.since) >= with_zone(self.until):
            raise ValueError(f"the span from {self.since} until {self.until} has no length")


@dataclass(frozen=True, slots=True)
class IntervalCount:
    """How many frames of a part of the span got a verdict; `interval` 0 is the first one."""

    interval: int
    verdict: Verdict
    frames: int


@dataclass(frozen=True, slots=True)
class DecisionCount:
    """How many frames with a verdict have a latest review that says this; None: they have no review."""

    line: str
    product: str
    verdict: Verdict
    decision: Decision | None
    frames: int


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many rejects show a kind of defect.

    Attributes:
        kind: that of the worst region; None where it was not named.
        frames: rejected frames.
        false_rejects: those among them that the latest review calls good.
    """

    kind: str | None
    frames: int
    false_rejects: int


@dataclass(frozen=True, slots=True)
class ModelUse:
    """How long a bundle judged in the span, on one line.

    Attributes:
        line: where.
        product: of which.
        version: content hash of the bundle.
        frames: that it judged.
        first: time of the first one, UTC.
        last: time of the last one, UTC.
    """

    line: str
    product: str
    version: str
    frames: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A frame that another bundle judged than the frame before, of the same camera, box and product.

    Attributes:
        at: time of the frame, UTC.
        line: where.
        camera: where.
        product: of which.
        before: version until then.
        after: version since then.
    """

    at: datetime
    line: str
    camera: str
    product: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from encoded bytes to the verdict, by nearest rank: each is a time that was measured."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
