"""What operators decided about frames. A later review does not replace an earlier one; the latest counts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, insert, select, tuple_

from inspector.errors import ReviewConflictError
from inspector.records.audit import append
from inspector.records.database import explained
from inspector.records.tables import InspectionRow, ReviewRow
from inspector.records.values import AuditEntry, Decision, Review, StoredInspection, with_zone
from inspector.results import Verdict

TO_REVIEW = (Verdict.REJECT, Verdict.UNSURE)
"""Verdicts that somebody should look at, the first ones first."""
_COLUMNS = (
    InspectionRow.frame_id,
    ReviewRow.decision,
    ReviewRow.reviewer,
    ReviewRow.reviewed_at,
    ReviewRow.note,
    ReviewRow.kind,
)


class Reviews:
    """The reviews of one database; `Records.reviews` is one.

    Args:
        engine: for reading.
        transaction: begins one that writes.
        known: inspections by frame id.
        name: of the database, for messages.
    """

    def __init__(
        self,
        engine: Engine,
        transaction: Callable[[], AbstractContextManager[Connection]],
        known: Callable[[Collection[str]], dict[str, StoredInspection]],
        name: str,
    ) -> None:
        self._engine, self._transaction, self._known, self._name = engine, transaction, known, name

    def add(self, review: Review) -> None:
        """Store a review.

        Raises:
            ValueError: the frame is not stored, or the time has no zone.
            RecordsError: the database cannot be reached or written.
        """
        what = f"the review of {review.frame_id} cannot be stored in {self._name}"
        with explained(what), self._transaction() as connection:
            query = select(InspectionRow.id).where(InspectionRow.frame_id == review.frame_id)
            key = connection.execute(query).scalar_one_or_none()
            if key is None:
                raise ValueError(f"frame {review.frame_id} is not stored, so it cannot be reviewed")
            _insert(connection, key, review)

    def decide(self, review: Review, instead_of: Review | None) -> None:
        """Store a review, if nobody has decided since the reviewer looked; the audit log tells of it.

        Args:
            review: what was decided.
            instead_of: the frame's latest review as the reviewer saw it; None where there was none.

        Raises:
            ReviewConflictError: the latest review is another one by now; nothing is stored.
            ValueError: the frame is not stored, or the time has no zone.
            RecordsError: the database cannot be reached or written.
        """
        what = f"the review of {review.frame_id} cannot be stored in {self._name}"
        with explained(what), self._transaction() as connection:
            # On PostgreSQL the lock lets only one of two reviewers look at the latest review at a time.
            query = (
                select(InspectionRow.id).where(InspectionRow.frame_id == review.frame_id).with_for_update()
            )
            key = connection.execute(query).scalar_one_or_none()
            if key is None:
                raise ValueError(f"frame {review.frame_id} is not stored, so it cannot be reviewed")
            latest = _latest(connection, [review.frame_id]).get(review.frame_id)
            if latest != instead_of:
                raise _conflict(review.frame_id, latest)
            _insert(connection, key, review)
            append(connection, _entry(review, instead_of))

    def latest(self, frame_ids: Collection[str]) -> dict[str, Review]:
        """The latest review of each of some frames that has any.

        Raises:
            RecordsError: the database cannot be reached.
        """
        if not frame_ids:
            return {}
        what = f"reviews cannot be read from {self._name}"
        with explained(what), self._engine.connect() as connection:
            return _latest(connection, frame_ids)

    def waiting(
        self,
        *,
        limit: int,
        verdicts: Collection[Verdict] = TO_REVIEW,
        products: Collection[str] = (),
        lines: Collection[str] = (),
        since: datetime | None = None,
        after: StoredInspection | None = None,
    ) -> list[StoredInspection]:
        """Frames that nobody has decided about: rejects, then those that are unsure, each newest first.

        Args:
            limit: at most so many.
            verdicts: only these.
            products: only these products; all when empty. The same holds for lines.
            lines: only these lines.
            since: only those inspected at this time or later.
            after: only those behind this one, the last of a page.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: `since` has no time zone.
        """
        order = [verdict for verdict in (*TO_REVIEW, Verdict.PASS) if verdict in verdicts]
        if after is not None and after.verdict in order:
            order = order[order.index(after.verdict) :]
        found: list[str] = []
        narrowed = self._narrowed(products, lines, since)
        for verdict in order:
            # One verdict after the other: each has an index that gives the order.
            query = select(InspectionRow.frame_id).where(InspectionRow.verdict == verdict, *narrowed)
            if after is not None and verdict is after.verdict:
                here = tuple_(InspectionRow.inspected_at, InspectionRow.frame_id)
                query = query.where(here < (after.inspected_at, after.frame_id))
            found += self._ids(
                query.order_by(InspectionRow.inspected_at.desc(), InspectionRow.frame_id.desc()).limit(
                    limit - len(found)
                )
            )
            if len(found) >= limit:
                break
        records = self._known(found)
        return [records[frame_id] for frame_id in found if frame_id in records]

    def count_waiting(
        self,
        *,
        verdicts: Collection[Verdict] = TO_REVIEW,
        products: Collection[str] = (),
        lines: Collection[str] = (),
        since: datetime | None = None,
    ) -> dict[Verdict, int]:
        """How many frames of each verdict nobody has decided about; see `waiting`.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: `since` has no time zone.
        """
        query = (
            select(InspectionRow.verdict, func.count())
            .where(InspectionRow.verdict.in_(verdicts), *self._narrowed(products, lines, since))
            .group_by(InspectionRow.verdict)
        )
        what = f"reviews cannot be read from {self._name}"
        with explained(what), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def decided_in(
        self, since: datetime, until: datetime, *, verdict: Verdict = Verdict.REJECT
    ) -> list[tuple[datetime, Decision]]:
        """When frames of a verdict were inspected that have a latest review, and what it says.

        Args:
            since: only frames inspected at this time or later.
            until: only frames inspected before this time.
            verdict: only frames of this verdict.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: a time has no time zone.
        """
        latest = select(func.max(ReviewRow.id)).group_by(ReviewRow.inspection_id)
        query = (
            select(InspectionRow.inspected_at, ReviewRow.decision)
            .join(InspectionRow, InspectionRow.id == ReviewRow.inspection_id)
            .where(
                ReviewRow.id.in_(latest),
                InspectionRow.verdict == verdict,
                InspectionRow.inspected_at >= with_zone(since),
                InspectionRow.inspected_at < with_zone(until),
            )
            .order_by(InspectionRow.inspected_at)
        )
        what = f"reviews cannot be read from {self._name}"
        with explained(what), self._engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    def of(self, frame_id: str) -> list[Review]:
        """All reviews of a frame, the latest first.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = (
            select(*_COLUMNS)
            .join(InspectionRow, InspectionRow.id == ReviewRow.inspection_id)
            .where(InspectionRow.frame_id == frame_id)
            .order_by(ReviewRow.id.desc())
        )
        what = f"reviews cannot be read from {self._name}"
        with explained(what), self._engine.connect() as connection:
            return [Review(*row) for row in connection.execute(query)]

    def decided(
        self, product: str, decisions: Collection[Decision], *, limit: int = 1000
    ) -> list[tuple[StoredInspection, Decision]]:
        """Frames of a product whose latest review says one of these, the newest review first.

        Args:
            product: of which.
            decisions: what the latest review says.
            limit: at most so many.

        Raises:
            RecordsError: the database cannot be reached.
        """
        latest = select(func.max(ReviewRow.id)).group_by(ReviewRow.inspection_id)
        query = (
            select(InspectionRow.frame_id, ReviewRow.decision)
            .join(InspectionRow, InspectionRow.id == ReviewRow.inspection_id)
            .where(
                InspectionRow.product == product,
                ReviewRow.id.in_(latest),
                ReviewRow.decision.in_(decisions),
            )
            .order_by(ReviewRow.id.desc())
            .limit(limit)
        )
        what = f"reviews cannot be read from {self._name}"
        with explained(what), self._engine.connect() as connection:
            found = connection.execute(query).all()
        records = self._known({frame_id for frame_id, _ in found})
        return [(records[frame_id], decision) for frame_id, decision in found if frame_id in records]

    @staticmethod
    def _narrowed(
        products: Collection[str], lines: Collection[str], since: datetime | None
    ) -> list[ColumnElement[bool]]:
        latest = (
            select(func.max(ReviewRow.id))
            .where(ReviewRow.inspection_id == InspectionRow.id)
            .scalar_subquery()
        )
        decided = select(ReviewRow.id).where(
            ReviewRow.id == latest.correlate(InspectionRow), ReviewRow.decision != Decision.WITHDRAWN
        )
        narrowed: list[ColumnElement[bool]] = [~decided.exists()]
        if products:
            narrowed.append(InspectionRow.product.in_(products))
        if lines:
            narrowed.append(InspectionRow.line.in_(lines))
        if since is not None:
            narrowed.append(InspectionRow.inspected_at >= with_zone(since))
        return narrowed

    def _ids(self, query: Select[str]) -> list[str]:
        what = f"reviews cannot be read from {self._name}"
        with explained(what), self._engine.connect() as connection:
            return list(connection.execute(query).scalars())


