"""Passwords: hashed by argon2id (RFC 9106), made up for new accounts, checked in constant effort."""

from __future__ import annotations

import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from inspector.errors import AccountError

SHORTEST: Final = 10
"""Characters. NIST SP 800-63B asks for 8 or more, and for no rules about kinds of characters."""
LONGEST: Final = 200
"""Characters; hashing more is work that anybody could cause."""
_GROUPS, _LETTERS_A_GROUP = 4, 4
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that are read for others; a one-time password is typed from a terminal onto a tablet."""
_HASHER: Final = PasswordHasher()
_NOBODYS: Final = _HASHER.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """The hash to store, with its salt and parameters inside."""
    return _HASHER.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether a password belongs to a hash. Where there is no hash, it takes as long and says no."""
    if len(password) > LONGEST:
        return False
    try:
        _HASHER.verify(password_hash or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def one_time_password() -> str:
    """A password of 79 bits that a person can type, such as `k7mw-p3qx-…`."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS_A_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def check_new(password: str, name: str) -> None:
    """Refuse a password that is too easy to guess.

    Raises:
        AccountError: it is too short or too long, or is the account's name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountError(
            "this password cannot be taken",
            f"it has {len(password)} characters",
            f"Choose one of {SHORTEST} to {LONGEST} characters; several words are easy to remember",
        )
    if name.casefold() in password.casefold() and len(password) < len(name) + SHORTEST:
        raise AccountError("this password cannot be taken", "it is made of your name", "Choose another")
