"""The watch over one camera, product and model version: frames in, an alarm out when they have changed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inspector.drift.causes import CLEAR, Cause, find_cause
from inspector.drift.change import ChangeDetector
from inspector.drift.channels import CHANNELS, COLUMN, WATCHED, What
from inspector.drift.observation import Observation
from inspector.drift.reference import DriftReference

LEARN_FRAMES: Final = 200
"""Passed frames that a reference is learned from where the bundle brings none."""
REMEMBERED: Final = 200
"""Frames that are kept for the change's beginning, and for the evidence."""
SETTLE: Final = 10
"""Frames after the first sign, in which the other figures may show what kind of change it is."""
KNOWN: Final = 400
"""Frames of the reference that each stream is compared with."""
DOUBT: Final = 30
"""Frames for which a sign is remembered whose change is not clear yet: the detector forgets it at once."""
CALM: Final = 100
"""Frames without a sign, after which an alarm is over."""
REJECTS_RISE: Final = 0.1
"""Share of rejects above the usual one that is worth an alarm by itself."""
EVIDENCE: Final = 6
_MARGIN: Final = 1.5
"""Standard errors that a mean since the beginning must keep from what is just worth telling."""
_CLIP: Final = 4.0


@dataclass(frozen=True, slots=True)
class Drift:
    """A change that was found.

    Attributes:
        cause: what changed.
        since: UTC time of the first changed frame, as far as can be told.
        detected_at: UTC time of the frame that made it certain.
        frames: frames from the change to the alarm.
        changed: every figure whose mean has changed.
        steps: `cause.what` in steps of its usual spread; NaN for rejects.
        before: ids of some frames from before the change, the newest last.
        after: ids of some frames since, those with kept pictures first.
    """

    cause: Cause
    since: datetime
    detected_at: datetime
    frames: int
    changed: tuple[What, ...]
    steps: float
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    frame_id: str
    at: datetime
    is_reject: bool
    has_picture: bool
    values: NDArray[np.float32]
    steps: NDArray[np.float32]


