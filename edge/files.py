"""Names of the files that a frame's bytes go into."""

from __future__ import annotations


def file_name(frame_id: str) -> str:
    """A frame id, checked by `inspector.messages.check_frame_id`, as the stem of a file name.

    Ids hold no slash and do not start with a dot, so a name never leaves its folder. Colons, which some file
    systems refuse, become equals signs, which no id holds.
    """
    return frame_id.replace(":", "=")


def picture_suffix(data: bytes) -> str:
    """The ending for an encoded picture, by its first bytes; ``.bin`` where they are of no known format."""
    for magic, suffix in _MAGIC:
        if data.startswith(magic):
            return suffix
    return ".webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ".bin"


_MAGIC = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"BM", ".bmp"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
    (b"GIF8", ".gif"),
    (b"P5", ".pgm"),
    (b"P6", ".ppm"),
)
