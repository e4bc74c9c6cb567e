"""The anomaly map drawn on the frame: a heat map where it is abnormal, and the outlines of the regions."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.regions import Region

MAX_OPACITY = 0.5
"""Opacity of the hottest heat, so that the part stays visible beneath."""
OUTLINE_RGB = (255, 0, 200)
OUTLINE_SHARE = 1 / 256
"""Thickness of an outline as a share of the frame's longer side; at least one pixel."""


def overlay(
    image: NDArray[np.uint8],
    anomaly_map: NDArray[np.float32],
    limit: float,
    regions: Sequence[Region] = (),
    opacity: float = MAX_OPACITY,
) -> NDArray[np.uint8]:
    """Blend a heat map on a frame.

    Heat is on the absolute scale of the limit, so that a good frame stays as it is: it begins half-way from
    the map's median to the limit. It is full at the map's peak, or as far above the limit as the median lies
    below it, whichever is higher.

    Args:
        image: the frame, uint8 `[H, W, 3]` RGB.
        anomaly_map: float32 `[H, W]`, from `inspector.inspecting.anomaly_map_in_frame`.
        limit: the bundle's pixel limit; places above it are outlined.
        regions: their boxes are drawn, which also shows a region whose pixels are all below the limit.
        opacity: of the hottest heat, 0..1.

    Returns:
        uint8 `[H, W, 3]` RGB, a new array.

    Raises:
        ValueError: the map does not have the frame's size.
    """
    if anomaly_map.shape != image.shape[:2]:
        raise ValueError(
            f"the map is {list(anomaly_map.shape)} and the frame {list(image.shape[:2])};"
            " bring it to the frame's size with anomaly_map_in_frame"
        )
    heat = _heat(anomaly_map, limit)
    colours = cv2.applyColorMap(np.asarray(255 * heat, dtype=np.uint8), cv2.COLORMAP_TURBO)
    share = np.float32(opacity) * heat
    blended = cv2.blendLinear(image, cv2.cvtColor(colours, cv2.COLOR_BGR2RGB), 1 - share, share)
    thickness = max(1, round(max(image.shape[:2]) * OUTLINE_SHARE))
    above = (anomaly_map > limit).astype(np.uint8)
    outlines, _ = cv2.findContours(above, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(blended, outlines, -1, OUTLINE_RGB, thickness)
    for region in regions:
        x, y, width, height = region.box_px
        cv2.rectangle(blended, (x, y), (x + width - 1, y + height - 1), OUTLINE_RGB, thickness)
    return np.asarray(blended, dtype=np.uint8)


def _heat(anomaly_map: NDArray[np.float32], limit: float) -> NDArray[np.float32]:
    """How hot each pixel is, float32 `[H, W]`, 0..1."""
    median = float(np.median(anomaly_map))
    # A frame that is abnormal all over has its median above the limit; the limit itself is the scale then.
    reach = limit - median if median < limit else max(abs(limit), 1e-6)
    coldest, hottest = limit - reach / 2, max(limit + reach, float(anomaly_map.max()))
    heat = np.clip((anomaly_map - coldest) / (hottest - coldest), 0, 1)
    return np.asarray(heat, dtype=np.float32)
