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
    """The kinds of synthetic defects.

    Some are ways to disturb a picture, which teach what is abnormal; the others are what an inspector calls
    a defect, see `NAMED_KINDS`.
    """

    PERLIN_TEXTURE = "perlin_texture"
    POISSON_PATCH = "poisson_patch"
    BLOB = "blob"
    SCRATCH = "scratch"
    CRACK = "crack"
    DENT = "dent"
    HOLE = "hole"
    STAIN = "stain"
    CONTAMINATION = "contamination"
    MISSING_PART = "missing_part"
    BROKEN_EDGE = "broken_edge"
    MISPRINT = "misprint"
    DEFORMATION = "deformation"
    COLOUR_CHANGE = "colour_change"
    TEXTURE_CHANGE = "texture_change"

    @property
    def word(self) -> str:
        """As an inspector says it, such as "missing part"."""
        return self.value.replace("_", " ")


NAMED_KINDS = tuple(DefectKind)[3:]
"""Kinds that have a name in a sentence."""


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
