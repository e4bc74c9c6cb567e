"""Accuracy of the product model, of each decoder alone and of anomalib's baselines, on one data set."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inspector.bundle import Bundle
from inspector.engines import ScorerOutput
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.frames import image_files, read_frame, resize
from training.anomalib_models.product import train_anomalib_product
from training.anomalib_models.registry import find_model
from training.decoders.fusion import frame_score
from training.evaluation.dataset import Sample, load_test_set, read_mask
from training.evaluation.metrics import Figures, evaluate_scores
from training.product import Trained, train_product
from training.settings import TrainingSettings

OURS = "inspector"
ALONE = {"image-image alone": "image_image_map", "image-text alone": "image_text_map"}
BASELINES = {"anomalib PatchCore": "anomalib:Patchcore", "anomalib PaDiM": "anomalib:Padim"}
BATCH = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One method on one data set."""

    method: str
    figures: Figures
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Frames:
    """The test frames of a data set.

    Attributes:
        samples: files and kinds.
        resized: uint8 [N, H, W, 3] in the network's input size.
        sizes: (height, width) of each as captured.
    """

    samples: tuple[Sample, ...]
    resized: NDArray[np.uint8]
    sizes: tuple[tuple[int, int], ...]

    def masks(self) -> Iterator[NDArray[np.bool_] | None]:
        """Mask of each frame in its own size; None where there is none."""
        for sample, size in zip(self.samples, self.sizes, strict=True):
            if sample.mask_path is not None:
                yield read_mask(sample.mask_path, *size)
            else:
                yield None if sample.defective else np.zeros(size, bool)

    def figures(
        self, scores: NDArray[np.floating], maps: NDArray[np.float32], limit: float | None
    ) -> Figures:
        """Measure scores [N] and maps [N, h, w], each enlarged to its frame's own size."""
        enlarged = (
            cv2.resize(anomaly_map, size[::-1], interpolation=cv2.INTER_LINEAR)
            for anomaly_map, size in zip(maps, self.sizes, strict=True)
        )
        masked = any(sample.mask_path is not None for sample in self.samples)
        return evaluate_scores(
            scores,
            [sample.defective for sample in self.samples],
            enlarged if masked else None,
            self.masks() if masked else None,
            kinds=[sample.kind for sample in self.samples],
            limit=limit,
        )


def read_test_frames(dataset: Path, height: int, width: int) -> Frames:
    """All test frames of a folder in MVTec layout."""
    samples = tuple(load_test_set(dataset).samples)
    images = [read_frame(sample.path).image for sample in samples]
    resized = np.stack([resize(image, height, width) for image in images])
    return Frames(samples, resized, tuple((image.shape[0], image.shape[1]) for image in images))


def measure_ours(
    product: str, normals: Path, tests: Frames, output: Path, settings: TrainingSettings
) -> tuple[Bundle, list[Row]]:
    """Train a bundle and measure it, and each decoder alone, through ONNX Runtime."""
    trained = train_product(product, normals, output, settings, overwrite=True)
    served = _serve(trained.bundle, tests)
    rows = [_row(OURS, trained, served, tests)]
    for name, field in ALONE.items():
        maps = getattr(served, field)
        rows.append(
            Row(name, tests.figures(np.asarray(frame_score(torch.from_numpy(maps))), maps, None), None)
        )
    return trained.bundle, rows


def measure_baselines(
    product: str, normals: Path, tests: Frames, output: Path, settings: TrainingSettings
) -> list[Row]:
    """Anomalib's models as bundles, on the same pictures, input size and encoder as ours.

    Args:
        product: name that the bundles carry.
        normals: folder of good parts.
        tests: frames to measure on.
        output: folder that the bundles are written into.
        settings: of every training.
    """
    rows = []
    for name, model in BASELINES.items():
        place = output / model.replace(":", "-")
        trained = train_anomalib_product(product, normals, place, find_model(model), settings, overwrite=True)
        rows.append(_row(name, trained, _serve(trained.bundle, tests), tests))
    return rows


def _serve(bundle: Bundle, tests: Frames) -> ScorerOutput:
    """What the bundle's network says of all test frames, through ONNX Runtime."""
    engine = OnnxRuntimeEngine(bundle.scorer_path)
    frames = tests.resized
    outputs = [engine.run(frames[start : start + BATCH]) for start in range(0, len(frames), BATCH)]
    names = [field.name for field in fields(ScorerOutput)]
    return ScorerOutput(
        **{name: np.concatenate([getattr(output, name) for output in outputs]) for name in names}
    )


def _row(method: str, trained: Trained, served: ScorerOutput, tests: Frames) -> Row:
    limit = trained.bundle.manifest.limits.reject
    return Row(method, tests.figures(served.score, served.anomaly_map, limit), trained.seconds)


def few_normals(folder: Path, count: int, output: Path, seed: int) -> Path:
    """A folder with so many of the normals, chosen by seed."""
    files = image_files(folder)
    output.mkdir(parents=True)
    for index in np.random.default_rng(seed).choice(len(files), count, replace=False):
        shutil.copy(files[index], output / files[index].name)
    return output
