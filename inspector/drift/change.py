"""Has the mean of a stream of numbers changed? Asked of river's ADWIN, which remembers the stable past.

A. Bifet and R. Gavaldà, Learning from Time-Changing Data with Adaptive Windowing, SDM 2007.

`river.drift` brings 150 modules and scipy.stats along, some 100 MB of memory. The detector itself is compiled
and stands alone, so it is taken where it is, and by the front door should it move; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

DELTA: Final = 1e-2
"""ADWIN's confidence; docs/drift.md says what it costs and brings."""
GAIN: Final = 3.0
"""What standardised numbers are multiplied with. ADWIN's bound has a part for numbers of a range of 1, which
slows it down, beside the one for their variance: with a wider range the variance decides."""


class ChangeDetector:
    """Watches one stream against what is known to be stable. Deterministic; not safe from several threads.

    Args:
        known: numbers of the stable time. They stand before the stream, and again after a change was told.
        gain: factor on all numbers.
    """

    def __init__(self, known: Sequence[float], gain: float = GAIN) -> None:
        self._known, self._gain = [float(value) for value in known], gain
        self._adwin = self._primed()

    def update(self, value: float) -> bool:
        """Take the next number; whether the mean has changed."""
        if self._adwin.update(self._gain * float(value)):
            self._adwin = self._primed()
            return True
        return False

    def _primed(self) -> Any:
        adwin = _new_adwin()
        for value in self._known:
            adwin.update(self._gain * value)
        return adwin


def _new_adwin() -> Any:
    settings: dict[str, Any] = {
        "delta": DELTA,
        "clock": 1,
        "max_buckets": 5,
        "min_window_length": 5,
        "grace_period": 10,
    }
    try:
        from river._river_rust.drift import AdaptiveWindowing  # noqa: PLC0415 - only where drift is watched
    except ImportError:
        return FrontDoor(settings)
    return AdaptiveWindowing(**settings)


class FrontDoor:
    """The same by river's public name.

    Args:
        settings: of `river.drift.ADWIN`.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        from river.drift import ADWIN  # noqa: PLC0415 - heavy, and only where it is needed

        self._detector: Any = ADWIN(**settings)  # type: ignore[no-untyped-call]

    def update(self, value: float) -> bool:
        """Take the next number; whether the mean has changed."""
        self._detector.update(value)
        return bool(self._detector.drift_detected)
