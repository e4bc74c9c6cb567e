"""The README's picture: a good part, a defective one, and where the gasket's bundle sees the defect."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inspector.demo.plan import DemoProduct
from inspector.frames import encode_png, read_frame
from inspector.inspecting import Inspector, anomaly_map_in_frame, load_inspector
from inspector.overlay import overlay
from inspector.results import Inspection

DEFECTIVE: Final = "broken_edge-000"
GAP_PX, CAPTION_PX, FONT_PX = 12, 34, 17
_PAPER, _INK = (255, 255, 255), (40, 44, 52)


def write_figure(product: DemoProduct, output: Path) -> str:
    """Judge two of the product's pictures by its bundle and draw them side by side as a PNG.

    Args:
        product: one whose pictures and bundle are there.
        output: file to write, whole or not at all.

    Returns:
        The verdicts, as the captions say them.

    Raises:
        BundleError: the bundle is missing or damaged.
        FrameError: a picture is missing or damaged.
    """
    inspector = load_inspector(product.bundle)
    good, good_result = _judged(inspector, product.shown / "good-000.png")
    defective, defective_result = _judged(inspector, product.shown / f"{DEFECTIVE}.png")
    heat = overlay(
        defective,
        anomaly_map_in_frame(defective_result),
        inspector.bundle.manifest.limits.pixel,
        defective_result.regions,
    )
    captions = (
        f"good part: {_verdict(good_result)}",
        "part with a " + DEFECTIVE.partition("-")[0].replace("_", " "),
        f"the same: {_verdict(defective_result)}",
    )
    _write(output, encode_png(_side_by_side((good, defective, heat), captions)))
    return "; ".join((captions[0], captions[2]))


def _judged(inspector: Inspector, path: Path) -> tuple[NDArray[np.uint8], Inspection]:
    frame = read_frame(path)
    return frame.image, inspector.inspect(frame)


def _verdict(inspection: Inspection) -> str:
    return f"{inspection.verdict.value}, score {inspection.score:.2f}, limit {inspection.limit:.2f}"


def _side_by_side(pictures: tuple[NDArray[np.uint8], ...], captions: tuple[str, ...]) -> NDArray[np.uint8]:
    height, width = pictures[0].shape[:2]
    total = len(pictures) * (width + GAP_PX) - GAP_PX
    page = Image.new("RGB", (total, height + CAPTION_PX), _PAPER)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(FONT_PX)
    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = number * (width + GAP_PX)
        page.paste(Image.fromarray(picture), (left, 0))
        draw.text((left, height + CAPTION_PX / 2), caption, _INK, font, anchor="lm")
    return np.asarray(page)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
