"""The one door to the records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Engine, Select, func, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload, selectinload

from inspector.records.database import connect, explained, for_writing, parse_url, show
from inspector.records.migrating import migrate
from inspector.records.tables import EvidenceRow, InspectionRow, RegionRow
from inspector.records.values import StoredInspection, VerdictCount
from inspector.regions import Region
from inspector.results import Verdict


class Records:
    """Inspections in a database. Safe from several threads; several processes may open the same database.

    Make one with `Records.open`; close it, or use it as a context manager.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine, self._writing, self._name = engine, for_writing(engine), show(url)

    @classmethod
    def open(cls, url: str) -> Records:
        """Connect, and create or upgrade the tables where needed.

        Args:
            url: ``sqlite:///path/to/file.db`` (relative to the working folder; the folder is created) or
                ``postgresql+psycopg://user:password@host/database``.

        Raises:
            RecordsError: the URL is wrong, or the database cannot be reached or written, or is newer than
                this code.
        """
        parsed = parse_url(url)
        migrate(parsed)
        return cls(connect(parsed), parsed)

    def add(self, record: StoredInspection) -> bool:
        """Store an inspection with its regions and evidence; when this returns, it is on disk.

        Returns:
            False when the frame id is already stored; the stored inspection stays as it is.

        Raises:
            RecordsError: the database cannot be reached or written; nothing of the inspection is stored.
        """
        with explained(f"inspection {record.frame_id} cannot be stored in {self._name}"):
            with self._writing.begin() as connection:
                # The unique constraint decides, so that two deliveries at the same time store one inspection.
                dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
                statement = (
                    dialect.insert(InspectionRow)
                    .values(**_inspection_values(record))
                    .on_conflict_do_nothing(index_elements=[InspectionRow.frame_id])
                    .returning(InspectionRow.id)
                )
                key = connection.execute(statement).scalar_one_or_none()
                if key is None:
                    return False
                if record.regions:
                    connection.execute(insert(RegionRow), _region_values(record, key))
                if record.evidence is not None or record.evidence_map is not None:
                    connection.execute(insert(EvidenceRow).values(**_evidence_values(record, key)))
            return True

    def get(self, frame_id: str) -> StoredInspection | None:
        """The inspection of one frame, or None.

        Raises:
            RecordsError: the database cannot be reached.
        """
        found = self._read(select(InspectionRow).where(InspectionRow.frame_id == frame_id))
        return found[0] if found else None

    def latest(
        self,
        *,
        limit: int = 50,
        verdicts: Sequence[Verdict] = (),
        products: Sequence[str] = (),
        lines: Sequence[str] = (),
        cameras: Sequence[str] = (),
        before: datetime | StoredInspection | None = None,
    ) -> list[StoredInspection]:
        """The newest inspections by `inspected_at`, the newest first.

        The box's clock orders them, because one camera with a wrong clock must not hide the others.

        Args:
            limit: at most so many.
            verdicts: only these; all when empty. The same holds for the next three.
            products: only these products.
            lines: only these lines.
            cameras: only cameras of these names.
            before: only older ones. Give the last inspection of a page to get the next page: unlike its time
                alone, this loses no inspection that was made at the same moment.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: `limit` is below 1, or `before` has no time zone.
        """
        if limit < 1:
            raise ValueError(f"limit is {limit}; it must be 1 or more")
        query = select(InspectionRow)
        for column, wanted in (
            (InspectionRow.verdict, verdicts),
            (InspectionRow.product, products),
            (InspectionRow.line, lines),
            (InspectionRow.camera, cameras),
        ):
            if wanted:
                query = query.where(column.in_(wanted))
        if isinstance(before, StoredInspection):
            here = tuple_(InspectionRow.inspected_at, InspectionRow.frame_id)
            query = query.where(here < (before.inspected_at, before.frame_id))
        elif before is not None:
            query = query.where(InspectionRow.inspected_at < _with_zone(before))
        newest = query.order_by(InspectionRow.inspected_at.desc(), InspectionRow.frame_id.desc())
        return self._read(newest.limit(limit))

    def counts(self, *, since: datetime | None = None) -> list[VerdictCount]:
        """Frames by line, camera, product and verdict, in this order.

        Args:
            since: only those inspected at this time or later.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: `since` has no time zone.
        """
        groups = (InspectionRow.line, InspectionRow.camera, InspectionRow.product, InspectionRow.verdict)
        query = select(*groups, func.count()).group_by(*groups).order_by(*groups)
        if since is not None:
            query = query.where(InspectionRow.inspected_at >= _with_zone(since))
        with explained(f"counts cannot be read from {self._name}"), self._engine.connect() as connection:
            return [VerdictCount(*row) for row in connection.execute(query)]

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, query: Select[InspectionRow]) -> list[StoredInspection]:
        parts = (selectinload(InspectionRow.regions), joinedload(InspectionRow.evidence))
        with explained(f"inspections cannot be read from {self._name}"), Session(self._engine) as session:
            return [_stored(row) for row in session.scalars(query.options(*parts))]


def _with_zone(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment


def _inspection_values(record: StoredInspection) -> dict[str, object]:
    # float() and int(): SQLite stores numpy's numbers as bytes without a word.
    return {
        "frame_id": record.frame_id,
        "site": record.site,
        "line": record.line,
        "camera": record.camera,
        "box": record.box,
        "product": record.product,
        "model_version": record.model_version,
        "captured_at": record.captured_at,
        "inspected_at": record.inspected_at,
        "score": float(record.score),
        "reject_limit": float(record.reject_limit),
        "verdict": record.verdict,
        "reason": record.reason,
        "latency_ms": float(record.latency_ms),
        "width_px": int(record.width_px),
        "height_px": int(record.height_px),
    }


def _region_values(record: StoredInspection, key: int) -> list[dict[str, object]]:
    return [
        {
            "inspection_id": key,
            "position": position,
            **dict(zip(("x_px", "y_px", "width_px", "height_px"), map(int, region.box_px), strict=True)),
            "centre_x_px": float(region.centre_px[0]),
            "centre_y_px": float(region.centre_px[1]),
            "area_px": int(region.area_px),
            "area_fraction": float(region.area_fraction),
            "peak_score": float(region.peak_score),
        }
        for position, region in enumerate(record.regions)
    ]


def _evidence_values(record: StoredInspection, key: int) -> dict[str, object]:
    return {
        "inspection_id": key,
        "frame_uri": record.evidence,
        "map_uri": record.evidence_map,
        "created_at": record.inspected_at,
    }


def _stored(row: InspectionRow) -> StoredInspection:
    return StoredInspection(
        frame_id=row.frame_id,
        site=row.site,
        line=row.line,
        camera=row.camera,
        box=row.box,
        product=row.product,
        model_version=row.model_version,
        captured_at=row.captured_at,
        inspected_at=row.inspected_at,
        score=row.score,
        reject_limit=row.reject_limit,
        verdict=row.verdict,
        reason=row.reason,
        latency_ms=row.latency_ms,
        width_px=row.width_px,
        height_px=row.height_px,
        regions=tuple(
            Region(
                box_px=(region.x_px, region.y_px, region.width_px, region.height_px),
                centre_px=(region.centre_x_px, region.centre_y_px),
                area_px=region.area_px,
                area_fraction=region.area_fraction,
                peak_score=region.peak_score,
            )
            for region in row.regions
        ),
        evidence=row.evidence.frame_uri if row.evidence else None,
        evidence_map=row.evidence.map_uri if row.evidence else None,
    )
