"""Which pixels of a painted picture look changed: the ground truth of a synthetic defect."""

from __future__ import annotations

import cv2
import numpy as np

from training.defects.values import DefectKind, FloatMap, Image, Mask, SyntheticDefect

SMALLEST_CHANGE = 7.0
"""Grey levels of 255: an eye does not see less on a flat surface, nor does a camera's JPEG keep it."""

LARGEST_CHANGE = 30.0
"""Grey levels of 255: more than this is visible on any surface."""

ROUGHNESS_FACTOR = 2.0
"""A change has to stand out of the texture's own variation by this factor."""

SMALLEST_SHARE = 0.0002
"""Share of the frame that a defect covers at least; smaller ones vanish at the network's input size."""


def finish(before: Image, painted: FloatMap | Image, kind: DefectKind) -> SyntheticDefect:
    """Make the result of a painting function: round, keep grey pictures grey, find the changed pixels.

    Args:
        before: uint8 `[H, W, 3]`, the normal picture.
        painted: float32 `[H, W, 3]` on the scale 0..255, which it may leave, or uint8 `[H, W, 3]`.
        kind: what was painted.
    """
    # With a depth given, OpenCV rounds and saturates; numpy needs five passes over the frame for it.
    after = np.asarray(cv2.addWeighted(painted, 1, painted, 0, 0, dtype=cv2.CV_8U), np.uint8)
    if is_grey(before):
        grey = cv2.cvtColor(after, cv2.COLOR_RGB2GRAY)
        after = np.asarray(cv2.merge((grey, grey, grey)), np.uint8)
    mask = visible_change(before, after)
    # Where nothing is seen, nothing is left: a mask must say the truth about every changed pixel.
    touched = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8))
    result = before.copy()
    cv2.copyTo(after, touched, result)
    return SyntheticDefect(result, mask, kind)


def is_grey(image: Image) -> bool:
    """Whether the three channels are equal everywhere."""
    sample = image[::16, ::16]  # a few pixels tell most colour pictures
    return all(bool((part[..., :1] == part[..., 1:]).all()) for part in (sample, image))


def visible_change(before: Image, after: Image) -> Mask:
    """Pixels that look different, as bool `[H, W]`; all False when the change is too small to be a defect.

    A change is seen where the smoothed difference stands out of the picture's own texture. Like in Canny's
    edge detector, half of that is enough beside a pixel that is surely changed.
    """
    difference = cv2.subtract(after, before, dtype=cv2.CV_16S)
    channels = cv2.split(cv2.convertScaleAbs(cv2.GaussianBlur(difference, (3, 3), 0.7)))
    change = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    limit = float(np.clip(ROUGHNESS_FACTOR * roughness(before), SMALLEST_CHANGE, LARGEST_CHANGE))
    _, weak = cv2.threshold(change, limit / 2, 1, cv2.THRESH_BINARY)
    # Smoothing has spread the change by a pixel, onto pixels that are as they were.
    channels = cv2.split(cv2.absdiff(after, before))
    largest = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    _, touched = cv2.threshold(largest, SMALLEST_CHANGE / 4, 1, cv2.THRESH_BINARY)
    weak = cv2.morphologyEx(cv2.min(weak, touched), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    smallest_px = max(4.0, SMALLEST_SHARE * change.size)
    kept = np.zeros(count, bool)
    kept[labels[change > limit]] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= smallest_px / 2
    kept[0] = False
    mask: Mask = kept[labels]
    return mask if np.count_nonzero(mask) >= smallest_px else np.zeros_like(mask)


def roughness(image: Image) -> float:
    """Standard deviation of the texture in grey levels, by the median so that edges do not count."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    side = 2 * max(1, round(min(grey.shape) / 64)) + 1
    fine = np.asarray(cv2.GaussianBlur(grey, (3, 3), 0.7)[::2, ::2], np.float32)
    return float(1.4826 * np.median(np.abs(fine - cv2.blur(grey, (side, side))[::2, ::2])))
