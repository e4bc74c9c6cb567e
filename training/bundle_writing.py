"""A learned product written as a bundle: network, golden frames, learning files, manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspector.bundle import (
    SCORER_NAME,
    Bundle,
    InputSize,
    Limits,
    Manifest,
    Weights,
    load_bundle,
    new_folder,
    seal,
)
from training.decoders.scale import Scale
from training.drift_reference import write_drift_reference
from training.export import Parity, check_parity, export_scorer
from training.golden import write_golden
from training.kinds.own import write_own_kinds
from training.learning import Learned, OnStep
from training.normals import Normals
from training.retraining.learning_files import Source, write_learning_files
from training.settings import TrainingSettings

PARITY_FRAMES = 16


@dataclass(frozen=True, slots=True)
class Usual:
    """Frames that the next ones should look like: what drift is measured from.

    Attributes:
        frames: uint8 [N, H, W, 3] in the network's input size.
        scores: [N] of these frames, held out; of another length where there are none.
        size_px: height and width of the pictures as captured.
    """

    frames: NDArray[np.uint8]
    scores: NDArray[np.float64]
    size_px: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Draft:
    """A learned product that is not written yet.

    Attributes:
        product: name that results carry.
        learned: what was learned.
        limits: what decides.
        normals: pictures with files, of which golden frames are made.
        usual: what drift is measured from.
        weights: of the image encoder and of the text encoder.
        settings: of the training.
        facts: more for the manifest's `training`.
    """

    product: str
    learned: Learned
    limits: Limits
    normals: Normals
    usual: Usual
    weights: tuple[Weights, Weights]
    settings: TrainingSettings
    facts: Mapping[str, float | int | str | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LearnedNormals:
    """All normals that a product was learned from, for its next learning.

    Attributes:
        frames: uint8 [N, H, W, 3].
        sources: where each came from.
    """

    frames: NDArray[np.uint8]
    sources: Sequence[Source]


def write_bundle(
    draft: Draft,
    remembered: LearnedNormals,
    output: Path,
    *,
    created_at: datetime,
    overwrite: bool,
    on_step: OnStep,
) -> tuple[Bundle, Parity]:
    """Export, check, and write a bundle; it appears complete or not at all.

    Raises:
        OutputExistsError: something stands at `output`.
        ParityError: the exported network does not compute what the trained one does.
    """
    learned, settings, normals = draft.learned, draft.settings, draft.normals
    with new_folder(output, overwrite=overwrite) as folder:
        on_step("Exporting", 0, 1)
        export_scorer(learned.scorer, folder / SCORER_NAME)
        on_step("Checking the export", 0, 1)
        frames = normals.frames[:PARITY_FRAMES]
        parity = check_parity(learned.scorer, folder / SCORER_NAME, frames, draft.limits.reject)
        write_own_kinds(folder, settings.kinds)
        golden = write_golden(folder, normals, draft.limits.reject, settings)
        write_drift_reference(
            folder,
            draft.usual.frames,
            draft.usual.scores,
            draft.usual.size_px,
            draft.limits.false_reject_rate,
        )
        if settings.keep_learning:
            scales = [scale for scale in learned.scorer.scales if isinstance(scale, Scale)]
            write_learning_files(folder, remembered.frames, remembered.sources, scales)
        encoder, text_encoder = draft.weights
        seal(
            folder,
            Manifest(
                product=draft.product,
                version="",
                created_at=created_at,
                encoder=encoder,
                text_encoder=text_encoder,
                input_size=InputSize(height=settings.height, width=settings.width),
                limits=draft.limits,
                fusion=_fusion(learned),
                golden=golden,
                training={
                    "normals": len(remembered.frames),
                    "held_out": learned.held_out,
                    "synthetic_image_auroc": round(learned.choice.image_auroc, 4),
                    "synthetic_pixel_auroc": round(learned.choice.pixel_auroc, 4),
                    "parity_max_relative_difference": parity.max_relative_difference,
                    "seed": settings.seed,
                    "settings": settings.model_dump_json(exclude_defaults=True),
                    **draft.facts,
                },
                files={},
            ),
        )
    return load_bundle(output), parity


def _fusion(learned: Learned) -> dict[str, float | str]:
    """The chosen constants, by name."""
    choice = learned.choice
    names = ("fine", "coarse") if len(choice.ranking.weights) > 1 else ("fine",)
    weights = {
        f"{use}_{name}_{decoder}": round(float(weight), 6)
        for use, weighting in (("score", choice.ranking), ("map", choice.outlining))
        for name, row in zip(names, weighting.weights, strict=True)
        for decoder, weight in zip(("image_image", "image_text"), row, strict=True)
    }
    return {
        **weights,
        "score_position": choice.ranking.position,
        "map_position": choice.outlining.position,
    }
