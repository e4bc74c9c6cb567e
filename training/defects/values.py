"""What painting a synthetic defect takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""uint8 `[H, W, 3]`, RGB."""

Mask = NDArray[np.bool_]
"""bool `[H, W]`."""

FloatMap = NDArray[np.float32]
"""float32 `[H, W]`; as an opacity 0..1, as noise about -1..1."""


class DefectKind(StrEnum):
    """The kinds of synthetic defects."""

    PERLIN_TEXTURE = "perlin_texture"
    POISSON_PATCH = "poisson_patch"
    SCRATCH = "scratch"
    BLOB = "blob"
    CRACK = "crack"
    MISSING_PART = "missing_part"
    COLOUR_CHANGE = "colour_change"


@dataclass(frozen=True, slots=True)
class SyntheticDefect:
    """A picture with a painted defect.

    Attributes:
        image: uint8 `[H, W, 3]` RGB, the normal picture with the defect; grey pictures stay grey.
        mask: bool `[H, W]`, the pixels that changed visibly. All False when nothing did.
        kind: what was painted.
    """

    image: Image
    mask: Mask
    kind: DefectKind


class PaintDefect(Protocol):
    """A kind's painting function: pure, all chance comes from the generator."""

    def __call__(
        self,
        image: Image,
        rng: np.random.Generator,
        foreground: Mask | None = None,
        donor: Image | None = None,
    ) -> SyntheticDefect:
        """Paint one defect.

        Args:
            image: uint8 `[H, W, 3]` RGB, a normal picture; it is not changed.
            rng: source of every choice.
            foreground: bool `[H, W]`, where the part is; None means everywhere.
            donor: uint8 `[h, w, 3]` RGB, another normal picture to take texture from; None: `image` itself.
        """
