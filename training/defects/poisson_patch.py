"""Patches of normal pictures, resized, shifted and blended by Poisson's equation.

H. M. Schlüter et al., "Natural Synthetic Anomalies for Self-Supervised Anomaly Detection and Localization"
(NSA), ECCV 2022; P. Pérez et al., "Poisson Image Editing", SIGGRAPH 2003.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish

SMALLEST_PATCH_PX = 6
SHARE_MIXED = 0.3
"""Share of patches that keep the stronger of the two gradients, so that the surface shows through."""


def paint_poisson_patch(
    image: Image, rng: np.random.Generator, foreground: Mask | None = None, donor: Image | None = None
) -> SyntheticDefect:
    """Clone one or two foreign patches without a seam; see `PaintDefect`."""
    painted = image
    for _ in range(1 + int(rng.random() < 0.3)):  # noqa: PLR2004
        painted = _clone(painted, image if donor is None else donor, rng, foreground)
    return finish(image, painted.astype(np.float32), DefectKind.POISSON_PATCH)


def _clone(image: Image, source: Image, rng: np.random.Generator, foreground: Mask | None) -> Image:
    frame_height, frame_width = image.shape[:2]
    side = np.sqrt(random_area(rng, smallest=0.002) * frame_height * frame_width)
    aspect = np.exp(rng.uniform(-0.6, 0.6))
    height = int(np.clip(side * aspect, SMALLEST_PATCH_PX, 0.8 * frame_height))
    width = int(np.clip(side / aspect, SMALLEST_PATCH_PX, 0.8 * frame_width))
    if min(frame_height, frame_width) < SMALLEST_PATCH_PX + 2:
        return image
    patch = _cut(source, height, width, rng, foreground if source.shape == image.shape else None)
    if rng.random() < 0.5:  # noqa: PLR2004
        patch = np.ascontiguousarray(np.rot90(patch, 2) if rng.random() < 0.5 else patch[:, ::-1])  # noqa: PLR2004
    inside = irregular_shape(
        (height, width), (height / 2, width / 2), 0.6 * height * width, rng, softness=0, largest_aspect=1.5
    )
    mask = np.zeros((height, width), np.uint8)
    mask[inside.window.slices] = (inside.opacity > 0.5) * np.uint8(255)  # noqa: PLR2004
    # OpenCV takes the mask's bounding box and needs a border of it outside the mask.
    mask[[0, -1]] = 0
    mask[:, [0, -1]] = 0
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) < 3 or len(columns) < 3:  # noqa: PLR2004
        return image
    # The target may not reach over the frame's border either.
    y, x = random_centre(image.shape, foreground, rng)
    top = int(np.clip(y - height / 2, 1, frame_height - height - 1))
    left = int(np.clip(x - width / 2, 1, frame_width - width - 1))
    target = image[top - 1 : top + height + 1, left - 1 : left + width + 1]
    mode = cv2.MIXED_CLONE if rng.random() < SHARE_MIXED else cv2.NORMAL_CLONE
    centre_x = 1 + int(columns[0] + columns[-1] + 1) // 2
    centre_y = 1 + int(rows[0] + rows[-1] + 1) // 2
    blended = image.copy()
    blended[top - 1 : top + height + 1, left - 1 : left + width + 1] = cv2.seamlessClone(
        patch, np.ascontiguousarray(target), mask, (centre_x, centre_y), mode
    )
    return blended


def _cut(source: Image, height: int, width: int, rng: np.random.Generator, foreground: Mask | None) -> Image:
    """A patch `[height, width, 3]` cut from a place on the part and resized by 0.7 to 1.3."""
    factor = np.exp(rng.uniform(np.log(0.7), np.log(1.3), 2))
    rows = int(np.clip(height * factor[0], 2, source.shape[0]))
    columns = int(np.clip(width * factor[1], 2, source.shape[1]))
    y, x = random_centre(source.shape, foreground, rng)
    top = int(np.clip(y - rows / 2, 0, source.shape[0] - rows))
    left = int(np.clip(x - columns / 2, 0, source.shape[1] - columns))
    patch = source[top : top + rows, left : left + columns]
    return np.asarray(cv2.resize(patch, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
