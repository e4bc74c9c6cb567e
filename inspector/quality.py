"""Whether a frame can be judged at all: lens cap on, light off, wrong picture, thumbnail.

A score for such a frame means nothing, so its verdict is `unsure` and a person must look. The thresholds are
far from anything a working camera delivers, and the product's own golden frames widen them: what the product
was trained on is always judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.bundle import InputSize
from inspector.frames import resize

MIN_CONTRAST = 2.0
"""Standard deviation (0..255 scale) of the clearest channel at the network's input size; below it nothing is
seen. Low-contrast surfaces measure 9 and more, sensor noise averages out to less than 1."""
MAX_ASPECT_FACTOR = 8.0
"""How many times longer or flatter than every known picture a frame may be."""
MIN_SIZE_FACTOR = 0.25
"""Smallest side as a share of the network's input: below it, detail is interpolated and not seen."""
DARK, BRIGHT = 16.0, 239.0
"""Mean brightness that words a picture without contrast as black or as white."""


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """What a product's frames look like, as far as telling whether a frame can be judged.

    Attributes:
        input_size: size of the network's input.
        min_contrast: lowest contrast that is judged, see `MIN_CONTRAST`.
        aspects: known width / height ratios: the network's input and the golden frames.
        min_size: smallest side that is judged, as a share of the network's input.
    """

    input_size: InputSize
    min_contrast: float
    aspects: tuple[float, ...]
    min_size: float

    @classmethod
    def of(cls, input_size: InputSize, golden: Iterable[NDArray[np.uint8]]) -> QualityCheck:
        """The check for a product whose golden frames, uint8 `[H, W, 3]` each, are all to be judged."""
        contrasts, aspects, sizes = [MIN_CONTRAST], [input_size.width / input_size.height], [MIN_SIZE_FACTOR]
        for image in golden:
            # Half of what is known to be fine leaves room for frames that are a little worse.
            contrasts.append(_contrast(resize(image, input_size.height, input_size.width))[0] / 2)
            aspects.append(image.shape[1] / image.shape[0])
            sizes.append(_relative_size(image.shape[1], image.shape[0], input_size) / 2)
        return cls(input_size, min(contrasts), tuple(aspects), min(sizes))

    def fault(self, width_px: int, height_px: int, resized: NDArray[np.uint8]) -> str | None:
        """Why a frame cannot be judged, as one clause for a person; None where it can.

        Args:
            width_px: width of the frame as captured.
            height_px: height of the frame as captured.
            resized: the frame at the network's input size, uint8 `[H, W, 3]`.
        """
        if _relative_size(width_px, height_px, self.input_size) < self.min_size:
            needed = self.input_size
            return (
                f"the picture has only {width_px} x {height_px} px,"
                f" the network looks at {needed.width} x {needed.height} px"
            )
        aspect = width_px / height_px
        if all(max(aspect / known, known / aspect) > MAX_ASPECT_FACTOR for known in self.aspects):
            return f"the picture's shape, {width_px} x {height_px} px, is not that of the product's pictures"
        contrast, brightness = _contrast(resized)
        if contrast >= self.min_contrast:
            return None
        if brightness <= DARK:
            return "the picture is black"
        if brightness >= BRIGHT:
            return "the picture is white, overexposed all over"
        return "the picture shows nothing, it is of one colour"


def _contrast(image: NDArray[np.uint8]) -> tuple[float, float]:
    """Standard deviation of the clearest channel and mean brightness, both on 0..255."""
    mean, deviation = cv2.meanStdDev(image)
    return float(np.max(deviation)), float(np.mean(mean))


def _relative_size(width_px: int, height_px: int, input_size: InputSize) -> float:
    return min(width_px / input_size.width, height_px / input_size.height)
