"""Malformed frames sent to a box, and what must not have happened afterwards."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inspector.messages import PROPERTY_CAPTURED_AT, PROPERTY_FRAME_ID
from tests.campaigns.box import CAMERA, Box
from tests.campaigns.cameras import Shot, publish
from tests.campaigns.malformed import FIRST_ID, JUDGED, NUMBER, Malformed, malformed
from tests.campaigns.report import CampaignError, await_true
from tests.campaigns.rows import is_stored, query

STORED_S = 1800.0
LAST_ID = "after-all-of-it"


@dataclass(frozen=True)
class Aftermath:
    """What malformed frames left behind.

    Attributes:
        sent: frames by kind.
        codes: frames in quarantine by code.
        judged: frames that got a verdict after all.
        surprises: what is not as it must be.
    """

    sent: Counter[str]
    codes: Counter[str]
    judged: int
    surprises: list[str]


def send_malformed(box: Box, port: int, good_png: bytes, frames: int, seed: int) -> Aftermath:
    """Send frames of all kinds to a box, a fine one before and after them, and look what became of each.

    Args:
        box: ready, with `SITE_FILTER`.
        port: the broker's.
        good_png: a fine picture of the box's product.
        frames: how many.
        seed: of all damage.

    Raises:
        CampaignError: the box has ended, or does not get through them.
    """
    pid = box.pid
    _send_fine(box, port, good_png, FIRST_ID)
    sent: list[Malformed] = []
    publish(port, _shots(itertools.islice(malformed(good_png, seed), frames), sent))
    # Its source delivers in order, and so it is finished when all before it are.
    _send_fine(box, port, good_png, LAST_ID)
    if not box.is_alive or box.pid != pid:
        raise CampaignError(f"the box has ended: {box.tail()}")
    return _look(box, sent)


def _send_fine(box: Box, port: int, good_png: bytes, frame_id: str) -> None:
    said = {PROPERTY_FRAME_ID: frame_id, PROPERTY_CAPTURED_AT: "2026-01-31T12:00:00Z"}
    publish(port, [Shot(CAMERA.frame, good_png, said)])
    await_true(lambda: is_stored(box.database, frame_id) or not box.is_alive, frame_id, STORED_S)


def _shots(frames: Iterator[Malformed], sent: list[Malformed]) -> Iterator[Shot]:
    """What is published; `sent` remembers it with a hash in the place of its bytes."""
    for frame in frames:
        sent.append(replace(frame, payload=_hash(frame.payload)))
        yield Shot(frame.topic, frame.payload, frame.properties)


def _look(box: Box, sent: Sequence[Malformed]) -> Aftermath:
    found: dict[int, list[str]] = {}
    payloads = {frame.number: frame.payload for frame in sent}
    surprises = []
    everything = [path for path in (box.data_dir / "quarantine").rglob("*") if path.is_file()]
    pictures: dict[Path, list[Path]] = {}
    for path in everything:
        if path.suffix != ".json":
            pictures.setdefault(path.with_suffix(""), []).append(path)
    for report in [path for path in everything if path.suffix == ".json"]:
        told = json.loads(report.read_text())
        number = int(told["properties"][NUMBER])
        found.setdefault(number, []).append(told["code"])
        if not (told["why"] and told["what"]):
            surprises.append(f"{report.name}: no reason is told")
        kept = pictures.get(report.with_suffix(""), [])
        if [_hash(path.read_bytes()) for path in kept] != [payloads[number]]:
            surprises.append(f"{report.name}: its bytes are not those that were sent")
    codes = Counter(code for several in found.values() for code in several)
    rows = query(box.database, "SELECT frame_id FROM inspections WHERE width_px > 0")
    judged = {frame_id for (frame_id,) in rows} - {FIRST_ID, LAST_ID}
    for frame in sent:
        told = found.get(frame.number, [])
        frame_id = frame.properties.get(PROPERTY_FRAME_ID)
        outcome = told or [JUDGED if frame_id is None or frame_id in judged else "nothing"]
        if len(outcome) != 1 or outcome[0] not in frame.outcomes:
            surprises.append(f"{frame.kind}: {' and '.join(outcome)}")
    if sum(codes.values()) + len(judged) != len(sent):
        surprises.append(f"{len(sent)} sent, {sum(codes.values())} in quarantine, {len(judged)} judged")
    counted = box.counted("inspector_quarantined_total", "code")
    if counted != codes:
        surprises.append(f"counted are {counted}, in quarantine {dict(codes)}")
    return Aftermath(Counter(frame.kind for frame in sent), codes, len(judged), surprises)


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
