"""Accuracy of the product model, of each decoder alone and of anomalib's baselines, on one data set."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inspector.bundle import Bundle
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.frames import image_files, read_frame, resize
from training.benchmarks.baselines import BASELINES, run_baseline
from training.decoders.fusion import frame_score
from training.evaluation.dataset import Sample, load_test_set, read_mask
from training.evaluation.metrics import Figures, evaluate_scores
from training.product import train_product
from training.settings import TrainingSettings

OURS = "inspector"
ALONE = {"image-image alone": "image_image_map", "image-text alone": "image_text_map"}


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
    started = time.perf_counter()
    bundle = train_product(product, normals, output, settings, overwrite=True).bundle
    seconds = time.perf_counter() - started
    engine = OnnxRuntimeEngine(bundle.scorer_path)
    outputs = [engine.run(tests.resized[start : start + 8]) for start in range(0, len(tests.resized), 8)]
    scores = np.concatenate([output.score for output in outputs])
    fused = np.concatenate([output.anomaly_map for output in outputs])
    rows = [Row(OURS, tests.figures(scores, fused, bundle.manifest.limits.reject), seconds)]
    for name, field in ALONE.items():
        maps = np.concatenate([getattr(output, field) for output in outputs])
        rows.append(
            Row(name, tests.figures(np.asarray(frame_score(torch.from_numpy(maps))), maps, None), None)
        )
    return bundle, rows


def measure_baselines(normals: Path, tests: Frames, settings: TrainingSettings) -> list[Row]:
    """Anomalib's models on the same encoder, the same frames and the same split."""
    size = (settings.height, settings.width)
    frames = np.stack([resize(read_frame(path).image, *size) for path in image_files(normals)])
    rows = []
    for name in BASELINES:
        started = time.perf_counter()
        rng = np.random.default_rng(settings.seed)
        result = run_baseline(name, frames, tests.resized, settings.false_reject_rate, rng)
        seconds = time.perf_counter() - started
        rows.append(Row(name, tests.figures(result.scores, result.maps, result.limit), seconds))
    return rows


def few_normals(folder: Path, count: int, output: Path, seed: int) -> Path:
    """A folder with so many of the normals, chosen by seed."""
    files = image_files(folder)
    output.mkdir(parents=True)
    for index in np.random.default_rng(seed).choice(len(files), count, replace=False):
        shutil.copy(files[index], output / files[index].name)
    return output
