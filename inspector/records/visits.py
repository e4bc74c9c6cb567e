"""Who is signed in at the dashboard. The table holds hashes of tokens: who reads it can sign in as nobody."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select, update

from inspector.records.audit import append
from inspector.records.database import explained
from inspector.records.tables import AccountRow, VisitRow
from inspector.records.values import Account, AuditEntry, with_zone

SEEN_EVERY: Final = timedelta(minutes=5)
"""`last_seen_at` is no more exact than this: a page that redraws must not write each time."""


class Visits:
    """The visits of one database; `Records.visits` is one.

    Args:
        engine: for reading.
        transaction: begins one that writes.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, transaction: Callable[[], AbstractContextManager[Connection]], name: str
    ) -> None:
        self._engine, self._transaction, self._name = engine, transaction, name

    def begin(self, token: str, account: Account, *, at: datetime, lasts: timedelta) -> None:
        """Store that somebody has signed in, and remove the visits that are over.

        Args:
            token: a secret of 256 random bits, that the browser keeps.
            account: whose password was right; the visit ends when that password is replaced.
            at: now.
            lasts: how long it may go on.

        Raises:
            RecordsError: the database cannot be reached or written.
            ValueError: `at` has no time zone.
        """
        now = with_zone(at)
        values = {
            "token_hash": _hash(token),
            "account_key": account.name.casefold(),
            "password_fingerprint": _hash(account.password_hash),
            "began_at": now,
            "ends_at": now + lasts,
            "last_seen_at": now,
        }
        with explained(f"visits cannot be stored in {self._name}"), self._transaction() as connection:
            connection.execute(delete(VisitRow).where(VisitRow.ends_at <= now))
            connection.execute(insert(VisitRow).values(**values))
            append(connection, AuditEntry(at, account.name, "sign in", f"account/{account.name}", {}))

    def account(self, token: str, *, at: datetime) -> Account | None:
        """Whose visit a token belongs to, as the account is now; None: of nobody, or the visit is over.

        Raises:
            RecordsError: the database cannot be reached or written.
            ValueError: `at` has no time zone.
        """
        now = with_zone(at)
        query = (
            select(
                VisitRow.id,
                VisitRow.password_fingerprint,
                VisitRow.last_seen_at,
                AccountRow.name,
                AccountRow.role,
                AccountRow.password_hash,
                AccountRow.is_temporary,
                AccountRow.created_at,
                AccountRow.created_by,
            )
            .join(AccountRow, AccountRow.key == VisitRow.account_key)
            .where(VisitRow.token_hash == _hash(token), VisitRow.ends_at > now)
        )
        with explained(f"visits cannot be read from {self._name}"), self._engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        if found is None:
            return None
        account = Account(
            name=found.name,
            role=found.role,
            password_hash=found.password_hash,
            is_temporary=found.is_temporary,
            created_at=found.created_at,
            created_by=found.created_by,
        )
        # Also holds for a sign-in by the old password that was under way while it was replaced.
        if found.password_fingerprint != _hash(account.password_hash):
            return None
        if now - found.last_seen_at >= SEEN_EVERY:
            with explained(f"visits cannot be stored in {self._name}"), self._transaction() as connection:
                connection.execute(update(VisitRow).where(VisitRow.id == found.id).values(last_seen_at=now))
        return account

    def end(self, token: str, *, at: datetime) -> None:
        """Sign out: the token is worth nothing from now on. Nothing happens where its visit is over.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        account = self.account(token, at=at)
        with explained(f"visits cannot be ended in {self._name}"), self._transaction() as connection:
            gone = connection.execute(delete(VisitRow).where(VisitRow.token_hash == _hash(token))).rowcount
            if gone and account is not None:
                append(connection, AuditEntry(at, account.name, "sign out", f"account/{account.name}", {}))


def end_visits_of(connection: Connection, name: str) -> None:
    """End all visits of an account, in the transaction that changes it."""
    connection.execute(delete(VisitRow).where(VisitRow.account_key == name.casefold()))


def _hash(secret: str) -> str:
    """SHA-256, hexadecimal; enough for 256 random bits, which nobody guesses."""
    return sha256(secret.encode()).hexdigest()
