"""`retrain_product`: an active bundle and new good pictures become a candidate bundle.

What the network knows stays: the standardisation of its features, the axes of its memory and its projection
into the text space. Its memory takes the new patches in without growing, the projection is trained on for
some steps, and calibration, fusion and limits are made anew from held-out normals, earlier and new ones.

Confirmed defects never enter the memory. They say how much each decoder counts, and the result tells whether
the candidate catches them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from inspector.bundle import Bundle, Limits
from inspector.engines import Engine
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.errors import TrainingError
from inspector.frames import read_frame, resize
from inspector.limits import promised_rate
from inspector.results import Verdict
from training.bundle_writing import Draft, DriftBasis, LearnedNormals, write_bundle
from training.decoders.image_image import ImageImageDecoder
from training.decoders.image_text import ImageTextDecoder
from training.decoders.scale import Scale
from training.encoders import ImageEncoder, build_image_encoder
from training.learning import Earlier, Learned, OnStep, encode, ignore_step, learn, patch_features
from training.model_names import OWN
from training.normals import Normals, NormalsReport, read_normals
from training.normals.report import confirmed_places
from training.own_model import own_model
from training.product import check_output, size_as_captured
from training.retraining.learning_files import (
    LearningFiles,
    ScaleState,
    Source,
    picture_sha256,
    read_learning_files,
)
from training.retraining.newcomer_limits import Newcomers, limits_with_newcomers
from training.retraining.newcomers import check_newcomers
from training.retraining.results import KnownDefect, Rescored, Retrained
from training.settings import TrainingSettings


def retrain_product(
    active: Bundle,
    normal_folder: Path,
    output: Path,
    *,
    known: Sequence[KnownDefect] = (),
    overwrite: bool = False,
    keep: Collection[str] | None = (),
    chosen: Collection[str] = (),
    on_step: OnStep = ignore_step,
    on_report: Callable[[NormalsReport], None] = lambda _: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Retrained:
    """Learn a product further and write a candidate. The active bundle stays as it is.

    Args:
        active: the bundle to go on from, with its learning files.
        normal_folder: new pictures of good parts, searched with its subfolders.
        output: folder of the candidate; it appears complete or not at all.
        known: pictures of confirmed defects.
        overwrite: replace a bundle that stands at `output`.
        keep: names of pictures that are learned whatever they look like, see `check_normals`; None: all.
        chosen: names of pictures that were chosen for their scores, such as reviewed false rejects: they are
            good and learned, but no sample of the line that a limit could be made from.
        on_step: told what is being done, and how far it is.
        on_report: told what was found of the new pictures, before anything is learned.
        now: clock for the manifest.

    Raises:
        OutputExistsError: something stands at `output`, or what stands there is no bundle.
        DatasetError: there is no such folder of normals.
        TrainingError: the bundle is of another model, has no learning files, was made with other weights, or
            nothing is new; or the new pictures do not show the product.
        FrameError: a known defect cannot be read.
        ParityError: the exported network does not compute what the trained one does.
    """
    started = time.perf_counter()
    check_output(output, overwrite=overwrite)
    _check_model(active)
    settings = settings_of(active)
    files = read_learning_files(active)
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng([settings.seed, len(files.sources)])
    size = (settings.height, settings.width)
    on_new = partial(on_step, "Reading new pictures")
    read = read_normals(normal_folder, size, settings.max_normals, rng, on_new)
    unknown = _unknown(read, files)
    on_step("Loading encoders", 0, 1)
    encoder = build_image_encoder(settings.encoder, settings.height, settings.width)
    _check_weights(active, encoder)
    report = check_newcomers(
        unknown,
        active,
        encoder,
        settings,
        earlier=len(files.normals),
        keep=None if keep is None else (*keep, *chosen),
        on_step=on_step,
    )
    on_report(report)
    new = report.kept
    # As the text encoder gave them for the first training: it is not needed again.
    sentences = files.scales[0].tensors["image_text.sentences"]

    looked_at = rng.permutation(len(files.normals))[: settings.retraining.earlier_normals]
    frames = np.concatenate((files.normals[looked_at], new.frames))
    is_new = np.arange(len(frames)) >= len(looked_at)
    defects = [resize(read_frame(one.path).image, *size) for one in known]
    earlier = Earlier(
        [_scale(encoder, state, settings, sentences) for state in files.scales],
        is_new,
        np.stack(defects) if defects else np.empty((0, *size, 3), np.uint8),
    )
    earlier_maps = encode(encoder, files.normals[looked_at], partial(on_step, "Encoding earlier normals"))
    maps = [torch.cat(layers) for layers in zip(earlier_maps, report.encoded, strict=True)]
    learned = learn(frames, encoder, sentences, _quicker(settings), on_step, earlier=earlier, known_maps=maps)
    newcomers = Newcomers(
        is_new,
        [len(looked_at) + place for place in confirmed_places(new.paths, keep)],
        [len(looked_at) + place for place in confirmed_places(new.paths, chosen)],
    )
    limits = limits_with_newcomers(learned, newcomers, settings.false_reject_rate)
    # The next frames look like the new ones. Where these are few, a box learns what is usual itself.
    basis = newcomers.is_sample if newcomers.is_sample.any() else ~is_new
    bundle, parity = write_bundle(
        Draft(
            active.product,
            own_model(learned, encoder.weights, active.manifest.text_encoder),
            limits,
            _golden_normals(active, new),
            DriftBasis(frames[basis], _scores_of(learned, basis), size_as_captured(new)),
            settings,
            {
                "parent": active.version,
                "new_normals": len(new.frames),
                "known_defects": len(known),
                "left_out": len(report.excluded),
            },
            active,
        ),
        _remembered(files, new, active.version, settings.max_normals, rng),
        output,
        created_at=now(),
        overwrite=overwrite,
        on_step=on_step,
    )
    rescored = _rescored(known, defects, active, bundle)
    return Retrained(
        bundle=bundle,
        parent=active.version,
        new_normals=len(new.frames),
        normals=min(len(files.sources) + len(new.frames), settings.max_normals),
        known=rescored,
        seconds=time.perf_counter() - started,
        notes=(*report.notes, *_notes(limits, int(newcomers.is_sample.sum()), rescored)),
        parity=parity,
        excluded=report.excluded,
    )


def settings_of(bundle: Bundle) -> TrainingSettings:
    """The settings that a bundle was trained with.

    Raises:
        TrainingError: it does not say, or they are of another version.
    """
    try:
        return TrainingSettings.model_validate_json(str(bundle.manifest.training["settings"]))
    except (KeyError, ValidationError) as error:
        raise TrainingError(
            f"bundle {bundle.path} cannot be retrained",
            f"its training settings cannot be read: {error}",
            "Train anew with this version",
        ) from error


def _scores_of(learned: Learned, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Held-out scores of some normals; empty where there are none."""
    scores = learned.choice.ranking.normal_scores
    return scores[chosen] if len(scores) == len(chosen) else np.empty(0)


