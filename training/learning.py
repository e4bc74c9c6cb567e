"""A product learned from its normal frames: decoders fitted, chosen and calibrated.

Everything that must not be judged by what it was fitted on (calibration, the choice of fusion, the limit) is
measured on held-out normals: the normals are split into folds, and each fold is scored by decoders that never
saw it, together with the synthetic defects painted on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.decoders.fusion import MAP_CELLS_PER_PATCH
from training.decoders.image_image import ImageImageDecoder
from training.decoders.image_text import ImageTextDecoder
from training.decoders.patches import PatchFeatures
from training.decoders.scale import Scale
from training.decoders.scorer import Scorer
from training.defects import DefectPainter, find_foregrounds
from training.encoders import ImageEncoder
from training.memory import FoldedPatches, fit_memory, grown_memory, held_out_distances
from training.projection import PatchData, fit_image_text
from training.selection import Choice, HeldOut, choose
from training.settings import TrainingSettings

ENCODER_BATCH = 16
LEAVE_ONE_OUT_NORMALS = 10
"""Up to so many normals each is held out alone."""
SINGLE_NORMAL_VARIANTS = 8
"""A single normal is held out as this many shifted and relit copies of itself."""

OnStep = Callable[[str, int, int], None]
"""Told a step's name, how many of its parts are done, and how many it has; first with none done."""


