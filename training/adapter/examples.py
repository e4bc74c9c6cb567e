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
from inspector.describing.inputs import KNOWN_KINDS, AdapterInputs, adapter_inputs
from inspector.describing.kinds import KindGuess, kind_maps
from inspector.inspecting import regions_of_reject
from inspector.regions import Region
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
WITHOUT_KINDS = 0.05
"""Share of examples whose kinds are unknown."""

Guess = Callable[[Image, NDArray[np.float32], Sequence[Region], float], list[KindGuess]]
"""Kind of every region, from image, map in the image's size, regions and limit."""


@dataclass(frozen=True, slots=True)
class Example:
    """A frame as the adapter sees it, and its facts."""

    inputs: AdapterInputs
    facts: Facts


@dataclass(frozen=True, slots=True)
class PaintedFrame:
    """A frame with painted defects: the picture, and the mask of each."""

    image: Image
    masks: tuple[Mask, ...]


def paint_frame(surface: Surface, donors: Sequence[Surface], rng: np.random.Generator) -> PaintedFrame:
    """Paint none to five defects of random named kinds on a good picture."""
    image, masks = surface.image, []
    for _ in range(int(rng.choice(len(DEFECTS_SHARES), p=DEFECTS_SHARES))):
        for _ in range(TRIES):
            kind = NAMED_KINDS[rng.integers(len(NAMED_KINDS))]
            donor = donors[int(rng.integers(len(donors)))].image
            painted = PAINTERS[kind](image, rng, surface.foreground, donor)
            if painted.mask.any():
                image = painted.image
                masks.append(painted.mask)
                break
    return PaintedFrame(image, tuple(masks))


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
        frame = paint_frame(surfaces[int(rng.integers(len(surfaces)))], surfaces, rng)
        fused, by_image, by_text = map_of_masks(frame, rng)
        maps = np.stack((by_image, by_text))
        guess = None if rng.random() < WITHOUT_KINDS else _guess_at_random(rng)
        examples.append(measured_example(frame.image, fused, maps, LIMIT, guess))
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
    # Decoders have units of their own.
    by_image, by_text = (np.asarray(one * rng.uniform(0.5, 8), np.float32) for one in maps)
    return np.asarray((maps[0] + maps[1]) / 2, np.float32), by_image, by_text


def measured_example(
    image: Image,
    anomaly_map: NDArray[np.float32],
    decoder_maps: NDArray[np.float32],
    limit: float,
    guess: Guess | None,
) -> Example:
    """Measure a frame as the service does.

    Args:
        image: uint8 `[H, W, 3]` RGB.
        anomaly_map: float32 `[h, w]`.
        decoder_maps: float32 `[2, h, w]`, the image-image and the image-text map.
        limit: map scores above it belong to a region.
        guess: says the regions' kinds; None where nothing does.
    """
    height, width = image.shape[:2]
    enlarged = enlarged_map(anomaly_map, height, width)
    regions: tuple[Region, ...] = ()
    if float(enlarged.max()) > limit:
        regions = regions_of_reject(enlarged, limit)
    guesses = None if guess is None else guess(image, enlarged, regions, limit)
    named = None if guesses is None else [(one.word, one.probability) for one in guesses]
    verdict = Verdict.REJECT if regions else Verdict.PASS
    facts = measure_facts(image, enlarged, regions, limit, verdict, kinds=named)
    kinds = None if guesses is None else kind_maps(regions, guesses, height, width)
    return Example(adapter_inputs(image, anomaly_map, decoder_maps, limit, kinds), facts)


def enlarged_map(anomaly_map: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """A map in a picture's size, as the service enlarges it."""
    return np.asarray(cv2.resize(anomaly_map, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _guess_at_random(rng: np.random.Generator) -> Guess:
    """Any kind, surely or hardly: the adapter learns to repeat what is said of a region."""

    def guess(
        _image: Image, _anomaly_map: NDArray[np.float32], regions: Sequence[Region], _limit: float
    ) -> list[KindGuess]:
        guesses = []
        for _ in regions:
            logits = rng.normal(0, 1, len(KNOWN_KINDS))
            logits[rng.integers(len(KNOWN_KINDS))] += rng.uniform(0, 5)
            chances = np.exp(logits) / np.exp(logits).sum()
            guesses.append(KindGuess.of(tuple(kind.value for kind in KNOWN_KINDS), chances))
        return guesses

    return guess
