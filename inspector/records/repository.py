"""The one door to the records."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Select,
    bindparam,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, joinedload, selectinload

from inspector.records.accounts import Accounts
from inspector.records.audit import Audit
from inspector.records.bundles import Bundles
from inspector.records.database import connect, explained, for_writing, parse_url, show
from inspector.records.drift import DriftAlarms
from inspector.records.embeddings import Embeddings, StoredEmbedding, insert_embeddings
from inspector.records.history import History
from inspector.records.jobs import Jobs
from inspector.records.migrating import migrate
from inspector.records.outbox import Outbox, insert_ignoring, put
from inspector.records.previews import Previews
from inspector.records.reviews import Reviews
from inspector.records.rows import (
    description_values,
    evidence_values,
    facts_values,
    inspection_values,
    region_values,
    stored_inspection,
)
from inspector.records.summaries import Summaries
from inspector.records.tables import DescriptionRow, EvidenceRow, InspectionRow, RegionRow
from inspector.records.values import (
    Destination,
    StoredDescription,
    StoredInspection,
    Told,
    VerdictCount,
    with_zone,
)
from inspector.records.visits import Visits
from inspector.results import Verdict

PAGE = 500
"""Inspections that are read at once where all of them are wanted."""


class Records:
    """Inspections in a database. Safe from several threads; several processes may open the same database.

    Make one with `Records.open`; close it, or use it as a context manager.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine, self._for_writing, self._name = engine, for_writing(engine), show(url)
        # SQLite has one writer at a time. Threads of one process wait for each other here, where they are
        # served at once, and not by asking the file again and again, where one may starve.
        self._one_writer = threading.Lock() if url.get_backend_name() == "sqlite" else nullcontext()
        self.outbox = Outbox(engine, self._transaction, self.known, self._name)
        """What is stored and not yet told."""
        self.reviews = Reviews(engine, self._transaction, self.known, self._name)
        """What operators decided."""
        self.history = History(engine, self.known, self._name)
        """Looking back over all inspections."""
        self.embeddings = Embeddings(engine, self.known, self._name)
        """Which frames are alike."""
        self.audit = Audit(engine, self._transaction, self._name)
        """Who changed what."""
        self.accounts = Accounts(engine, self._transaction, self._name)
        """Who may use the dashboard."""
        self.visits = Visits(engine, self._transaction, self._name)
        """Who is signed in there."""
        self.bundles = Bundles(engine, self._transaction, self._name)
        """Which bundles there are, and which are active."""
        self.jobs = Jobs(engine, self._transaction, self._name)
        """What a worker was asked for."""
        self.previews = Previews(engine, self._transaction, self._name)
        """What candidates would have changed."""
        self.drift = DriftAlarms(engine, self._transaction, self._name)
        """What has changed in the frames of a camera."""
        self.summaries = Summaries(engine, self.known, self._name)
        """What happened in a span of time."""

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
        """Store one inspection, of which nobody is told; see `add_all`."""
        return self.add_all([record])[0]

    def add_all(
        self,
        records: Sequence[StoredInspection],
        destinations: Collection[Destination] = (),
        embeddings: Mapping[str, StoredEmbedding] | None = None,
    ) -> list[bool]:
        """Store inspections with their regions, evidence and embeddings, and what is to be told of them.

        All is one transaction: when this returns, everything is on disk; when it raises, nothing is stored.

        Args:
            records: in the order in which they are to be told.
            destinations: who shall be told of those that are new.
            embeddings: by frame id, of those of them that shall be found as alike to others.

        Returns:
            For each record whether it is new. Where its frame id is stored already, also by an earlier one of
            these records, the stored inspection stays as it is.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        what = f"inspection {records[0].frame_id}" if len(records) == 1 else f"{len(records)} inspections"
        with explained(f"{what} cannot be stored in {self._name}"), self._transaction() as connection:
            keys = [_insert_inspection(connection, record) for record in records]
            new = [(record, key) for record, key in zip(records, keys, strict=True) if key is not None]
            regions = [row for record, key in new for row in region_values(record, key)]
            if regions:
                connection.execute(insert(RegionRow), regions)
            evidence = [
                evidence_values(record, key)
                for record, key in new
                if record.evidence is not None or record.evidence_map is not None
            ]
            if evidence:
                connection.execute(insert(EvidenceRow), evidence)
            insert_embeddings(connection, new, embeddings or {})
            put(connection, [key for _, key in new], Told.RESULT, destinations, datetime.now(UTC))
        return [key is not None for key in keys]

    def describe(
        self, frame_id: str, description: StoredDescription, destinations: Collection[Destination] = ()
    ) -> bool:
        """Store what is said of a rejected frame, and the facts of its regions; it is on disk then.

        The first description in a language stays: it was published, and operators have read it.

        Args:
            frame_id: the frame.
            description: what is said.
            destinations: who shall be told of it.

        Returns:
            False when the frame has a description in this language; everything stays as it is.

        Raises:
            ValueError: the frame is not stored or was not rejected (no other frame has defects to tell), or
                there are facts for another number of regions than it has.
            RecordsError: the database cannot be reached or written; nothing of the description is stored.
        """
        what = f"description of {frame_id} cannot be stored in {self._name}"
        with explained(what), self._transaction() as connection:
            key = _key_of_reject(connection, frame_id)
            statement = (
                insert_ignoring(connection, DescriptionRow)
                .values(**description_values(description, key))
                .on_conflict_do_nothing(
                    index_elements=[DescriptionRow.inspection_id, DescriptionRow.language]
                )
                .returning(DescriptionRow.id)
            )
            if connection.execute(statement).scalar_one_or_none() is None:
                return False
            if description.facts:
                _store_facts(connection, key, frame_id, description)
            put(connection, [key], Told.DESCRIPTION, destinations, datetime.now(UTC))
        return True

    def known(self, frame_ids: Collection[str]) -> dict[str, StoredInspection]:
        """Those of some frames that are stored, by frame id.

        Raises:
            RecordsError: the database cannot be reached.
        """
        if not frame_ids:
            return {}
        found = self._read(select(InspectionRow).where(InspectionRow.frame_id.in_(frame_ids)))
        return {record.frame_id: record for record in found}

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
            query = query.where(InspectionRow.inspected_at < with_zone(before))
        return self._read(_newest_first(query).limit(limit))

    def each(
        self,
        *,
        products: Sequence[str] = (),
        lines: Sequence[str] = (),
        cameras: Sequence[str] = (),
        before: datetime | StoredInspection | None = None,
    ) -> Iterator[StoredInspection]:
        """All inspections as `latest` orders and narrows them, read page by page: memory holds one page.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: `before` has no time zone.
        """
        while page := self.latest(limit=PAGE, products=products, lines=lines, cameras=cameras, before=before):
            yield from page
            before = page[-1]

    def undescribed_rejects(self, box: str, since: datetime, limit: int) -> list[StoredInspection]:
        """The newest rejects that a box judged and that have no description, the newest first.

        Args:
            box: only those that this box judged.
            since: only those inspected at this time or later.
            limit: at most so many.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: `limit` is below 1, or `since` has no time zone.
        """
        if limit < 1:
            raise ValueError(f"limit is {limit}; it must be 1 or more")
        described = select(DescriptionRow.id).where(DescriptionRow.inspection_id == InspectionRow.id)
        query = select(InspectionRow).where(
            InspectionRow.verdict == Verdict.REJECT,
            InspectionRow.box == box,
            InspectionRow.inspected_at >= with_zone(since),
            ~described.exists(),
        )
        return self._read(_newest_first(query).limit(limit))

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
            query = query.where(InspectionRow.inspected_at >= with_zone(since))
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

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._one_writer, self._for_writing.begin() as connection:
            yield connection

    def _read(self, query: Select[InspectionRow]) -> list[StoredInspection]:
        parts = (
            selectinload(InspectionRow.regions),
            joinedload(InspectionRow.evidence),
            selectinload(InspectionRow.descriptions),
        )
        with explained(f"inspections cannot be read from {self._name}"), Session(self._engine) as session:
            return [stored_inspection(row) for row in session.scalars(query.options(*parts))]


def _newest_first(query: Select[InspectionRow]) -> Select[InspectionRow]:
    return query.order_by(InspectionRow.inspected_at.desc(), InspectionRow.frame_id.desc())


def _insert_inspection(connection: Connection, record: StoredInspection) -> int | None:
    """Key of the new row; None where the frame id is stored already.

    The unique constraint decides, so that two deliveries at the same time store one inspection.
    """
    statement = (
        insert_ignoring(connection, InspectionRow)
        .values(**inspection_values(record))
        .on_conflict_do_nothing(index_elements=[InspectionRow.frame_id])
        .returning(InspectionRow.id)
    )
    return connection.execute(statement).scalar_one_or_none()


def _key_of_reject(connection: Connection, frame_id: str) -> int:
    """Key of a frame's inspection.

    Raises:
        ValueError: the frame is not stored, or was not rejected.
    """
    query = select(InspectionRow.id, InspectionRow.verdict).where(InspectionRow.frame_id == frame_id)
    found = connection.execute(query).one_or_none()
    if found is None:
        raise ValueError(f"frame {frame_id} is not stored, so it cannot be described")
    if found.verdict is not Verdict.REJECT:
        raise ValueError(
            f"frame {frame_id} was not rejected ({found.verdict}): it has no defects to describe"
        )
    return int(found.id)


def _store_facts(connection: Connection, key: int, frame_id: str, description: StoredDescription) -> None:
    """Raises ValueError where there are not as many facts as regions."""
    regions = select(func.count()).where(RegionRow.inspection_id == key)
    if (count := connection.execute(regions).scalar_one()) != len(description.facts):
        raise ValueError(f"frame {frame_id} has {count} regions, but facts of {len(description.facts)}")
    rows = [facts_values(facts) for facts in description.facts]
    region = (RegionRow.inspection_id == key, RegionRow.position == bindparam("rank"))
    statement = update(RegionRow).where(*region).values({name: bindparam(name) for name in rows[0]})
    connection.execute(statement, [{"rank": rank, **row} for rank, row in enumerate(rows)])
