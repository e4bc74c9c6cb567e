"""Drawn frames with a defect each, their maps, and their inspections, for tests of describing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.frames import Frame
from inspector.inspecting import Inspector, regions_of_reject
from inspector.regions import Region
from inspector.results import Inspection, Verdict
from tests.tiny_bundle import CREATED_AT, PART_SIZE_PX, tiny_part


def tiny_frame(seed: int = 1, defect: bool = True) -> Frame:
    """A frame of the tiny bundle's product."""
    return Frame(tiny_part(seed, defect), f"frame-{seed}", CREATED_AT)


def with_map(
    inspector: Inspector, frame: Frame, anomaly_map: NDArray[np.float32], verdict: Verdict = Verdict.REJECT
) -> Inspection:
    """What an inspection of the frame would be if the network had seen this map."""
    enlarged = cv2.resize(anomaly_map, frame.image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    regions: tuple[Region, ...] = ()
    if verdict == Verdict.REJECT and np.isfinite(enlarged).all():
        regions = regions_of_reject(np.asarray(enlarged, np.float32), inspector.bundle.manifest.limits.pixel)
    return replace(
        inspector.inspect(frame),
        verdict=verdict,
        regions=regions,
        anomaly_map=anomaly_map,
        decoder_maps=None if verdict != Verdict.REJECT else np.stack([anomaly_map, anomaly_map]),
    )


def line_on_grey(
    row: int, *, colour: int = 40, side: int = 2 * PART_SIZE_PX
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A grey picture with a thin level line that begins left of the middle, and the map of it."""
    grain = np.random.default_rng(row).normal(0, 2, (side, side, 1))
    image = np.clip(128 + grain.repeat(3, 2), 0, 255).astype(np.uint8)
    cv2.line(image, (side // 4, row), (side // 2, row + 4), (colour,) * 3, 2)
    anomaly_map = np.zeros((side, side), np.float32)
    cv2.line(anomaly_map, (side // 4, row), (side // 2, row + 4), 5.0, 6)
    return image, np.asarray(cv2.GaussianBlur(anomaly_map, (0, 0), 4), np.float32)
