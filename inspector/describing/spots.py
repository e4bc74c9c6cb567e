"""The most different spot of a region: what is left of it at half its height.

A limit taken from the surroundings lets a surface's stripes run into a defect; half of the defect's own
height does not.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.describing.own_pixels import OwnPixels
from inspector.describing.pixels import Mask
from inspector.describing.shape import elongation, slenderness, solidity

SPOT_CUES = (
    "spot elongation",
    "spot slenderness",
    "spot solidity",
    "spot area",
    "spot area in core",
    "spots",
    "spot lightness",
    "darker than surroundings'",
    "brighter than surroundings'",
    *(
        f"{name} spot {cue}"
        for name in ("dark", "bright")
        for cue in ("elongation", "slenderness", "solidity", "area")
    ),
)
HALF = 0.5
_MOST_SPOTS = 10


def outline_cues(mask: Mask) -> tuple[float, float, float]:
    """Logarithms of elongation and slenderness, and solidity; neutral below four pixels."""
    if mask.sum() < 4:  # noqa: PLR2004 - no shape
        return 0.0, 0.0, 1.0
    return float(np.log(elongation(mask))), float(np.log(max(slenderness(mask), 0.1))), solidity(mask)


def measure_spots(lab: NDArray[np.float32], core: Mask, found: OwnPixels) -> tuple[float, ...]:
    """The cues `SPOT_CUES` of a region.

    Args:
        lab: float32 `[h, w, 3]`, the frame in CIELAB at working size.
        core: bool `[h, w]`, at least one pixel.
        found: the region's own pixels.
    """
    spot, count = _spot(np.where(found.near, found.difference, 0))
    # Grain of one pixel is no defect.
    lightness = cv2.GaussianBlur(lab[..., 0], (0, 0), 0.7) - found.usual[0]
    near, ring = lightness[found.near], lightness[found.ring]
    cues = [
        *outline_cues(spot),
        _log_area(spot, spot.size),
        _log_area(spot, float(core.sum())),
        min(count, _MOST_SPOTS) / 5,
        float(lab[..., 0][spot].mean() - found.usual[0]) / 20,
        float(near.min() - np.percentile(ring, 2)) / 20,
        float(near.max() - np.percentile(ring, 98)) / 20,
    ]
    for sign in (-1, 1):
        spot, _ = _spot(np.where(found.near, sign * lightness, 0))
        cues += [*outline_cues(spot), _log_area(spot, spot.size)]
    return tuple(cues)


def _spot(height: NDArray[np.floating]) -> tuple[Mask, int]:
    """The piece around the highest pixel that is at least half as high, and how many such there are."""
    peak = int(height.argmax())
    top = max(float(height.ravel()[peak]), 1e-3)
    count, labels = cv2.connectedComponents((height >= HALF * top).astype(np.uint8), connectivity=8)
    return np.asarray(labels == labels.ravel()[peak]), count - 1


def _log_area(mask: Mask, whole: float) -> float:
    return float(np.log((mask.sum() + 1) / whole))
