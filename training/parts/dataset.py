"""A data set of rendered parts in the layout of MVTec AD (Bergmann et al., CVPR 2019).

The files of a folder::

train/good/NNN.png
test/good/NNN.png
test/<kind>/NNN.png
ground_truth/<kind>/NNN_mask.png     255 where the defect is
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.bundle import new_folder
from inspector.frames import encode_png
from training.parts.defects import DefectKind
from training.parts.render import DEFAULT_SIZE, PartProduct, defect_kinds, render_part

GOOD = "good"
TRAIN, TEST, GROUND_TRUTH = "train", "test", "ground_truth"


@dataclass(frozen=True, slots=True)
class _Place:
    """One picture of the data set. `stream` keeps its randomness apart from that of all others."""

    split: str
    folder: str
    number: int
    kind: DefectKind | None
    stream: int


def write_dataset(
    folder: Path,
    product: PartProduct,
    *,
    normals: int,
    test_good: int,
    per_kind: int,
    seed: int,
    size: int = DEFAULT_SIZE,
    overwrite: bool = False,
    on_picture: Callable[[], None] = lambda: None,
) -> int:
    """Render a data set; the same arguments give the same bytes.

    Asking for more pictures leaves the first ones as they were.

    Args:
        folder: written whole or not at all.
        product: which part.
        normals: good parts to train on.
        test_good: good parts to test on.
        per_kind: defective parts of each kind that the product can have.
        seed: decides every picture.
        size: pixels of a picture's side.
        overwrite: replace what stands at `folder`.
        on_picture: called after each picture.

    Returns:
        The number of pictures, masks not counted.

    Raises:
        OutputExistsError: something stands at `folder` and `overwrite` is false.
        ValueError: the size is out of range.
    """
    pictures = 0
    with new_folder(folder, overwrite=overwrite) as new:
        for place in _places(product, normals, test_good, per_kind):
            rng = np.random.default_rng([seed, place.stream, place.number])
            part = render_part(product, rng, size, place.kind)
            name = f"{place.number:03d}"
            _write(new / place.split / place.folder / f"{name}.png", encode_png(part.image))
            if place.kind is not None:
                _write(new / GROUND_TRUTH / place.folder / f"{name}_mask.png", _mask_png(part.mask))
            pictures += 1
            on_picture()
    return pictures


def picture_count(product: PartProduct, normals: int, test_good: int, per_kind: int) -> int:
    """How many pictures `write_dataset` will render."""
    return normals + test_good + per_kind * len(defect_kinds(product))


def _places(product: PartProduct, normals: int, test_good: int, per_kind: int) -> Iterator[_Place]:
    for number in range(normals):
        yield _Place(TRAIN, GOOD, number, None, 0)
    for number in range(test_good):
        yield _Place(TEST, GOOD, number, None, 1)
    streams = {kind: stream for stream, kind in enumerate(DefectKind, start=2)}
    for kind in defect_kinds(product):
        for number in range(per_kind):
            yield _Place(TEST, kind.value, number, kind, streams[kind])


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _mask_png(mask: NDArray[np.bool_]) -> bytes:
    """A mask as a grey PNG of 0 and 255."""
    _, data = cv2.imencode(".png", mask.astype(np.uint8) * 255)
    return bytes(data)
