"""Work that somebody has asked for on a page, done by a worker in a process of its own.

A worker takes the oldest job that waits, tells how far it is, and leaves a result or an error. One that has
died is noticed by its silence: its job is given up, and not begun again by itself: it may be what killed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Executable, Row, func, insert, select, update

from inspector.records.audit import append
from inspector.records.database import explained
from inspector.records.tables import JobLineRow, JobRow
from inspector.records.values import AuditEntry, JobKind, JobState, with_zone

SILENCE: Final = timedelta(seconds=120)
"""A worker that has told nothing for so long is dead."""
DIED: Final = "the worker that did it has ended without a word; see its log, and ask for it again"


@dataclass(frozen=True, slots=True)
class Job:
    """Work that was asked for.

    Attributes:
        number: identity.
        kind: what is to be done.
        product: for which product.
        arguments: the rest, as JSON.
        state: how it stands.
        asked_by: who asked.
        asked_at: when, UTC.
        started_at: when a worker took it, UTC.
        ended_at: when it was done, failed or was cancelled, UTC.
        step: what is being done.
        done: parts of the step that are done.
        parts: parts that the step has; 0 where that is not known.
        result: what came of it, as JSON; None where nothing has.
        error: why it failed, for a person; empty where it did not.
    """

    number: int
    kind: JobKind
    product: str
    arguments: dict[str, Any]
    state: JobState
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    step: str
    done: int
    parts: int
    result: dict[str, Any] | None
    error: str


_COLUMNS = (
    JobRow.id,
    JobRow.kind,
    JobRow.product,
    JobRow.arguments,
    JobRow.state,
    JobRow.asked_by,
    JobRow.asked_at,
    JobRow.started_at,
    JobRow.ended_at,
    JobRow.step,
    JobRow.done,
    JobRow.parts,
    JobRow.result,
    JobRow.error,
)


class Jobs:
    """The jobs of one database; `Records.jobs` is one.

    Args:
        engine: for reading.
        transaction: begins one that writes.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, transaction: Callable[[], AbstractContextManager[Connection]], name: str
    ) -> None:
        self._engine, self._transaction, self._name = engine, transaction, name

    def ask(self, kind: JobKind, product: str, arguments: dict[str, Any], *, by: str, at: datetime) -> int:
        """Ask for work; its number. The audit log tells of it.

        Raises:
            ValueError: the time has no zone.
            RecordsError: the database cannot be reached or written.
        """
        values = {
            "kind": kind,
            "product": product,
            "arguments": arguments,
            "state": JobState.WAITING,
            "asked_by": by,
            "asked_at": with_zone(at),
            "step": "",
            "done": 0,
            "parts": 0,
            "error": "",
        }
        with self._changing() as connection:
            number = int(
                connection.execute(insert(JobRow).values(**values).returning(JobRow.id)).scalar_one()
            )
            append(connection, AuditEntry(at, by, f"ask for {kind.value}", product, {"job": number}))
        return number

    def take(self, worker: str, *, at: datetime) -> Job | None:
        """The oldest job that waits, for this worker; None where none does. Two workers never take the same.

        Jobs whose worker has died are given up first.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        with self._changing() as connection:
            _give_up_dead(connection, with_zone(at))
            oldest = (
                select(JobRow.id)
                .where(JobRow.state == JobState.WAITING)
                .order_by(JobRow.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            number = connection.execute(oldest).scalar_one_or_none()
            if number is None:
                return None
            connection.execute(
                update(JobRow)
                .where(JobRow.id == number)
                .values(state=JobState.RUNNING, worker=worker, started_at=at, heard_at=at)
            )
            return _job(connection.execute(select(*_COLUMNS).where(JobRow.id == number)).one())

    def tell(
        self,
        number: int,
        step: str,
        done: int,
        parts: int,
        *,
        at: datetime,
        lines: Sequence[str] = (),
    ) -> bool:
        """How far a running job is, and lines for its log; whether it is still wanted.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        with self._changing() as connection:
            changed = connection.execute(
                update(JobRow)
                .where(JobRow.id == number, JobRow.state == JobState.RUNNING)
                .values(step=step, done=done, parts=parts, heard_at=with_zone(at))
            ).rowcount
            _add_lines(connection, number, lines, at)
        return bool(changed)

    def finish(self, number: int, result: dict[str, Any], *, at: datetime) -> None:
        """What came of a running job. One that was cancelled or given up meanwhile stays so.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        self._end(number, JobState.DONE, at, result=result)

    def fail(self, number: int, error: str, *, at: datetime) -> None:
        """Why a running job has failed.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        self._end(number, JobState.FAILED, at, error=error)

    def cancel(self, number: int, *, by: str, at: datetime) -> bool:
        """Stop a job that waits or runs; False where it has ended. A running one stops at its next step.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        with self._changing() as connection:
            product = connection.execute(
                update(JobRow)
                .where(JobRow.id == number, JobRow.state.in_((JobState.WAITING, JobState.RUNNING)))
                .values(state=JobState.CANCELLED, ended_at=with_zone(at))
                .returning(JobRow.product)
            ).scalar_one_or_none()
            if product is None:
                return False
            append(connection, AuditEntry(at, by, "cancel job", product, {"job": number}))
        return True

    def get(self, number: int) -> Job | None:
        """One job, or None.

        Raises:
            RecordsError: the database cannot be reached.
        """
        found = self._read(select(*_COLUMNS).where(JobRow.id == number))
        return found[0] if found else None

    def latest(self, product: str | None = None, *, limit: int = 20) -> list[Job]:
        """The newest jobs, of one product or of all, the newest first.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = select(*_COLUMNS).order_by(JobRow.id.desc()).limit(limit)
        return self._read(query if product is None else query.where(JobRow.product == product))

    def log(self, number: int, *, limit: int = 200) -> list[tuple[datetime, str]]:
        """The last lines of a job's log, the oldest first.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = (
            select(JobLineRow.at, JobLineRow.text)
            .where(JobLineRow.job_id == number)
            .order_by(JobLineRow.position.desc())
            .limit(limit)
        )
        with explained(f"jobs cannot be read from {self._name}"), self._engine.connect() as connection:
            return [(row.at, row.text) for row in connection.execute(query)][::-1]

    def _end(self, number: int, state: JobState, at: datetime, **values: Any) -> None:
        with self._changing() as connection:
            connection.execute(
                update(JobRow)
                .where(JobRow.id == number, JobRow.state == JobState.RUNNING)
                .values(state=state, ended_at=with_zone(at), **values)
            )

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with explained(f"jobs cannot be written in {self._name}"), self._transaction() as connection:
            yield connection

    def _read(self, query: Executable) -> list[Job]:
        with explained(f"jobs cannot be read from {self._name}"), self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query)]


def _job(row: Row[Any]) -> Job:
    return Job(*tuple(row))


def _give_up_dead(connection: Connection, at: datetime) -> None:
    connection.execute(
        update(JobRow)
        .where(JobRow.state == JobState.RUNNING, JobRow.heard_at < at - SILENCE)
        .values(state=JobState.FAILED, ended_at=at, error=DIED)
    )


def _add_lines(connection: Connection, number: int, lines: Sequence[str], at: datetime) -> None:
    if not lines:
        return
    query = select(func.coalesce(func.max(JobLineRow.position), 0)).where(JobLineRow.job_id == number)
    last = int(connection.execute(query).scalar_one())
    rows = [
        {"job_id": number, "position": last + place, "at": at, "text": line}
        for place, line in enumerate(lines, start=1)
    ]
    connection.execute(insert(JobLineRow), rows)
