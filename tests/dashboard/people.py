"""People that tests make: accounts with passwords of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from dashboard.accounts import choose_password, make_account
from inspector.records import Records, Role

PASSWORD: Final = "four words of theirs"  # noqa: S105 - of people that a test makes


def person(records: Records, name: str, role: Role) -> None:
    """Make an account that has taken `PASSWORD`."""
    now = datetime.now(UTC)
    make_account(records, name, role, by="test", at=now)
    account = records.accounts.get(name)
    assert account is not None
    choose_password(records, account, PASSWORD, at=now)
