"""Frames of the history as a file: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from inspector.records import HistoryFilter, Records, Review, StoredFacts, StoredInspection

MOST_ROWS: Final = 100_000
"""Frames in one file."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide signs work as well
"""With these a spreadsheet begins a formula (owasp.org/www-community/attacks/CSV_Injection)."""

_TEXT, _NUMBER, _COUNT, _TIME = pa.string(), pa.float64(), pa.int64(), pa.timestamp("us", tz="UTC")
SCHEMA: Final = pa.schema(
    [
        ("frame_id", _TEXT),
        ("inspected_at", _TIME),
        ("captured_at", _TIME),
        ("site", _TEXT),
        ("line", _TEXT),
        ("camera", _TEXT),
        ("box", _TEXT),
        ("product", _TEXT),
        ("verdict", _TEXT),
        ("score", _NUMBER),
        ("reject_limit", _NUMBER),
        ("reason", _TEXT),
        ("model_version", _TEXT),
        ("latency_ms", _NUMBER),
        ("regions", _COUNT),
        ("kind", _TEXT),
        ("kind_probability", _NUMBER),
        ("place", _TEXT),
        ("size", _TEXT),
        ("shape", _TEXT),
        ("contrast", _TEXT),
        ("severity", _TEXT),
        ("sentence", _TEXT),
        ("language", _TEXT),
        ("described_by", _TEXT),
        ("evidence", _TEXT),
        ("decision", _TEXT),
        ("reviewer", _TEXT),
        ("reviewed_at", _TIME),
        ("review_kind", _TEXT),
        ("review_note", _TEXT),
    ]
)
"""Columns of an export. Facts from `kind` to `severity` are those of the worst region; times are UTC."""


class Format(StrEnum):
    """A kind of file."""

    CSV = "CSV"
    PARQUET = "Parquet"

    @property
    def file_name(self) -> str:
        """Name that a download gets."""
        return f"inspections.{self.value.lower()}"

    @property
    def mime(self) -> str:
        """Media type of the file (RFC 4180; the Parquet project registered its own)."""
        return "text/csv" if self is Format.CSV else "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is ready.

    Attributes:
        data: the file.
        rows: frames in it.
        is_cut: whether there are more frames than a file may have; the newest are in it.
    """

    data: bytes
    rows: int
    is_cut: bool


def export(records: Records, wanted: HistoryFilter, form: Format, most_rows: int = MOST_ROWS) -> Export:
    """Write the frames of a filter into a file, the newest first.

    The records are read page by page: memory holds the file and one page.

    Args:
        records: to read.
        wanted: which frames.
        form: kind of file.
        most_rows: older frames beyond so many are left out.

    Raises:
        RecordsError: the database cannot be reached.
    """
    write, finish = _csv_writer() if form is Format.CSV else _parquet_writer()
    rows, is_cut = 0, False
    for page in _pages(records, wanted):
        part = page[: most_rows - rows]
        if part:
            write(part)
        rows += len(part)
        is_cut = len(part) < len(page)
        if is_cut:
            break
    return Export(finish(), rows, is_cut)


def harmless(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula: an apostrophe goes before what begins one."""
    begins_one = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if begins_one else text


Row = dict[str, Any]
_Writer = tuple[Callable[[list[Row]], None], Callable[[], bytes]]


def _pages(records: Records, wanted: HistoryFilter) -> Iterator[list[Row]]:
    for page in records.history.stream(wanted):
        reviews = records.reviews.latest([frame.frame_id for frame in page])
        yield [_row(frame, reviews.get(frame.frame_id)) for frame in page]


def _row(frame: StoredInspection, review: Review | None) -> Row:
    told = frame.description
    worst = told.facts[0] if told is not None and told.facts else StoredFacts()
    return {
        "frame_id": frame.frame_id,
        "inspected_at": frame.inspected_at,
        "captured_at": frame.captured_at,
        "site": frame.site,
        "line": frame.line,
        "camera": frame.camera,
        "box": frame.box,
        "product": frame.product,
        "verdict": frame.verdict.value,
        "score": None if math.isnan(frame.score) else frame.score,
        "reject_limit": frame.reject_limit,
        "reason": frame.reason,
        "model_version": frame.model_version,
        "latency_ms": frame.latency_ms,
        "regions": len(frame.regions),
        "kind": worst.kind,
        "kind_probability": worst.kind_probability,
        "place": worst.place,
        "size": worst.size,
        "shape": worst.shape,
        "contrast": worst.contrast,
        "severity": worst.severity,
        "sentence": None if told is None else told.sentence,
        "language": None if told is None else told.language,
        "described_by": None if told is None else told.source.value,
        "evidence": frame.evidence,
        "decision": None if review is None else review.decision.value,
        "reviewer": None if review is None else review.reviewer,
        "reviewed_at": None if review is None else review.reviewed_at,
        "review_kind": None if review is None else review.kind,
        "review_note": None if review is None else review.note,
    }


def _csv_writer() -> _Writer:
    # With a byte order mark: spreadsheets take a file without for one in the machine's old code page.
    target = io.BytesIO()
    lines = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.DictWriter(lines, SCHEMA.names, quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()

    def write(rows: list[Row]) -> None:
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)

    return write, target.getvalue


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    return harmless(str(value))


def _parquet_writer() -> _Writer:
    target = io.BytesIO()
    writer = pq.ParquetWriter(target, SCHEMA, compression="zstd")

    def write(rows: list[Row]) -> None:
        writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))

    def finish() -> bytes:
        writer.close()
        return target.getvalue()

    return write, finish
