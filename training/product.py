"""`train_product`: a folder of good pictures becomes a bundle."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
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
)
from inspector.errors import OutputExistsError, TrainingError
from inspector.frames import read_frame
from training.bundle_writing import Draft, DriftBasis, LearnedNormals, write_bundle
from training.calibrating import limits_of, suspected
from training.encoders import ImageEncoder, build_image_encoder, build_text_encoder
from training.export import Parity
from training.learning import OnStep, ignore_step, learn
from training.normals import Excluded, Normals, NormalsReport, read_normals
from training.normals.checking import check_normals
from training.normals.report import confirmed_places
from training.own_model import own_model
from training.prompts import build_prompts, encode_prompts
from training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training.

    Attributes:
        bundle: the bundle as it was loaded from disk again.
        normals: pictures learned from.
        seconds: time it took, reading and export included.
        notes: what a person should know, one sentence each; those that were told before come first.
        parity: the exported network against the trained one.
        scores: [N] of held-out normals, by models that did not see them; of other length where not all were.
        excluded: pictures that were not learned.
    """

    bundle: Bundle
    normals: int
    seconds: float
    notes: tuple[str, ...]
    parity: Parity
    scores: NDArray[np.float64]
    excluded: tuple[Excluded, ...] = ()


def train_product(
    product: str,
    normal_folder: Path,
    output: Path,
    settings: TrainingSettings = TrainingSettings(),  # noqa: B008 - frozen
    *,
    overwrite: bool = False,
    keep: Collection[str] | None = (),
    on_step: OnStep = ignore_step,
    on_report: Callable[[NormalsReport], None] = lambda _: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Trained:
    """Learn a product and write its bundle.

    Args:
        product: name that results carry.
        normal_folder: pictures of good parts, searched with its subfolders.
        output: folder of the new bundle; it appears complete or not at all.
        settings: see `TrainingSettings`.
        overwrite: replace a bundle that stands at `output`.
        keep: names of pictures that are learned whatever they look like, see `check_normals`; None: all.
        on_step: told what is being done, and how far it is.
        on_report: told what was found of the pictures, before anything is learned.
        now: clock for the manifest.

    Raises:
        OutputExistsError: something stands at `output`, or what stands there is no bundle.
        DatasetError: there is no such folder of normals.
        TrainingError: no picture can be read, they show two products, or weights are missing.
        ParityError: the exported network does not compute what the trained one does.
    """
    started = time.perf_counter()
    check_output(output, overwrite=overwrite)
    torch.manual_seed(settings.seed)
    encoder, report = read_checked(normal_folder, settings, keep=keep, on_step=on_step)
    on_report(report)
    normals = report.kept
    text_encoder = build_text_encoder(settings.text_encoder)
    sentences = encode_prompts(build_prompts(product, settings.prompts), text_encoder).pair
    learned = learn(normals.frames, encoder, sentences, settings, on_step, known_maps=report.encoded)

    confirmed = confirmed_places(normals.paths, keep)
    limits = limits_of(learned, len(normals.frames), settings.false_reject_rate, confirmed)
    notes = (*report.notes, *suspected(normals.paths, learned, confirmed))
    bundle, parity = write_bundle(
        Draft(
            product,
            own_model(learned, encoder.weights, text_encoder.weights),
            limits,
            normals,
            DriftBasis(normals.frames, learned.choice.ranking.normal_scores, size_as_captured(normals)),
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
        notes=notes,
        parity=parity,
        scores=learned.choice.ranking.normal_scores,
        excluded=report.excluded,
    )


def read_checked(
    normal_folder: Path,
    settings: TrainingSettings,
    *,
    keep: Collection[str] | None,
    on_step: OnStep,
) -> tuple[ImageEncoder, NormalsReport]:
    """The pictures to learn from, and the encoder of the settings, by which they were checked.

    Args:
        normal_folder: pictures of good parts, searched with its subfolders.
        settings: of the training.
        keep: see `check_normals`.
        on_step: told what is being done, and how far it is.

    Raises:
        DatasetError: there is no such folder of normals.
        TrainingError: no picture can be read, they show two products, or weights are missing.
    """
    rng = np.random.default_rng(settings.seed)
    size = (settings.height, settings.width)
    pictures = read_normals(
        normal_folder, size, settings.max_normals, rng, partial(on_step, "Reading pictures")
    )
    on_step("Loading encoders", 0, 1)
    encoder = build_image_encoder(settings.encoder, settings.height, settings.width)
    return encoder, check_normals(pictures, encoder, settings, keep=keep, on_step=on_step)


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
