"""`train_kinds`: the network for kinds, from nothing but rendered parts, noise and a seed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from inspector.bundle import file_sha256, new_folder
from inspector.describing.cues import CUES
from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.kinds import (
    DIRECTIONS,
    KINDS_INPUT,
    KINDS_MANIFEST,
    KINDS_ONNX,
    KINDS_OUTPUT,
    KINDS_WEIGHTS,
    KindsManifest,
    load_kind_reader,
)
from training.adapter.surfaces import make_surfaces
from training.encoders import build_text_encoder
from training.export import export_network
from training.kinds.fitting import KindLessons, KindSettings, fit_kinds, kind_accuracy, paint_lessons
from training.kinds.vocabulary import CENTRE, encode_known_kinds
from training.learning import OnStep, ignore_step
from training.product import check_output

HELD_OUT = 5
"""One painted defect in so many is not learned from."""


@dataclass(frozen=True, slots=True)
class TrainedKinds:
    """A finished network for kinds: its manifest, its folder's bytes, and the time that it took."""

    manifest: KindsManifest
    size_bytes: int
    seconds: float


def train_kinds(
    output: Path,
    settings: KindSettings = KindSettings(),  # noqa: B008 - frozen
    *,
    command: str,
    overwrite: bool = False,
    on_step: OnStep = ignore_step,
) -> TrainedKinds:
    """Make a network for kinds and write its folder.

    Args:
        output: folder of the network; it appears complete or not at all.
        settings: see `KindSettings`.
        command: that makes this network again, for its manifest.
        overwrite: replace what stands at `output`.
        on_step: told what is being done, and how far it is.

    Raises:
        OutputExistsError: something stands at `output`.
        TrainingError: the text encoder's package is missing.
    """
    started = time.perf_counter()
    check_output(output, overwrite=overwrite, manifest=KINDS_MANIFEST, what="network for kinds")
    rng = np.random.default_rng(settings.seed)
    with new_folder(output, overwrite=overwrite) as folder:
        encoder = build_text_encoder()
        directions, centre = encode_known_kinds(encoder)
        surfaces = make_surfaces(settings.surfaces, rng, partial(on_step, "Rendering good parts"))
        lessons = paint_lessons(surfaces, settings.defects, rng, partial(on_step, "Painting defects"))
        on_step("Fitting", 0, 1)
        held_out = np.arange(len(lessons.kinds)) % HELD_OUT == 0
        trial = fit_kinds(_taken(lessons, ~held_out), directions, settings)
        accuracy = kind_accuracy(trial, _taken(lessons, held_out), directions)
        projection = fit_kinds(lessons, directions, settings)
        save_file({DIRECTIONS: directions, CENTRE: centre, **projection.state_dict()}, folder / KINDS_WEIGHTS)
        # safetensors' files can be read by their owner only; the service may be somebody else.
        (folder / KINDS_WEIGHTS).chmod(0o644)
        example = torch.from_numpy(lessons.cues[:2])
        export_network(projection, (example,), folder / KINDS_ONNX, (KINDS_INPUT,), (KINDS_OUTPUT,))
        manifest = KindsManifest(
            words=tuple(kind.value for kind in KNOWN_KINDS),
            cues=CUES,
            temperature=settings.temperature,
            text_encoder=encoder.weights,
            command=command,
            seed=settings.seed,
            figures={"accuracy on painted defects": round(accuracy, 4)},
            files={file: file_sha256(folder / file) for file in (KINDS_ONNX, KINDS_WEIGHTS)},
        )
        (folder / KINDS_MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        load_kind_reader(folder=folder)
        size_bytes = sum(file.stat().st_size for file in folder.iterdir())
    return TrainedKinds(manifest, size_bytes, time.perf_counter() - started)


def _taken(lessons: KindLessons, rows: np.ndarray) -> KindLessons:
    return KindLessons(lessons.cues[rows], lessons.kinds[rows])
