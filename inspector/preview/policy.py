"""When a candidate may become active by itself, and what a person has to answer for otherwise.

Three things must hold: the golden frames are judged as they are known to be, no confirmed defect that is
caught today slips through tomorrow, and good parts are rejected no more often than the target says.
"""

from __future__ import annotations

import math
from typing import Final

from inspector.bundle import Limits
from inspector.limits import normals_needed, promised_rate
from inspector.preview.comparing import Compared, Comparison, Truth
from inspector.results import Verdict

CONFIDENCE: Final = 0.95
MOST_NAMES: Final = 3
_HALVINGS = 50


def reasons_against(comparison: Comparison, limits: Limits) -> tuple[str, ...]:
    """Why a candidate should not become active, one clause each; empty where nothing speaks against it.

    Args:
        comparison: it beside the active bundle, on golden frames and on stored ones with operators' reviews.
        limits: the candidate's.
    """
    return tuple(
        reason
        for reason in (_golden(comparison), _new_misses(comparison), _false_rejects(comparison, limits))
        if reason
    )


def false_reject_bound(rejected: int, good: int) -> float:
    """The rate of which `rejected` of `good` parts are proof, with 95 % confidence.

    The lower end of the exact one-sided interval (Clopper & Pearson, Biometrika 26, 1934): the rate at which
    so many or more are seen once in twenty times.
    """
    if rejected == 0:
        return 0.0
    low, high = 0.0, rejected / good
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _at_least(rejected, good, middle) > 1 - CONFIDENCE else (middle, high)
    return low


def _at_least(rejected: int, good: int, rate: float) -> float:
    """Probability of `rejected` or more of `good`, each at a rate inside (0, 1)."""
    return 1 - math.fsum(
        math.exp(
            math.lgamma(good + 1)
            - math.lgamma(number + 1)
            - math.lgamma(good - number + 1)
            + number * math.log(rate)
            + (good - number) * math.log1p(-rate)
        )
        for number in range(rejected)
    )


def _golden(comparison: Comparison) -> str | None:
    wrong = [
        one
        for one in comparison.frames
        if one.trial.origin.startswith("golden")
        and (
            (one.trial.truth is Truth.GOOD and one.after.verdict is Verdict.REJECT)
            or (one.trial.truth is Truth.DEFECTIVE and one.after.verdict is Verdict.PASS)
        )
    ]
    return f"{_named(wrong, 'golden frames')} judged wrongly" if wrong else None


def _new_misses(comparison: Comparison) -> str | None:
    missed = [
        one
        for one in comparison.known(Truth.DEFECTIVE)
        if one.before.verdict is Verdict.REJECT
        and one.after.verdict is not Verdict.REJECT
        and not one.trial.origin.startswith("golden")
    ]
    return f"{_named(missed, 'confirmed defects')} would no longer be rejected" if missed else None


def _false_rejects(comparison: Comparison, limits: Limits) -> str | None:
    target = limits.false_reject_rate
    good = comparison.known(Truth.GOOD)
    rejected = [one for one in good if one.after.verdict is Verdict.REJECT]
    least = false_reject_bound(len(rejected), len(good))
    if least > target:
        return (
            f"{len(rejected)} of {len(good)} good parts would be rejected, at least {100 * least:.1f} %"
            f" with 95 % confidence, and the target is {100 * target:g} %"
        )
    promised = promised_rate(limits.normals, target)
    if limits.normals and promised > target:
        more = normals_needed(target) - limits.normals
        return (
            f"its limit can promise {100 * promised:.1f} % false rejects, not {100 * target:g} %:"
            f" it needs {more} more normals"
        )
    return None


def _named(frames: list[Compared], what: str) -> str:
    names = ", ".join(one.trial.name for one in frames[:MOST_NAMES])
    more = f" and {len(frames) - MOST_NAMES} more" if len(frames) > MOST_NAMES else ""
    return f"{len(frames)} {what} ({names}{more})"
