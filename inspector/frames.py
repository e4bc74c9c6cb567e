"""Encoded bytes turned into a frame, and the one resize that training and serving share.

Every picture becomes uint8 RGB, by rules that depend on the file alone:

- grey, palette and CMYK become RGB; colour profiles are not applied;
- 16-bit values keep their high byte: the full 16-bit range becomes 8 bits, nothing is clipped or wraps;
- alpha is composited over black, the colour most files hold under transparent pixels already;
- an EXIF orientation is applied, so that boxes are in the upright picture; broken EXIF counts as upright;
- of an animation or a file of many pages the first picture is taken;
- floating-point and 32-bit pixels are refused: they have no defined white.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from inspector.errors import DatasetError, FrameError
from inspector.integrity import jpeg_has_end, jpeg_is_filled, png_sums_agree

MAX_PIXELS = 40_000_000
"""Largest picture that is decoded; the header is checked before a pixel is."""
MAX_SIDE_PX = 16_384
MIN_SIDE_PX = 16
IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".pgm", ".ppm", ".pnm"}
)
"""Endings of files that `image_files` takes for pictures, in lower case."""

_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF", "PPM")  # JPEG includes MPO
_MAX_STEM = 80  # leaves room for the hash within the 128 characters of a frame id

# Pillow warns of large pictures, which we refuse at a lower limit, and of broken EXIF, which we define.
warnings.filterwarnings("ignore", module=r"PIL\.")


class FrameFault(StrEnum):
    """Why bytes are not a usable picture: every code a `FrameError` can carry."""

    MISSING = "missing"
    """There is no such file, or it may not be read."""
    EMPTY = "empty"
    """Zero bytes."""
    UNREADABLE = "unreadable"
    """Not a picture of a known format, or damaged inside."""
    TRUNCATED = "truncated"
    """A picture whose end is missing."""
    UNSUPPORTED = "unsupported"
    """A picture whose pixels have no defined brightness, such as floating point."""
    TOO_LARGE = "too_large"
    """More than 40 megapixels, or a side above 16,384 px."""
    TOO_SMALL = "too_small"
    """A side below 16 px."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one part.

    Attributes:
        image: uint8 `[H, W, 3]` RGB, as captured.
        frame_id: identity of the frame; delivering it twice stores it once.
        captured_at: UTC time of the picture.
    """

    image: NDArray[np.uint8]
    frame_id: str
    captured_at: datetime


def decode_image(data: bytes) -> NDArray[np.uint8]:
    """Decode a picture completely, or not at all.

    Args:
        data: a JPEG, PNG, BMP, TIFF, WebP, GIF or PNM file.

    Returns:
        uint8 `[H, W, 3]` RGB, upright; not writable.

    Raises:
        FrameError: the bytes are not a usable picture; `code` is a `FrameFault`.
    """
    if not data:
        raise FrameError(FrameFault.EMPTY, "the picture is empty", "it has zero bytes", "Check the camera")
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        _check_size(*image.size)
        _load(image, data)
        return np.asarray(_to_rgb(_upright(image)))
    except FrameError:
        raise
    except Image.DecompressionBombError as error:
        raise FrameError(FrameFault.TOO_LARGE, "the picture is too large", str(error)) from error
    except Exception as error:  # Pillow's parsers raise a dozen unrelated types on damaged files
        if isinstance(error, EOFError) or "truncated" in str(error).lower():
            raise _truncated(str(error)) from error
        why = "the bytes are no JPEG, PNG, BMP, TIFF, WebP, GIF or PNM file, or the file is damaged"
        raise _damaged(why) from error


def read_frame(path: Path) -> Frame:
    """Read a picture file as a frame.

    The id is made of the file's name and its content, so that a file read twice is the same frame and an
    overwritten one is not. The time is the file's modification time.

    Raises:
        FrameError: the file is missing or not a usable picture; the message names it.
    """
    try:
        data = path.read_bytes()
        modified_s = path.stat().st_mtime
    except OSError as error:
        why = error.strerror or str(error)
        raise FrameError(FrameFault.MISSING, f"{path} cannot be read", why) from error
    try:
        image = decode_image(data)
    except FrameError as error:
        raise FrameError(error.code, f"{path}: {error.what}", error.why, error.remedy) from error
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", path.stem).lstrip("_.-")[:_MAX_STEM] or "frame"
    return Frame(
        image=image,
        frame_id=f"{stem}-{hashlib.sha256(data).hexdigest()[:16]}",
        captured_at=datetime.fromtimestamp(modified_s, tz=UTC),
    )


def image_files(folder: Path) -> list[Path]:
    """All picture files below a folder by their endings, sorted by path; hidden files are left out.

    Raises:
        DatasetError: there is no such folder.
    """
    if not folder.is_dir():
        why = "it is a file" if folder.exists() else "there is no such folder"
        raise DatasetError(f"{folder} is not a folder of pictures", why, "Give an existing folder")
    return sorted(_visible(folder, folder.rglob("*")))


def resize(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Bring a picture to the network's input size. THE resize: training and serving both call it.

    The picture is squashed to the size, its aspect ratio is not kept. An axis that shrinks is averaged over
    pixel areas, which is free of aliasing; an axis that grows is interpolated linearly.

    Args:
        image: uint8 `[H, W, 3]`.
        height: rows of the result.
        width: columns of the result.

    Returns:
        uint8 `[height, width, 3]`, a new array.
    """
    rows, columns = image.shape[:2]
    # OpenCV averages areas only where both axes shrink, hence one step for each direction.
    shrunk = min(rows, height), min(columns, width)
    resized = cv2.resize(image, shrunk[::-1], interpolation=cv2.INTER_AREA)
    if shrunk != (height, width):
        resized = cv2.resize(resized, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.uint8)


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """A uint8 `[H, W, 3]` RGB picture as PNG: lossless."""
    return _encode(image, ".png", [])


