"""A test set in the layout of MVTec AD: `test/good`, `test/<kind>`, `ground_truth/<kind>/<name>_mask.png`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inspector.errors import DatasetError
from inspector.frames import image_files

GOOD = "good"
MASK_SUFFIXES = frozenset({".png", ".bmp", ".tif", ".tiff", ".gif", ".pgm", ".ppm", ".pnm"})
"""Formats that keep a mask's values as they are."""

_LAYOUT = "Lay it out as test/good, test/<kind> and ground_truth/<kind>/<name>_mask.png"


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of the test set.

    Attributes:
        path: the picture.
        name: its path below the dataset's folder, with slashes.
        kind: name of the folder below `test`; `good` for a good part.
        mask_path: mask of its defective pixels; None for a good part and where there are no masks.
    """

    path: Path
    name: str
    kind: str
    mask_path: Path | None

    @property
    def defective(self) -> bool:
        """Whether the part has a defect."""
        return self.kind != GOOD


@dataclass(frozen=True, slots=True)
class TestSet:
    """All pictures of a test set, good ones first, and what a reader of the figures should know."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    root: Path
    samples: tuple[Sample, ...]
    notes: tuple[str, ...]


def load_test_set(root: Path) -> TestSet:
    """List a test set and match masks with pictures.

    `ground_truth` may be missing altogether or for some kinds; where a kind has masks, every picture has one.

    Raises:
        DatasetError: there is no test folder, a folder is empty, or names of pictures and masks do not match.
    """
    test = root / "test"
    if not test.is_dir():
        why = "it has no folder test" if root.is_dir() else "there is no such folder"
        raise DatasetError(f"dataset {root} cannot be evaluated", why, _LAYOUT)
    kinds = sorted(
        (folder.name for folder in test.iterdir() if folder.is_dir() and not folder.name.startswith(".")),
        key=lambda kind: (kind != GOOD, kind),
    )
    loose = [file for file in image_files(test) if file.parent == test]
    if loose:
        raise DatasetError(f"{loose[0]} belongs to no kind", "it lies directly in test", _LAYOUT)
    if not kinds:
        raise DatasetError(f"dataset {root} cannot be evaluated", f"{test} is empty", _LAYOUT)
    samples = [sample for kind in kinds for sample in _samples_of(root, kind)]
    _check_stray_masks(root, kinds)
    return TestSet(root, tuple(samples), tuple(_notes(samples)))


def read_mask(path: Path, height_px: int, width_px: int) -> NDArray[np.bool_]:
    """Read a mask: bool `[H, W]`, True where a value is above 0 in any channel but alpha.

    Args:
        path: the mask.
        height_px: rows of the picture it belongs to.
        width_px: columns of that picture.

    Raises:
        DatasetError: it cannot be read, or is of another size than the picture.
    """
    try:
        with Image.open(path) as image:
            image.load()
            values, has_alpha = np.asarray(image), image.mode in ("LA", "RGBA", "PA")
    except Exception as error:  # Pillow's parsers raise a dozen unrelated types on damaged files
        raise DatasetError(f"mask {path} cannot be read", str(error), "Save it as PNG again") from error
    if values.ndim == 3:  # noqa: PLR2004 - rows, columns, channels
        values = np.asarray((values[..., :-1] if has_alpha else values).any(axis=2))
    if values.shape != (height_px, width_px):
        raise DatasetError(
            f"mask {path} does not fit its picture",
            f"it has {values.shape[1]} x {values.shape[0]} px, the picture {width_px} x {height_px} px",
            "Draw the mask in the picture's own size, upright as the picture is shown",
        )
    return np.asarray(values > 0, bool)


def _samples_of(root: Path, kind: str) -> list[Sample]:
    folder = root / "test" / kind
    pictures = image_files(folder)
    if not pictures:
        raise DatasetError(f"{folder} holds no picture", "", "Put pictures there, or remove the folder")
    mask_folder = root / "ground_truth" / kind
    masks = _masks_in(mask_folder) if kind != GOOD and mask_folder.is_dir() else {}
    samples = []
    for picture in pictures:
        stem = picture.relative_to(folder).with_suffix("").as_posix()
        mask = masks.pop(f"{stem}_mask", None) or masks.pop(stem, None)
        if mask is None and kind != GOOD and mask_folder.is_dir():
            raise DatasetError(
                f"{picture} has no mask",
                f"{mask_folder} has neither {stem}_mask.png nor {stem}.png",
                f"Add it, or remove {mask_folder} to evaluate {kind} without pixel figures",
            )
        samples.append(Sample(picture, picture.relative_to(root).as_posix(), kind, mask))
    if masks:
        stray = next(iter(masks.values()))
        raise DatasetError(
            f"mask {stray} belongs to no picture",
            f"{folder} has no picture of that name",
            "Name it after its picture: 007.png has the mask 007_mask.png",
        )
    return samples


def _masks_in(folder: Path) -> dict[str, Path]:
    masks: dict[str, Path] = {}
    for file in image_files(folder):
        if file.suffix.lower() not in MASK_SUFFIXES:
            why = f"a {file.suffix} file does not keep the mask's values exactly"
            raise DatasetError(f"mask {file} cannot be used", why, "Save it as PNG")
        stem = file.relative_to(folder).with_suffix("").as_posix()
        if stem in masks:
            raise DatasetError(f"mask {file} is ambiguous", f"{masks[stem]} has the same name", "Remove one")
        masks[stem] = file
    return masks


def _check_stray_masks(root: Path, kinds: list[str]) -> None:
    ground_truth = root / "ground_truth"
    if not ground_truth.is_dir():
        return
    for folder in sorted(ground_truth.iterdir()):
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in (*kinds, GOOD):
            raise DatasetError(
                f"{folder} holds masks of an unknown kind",
                f"there is no folder {root / 'test' / folder.name}",
                "Give both folders the same name",
            )


def _notes(samples: list[Sample]) -> list[str]:
    notes = []
    defective = [sample for sample in samples if sample.defective]
    if not defective:
        notes.append("The test set has no defective part: only the false-reject rate is known.")
    if len(defective) == len(samples):
        notes.append("The test set has no good part: the false-reject rate and AUROC are not known.")
    if defective and not any(sample.mask_path for sample in defective):
        notes.append("There are no masks: pixel figures are not known.")
    else:
        without = sorted({sample.kind for sample in defective if sample.mask_path is None})
        if without:
            notes.append(f"Pixel figures leave out {', '.join(without)}: there are no masks for them.")
    return notes
