"""A fit, and what normals score that it did not see: by those normals' scores a limit is found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inspector.errors import TrainingError
from inspector.limits import normals_needed
from training.anomalib_models.protocol import AnomalibModel, FittedModel, OnPart, Recipe, ignore_part

FOLDS = 5
FEWEST_NORMALS = 5
BATCH = 8


@dataclass(frozen=True, slots=True)
class Scored:
    """Frames, scored in anomalib's own numbers.

    Attributes:
        scores: float64 [N].
        maps: float32 [N, h, w].
    """

    scores: NDArray[np.float64]
    maps: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeldOutFit:
    """A fitted model and the normals that were held out.

    Attributes:
        fitted: the model to serve.
        indices: [K], which normals were held out.
        normal: those normals, each scored by a fit that did not see it.
        how: how they were held out, in words.
    """

    fitted: FittedModel
    indices: NDArray[np.int64]
    normal: Scored
    how: str


def fit_held_out(  # noqa: PLR0917 - one call
    model: AnomalibModel,
    normals: NDArray[np.uint8],
    recipe: Recipe,
    false_reject_rate: float,
    rng: np.random.Generator,
    on_part: OnPart = ignore_part,
) -> HeldOutFit:
    """Fit a model, and score normals that a fit did not see.

    A model whose fit is cheap is fitted on all normals, and once more without each of as many fifths of them
    as the limit needs. Another is fitted once, without one fifth.

    Args:
        model: what to fit.
        normals: uint8 [N, H, W, 3].
        recipe: how.
        false_reject_rate: that the limit will be found for.
        rng: source of the split.
        on_part: told how far it is: of several fits each is a part.

    Raises:
        TrainingError: there are too few normals.
    """
    count = len(normals)
    if count < FEWEST_NORMALS:
        raise TrainingError(
            f"anomalib's {model.name} cannot be trained on {count} pictures",
            f"some must be held out for the limit: {FEWEST_NORMALS} are the fewest",
            "Add pictures of good parts, or leave out --model: our own model learns from one",
        )
    folds = np.array_split(rng.permutation(count), FOLDS)
    if not model.refits:
        held_out = folds[0]
        fitted = model.fit(np.delete(normals, held_out, axis=0), normals[held_out], recipe, on_part)
        scored = score_frames(fitted, normals[held_out])
        return HeldOutFit(fitted, held_out, scored, f"{len(held_out)} of {count}, never learned from")
    enough = min(FOLDS, math.ceil(normals_needed(false_reject_rate) / (count // FOLDS)))
    parts = []
    for number, fold in enumerate(folds[:enough]):
        on_part(number, enough + 1)
        part = model.fit(np.delete(normals, fold, axis=0), normals[fold], recipe)
        parts.append(score_frames(part, normals[fold]))
    on_part(enough, enough + 1)
    return HeldOutFit(
        fitted=model.fit(normals, normals, recipe),
        indices=np.concatenate(folds[:enough]),
        normal=Scored(
            np.concatenate([part.scores for part in parts]), np.concatenate([part.maps for part in parts])
        ),
        how=f"{enough} of {FOLDS} folds, each scored by a fit without it",
    )


@torch.inference_mode()
def score_frames(fitted: FittedModel, frames: NDArray[np.uint8]) -> Scored:
    """Score frames uint8 [N, H, W, 3] by anomalib's own forward pass."""
    results = [
        fitted.own(torch.from_numpy(frames[start : start + BATCH])) for start in range(0, len(frames), BATCH)
    ]
    scores = torch.cat([result.score for result in results])
    maps = torch.cat([result.anomaly_map for result in results])
    return Scored(np.asarray(scores, dtype=np.float64), np.asarray(maps, dtype=np.float32))
