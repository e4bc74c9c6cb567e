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


def finish(before: Image, painted: FloatMap, kind: DefectKind) -> SyntheticDefect:
    """Make the result of a painting function: round, keep grey pictures grey, find the changed pixels.

    Args:
        before: uint8 `[H, W, 3]`, the normal picture.
        painted: float32 `[H, W, 3]` on the scale 0..255; it may leave that range.
        kind: what was painted.
    """
    after = np.clip(painted + 0.5, 0, 255).astype(np.uint8)
    if is_grey(before):
        after = cv2.cvtColor(cv2.cvtColor(after, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    mask = visible_change(before, after)
    # Where nothing is seen, nothing is left: a mask must say the truth about every changed pixel.
    untouched = ~cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    after[untouched] = before[untouched]
    return SyntheticDefect(after, mask, kind)


def is_grey(image: Image) -> bool:
    """Whether the three channels are equal everywhere."""
    return bool(np.array_equal(image[..., 0], image[..., 1]) and np.array_equal(image[..., 1], image[..., 2]))


def visible_change(before: Image, after: Image) -> Mask:
    """Pixels that look different, as bool `[H, W]`; all False when the change is too small to be a defect.

    A change is seen where the smoothed difference stands out of the picture's own texture. Like in Canny's
    edge detector, half of that is enough beside a pixel that is surely changed.
    """
    difference = np.subtract(after, before, dtype=np.float32)
    change = np.abs(cv2.GaussianBlur(difference, (3, 3), 0.7)).max(axis=2)
    limit = float(np.clip(ROUGHNESS_FACTOR * roughness(before), SMALLEST_CHANGE, LARGEST_CHANGE))
    weak = cv2.morphologyEx((change > limit / 2).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(weak, connectivity=8)
    smallest_px = max(4.0, SMALLEST_SHARE * change.size)
    strong = np.bincount(labels[change > limit], minlength=count) > 0
    large = np.bincount(labels.ravel(), minlength=count) >= smallest_px / 2
    strong[0] = False
    mask: Mask = (strong & large)[labels]
    return mask if np.count_nonzero(mask) >= smallest_px else np.zeros_like(mask)


def roughness(image: Image) -> float:
    """Standard deviation of the texture in grey levels, by the median so that edges do not count."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    sigma = max(1.0, min(grey.shape) / 64)
    residual = np.abs(cv2.GaussianBlur(grey, (3, 3), 0.7) - cv2.blur(grey, (2 * round(sigma) + 1,) * 2))
    return float(1.4826 * np.median(residual[::2, ::2]))
