"""A bundle measured on a test set, by the very path that serves frames."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from pydantic import Field

from inspector.frames import Frame, read_frame
from inspector.inspecting import Inspector, anomaly_map_in_frame
from inspector.results import Inspection, Verdict
from training.evaluation.dataset import Sample, TestSet, read_mask
from training.evaluation.metrics import Figures, figures_of
from training.evaluation.pixels import PixelCounter


@dataclass(frozen=True, slots=True)
class ScoredSample:
    """What became of one picture; its map is not kept."""

    sample: Sample
    score: float
    verdict: Verdict
    reason: str
    latency_ms: float

    @property
    def missed(self) -> bool:
        """Whether a defective part passed."""
        return self.sample.defective and self.verdict is Verdict.PASS

    @property
    def falsely_rejected(self) -> bool:
        """Whether a good part was rejected."""
        return not self.sample.defective and self.verdict is Verdict.REJECT


class Evaluation(Figures):
    """The figures of a bundle on a test set: the content of `metrics.json`."""

    product: str
    model_version: str
    dataset: str
    engine: str
    latency_ms: float = Field(description="Median from the file's bytes to the verdict")
    false_reject_rate_target: float = Field(description="What the bundle's limit was made for")
    notes: tuple[str, ...]


def evaluate_bundle(
    inspector: Inspector, test_set: TestSet, advance: Callable[[], None] = lambda: None
) -> tuple[Evaluation, tuple[ScoredSample, ...]]:
    """Inspect every picture and count pixels in the pictures' own size.

    Args:
        inspector: the loaded bundle.
        test_set: pictures and masks.
        advance: called after each picture.

    Returns:
        The figures, and each picture's result in the order of the test set.

    Raises:
        FrameError: a picture cannot be read.
        DatasetError: a mask cannot be read or is of another size than its picture.
        EngineError: the network failed.
    """
    counter, scored, with_mask, notes = PixelCounter(), [], 0, list(test_set.notes)
    masks_exist = any(sample.mask_path for sample in test_set.samples)
    for sample in test_set.samples:
        inspection, frame = inspect_sample(inspector, sample)
        scored.append(
            ScoredSample(
                sample, inspection.score, inspection.verdict, inspection.reason, inspection.latency_ms
            )
        )
        if sample.mask_path is not None:
            mask = read_mask(sample.mask_path, *frame.image.shape[:2])
            if mask.any():
                counter.add(anomaly_map_in_frame(inspection), mask)
                with_mask += 1
            else:
                notes.append(f"The mask of {sample.name} is empty: pixel figures leave it out.")
        elif masks_exist and not sample.defective:
            counter.add(anomaly_map_in_frame(inspection), None)
        advance()
    limits = inspector.bundle.manifest.limits
    figures = figures_of(
        [one.score for one in scored],
        [one.sample.defective for one in scored],
        kinds=[one.sample.kind for one in scored],
        limit=limits.reject,
        verdicts=[one.verdict for one in scored],
        pixels=counter.figures(),
        with_mask=with_mask,
    )
    unsure = sum(one.verdict is Verdict.UNSURE for one in scored)
    if unsure:
        pictures = "1 picture" if unsure == 1 else f"{unsure} pictures"
        notes.append(f"{pictures} could not be judged: counted as unsure, neither as passed nor as rejected.")
    evaluation = Evaluation(
        **dict(figures),
        product=inspector.bundle.product,
        model_version=inspector.bundle.version,
        dataset=str(test_set.root),
        engine=inspector.engine.name,
        latency_ms=median(one.latency_ms for one in scored),
        false_reject_rate_target=limits.false_reject_rate,
        notes=tuple(notes),
    )
    return evaluation, tuple(scored)


def inspect_sample(inspector: Inspector, sample: Sample) -> tuple[Inspection, Frame]:
    """Read and judge one picture; the latency counts from the file's bytes.

    Raises:
        FrameError: the picture cannot be read.
        EngineError: the network failed.
    """
    started = time.perf_counter()
    frame = read_frame(sample.path)
    return inspector.inspect(frame, started=started), frame


def write_scores(path: Path, scored: tuple[ScoredSample, ...], limit: float) -> None:
    """Write a CSV file with one line a picture: what it is, its score and what was decided."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("picture", "kind", "defective", "score", "limit", "verdict", "reason", "latency_ms"))
        for one in scored:
            sample = one.sample
            defective = "yes" if sample.defective else "no"
            latency = f"{one.latency_ms:.2f}"
            writer.writerow(
                (sample.name, sample.kind, defective, one.score, limit, one.verdict, one.reason, latency)
            )
