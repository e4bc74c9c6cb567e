"""The gate: before a bundle judges parts, its golden frames are replayed on the very engine it will use."""

from __future__ import annotations

import math
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

from inspector.bundle import GoldenFrame
from inspector.errors import InspectorError
from inspector.frames import Frame, read_frame
from inspector.inspecting import Inspector
from inspector.results import Inspection, Verdict

TIMED_RUNS: Final = 7
"""Single frames that are timed, at least; their median is the latency, so that one hiccup refuses nothing."""
MOST_REASONS: Final = 5
"""So many frames are named in a refusal; the others are counted."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a golden frame's score may lie from the known one: `absolute + relative * |known|`.

    Scores are in units of the spread of normal frames, so that both terms matter. The figures:

    =========  ========  ========  =====================================================================
    precision  absolute  relative  why
    =========  ========  ========  =====================================================================
    fp32       0.001     0.002     another order of additions, other kernels, TF32 in matrix products
    fp16       0.02      0.02      half precision keeps 11 bits; distances to the memory add up errors
    int8       0.1       0.1       8 bits a weight; calibrated on normals, defects may leave their range
    =========  ========  ========  =====================================================================

    Attributes:
        precision: name of the row.
        absolute: in units of the score.
        relative: share of the known score.
    """

    precision: str
    absolute: float
    relative: float

    @classmethod
    def for_engine(cls, name: str, precision: str | None = None) -> Tolerance:
        """The tolerance of an engine.

        Args:
            name: the engine's own name; a reduced precision is a word in it, as in ``tensorrt:fp16``.
            precision: of the engine, where it is known: ``fp32``, ``fp16`` or ``int8``.

        Raises:
            ValueError: there is no such precision.
        """
        if precision is None:
            words = re.split(r"[^a-z0-9]+", name.lower())
            # The coarsest decides: an int8 engine may fall back to fp16 in some layers.
            precision = next((word for word in ("int8", "fp16") if word in words), "fp32")
        for tolerance in TOLERANCES:
            if tolerance.precision == precision.lower():
                return tolerance
        raise ValueError(f"no precision is called {precision!r}")

    def allowed(self, score: float) -> float:
        """Largest difference from a known score."""
        return self.absolute + self.relative * abs(score)