def _quicker(settings: TrainingSettings) -> TrainingSettings:
    """The settings of a learning that goes on from an earlier one."""
    less = settings.retraining
    return settings.model_copy(
        update={
            "folds": less.folds,
            "synthetic_frames": less.synthetic_frames,
            "text_decoder": settings.text_decoder.model_copy(update={"steps": less.steps}),
        }
    )


def _unknown(read: Normals, files: LearningFiles) -> Normals:
    """The pictures that were not learned before."""
    learned = {source.sha256 for source in files.sources}
    keep = [index for index, frame in enumerate(read.frames) if picture_sha256(frame) not in learned]
    if not keep:
        raise TrainingError(
            "there is nothing new to learn",
            f"all {len(read.frames)} pictures were learned before",
            "Give pictures that the bundle has not seen",
        )
    notes = read.notes
    if len(keep) < len(read.frames):
        notes = (*notes, f"{len(read.frames) - len(keep)} pictures were learned before and are left out")
    return replace(read.taken(keep), notes=notes)


def _check_model(active: Bundle) -> None:
    model = active.manifest.training.get("model", OWN)
    if model != OWN:
        raise TrainingError(
            f"bundle {active.path} cannot be retrained",
            f"it holds {model}, and only our own model learns further",
            f"Train anew from the earlier and the new pictures with `inspector train --model {model}`",
        )


