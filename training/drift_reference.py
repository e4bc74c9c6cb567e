"""`drift.npz`: what good parts are like, so that a box knows from its first frame what is usual."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inspector.bundle import SCORER_NAME
from inspector.drift.observation import Observation
from inspector.drift.reference import FEWEST_FOR_MODEL, REFERENCE_NAME, DriftReference
from inspector.drift.statistics import frame_statistics
from inspector.engines.onnxruntime import OnnxRuntimeEngine

_BATCH: Final = 16
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write_drift_reference(
    folder: Path,
    frames: NDArray[np.uint8],
    scores: NDArray[np.float64],
    size_px: tuple[int, int],
    reject_share: float,
) -> bool:
    """Write the reference into a bundle that is being made; False where there are too few normals for one.

    A box then learns its reference from its own first frames.

    Args:
        folder: the bundle, with its scorer.
        frames: normals in the network's input size, uint8 `[N, H, W, 3]`.
        scores: of normals that were held out, `[M]` in any order: pictures that the network was trained on
            score lower than the next ones. As many as frames, or they are not used.
        size_px: height and width of the pictures as captured.
        reject_share: share of good parts that the limits let be rejected.
    """
    if len(frames) < FEWEST_FOR_MODEL:
        return False
    engine = OnnxRuntimeEngine(folder / SCORER_NAME)
    starts = range(0, len(frames), _BATCH)
    embeddings = np.concatenate([engine.run(frames[start : start + _BATCH]).embedding for start in starts])
    known = scores if len(scores) == len(frames) else np.full(len(frames), np.nan)
    observations = [
        Observation(
            frame_id=f"normal-{number}",
            at=_NEVER,
            is_reject=False,
            score=float(known[number]),
            embedding=embeddings[number],
            statistics=frame_statistics(frame),
            width_px=size_px[1],
            height_px=size_px[0],
        )
        for number, frame in enumerate(frames)
    ]
    reference = DriftReference.learn(observations, "training", reject_share=reject_share)
    reference.save(folder / REFERENCE_NAME)
    return True
