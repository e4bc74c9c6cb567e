"""What is measured of every frame, cheaply: light, contrast, sharpness, grain, colour, and a small picture.

All is taken of the picture in the network's input size, which is at hand when a frame is judged, in less than
half a millisecond at 256 x 256 px.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

THUMBNAIL_PX: Final = 128
"""Longest side of the small picture."""
SURROUND_SHARE: Final = 1 / 16
"""Width of the frame's border that is taken for the part's surround, as a share of the side."""
_GRAIN_MASK: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Blind to edges and slopes, not to noise. J. Immerkær, Fast Noise Variance Estimation, CVIU 64(2), 1996."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameStatistics:
    """Statistics of one frame. A change of exposure moves the first one only.

    Attributes:
        brightness: mean luma, 0..255.
        contrast: standard deviation of luma / `brightness`.
        sharpness: standard deviation of luma's Laplacian / standard deviation of luma.
        grain: mean size of what no neighbour explains: noise and fine texture, on the scale of luma.
        red: ln of mean red / mean green.
        blue: ln of mean blue / mean green.
        surround_brightness: mean luma of the frame's border, 0..255.
        surround_red: `red` of the border.
        surround_blue: `blue` of the border.
        thumbnail: luma, uint8 `[h, w]`, no side above `THUMBNAIL_PX`.
    """

    brightness: float
    contrast: float
    sharpness: float
    grain: float
    red: float
    blue: float
    surround_brightness: float
    surround_red: float
    surround_blue: float
    thumbnail: NDArray[np.uint8]


def frame_statistics(resized: NDArray[np.uint8]) -> FrameStatistics:
    """Measure a frame.

    Args:
        resized: the frame in the network's input size, uint8 `[H, W, 3]` RGB.
    """
    luma = cv2.cvtColor(resized, cv2.COLOR_RGB2GRAY)
    means, deviations = cv2.meanStdDev(luma)
    mean, deviation = float(means[0, 0]), float(deviations[0, 0])
    _, edges = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    # cv2.absdiff with 0 would saturate nothing here: 16 bits hold 16 times a pixel's range.
    grain = cv2.norm(cv2.filter2D(luma, cv2.CV_16S, _GRAIN_MASK), cv2.NORM_L1) / luma.size
    height, width = min(luma.shape[0], THUMBNAIL_PX), min(luma.shape[1], THUMBNAIL_PX)
    small = cv2.resize(resized, (width, height), interpolation=cv2.INTER_AREA)
    red, green, blue, _ = cv2.mean(small)
    border = cv2.mean(small, _border(height, width))
    return FrameStatistics(
        brightness=mean,
        contrast=deviation / (mean + 1),
        sharpness=float(edges[0, 0]) / (deviation + 1),
        grain=float(grain),
        red=_log_ratio(red, green),
        blue=_log_ratio(blue, green),
        surround_brightness=0.299 * border[0] + 0.587 * border[1] + 0.114 * border[2],
        surround_red=_log_ratio(border[0], border[1]),
        surround_blue=_log_ratio(border[2], border[1]),
        thumbnail=np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8),
    )


def surround_width(side_px: int) -> int:
    """Pixels of a side that the border takes, at each end."""
    return max(1, round(SURROUND_SHARE * side_px))


@lru_cache(maxsize=16)
def _border(height: int, width: int) -> NDArray[np.uint8]:
    mask = np.ones((height, width), np.uint8)
    rows, columns = surround_width(height), surround_width(width)
    mask[rows:-rows, columns:-columns] = 0
    return mask


def _log_ratio(value: float, other: float) -> float:
    return float(np.log((value + 1) / (other + 1)))
