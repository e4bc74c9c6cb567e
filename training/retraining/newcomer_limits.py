"""Limits of a product that has learned new normals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.bundle import Limits
from inspector.limits import conformal_limit, promised_rate
from training.calibrating import limits_of, suspected_of
from training.learning import Learned


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Which of the normals are new, and what is known of them.

    Attributes:
        is_new: bool [N].
        confirmed: places of new normals that a person has confirmed to be good.
        chosen: places of new normals that were chosen for their scores, such as false rejects.
    """

    is_new: NDArray[np.bool_]
    confirmed: Sequence[int] = ()
    chosen: Sequence[int] = ()

    @property
    def is_sample(self) -> NDArray[np.bool_]:
        """[N]: new, and chosen by nothing but chance; the next frames look like these."""
        sample = self.is_new.copy()
        sample[list(self.chosen)] = False
        return sample


def limits_with_newcomers(learned: Learned, newcomers: Newcomers, rate: float) -> Limits:
    """Limits that hold for all normals, and for the new ones on their own.

    The next frames look like the new normals. A limit from all of them together would let the many earlier
    ones outvote the few that matter. False rejects that were reviewed are no such sample: they were chosen
    because they score high, and a limit from them would let every defect pass. They are remembered, and have
    no part in the limit.

    Args:
        learned: with held-out scores in the order of `newcomers`.
        newcomers: which of the normals are new.
        rate: share of good parts that may be rejected.
    """
    confirmed = [place for place in newcomers.confirmed if place not in newcomers.chosen]
    limits = limits_of(learned, len(newcomers.is_new), rate, confirmed, newcomers.chosen)
    scores = learned.choice.ranking.normal_scores
    counted = newcomers.is_sample
    if len(scores) != len(counted):
        return limits
    counted[suspected_of(learned, confirmed)] = False
    sample = scores[counted]
    if not len(sample):
        return limits
    own = conformal_limit(sample, promised_rate(len(sample), rate))
    if own <= limits.reject:
        return limits
    return limits.model_copy(
        update={"reject": own, "method": f"{limits.method}; raised to that of {len(sample)} new normals"}
    )
