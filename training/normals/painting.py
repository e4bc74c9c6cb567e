"""A few synthetic defects on normals, to know how far from the normals a defect lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.defects import DefectPainter, find_foregrounds
from training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Few:
    """Normals with painted defects.

    Attributes:
        images: uint8 [S, H, W, 3].
        sources: [S], which normal each was painted on.
    """

    images: NDArray[np.uint8]
    sources: NDArray[np.int64]


def paint_some(normals: NDArray[np.uint8], count: int, settings: TrainingSettings) -> Few:
    """Paint so many defects on normals uint8 [N, H, W, 3], chosen by the settings' seed."""
    rng = np.random.default_rng([settings.seed, 2])  # apart from the training's own choices
    sources = np.resize(rng.permutation(len(normals)), count)
    painter = DefectPainter(settings.defects)
    images = []
    for source in sources:
        foreground = find_foregrounds([normals[source]])[0]
        other = normals[rng.integers(len(normals))]
        images.append(painter.paint(normals[source], rng, foreground, other).image)
    return Few(np.stack(images), sources)
