"""Records to store, made from few arguments, and a look at the tables from outside the repository."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from inspector.describing.words import Contrast, Position, Severity, Shape, Size, Source
from inspector.records import StoredDescription, StoredFacts, StoredInspection
from inspector.records.database import connect, parse_url
from inspector.regions import Region
from inspector.results import Verdict

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """A moment counted from noon."""
    return NOON + timedelta(seconds=seconds)


def inspection(frame_id: str, **changes: Any) -> StoredInspection:
    """A reject with two regions and both pictures, but for what `changes` says."""
    values: dict[str, Any] = {
        "frame_id": frame_id,
        "site": "plant-1",
        "line": "line-1",
        "camera": "cam-1",
        "box": "box-1",
        "product": "gasket",
        "model_version": "0123456789abcdef",
        "captured_at": NOON,
        "inspected_at": at(0.25),
        "score": 2.31,
        "reject_limit": 1.4,
        "verdict": Verdict.REJECT,
        "reason": "score 2.31 is above the limit 1.40",
        "latency_ms": 17.25,
        "width_px": 640,
        "height_px": 480,
        "regions": (
            Region((10, 20, 30, 40), (24.5, 39.25), 700, 700 / (640 * 480), 2.31),
            Region((0, 0, 5, 5), (2.0, 2.0), 25, 25 / (640 * 480), 1.5),
        ),
        "evidence": f"evidence/{frame_id}.png",
        "evidence_map": f"evidence/{frame_id}.map.png",
    }
    return StoredInspection(**(values | changes))


def facts(**changes: Any) -> StoredFacts:
    """A scratch at the upper left, measured in full, but for what `changes` says."""
    values: dict[str, Any] = {
        "place": Position.UPPER_LEFT,
        "size": Size.SMALL,
        "shape": Shape.ELONGATED,
        "contrast": Contrast.OTHER_COLOUR,
        "severity": Severity.CLEAR,
        "kind": "scratch",
        "kind_probability": 0.75,
        "core_px": 240,
        "length_mm": 2.5,
        "area_mm2": 1.25,
    }
    return StoredFacts(**(values | changes))


def description(**changes: Any) -> StoredDescription:
    """What a language model says of `inspection`, but for what `changes` says."""
    values: dict[str, Any] = {
        "sentence": "Two defects: a small scratch at the upper left; and a tiny spot at the top.",
        "source": Source.LLM_RETRY,
        "language": "en",
        "defects": 2,
        "seconds": 0.75,
        "described_at": at(1),
        "rejected_sentence": "One defect: a hole at the right.",
        "facts": (facts(), facts(place=Position.TOP, kind="unknown", kind_probability=None, length_mm=None)),
    }
    return StoredDescription(**(values | changes))


def raw(url: str) -> Engine:
    """The database itself, for a look or an accident that the repository does not offer."""
    return connect(parse_url(url))


def count_rows(url: str, table: str) -> int:
    """Rows of a table."""
    engine = raw(url)
    try:
        with engine.connect() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608
    finally:
        engine.dispose()


def start_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Run code in another process of the same Python, with pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