def ignore_step(_step: str, _done: int, _parts: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier learning of the same product to go on from.

    Attributes:
        scales: its scales, as they were fitted.
        is_new: bool [N], normals that it has not seen.
        known: uint8 [D, H, W, 3], real defects that people have confirmed; they are never learned as normal,
            and only say how much each decoder counts.
    """

    scales: Sequence[Scale]
    is_new: NDArray[np.bool_]
    known: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Painted:
    """Synthetic defects on normals.

    Attributes:
        images: uint8 [S, H, W, 3].
        masks: bool [S, H, W].
        sources: [S], which normal each was painted on.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    sources: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Encoder maps of all frames, each a list of float16 [., C_l, h_l, w_l] a layer.

    Attributes:
        normals: of the normals.
        held_out: of the frames that are held out in turn; the very object `normals` but for a single normal.
        painted: of the frames with synthetic defects.
        known: of known defects; empty where there are none.
        defects: what was painted.
        folds: [K], fold of each held-out frame.
    """

    normals: list[Tensor]
    held_out: list[Tensor]
    painted: list[Tensor]
    known: list[Tensor]
    defects: Painted
    folds: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Learned:
    """A product, learned.

    Attributes:
        scorer: the trained network; `Scorer.served` gives the one to export.
        choice: what was chosen for this product, what it reached on synthetic defects, and the maps of the
            held-out normals and of the synthetic defects on them.
        held_out: how the normals were held out, in words.
        folds: [K], fold of each held-out frame, as the held-out scores of `choice` have them.
    """

    scorer: Scorer
    choice: Choice
    held_out: str
    folds: NDArray[np.int64]


def learn(
    normals: NDArray[np.uint8],
    encoder: ImageEncoder,
    sentences: Tensor,
    settings: TrainingSettings,
    on_step: OnStep = ignore_step,
    *,
    earlier: Earlier | None = None,
    known_maps: list[Tensor] | None = None,
) -> Learned:
    """Learn a product, or go on learning it.

    Args:
        normals: uint8 [N, H, W, 3] RGB in the encoder's input size, N >= 1.
        encoder: frozen image encoder.
        sentences: [2, T] unit vectors, the normal and the abnormal direction of the text space.
        settings: see `TrainingSettings`; `settings.seed` decides every random choice.
        on_step: told what is being done, and how far it is.
        earlier: to go on from: its standardisation and projection stay, its memory takes new patches in, and
            its projection into the text space is trained on. Without one, everything is learned anew.
        known_maps: the encoder's maps of the normals, where they were made before, see `encode`.
    """
    rng = np.random.default_rng(settings.seed)
    held_out_frames, folds, how = _folds(normals, settings.folds, rng)
    painted = paint(held_out_frames, settings, rng, on_step)
    encoded_normals = known_maps or encode(encoder, normals, partial(on_step, "Encoding normals"))
    encoded = Encoded(
        normals=encoded_normals,
        held_out=encoded_normals if held_out_frames is normals else encode(encoder, held_out_frames),
        painted=encode(encoder, painted.images, partial(on_step, "Encoding painted frames")),
        known=encode(encoder, earlier.known) if earlier is not None and len(earlier.known) else [],
        defects=painted,
        folds=folds,
    )
    scales, held_out = [], []
    wanted = features_of(encoder) if earlier is None else [scale.features for scale in earlier.scales]
    for number, features in enumerate(wanted):
        on_fold = partial(on_step, f"Fitting decoders, scale {number + 1} of {len(wanted)}")
        before = None if earlier is None else _Before(earlier.scales[number], earlier.is_new)
        scale, raw = _learn_scale(encoded, features, sentences, settings, on_fold, before)
        scales.append(scale)
        held_out.append(raw)
    on_step("Choosing calibration and fusion", 0, 1)
    rows, columns = scales[0].grid
    map_size = (rows * MAP_CELLS_PER_PATCH, columns * MAP_CELLS_PER_PATCH)
    choice = choose(held_out, painted.masks, map_size)
    scorer = Scorer(
        encoder,
        [scales[index] for index in choice.used_scales],
        choice.ranking.fusion(held_out, map_size),
        choice.outlining.fusion(held_out, map_size),
    )
    return Learned(scorer.eval(), choice, how, folds)


def features_of(encoder: ImageEncoder) -> list[PatchFeatures]:
    """Unfitted patch features of each scale, see `scales_of`."""
    return [patch_features(encoder, layers, grid) for layers, grid in scales_of(encoder)]


def patch_features(encoder: ImageEncoder, layers: tuple[int, ...], grid: tuple[int, int]) -> PatchFeatures:
    """Unfitted patch features of some of an encoder's layers on a grid."""
    return PatchFeatures(
        layers,
        [encoder.layer_channels[layer] for layer in layers],
        [grid[0] / encoder.layer_sizes[layer][0] for layer in layers],
        grid,
    )


def scales_of(encoder: ImageEncoder) -> list[tuple[tuple[int, ...], tuple[int, int]]]:
    """(layers, grid) of each scale: all layers on the finest grid, and the coarser ones on their own.

    The fine scale outlines defects; the coarse one sees more context and weighs less on small texture. An
    encoder whose layers are all alike, such as a vision transformer, has one scale.
    """
    layers = tuple(range(len(encoder.layer_sizes)))
    scales = [(layers, encoder.layer_sizes[0])]
    coarse = tuple(layer for layer in layers if encoder.layer_sizes[layer] != encoder.layer_sizes[0])
    if coarse:
        scales.append((coarse, encoder.layer_sizes[coarse[0]]))
    return scales


def paint(
    normals: NDArray[np.uint8],
    settings: TrainingSettings,
    rng: np.random.Generator,
    on_step: OnStep = ignore_step,
) -> Painted:
    """Paint synthetic defects on normals [N, H, W, 3], at least one hundred and about two on each."""
    count = min(settings.synthetic_frames, max(100, 2 * len(normals)))
    sources = np.resize(rng.permutation(len(normals)), count)
    foregrounds = find_foregrounds(list(normals))
    painter = DefectPainter(settings.defects)
    defects = []
    for number, source in enumerate(sources):
        on_step("Painting synthetic defects", number, count)
        other = normals[rng.integers(len(normals))]
        defects.append(painter.paint(normals[source], rng, foregrounds[source], other))
    return Painted(
        np.stack([defect.image for defect in defects]), np.stack([defect.mask for defect in defects]), sources
    )


@torch.inference_mode()
def encode(
    encoder: ImageEncoder, frames: NDArray[np.uint8], on_frames: Callable[[int, int], None] = lambda *_: None
) -> list[Tensor]:
    """Encoder maps of frames uint8 [N, H, W, 3]: one float16 [N, C_l, h_l, w_l] a layer.

    `on_frames` is told how many frames are encoded, and how many there are.
    """
    batches = []
    for start in range(0, len(frames), ENCODER_BATCH):
        on_frames(start, len(frames))
        batch = torch.from_numpy(frames[start : start + ENCODER_BATCH])
        batches.append([layer.half() for layer in encoder(encoder.normalise(batch))])
    return [torch.cat(layers) for layers in zip(*batches, strict=True)]


@dataclass(frozen=True, slots=True)
class _Before:
    """A scale to go on from, and which normals are new to it."""

    scale: Scale
    is_new: NDArray[np.bool_]


def _learn_scale(  # noqa: PLR0917 - one call
    encoded: Encoded,
    features: PatchFeatures,
    sentences: Tensor,
    settings: TrainingSettings,
    on_fold: Callable[[int, int], None],
    before: _Before | None,
) -> tuple[Scale, HeldOut]:
    """Fit one scale on all normals, and score each fold by decoders that were fitted on the others."""
    folds = np.unique(encoded.folds)
    # Each fold is one part, and fitting on all normals is another.
    on_fold(0, len(folds) + 1)
    generator = torch.Generator().manual_seed(settings.seed)
    if before is None:
        features.fit(features.joined([layer[_spread(len(layer))].float() for layer in encoded.normals]))
    normals = _patches(features, encoded.normals)
    patches = FoldedPatches(
        normals=normals,
        held_out=normals if encoded.held_out is encoded.normals else _patches(features, encoded.held_out),
        painted=_patches(features, encoded.painted),
        folds=encoded.folds,
        painted_folds=encoded.folds[encoded.defects.sources],
    )
    masks = torch.from_numpy(encoded.defects.masks[:, None]).float()
    coverage = functional.adaptive_avg_pool2d(masks, features.grid).flatten(1)

    if before is None:
        image_image = fit_memory(normals, features.memory_weights(), settings.memory, generator)
    else:
        new = normals[torch.from_numpy(before.is_new)]
        image_image = grown_memory(before.scale.image_image, new, settings.memory, generator)
    start = None if before is None else before.scale.image_text.state_dict()
    distances, painted_distances = held_out_distances(image_image, patches, settings.memory, generator)
    log_odds, painted_log_odds = torch.empty_like(distances), torch.empty_like(painted_distances)
    for number, fold in enumerate(folds):
        on_fold(number + 1, len(folds) + 1)
        own, others = patches.painted_folds == fold, patches.painted_folds != fold
        data = PatchData(patches.remembered(fold), patches.painted[others], coverage[others])
        decoder = fit_image_text(data, sentences, settings.text_decoder, generator, start)
        log_odds[patches.folds == fold] = apply(decoder, patches.held_out[patches.folds == fold])
        painted_log_odds[own] = apply(decoder, patches.painted[own])
    everything = PatchData(normals, patches.painted, coverage)
    image_text = fit_image_text(everything, sentences, settings.text_decoder, generator, start)
    maps = [distances, log_odds, painted_distances, painted_log_odds]
    if encoded.known:
        known = _patches(features, encoded.known)
        maps += [apply(image_image, known), apply(image_text, known)]
    return Scale(features, image_image, image_text), HeldOut(*(m.reshape(-1, *features.grid) for m in maps))


@torch.inference_mode()
def apply(decoder: ImageImageDecoder | ImageTextDecoder, patches: Tensor) -> Tensor:
    """A decoder over float16 patch vectors [N, P, C], in chunks: [N, P]."""
    return torch.cat([decoder(chunk.float()) for chunk in torch.split(patches, ENCODER_BATCH)])


@torch.inference_mode()
def _patches(features: PatchFeatures, maps: list[Tensor]) -> Tensor:
    """Patch vectors of many frames, float16 [N, P, C]."""
    count = len(maps[0])
    return torch.cat(
        [
            features([layer[start : start + ENCODER_BATCH].float() for layer in maps]).half()
            for start in range(0, count, ENCODER_BATCH)
        ]
    )


def _spread(count: int, most: int = 200) -> Tensor:
    """At most `most` indices spread evenly over `count`."""
    return torch.linspace(0, count - 1, min(count, most)).round().long()


def _folds(
    normals: NDArray[np.uint8], folds: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64], str]:
    """Frames to hold out, the fold of each, and the scheme in words."""
    count = len(normals)
    if count == 1:
        variants = np.stack([_variant(normals[0], rng) for _ in range(SINGLE_NORMAL_VARIANTS)])
        half = np.arange(len(variants)) % 2
        return variants, half, f"{len(variants)} shifted and relit copies of the only normal"
    if count <= LEAVE_ONE_OUT_NORMALS:
        return normals, np.arange(count), "leave-one-out"
    parts = min(count, 2 * folds if count < 60 else folds)  # noqa: PLR2004 - the fewer, the more folds
    return normals, rng.permutation(np.arange(count) % parts), f"{parts}-fold"


def _variant(frame: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A copy moved by up to 2 % and relit by up to 5 %: what the next frame of the same part would vary."""
    height, width = frame.shape[:2]
    down, right = (round(side * rng.uniform(-0.02, 0.02)) for side in (height, width))
    padded = np.pad(frame, ((abs(down),) * 2, (abs(right),) * 2, (0, 0)), mode="edge")
    moved = padded[abs(down) + down :, abs(right) + right :][:height, :width]
    return np.clip(moved * rng.uniform(0.95, 1.05) + rng.normal(0, 1.5, moved.shape), 0, 255).astype(np.uint8)
