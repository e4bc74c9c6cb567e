"""A learned product written as a bundle: network, golden frames, learning files, manifest."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

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
from inspector.errors import ParityError
from inspector.familiarity import Familiarity
from training.decoders.scale import Scale
from training.decoders.scorer import ServableScorer
from training.drift_reference import write_drift_reference
from training.export import Parity, check_parity, export_scorer, reweight_scorer
from training.golden import write_golden
from training.kinds.own import write_own_kinds
from training.learning import OnStep
from training.normals import Normals
from training.retraining.learning_files import Source, picture_sha256, write_learning_files
from training.settings import TrainingSettings
from training.usual import write_usual

log = logging.getLogger(__name__)

PARITY_FRAMES = 16
Facts = Mapping[str, float | int | str | bool | None]
"""Of a manifest's `training`."""


@dataclass(frozen=True, slots=True)
class BundleModel:
    """A trained model, as far as a bundle is made of it.

    Attributes:
        name: as `inspector train --model` names it.
        scorer: the network.
        encoder: frozen network that it stands on.
        text_encoder: the other one; None where it has none.
        fusion: constants inside the graph, by name.
        facts: of how it was trained.
        scales: what a retraining goes on from, the finest first; empty where it cannot be retrained.
    """

    name: str
    scorer: ServableScorer
    encoder: Weights
    text_encoder: Weights | None
    fusion: Mapping[str, float | str]
    facts: Facts
    scales: Sequence[Scale] = ()


@dataclass(frozen=True, slots=True)
class DriftBasis:
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
        model: what was trained.
        limits: what decides.
        normals: pictures with files, of which golden frames are made.
        drift_basis: what drift is measured from.
        settings: of the training.
        facts: more for the manifest's `training`.
        earlier: the bundle of the same encoder that this one goes on from; what fits of it is not made anew.
    """

    product: str
    model: BundleModel
    limits: Limits
    normals: Normals
    drift_basis: DriftBasis
    settings: TrainingSettings
    facts: Facts = field(default_factory=dict)
    earlier: Bundle | None = None


@dataclass(frozen=True, slots=True)
class LearnedNormals:
    """All normals that a product was learned from, for its next learning.

    Attributes:
        frames: uint8 [N, H, W, 3].
        sources: where each came from.
    """

    frames: NDArray[np.uint8]
    sources: Sequence[Source]

    @classmethod
    def of(cls, normals: Normals) -> Self:
        """The pictures of a first training."""
        pairs = zip(normals.paths, normals.frames, strict=True)
        sources = [Source(name=path.name, sha256=picture_sha256(frame)) for path, frame in pairs]
        return cls(normals.frames, sources)


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
    model, settings, normals = draft.model, draft.settings, draft.normals
    with new_folder(output, overwrite=overwrite) as folder:
        parity = _write_scorer(draft, folder / SCORER_NAME, on_step)
        write_own_kinds(folder, settings.kinds)
        golden = write_golden(folder, normals, draft.limits.reject, settings)
        usual = write_usual(folder, remembered.frames, normals, settings, _known_embeddings(draft.earlier))
        write_drift_reference(
            folder,
            draft.drift_basis.frames,
            draft.drift_basis.scores,
            draft.drift_basis.size_px,
            draft.limits.false_reject_rate,
        )
        if settings.keep_learning and model.scales:
            write_learning_files(folder, remembered.frames, remembered.sources, model.scales)
        seal(
            folder,
            Manifest(
                product=draft.product,
                version="",
                created_at=created_at,
                encoder=model.encoder,
                text_encoder=model.text_encoder,
                input_size=InputSize(height=settings.height, width=settings.width),
                limits=draft.limits,
                fusion=dict(model.fusion),
                embedding=usual.embedding,
                quality=usual.quality,
                golden=golden,
                training={
                    "model": model.name,
                    "normals": len(remembered.frames),
                    **model.facts,
                    "parity_max_relative_difference": parity.max_relative_difference,
                    "seed": settings.seed,
                    "settings": settings.model_dump_json(exclude_defaults=True),
                    **draft.facts,
                },
                files={},
            ),
        )
    return load_bundle(output), parity


def _write_scorer(draft: Draft, path: Path, on_step: OnStep) -> Parity:
    """The network by the graph of the earlier bundle, where that computes the same, else by its own.

    Raises:
        ParityError: it computes something else than the trained one.
    """
    scorer, limit = draft.model.scorer, draft.limits.reject
    frames = draft.normals.frames[:PARITY_FRAMES]
    if draft.earlier is not None and reweight_scorer(scorer, draft.earlier.scorer_path, path):
        on_step("Checking the export", 0, 1)
        try:
            return check_parity(scorer, path, frames, limit)
        except ParityError as error:
            # A graph of another version of this code may have other constants.
            log.warning("the graph of %s is not taken over: %s", draft.earlier.path, error)
    on_step("Exporting", 0, 1)
    export_scorer(scorer, path)
    on_step("Checking the export", 0, 1)
    return check_parity(scorer, path, frames, limit)


def _known_embeddings(earlier: Bundle | None) -> NDArray[np.float32] | None:
    familiarity = None if earlier is None else Familiarity.of(earlier)
    return None if familiarity is None else familiarity.normals
