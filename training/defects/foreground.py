"""Where the part is in a picture, so that synthetic defects land on it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from training.defects.values import Image, Mask

WORKING_PX = 256
"""The longer side at which parts are looked for; outlines need no more."""

BORDER_SHARE = 0.03
SMALLEST_SHARE, LARGEST_SHARE = 0.04, 0.92
"""Shares of the frame between which a part is believed."""

SMALLEST_SEPARATION = 0.7
"""Share of the variance that two classes explain (Otsu's eta); plain textures reach about 0.6."""

LARGEST_BORDER_FOREGROUND = 0.35
"""Share of the frame's border that a part may touch."""

SPECK_SHARE = 0.1
"""Pieces smaller than this share of the largest are specks."""

FREE_SHARE = 0.3
"""A piece of this share of the largest that touches no border is the part."""

SEPARABLE_SHARE = 0.7
"""Share of the normals in which the part must be found before any of them is believed."""


def find_foregrounds(images: Sequence[Image]) -> list[Mask]:
    """The part in each normal picture of a product.

    Args:
        images: uint8 `[H, W, 3]` RGB, of any sizes.

    Returns:
        bool `[H, W]` for each; all True for each when the part stands out in too few of them, as in textures.
    """
    found = [separate(image) for image in images]
    believed = sum(mask is not None for mask in found) >= SEPARABLE_SHARE * len(found)
    return [
        mask if believed and mask is not None else np.ones(image.shape[:2], bool)
        for image, mask in zip(images, found, strict=True)
    ]


def separate(image: Image) -> Mask | None:
    """The part in one picture: what differs in colour from the frame's border.

    The border's colour is taken as the background, the distance to it in CIELAB is split by Otsu's method
    (N. Otsu, 1979), and holes are filled.

    Returns:
        bool `[H, W]`, or None when there is no clear background.
    """
    height, width = image.shape[:2]
    scale = min(1.0, WORKING_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    lab = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB).astype(
        np.float32
    )
    ring = np.zeros(lab.shape[:2], bool)
    thickness = max(1, round(BORDER_SHARE * min(ring.shape)))
    ring[:thickness] = ring[-thickness:] = ring[:, :thickness] = ring[:, -thickness:] = True
    distance = np.linalg.norm(lab - np.median(lab[ring], axis=0), axis=2)
    distance = cv2.GaussianBlur(distance.astype(np.float32), (0, 0), 1.5)
    top = float(np.quantile(distance, 0.995))
    if top < 1:
        return None
    levels = np.clip(distance * (255 / top), 0, 255).astype(np.uint8)
    limit, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    part = levels > limit
    if not part.any() or part.all() or _separation(levels, part) < SMALLEST_SEPARATION:
        return None
    part = _filled(part)
    if not SMALLEST_SHARE <= part.mean() <= LARGEST_SHARE or part[ring].mean() > LARGEST_BORDER_FOREGROUND:
        return None
    return np.asarray(cv2.resize(part.astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR) > 0)


def _separation(levels: Image, part: Mask) -> float:
    share = part.mean()
    between = share * (1 - share) * (levels[part].mean() - levels[~part].mean()) ** 2
    return float(between / max(levels.var(), 1e-6))


def _filled(part: Mask) -> Mask:
    """Close gaps, fill holes, cut off shadows and specks: a part is a solid thing."""
    closed = cv2.morphologyEx(part.astype(np.uint8), cv2.MORPH_CLOSE, _disc(5))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(closed, contours, -1, 1, cv2.FILLED)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, _disc(2 * (min(part.shape) // 24) + 1))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    areas = [cv2.contourArea(contour) for contour in contours]
    free = [_is_free(contour, part.shape) for contour in contours]
    largest = max(areas, default=0.0)
    largest_free = max((area for area, is_free in zip(areas, free, strict=True) if is_free), default=0.0)
    # Beside a part in the middle, what touches the frame's border is a tray or a shadow.
    only_free = largest_free >= FREE_SHARE * largest
    kept = [
        contour
        for contour, area, is_free in zip(contours, areas, free, strict=True)
        if area >= SPECK_SHARE * largest and (is_free or not only_free)
    ]
    solid = np.zeros_like(closed)
    cv2.drawContours(solid, kept, -1, 1, cv2.FILLED)
    return solid.astype(bool)


def _is_free(contour: cv2.typing.MatLike, shape: tuple[int, ...]) -> bool:
    left, top, width, height = cv2.boundingRect(contour)
    return left > 1 and top > 1 and left + width < shape[1] - 1 and top + height < shape[0] - 1


def _disc(diameter: int) -> Image:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter)), np.uint8)
