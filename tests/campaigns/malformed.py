"""Frames that no working camera sends, each kind with what must become of it. From a seed, without end."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from PIL import Image

from edge.quarantine import Fault
from inspector.frames import FrameFault
from inspector.messages import PREFIX, PROPERTY_CAPTURED_AT, PROPERTY_FRAME_ID, PROPERTY_PRODUCT
from tests.campaigns import odd_pictures as odd
from tests.campaigns.box import CAMERA

JUDGED = "judged"
"""The picture is usable after all, if a strange one: it gets a verdict and no quarantine."""
NUMBER = "number"
"""User property that names the frame in the quarantine's report, whatever else is wrong with it."""
FIRST_ID = "seen-before"
"""A fine frame of this id must have been recorded before: one kind uses it again."""
SITE_FILTER = f"{PREFIX}/{CAMERA.site}/+/+/frame/#"
"""A box with this topic filter is sent every kind; one without is spared those of other topics."""


@dataclass(frozen=True)
class Material:
    """What a kind is made of.

    Attributes:
        png, jpeg: a fine picture.
        picture: the same, decoded.
        chance: of all choices.
        number: of the frame.
    """

    png: bytes
    jpeg: bytes
    picture: Image.Image
    chance: random.Random
    number: int

    @property
    def unlike(self) -> bytes:
        """A fine picture that no other frame has: its bytes end with the number."""
        return self.png + f"{self.number:08}".encode()


@dataclass(frozen=True)
class Kind:
    """One way to be wrong.

    Attributes:
        outcomes: codes of the quarantine, one of which it must get, or `JUDGED`; one alone where the damage
            leaves no choice.
        payload: makes its bytes.
        properties: user properties that replace or add to a fine frame's; None removes one.
        topic: where it is published.
    """

    outcomes: frozenset[str]
    payload: Callable[[Material], bytes] = lambda it: it.unlike
    properties: Callable[[Material], Mapping[str, str | None]] = lambda _: {}
    topic: Callable[[Material], str] = lambda _: CAMERA.frame


@dataclass(frozen=True)
class Malformed:
    """One frame.

    Attributes:
        kind: name of what is wrong with it.
        number: counts the frames of a run.
        topic: where it is published.
        payload: its bytes.
        properties: MQTT 5 user properties; `NUMBER` is one of them.
        outcomes: see `Kind`.
    """

    kind: str
    number: int
    topic: str
    payload: bytes = field(repr=False)
    properties: Mapping[str, str]
    outcomes: frozenset[str]


def malformed(good_png: bytes, seed: int) -> Iterator[Malformed]:
    """Every kind in turn, round after round, with other random choices each time.

    Args:
        good_png: a fine picture of a part.
        seed: of all choices.
    """
    chance = random.Random(seed)  # noqa: S311 - damage, no secret
    picture = Image.open(io.BytesIO(good_png)).convert("RGB")
    jpeg = odd.encoded(picture, "JPEG", quality=85)
    for number, (name, kind) in enumerate(itertools.cycle(KINDS.items())):
        it = Material(good_png, jpeg, picture, chance, number)
        said = {PROPERTY_FRAME_ID: f"bad-{seed}-{number:06}", NUMBER: str(number), **kind.properties(it)}
        yield Malformed(
            name,
            number,
            kind.topic(it),
            kind.payload(it),
            {key: value for key, value in said.items() if value is not None},
            kind.outcomes,
        )


def _bytes(payload: Callable[[Material], bytes], *outcomes: str) -> Kind:
    """A kind whose bytes are the matter."""
    return Kind(frozenset(outcomes), payload)


def _said(code: str, name: str, text: str | None) -> Kind:
    """A kind whose picture is fine, and one property is not."""
    return Kind(frozenset({code}), properties=lambda _: {name: text})


def _at(code: str, topic: str) -> Kind:
    """A kind whose picture is fine, and which is published at the wrong place."""
    return Kind(frozenset({code}), topic=lambda _: topic)