def _insert(connection: Connection, key: int, review: Review) -> None:
    connection.execute(
        insert(ReviewRow).values(
            inspection_id=key,
            decision=review.decision,
            reviewer=review.reviewer,
            reviewed_at=with_zone(review.reviewed_at),
            note=review.note,
            kind=review.kind,
        )
    )


def _latest(connection: Connection, frame_ids: Collection[str]) -> dict[str, Review]:
    newest = (
        select(func.max(ReviewRow.id))
        .join(InspectionRow, InspectionRow.id == ReviewRow.inspection_id)
        .where(InspectionRow.frame_id.in_(frame_ids))
        .group_by(ReviewRow.inspection_id)
    )
    query = (
        select(*_COLUMNS)
        .join(InspectionRow, InspectionRow.id == ReviewRow.inspection_id)
        .where(ReviewRow.id.in_(newest))
    )
    return {row[0]: Review(*row) for row in connection.execute(query)}


def _conflict(frame_id: str, latest: Review | None) -> ReviewConflictError:
    why = (
        f"{latest.reviewer} has decided {latest.decision.value} in the meantime"
        if latest is not None
        else "the review that it should replace is not stored"
    )
    return ReviewConflictError(
        f"the review of {frame_id} was not stored", why, "Look at the frame again, and decide anew if need be"
    )


def _entry(review: Review, before: Review | None) -> AuditEntry:
    details = {
        "decision": review.decision.value,
        "kind": review.kind,
        "note": review.note,
        "before": None if before is None else before.decision.value,
    }
    return AuditEntry(review.reviewed_at, review.reviewer, "review", f"frame/{review.frame_id}", details)
