"""Whether a frame can be judged at all: lens cap on, light off, out of focus, wrong picture, thumbnail.

A score for such a frame means nothing, so its verdict is `unsure` and a person must look. The thresholds are
far from anything a working camera delivers, unless the bundle has `FrameRanges`: how sharp, how bright and of
what shape the product's pictures are. The product's own golden frames widen all of it: what the product was
trained on is always judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.bundle import InputSize
from inspector.frames import resize
from inspector.ranges import FrameRanges, Range

MIN_CONTRAST = 2.0
"""Standard deviation (0..255 scale) of the clearest channel at the network's input size; below it nothing is
seen. Low-contrast surfaces measure 9 and more, sensor noise averages out to less than 1."""
MAX_ASPECT_FACTOR = 8.0
"""How many times longer or flatter than every known picture a frame may be."""
MIN_SIZE_FACTOR = 0.25
"""Smallest side as a share of the network's input: below it, detail is interpolated and not seen."""
DARK, BRIGHT = 16.0, 239.0
"""Mean brightness that words a picture without contrast as black or as white."""
BLACK, WHITE = 5, 250
"""Luma up to which a pixel counts as clipped black, and from which on as white: a JPEG rings a little."""
SHARPNESS_FACTOR, BRIGHTNESS_FACTOR, ASPECT_FACTOR = 1.7, 1.5, 1.25
"""Least margin of learned ranges: a part that is a little dirty or dark is still judged."""
CLIPPED_STEP = 0.15
"""Share of a picture that may be clipped beyond what normals show; a hole or a glare is smaller."""
MIN_LEARNED_SIZE = 0.5
"""Where the product's pictures are large, smaller ones than this share of the input are not judged."""


@dataclass(frozen=True, slots=True)
class FrameLook:
    """What is measured of a frame at the network's input size.

    Attributes:
        sharpness: 1000 standard deviations of luma's Laplacian / mean luma: light does not change it, and
            what is out of focus has less (S. Pertuz et al., "Analysis of focus measure operators", 2013).
            A defect adds edges; one that is large, bright and smooth takes some away.
        brightness: mean luma, 0..255.
        white: share of clipped white pixels, 0..1.
        black: share of clipped black pixels, 0..1.
    """

    sharpness: float
    brightness: float
    white: float
    black: float

    @classmethod
    def of(cls, resized: NDArray[np.uint8]) -> FrameLook:
        """Measure a frame at the network's input size, uint8 `[H, W, 3]`."""
        luma = cv2.cvtColor(resized, cv2.COLOR_RGB2GRAY)
        _, edges = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
        # The steps beside the mean keep noise in a black picture from looking sharp.
        brightness = float(cv2.mean(luma)[0])
        histogram = np.bincount(luma.ravel(), minlength=256)
        return cls(
            sharpness=max(1000 * float(edges[0, 0]) / (brightness + 8), 1e-3),
            brightness=brightness,
            white=float(histogram[WHITE:].sum() / luma.size),
            black=float(histogram[: BLACK + 1].sum() / luma.size),
        )


