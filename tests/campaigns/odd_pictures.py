"""Pictures that are damaged, lie about themselves, or are of a format that no camera would choose."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib

import numpy as np
from PIL import Image


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    """A picture in one of Pillow's formats."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def plain(width: int, height: int) -> bytes:
    """A PNG of one colour."""
    return encoded(Image.new("RGB", (width, height), (90, 90, 90)), "PNG")


def png(width: int, height: int, rows: bytes) -> bytes:
    """A PNG of 8-bit grey with right sums, whose header says what it likes.

    Args:
        width, height: what the header claims, in pixels.
        rows: the rows, each with its filter byte first.
    """

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


BOMB = png(10_000, 10_000, bytes(10_001) * 10_000)
"""100 megapixels in a hundred kilobytes, right to the last byte."""


def gif_header(width: int, height: int) -> bytes:
    """A GIF that claims a size, and has one tiny image."""
    tiny = encoded(Image.new("P", (1, 1)), "GIF")
    return tiny[:6] + struct.pack("<HH", width, height) + tiny[10:]


def resized_header(jpeg: bytes, width: int, height: int) -> bytes:
    """A baseline JPEG whose header claims another size."""
    start = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:start] + struct.pack(">HH", height, width) + jpeg[start + 4 :]


def cut(data: bytes, chance: random.Random) -> bytes:
    """Without its end."""
    return data[: chance.randrange(20, len(data) - 20)]


def zero_tail(data: bytes) -> bytes:
    """The second half replaced by zeros, as a file is that was never written to its end."""
    half = len(data) // 2
    return data[:half] + bytes(len(data) - half)


def without_middle(jpeg: bytes) -> bytes:
    """The third quarter and what follows left out, but for the end marker."""
    return jpeg[: len(jpeg) // 2] + jpeg[-2:]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bits flipped behind the signature."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 200)):
        changed[chance.randrange(8, len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def wrong_sum(data: bytes) -> bytes:
    """A PNG with one changed byte among its pixels, and the old check sum."""
    at = data.index(b"IDAT") + 15
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def in_base64(data: bytes) -> bytes:
    """Text that is a picture to a browser."""
    return b"data:image/jpeg;base64," + base64.b64encode(data)


def floating(picture: Image.Image) -> bytes:
    """A TIFF of floating-point pixels, which have no defined white."""
    return encoded(picture.convert("F"), "TIFF")


def deep(picture: Image.Image) -> bytes:
    """A TIFF of 32-bit pixels, which have no defined white."""
    return encoded(picture.convert("I"), "TIFF")


def grey16(picture: Image.Image) -> bytes:
    """A PNG of 16-bit grey."""
    return encoded(Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257), "PNG")


def animation(picture: Image.Image) -> bytes:
    """A GIF of two pictures."""
    return encoded(picture, "GIF", save_all=True, append_images=[picture.rotate(90)])


def broken_exif(jpeg: bytes, chance: random.Random) -> bytes:
    """A fine picture with an EXIF segment of noise."""
    noise = b"Exif\0\0" + chance.randbytes(60)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(noise) + 2) + noise + jpeg[2:]
