"""What the service did since it started."""

from __future__ import annotations

import statistics
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from edge.storing import Stored
from inspector.describing.words import Source
from inspector.results import Verdict

_LATENCIES = 10_000  # the median is over so many last frames: a service runs for months


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts since the start.

    Attributes:
        frames: deliveries that were stored.
        verdicts: new records by verdict.
        quarantined: deliveries in quarantine, by code; those of configured cameras are `unsure` as well.
        duplicates: deliveries whose frame was recorded before.
        dropped: QoS 0 frames for which there was no room.
        described: rejects that got a sentence, by what wrote it; earlier rejects may be among them.
        median_latency_ms: from arrival to verdict, over the last 10,000 new records; None before the first.
    """

    frames: int
    verdicts: dict[Verdict, int]
    quarantined: dict[str, int]
    duplicates: int
    dropped: int
    described: dict[Source, int]
    median_latency_ms: float | None

    def facts(self) -> dict[str, object]:
        """The counts by name, ready for JSON."""
        median = self.median_latency_ms
        return {
            "frames": self.frames,
            **{verdict.value: count for verdict, count in self.verdicts.items()},
            "quarantined": sum(self.quarantined.values()),
            "quarantined_by_code": self.quarantined,
            "duplicates": self.duplicates,
            "dropped": self.dropped,
            "described": sum(self.described.values()),
            "described_by": {source.value: count for source, count in self.described.items()},
            "median_latency_ms": None if median is None else round(median, 2),
        }


class Tally:
    """Counts what became of deliveries."""

    def __init__(self) -> None:
        self._frames = self._duplicates = 0
        self._verdicts: Counter[Verdict] = Counter()
        self._quarantined: Counter[str] = Counter()
        self._latencies_ms: deque[float] = deque(maxlen=_LATENCIES)

    def add(self, stored: Stored) -> None:
        """Count one delivery."""
        self._frames += 1
        if stored.fault is not None:
            self._quarantined[str(stored.fault)] += 1
        if stored.is_duplicate:
            self._duplicates += 1
        elif stored.record is not None:
            self._verdicts[stored.record.verdict] += 1
            self._latencies_ms.append(stored.record.latency_ms)

    def summary(self, *, dropped: int, described: Mapping[Source, int]) -> Summary:
        """The counts so far."""
        return Summary(
            frames=self._frames,
            verdicts={verdict: self._verdicts[verdict] for verdict in Verdict},
            quarantined=dict(self._quarantined),
            duplicates=self._duplicates,
            dropped=dropped,
            described=dict(described),
            median_latency_ms=statistics.median(self._latencies_ms) if self._latencies_ms else None,
        )