_EMPTY, _UNREADABLE, _TRUNCATED = FrameFault.EMPTY, FrameFault.UNREADABLE, FrameFault.TRUNCATED
_UNSUPPORTED, _LARGE, _SMALL = FrameFault.UNSUPPORTED, FrameFault.TOO_LARGE, FrameFault.TOO_SMALL
_BROKEN = (_UNREADABLE, _TRUNCATED)
_ANY = (*_BROKEN, _UNSUPPORTED, _LARGE, _SMALL, JUDGED)
"""Random damage may hit anything, a header too: whatever it is taken for, it is one of these."""
_ID, _TIME = Fault.UNUSABLE_ID, Fault.UNUSABLE_TIME
_LINE = f"{PREFIX}/{CAMERA.site}/{CAMERA.line}"

KINDS: dict[str, Kind] = {
    "zero bytes": _bytes(lambda _: b"", _EMPTY),
    "one byte": _bytes(lambda it: it.chance.randbytes(1), _UNREADABLE),
    "noise": _bytes(lambda it: it.chance.randbytes(it.chance.randrange(2, 50_000)), _UNREADABLE),
    "only zeros": _bytes(lambda it: bytes(it.chance.randrange(1, 5000)), _UNREADABLE),
    "text": _bytes(lambda _: b"no picture at all", _UNREADABLE),
    "an error page": _bytes(lambda _: b"<html>503 Service Unavailable</html>", _UNREADABLE),
    "JSON": _bytes(lambda _: b'{"frame": null}', _UNREADABLE),
    "SVG": _bytes(lambda _: b"<svg xmlns='http://www.w3.org/2000/svg'/>", _UNREADABLE),
    "PDF": _bytes(lambda _: b"%PDF-1.7\n%%EOF", _UNREADABLE),
    "ZIP": _bytes(lambda it: b"PK\x03\x04" + it.chance.randbytes(500), _UNREADABLE),
    "picture in base64": _bytes(lambda it: odd.in_base64(it.jpeg), _UNREADABLE),
    "cut PNG": _bytes(lambda it: odd.cut(it.png, it.chance), *_BROKEN),
    "cut JPEG": _bytes(lambda it: odd.cut(it.jpeg, it.chance), *_BROKEN),
    "PNG without its first bytes": _bytes(lambda it: it.png[it.chance.randrange(1, 9) :], _UNREADABLE),
    "JPEG with a tail of zeros": _bytes(lambda it: odd.zero_tail(it.jpeg), _TRUNCATED),
    "JPEG with an end and no middle": _bytes(lambda it: odd.without_middle(it.jpeg), _TRUNCATED),
    "bits of a PNG flipped": _bytes(lambda it: odd.flipped(it.png, it.chance), *_ANY),
    "bits of a JPEG flipped": _bytes(lambda it: odd.flipped(it.jpeg, it.chance), *_ANY),
    "PNG with a wrong sum": _bytes(lambda it: odd.wrong_sum(it.png), _UNREADABLE),
    "PNG header alone": _bytes(lambda it: it.png[:33], *_BROKEN),
    "JPEG header alone": _bytes(lambda it: it.jpeg[:20], *_BROKEN),
    "PNG without pixels": _bytes(lambda _: odd.png(64, 64, b""), *_BROKEN),
    "100 megapixels": _bytes(lambda _: odd.BOMB, _LARGE),
    "PNG that claims a terapixel": _bytes(lambda _: odd.png(2**20, 2**20, b""), _LARGE),
    "JPEG that claims 4 gigapixels": _bytes(lambda it: odd.resized_header(it.jpeg, 65_500, 65_500), _LARGE),
    "GIF that claims 4 gigapixels": _bytes(lambda _: odd.gif_header(65_535, 65_535), _LARGE),
    "PNG of no width": _bytes(lambda _: odd.png(0, 10, b""), *_BROKEN, _SMALL),
    "one pixel": _bytes(lambda _: odd.plain(1, 1), _SMALL),
    "one row": _bytes(lambda _: odd.plain(400, 1), _SMALL),
    "one column": _bytes(lambda _: odd.plain(1, 400), _SMALL),
    "a thread of 20,000 pixels": _bytes(lambda _: odd.plain(20_000, 20), _LARGE),
    "floating point": _bytes(lambda it: odd.floating(it.picture), _UNSUPPORTED),
    "32-bit TIFF": _bytes(lambda it: odd.deep(it.picture), _UNSUPPORTED),
    "one colour": _bytes(lambda _: odd.plain(300, 300), JUDGED),
    "16-bit grey": _bytes(lambda it: odd.grey16(it.picture), JUDGED),
    "CMYK": _bytes(lambda it: odd.encoded(it.picture.convert("CMYK"), "JPEG"), JUDGED),
    "alpha": _bytes(lambda it: odd.encoded(it.picture.convert("RGBA"), "PNG"), JUDGED),
    "palette": _bytes(lambda it: odd.encoded(it.picture.convert("P"), "PNG"), JUDGED),
    "black and white": _bytes(lambda it: odd.encoded(it.picture.convert("1"), "PNG"), JUDGED),
    "animation": _bytes(lambda it: odd.animation(it.picture), JUDGED),
    "bytes after the end": _bytes(lambda it: it.png + it.chance.randbytes(300), JUDGED),
    "broken EXIF": _bytes(lambda it: odd.broken_exif(it.jpeg, it.chance), JUDGED),
    "no id": _said(JUDGED, PROPERTY_FRAME_ID, None),
    "empty id": _said(_ID, PROPERTY_FRAME_ID, ""),
    "id that is a path": _said(_ID, PROPERTY_FRAME_ID, "../../etc/passwd"),
    "id with a space": _said(_ID, PROPERTY_FRAME_ID, "part 7"),
    "id in Chinese": _said(_ID, PROPERTY_FRAME_ID, "零件七"),
    "id of 5,000 characters": _said(_ID, PROPERTY_FRAME_ID, "x" * 5000),
    "id with SQL": _said(_ID, PROPERTY_FRAME_ID, "'); DROP TABLE inspections; --"),
    "id that was used": Kind(
        frozenset({Fault.REUSED_ID}),
        properties=lambda it: {
            PROPERTY_FRAME_ID: FIRST_ID,
            PROPERTY_CAPTURED_AT: f"2020-01-01T00:00:00.{it.number:06}Z",
        },
    ),
    "time that is none": _said(_TIME, PROPERTY_CAPTURED_AT, "yesterday"),
    "empty time": _said(_TIME, PROPERTY_CAPTURED_AT, ""),
    "time without a zone": _said(_TIME, PROPERTY_CAPTURED_AT, "2026-01-31T12:00:00"),
    "time of month 13": _said(_TIME, PROPERTY_CAPTURED_AT, "2026-13-01T12:00:00Z"),
    "time beyond all years": _said(_TIME, PROPERTY_CAPTURED_AT, "9999-12-31T23:59:59-14:00"),
    "another product": _said(Fault.OTHER_PRODUCT, PROPERTY_PRODUCT, "another"),
    "empty product": _said(Fault.OTHER_PRODUCT, PROPERTY_PRODUCT, ""),
    "product of 5,000 characters": _said(Fault.OTHER_PRODUCT, PROPERTY_PRODUCT, "x" * 5000),
    "unknown camera": _at(Fault.UNKNOWN_CAMERA, f"{_LINE}/cam-99/frame"),
    "camera with a space": _at(Fault.UNKNOWN_TOPIC, f"{_LINE}/cam 1/frame"),
    "camera without a name": _at(Fault.UNKNOWN_TOPIC, f"{_LINE}//frame"),
    "levels below the id": Kind(
        frozenset({_ID}),
        properties=lambda _: {PROPERTY_FRAME_ID: None},
        topic=lambda _: f"{CAMERA.frame}/a/b",
    ),
}
"""All kinds by name."""