def learn_ranges(
    normals: Iterable[NDArray[np.uint8]],
    sizes_px: Sequence[tuple[int, int]],
    input_size: InputSize,
    judged: Iterable[NDArray[np.uint8]] = (),
) -> FrameRanges:
    """What the product's pictures measure.

    Args:
        normals: good parts at the network's input size, uint8 `[H, W, 3]` each, one at least.
        sizes_px: (width, height) as captured, of pictures of the product.
        input_size: of the network.
        judged: more frames at the input size that must be judged, such as painted defects and golden frames.
    """
    looks, others = [FrameLook.of(image) for image in normals], [FrameLook.of(image) for image in judged]

    def both(name: str) -> tuple[list[float], list[float]]:
        return [getattr(look, name) for look in looks], [getattr(look, name) for look in others]

    sharpness, brightness, white, black = map(both, ("sharpness", "brightness", "white", "black"))
    # A black picture has no brightness to multiply.
    lit = [[value + 1 for value in values] for values in brightness]
    return FrameRanges(
        sharpness=Range.by_factor(sharpness[0], SHARPNESS_FACTOR, sharpness[1]),
        brightness=_shifted(Range.by_factor(lit[0], BRIGHTNESS_FACTOR, lit[1]), -1),
        white=Range.by_step(white[0], CLIPPED_STEP, white[1]),
        black=Range.by_step(black[0], CLIPPED_STEP, black[1]),
        aspect=Range.by_factor([width / height for width, height in sizes_px], ASPECT_FACTOR),
        side=Range.by_factor([_relative_size(*size, input_size) for size in sizes_px], 2.0),
    )


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """What a product's frames look like, as far as telling whether a frame can be judged.

    Attributes:
        input_size: size of the network's input.
        min_contrast: lowest contrast that is judged, see `MIN_CONTRAST`.
        aspects: known width / height ratios: the network's input and the golden frames.
        min_size: smallest side that is judged, as a share of the network's input.
        ranges: learned from normals; None where the bundle has none.
    """

    input_size: InputSize
    min_contrast: float
    aspects: tuple[float, ...]
    min_size: float
    ranges: FrameRanges | None = None

    @classmethod
    def of(
        cls,
        input_size: InputSize,
        golden: Iterable[NDArray[np.uint8]],
        ranges: FrameRanges | None = None,
    ) -> QualityCheck:
        """The check for a product whose golden frames, uint8 `[H, W, 3]` each, are all to be judged."""
        contrasts, aspects, sizes = [MIN_CONTRAST], [input_size.width / input_size.height], [MIN_SIZE_FACTOR]
        looks = []
        for image in golden:
            resized = resize(image, input_size.height, input_size.width)
            # Half of what is known to be fine leaves room for frames that are a little worse.
            contrasts.append(_contrast(resized)[0] / 2)
            aspects.append(image.shape[1] / image.shape[0])
            sizes.append(_relative_size(image.shape[1], image.shape[0], input_size) / 2)
            looks.append(FrameLook.of(resized))
        min_size = min(sizes)
        if ranges is not None:
            ranges = _holding(ranges, looks, aspects[1:])
            min_size = max(
                min_size, min(MIN_LEARNED_SIZE, ranges.side.low, *(2 * size for size in sizes[1:]))
            )
        return cls(input_size, min(contrasts), tuple(aspects), min_size, ranges)

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
        if self._is_misshapen(width_px / height_px):
            return f"the picture's shape, {width_px} x {height_px} px, is not that of the product's pictures"
        contrast, brightness = _contrast(resized)
        if contrast < self.min_contrast:
            if brightness <= DARK:
                return "the picture is black"
            if brightness >= BRIGHT:
                return "the picture is white, overexposed all over"
            return "the picture shows nothing, it is of one colour"
        return None if self.ranges is None else _unusual(FrameLook.of(resized), self.ranges)

    def _is_misshapen(self, aspect: float) -> bool:
        if self.ranges is not None:
            return not self.ranges.aspect.low <= aspect <= self.ranges.aspect.high
        return all(max(aspect / known, known / aspect) > MAX_ASPECT_FACTOR for known in self.aspects)


def _unusual(look: FrameLook, ranges: FrameRanges) -> str | None:
    """The clause for a frame that is unlike the product's; light first, since it changes the rest too."""
    if look.brightness < ranges.brightness.low or look.black > ranges.black.high:
        return (
            f"the picture is too dark: brightness {look.brightness:.0f} of 255, {100 * look.black:.0f} %"
            f" black; the product's pictures have {_seen(ranges.brightness)} and at most"
            f" {100 * ranges.black.seen_high:.0f} %; check lamp, exposure and the part's place"
        )
    if look.brightness > ranges.brightness.high or look.white > ranges.white.high:
        return (
            f"the picture is too bright: brightness {look.brightness:.0f} of 255, {100 * look.white:.0f} %"
            f" white; the product's pictures have {_seen(ranges.brightness)} and at most"
            f" {100 * ranges.white.seen_high:.0f} %; check lamp, exposure and the part's place"
        )
    if look.sharpness < ranges.sharpness.low:
        return (
            f"the picture is blurred: sharpness {look.sharpness:.0f}, the product's pictures have"
            f" {_seen(ranges.sharpness)}; clean or refocus the lens"
        )
    return None


def _seen(found: Range) -> str:
    return f"{found.seen_low:.0f} to {found.seen_high:.0f}"


def _holding(ranges: FrameRanges, looks: Iterable[FrameLook], aspects: Iterable[float]) -> FrameRanges:
    """The ranges, wide enough for some frames."""
    found = list(looks)
    wider = {
        name: _wider(getattr(ranges, name), [getattr(look, name) for look in found])
        for name in ("sharpness", "brightness", "white", "black")
    }
    return ranges.model_copy(update=wider | {"aspect": _wider(ranges.aspect, list(aspects))})


def _wider(known: Range, values: Sequence[float]) -> Range:
    changes = {"low": min([known.low, *values]), "high": max([known.high, *values])}
    return known.model_copy(update=changes)


def _shifted(known: Range, step: float) -> Range:
    return Range(**{name: value + step for name, value in known.model_dump().items()})


def _contrast(image: NDArray[np.uint8]) -> tuple[float, float]:
    """Standard deviation of the clearest channel and mean brightness, both on 0..255."""
    mean, deviation = cv2.meanStdDev(image)
    return float(np.max(deviation)), float(np.mean(mean))


def _relative_size(width_px: int, height_px: int, input_size: InputSize) -> float:
    return min(width_px / input_size.width, height_px / input_size.height)
