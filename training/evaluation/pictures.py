"""Small pictures for a report: the part, its true defect and what the model saw, as data URIs."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.frames import encode_jpeg, resize
from inspector.inspecting import Inspector, anomaly_map_in_frame
from inspector.overlay import overlay
from inspector.regions import Region
from training.evaluation.dataset import read_mask
from training.evaluation.evaluating import ScoredSample, inspect_sample

LONGER_SIDE_PX = 280
JPEG_QUALITY = 82
TRUTH_RGB = (0, 200, 255)
"""Colour of the true defect's outline: seen on dark and on bright parts."""


@dataclass(frozen=True, slots=True)
class Card:
    """One part in the report.

    Attributes:
        name: path of the picture below the dataset.
        kind: kind of defect, or `good`.
        score: its score.
        verdict: what the bundle decided.
        reason: why, as one clause.
        part: data URI of the picture with the true defect outlined.
        heat: data URI of the picture with the model's heat map.
        width: width of both pictures in pixels.
        height: height of both pictures in pixels.
        outlined: whether there is a mask.
    """

    name: str
    kind: str
    score: float
    verdict: str
    reason: str
    part: str
    heat: str
    width: int
    height: int
    outlined: bool


def card(inspector: Inspector, scored: ScoredSample) -> Card:
    """Inspect a picture once more and draw its card; maps of whole test sets are not kept in memory.

    Raises:
        FrameError: the picture cannot be read any more.
        DatasetError: its mask cannot be read any more.
    """
    sample = scored.sample
    inspection, frame = inspect_sample(inspector, sample)
    rows, columns = frame.image.shape[:2]
    scale = min(1.0, LONGER_SIDE_PX / max(rows, columns))
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    small = resize(frame.image, height, width)
    small_map = cv2.resize(anomaly_map_in_frame(inspection), (width, height), interpolation=cv2.INTER_AREA)
    regions = [_scaled(region, width / columns, height / rows) for region in inspection.regions]
    pixel_limit = inspector.bundle.manifest.limits.pixel
    heat = overlay(small, np.asarray(small_map, np.float32), pixel_limit, regions)
    outlined = sample.mask_path is not None
    if sample.mask_path is not None:
        small = _outlined(small, read_mask(sample.mask_path, rows, columns))
    return Card(
        name=sample.name,
        kind=sample.kind,
        score=scored.score,
        verdict=scored.verdict.value,
        reason=scored.reason,
        part=_data_uri(small),
        heat=_data_uri(heat),
        width=width,
        height=height,
        outlined=outlined,
    )


def _outlined(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    # A small mask would vanish when it shrinks; enlarged, the line runs around the defect and not on it.
    coverage = cv2.resize(mask.astype(np.float32), image.shape[1::-1], interpolation=cv2.INTER_AREA)
    around = cv2.dilate((coverage > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(around, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(image.copy(), outlines, -1, TRUTH_RGB, 1), np.uint8)


def _scaled(region: Region, across: float, down: float) -> Region:
    x, y, width, height = region.box_px
    box = (round(x * across), round(y * down), max(1, round(width * across)), max(1, round(height * down)))
    return replace(region, box_px=box)


def _data_uri(image: NDArray[np.uint8]) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(image, JPEG_QUALITY)).decode()
