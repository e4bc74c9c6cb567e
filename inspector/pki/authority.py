"""A plant's certificate authority in a folder: issue, renew, revoke, and say what ends when.

Layout of the folder, which belongs on a machine that is not on the line's network::

    ca.pem                       the authority's certificate, for the broker and everybody
    ca.key                       its key, mode 0600; never leaves the folder
    crl.pem                      what was revoked, for the broker
    <role>/<name>.pem, .key      what was issued, such as camera/line-1/cam-1.pem
    revoked/<serial>.pem         what must not be trusted any more
    replaced/<role>/<name>/<serial>.pem   what was renewed, and holds until its own end or is revoked

Keys are ECDSA over P-256, which every TLS 1.2 client speaks; certificates follow RFC 5280.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from inspector.durability import write_durably
from inspector.errors import CertificateError, OutputExistsError
from inspector.pki.members import Member

CA_NAME: Final = "ca"
REVOKED_FOLDER: Final = "revoked"
REPLACED_FOLDER: Final = "replaced"
CA_DAYS: Final = 3650
LEAF_DAYS: Final = 365
WARN_DAYS: Final = 30
_EARLY: Final = timedelta(hours=1)
"""A certificate begins so long before it is made: clocks on a line differ."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate of the folder.

    Attributes:
        common_name: whom it is for.
        path: the PEM file.
        not_after: when it ends, UTC.
        serial: its number.
    """

    common_name: str
    path: Path
    not_after: datetime
    serial: int

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; below 0 where it has."""
        return (self.not_after - now).days


