"""Pictures of good parts that an engineer hands over: checked one by one, and kept for the worker.

Layout: `<uploads_dir>/<product>/<time>-<person>/<number>.<type>`. Names of uploaded files are never paths.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from inspector.bundle import PRODUCT_PATTERN
from inspector.durability import write_durably
from inspector.errors import DashboardError, FrameError
from inspector.frames import decode_image

TYPES: Final = ("png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp")
MOST_FILES: Final = 1000
LARGEST_MB: Final = 40
"""Of one file."""


class Upload(Protocol):
    """A file as Streamlit hands it over."""

    name: str

    def getvalue(self) -> bytes:
        """Its content."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of an upload.

    Attributes:
        folder: where the pictures are.
        pictures: how many.
        sizes_px: widths and heights that there are.
        refused: name and reason of each file that is no usable picture, or one that was there already.
    """

    folder: Path
    pictures: int
    sizes_px: tuple[tuple[int, int], ...]
    refused: tuple[tuple[str, str], ...]


def keep_uploads(files: Iterable[Upload], root: Path, product: str, *, by: str, at: datetime) -> Kept:
    """Check uploaded pictures and keep those that can be used.

    Args:
        files: what was uploaded; at most `MOST_FILES` of them are taken.
        root: folder of all uploads.
        product: which they are of.
        by: who uploaded them.
        at: when, UTC.

    Raises:
        DashboardError: the product cannot be named so, or the disk refuses.
    """
    if not re.fullmatch(PRODUCT_PATTERN, product):
        raise DashboardError(
            f"product {product[:80]!r} cannot be named so",
            "it has 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit",
            "Choose another name",
        )
    person = re.sub(r"[^A-Za-z0-9_-]+", "-", by)[:32]
    folder = root / product / f"{at:%Y%m%d-%H%M%S-%f}-{person}"
    seen: set[str] = set()
    sizes: set[tuple[int, int]] = set()
    refused: list[tuple[str, str]] = []
    kept = 0
    for number, file in enumerate(files):
        if number >= MOST_FILES:
            refused.append((file.name, f"more than {MOST_FILES} files at once"))
            continue
        data = file.getvalue()
        why = _fault(data, seen)
        if why is None:
            try:
                height, width = decode_image(data).shape[:2]
            except FrameError as error:
                why = str(error)
        if why is not None:
            refused.append((file.name, why))
            continue
        sizes.add((width, height))
        try:
            write_durably(folder / f"{kept:04d}{_suffix(file.name)}", data)
        except OSError as error:
            raise DashboardError(
                "the pictures cannot be kept",
                f"{folder} cannot be written ({error.strerror})",
                "Free the disk",
            ) from error
        kept += 1
    return Kept(folder, kept, tuple(sorted(sizes)), tuple(refused))


def _fault(data: bytes, seen: set[str]) -> str | None:
    if len(data) > LARGEST_MB * 1_000_000:
        return f"it has {len(data) / 1e6:.0f} MB, at most {LARGEST_MB} are taken"
    digest = hashlib.sha256(data).hexdigest()
    if digest in seen:
        return "the same picture was given before"
    seen.add(digest)
    return None


def _suffix(name: str) -> str:
    suffix = Path(name).suffix.lower().lstrip(".")
    return f".{suffix}" if suffix in TYPES else ".png"
