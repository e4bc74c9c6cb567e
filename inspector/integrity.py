"""Damage to JPEG and PNG files that Pillow decodes without a word: half-grey pictures and noise."""

from __future__ import annotations

import io
import zlib

import numpy as np
from PIL import Image

_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_MID_GREY = 128
_FILLER = bytes(range(1, 255))  # bits of every pattern, and no marker among them


def jpeg_has_end(data: bytes) -> bool:
    """Whether the end marker follows the last scan.

    Where it does not, libjpeg may take a zero-filled tail, which a broken transfer leaves, for pixels.
    """
    return data.rfind(_END_OF_IMAGE) > data.rfind(_START_OF_SCAN)


def jpeg_is_filled(data: bytes, image: Image.Image) -> bool:
    """Whether pixels were missing before the end marker, in a picture that has one.

    Libjpeg fills what is missing with mid-grey, or leaves it blurred in a progressive picture, up to the
    last pixel. Only where that may have happened, the picture is decoded again with a few more bytes before
    the end marker: they become pixels if any were missing, and are skipped otherwise.

    Args:
        data: the file, for which `jpeg_has_end` holds.
        image: what it was decoded to.
    """
    last_pixel = image.crop((image.width - 1, image.height - 1, image.width, image.height))
    if not image.info.get("progressive") and set(last_pixel.tobytes()) != {_MID_GREY}:
        return False
    end = data.rfind(_END_OF_IMAGE)
    # A single 0xFF at the cut would make a marker of the filler's first byte.
    pixel_bytes = data[:end].rstrip(b"\xff")
    try:
        again = Image.open(io.BytesIO(pixel_bytes + _FILLER + data[end:]), formats=("JPEG",))
        return not np.array_equal(np.asarray(again), np.asarray(image))
    except OSError:  # the bytes were taken for pixels and are none
        return True


def png_sums_agree(data: bytes) -> bool:
    """Whether the CRC-32 of every critical chunk is right (PNG specification, 5.4); Pillow skips some."""
    view = memoryview(data)
    start = 8  # after the signature; then length, name, content and CRC of each chunk
    while (end := start + 8 + int.from_bytes(view[start : start + 4])) + 4 <= len(data):
        named = view[start + 4 : end]
        critical = named[:1].tobytes().isupper()
        if critical and zlib.crc32(named) != int.from_bytes(view[end : end + 4]):
            return False
        start = end + 4
    return True