class DriftWatch:
    """Watches a stream of frames. Deterministic; used by one thread.

    Args:
        reference: what is usual; None: learn it from the first passed frames.
        first: what is compared with while learning; None: nothing is.
        learn_frames: passed frames to learn from.
        watches_rejects: all frames come, so that the share of rejects is one.
    """

    def __init__(
        self,
        reference: DriftReference | None,
        first: DriftReference | None = None,
        *,
        learn_frames: int = LEARN_FRAMES,
        watches_rejects: bool = True,
    ) -> None:
        self._learn_frames, self._watches_rejects = learn_frames, watches_rejects
        self._learned: list[Observation] = []
        self._rejected: deque[Observation] = deque(maxlen=learn_frames)
        self._judged = self._calm = 0
        self.is_held = False
        """A change was told and is not over: no other is told meanwhile."""
        self.reference: DriftReference | None = None
        """What frames are compared with now."""
        self.is_learning = reference is None
        if (start := reference or first) is not None:
            self._compare_with(start)

    def see(self, seen: Observation) -> Drift | None:
        """Take the next frame; a change that is certain now, told once."""
        if self.is_learning and not self.is_held and not seen.is_unsure:
            self._learn(seen)
        if self.reference is None:
            return None
        self._keep(seen, self.reference)
        if self.is_held:
            self._look_for_calm()
            return None
        if self._pending:
            self._settling -= 1
            return self._decide() if self._settling <= 0 else None
        return None

    def steps(self, frames: int = 50) -> dict[What, float]:
        """Each figure's mean over the last frames, in steps of its usual spread from the usual value."""
        if self.reference is None or not self._kept:
            return {}
        recent = [kept.steps for kept in list(self._kept)[-frames:]]
        means = _mean(np.stack(recent))
        found = {what: float(means[COLUMN[what]]) for what in What if what is not What.REJECTS}
        return {what: value for what, value in found.items() if np.isfinite(value)}

    def hold(self) -> None:
        """Tell of no change until this one is acknowledged or over."""
        self.is_held = True
        self._calm = 0
        self._forget_learned()

    def acknowledge(self, *, as_normal: bool) -> None:
        """Watch again: against the same reference, or against what comes from now on."""
        self.is_held = False
        if as_normal:
            self.is_learning, self.reference = True, None
            self._forget_learned()
        elif self.reference is not None:
            self._compare_with(self.reference)

    def _learn(self, seen: Observation) -> None:
        self._judged += 1
        (self._rejected if seen.is_reject else self._learned).append(seen)
        if len(self._learned) >= self._learn_frames:
            share = 1 - len(self._learned) / self._judged
            # Pictures of rejects are watched too, so they belong to what is usual.
            frames = [*self._learned, *self._rejected]
            learned = DriftReference.learn(frames, "box", reject_share=share)
            self.is_learning = False
            self._forget_learned()
            self._compare_with(learned)

    def _forget_learned(self) -> None:
        self._learned.clear()
        self._rejected.clear()
        self._judged = 0

    def _compare_with(self, reference: DriftReference) -> None:
        self.reference = reference
        # A reference of few frames is itself uncertain: within two of its standard errors nothing is told.
        self._clear = max(CLEAR, 4 / np.sqrt(len(reference.values)))
        # Pictures may be sorted, by lot for instance: that order is no change.
        order = np.random.default_rng(0).permutation(len(reference.values))[:KNOWN]
        known = np.clip(reference.standardised(reference.values[order]), -_CLIP, _CLIP)
        self._detectors = {
            column: ChangeDetector(known[np.isfinite(known[:, column]), column].tolist())
            for column in WATCHED
            if np.isfinite(reference.centre[column])
        }
        self._rejects = ChangeDetector([0.0] * (KNOWN // 4), gain=1.0) if self._watches_rejects else None
        self._kept: deque[_Kept] = deque(maxlen=REMEMBERED)
        self._pending: set[What] = set()
        self._settling = 0
        self._doubtful: dict[What, int] = {}

    def _keep(self, seen: Observation, reference: DriftReference) -> None:
        values = reference.values_of(seen)
        steps = reference.standardised(values)
        self._kept.append(
            _Kept(
                seen.frame_id,
                seen.at,
                seen.is_reject,
                seen.has_picture,
                values,
                np.clip(steps, -_CLIP, _CLIP),
            )
        )
        fired: set[What] = set()
        for column, detector in self._detectors.items():
            name = CHANNELS[column].name
            step = float(self._kept[-1].steps[column])
            if np.isfinite(step) and detector.update(step) and isinstance(name, What):
                fired.add(name)
        rejects = None if seen.is_unsure else self._rejects
        if rejects is not None and rejects.update(float(seen.is_reject)):
            fired.add(What.REJECTS)
        fired = self._clear_signs(fired)
        if fired and not self._pending:
            self._settling = SETTLE
        self._pending |= fired

    def _clear_signs(self, fired: set[What]) -> set[What]:
        """Figures with a sign, now or a little while ago, whose change anybody would want to know."""
        left = {what: frames - 1 for what, frames in self._doubtful.items() if frames > 1}
        self._doubtful = left | dict.fromkeys(fired, DOUBT)
        found = {what for what in self._doubtful if self._is_clear(what, self._beginning(what))}
        for what in found:
            del self._doubtful[what]
        return found

    def _decide(self) -> Drift | None:
        """After the first signs: what has changed, if it has stayed so."""
        assert self.reference is not None  # noqa: S101 - only called while comparing
        beginnings = {what: self._beginning(what) for what in self._pending}
        changed = tuple(
            what for what in What if what in beginnings and self._is_clear(what, beginnings[what])
        )
        if not changed:
            # Just below the line again: a few frames more may say.
            self._doubtful |= dict.fromkeys(self._pending, DOUBT)
        self._pending = set()
        if not changed:
            return None
        kept = list(self._kept)
        begin = min(beginnings[what] for what in changed)
        after = kept[begin:]
        # A change that creeps in shows most at its end.
        mean = _mean(np.stack([each.values for each in after[-max(SETTLE, len(after) // 2) :]]))
        cause = find_cause(self.reference, mean, _share(after), changed)
        steps = float("nan")
        if cause.what is not What.REJECTS:
            steps = float(self.reference.standardised(mean)[COLUMN[cause.what]])
        self.hold()
        return Drift(
            cause=cause,
            since=after[0].at,
            detected_at=after[-1].at,
            frames=len(after),
            changed=changed,
            steps=steps,
            before=_some(kept[:begin]),
            after=_some(after),
        )

    def _look_for_calm(self) -> None:
        """An alarm is over when frames are as usual again: somebody has cleaned the lens."""
        self._calm += 1
        if self._calm < CALM or self.reference is None:
            return
        recent = list(self._kept)[-CALM:]
        means = np.abs(list(self.steps(CALM).values()))
        is_usual = bool(np.all(means < self._clear))
        if is_usual and _share(recent) < self.reference.reject_share + REJECTS_RISE:
            self.acknowledge(as_normal=False)
        else:
            self._calm = CALM // 2

    def _beginning(self, what: What) -> int:
        """Where among the kept frames the mean of a figure is most likely to have changed."""
        series = self._series(what)
        level = series[-SETTLE:].mean() if len(series) else 0.0
        # The likelihood ratio of "changed at k" is a sum from k on: the best k has the largest.
        ratios = series * level - level**2 / 2
        sums = np.cumsum(ratios[::-1])[::-1]
        return int(np.argmax(sums)) if len(sums) else 0

    def _is_clear(self, what: What, begin: int) -> bool:
        """The mean since then is far enough from the usual one that anybody would want to know."""
        series = self._series(what)[begin:]
        mean = float(np.mean(series))
        if what is What.REJECTS:
            return mean * _reject_spread(self.reference) >= REJECTS_RISE
        # Parts that look more usual than usual are nobody's trouble.
        size = mean if what in (What.SCORE, What.EMBEDDING) else abs(mean)
        # The best of many beginnings flatters the mean behind it, the more so the fewer frames there are.
        return bool(size - _MARGIN / np.sqrt(len(series)) >= self._clear)

    def _series(self, what: What) -> NDArray[np.float64]:
        """A figure of the kept frames, standardised; the usual value where it is not known."""
        if what is What.REJECTS:
            usual = 0.0 if self.reference is None else self.reference.reject_share
            spread = _reject_spread(self.reference)
            return np.array([(kept.is_reject - usual) / spread for kept in self._kept])
        column = COLUMN[what]
        return np.nan_to_num(np.array([kept.steps[column] for kept in self._kept], np.float64))


def _reject_spread(reference: DriftReference | None) -> float:
    share = 0.0 if reference is None else reference.reject_share
    return max(float(np.sqrt(share * (1 - share))), 0.3)


def _share(kept: list[_Kept]) -> float:
    return sum(each.is_reject for each in kept) / len(kept)


def _mean(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of each column over what is known of it; NaN where nothing is."""
    known = np.isfinite(rows)
    sums = np.where(known, rows, 0).sum(axis=0)
    counts = known.sum(axis=0)
    return np.asarray(np.where(counts, sums / np.maximum(counts, 1), np.nan), np.float32)


def _some(kept: list[_Kept]) -> tuple[str, ...]:
    """A few frames that a person may look at, in their order; those with kept pictures rather than others."""
    chosen = sorted(range(len(kept)), key=lambda index: (not kept[index].has_picture, -index))[:EVIDENCE]
    return tuple(kept[index].frame_id for index in sorted(chosen))
