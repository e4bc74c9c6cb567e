"""Signing in by name and password, and the first account of a new installation."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Final

from dashboard.passwords import check_new, hash_password, is_right, one_time_password
from inspector.errors import AccountError
from inspector.records import Account, Records, Role

FIRST_ADMIN: Final = "admin"
NAME_PATTERN: Final = r"[\w.@+-]{1,64}"
TRIES: Final = 5
"""Wrong passwords of one name, after which it waits."""
WAIT_S: Final = 30.0
"""Doubles with each further wrong password."""
LONGEST_WAIT_S: Final = 900.0
_SELF: Final = "inspector dashboard"


class Door:
    """Checks names and passwords, and slows down who guesses. Safe from several threads.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._wrong: dict[str, tuple[int, float]] = {}

    def sign_in(self, records: Records, name: str, password: str) -> Account:
        """The account of a name, if the password is its own.

        Raises:
            AccountError: name or password is wrong (which of them is not said), or the name has to wait.
            RecordsError: the records cannot be reached.
        """
        key = name.strip().casefold()
        with self._lock:
            wrong, until = self._wrong.get(key, (0, 0.0))
            if (left := until - self._clock()) > 0:
                raise AccountError(
                    "signing in has to wait",
                    f"{wrong} wrong passwords were given for {name.strip()}",
                    f"Try again in {left:.0f} s, or ask an admin for a new password",
                )
        account = records.accounts.get(key)
        if is_right(account.password_hash if account else None, password) and account is not None:
            with self._lock:
                self._wrong.pop(key, None)
            return account
        with self._lock:
            wrong = self._wrong.get(key, (0, 0.0))[0] + 1
            wait_s = 0.0 if wrong < TRIES else min(LONGEST_WAIT_S, WAIT_S * 2.0 ** (wrong - TRIES))
            self._forget_old()
            self._wrong[key] = (wrong, self._clock() + wait_s)
        raise AccountError("this name and password do not belong together", "", "Try again, or ask an admin")

    def _forget_old(self) -> None:
        """Names that nobody has tried for long: made-up names must not fill the memory."""
        oldest = self._clock() - LONGEST_WAIT_S
        self._wrong = {key: entry for key, entry in self._wrong.items() if entry[1] > oldest}


def make_account(records: Records, name: str, role: Role, *, by: str, at: datetime) -> str:
    """Make an account, and give its one-time password.

    Raises:
        AccountError: the name cannot be one, or is taken.
        RecordsError: the records cannot be written.
    """
    check_name(name)
    password = one_time_password()
    records.accounts.add(Account(name, role, hash_password(password), True, at, by))
    return password


def make_first_admin(records: Records, at: datetime) -> str | None:
    """On a new installation, make an admin and give its one-time password; None where there are accounts.

    Raises:
        RecordsError: the records cannot be written.
    """
    password = one_time_password()
    admin = Account(FIRST_ADMIN, Role.ADMIN, hash_password(password), True, at, _SELF)
    return password if records.accounts.add_first(admin) else None


def reset_password(records: Records, name: str, *, by: str, at: datetime) -> str:
    """Give an account a one-time password; the one before does not count any more.

    Raises:
        AccountError: there is no such account.
        RecordsError: the records cannot be written.
    """
    password = one_time_password()
    records.accounts.set_password(name, hash_password(password), is_temporary=True, by=by, at=at)
    return password


def choose_password(records: Records, account: Account, password: str, *, at: datetime) -> None:
    """Take the password that a person has chosen.

    Raises:
        AccountError: it is too easy, or the one that it is to replace.
        RecordsError: the records cannot be written.
    """
    check_new(password, account.name)
    if is_right(account.password_hash, password):
        raise AccountError("this password cannot be taken", "it is the one you have", "Choose another")
    records.accounts.set_password(
        account.name, hash_password(password), is_temporary=False, by=account.name, at=at
    )


def check_name(name: str) -> None:
    """Refuse what could not be read in a log.

    Raises:
        AccountError: the name has other characters than letters, digits and a few marks.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise AccountError(
            f"{name[:80]!r} cannot be the name of an account",
            "it has 1 to 64 letters, digits and the marks . @ + - _",
            "Choose another",
        )
