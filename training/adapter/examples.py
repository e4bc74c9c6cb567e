"""What the adapter learns from: maps of painted defects with the facts that were measured in them.

Two sources. From masks alone: a map is made from a painted defect's mask, blunted and disturbed as decoders
do; it costs milliseconds and covers every product. From bundles: painted frames are scored by trained
products, so that the adapter sees what real decoders make of defects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.describing.facts import Facts, measure_facts
from inspector.describing.inputs import KIND_CELLS, KNOWN_KINDS, AdapterInputs, adapter_inputs
from inspector.describing.kinds import KindMaps
from inspector.inspecting import regions_of_reject
from inspector.regions import find_regions
from inspector.results import Verdict
from training.adapter.surfaces import Surface
from training.defects import NAMED_KINDS, PAINTERS
from training.defects.noise import perlin_noise
from training.defects.values import Image, Mask

DEFECTS_SHARES = (0.08, 0.5, 0.22, 0.1, 0.05, 0.05)
"""How often a frame has none, one, two … painted defects."""
LIMIT = 1.0
"""Pixel limit of maps made from masks."""
MAP_CELLS = 64
TRIES = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A frame as the adapter sees it, and its facts."""

    inputs: AdapterInputs
    facts: Facts


@dataclass(frozen=True, slots=True)
class PaintedFrame:
    """A frame with painted defects: the picture, and the mask and kind of each."""

    image: Image
    masks: tuple[Mask, ...]
    kinds: tuple[str, ...]


def paint_frame(surface: Surface, donors: Sequence[Surface], rng: np.random.Generator) -> PaintedFrame:
    """Paint none to five defects of random named kinds on a good picture."""
    image, masks, kinds = surface.image, [], []
    for _ in range(int(rng.choice(len(DEFECTS_SHARES), p=DEFECTS_SHARES))):
        for _ in range(TRIES):
            kind = NAMED_KINDS[rng.integers(len(NAMED_KINDS))]
            donor = donors[rng.integers(len(donors))].image
            painted = PAINTERS[kind](image, rng, surface.foreground, donor)
            if painted.mask.any():
                image = painted.image
                masks.append(painted.mask)
                kinds.append(kind.word)
                break
    return PaintedFrame(image, tuple(masks), tuple(kinds))


def examples_from_masks(
    surfaces: Sequence[Surface],
    count: int,
    rng: np.random.Generator,
    on_example: Callable[[int, int], None] = lambda *_: None,
) -> list[Example]:
    """Examples whose maps are made from masks."""
    examples: list[Example] = []
    while len(examples) < count:
        on_example(len(examples), count)
        frame = paint_frame(surfaces[rng.integers(len(surfaces))], surfaces, rng)
        fused, by_image, by_text = map_of_masks(frame, rng)
        kinds = kinds_of_masks(frame, rng)
        examples.append(_example(frame.image, fused, np.stack((by_image, by_text)), LIMIT, kinds))
    return examples


def map_of_masks(
    frame: PaintedFrame, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The fused, the image-image and the image-text map `[64, 64]` that decoders might have made.

    Each defect is blunted by a random width and has a random height over the limit; the ground is noise below
    it. The two decoders see each defect with heights of their own.
    """
    maps = []
    for _ in range(2):
        ground = rng.uniform(0.1, 0.5) + rng.uniform(0, 0.2) * perlin_noise(64, 64, (6.0, 6.0), rng)
        maps.append(ground.astype(np.float32))
    for mask in frame.masks:
        small = np.asarray(
            cv2.resize(mask.astype(np.float32), (MAP_CELLS, MAP_CELLS), interpolation=cv2.INTER_AREA)
        )
        # A patch is abnormal as soon as a part of it is: thin defects are not fainter than wide ones.
        seen = np.minimum(4 * small, 1).astype(np.float32)
        width = float(rng.uniform(0.8, 2.5))
        blunt = np.asarray(cv2.GaussianBlur(seen, (0, 0), width), np.float32)
        uneven = 1 + rng.uniform(0, 0.5) * perlin_noise(MAP_CELLS, MAP_CELLS, (8.0, 8.0), rng)
        height = float(np.exp(rng.uniform(np.log(1.2), np.log(9))))
        for one in maps:
            own = height * rng.uniform(0.5, 1.5) * uneven * blunt / max(float(blunt.max()), 1e-6)
            np.maximum(one, own.astype(np.float32), out=one)
    fused = (maps[0] + maps[1]) / 2
    return fused, maps[0] * np.float32(rng.uniform(0.5, 8)), maps[1] * np.float32(rng.uniform(0.5, 8))


def kinds_of_masks(frame: PaintedFrame, rng: np.random.Generator) -> KindMaps | None:
    """What a network for kinds might have said: often right inside a defect, anything beside it."""
    if rng.random() < 0.1:  # noqa: PLR2004 - bundles without such a network
        return None
    logits = 2 * rng.normal(0, 1, (len(KNOWN_KINDS), 1, 1)) + rng.normal(
        0, 1, (len(KNOWN_KINDS), KIND_CELLS, KIND_CELLS)
    )
    for mask, kind in zip(frame.masks, frame.kinds, strict=True):
        # Wrong as often as such networks are: the adapter repeats what is measured, not what was painted.
        said = kind if rng.random() < 0.7 else str(rng.choice(KNOWN_KINDS))  # noqa: PLR2004
        inside = cv2.resize(mask.astype(np.float32), (KIND_CELLS, KIND_CELLS), interpolation=cv2.INTER_AREA)
        inside = cv2.dilate((inside > 0).astype(np.float32), np.ones((3, 3)))
        logits *= 1 - 0.5 * inside
        logits[KNOWN_KINDS.index(said)] += rng.uniform(1, 6) * inside  # type: ignore[arg-type]
    smooth = np.stack([cv2.GaussianBlur(one.astype(np.float32), (0, 0), 0.8) for one in logits])
    return KindMaps(tuple(kind.value for kind in KNOWN_KINDS), smooth.astype(np.float32))


def _example(
    image: Image,
    anomaly_map: NDArray[np.float32],
    decoder_maps: NDArray[np.float32],
    limit: float,
    kinds: KindMaps | None,
) -> Example:
    """Measure a frame as the service does."""
    height, width = image.shape[:2]
    enlarged = np.asarray(
        cv2.resize(anomaly_map, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )
    regions = find_regions(enlarged, limit)
    verdict = Verdict.REJECT if regions else Verdict.PASS
    if regions:
        regions = regions_of_reject(enlarged, limit)
    named = None if kinds is None else kinds.of_regions(enlarged, regions, limit)
    facts = measure_facts(image, enlarged, regions, limit, verdict, kinds=named)
    known = None if kinds is None else kinds.known()
    return Example(adapter_inputs(image, anomaly_map, decoder_maps, limit, known), facts)
