"""Synthetic inspections in bulk: a month of a plant, for measuring what the dashboard asks of the records.

Rows are written past `Records.add`, which syncs the disk for each of them. Values have the skew of a real
plant: a few cameras make most frames, few are rejected, many of these scratches, products change by shift.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import numpy as np
from sqlalchemy import Engine, insert, select, text

from inspector.describing.words import Contrast, Kind, Position, Severity, Shape, Size, Source
from inspector.records import Decision
from inspector.records.database import connect, for_writing, parse_url
from inspector.records.migrating import migrate
from inspector.records.tables import (
    DescriptionRow,
    EmbeddingRow,
    EvidenceRow,
    InspectionRow,
    RegionRow,
    ReviewRow,
    Table,
)
from inspector.results import Verdict

NOW: Final = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
"""Time of the newest frame."""
SPAN: Final = timedelta(days=30)
NOT_REVIEWED: Final = timedelta(days=1)
"""The newest frames have not been looked at yet."""
BATCH: Final = 10_000
"""Inspections in one transaction."""
RARE_LINE, RARE_CAMERA, RARE_KIND = "line-9", "cam-99", "burr"
"""Each is on about one frame, or one reject, in 20,000."""
OLD_MODEL: Final = "00000000000old01"
"""Judged the first three days, and nothing since."""
TEXT: Final = "beside the seam"
"""Stands in a twentieth of the sentences."""
RARE_TEXT: Final = "under the thread"
"""Stands in a few sentences of a million frames."""

_LINES = {"line-1": 50, "line-2": 30, "line-3": 20}
_CAMERAS = {"cam-1": 55, "cam-2": 30, "cam-3": 15}
_VERDICTS = {Verdict.PASS: 94, Verdict.REJECT: 5, Verdict.UNSURE: 1}
_MODELS = ("00000000000aaa02", "00000000000bbb03")
_SHARE_REVIEWED, _SHARE_KEPT = 0.6, 0.05
_RARE: Final = 1 / 20_000
T = TypeVar("T")


@dataclass
class Batch:
    """Rows of some inspections, by table."""

    rows: dict[type[Table], list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: type[Table], **row: Any) -> None:
        """Add a row."""
        self.rows.setdefault(table, []).append(row)


def seed_inspections(url: str, count: int, seed: int = 0) -> None:
    """Fill an empty database with inspections, evenly over `SPAN` up to `NOW`.

    Args:
        url: of SQLite or PostgreSQL; the tables are made where they are missing.
        count: inspections.
        seed: the same one gives the same rows.
    """
    parsed = parse_url(url)
    migrate(parsed)
    engine = connect(parsed)
    try:
        for batch in _batches(count, random.Random(seed)):  # noqa: S311 - no secret
            with for_writing(engine).begin() as connection:
                for table, rows in batch.rows.items():
                    connection.execute(insert(table), rows)
        _settle(engine)
    finally:
        engine.dispose()


def seed_embeddings(url: str, product: str, count: int, dimension: int, seed: int = 0) -> int:
    """Give the newest inspections of a product embeddings of chance; how many there were.

    Args:
        url: of a database that `seed_inspections` filled.
        product: whose.
        count: at most so many.
        dimension: numbers of each.
        seed: the same one gives the same numbers.
    """
    engine, rng = connect(parse_url(url)), np.random.default_rng(seed)
    newest = select(InspectionRow.id).where(InspectionRow.product == product)
    newest = newest.order_by(InspectionRow.inspected_at.desc()).limit(count)
    try:
        with engine.connect() as connection:
            keys = sorted(connection.execute(newest).scalars())
        for first in range(0, len(keys), BATCH):
            part = keys[first : first + BATCH]
            vectors = rng.normal(size=(len(part), dimension))
            halves = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f2")
            rows = [
                {
                    "inspection_id": key,
                    "product": product,
                    "network": "seeded",
                    "dimension": dimension,
                    "vector": half.tobytes(),
                }
                for key, half in zip(part, halves, strict=True)
            ]
            with for_writing(engine).begin() as connection:
                connection.execute(insert(EmbeddingRow), rows)
        _settle(engine)
    finally:
        engine.dispose()
    return len(keys)


def database_bytes(url: str) -> int:
    """Bytes that a database takes on its disk, without SQLite's log."""
    engine = connect(parse_url(url))
    query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    if engine.dialect.name == "postgresql":
        query = "SELECT pg_database_size(current_database())"
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())
    finally:
        engine.dispose()


