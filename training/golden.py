"""Golden frames: good parts, and good parts with a painted defect, with the exported network's scores.

A box replays them before a bundle goes live (`inspector.gate`). Good parts alone would not do: an engine that
answers zero everywhere would pass them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspector.bundle import GOLDEN_DEFECT, SCORER_NAME, GoldenFrame
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.frames import encode_png, read_frame, resize
from inspector.results import Verdict
from training.defects import DefectPainter, find_foregrounds
from training.normals import Normals
from training.settings import TrainingSettings

CLEARANCE = 0.02
"""Share of the limit that a golden score keeps away from it, where frames can be chosen: which side of the
limit a nearer one falls on is decided by an engine's rounding."""
PAINT_TRIES = 8
"""How often a defect is painted anew that the network would let pass."""


def write_golden(
    folder: Path, normals: Normals, limit: float, settings: TrainingSettings
) -> tuple[GoldenFrame, ...]:
    """Store golden frames as captured, spread over the normals, each with the exported network's score.

    Args:
        folder: the bundle, with its scorer.
        normals: the product's normal pictures.
        limit: the reject limit.
        settings: how many of each, which defects, and the seed.
    """
    engine = OnnxRuntimeEngine(folder / SCORER_NAME)
    (folder / "golden").mkdir()
    golden: list[GoldenFrame] = []

    def keep(image: NDArray[np.uint8], score: float, prefix: str = "golden/") -> None:
        file = f"{prefix}{len(golden):03d}.png"
        (folder / file).write_bytes(encode_png(image))
        verdict = Verdict.REJECT if score > limit else Verdict.PASS
        golden.append(GoldenFrame(file=file, score=score, verdict=verdict))

    clear = _clear_normals(engine, normals, limit, 3 * settings.golden_frames)
    for index in _spread(clear, settings.golden_frames):
        image = read_frame(normals.paths[index]).image
        keep(image, _score(engine, image, normals))
    for image, score in _painted(engine, normals, limit, settings):
        keep(image, score, GOLDEN_DEFECT)
    return tuple(golden)


def _clear_normals(engine: OnnxRuntimeEngine, normals: Normals, limit: float, most: int) -> list[int]:
    """Some normals whose score is not on the limit; or all normals, where there are none."""
    everything = list(range(len(normals.frames)))
    scores = {
        index: float(engine.run(normals.frames[index][None]).score[0]) for index in _spread(everything, most)
    }
    return [index for index, score in scores.items() if _is_clear(score, limit)] or everything


def _painted(
    engine: OnnxRuntimeEngine, normals: Normals, limit: float, settings: TrainingSettings
) -> Iterator[tuple[NDArray[np.uint8], float]]:
    """Normals with a painted defect, as large as captured, and their scores.

    Of several paintings the first that is clearly rejected is taken, or else the one that scores highest.
    """
    rng = np.random.default_rng([settings.seed, 1])  # apart from the training's own choices
    painter = DefectPainter(settings.defects)
    for index in _spread(list(range(len(normals.paths))), settings.golden_defects, repeat=True):
        image = read_frame(normals.paths[index]).image
        foreground = find_foregrounds([image])[0]
        best, highest = image, -np.inf
        for _ in range(PAINT_TRIES):
            painted = painter.paint(image, rng, foreground).image
            score = _score(engine, painted, normals)
            if score > highest:
                best, highest = painted, score
            if score > limit and _is_clear(score, limit):
                break
        yield best, highest


def _spread(indices: list[int], count: int, *, repeat: bool = False) -> list[int]:
    """So many of the indices, spread evenly; fewer where there are fewer, unless they may repeat."""
    count = count if repeat else min(count, len(indices))
    return [indices[round(place)] for place in np.linspace(0, len(indices) - 1, count)]


def _is_clear(score: float, limit: float) -> bool:
    return abs(score - limit) > CLEARANCE * abs(limit)


def _score(engine: OnnxRuntimeEngine, image: NDArray[np.uint8], normals: Normals) -> float:
    height, width = normals.frames.shape[1:3]
    return float(engine.run(resize(image, height, width)[None]).score[0])
