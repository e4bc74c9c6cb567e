"""Who vouches for a bundle: a detached ed25519 signature over its manifest, and the keys that a box trusts.

The manifest holds the SHA-256 of every file, so a signature over it is one over the bundle. What is signed is
a message of its own form, with product, version and the *whole* hash: the version has 64 bits, and two
manifests that share one can be made. `signature.json` is not in the manifest, so no version changes by it.

A signature says who made a bundle, not that it is the newest: which version judges, the registry decides.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inspector.bundle import SIGNATURE_NAME, Bundle, Manifest
from inspector.durability import write_durably
from inspector.errors import SettingsError, SignatureError
from inspector.fetching import LARGEST_SIGNATURE_BYTES
from inspector.keys import key_id, read_passphrase, read_private_key, read_public_key
from inspector.settings import EdgeSettings, SigningSettings

_DOMAIN: Final = b"inspector bundle signature v1\n"
"""Begins what is signed, so that no signature over anything else is one over a bundle."""


class Signature(BaseModel):
    """Content of `signature.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    algorithm: Literal["ed25519"] = "ed25519"
    key_id: str = Field(title="Key", description="See inspector.keys.key_id", pattern=r"^[0-9a-f]{16}$")
    signature: str = Field(title="Signature", description="64 bytes, as base64", max_length=100)


def signed_message(manifest: Manifest) -> bytes:
    """The bytes that are signed for a bundle."""
    facts = {
        "product": manifest.product,
        "version": manifest.version,
        "manifest_sha256": manifest.content_sha256(),
    }
    return _DOMAIN + json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()


def sign_bundle(bundle: Bundle, key: Ed25519PrivateKey) -> Signature:
    """Write a bundle's signature beside its manifest; an earlier one is replaced.

    Args:
        bundle: as `load_bundle` has verified it.
        key: signs.
    """
    signature = Signature(
        key_id=key_id(key.public_key()),
        signature=base64.b64encode(key.sign(signed_message(bundle.manifest))).decode(),
    )
    content = signature.model_dump_json(indent=2).encode() + b"\n"
    write_durably(bundle.path / SIGNATURE_NAME, content)
    return signature


def read_signature(bundle: Bundle) -> Signature | None:
    """A bundle's signature, not checked; None where it has none.

    Raises:
        SignatureError: the file is damaged.
    """
    what = f"bundle {bundle.version} of {bundle.product} is refused"
    try:
        with (bundle.path / SIGNATURE_NAME).open("rb") as file:
            return Signature.model_validate_json(file.read(LARGEST_SIGNATURE_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        why = f"its {SIGNATURE_NAME} is damaged" if isinstance(error, ValidationError) else str(error)
        raise SignatureError(what, why, "Sign it again with `inspector bundle sign`") from error


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose bundles may judge.

    Attributes:
        keys: public keys by `key_id`; several while one replaces another. Without any, nothing is checked.
        allow_unsigned: bundles without a signature may judge too. One with a signature that does not hold
            never may, where there are keys.
    """

    keys: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)
    allow_unsigned: bool = True

    @classmethod
    def of(cls, settings: EdgeSettings) -> Trust:
        """What the settings say.

        Raises:
            KeyFileError: a key's file cannot be used.
            SettingsError: unsigned bundles are forbidden, and there is no key to check a signature by.
        """
        allowed = settings.allow_unsigned
        if allowed is False and not settings.trusted_keys:
            raise SettingsError(
                "no bundle could judge",
                "edge.allow_unsigned is false and edge.trusted_keys is empty",
                "Name the public keys of who trains under edge.trusted_keys",
            )
        return cls.by(settings.trusted_keys, allow_unsigned=bool(allowed))

    @classmethod
    def by(cls, paths: Sequence[Path], *, allow_unsigned: bool = False) -> Trust:
        """Trust in the keys of these files; without any, in everybody.

        Raises:
            KeyFileError: a key's file cannot be used.
        """
        keys = [read_public_key(path) for path in paths]
        return cls({key_id(key): key for key in keys}, allow_unsigned or not keys)

    def check(self, bundle: Bundle) -> str | None:
        """Let a bundle pass, or not.

        Args:
            bundle: as `load_bundle` has verified it.

        Returns:
            Id of the key that signed it; None where that was not looked at, or it is unsigned.

        Raises:
            SignatureError: it is unsigned, signed by somebody else, or was changed after it was signed.
        """
        if not self.keys:
            return None
        what = f"bundle {bundle.version} of {bundle.product} is refused"
        signature = read_signature(bundle)
        if signature is None:
            if self.allow_unsigned:
                return None
            raise SignatureError(
                what, "it is not signed", "Sign it with `inspector bundle sign`, or set edge.allow_unsigned"
            )
        key = self.keys.get(signature.key_id)
        if key is None:
            why = f"it is signed by key {signature.key_id}, which is not trusted here"
            remedy = "Sign it with a trusted key, or name that key's file under edge.trusted_keys"
            raise SignatureError(what, why, remedy)
        try:
            key.verify(base64.b64decode(signature.signature, validate=True), signed_message(bundle.manifest))
        except (InvalidSignature, binascii.Error) as error:
            why = f"its signature by key {signature.key_id} does not hold: it was given to something else"
            raise SignatureError(what, why, "Fetch it again from who trained it, or sign it again") from error
        return signature.key_id


def signing_key(settings: SigningSettings) -> Ed25519PrivateKey | None:
    """The key that new bundles are signed with; None where none is configured.

    Read it before a training begins: a wrong passphrase must not come up at its end.

    Raises:
        KeyFileError: the key or the passphrase cannot be used.
    """
    if settings.signing_key is None:
        return None
    passphrase = None
    if settings.signing_passphrase is not None:
        passphrase = settings.signing_passphrase.get_secret_value()
    elif settings.signing_passphrase_file is not None:
        passphrase = read_passphrase(settings.signing_passphrase_file)
    return read_private_key(settings.signing_key, passphrase)
