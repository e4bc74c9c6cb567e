"""What tells a region's kind: how it looks beside its surroundings, in numbers that hold on any part.

Differences and ratios rather than levels, measured at one working size: a network for kinds learns from
painted defects on made surfaces, and what it learns must hold for parts that it never saw.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.describing.own_pixels import WORKING_PX, OwnPixels, find_own_pixels, resized, to_lab
from inspector.describing.pixels import Mask
from inspector.describing.shape import largest_hole
from inspector.describing.spots import SPOT_CUES, measure_spots, outline_cues
from inspector.describing.surroundings import SURROUNDINGS_CUES, measure_surroundings

GEOMETRY = ("elongation", "slenderness", "solidity", "hole")
CUES = (
    "area",
    "own area in core",
    "own difference",
    "own difference in limits",
    *(f"core {name}" for name in GEOMETRY),
    "own area",
    *(f"own {name}" for name in GEOMETRY),
    "own share",
    "pieces",
    "core lightness",
    "own lightness",
    "own colour",
    "core colour",
    "lightness spread",
    "fine structure",
    "steepness",
    "brightest",
    "darkest",
    "own darker share",
    "outline steepness",
    "outline steepness in surroundings'",
    "surroundings' spread",
    "surroundings' fine structure",
    "surroundings' lightness",
    "at the frame's border",
    "direction strength",
    "direction turned",
    "own spread",
    "steepest",
    "surroundings' steepest",
    *SPOT_CUES,
    *SURROUNDINGS_CUES,
)
"""Names of the cues, in order. A core is the region as the map sees it; its own pixels are those inside it
that differ from the surroundings."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A frame at working size: CIELAB, its lightness, gradients and fine structure."""

    lab: NDArray[np.float32]
    across: NDArray[np.float32]
    down: NDArray[np.float32]
    steepness: NDArray[np.float32]
    fine: NDArray[np.float32]

    @classmethod
    def of(cls, image: NDArray[np.uint8]) -> _Look:
        lab = to_lab(image)
        lightness = lab[..., 0]
        across, down = (
            np.asarray(cv2.Sobel(lightness, cv2.CV_32F, *order, ksize=3) / 8, np.float32)
            for order in ((1, 0), (0, 1))
        )
        fine = np.abs(lightness - cv2.GaussianBlur(lightness, (0, 0), 1.5))
        return cls(lab, across, down, np.hypot(across, down), fine)


def measure_cues(image: NDArray[np.uint8], core: Mask) -> NDArray[np.float32]:
    """The cues of one region.

    Args:
        image: uint8 `[H, W, 3]` RGB.
        core: bool `[H, W]`, the region's core; at least one pixel.

    Returns:
        float32 `[len(CUES)]`, finite.
    """
    image, core = resized(image, core, WORKING_PX / max(image.shape[:2]))
    look = _Look.of(image)
    found = find_own_pixels(look.lab, core)
    own = found.mask if found.mask.any() else core
    cues = (
        *_sizes(found, core, own),
        *_colours(look.lab, core, own, found.usual),
        *_structure(look, found, core, own),
        *measure_spots(look.lab, core, found),
        *measure_surroundings(look.lab[..., 0], core, found.ring),
    )
    return np.nan_to_num(np.array(cues, np.float32))


def _geometry(mask: Mask) -> tuple[float, float, float, float]:
    hole = largest_hole(mask) if mask.sum() >= 4 else 0  # noqa: PLR2004 - no shape
    return *outline_cues(mask), hole / (float(mask.sum()) + hole)


def _sizes(found: OwnPixels, core: Mask, own: Mask) -> tuple[float, ...]:
    core_px, own_px = float(core.sum()), float(own.sum())
    mean = float(found.difference[own].mean())
    unusual = (found.difference > found.limit) & found.near
    return (
        float(np.log(core_px / core.size)),
        float(np.log((own_px + 1) / core_px)),
        mean / 20,
        float(np.log((mean + 1) / (found.limit + 1))),
        *_geometry(core),
        float(np.log((own_px + 1) / core.size)),
        *_geometry(own),
        float(unusual.sum() / max(found.near.sum(), 1)),
        min(found.pieces, 10) / 5,
    )


def _colours(
    lab: NDArray[np.float32], core: Mask, own: Mask, usual: NDArray[np.float32]
) -> tuple[float, ...]:
    core_median, own_median = np.median(lab[core], axis=0), np.median(lab[own], axis=0)
    return (
        float(core_median[0] - usual[0]) / 20,
        float(own_median[0] - usual[0]) / 20,
        float(np.linalg.norm(own_median[1:] - usual[1:])) / 15,
        float(np.linalg.norm(core_median[1:] - usual[1:])) / 15,
    )


def _structure(look: _Look, found: OwnPixels, core: Mask, own: Mask) -> tuple[float, ...]:
    ring, usual_lightness = found.ring, float(found.usual[0])
    lightness, steepness, fine = look.lab[..., 0], look.steepness, look.fine
    outline = cv2.morphologyEx(own.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    sharp = float(steepness[outline].mean()) if outline.any() else 0.0
    around = float(steepness[ring].mean())
    core_strength, core_angle = _direction(look, core)
    ring_strength, ring_angle = _direction(look, ring)
    at_border = core[0].any() or core[-1].any() or core[:, 0].any() or core[:, -1].any()
    return (
        _log_ratio(float(lightness[core].std()), float(lightness[ring].std()), 0.5),
        _log_ratio(float(fine[core].mean()), float(fine[ring].mean()), 0.1),
        _log_ratio(float(steepness[core].mean()), around, 0.2),
        float(np.percentile(lightness[core], 98) - np.percentile(lightness[ring], 98)) / 25,
        float(np.percentile(lightness[core], 2) - np.percentile(lightness[ring], 2)) / 25,
        float((lightness[own] < usual_lightness).mean()),
        float(np.log(sharp + 0.2)),
        _log_ratio(sharp, around, 0.2),
        float(np.log(lightness[ring].std() + 0.5)),
        float(np.log(fine[ring].mean() + 0.1)),
        usual_lightness / 50 - 1,
        float(at_border),
        core_strength - ring_strength,
        abs(float(np.sin(core_angle - ring_angle))) * min(core_strength, ring_strength),
        float(lightness[own].std()) / 20,
        float(np.log(steepness[found.near].max() + 1)),
        float(np.log(np.percentile(steepness[ring], 95) + 0.5)),
    )


def _direction(look: _Look, mask: Mask) -> tuple[float, float]:
    """Coherence 0..1 and angle of the structure tensor over a place (Bigün & Granlund, ICCV 1987)."""
    across, down = look.across[mask], look.down[mask]
    xx, xy, yy = float((across**2).mean()), float((across * down).mean()), float((down**2).mean())
    return float(np.hypot(xx - yy, 2 * xy)) / (xx + yy + 1e-6), 0.5 * float(np.arctan2(2 * xy, xx - yy))


def _log_ratio(value: float, other: float, floor: float) -> float:
    return float(np.log((value + floor) / (other + floor)))