def encode_jpeg(image: NDArray[np.uint8], quality: int = 90) -> bytes:
    """A uint8 `[H, W, 3]` RGB picture as JPEG with a quality of 1..100."""
    return _encode(image, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def _encode(image: NDArray[np.uint8], suffix: str, options: list[int]) -> bytes:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:  # noqa: PLR2004 - rows, columns, RGB
        raise ValueError(f"a picture is uint8 [H, W, 3], not {image.dtype} {list(image.shape)}")
    encoded, data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    if not encoded:
        raise ValueError(f"OpenCV cannot encode {list(image.shape)} as {suffix}")
    return bytes(data)


def _truncated(why: str) -> FrameError:
    return FrameError(FrameFault.TRUNCATED, "the picture is truncated", why, "Send or copy the file again")


def _damaged(why: str) -> FrameError:
    return FrameError(FrameFault.UNREADABLE, "the picture cannot be read", why)


def _load(image: Image.Image, data: bytes) -> None:
    """Decode the pixels, all of them; Pillow raises where it sees damage, the rest is checked here."""
    if image.format in ("JPEG", "MPO"):
        if not jpeg_has_end(data):
            raise _truncated("its end-of-image marker is missing")
        image.load()
        if jpeg_is_filled(data, image):
            raise _truncated("pixels are missing before its end")
    else:
        if image.format == "PNG" and not png_sums_agree(data):
            raise _damaged("the CRC-32 of a PNG chunk differs")
        image.load()


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise FrameError(
            FrameFault.TOO_LARGE,
            "the picture is too large",
            f"it has {width} x {height} px, at most {MAX_SIDE_PX:,} px a side"
            f" and {MAX_PIXELS // 1_000_000} megapixels are taken",
            "Crop or scale it down",
        )
    if min(width, height) < MIN_SIDE_PX:
        raise FrameError(
            FrameFault.TOO_SMALL,
            "the picture is too small",
            f"it has {width} x {height} px, at least {MIN_SIDE_PX} px a side are needed",
            "Give a picture of a part",
        )


def _upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        return image if orientation == 1 else ImageOps.exif_transpose(image)
    except Exception:  # any damage to the metadata; the pixels are whole, see the module's docstring
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        kind = "floating-point" if image.mode == "F" else "32-bit"
        why = f"its {kind} pixels have no defined white"
        raise FrameError(
            FrameFault.UNSUPPORTED, "the picture cannot be used", why, "Convert it to 8 or 16 bits a channel"
        )
    if image.mode == "I" or image.mode.startswith("I;16"):
        # Pillow's own conversion clips at 255.
        high_byte = np.asarray(image).astype(np.uint16) >> 8
        image = Image.fromarray(high_byte.astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _visible(folder: Path, paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
            yield path