TOLERANCES: Final = (
    Tolerance("fp32", 0.001, 0.002),
    Tolerance("fp16", 0.02, 0.02),
    Tolerance("int8", 0.1, 0.1),
)


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate found.

    Attributes:
        engine: name of the engine that ran.
        frames: golden frames that were replayed.
        reasons: why the bundle is refused, one clause each; empty where it passed.
        largest_deviation: largest difference of a score from the known one; infinite where none was computed.
        latency_ms: median from a decoded frame to its verdict, alone; None where nothing could be timed.
        budget_ms: what it may be; None: anything.
        tolerance: what scores were held to.
    """

    engine: str
    frames: int
    reasons: tuple[str, ...]
    largest_deviation: float
    latency_ms: float | None
    budget_ms: float | None
    tolerance: Tolerance

    @property
    def passed(self) -> bool:
        """Whether the bundle may judge parts on this engine."""
        return not self.reasons

    @property
    def why(self) -> str:
        """The reasons as one clause; the first ones, where there are many."""
        shown = "; ".join(self.reasons[:MOST_REASONS])
        more = len(self.reasons) - MOST_REASONS
        return f"{shown}; and {more} more" if more > 0 else shown


def check_bundle(
    inspector: Inspector,
    *,
    tolerance: Tolerance,
    budget_ms: float | None,
    largest_batch: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> GateReport:
    """Replay a bundle's golden frames, each alone and all in batches, and time it.

    The bundle's own limits decide, whatever limits the inspector has: golden verdicts were made with them. No
    failure of the engine is raised: it is a reason.

    Args:
        inspector: the bundle on the engine that it will use.
        tolerance: see `Tolerance.for_engine`.
        budget_ms: longest median time of one frame in milliseconds; None: no check.
        largest_batch: frames of the largest batch that it will be given; with 1 there are no batches.
        clock: seconds, for the timing.
    """
    checked = inspector.with_limits(None)
    golden = checked.bundle.manifest.golden
    reasons, deviations, latency_ms = [], [], None
    if not golden:
        reasons.append("it has no golden frames, so that nobody can know whether its scores are right here")
    if not math.isfinite(checked.limits.reject) or not math.isfinite(checked.limits.pixel):
        reasons.append(f"its limits are no numbers ({checked.limits.reject}, {checked.limits.pixel})")
    if not reasons:
        try:
            replay = _replay(checked, largest_batch, clock)
        except InspectorError as error:
            reasons.append(f"{error.what}: {error.why}" if error.why else error.what)
        else:
            found = [_compare(*one, checked, tolerance) for one in replay.seen]
            deviations = [deviation for deviation, _ in found]
            reasons += [reason for _, reason in found if reason]
            latency_ms = statistics.median(replay.times_ms)
            if budget_ms is not None and latency_ms > budget_ms:
                reasons.append(f"a frame takes {latency_ms:.1f} ms, the budget is {budget_ms:g} ms")
    return GateReport(
        engine=checked.engine.name,
        frames=len(golden),
        reasons=tuple(reasons),
        largest_deviation=max(deviations, default=math.inf),
        latency_ms=latency_ms,
        budget_ms=budget_ms,
        tolerance=tolerance,
    )


@dataclass(frozen=True, slots=True)
class _Replay:
    """What was seen.

    Attributes:
        seen: a golden frame, how it was run, in words, and what came out.
        times_ms: of single frames.
    """

    seen: list[tuple[GoldenFrame, str, Inspection]]
    times_ms: list[float]


def _replay(inspector: Inspector, largest_batch: int, clock: Callable[[], float]) -> _Replay:
    """Run all golden frames alone and, where there are batches, in full ones.

    Few frames are in memory at a time: golden frames are stored as captured, and may be large.
    """
    golden = inspector.bundle.manifest.golden
    replay = _Replay([], [])

    def timed(frame: Frame) -> Inspection:
        started = clock()
        inspection = inspector.inspect(frame)
        replay.times_ms.append(1000 * (clock() - started))
        return inspection

    for start in range(0, len(golden), largest_batch):
        # The last batch is filled up with frames from the start.
        batch = list(islice(cycle(golden), start, start + largest_batch))
        frames = [read_frame(inspector.bundle.path / known.file) for known in batch]
        if start == 0:
            inspector.inspect(frames[0])  # the first pass allocates and chooses kernels
        for known, frame in zip(batch[: len(golden) - start], frames, strict=False):
            replay.seen.append((known, "", timed(frame)))
        if largest_batch > 1:
            how = f" in a batch of {largest_batch}"
            together = inspector.inspect_batch(frames)
            replay.seen.extend((known, how, seen) for known, seen in zip(batch, together, strict=True))
    for _ in range(len(replay.times_ms), TIMED_RUNS):
        timed(frames[0])
    return replay


def _compare(
    known: GoldenFrame, how: str, seen: Inspection, inspector: Inspector, tolerance: Tolerance
) -> tuple[float, str]:
    """Deviation of a frame's score, and what is wrong with the frame; empty where nothing is."""
    deviation, limit = abs(seen.score - known.score), inspector.limits.reject
    allowed = tolerance.allowed(known.score)
    reason = ""
    # Not "greater": a known score that is no number must not pass.
    if not deviation <= allowed:
        reason = (
            f"{known.file} scores {seen.score:.6g}{how} instead of {known.score:.6g}, more than"
            f" {allowed:.2g} apart ({tolerance.precision})"
        )
    elif seen.verdict is not known.verdict:
        reason = f"{known.file} is {_verdict(seen)}{how} instead of {known.verdict}"
        if abs(known.score - limit) <= allowed:
            reason += f", for its known score {known.score:.6g} is on the limit {limit:.6g}"
    return (deviation if math.isfinite(deviation) else math.inf), reason


def _verdict(seen: Inspection) -> str:
    return f"{seen.verdict} ({seen.reason})" if seen.verdict is Verdict.UNSURE else str(seen.verdict)
