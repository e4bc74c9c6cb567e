"""The most alike place on a good part: what a region of a frame should have looked like.

The image-image decoder measures a patch by its distance to the nearest patch of normal pictures. A reviewer
sees the same comparison in pixels: the region beside the window of a good part that differs least from it,
searched around the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.frames import resize

SURROUND: Final = 0.5
"""What is shown around a region, as a share of its longer side."""
SMALLEST_SHARE: Final = 1 / 6
"""A window is at least this share of the frame's longer side: less says nothing to an eye."""
SEARCH_SHARE: Final = 0.08
"""Parts lie this far beside each other at most, as a share of the frame's longer side."""
_COMPARED_PX: Final = 48

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class NearestNormal:
    """A region and its like.

    Attributes:
        here: window around the region, uint8 `[h, w, 3]` RGB.
        normal: the window of a good part that differs least, uint8 `[h, w, 3]` RGB.
        difference: mean absolute difference of both, 0..255.
    """

    here: Image
    normal: Image
    difference: float


def nearest_normal(
    frame: Image, box_px: tuple[int, int, int, int], normals: Sequence[Image]
) -> NearestNormal | None:
    """Find the place of a good part that is most alike to a region.

    Args:
        frame: uint8 `[H, W, 3]` RGB.
        box_px: x, y, width and height of the region.
        normals: good parts, uint8 RGB, of any size; they are brought to the frame's.

    Returns:
        None where there is no good part.
    """
    height, width = frame.shape[:2]
    left, top, right, bottom = _window(box_px, height, width)
    here = frame[top:bottom, left:right]
    reach = round(SEARCH_SHARE * max(height, width))
    rows = slice(max(0, top - reach), min(height, bottom + reach))
    columns = slice(max(0, left - reach), min(width, right + reach))
    # Compared small: it is quick, and does not depend on noise.
    factor = min(1.0, _COMPARED_PX / max(here.shape[:2]))
    small = _scaled(here, factor)
    best: NearestNormal | None = None
    for normal in normals:
        same = normal if normal.shape == frame.shape else resize(normal, height, width)
        area = same[rows, columns]
        scores = cv2.matchTemplate(_scaled(area, factor), small, cv2.TM_SQDIFF)
        row, column = divmod(int(scores.argmin()), scores.shape[1])
        down = min(round(row / factor), area.shape[0] - here.shape[0])
        across = min(round(column / factor), area.shape[1] - here.shape[1])
        like = area[down : down + here.shape[0], across : across + here.shape[1]]
        difference = float(np.abs(_scaled(like, factor).astype(np.int16) - small).mean())
        if best is None or difference < best.difference:
            best = NearestNormal(here, like, difference)
    return best


def _window(box_px: tuple[int, int, int, int], height: int, width: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a square around a box, moved into the frame."""
    x, y, box_width, box_height = box_px
    longest = max(height, width)
    side = round(max((1 + SURROUND) * max(box_width, box_height), SMALLEST_SHARE * longest))
    across, down = min(side, width), min(side, height)
    left = min(max(0, round(x + box_width / 2 - across / 2)), width - across)
    top = min(max(0, round(y + box_height / 2 - down / 2)), height - down)
    return left, top, left + across, top + down


def _scaled(image: Image, factor: float) -> Image:
    if factor >= 1:
        return image
    height, width = image.shape[:2]
    return resize(image, max(1, round(height * factor)), max(1, round(width * factor)))
