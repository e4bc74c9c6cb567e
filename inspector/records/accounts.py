"""People who may use the dashboard, and what each may do. Every change is in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Executable, delete, select, update

from inspector.errors import AccountError
from inspector.records.audit import append
from inspector.records.database import explained
from inspector.records.outbox import insert_ignoring
from inspector.records.tables import AccountRow
from inspector.records.values import Account, AuditEntry, Role, with_zone
from inspector.records.visits import end_visits_of

_COLUMNS = (
    AccountRow.name,
    AccountRow.role,
    AccountRow.password_hash,
    AccountRow.is_temporary,
    AccountRow.created_at,
    AccountRow.created_by,
)


class Accounts:
    """The accounts of one database; `Records.accounts` is one. Names are the same whatever their case.

    Args:
        engine: for reading.
        transaction: begins one that writes.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, transaction: Callable[[], AbstractContextManager[Connection]], name: str
    ) -> None:
        self._engine, self._transaction, self._name = engine, transaction, name

    def add(self, account: Account) -> None:
        """Make an account.

        Raises:
            AccountError: there is one of this name.
            RecordsError: the database cannot be reached or written.
        """
        values = {
            "key": account.name.casefold(),
            "name": account.name,
            "role": account.role,
            "password_hash": account.password_hash,
            "is_temporary": account.is_temporary,
            "created_at": with_zone(account.created_at),
            "created_by": account.created_by,
        }
        with self._changing() as connection:
            statement = (
                insert_ignoring(connection, AccountRow)
                .values(**values)
                .on_conflict_do_nothing(index_elements=[AccountRow.key])
                .returning(AccountRow.id)
            )
            if connection.execute(statement).scalar_one_or_none() is None:
                raise AccountError(
                    f"there is an account {account.name} already",
                    "",
                    "Choose another name, or reset its password",
                )
            details = {"role": account.role.value}
            entry = _entry(account.created_at, account.created_by, "add account", account.name, details)
            append(connection, entry)

    def add_first(self, account: Account) -> bool:
        """Make an account where there is none at all; False, and nothing changes, where there is one.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        if self.all():
            return False
        try:
            self.add(account)
        except AccountError:
            return False  # another process was first
        return True

    def get(self, name: str) -> Account | None:
        """The account of a name, or None.

        Raises:
            RecordsError: the database cannot be reached.
        """
        found = self._read(select(*_COLUMNS).where(AccountRow.key == name.casefold()))
        return found[0] if found else None

    def all(self) -> list[Account]:
        """All accounts, by name.

        Raises:
            RecordsError: the database cannot be reached.
        """
        return self._read(select(*_COLUMNS).order_by(AccountRow.key))

    def set_password(
        self, name: str, password_hash: str, *, is_temporary: bool, by: str, at: datetime
    ) -> None:
        """Give an account another password, and end its visits.

        Raises:
            AccountError: there is no such account.
            RecordsError: the database cannot be reached or written.
        """
        with self._changing() as connection:
            _update(connection, name, {"password_hash": password_hash, "is_temporary": is_temporary})
            end_visits_of(connection, name)
            append(connection, _entry(at, by, "set password", name, {"temporary": is_temporary}))

    def set_role(self, name: str, role: Role, *, by: str, at: datetime) -> None:
        """Give an account another role.

        Raises:
            AccountError: there is no such account, or it is the last admin.
            RecordsError: the database cannot be reached or written.
        """
        with self._changing() as connection:
            if role is not Role.ADMIN:
                _keep_an_admin(connection, name)
            _update(connection, name, {"role": role})
            append(connection, _entry(at, by, "set role", name, {"role": role.value}))

    def remove(self, name: str, *, by: str, at: datetime) -> None:
        """Remove an account. What its person has decided stays, under their name.

        Raises:
            AccountError: there is no such account, or it is the last admin.
            RecordsError: the database cannot be reached or written.
        """
        with self._changing() as connection:
            _keep_an_admin(connection, name)
            if not connection.execute(delete(AccountRow).where(AccountRow.key == name.casefold())).rowcount:
                raise _unknown(name)
            end_visits_of(connection, name)
            append(connection, _entry(at, by, "remove account", name, {}))

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with explained(f"accounts cannot be changed in {self._name}"), self._transaction() as connection:
            yield connection

    def _read(self, query: Executable) -> list[Account]:
        what = f"accounts cannot be read from {self._name}"
        with explained(what), self._engine.connect() as connection:
            return [Account(*row) for row in connection.execute(query)]


def _entry(at: datetime, by: str, action: str, name: str, details: dict[str, Any]) -> AuditEntry:
    return AuditEntry(at, by, action, f"account/{name}", details)


def _update(connection: Connection, name: str, values: dict[str, Any]) -> None:
    """Raises AccountError where there is no such account."""
    statement = update(AccountRow).where(AccountRow.key == name.casefold()).values(**values)
    if not connection.execute(statement).rowcount:
        raise _unknown(name)


def _keep_an_admin(connection: Connection, name: str) -> None:
    """Raises AccountError where nobody but this account could manage accounts."""
    # Locked, so that two admins cannot take each other's right at the same time.
    query = select(AccountRow.key).where(AccountRow.role == Role.ADMIN).with_for_update()
    if set(connection.execute(query).scalars()) == {name.casefold()}:
        raise AccountError(
            f"{name} stays an admin",
            "nobody else could manage accounts",
            "Make another account an admin first",
        )


def _unknown(name: str) -> AccountError:
    return AccountError(f"there is no account {name}", "", "See `inspector account list`")
