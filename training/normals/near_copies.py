"""Pictures that are nearly copies of others: saved again, scaled, or of the very same part.

They are told of, not left out: the promise behind a limit counts pictures as if each were of another part.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FINGERPRINT_PX = 64
DETAIL_PX = 4.0
"""Of the Gaussian that is taken away from the fingerprint: light and shading do not count."""
SAME = 0.9985
"""Correlation of fingerprints from which on pictures are nearly copies. Saved again at JPEG quality 50 or
with more noise, pictures of a bottle keep 0.9994; the two bottles that are most alike have 0.997."""


def find_near_copies(frames: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Pairs (earlier, later): each later picture that is nearly a copy, with the first that it is like.

    A perceptual hash with its bits not yet taken: all pictures of one product agree in a hash of 64 bits, so
    fine detail is compared instead.

    Args:
        frames: uint8 [N, H, W, 3].
    """
    prints = np.stack([_fingerprint(frame) for frame in frames])
    found = []
    for later in range(1, len(prints)):
        likeness = prints[:later] @ prints[later]
        if likeness.max() >= SAME:
            found.append((int(likeness.argmax()), later))
    return found


def _fingerprint(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Unit vector of a picture's fine detail."""
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    size = (FINGERPRINT_PX, FINGERPRINT_PX)
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = (small - cv2.GaussianBlur(small, (0, 0), DETAIL_PX)).ravel()
    return np.asarray(detail / (np.linalg.norm(detail) + 1e-6), np.float32)
