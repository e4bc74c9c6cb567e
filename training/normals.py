"""The normal pictures of a product, read and checked before anything is learned."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspector.errors import FrameError, TrainingError
from inspector.frames import image_files, read_frame, resize

ASPECT_SPREAD = 2.0
"""Width / height of the widest and the narrowest picture may differ by this factor before it is told."""
GREY_SPREAD = 3
"""Channels that differ by at most this much (0..255) make a picture grey."""
OUTLIER_DEVIATIONS = 3.5
"""Modified z-score above which a normal is a suspect (Iglewicz & Hoaglin, "How to Detect Outliers", 1993)."""
MOST_SUSPECTS = 0.05
"""At most one normal and this share of them are suspected; more would be a heavy tail, not some mistakes."""
FEWEST_FOR_SUSPECTS = 20


@dataclass(frozen=True, slots=True)
class Normals:
    """Pictures to learn from.

    Attributes:
        frames: uint8 [N, height, width, 3] RGB in the network's input size.
        paths: file of each.
        notes: what a person should know of the pictures, one sentence each.
    """

    frames: NDArray[np.uint8]
    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def read_normals(
    folder: Path,
    size: tuple[int, int],
    most: int,
    rng: np.random.Generator,
    on_file: Callable[[int, int], None] = lambda *_: None,
) -> Normals:
    """Read all pictures of a folder in the network's input size.

    Pictures that cannot be read and copies of others are left out and named in the notes.

    Args:
        folder: searched with its subfolders.
        size: (height, width) of the network's input, in pixels.
        most: of more pictures than that, so many are chosen at random.
        rng: source of that choice.
        on_file: told how many files are read, and how many there are.

    Raises:
        DatasetError: there is no such folder.
        TrainingError: it holds no picture that can be read.
    """
    files = image_files(folder)
    if not files:
        raise TrainingError(
            f"{folder} holds no pictures", "there is nothing to learn from", "Give a folder of good parts"
        )
    notes: list[str] = []
    if len(files) > most:
        chosen = sorted(rng.choice(len(files), most, replace=False))
        notes.append(f"{len(files)} pictures: {most} of them are used, chosen at random (max_normals)")
        files = [files[index] for index in chosen]
    frames: list[NDArray[np.uint8]] = []
    paths: list[Path] = []
    aspects: list[float] = []
    grey: list[bool] = []
    seen: dict[bytes, Path] = {}
    unreadable: list[FrameError] = []
    copies = 0
    for number, file in enumerate(files):
        on_file(number, len(files))
        try:
            image = read_frame(file).image
        except FrameError as error:
            unreadable.append(error)
            continue
        digest = hashlib.sha256(image.tobytes() + str(image.shape).encode()).digest()
        if digest in seen:
            copies += 1
            continue
        seen[digest] = file
        frames.append(resize(image, *size))
        paths.append(file)
        aspects.append(image.shape[1] / image.shape[0])
        grey.append(int(np.ptp(frames[-1].astype(np.int16), axis=2).max()) <= GREY_SPREAD)
    if not frames:
        raise TrainingError(
            f"none of the {len(files)} pictures in {folder} can be read",
            str(unreadable[0]).rstrip("."),
            "Check the files",
        )
    notes.extend(f"left out: {error}" for error in unreadable)
    if copies:
        notes.append(f"{copies} pictures are copies of others and are left out")
    if max(aspects) > ASPECT_SPREAD * min(aspects):
        narrow, wide = paths[int(np.argmin(aspects))].name, paths[int(np.argmax(aspects))].name
        notes.append(
            f"the pictures have very different shapes, from {narrow} ({min(aspects):.2f} wide to 1 high)"
            f" to {wide} ({max(aspects):.2f}): are they all of one product and one camera?"
        )
    count = Counter(grey)
    if count[True] and count[False]:
        rare = count[True] < count[False]
        names = [path.name for path, is_grey in zip(paths, grey, strict=True) if is_grey is rare]
        kinds = ("grey", "coloured") if rare else ("coloured", "grey")
        notes.append(f"{len(names)} {kinds[0]} among {kinds[1]} pictures, such as {names[0]}: is that meant?")
    return Normals(np.stack(frames), tuple(paths), tuple(notes))


def suspects(scores: NDArray[np.float64], painted_scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices of normals that look defective, worst first.

    Their score is far above the others' by median and MAD, and above that of half the synthetic defects.
    Where defects score much higher than any normal, an unusual normal is only unusual: to leave it out would
    put the limit below good parts like it.

    Args:
        scores: [N] of held-out normals.
        painted_scores: [S] of synthetic defects on held-out normals.
    """
    if len(scores) < FEWEST_FOR_SUSPECTS:
        return np.empty(0, np.int64)
    median = np.median(scores)
    deviation = 1.4826 * np.median(np.abs(scores - median))
    outlying = scores > median + OUTLIER_DEVIATIONS * max(float(deviation), 1e-9)
    found = np.flatnonzero(outlying & (scores > np.median(painted_scores)))
    return found[np.argsort(-scores[found])][: 1 + int(MOST_SUSPECTS * len(scores))]
