"""The mixer: one synthetic defect after the other, of kinds chosen by weight."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from training.defects.blob import paint_blob
from training.defects.colour_change import paint_colour_change
from training.defects.contamination import paint_contamination
from training.defects.crack import paint_crack
from training.defects.deformation import paint_deformation
from training.defects.dent import paint_dent
from training.defects.hole import paint_hole
from training.defects.misprint import paint_misprint
from training.defects.missing_part import paint_broken_edge, paint_missing_part
from training.defects.perlin_texture import paint_perlin_texture
from training.defects.poisson_patch import paint_poisson_patch
from training.defects.scratch import paint_scratch
from training.defects.stain import paint_stain
from training.defects.texture_change import paint_texture_change
from training.defects.values import DefectKind, Image, Mask, PaintDefect, SyntheticDefect

PAINTERS: Mapping[DefectKind, PaintDefect] = MappingProxyType(
    {
        DefectKind.PERLIN_TEXTURE: paint_perlin_texture,
        DefectKind.POISSON_PATCH: paint_poisson_patch,
        DefectKind.BLOB: paint_blob,
        DefectKind.SCRATCH: paint_scratch,
        DefectKind.CRACK: paint_crack,
        DefectKind.DENT: paint_dent,
        DefectKind.HOLE: paint_hole,
        DefectKind.STAIN: paint_stain,
        DefectKind.CONTAMINATION: paint_contamination,
        DefectKind.MISSING_PART: paint_missing_part,
        DefectKind.BROKEN_EDGE: paint_broken_edge,
        DefectKind.MISPRINT: paint_misprint,
        DefectKind.DEFORMATION: paint_deformation,
        DefectKind.COLOUR_CHANGE: paint_colour_change,
        DefectKind.TEXTURE_CHANGE: paint_texture_change,
    }
)
"""The painting function of each kind."""

SMALLEST_FRAME_PX = 16
"""Below this side length there is no room for a defect."""

_DARK, _BRIGHT = 32, 224


class DefectSettings(BaseModel):
    """Which synthetic defects are painted, and how often."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Mapping[DefectKind, float] = Field(
        {
            DefectKind.PERLIN_TEXTURE: 3.0,
            DefectKind.POISSON_PATCH: 3.0,
            DefectKind.SCRATCH: 1.0,
            DefectKind.BLOB: 1.5,
            DefectKind.CRACK: 1.0,
            DefectKind.MISSING_PART: 1.0,
            DefectKind.COLOUR_CHANGE: 1.0,
        },
        title="Weights",
        description="Relative frequency of each kind; kinds left out are not painted",
    )
    anywhere_share: float = Field(
        0.05,
        title="Share anywhere",
        description="Share of defects that may lie beside the part, for its outline is only estimated",
        ge=0,
        le=1,
    )
    tries: int = Field(
        8, title="Tries", description="How often a defect that nobody would see is painted anew", ge=1, le=100
    )

    @field_validator("weights")
    @classmethod
    def _weights_are_usable(cls, weights: Mapping[DefectKind, float]) -> Mapping[DefectKind, float]:
        if any(not np.isfinite(weight) or weight < 0 for weight in weights.values()):
            raise ValueError("weights are finite and not negative")
        if sum(weights.values()) <= 0:
            raise ValueError("at least one weight is above zero")
        return weights


class DefectPainter:
    """Paints synthetic defects on normal pictures; holds settings only, no state.

    Args:
        settings: kinds and their weights.
    """

    def __init__(self, settings: DefectSettings | None = None) -> None:
        self.settings = settings or DefectSettings()
        weights = {kind: weight for kind, weight in self.settings.weights.items() if weight > 0}
        self._kinds = tuple(weights)
        self._shares = np.array([weights[kind] for kind in self._kinds]) / sum(weights.values())

    def paint(
        self,
        image: Image,
        rng: np.random.Generator,
        foreground: Mask | None = None,
        donor: Image | None = None,
    ) -> SyntheticDefect:
        """Paint one visible defect of a random kind.

        Args:
            image: uint8 `[H, W, 3]` RGB of any size from 16 px; it is not changed.
            rng: source of every choice.
            foreground: bool `[H, W]`, where the part is; None means everywhere.
            donor: uint8 `[h, w, 3]` RGB, another normal picture; None takes texture from `image`.

        Returns:
            The defect; its mask is never empty, and every pixel of it changed visibly.

        Raises:
            ValueError: shapes or types do not fit.
        """
        _check(image, foreground, donor)
        if rng.random() < self.settings.anywhere_share:
            foreground = None
        kind = self._random_kind(rng)
        for attempt in range(self.settings.tries):
            # Some kinds are hardly ever seen on some surfaces; the first half of the tries keeps their share.
            if attempt > self.settings.tries // 2:
                kind = self._random_kind(rng)
            defect = PAINTERS[kind](image, rng, foreground, donor)
            if defect.mask.any():
                return defect
        return _last_resort(image, rng, foreground)

    def _random_kind(self, rng: np.random.Generator) -> DefectKind:
        return self._kinds[rng.choice(len(self._kinds), p=self._shares)]


def _check(image: Image, foreground: Mask | None, donor: Image | None) -> None:
    for name, picture in (("image", image), ("donor", donor)):
        if picture is None:
            continue
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:  # noqa: PLR2004
            raise ValueError(f"the {name} is uint8 [H, W, 3], not {picture.dtype} {list(picture.shape)}")
        if min(picture.shape[:2]) < SMALLEST_FRAME_PX:
            raise ValueError(
                f"the {name} measures at least {SMALLEST_FRAME_PX} px, not {list(picture.shape[:2])}"
            )
    if foreground is not None and (foreground.dtype != np.bool_ or foreground.shape != image.shape[:2]):
        raise ValueError(
            f"the foreground is bool {list(image.shape[:2])}, not {foreground.dtype} {list(foreground.shape)}"
        )


def _last_resort(image: Image, rng: np.random.Generator, foreground: Mask | None) -> SyntheticDefect:
    """A plain square spot that is visible on every surface: half of the grey levels away from it."""
    height, width = image.shape[:2]
    pixels = (
        np.flatnonzero(foreground)
        if foreground is not None and foreground.any()
        else np.arange(height * width)
    )
    y, x = divmod(int(rng.choice(pixels)), width)
    side = max(3, min(height, width) // 24)
    top, left = min(y, height - side), min(x, width - side)
    place = (slice(top, top + side), slice(left, left + side))
    painted, mask = image.copy(), np.zeros((height, width), bool)
    painted[place] = _BRIGHT if image[place].mean() < (_DARK + _BRIGHT) / 2 else _DARK
    mask[place] = True
    return SyntheticDefect(painted, mask, DefectKind.BLOB)
