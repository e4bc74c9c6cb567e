"""Key files of ed25519 (RFC 8032): made once, the private one kept by who trains, the public ones by boxes.

Private keys are PKCS #8, public ones SubjectPublicKeyInfo, both as PEM: openssl reads and makes them too.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from inspector.errors import KeyFileError, OutputExistsError

PUBLIC_SUFFIX: Final = ".pub"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES: Final = 100_000
_MAKE_ONE = "Make one with `inspector key new`"


def key_id(key: Ed25519PublicKey) -> str:
    """Name of a public key: the first 16 hex digits of the SHA-256 of its 32 bytes."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def write_new_key(path: Path, passphrase: str | None = None) -> Ed25519PrivateKey:
    """Make a key: `path` with mode 0600, and its public half beside it as `<path>.pub`.

    Args:
        path: the private key's file.
        passphrase: encrypts it; None leaves it in the clear.

    Raises:
        OutputExistsError: one of the two files exists; nothing was written.
    """
    public_path = public_path_of(path)
    for file in (path, public_path):
        if file.exists():
            raise OutputExistsError(
                f"{file} already exists", "a key is never replaced", "Choose another name"
            )
    key = Ed25519PrivateKey.generate()
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    # Never readable by others, not for a moment either.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file_handle:
        file_handle.write(private)
    public_path.write_bytes(public)
    return key


def public_path_of(path: Path) -> Path:
    """Where `write_new_key` writes the public half."""
    return path.with_name(path.name + PUBLIC_SUFFIX)


def read_private_key(path: Path, passphrase: str | None = None) -> Ed25519PrivateKey:
    """Read the key that signs.

    Raises:
        KeyFileError: it is missing, readable by others, no ed25519 key, or the passphrase is not its own.
    """
    what = f"signing key {path} cannot be used"
    data = _read(path, what)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise KeyFileError(what, f"other users have rights on it (mode {mode:04o})", f"Run: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(data, passphrase.encode() if passphrase else None)
    except TypeError as error:  # a passphrase too few, or one too many
        if passphrase:
            raise KeyFileError(what, "it has no passphrase, but one was given", "Leave it out") from error
        remedy = "Set training.signing_passphrase (by environment) or training.signing_passphrase_file"
        raise KeyFileError(what, "it is encrypted, and no passphrase was given", remedy) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        why = "the passphrase is wrong, or the file is damaged" if passphrase else "it is no private key"
        raise KeyFileError(what, why, _MAKE_ONE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(what, "it is a key of another kind than ed25519", _MAKE_ONE)
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a key that signatures are checked by.

    Raises:
        KeyFileError: it is missing, or no public ed25519 key.
    """
    what = f"public key {path} cannot be used"
    remedy = f"Name the {PUBLIC_SUFFIX} file that `inspector key new` wrote"
    try:
        key = serialization.load_pem_public_key(_read(path, what))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(what, "it is no public key", remedy) from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(what, "it is a key of another kind than ed25519", remedy)
    return key


def read_passphrase(path: Path) -> str:
    """The first line of a passphrase's file, which nobody else may read either.

    Raises:
        KeyFileError: it is missing, empty, readable by others, or no text.
    """
    what = f"passphrase file {path} cannot be used"
    data = _read(path, what)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise KeyFileError(what, f"other users have rights on it (mode {mode:04o})", f"Run: chmod 600 {path}")
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise KeyFileError(what, "it is no UTF-8 text", "Write the passphrase as its first line") from error
    if not lines or not lines[0]:
        raise KeyFileError(what, "its first line is empty", "Write the passphrase as its first line")
    return lines[0]


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise KeyFileError(what, error.strerror or str(error), "Correct the path and its rights") from error
