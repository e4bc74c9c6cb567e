"""Decoding: every kind of picture becomes uint8 RGB, everything else a `FrameError` with a code."""

from __future__ import annotations

import io
import os
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from inspector.errors import DatasetError, FrameError
from inspector.frames import (
    MAX_SIDE_PX,
    MIN_SIDE_PX,
    FrameFault,
    decode_image,
    encode_jpeg,
    encode_png,
    image_files,
    read_frame,
    resize,
)
from inspector.messages import check_frame_id
from tests.tiny_bundle import tiny_part

PART = tiny_part(0)[40:100, 30:130]  # 60 rows, 100 columns
PICTURE = Image.fromarray(PART)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def fault_of(data: bytes) -> str:
    with pytest.raises(FrameError) as caught:
        decode_image(data)
    assert caught.value.code in list(FrameFault)
    return caught.value.code


def outcome(data: bytes) -> NDArray[np.uint8] | FrameFault:
    """The picture, or the code of the refusal; any other exception fails the test."""
    try:
        return decode_image(data)
    except FrameError as error:
        return FrameFault(error.code)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has no pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_rgb_is_decoded_exactly(kind: str) -> None:
    image = decode_image(saved(PICTURE, kind))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, PART)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF"])
def test_lossy_rgb_is_decoded_closely(kind: str) -> None:
    image = decode_image(saved(PICTURE, kind, quality=95))
    assert image.shape == PART.shape
    assert np.abs(image.astype(int) - PART).mean() < 6


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("L", "JPEG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("LAB", "TIFF"),
        ("P", "GIF"),
        ("P", "PNG"),
        ("RGBA", "PNG"),
        ("RGBA", "WEBP"),
        ("YCbCr", "TIFF"),
    ],
)
def test_every_colour_mode_becomes_rgb_of_the_same_look(mode: str, kind: str) -> None:
    image = decode_image(saved(PICTURE.convert("L").convert("RGB").convert(mode), kind))
    assert image.shape == PART.shape
    assert image.dtype == np.uint8
    grey = np.asarray(PICTURE.convert("L"))
    # A one-bit picture keeps brightness only on average over its dots.
    difference = cv2.blur(image[..., 1], (9, 9)).astype(int) - cv2.blur(grey, (9, 9))
    assert np.abs(difference).mean() < 9


@pytest.mark.parametrize("extension", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_keeps_the_high_byte_and_never_clips_or_wraps(extension: str, channels: int) -> None:
    deep = np.linspace(0, 65535, 40 * 60 * channels).astype(np.uint16).reshape(40, 60, channels)
    encoded, data = cv2.imencode(extension, deep[..., ::-1] if channels == 3 else deep)
    assert encoded
    image = decode_image(data.tobytes())
    np.testing.assert_array_equal(image, np.broadcast_to(deep >> 8, (40, 60, 3)))


def test_16_bit_pgm_keeps_the_high_byte() -> None:
    deep = np.linspace(0, 65535, 40 * 60).astype(">u2").reshape(40, 60)
    image = decode_image(b"P5 60 40 65535\n" + deep.tobytes())
    np.testing.assert_array_equal(image[..., 0], deep >> 8)


def test_alpha_is_composited_over_black() -> None:
    colour = np.full((20, 20, 4), (200, 100, 50, 255), np.uint8)
    colour[:10, :, 3] = 0
    colour[10:15, :, 3] = 128
    image = decode_image(saved(Image.fromarray(colour), "PNG"))
    np.testing.assert_array_equal(image[0, 0], (0, 0, 0))
    np.testing.assert_array_equal(image[12, 0], (100, 50, 25))
    np.testing.assert_array_equal(image[19, 0], (200, 100, 50))


def test_a_transparent_palette_entry_is_black() -> None:
    palette = Image.new("P", (20, 20), 1)
    palette.putpalette([0, 0, 0, 250, 10, 10])
    assert decode_image(saved(palette, "PNG")).max() == 250
    assert decode_image(saved(palette, "PNG", transparency=1)).max() == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    turn_back = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, 3),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turn_back[orientation](PART)))
    np.testing.assert_array_equal(decode_image(saved(stored, "PNG", exif=exif)), PART)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("exif", [b"", b"MM\0*\0\0\0\x08\xff\xff", b"\xff" * 40])