def _settle(engine: Engine) -> None:
    """Do at once what PostgreSQL does by itself within minutes of so many rows; SQLite does nothing."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            # Its sequences were not used.
            for table in ("inspections", "reviews", "descriptions"):
                name = f"pg_get_serial_sequence('{table}', 'id')"
                connection.execute(text(f"SELECT setval({name}, (SELECT max(id) FROM {table}))"))  # noqa: S608


def _batches(count: int, rng: random.Random) -> Iterator[Batch]:
    step = SPAN / max(count - 1, 1)
    for first in range(0, count, BATCH):
        batch = Batch()
        for number in range(first, min(first + BATCH, count)):
            _add_inspection(batch, number, NOW - SPAN + step * number, (number + 0.5) / count, rng)
        yield batch


def _add_inspection(batch: Batch, number: int, moment: datetime, age: float, rng: random.Random) -> None:
    """One inspection with what belongs to it; `age` is 0 for the first one and 1 for the last."""
    key, frame_id = number + 1, f"seed-{number:08}"
    line, camera = _pick(_LINES, rng), _pick(_CAMERAS, rng)
    verdict = _pick(_VERDICTS, rng)
    limit = 1.4
    score = rng.uniform(limit, 3 * limit) if verdict is Verdict.REJECT else rng.uniform(0.1, limit)
    batch.add(
        InspectionRow,
        id=key,
        frame_id=frame_id,
        site="plant-1",
        line=RARE_LINE if rng.random() < _RARE else line,
        camera=RARE_CAMERA if rng.random() < _RARE else f"{camera}-{line[-1]}",
        box="box-1",
        # A line makes one product by day and another by night.
        product=f"{'gasket' if 6 <= moment.hour < 22 else 'bottle'}-{line[-1]}",
        model_version=OLD_MODEL if age < 0.1 else _MODELS[age > 0.6],
        captured_at=moment,
        inspected_at=moment,
        score=score,
        reject_limit=limit,
        verdict=verdict,
        reason=f"score {score:.2f} beside the limit {limit:.2f}",
        latency_ms=rng.uniform(10, 30),
        width_px=1280,
        height_px=960,
    )
    if verdict is not Verdict.PASS or rng.random() < _SHARE_KEPT:
        batch.add(
            EvidenceRow,
            inspection_id=key,
            frame_uri=f"evidence/{frame_id}.jpg",
            map_uri=f"evidence/{frame_id}.npz",
            created_at=moment,
        )
    if verdict is Verdict.REJECT:
        _add_description(batch, key, moment, score, rng)
    _add_review(batch, key, moment, verdict, rng)


def _add_description(batch: Batch, key: int, moment: datetime, score: float, rng: random.Random) -> None:
    regions = rng.choices((1, 2, 3), (70, 20, 10))[0]
    clauses = []
    for position in range(regions):
        kind = RARE_KIND if rng.random() < _RARE else _pick(_KINDS, rng).value
        place, size = rng.choice(tuple(Position)), rng.choice(tuple(Size))
        clauses.append(f"a {size} {kind} at the {place}")
        batch.add(
            RegionRow,
            inspection_id=key,
            position=position,
            x_px=100,
            y_px=80,
            width_px=60,
            height_px=40,
            centre_x_px=130.0,
            centre_y_px=100.0,
            area_px=1200,
            area_fraction=1200 / (1280 * 960),
            peak_score=score / (position + 1),
            place=place,
            size=size,
            shape=rng.choice(tuple(Shape)),
            contrast=rng.choice(tuple(Contrast)),
            severity=_pick(_SEVERITIES, rng),
            kind=kind,
            kind_probability=rng.random(),
            core_px=600,
            length_mm=None,
            area_mm2=None,
        )
    chance = rng.random()
    tail = f" {RARE_TEXT}" if chance < _RARE else f" {TEXT}" if chance < 1 / 20 else ""
    batch.add(
        DescriptionRow,
        id=key,
        inspection_id=key,
        language="en",
        sentence=f"{'One defect' if regions == 1 else f'{regions} defects'}: {'; '.join(clauses)}{tail}.",
        source=rng.choice(tuple(Source)),
        rejected_sentence=None,
        defects=regions,
        seconds=rng.uniform(0.1, 2),
        created_at=moment + timedelta(seconds=2),
    )


def _add_review(batch: Batch, key: int, moment: datetime, verdict: Verdict, rng: random.Random) -> None:
    if moment > NOW - NOT_REVIEWED:
        return
    decisions: tuple[Decision, ...] = ()
    if verdict is Verdict.PASS:
        decisions = (Decision.MISSED,) if rng.random() < _RARE else ()
    elif rng.random() < _SHARE_REVIEWED:
        decisions = (_pick(_DECISIONS, rng),)
        # Some decide twice; what they said first counts no more.
        decisions = (_pick(_DECISIONS, rng), *decisions) if rng.random() < 1 / 20 else decisions
    for nth, decision in enumerate(decisions):
        batch.add(
            ReviewRow,
            id=2 * key + nth,
            inspection_id=key,
            decision=decision,
            reviewer=rng.choice(("anna", "bert", "chen")),
            reviewed_at=moment + timedelta(hours=1 + nth),
            note="",
            kind=None,
        )


_KINDS: Final = {
    Kind.SCRATCH: 45,
    Kind.STAIN: 25,
    Kind.DENT: 15,
    Kind.CRACK: 8,
    Kind.HOLE: 4,
    Kind.UNKNOWN: 3,
}
_SEVERITIES: Final = {Severity.SLIGHT: 50, Severity.CLEAR: 35, Severity.SEVERE: 15}
_DECISIONS: Final = {
    Decision.TRUE_DEFECT: 75,
    Decision.FALSE_REJECT: 20,
    Decision.SKIPPED: 4,
    Decision.WITHDRAWN: 1,
}


def _pick(weighted: dict[T, int], rng: random.Random) -> T:
    values: Sequence[T] = tuple(weighted)
    return rng.choices(values, tuple(weighted.values()))[0]
