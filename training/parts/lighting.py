"""Lamps and camera: a surface turned into a photograph."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.parts.fields import DESIGN_SIZE, Field, as_field, blur, white
from training.parts.surface import Part, Surface

CAMERA_HEIGHT = 900.0
"""Design units from the part to the lens: far enough for a flat view, near enough that highlights wander."""
MIRROR_STRENGTH = 0.11
"""Mirrored light of a lamp against its scattered light, at slope 0 and facets of deviation 1."""
SHADOW_STEPS = (1.0, 2.5, 4.5, 7.0, 10.0, 13.0)
"""Heights in design units at which a ray towards the lamp is tested."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """A lamp above the part.

    Attributes:
        position: `(x, y, z)` in design units from the picture's centre; y points down, z to the camera.
        colour: linear RGB strength.
        softness: deviation that its size adds to every highlight, as a slope.
    """

    position: tuple[float, float, float]
    colour: tuple[float, float, float]
    softness: float


@dataclass(frozen=True, slots=True)
class Station:
    """Lamps and camera of one station at one moment.

    Attributes:
        lamps: the lamps.
        dome: linear strength of the even light from all around.
        gain: exposure.
        balance: RGB factors of the white balance.
        defocus_px: deviation of the lens's blur in pixels.
        vignette: share of light lost in the picture's corners.
        noise: deviation of the sensor's noise at full white, 0..1.
    """

    lamps: tuple[Lamp, ...]
    dome: float
    gain: float
    balance: tuple[float, float, float]
    defocus_px: float
    vignette: float
    noise: float

    @classmethod
    def random(cls, rng: np.random.Generator, size: int) -> Station:
        """The station as a shift sees it: lamps age and are knocked a little, focus and exposure wander."""

        def about(value: float, deviation: float) -> float:
            return float(value + deviation * np.clip(rng.standard_normal(), -2.5, 2.5))

        unit_px = size / DESIGN_SIZE
        key_strength, fill_strength = about(1.0, 0.05), about(0.38, 0.03)
        return cls(
            lamps=(
                Lamp(
                    (about(-430, 18), about(-520, 18), about(640, 15)),
                    (key_strength, 0.97 * key_strength, 0.92 * key_strength),
                    0.13,
                ),
                Lamp(
                    (about(560, 25), about(240, 25), about(700, 20)),
                    (0.93 * fill_strength, 0.97 * fill_strength, fill_strength),
                    0.2,
                ),
            ),
            dome=about(0.2, 0.008),
            gain=about(1.0, 0.02),
            balance=(about(1, 0.006), 1.0, about(1, 0.006)),
            defocus_px=max(0.35, about(0.62, 0.1)) * unit_px,
            vignette=about(0.13, 0.01),
            noise=about(0.011, 0.0015),
        )


def photograph(part: Part, belt: Surface, station: Station, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Light the part on its belt and expose it: uint8 `[H, W, 3]` RGB."""
    size = part.grid.size
    unit_px = size / DESIGN_SIZE
    cover = part.coverage
    seen = _composed(part.surface, belt, cover)
    slopes = tuple(
        cover * top + (1 - cover) * bottom
        for top, bottom in zip(
            _slopes(part.surface.height, unit_px), _slopes(belt.height, unit_px), strict=True
        )
    )
    key_x, key_y, key_z = station.lamps[0].position
    shadow = cover * cast_shadow(part.surface.height, (key_x / key_z, key_y / key_z), unit_px)
    light = _lit(seen, slopes[0], slopes[1], station, shadow)
    light *= 1 - cover * _hollow(part.surface.height, unit_px)
    light *= _shade(part, station, unit_px)
    return _exposed(light, station, rng)


def _composed(top: Surface, bottom: Surface, cover: Field) -> Surface:
    def mixed(above: NDArray[np.float32], below: NDArray[np.float32]) -> NDArray[np.float32]:
        return as_field(below + cover * (above - below))

    return Surface(
        top.height,
        mixed(top.colour, bottom.colour),
        mixed(top.specular, bottom.specular),
        mixed(top.roughness, bottom.roughness),
        mixed(top.grain, bottom.grain),
        top.groove,
    )


def _slopes(height: Field, unit_px: float) -> tuple[Field, Field]:
    """Slopes -dh/dx and -dh/dy: the normal is `(p, q, 1)` up to its length."""
    kernel = np.array([[0.5, 0, -0.5]], np.float32) * np.float32(unit_px)
    return as_field(cv2.filter2D(height, -1, kernel)), as_field(cv2.filter2D(height, -1, kernel.T.copy()))


def cast_shadow(height: Field, towards_lamp: tuple[float, float], unit_px: float) -> Field:
    """Where the surface hides the lamp from itself, 0..1, `[H, W]`.

    Args:
        height: design units, `[H, W]`.
        towards_lamp: design units to walk right and down for each unit that the ray climbs.
        unit_px: pixels of one design unit.
    """
    hidden = np.zeros_like(height)
    for climb in SHADOW_STEPS:
        offset = np.array(
            [[1, 0, -towards_lamp[0] * climb * unit_px], [0, 1, -towards_lamp[1] * climb * unit_px]]
        )
        there = cv2.warpAffine(
            height, offset, (height.shape[1], height.shape[0]), borderMode=cv2.BORDER_REPLICATE
        )
        np.maximum(hidden, as_field(there) - height - np.float32(climb), out=hidden)
    return as_field(np.minimum(hidden, 1))