def _check_weights(active: Bundle, encoder: ImageEncoder) -> None:
    if encoder.weights.sha256 != active.manifest.encoder.sha256:
        raise TrainingError(
            f"bundle {active.path} cannot be retrained",
            f"it was trained with other weights of {active.manifest.encoder.name} than are installed here",
            "Install those weights, or train anew",
        )


def _scale(
    encoder: ImageEncoder, state: ScaleState, settings: TrainingSettings, sentences: torch.Tensor
) -> Scale:
    """A scale as it was fitted."""
    features = patch_features(encoder, state.layers, state.grid)
    size, dimensions = state.tensors["image_image.memory"].shape
    scale = Scale(
        features,
        ImageImageDecoder(features.dim, dimensions, size),
        ImageTextDecoder(
            features.dim, settings.text_decoder.hidden, sentences, settings.text_decoder.temperature
        ),
    )
    scale.load_state_dict(state.tensors)
    return scale


def _golden_normals(active: Bundle, new: Normals) -> Normals:
    """Normals with files: the active bundle's golden ones, and the new ones."""
    height, width = new.frames.shape[1:3]
    paths = [active.path / golden.file for golden in active.manifest.golden if golden.verdict is Verdict.PASS]
    frames = [resize(read_frame(path).image, height, width) for path in paths]
    return Normals(np.stack([*frames, *new.frames]), (*paths, *new.paths), ())


def _remembered(
    files: LearningFiles, new: Normals, version: str, most: int, rng: np.random.Generator
) -> LearnedNormals:
    """All normals for the next time, at most so many: of the earlier ones, some are let go at random."""
    room = max(0, most - len(new.frames))
    kept = np.sort(rng.permutation(len(files.normals))[:room])
    sources = [files.sources[index] for index in kept] + [
        Source(name=path.name, sha256=picture_sha256(frame), added_with=version)
        for path, frame in zip(new.paths, new.frames, strict=True)
    ]
    return LearnedNormals(np.concatenate((files.normals[kept], new.frames)), sources)


def _rescored(
    known: Sequence[KnownDefect], defects: Sequence[NDArray[np.uint8]], active: Bundle, candidate: Bundle
) -> tuple[Rescored, ...]:
    """Known defects by both networks as they are served."""
    if not known:
        return ()
    before, after = (_scores(OnnxRuntimeEngine(one.scorer_path), defects) for one in (active, candidate))
    limit_before, limit = active.manifest.limits.reject, candidate.manifest.limits.reject
    return tuple(
        Rescored(one.name, old, score, old > limit_before, score > limit)
        for one, old, score in zip(known, before, after, strict=True)
    )


def _scores(engine: Engine, frames: Sequence[NDArray[np.uint8]]) -> list[float]:
    return [float(engine.run(frame[None]).score[0]) for frame in frames]


def _notes(limits: Limits, new: int, known: Sequence[Rescored]) -> list[str]:
    notes = []
    worth = promised_rate(new, limits.false_reject_rate)
    if new and worth > limits.false_reject_rate:
        notes.append(
            f"{new} new normals can promise at most {100 * worth:.1f} % false rejects among parts like them"
        )
    missed = [one.name for one in known if not one.is_caught]
    if missed:
        notes.append(f"{len(missed)} of {len(known)} known defects are not caught, such as {missed[0]}")
    return notes
