"""Contamination: foreign matter that lies on the part: crumbs, lumps, fibres; it hides what is below."""

from __future__ import annotations

import numpy as np

from training.defects.colour import donor_texture, random_contrast, shifted
from training.defects.foreign_body import filling, flake, matter, strip
from training.defects.lines import draw_line
from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, FloatMap, Image, Mask, SyntheticDefect
from training.defects.visible import finish

SHARES = {"fibre": 0.15, "strip": 0.15, "flake": 0.2, "filling": 0.15, "lumps": 0.35}
"""How often each form of foreign matter is painted."""
SHARE_FOREIGN_TEXTURE = 0.3
SHARE_BESIDE = 0.3
"""Share of foreign matter that reaches beyond the part."""
LARGEST_GROUP = 8
LARGEST_LUMPS = 0.2
"""Share of the frame: from a crumb to something that fills an opening."""
FIBRE_POINTS = 40


def paint_contamination(
    image: Image, rng: np.random.Generator, foreground: Mask | None = None, donor: Image | None = None
) -> SyntheticDefect:
    """Lay lumps, a chip, a strip or a fibre on the part, or fill an opening; see `PaintDefect`."""
    opacity = _outline(image, foreground, rng)
    if foreground is not None and foreground.any() and rng.random() >= SHARE_BESIDE:
        opacity *= foreground
    if rng.random() < SHARE_FOREIGN_TEXTURE:
        laid = donor_texture(image, donor, rng).astype(np.float32)
    else:
        where = opacity > 0.5  # noqa: PLR2004
        surface = image[where].mean(axis=0) if where.any() else image.mean(axis=(0, 1))
        contrast = random_contrast(rng, weakest=30)
        tone = shifted(surface.astype(np.float32), contrast, rng)
        laid = matter(image.shape, tone, contrast, rng)
    painted = image + opacity[..., None] * (laid - image)
    return finish(image, painted.astype(np.float32), DefectKind.CONTAMINATION)


def _outline(image: Image, foreground: Mask | None, rng: np.random.Generator) -> FloatMap:
    form = rng.choice(list(SHARES), p=list(SHARES.values()))
    centre = random_centre(image.shape, foreground, rng)
    if form == "fibre":
        return _fibre(image.shape, centre, rng)
    if form == "strip":
        return strip(image.shape, centre, rng)
    if form == "flake":
        area_px = random_area(rng, smallest=0.001, largest=LARGEST_LUMPS) * image.shape[0] * image.shape[1]
        return flake(image.shape, centre, area_px, rng)
    if form == "filling":
        filled = filling(image, centre, rng)
        if filled is not None:
            return filled
    return _lumps(image.shape, foreground, rng)


def _lumps(frame: tuple[int, ...], foreground: Mask | None, rng: np.random.Generator) -> FloatMap:
    opacity = np.zeros(frame[:2], np.float32)
    count = int(rng.integers(2, LARGEST_GROUP + 1)) if rng.random() < 0.4 else 1  # noqa: PLR2004
    area_px = random_area(rng, largest=LARGEST_LUMPS / count) * frame[0] * frame[1]
    y, x = random_centre(frame, foreground, rng)
    for _ in range(count):
        softness, irregularity = rng.uniform(0.02, 0.25), rng.uniform(0.05, 0.6)
        size = area_px * rng.uniform(0.3, 1)
        shape = irregular_shape(frame, (y, x), size, rng, softness=softness, irregularity=irregularity)
        place = opacity[shape.window.slices]
        np.maximum(place, shape.opacity, out=place)
        reach = 2.5 * np.sqrt(area_px) + 3
        y = float(np.clip(y + rng.normal(0, reach), 0, frame[0] - 1))
        x = float(np.clip(x + rng.normal(0, reach), 0, frame[1] - 1))
    return opacity


def _fibre(frame: tuple[int, ...], centre: tuple[float, float], rng: np.random.Generator) -> FloatMap:
    """A hair that curls: its direction drifts much further than a scratch's."""
    shorter = min(frame[:2])
    length = shorter * float(np.exp(rng.uniform(np.log(0.1), np.log(0.6))))
    turning = np.cumsum(rng.normal(0, 0.1, FIBRE_POINTS)) + rng.normal(0, 0.12)
    directions = rng.uniform(0, 2 * np.pi) + np.cumsum(turning) * 0.35
    steps = length / FIBRE_POINTS * np.stack((np.cos(directions), np.sin(directions)), axis=1)
    points = np.cumsum(np.concatenate((np.zeros((1, 2)), steps)), axis=0)
    points += np.array(centre[::-1]) - points.mean(axis=0)
    width_px = shorter * float(np.exp(rng.uniform(np.log(0.004), np.log(0.01))))
    opacity = np.zeros(frame[:2], np.float32)
    draw_line(opacity, points, np.full(FIBRE_POINTS, width_px), 1.0)
    return opacity
