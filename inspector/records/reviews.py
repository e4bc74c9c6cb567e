"""What operators decided about frames. A later review does not replace an earlier one; the latest counts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager

from sqlalchemy import Connection, Engine, func, insert, select

from inspector.records.database import explained
from inspector.records.tables import InspectionRow, ReviewRow
from inspector.records.values import Decision, Review, StoredInspection, with_zone


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
            connection.execute(
                insert(ReviewRow).values(
                    inspection_id=key,
                    decision=review.decision,
                    reviewer=review.reviewer,
                    reviewed_at=with_zone(review.reviewed_at),
                    note=review.note,
                )
            )

    def of(self, frame_id: str) -> list[Review]:
        """All reviews of a frame, the latest first.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = (
            select(
                InspectionRow.frame_id,
                ReviewRow.decision,
                ReviewRow.reviewer,
                ReviewRow.reviewed_at,
                ReviewRow.note,
            )
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
