from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from edge.backlog import Delivery
from edge.quarantine import Fault, quarantine
from inspector.errors import MessageError
from tests.edge.rig import CAMERA, NOW, RecordingSource

ERROR = MessageError("frame id is not usable", "it has a slash", "Correct it")
HOSTILE = Delivery(
    1, CAMERA.frame, b"bytes", {"frame-id": "../../../etc/cron.d/x"}, 1, NOW, 0.0, RecordingSource()
)


def test_bytes_and_reason_are_kept_and_nothing_the_sender_chose_is_a_path(tmp_path: Path) -> None:
    kept = quarantine(tmp_path, HOSTILE, Fault.UNUSABLE_ID, ERROR)
    assert kept.startswith("quarantine/2026-01-31/unusable_id-")
    assert (tmp_path / kept).read_bytes() == b"bytes"
    report = json.loads((tmp_path / kept).with_suffix(".json").read_text())
    assert report["why"] == "it has a slash"
    assert report["remedy"] == "Correct it"
    assert report["properties"] == HOSTILE.properties
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.parent for path in files} == {tmp_path / "quarantine" / "2026-01-31"}


def test_the_same_message_delivered_again_is_kept_once_another_one_beside_it(tmp_path: Path) -> None:
    first = quarantine(tmp_path, HOSTILE, Fault.UNUSABLE_ID, ERROR)
    assert quarantine(tmp_path, replace(HOSTILE, message_id=9), Fault.UNUSABLE_ID, ERROR) == first
    other = quarantine(tmp_path, replace(HOSTILE, payload=b"other"), Fault.UNUSABLE_ID, ERROR)
    assert other != first
    assert len(list((tmp_path / "quarantine" / "2026-01-31").iterdir())) == 4
