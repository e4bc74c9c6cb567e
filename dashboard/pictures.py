"""Pictures as the pages show them: the kept frame alone, under its overlay, or as a heat map."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.drawing import JPEG_QUALITY, enlarge, fit, overlaid
from dashboard.evidence import read_map, read_picture
from dashboard.language import N_, _
from inspector.errors import InspectorError
from inspector.frames import encode_jpeg
from inspector.overlay import MAX_OPACITY
from inspector.records import StoredInspection
from inspector.results import Verdict

COLOUR_MAP: Final = cv2.COLORMAP_INFERNO
"""Lightness rises evenly with the score, which also holds for colour-blind readers."""


class View(StrEnum):
    """What is drawn of a frame."""

    OVERLAY = N_("Overlay")
    PICTURE = N_("Picture")
    HEAT_MAP = N_("Heat map")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture ready for a page.

    Attributes:
        source: `data:` address of a JPEG.
        width_px: width of the JPEG.
        height_px: height of the JPEG.
        lowest: score that the heat map's darkest colour stands for; NaN for other views.
        highest: score of its brightest colour; NaN for other views.
    """

    source: str
    width_px: int
    height_px: int
    lowest: float = float("nan")
    highest: float = float("nan")


@dataclass(frozen=True, slots=True)
class NoDrawing:
    """Why there is no picture, for the person at the page.

    Attributes:
        headline: a few words.
        explanation: a sentence; empty where the headline says it.
    """

    headline: str
    explanation: str


NOT_KEPT: Final = NoDrawing(
    N_("Picture not kept"),
    N_("Only a share of passed frames keeps its picture: pass_share under [edge.evidence]."),
)


NONE_KEPT: Final = NoDrawing(N_("No picture"), N_("The box has kept no picture of this frame."))
NO_MAP: Final = NoDrawing(N_("No heat map"), N_("Of this frame the picture was kept, but no anomaly map."))


def draw(
    record: StoredInspection, data_dir: Path, view: View, max_side_px: int, opacity: float = MAX_OPACITY
) -> Drawing | NoDrawing:
    """Draw one inspection's frame, or say why that cannot be done.

    Args:
        record: the inspection; without a kept map, the overlay is the picture alone.
        data_dir: folder that the evidence's relative paths start from.
        view: what to draw.
        max_side_px: the drawing is scaled down, never up, until its longer side fits.
        opacity: of the hottest heat of an overlay, 0..1.
    """
    if record.evidence is None:
        return _said(NOT_KEPT if record.verdict is Verdict.PASS else NONE_KEPT)
    if view is View.HEAT_MAP and record.evidence_map is None:
        return _said(NO_MAP)
    try:
        return _draw(record.evidence, record, data_dir, view, (max_side_px, opacity))
    except InspectorError as error:
        return NoDrawing(_("Picture cannot be shown"), str(error))


def _said(why: NoDrawing) -> NoDrawing:
    """A constant in the visitor's language."""
    return NoDrawing(_(why.headline), _(why.explanation))


# Only successes are kept: a picture that arrives late is shown when it is there.
@st.cache_data(
    max_entries=600, show_spinner=False, hash_funcs={StoredInspection: lambda record: record.frame_id}
)
def _draw(
    evidence: str, record: StoredInspection, data_dir: Path, view: View, look: tuple[int, float]
) -> Drawing:
    max_side_px, opacity = look
    image = fit(read_picture(evidence, data_dir), max_side_px)
    height, width = image.shape[:2]
    if view is View.PICTURE or record.evidence_map is None:
        return Drawing(data_address(image), width, height)
    scores = enlarge(read_map(record.evidence_map, data_dir), height, width)
    if view is View.OVERLAY:
        return Drawing(data_address(overlaid(image, scores, record.reject_limit, opacity)), width, height)
    limit = record.reject_limit if math.isfinite(record.reject_limit) else float(scores.max())
    lowest, highest = float(scores.min()), max(float(scores.max()), limit)
    return Drawing(data_address(heat_map(scores, lowest, highest)), width, height, lowest, highest)


def heat_map(scores: NDArray[np.float32], lowest: float, highest: float) -> NDArray[np.uint8]:
    """Colour a float32 `[H, W]` map as uint8 `[H, W, 3]` RGB, from `lowest` (dark) to `highest` (bright)."""
    span = max(highest - lowest, 1e-12)
    levels = np.clip((scores - lowest) / span * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, COLOUR_MAP), cv2.COLOR_BGR2RGB), dtype=np.uint8)


def colour_scale(steps: int = 12) -> str:
    """The heat map's colours as a CSS gradient, dark to bright."""
    levels = np.linspace(0, 255, steps).astype(np.uint8)[None]
    colours = cv2.cvtColor(cv2.applyColorMap(levels, COLOUR_MAP), cv2.COLOR_BGR2RGB)[0]
    return "linear-gradient(90deg," + ",".join(f"rgb({r},{g},{b})" for r, g, b in colours) + ")"


def data_address(image: NDArray[np.uint8]) -> str:
    """A uint8 `[H, W, 3]` RGB picture as the `data:` address of a JPEG."""
    # Inside the page, and not as a file of Streamlit's media manager: that one forgets files while a browser
    # may still ask for them. Streamlit sends an unchanged element of this size only once.
    encoded = base64.b64encode(encode_jpeg(image, JPEG_QUALITY)).decode("ascii")
    return f"data:image/jpeg;base64,{encoded}"
