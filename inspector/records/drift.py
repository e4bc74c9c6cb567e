"""Alarms of drift; `Records.drift` keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, insert, select, update

from inspector.drift.channels import DriftKind, What
from inspector.errors import RecordsError
from inspector.records.database import explained
from inspector.records.tables import DriftAlarmRow
from inspector.records.values import with_zone

_COLUMNS = DriftAlarmRow.__table__.columns


@dataclass(frozen=True, slots=True)
class StoredAlarm:
    """A change that was told.

    Attributes:
        site: where the camera is.
        line: where the camera is.
        camera: whose frames have changed.
        box: that judged them.
        product: in front of the camera.
        model_version: that judged them.
        since: UTC time of the first changed frame, as far as can be told.
        detected_at: UTC time of the frame that made it certain.
        kind: camera or process.
        what: the figure that shows it best.
        sentence: what has changed, for a person.
        suggestion: what to do about it.
        before: the figure's usual value.
        after: its value since the change.
        frames_before: ids of some frames from before.
        frames_after: ids of some frames since.
        acknowledged_at: when somebody has dealt with it, UTC; None: nobody has.
        acknowledged_by: who.
        is_normal_now: what came after it is to be taken for usual from now on.
        id: key in the table; None before it is stored.
    """

    site: str
    line: str
    camera: str
    box: str
    product: str
    model_version: str
    since: datetime
    detected_at: datetime
    kind: DriftKind
    what: What
    sentence: str
    suggestion: str
    before: float
    after: float
    frames_before: tuple[str, ...]
    frames_after: tuple[str, ...]
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    is_normal_now: bool = False
    id: int | None = None


class DriftAlarms:
    """The alarms of one database.

    Args:
        engine: for reading.
        transaction: begins one that writes.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, transaction: Callable[[], AbstractContextManager[Connection]], name: str
    ) -> None:
        self._engine, self._transaction, self._name = engine, transaction, name

    def add(self, alarm: StoredAlarm) -> int:
        """Store an alarm; its key.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        values = {column.name: getattr(alarm, column.name) for column in _COLUMNS if column.name != "id"}
        values |= {
            "before": float(alarm.before),
            "after": float(alarm.after),
            "frames_before": list(alarm.frames_before),
            "frames_after": list(alarm.frames_after),
        }
        with (
            explained(f"an alarm of drift cannot be stored in {self._name}"),
            self._transaction() as connection,
        ):
            statement = insert(DriftAlarmRow).values(**values).returning(DriftAlarmRow.id)
            return int(connection.execute(statement).scalar_one())

    def get(self, key: int) -> StoredAlarm | None:
        """An alarm by its key, or None.

        Raises:
            RecordsError: the database cannot be reached.
        """
        found = self._read([DriftAlarmRow.id == key], 1)
        return found[0] if found else None

    def latest(
        self,
        *,
        limit: int = 50,
        products: tuple[str, ...] = (),
        lines: tuple[str, ...] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        only_open: bool = False,
    ) -> list[StoredAlarm]:
        """The newest alarms, the newest first.

        Args:
            limit: at most so many.
            products: only these; all when empty. The same holds for lines.
            lines: only these lines.
            since: only those that became certain at this time or later.
            until: only those that became certain before this time.
            only_open: only those that nobody has dealt with.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: a time has no time zone.
        """
        narrowed: list[ColumnElement[bool]] = []
        if products:
            narrowed.append(DriftAlarmRow.product.in_(products))
        if lines:
            narrowed.append(DriftAlarmRow.line.in_(lines))
        if since is not None:
            narrowed.append(DriftAlarmRow.detected_at >= with_zone(since))
        if until is not None:
            narrowed.append(DriftAlarmRow.detected_at < with_zone(until))
        if only_open:
            narrowed.append(DriftAlarmRow.acknowledged_at.is_(None))
        return self._read(narrowed, limit)

    def acknowledge(self, key: int, *, by: str, at: datetime, is_normal_now: bool = False) -> None:
        """Note that somebody has dealt with an alarm; the box then watches that camera again.

        Args:
            key: of the alarm.
            by: who.
            at: when, UTC.
            is_normal_now: what came after it is to be taken for usual.

        Raises:
            RecordsError: there is no such alarm, it was acknowledged before, or the database cannot be
                written.
        """
        what = f"alarm {key} cannot be acknowledged in {self._name}"
        with explained(what), self._transaction() as connection:
            statement = (
                update(DriftAlarmRow)
                .where(DriftAlarmRow.id == key, DriftAlarmRow.acknowledged_at.is_(None))
                .values(acknowledged_at=at, acknowledged_by=by, is_normal_now=is_normal_now)
                .returning(DriftAlarmRow.id)
            )
            if connection.execute(statement).scalar_one_or_none() is None:
                raise RecordsError(
                    what, "there is no open alarm of this number", "See `inspector drift list`"
                )

    def _read(self, narrowed: Sequence[ColumnElement[bool]], limit: int) -> list[StoredAlarm]:
        order = (DriftAlarmRow.detected_at.desc(), DriftAlarmRow.id.desc())
        query = select(*_COLUMNS).where(*narrowed).order_by(*order)
        what = f"alarms of drift cannot be read from {self._name}"
        with explained(what), self._engine.connect() as connection:
            rows = connection.execute(query.limit(limit)).mappings().all()
        return [
            StoredAlarm(
                **{
                    **row,
                    "frames_before": tuple(row["frames_before"]),
                    "frames_after": tuple(row["frames_after"]),
                }
            )
            for row in rows
        ]
