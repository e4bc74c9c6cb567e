"""How often a frame is unsure: good parts and defects should not be, other pictures should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.bundle import Bundle
from inspector.frames import Frame, image_files, read_frame
from inspector.inspecting import load_inspector
from inspector.results import Verdict
from training.benchmarks.rows import Row
from training.benchmarks.shifts import Change

MOST_UNSURE = 0.005
"""Share of good parts that may be unsure."""
LEAST_UNSURE = 0.99
"""Share of spoiled pictures that must be unsure."""
MOST_STRANGE = 60
"""So many pictures of each other product are looked at."""
BLUR = 0.03
"""Standard deviation of the blur of a lens that is out of focus, as a share of the picture's shorter side."""


def unsure_rows(bundle: Bundle, good: Sequence[Path], bad: Sequence[Path], data: Path) -> list[Row]:
    """What a bundle is unsure of.

    Args:
        bundle: of a data set in `data`, and its product's name is that of the set.
        good: pictures of good parts that it has not seen.
        bad: pictures of defects.
        data: folder of data sets in MVTec layout; all others show other products.
    """
    inspector = load_inspector(bundle.path)
    name = bundle.product

    def verdicts(frames: Iterator[Frame]) -> Counter[Verdict]:
        return Counter(inspector.inspect(frame).verdict for frame in frames)

    found = verdicts(read_frame(path) for path in good)
    blurred = verdicts(_changed(path, _blurred) for path in good)
    dark = verdicts(_changed(path, _dark) for path in good)
    others = verdicts(read_frame(path) for path in _of_others(data, name))
    hidden, above = 0, 0
    for path in bad:
        one = inspector.inspect(read_frame(path))
        above += one.score > one.limit
        hidden += one.score > one.limit and one.verdict is Verdict.UNSURE
    return [
        Row(
            f"{name}: {len(good)} good parts, unsure",
            f"{found[Verdict.UNSURE]}",
            f"≤ {100 * MOST_UNSURE:g} %",
            found[Verdict.UNSURE] <= MOST_UNSURE * len(good),
        ),
        Row(f"{name}: {above} defects above the limit, unsure", f"{hidden}", "none", not hidden),
        Row(
            f"{name}: {others.total()} pictures of other products, pass",
            f"{others[Verdict.PASS]}; {others[Verdict.UNSURE]} unsure, {others[Verdict.REJECT]} rejected",
            "none",
            not others[Verdict.PASS],
        ),
        _mostly_unsure(f"{name}: good parts out of focus", blurred),
        _mostly_unsure(f"{name}: good parts with a tenth of the light", dark),
    ]


def _mostly_unsure(what: str, found: Counter[Verdict]) -> Row:
    return Row(
        f"{what}, unsure",
        f"{found[Verdict.UNSURE]} of {found.total()}, {found[Verdict.PASS]} pass",
        f"≥ {100 * LEAST_UNSURE:g} %",
        found[Verdict.UNSURE] >= LEAST_UNSURE * found.total(),
    )


def _of_others(data: Path, name: str) -> Iterator[Path]:
    for folder in sorted(data.iterdir()):
        if folder.name != name and (folder / "test/good").is_dir():
            yield from image_files(folder / "test/good")[:MOST_STRANGE]


def _changed(path: Path, change: Change) -> Frame:
    frame = read_frame(path)
    return replace(frame, image=change(frame.image))


def _dark(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return image // 10


def _blurred(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), BLUR * min(image.shape[:2])), np.uint8)
