"""TLS to the broker: the context, and what a person can do about each way it fails."""

from __future__ import annotations

import ssl
from pathlib import Path

from inspector.errors import SettingsError
from inspector.settings import TlsSettings

_BY_REASON = (
    ("expired", "Renew the broker's certificate, or set this box's clock right"),
    ("not yet valid", "Set this box's clock right (timedatectl), or wait until the certificate begins"),
    ("mismatch", "Set mqtt.host to the name in the broker's certificate, or issue one for this name"),
    ("not valid for", "Set mqtt.host to the name in the broker's certificate, or issue one for this name"),
    (
        "certificate required",
        "Set mqtt.tls.certificate and mqtt.tls.key: the broker wants to know its clients",
    ),
    ("eof occurred", "Set mqtt.tls.certificate and mqtt.tls.key where the broker wants them; see its log"),
    ("unknown ca", "Let the broker trust the authority that issued this box's certificate"),
    ("self-signed", "Set mqtt.tls.ca_file to the authority that issued the broker's certificate"),
    ("self signed", "Set mqtt.tls.ca_file to the authority that issued the broker's certificate"),
    ("unable to get", "Set mqtt.tls.ca_file to the authority that issued the broker's certificate"),
    ("wrong version number", "Set mqtt.port to the broker's TLS port, often 8883"),
)
_OTHER = "Check mqtt.tls and the broker's log"


def tls_context(settings: TlsSettings) -> ssl.SSLContext | None:
    """What connections are secured with; None where they are not.

    Raises:
        SettingsError: a file is missing, unreadable or no certificate or key.
    """
    if not settings.enabled:
        return None
    try:
        context = ssl.create_default_context(cafile=_text(settings.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"mqtt.tls.ca_file {settings.ca_file} cannot be used",
            str(error),
            "Name a PEM file with the authority's certificate",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = settings.verify_hostname
    if settings.certificate is not None:
        try:
            context.load_cert_chain(settings.certificate, settings.key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"mqtt.tls.certificate {settings.certificate} cannot be used",
                str(error),
                "Name PEM files of a certificate and its key that this user may read",
            ) from error
    return context


def tls_remedy(error: BaseException) -> str | None:
    """What to do about a failed handshake; None where the error is of another kind."""
    if not isinstance(error, ssl.SSLError):
        return None
    said = str(error).lower().replace("_", " ")
    return next((remedy for part, remedy in _BY_REASON if part in said), _OTHER)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
