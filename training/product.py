"""`train_product`: a folder of good pictures becomes a bundle."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inspector.bundle import (
    MANIFEST_NAME,
    PRODUCT_PATTERN,
    Bundle,
    Limits,
)
from inspector.errors import OutputExistsError, TrainingError
from inspector.frames import read_frame
from inspector.limits import conformal_limit, normals_needed, promised_rate
from training.bundle_writing import Draft, LearnedNormals, Usual, write_bundle
from training.encoders import build_image_encoder, build_text_encoder
from training.export import Parity
from training.learning import Learned, OnStep, ignore_step, learn
from training.normals import Normals, read_normals, suspects
from training.prompts import build_prompts, encode_prompts
from training.retraining.learning_files import Source, picture_sha256
from training.settings import TrainingSettings

FEWEST_FOR_LIMIT = 4
"""Below this many normals their scores alone make no limit."""
PIXEL_QUANTILE = 0.995
"""Of all places on held-out normals; a region begins half-way between it and the worst of a good part."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training.

    Attributes:
        bundle: the bundle as it was loaded from disk again.
        normals: pictures learned from.
        seconds: time it took, reading and export included.
        notes: what a person should know, one sentence each.
        parity: the exported network against the trained one.
        image_auroc: synthetic defects against held-out normals.
    """

    bundle: Bundle
    normals: int
    seconds: float
    notes: tuple[str, ...]
    parity: Parity
    image_auroc: float


def train_product(
    product: str,
    normal_folder: Path,
    output: Path,
    settings: TrainingSettings = TrainingSettings(),  # noqa: B008 - frozen
    *,
    overwrite: bool = False,
    on_step: OnStep = ignore_step,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Trained:
    """Learn a product and write its bundle.

    Args:
        product: name that results carry.
        normal_folder: pictures of good parts, searched with its subfolders.
        output: folder of the new bundle; it appears complete or not at all.
        settings: see `TrainingSettings`.
        overwrite: replace a bundle that stands at `output`.
        on_step: told what is being done, and how far it is.
        now: clock for the manifest.

    Raises:
        OutputExistsError: something stands at `output`, or what stands there is no bundle.
        DatasetError: there is no such folder of normals.
        TrainingError: no picture can be read, or weights are missing.
        ParityError: the exported network does not compute what the trained one does.
    """
    started = time.perf_counter()
    check_output(output, overwrite=overwrite)
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    size = (settings.height, settings.width)
    normals = read_normals(
        normal_folder, size, settings.max_normals, rng, partial(on_step, "Reading pictures")
    )
    on_step("Loading encoders", 0, 1)
    encoder = build_image_encoder(settings.encoder, settings.height, settings.width)
    text_encoder = build_text_encoder(settings.text_encoder)
    sentences = encode_prompts(build_prompts(product, settings.prompts), text_encoder).pair
    learned = learn(normals.frames, encoder, sentences, settings, on_step)

    limits = limits_of(learned, len(normals.frames), settings.false_reject_rate)
    sources = [
        Source(name=path.name, sha256=picture_sha256(frame))
        for path, frame in zip(normals.paths, normals.frames, strict=True)
    ]
    bundle, parity = write_bundle(
        Draft(
            product,
            learned,
            limits,
            normals,
            Usual(normals.frames, learned.choice.ranking.normal_scores, size_as_captured(normals)),
            (encoder.weights, text_encoder.weights),
            settings,
        ),
        LearnedNormals(normals.frames, sources),
        output,
        created_at=now(),
        overwrite=overwrite,
        on_step=on_step,
    )
    return Trained(
        bundle=bundle,
        normals=len(normals.frames),
        seconds=time.perf_counter() - started,
        notes=(*normals.notes, *_notes(normals, learned, limits)),
        parity=parity,
        image_auroc=learned.choice.image_auroc,
    )


def check_output(
    output: Path, *, overwrite: bool, manifest: str = MANIFEST_NAME, what: str = "bundle"
) -> None:
    """Refuse before the training what could not be written after it.

    Args:
        output: where it will be written.
        overwrite: replace what stands there, if it is one of the same.
        manifest: the file by which one is known.
        what: what it is called.

    Raises:
        OutputExistsError: something stands at `output` that may not be replaced.
    """
    if not output.exists():
        return
    if not overwrite:
        raise OutputExistsError(
            f"{output} already exists", "nothing was trained", "Choose another --output, or add --overwrite"
        )
    if not (output / manifest).is_file():
        raise OutputExistsError(
            f"{output} is not replaced", f"it is no {what}", "Choose another --output, or move it away"
        )


def size_as_captured(normals: Normals) -> tuple[int, int]:
    """Height and width of the first picture in pixels."""
    height, width = read_frame(normals.paths[0]).image.shape[:2]
    return height, width


def limits_of(learned: Learned, normals: int, false_reject_rate: float) -> Limits:
    """The reject limit from held-out normals' scores, and the pixel limit from their maps.

    Normals that look defective are left out: one forgotten defect among a hundred normals would put the limit
    above all defects like it. They are named to the person who trains. Of very few normals the highest score
    is far too low for the next good part; the limit then lies half-way to what synthetic defects score.
    """
    ranking, outlining = learned.choice.ranking, learned.choice.outlining
    left_out = suspects(ranking.normal_scores, ranking.painted_scores)
    scores = np.delete(ranking.normal_scores, left_out)
    reject = conformal_limit(scores, false_reject_rate)
    highest = conformal_limit(np.delete(outlining.normal_scores, left_out), false_reject_rate)
    method = f"split conformal over held-out normals ({learned.held_out})"
    if len(left_out):
        method += f", {len(left_out)} suspects left out"
    if normals < FEWEST_FOR_LIMIT:
        reject = _half_way(reject, ranking.painted_scores)
        highest = _half_way(highest, outlining.painted_scores)
        method = f"half-way from held-out normals ({learned.held_out}) to synthetic defects"
    usual = float(np.quantile(np.delete(np.asarray(outlining.normal), left_out, axis=0), PIXEL_QUANTILE))
    return Limits(
        reject=reject,
        false_reject_rate=false_reject_rate,
        # Copies of a single normal are no sample of good parts.
        normals=len(scores) if normals > 1 else 0,
        method=method,
        pixel=(min(usual, highest) + highest) / 2,
    )


def _half_way(limit: float, painted_scores: NDArray[np.float64]) -> float:
    return max(limit, (limit + float(np.median(painted_scores))) / 2)


def _notes(normals: Normals, learned: Learned, limits: Limits) -> list[str]:
    notes = []
    needed = normals_needed(limits.false_reject_rate)
    if len(normals.frames) == 1:
        notes.append(f"one normal promises no false-reject rate: add {needed - 1} more")
    elif len(normals.frames) < needed:
        rate = promised_rate(len(normals.frames), limits.false_reject_rate)
        notes.append(
            f"{len(normals.frames)} normals can promise at most {100 * rate:.1f} % false rejects,"
            f" not {100 * limits.false_reject_rate:g} %: add {needed - len(normals.frames)} more"
        )
    scores = learned.choice.ranking.normal_scores
    if len(scores) == len(normals.paths):
        notes.extend(
            f"{normals.paths[index]} looks defective (score {scores[index]:.2f}, the median is"
            f" {np.median(scores):.2f}) and has no part in the limit: if it is, remove it and train again"
            for index in suspects(scores, learned.choice.ranking.painted_scores)
        )
    return notes


def check_product(product: str) -> None:
    """Refuse a name that could not be a folder, an MQTT property and a column value.

    Raises:
        TrainingError: the name is not usable.
    """
    if not re.fullmatch(PRODUCT_PATTERN, product):
        raise TrainingError(
            f"product {product[:80]!r} cannot be named so",
            "it has 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit",
            "Choose another --product",
        )
