"""How far a picture is moved against a mean picture: to a fraction of a pixel, by one product of matrices.

A picture that is moved a little and lit a little differently is, to first order, a sum of the mean picture, a
constant and the mean picture's two slopes (one step of B. Lucas and T. Kanade, An Iterative Image
Registration Technique, 1981). The weights of least squares are a fixed matrix, so a frame costs one product.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

BLUR_PX: Final = 1.5
"""Sigma of the smoothing before: moves of about twice as much are still measured, if too short."""
EDGE_PX: Final = 4
"""What is left out at each side: there, a moved picture shows what the mean does not know."""
LEAST_LIKENESS: Final = 0.8
"""Correlation of the usual frame with the mean of the others, from which on a place can be told: parts that
are put in the same place have 0.9 and more, textures and loose parts less."""


class Registration:
    """Measures the move of pictures against the mean of some.

    Args:
        mean: mean luma of pictures of good parts, float32 `[h, w]`, at least 16 px a side.
    """

    def __init__(self, mean: NDArray[np.float32]) -> None:
        smooth = _smooth(mean)
        slope_x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
        slope_y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
        columns = [
            _inside(np.asarray(part, np.float32)).ravel()
            for part in (smooth, np.ones_like(smooth), slope_x, slope_y)
        ]
        self._weights = np.linalg.pinv(np.stack(columns, axis=1).astype(np.float64)).astype(np.float32)

    def move(self, picture: NDArray[np.uint8]) -> tuple[float, float]:
        """How far a picture `[h, w]` is moved right and down, in its own pixels."""
        gain, _, x, y = self._weights @ _inside(_smooth(picture.astype(np.float32))).ravel()
        if gain <= 0:
            return 0.0, 0.0  # nothing like the mean picture, or its negative
        return float(-x / gain), float(-y / gain)


def likeness(pictures: NDArray[np.uint8]) -> float:
    """Median correlation of each picture `[n, h, w]` with the mean of the others, n >= 2."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    total = flat.sum(axis=0)
    found = []
    for picture in flat:
        others = (total - picture) / (len(flat) - 1)
        if picture.std() > 0 and others.std() > 0:
            found.append(float(np.corrcoef(picture, others)[0, 1]))
    return float(np.median(found)) if found else 0.0


def _smooth(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), BLUR_PX), np.float32)


def _inside(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(picture[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX], np.float32)