def _hollow(height: Field, unit_px: float) -> Field:
    """Share of the even light that walls around a low place take away, 0..1."""
    deep = blur(height, 11 * unit_px) - height
    return as_field(np.clip(deep * np.float32(0.03), 0, 0.4))


def _lit(surface: Surface, p: Field, q: Field, station: Station, shadow: Field) -> NDArray[np.float32]:
    """Linear light towards the camera, `[3, H, W]`; `shadow` takes from the first lamp only.

    Scattered light follows Lambert; mirrored light follows Ward, "Measuring and modeling anisotropic
    reflection" (1992), written in the slopes of the half-way vector.
    """
    size = len(p)
    axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(DESIGN_SIZE / size)
    x, y = axis[None, :], axis[:, None]
    scatter, mirror = 1 - surface.specular, surface.specular
    tilt2 = p * p + q * q
    upright = 1 / np.sqrt(1 + tilt2)
    # The dome is brighter near the zenith, and the camera's own body hides the middle of it.
    sky = 0.55 + 1.1 * _bell(2 * tilt2) - 0.25 * _bell(250 * tilt2)
    even = np.float32(station.dome) * (1.05 * scatter * upright + mirror * sky)
    groove_x, groove_y = surface.groove[0], surface.groove[1]
    view_scale = 1 / np.sqrt(x * x + y * y + np.float32(CAMERA_HEIGHT**2))
    planes = [even, even.copy(), even.copy()]
    for index, lamp in enumerate(station.lamps):
        lamp_x, lamp_y, lamp_z = (np.float32(c) for c in lamp.position)
        to_x, to_y = lamp_x - x, lamp_y - y
        scale = 1 / np.sqrt(to_x * to_x + to_y * to_y + lamp_z * lamp_z)
        # Inverse-square fall-off, 1 at the picture's centre.
        strength = (lamp_x**2 + lamp_y**2 + lamp_z**2) * scale * scale
        lambert = np.maximum(p * to_x + q * to_y + lamp_z, 0) * (scale * upright)
        half_z = lamp_z * scale + np.float32(CAMERA_HEIGHT) * view_scale
        slope_x = (to_x * scale - x * view_scale) / half_z - p
        slope_y = (to_y * scale - y * view_scale) / half_z - q
        along = slope_x * groove_x + slope_y * groove_y
        across = slope_y * groove_x - slope_x * groove_y
        width2 = surface.roughness**2 + np.float32(lamp.softness**2)
        narrow = width2 * (1 - 0.9 * surface.grain)
        wide = width2 * (1 + 5 * surface.grain)
        lobe = _bell(along * along / narrow + across * across / wide) / np.sqrt(narrow * wide)
        seen = strength * (scatter * lambert + np.float32(MIRROR_STRENGTH) * mirror * lobe)
        if index == 0:
            seen *= 1 - 0.9 * shadow
        for channel, strength_of_channel in enumerate(lamp.colour):
            planes[channel] += np.float32(strength_of_channel) * seen
    return as_field(np.stack(planes) * surface.colour)


def _bell(exponent: Field) -> Field:
    """exp(-x); x is cut at 30, because processors are slow on results too small to be normal numbers."""
    return as_field(np.exp(-np.minimum(exponent, 30)))


def _shade(part: Part, station: Station, unit_px: float) -> Field:
    """Share of light that reaches the belt beside and below the part; 1 on the part itself."""
    key = station.lamps[0].position
    reach = part.thickness / key[2] * unit_px
    moved = np.array([[1, 0, -key[0] * reach], [0, 1, -key[1] * reach]])
    size = part.grid.size
    shadow = blur(
        as_field(cv2.warpAffine(part.coverage, moved, (size, size))), 0.18 * part.thickness * unit_px
    )
    contact = blur(part.coverage, 0.45 * part.thickness * unit_px)
    open_sky = (1 - 0.62 * shadow) * (1 - 0.6 * contact)
    return as_field(part.coverage + (1 - part.coverage) * open_sky)


def _exposed(light: NDArray[np.float32], station: Station, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lens, sensor and tone curve: linear light `[3, H, W]` becomes uint8 `[H, W, 3]`."""
    size = light.shape[1]
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    corner = (axis[None, :] ** 2 + axis[:, None] ** 2) / 2
    vignette = np.float32(station.gain) * (1 - np.float32(station.vignette) * corner)
    # Neighbouring channels share most of a sensor's noise, as after demosaicing.
    shared = 0.56 * (white(rng, (size, size)) + white(rng, (size, size)))
    picture = np.empty((size, size, 3), np.uint8)
    for channel, balance in enumerate(station.balance):
        plane = blur(light[channel] * vignette * np.float32(balance), station.defocus_px)
        own = as_field(cv2.resize(white(rng, (size // 2, size // 2)), (size, size)))
        # Shot noise grows with the root of the signal; the rest is the sensor's own.
        grain = np.float32(station.noise) * (np.sqrt(np.maximum(plane, 0)) + 0.12)
        plane = np.maximum(plane + grain * (shared + 0.6 * own), 0)
        # A gamma of 2 in place of 2.2: the root is ten times as fast, and no eye sees it here.
        picture[..., channel] = np.minimum(np.sqrt(plane) * 255 + 0.5, 255)
    return picture
