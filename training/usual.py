"""What a bundle is told of the product's usual pictures, so that a box knows what it cannot judge.

Embeddings of normals in `familiarity.npz`, and ranges of sharpness, light and shape in the manifest. Both are
widened until frames with painted defects are judged too: a defect is to be rejected, not to be unsure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspector.bundle import SCORER_NAME, InputSize
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.familiarity import FAMILIARITY_NAME, MOST_NORMALS, Familiarity
from inspector.frames import read_frame
from inspector.quality import learn_ranges
from inspector.ranges import FrameRanges
from training.normals.painting import paint_some
from training.normals.reading import Normals
from training.settings import TrainingSettings

PAINTED = 80
"""Frames with painted defects that must be judged."""
BATCH = 16


@dataclass(frozen=True, slots=True)
class Usual:
    """For the manifest.

    Attributes:
        embedding: figures of the `Familiarity` that was written.
        quality: what the pictures measure.
    """

    embedding: dict[str, float]
    quality: FrameRanges


def write_usual(
    folder: Path,
    frames: NDArray[np.uint8],
    pictures: Normals,
    settings: TrainingSettings,
    known: NDArray[np.float32] | None = None,
) -> Usual:
    """Measure normals by the exported network, and write what their embeddings are like.

    Args:
        folder: the bundle that is being made, with its scorer.
        frames: all normals that were learned from, uint8 [N, H, W, 3] in the network's input size.
        pictures: those whose files are at hand, for the size of pictures as captured.
        settings: of the training; its seed decides which normals are painted on.
        known: embeddings [K, D] of earlier normals by the same encoder; of the others, only `pictures` are
            measured then.
    """
    engine = OnnxRuntimeEngine(folder / SCORER_NAME)
    spread = np.linspace(0, len(frames) - 1, min(len(frames), MOST_NORMALS)).round().astype(int)
    painted = paint_some(frames, PAINTED, settings).images
    if known is None:
        normals = _embeddings(engine, frames[spread])
    else:
        normals = np.concatenate((known, _embeddings(engine, pictures.frames)))
    familiarity = Familiarity.learn(normals, _embeddings(engine, painted))
    familiarity.save(folder / FAMILIARITY_NAME)
    sizes_px = pictures.sizes_px or _sizes_px(pictures.paths)
    input_size = InputSize(height=settings.height, width=settings.width)
    return Usual(familiarity.facts(), learn_ranges(frames, sizes_px, input_size, painted))


def _embeddings(engine: OnnxRuntimeEngine, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    starts = range(0, len(frames), BATCH)
    return np.concatenate([engine.run(frames[start : start + BATCH]).embedding for start in starts])


def _sizes_px(paths: Sequence[Path]) -> list[tuple[int, int]]:
    shapes = (read_frame(path).image.shape for path in paths)
    return [(shape[1], shape[0]) for shape in shapes]
