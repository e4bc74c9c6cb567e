"""`train_anomalib_product`: a folder of good pictures becomes a bundle of one of anomalib's models."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inspector.bundle import Limits
from inspector.errors import TrainingError
from inspector.limits import conformal_limit, normals_missing, promised_rate
from training.anomalib_models.held_out import HeldOutFit, fit_held_out
from training.anomalib_models.protocol import AnomalibModel, Recipe
from training.anomalib_models.scorer import OneMapScorer
from training.bundle_writing import BundleModel, Draft, DriftBasis, LearnedNormals, write_bundle
from training.calibrating import pixel_limit
from training.decoders.fusion import frame_score
from training.learning import OnStep, ignore_step
from training.model_names import ANOMALIB_PREFIX
from training.normals import NormalsReport
from training.product import Trained, check_output, read_checked, size_as_captured
from training.settings import TrainingSettings


def train_anomalib_product(
    product: str,
    normal_folder: Path,
    output: Path,
    model: AnomalibModel,
    settings: TrainingSettings = TrainingSettings(),  # noqa: B008 - frozen
    *,
    weights: Path | None = None,
    overwrite: bool = False,
    keep: Collection[str] | None = (),
    on_step: OnStep = ignore_step,
    on_report: Callable[[NormalsReport], None] = lambda _: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Trained:
    """Learn a product by one of anomalib's models and write its bundle.

    Pictures are read and checked, and the bundle is written, as `train_product` does it.

    Args:
        product: see `train_product`.
        normal_folder: see `train_product`.
        output: see `train_product`.
        model: what to train.
        settings: see `TrainingSettings`; `settings.anomalib` is the model's section.
        weights: local file of the model's pretrained network, where it has one of its own.
        overwrite: see `train_product`.
        keep: see `train_product`.
        on_step: see `train_product`.
        on_report: see `train_product`.
        now: see `train_product`.

    Raises:
        OutputExistsError: something stands at `output`, or what stands there is no bundle.
        DatasetError: there is no such folder of normals.
        TrainingError: weights are missing or do not fit, the model cannot take the input size, or the normals
            cannot be learned.
        ParityError: the exported network does not compute what anomalib's does.
    """
    started = time.perf_counter()
    check_output(output, overwrite=overwrite)
    recipe = Recipe(
        settings.height, settings.width, settings.anomalib, settings.encoder, weights, settings.seed
    )
    model.check(recipe)
    _, report = read_checked(normal_folder, settings, keep=keep, on_step=on_step)
    on_report(report)
    # The checking encoder's maps are large, and this model has features of its own.
    report = dataclasses.replace(report, encoded=[])
    normals = report.kept
    held = fit_held_out(
        model,
        normals.frames,
        recipe,
        settings.false_reject_rate,
        np.random.default_rng(settings.seed),
        partial(on_step, f"Fitting {model.name}"),
    )
    unit = usual_score(held)
    name = f"{ANOMALIB_PREFIX}{model.name}"
    bundle, parity = write_bundle(
        Draft(
            product,
            BundleModel(
                name,
                OneMapScorer(held.fitted, unit, (settings.height, settings.width)),
                held.fitted.weights,
                text_encoder=None,
                fusion={"unit": unit},
                facts={"held_out": held.how},
            ),
            held_out_limits(held, unit, settings.false_reject_rate),
            normals,
            DriftBasis(
                normals.frames, _known_scores(held, unit, len(normals.frames)), size_as_captured(normals)
            ),
            settings,
            {"left_out": len(report.excluded)},
        ),
        LearnedNormals.of(normals),
        output,
        created_at=now(),
        overwrite=overwrite,
        on_step=on_step,
    )
    return Trained(
        bundle=bundle,
        normals=len(normals.frames),
        seconds=time.perf_counter() - started,
        notes=(
            *report.notes,
            *few_held_out(model.name, held, len(normals.frames), settings.false_reject_rate),
        ),
        parity=parity,
        scores=_known_scores(held, unit, len(normals.frames)),
        excluded=report.excluded,
    )


def usual_score(held: HeldOutFit) -> float:
    """What a usual good part scores, in anomalib's own numbers: the unit of the bundle's scores.

    Raises:
        TrainingError: the scores are no numbers, or there is nothing to divide by.
    """
    unit = float(np.median(np.abs(held.normal.scores)))
    if not np.isfinite(held.normal.scores).all() or unit <= 0:
        raise TrainingError(
            "the model cannot be used",
            "its scores of held-out good parts are zero or no numbers",
            "Look at the pictures, which may all be the same, or set more steps under [anomalib] of --config",
        )
    return unit


def held_out_limits(held: HeldOutFit, unit: float, false_reject_rate: float) -> Limits:
    """The reject limit from held-out normals' scores, and the pixel limit from their maps, see `limits_of`.

    Args:
        held: a fit.
        unit: what its numbers are divided by.
        false_reject_rate: share of good parts that may be rejected.
    """
    scores, maps = held.normal.scores / unit, held.normal.maps / np.float32(unit)
    worst = conformal_limit(np.asarray(frame_score(torch.from_numpy(maps))), false_reject_rate)
    return Limits(
        reject=conformal_limit(scores, false_reject_rate),
        false_reject_rate=false_reject_rate,
        normals=len(scores),
        method=f"conformal over held-out normals ({held.how})",
        pixel=pixel_limit(maps, worst),
    )


def few_held_out(name: str, held: HeldOutFit, count: int, rate: float) -> list[str]:
    """What a person should know where only a share of the normals is behind the limit, as sentences.

    Args:
        name: of the model.
        held: its fit.
        count: all normals.
        rate: share of good parts that may be rejected.
    """
    number = len(held.indices)
    missing = normals_missing(number, rate)
    if number == count or not missing:
        return []
    return [
        f"{name} is fitted once: {number} of {count} normals were held out for the limit, and can"
        f" promise at most {100 * promised_rate(number, rate):.1f} % false rejects:"
        f" add {missing * count // number} more"
    ]


def _known_scores(held: HeldOutFit, unit: float, count: int) -> NDArray[np.float64]:
    """[count], NaN for normals that were not held out."""
    scores = np.full(count, np.nan)
    scores[held.indices] = held.normal.scores / unit
    return scores