class Authority:
    """An authority that was made before; see `create`.

    Args:
        folder: see the module.
        passphrase: of its key, where it has one.

    Raises:
        CertificateError: there is none, or its key cannot be read.
    """

    def __init__(self, folder: Path, passphrase: str | None = None) -> None:
        self.folder, self._passphrase = folder, passphrase
        self.certificate = _read(folder / f"{CA_NAME}.pem")

    @classmethod
    def create(cls, folder: Path, name: str, *, now: datetime, passphrase: str | None = None) -> Authority:
        """Make an authority.

        Args:
            folder: gets its files.
            name: of the authority, as certificates show it.
            now: clock, UTC.
            passphrase: encrypts its key.

        Raises:
            OutputExistsError: there is one already; it is never replaced.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _named(name)
        certificate = (
            _builder(subject, subject, key.public_key(), now, CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(is_authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        for suffix in ("key", "pem"):
            if (folder / f"{CA_NAME}.{suffix}").exists():
                why = "an authority is never replaced: nothing that it issued would be trusted any more"
                raise OutputExistsError(f"{folder} already holds an authority", why, "Choose another folder")
        folder.mkdir(parents=True, exist_ok=True)
        _write_key(folder / f"{CA_NAME}.key", key, passphrase)
        write_durably(folder / f"{CA_NAME}.pem", _pem(certificate))
        authority = cls(folder, passphrase)
        authority._write_revocations(now, key)
        return authority

    def issue(self, member: Member, *, now: datetime, days: int = LEAF_DAYS, renew: bool = False) -> Issued:
        """Make a key and a certificate.

        Args:
            member: whom it is for.
            now: clock, UTC.
            days: how long it holds, at most as long as the authority.
            renew: replace what was issued before, which holds until its own end.

        Raises:
            OutputExistsError: it has one, and `renew` is false.
            CertificateError: it has none, and `renew` is true; or the authority's key cannot be read.
        """
        path = self._path(member)
        if path.exists() and not renew:
            remedy = "Renew it with `inspector pki renew`, or revoke it first"
            raise OutputExistsError(f"{member.common_name} has a certificate", str(path), remedy)
        if renew and not path.exists():
            what = f"{member.common_name} is not renewed"
            raise CertificateError(what, "nothing was issued to it", "Issue one with `inspector pki issue`")
        authority_key = self._key()
        key = ec.generate_private_key(ec.SECP256R1())
        end = self.certificate.not_valid_after_utc
        days = min(days, (end - now).days)
        if days < 1:
            raise CertificateError("nothing is issued", "the authority has ended", "Make a new one")
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if member.is_server else ExtendedKeyUsageOID.CLIENT_AUTH
        issuer_key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        builder = (
            _builder(_named(member.common_name), self.certificate.subject, key.public_key(), now, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(is_authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(issuer_key_id, critical=False)
        )
        if member.is_server:
            names = x509.SubjectAlternativeName([_place(member.name)])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(authority_key, hashes.SHA256())
        path.parent.mkdir(parents=True, exist_ok=True)
        if renew:
            older = self._replaced(member)
            older.mkdir(parents=True, exist_ok=True)
            path.rename(older / f"{_issued(path).serial:x}.pem")
        _write_key(_key_path(path), key, None)
        write_durably(path, _pem(certificate))
        return _issued(path)

    def revoke(self, member: Member, *, now: datetime) -> Issued:
        """Take a member's trust away: all its certificates go into the list of revocations, and its key goes.

        Raises:
            CertificateError: nothing was issued to it, or the authority's key cannot be read.
        """
        path = self._path(member)
        if not path.exists():
            what = f"{member.common_name} is not revoked"
            raise CertificateError(what, "nothing was issued to it", "See `inspector pki status`")
        authority_key = self._key()
        issued = _issued(path)
        for one in (path, *self._replaced(member).glob("*.pem")):
            self._set_aside(one)
        self._write_revocations(now, authority_key)
        return issued

    def issued(self) -> list[Issued]:
        """All certificates that are in use, the authority's own first.

        Raises:
            CertificateError: a file is damaged.
        """
        files = sorted(self.folder.glob("*/**/*.pem"))
        aside = (REVOKED_FOLDER, REPLACED_FOLDER)
        own = [file for file in files if file.relative_to(self.folder).parts[0] not in aside]
        return [_issued(file) for file in (self.folder / f"{CA_NAME}.pem", *own)]

    def _set_aside(self, path: Path) -> None:
        folder = self.folder / REVOKED_FOLDER
        folder.mkdir(exist_ok=True)
        path.rename(folder / f"{_issued(path).serial:x}.pem")
        _key_path(path).unlink(missing_ok=True)

    def _replaced(self, member: Member) -> Path:
        return self.folder / REPLACED_FOLDER / member.path

    def _path(self, member: Member) -> Path:
        path = self.folder / member.path
        return path.with_name(f"{path.name}.pem")

    def _key(self) -> ec.EllipticCurvePrivateKey:
        path = self.folder / f"{CA_NAME}.key"
        what = f"the authority's key {path} cannot be used"
        passphrase = self._passphrase.encode() if self._passphrase else None
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), passphrase)
        except OSError as error:
            raise CertificateError(what, error.strerror or str(error), "Restore it from a copy") from error
        except (TypeError, ValueError) as error:
            why = "the passphrase is wrong, or missing"
            raise CertificateError(what, why, "Give --passphrase-file") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise CertificateError(what, "it is of another kind", "Restore it from a copy")
        return key

    def _write_revocations(self, now: datetime, key: ec.EllipticCurvePrivateKey) -> None:
        """Write crl.pem. It holds as long as the authority: a list that has ended locks everybody out."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - _EARLY)
            .next_update(self.certificate.not_valid_after_utc)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
            )
        )
        for file in sorted((self.folder / REVOKED_FOLDER).glob("*.pem")):
            revoked = x509.RevokedCertificateBuilder().serial_number(_read(file).serial_number)
            builder = builder.add_revoked_certificate(revoked.revocation_date(now).build())
        signed = builder.sign(key, hashes.SHA256())
        write_durably(self.folder / "crl.pem", signed.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _place(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_path(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".pem") + ".key")


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey, passphrase: str | None) -> None:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    data = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        why = "there is no such file"
        raise CertificateError(
            f"certificate {path} cannot be read", why, "Make an authority with `inspector pki init`"
        ) from None
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"certificate {path} cannot be read", str(error), "Restore it from a copy"
        ) from error


def _issued(path: Path) -> Issued:
    certificate = _read(path)
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Issued(str(name.value), path, certificate.not_valid_after_utc, certificate.serial_number)