def test_broken_exif_counts_as_upright(exif: bytes) -> None:
    assert decode_image(saved(PICTURE, "JPEG", exif=b"Exif\0\0" + exif)).shape == PART.shape


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_picture_of_many_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (30, 20), (value, value, value)) for value in (240, 10, 120)]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(decode_image(data), 240, atol=2)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", FrameFault.EMPTY),
        (b"hello, this is no picture", FrameFault.UNREADABLE),
        (b"\0" * 1000, FrameFault.UNREADABLE),
        (b"\xff\xd8\xff", FrameFault.UNREADABLE),
        (b"%PDF-1.7 and so on", FrameFault.UNREADABLE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FrameFault.UNREADABLE),
        (saved(PICTURE.convert("F"), "TIFF"), FrameFault.UNSUPPORTED),
        (saved(PICTURE.convert("I"), "TIFF"), FrameFault.UNSUPPORTED),
        (saved(Image.new("RGB", (1, 1)), "PNG"), FrameFault.TOO_SMALL),
        (saved(Image.new("L", (500, MIN_SIDE_PX - 1)), "PNG"), FrameFault.TOO_SMALL),
        (saved(Image.new("L", (MAX_SIDE_PX + 1, MIN_SIDE_PX)), "PNG"), FrameFault.TOO_LARGE),
        (saved(Image.new("1", (20_000, 20_000)), "PNG"), FrameFault.TOO_LARGE),
        (saved(Image.new("1", (6_400, 6_400)), "PNG"), FrameFault.TOO_LARGE),
    ],
)
def test_what_is_no_usable_picture_has_a_code(data: bytes, code: FrameFault) -> None:
    assert fault_of(data) == code


@pytest.mark.parametrize("size", [(2**31 - 1, 2**31 - 1), (50_000, 50_000), (16_000, 16_000), (20_000, 20)])
def test_a_size_that_cannot_be_is_refused_before_a_pixel_is_decoded(size: tuple[int, int]) -> None:
    assert fault_of(png_header(*size)) in (FrameFault.TOO_LARGE, FrameFault.UNREADABLE)


def test_the_smallest_and_the_longest_pictures_are_taken() -> None:
    assert decode_image(saved(Image.new("L", (MIN_SIDE_PX, MIN_SIDE_PX)), "PNG")).shape == (16, 16, 3)
    assert decode_image(saved(Image.new("L", (MAX_SIDE_PX, MIN_SIDE_PX)), "PNG")).shape == (
        16,
        MAX_SIDE_PX,
        3,
    )


@pytest.mark.filterwarnings("ignore:Corrupt EXIF", "ignore:Truncated File")
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"subsampling": 0, "quality": 95}),
        ("PNG", {}),
        ("BMP", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
    ],
)
def test_a_picture_cut_off_anywhere_is_never_half_a_picture(kind: str, options: dict[str, object]) -> None:
    data = saved(PICTURE, kind, **options)
    whole = decode_image(data)
    outcomes = [outcome(data[:length]) for length in range(0, len(data), 7)]
    for result in outcomes:
        if isinstance(result, FrameFault):
            assert result in (FrameFault.EMPTY, FrameFault.UNREADABLE, FrameFault.TRUNCATED)
        else:
            # Only bytes after the last pixel were missing.
            np.testing.assert_array_equal(result, whole)
    assert sum(isinstance(result, FrameFault) for result in outcomes) > 0.9 * len(outcomes)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("JPEG", {"optimize": True}), ("JPEG", {"progressive": True}), ("PNG", {})],
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_tail_of_zeros_is_never_half_a_picture(kind: str, options: dict[str, object], mode: str) -> None:
    data = saved(Image.fromarray(tiny_part(0)).convert(mode), kind, **options)
    whole = decode_image(data)
    for length in range(0, len(data) - 20, 37):
        result = outcome(data[:length] + bytes(len(data) - length))
        if not isinstance(result, FrameFault):
            np.testing.assert_array_equal(result, whole)


