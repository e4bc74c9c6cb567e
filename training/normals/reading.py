"""The normal pictures of a product, read in the network's input size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspector.errors import FrameError, TrainingError
from inspector.frames import image_files, read_frame, resize


@dataclass(frozen=True, slots=True)
class Normals:
    """Pictures to learn from.

    Attributes:
        frames: uint8 [N, height, width, 3] RGB in the network's input size.
        paths: file of each.
        notes: what a person should know of the pictures, one sentence each.
        sizes_px: (width, height) of each as captured; empty where not known.
    """

    frames: NDArray[np.uint8]
    paths: tuple[Path, ...]
    notes: tuple[str, ...]
    sizes_px: tuple[tuple[int, int], ...] = ()

    def taken(self, indices: Sequence[int]) -> Normals:
        """Some of the pictures, with all notes."""
        sizes = tuple(self.sizes_px[index] for index in indices) if self.sizes_px else ()
        paths = tuple(self.paths[index] for index in indices)
        return Normals(self.frames[list(indices)], paths, self.notes, sizes)


def read_normals(
    folder: Path,
    size: tuple[int, int],
    most: int,
    rng: np.random.Generator,
    on_file: Callable[[int, int], None] = lambda *_: None,
) -> Normals:
    """Read all pictures of a folder in the network's input size.

    Pictures that cannot be read and copies of others are left out and named in the notes. Of many thousands
    of files no more than `most` are ever opened.

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
    # One array from the start: a list beside its stack would take the memory twice.
    frames = np.empty((len(files), *size, 3), np.uint8)
    paths: list[Path] = []
    sizes_px: list[tuple[int, int]] = []
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
        frames[len(paths)] = resize(image, *size)
        paths.append(file)
        sizes_px.append((image.shape[1], image.shape[0]))
    if not paths:
        raise TrainingError(
            f"none of the {len(files)} pictures in {folder} can be read",
            str(unreadable[0]).rstrip("."),
            "Check the files",
        )
    notes.extend(f"left out: {error}" for error in unreadable)
    if copies:
        notes.append(f"{copies} pictures are copies of others and are left out")
    return Normals(frames[: len(paths)], tuple(paths), tuple(notes), tuple(sizes_px))