def test_a_long_jpeg_with_a_tail_of_zeros_is_truncated() -> None:
    # Pillow reads in blocks of 64 KiB and misses the end in a later one.
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    data = encode_jpeg(noise, 95)
    assert len(data) > 2 * 65536
    for length in range(len(data) // 10, len(data), len(data) // 10):
        assert fault_of(data[:length] + bytes(len(data) - length)) == FrameFault.TRUNCATED


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_cut_off_and_closed_is_never_half_grey(options: dict[str, object], mode: str) -> None:
    data = saved(Image.fromarray(tiny_part(0)).convert(mode), "JPEG", **options)
    for length in range(len(data) // 5, len(data) - 40, 37):
        assert isinstance(outcome(data[:length] + b"\xff\xd9"), FrameFault)


def test_a_progressive_jpeg_cut_off_and_closed_is_seldom_taken() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    data = saved(Image.fromarray(resize(colours, 160, 160)), "JPEG", progressive=True)
    outcomes = [outcome(data[:length] + b"\xff\xd9") for length in range(len(data) // 5, len(data), 37)]
    # Between two scans nothing shows that more were to come.
    assert sum(isinstance(result, FrameFault) for result in outcomes) > 0.95 * len(outcomes)


def test_a_jpeg_that_lost_bytes_in_the_middle_is_never_half_grey() -> None:
    data = encode_jpeg(tiny_part(0))
    for start in range(len(data) // 5, len(data) - 600, 37):
        assert isinstance(outcome(data[:start] + data[start + 500 :]), FrameFault)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_that_is_grey_itself_is_taken(progressive: bool, mode: str) -> None:
    grey = Image.new("RGB", (100, 60), (128, 128, 128))
    half = Image.fromarray(np.concatenate([PART, np.asarray(grey)]))
    for image in (grey, half):
        assert decode_image(saved(image.convert(mode), "JPEG", progressive=progressive))[-1, -1].max() == 128


def test_a_png_with_any_damaged_pixel_chunk_is_refused() -> None:
    data = saved(PICTURE, "PNG")
    pixels = data.index(b"IDAT") + 4
    for place in range(pixels, len(data) - 20, 101):
        damaged = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert fault_of(damaged) == FrameFault.UNREADABLE


def test_a_cut_off_camera_picture_is_called_truncated() -> None:
    data = encode_jpeg(tiny_part(0))
    assert fault_of(data[: len(data) // 2]) == FrameFault.TRUNCATED


@given(st.binary(max_size=400))
def test_any_bytes_give_a_picture_or_a_frame_error(data: bytes) -> None:
    result = outcome(data)
    assert isinstance(result, FrameFault) or result.shape[2] == 3


SEEDS = [saved(PICTURE, kind) for kind in ("JPEG", "PNG", "BMP", "GIF", "WEBP", "PPM")]


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=12))
def test_damaged_pictures_give_a_picture_or_a_frame_error(
    data: bytes, damages: list[tuple[int, int]]
) -> None:
    damaged = bytearray(data)
    for place, value in damages:
        damaged[place % len(damaged)] = value
    result = outcome(bytes(damaged))
    assert isinstance(result, FrameFault) or min(result.shape[:2]) >= MIN_SIDE_PX


@given(st.integers(16, 90), st.integers(16, 90), st.integers(0, 2**32 - 1))
def test_png_round_trip_is_exact_for_any_size(height: int, width: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    np.testing.assert_array_equal(decode_image(encode_png(image)), image)


def test_jpeg_round_trip_is_close_and_smaller_at_lower_quality() -> None:
    image = tiny_part(0)
    good, poor = encode_jpeg(image, 95), encode_jpeg(image, 40)
    assert len(poor) < len(good)
    assert np.abs(decode_image(good).astype(int) - image).mean() < 3


@pytest.mark.parametrize("image", [np.zeros((20, 20), np.uint8), np.zeros((20, 20, 3), np.float32)])
def test_only_rgb_bytes_are_encoded(image: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="a picture is uint8"):
        encode_png(image)


def test_a_file_read_twice_is_the_same_frame_and_an_overwritten_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "part.png"
    path.write_bytes(encode_png(tiny_part(0)))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    first, second = read_frame(path), read_frame(path)
    assert first.frame_id == second.frame_id
    assert first.captured_at == datetime.fromtimestamp(1_700_000_000, tz=UTC)
    path.write_bytes(encode_png(tiny_part(1)))
    assert read_frame(path).frame_id != first.frame_id


@pytest.mark.parametrize(
    "name", ["part.png", "a part (1).png", "größe#1.png", ".png", "-x.png", "日本.png", "x" * 200 + ".png"]
)
def test_any_file_name_gives_a_frame_id_that_messages_accept(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encode_png(tiny_part(0)))
    check_frame_id(read_frame(path).frame_id)


def test_the_message_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no")
    for name, code in (("bad.jpg", FrameFault.UNREADABLE), ("none.jpg", FrameFault.MISSING)):
        with pytest.raises(FrameError, match=name) as caught:
            read_frame(tmp_path / name)
        assert caught.value.code == code


def test_pictures_are_found_below_a_folder_in_order_without_hidden_ones(tmp_path: Path) -> None:
    pictures = ["b/1.png", "a/2.JPG", "a/1.jpeg", "c.tiff", "d.png/x.gif"]
    for name in [*pictures, "a/notes.txt", "a/._1.jpeg", ".cache/1.png"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in image_files(tmp_path)]
    assert found == sorted(pictures)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file.png").touch()
    with pytest.raises(DatasetError, match="no such folder"):
        image_files(tmp_path / "none")
    with pytest.raises(DatasetError, match="it is a file"):
        image_files(tmp_path / "file.png")
