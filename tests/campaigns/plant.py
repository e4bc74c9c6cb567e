"""A plant with the broker that docker/mosquitto describes, certificates by `inspector pki`."""

from __future__ import annotations

import shutil
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from inspector.pki.authority import Authority
from inspector.pki.members import Member, Role, read_plant
from inspector.settings import TlsSettings
from tests.services import HOST, MosquittoServer

CONFIGURATION = Path(__file__).parents[2] / "docker/mosquitto"
SITE = read_plant(CONFIGURATION / "plant.toml").site
ANSWER_S = 5.0

CAM_1, CAM_2 = Member(Role.CAMERA, "line-1/cam-1"), Member(Role.CAMERA, "line-1/cam-2")
BOX_1, BOX_2 = Member(Role.BOX, "box-1"), Member(Role.BOX, "box-2")
OFFICE, MES = Member(Role.CONTROL, "office"), Member(Role.READER, "mes")
BROKER = Member(Role.BROKER, HOST)
STRANGER = Member(Role.CAMERA, "line-9/cam-9")
"""Has a certificate of the plant, and no line in the access list."""


class SecuredMosquitto(MosquittoServer):
    """Mosquitto with docker/mosquitto's files: only folders, address and port are changed."""

    def __init__(self, program: Path, authority: Authority) -> None:
        super().__init__(program)
        for folder in ("config", "certs", "data"):
            (self.folder / folder).mkdir()
            self._own(self.folder / folder)
        text = (CONFIGURATION / "mosquitto.conf").read_text()
        text = text.replace("listener 8883\n", f"listener {self.port} {HOST}\n")
        self._config.write_text(text.replace("/mosquitto/", f"{self.folder}/"))
        shutil.copy(CONFIGURATION / "acl", self.folder / "config/acl")
        broker = authority.folder / BROKER.path
        files = {
            "ca.pem": authority.folder / "ca.pem",
            "crl.pem": authority.folder / "crl.pem",
            "broker.pem": broker.with_name(f"{broker.name}.pem"),
            "broker.key": broker.with_name(f"{broker.name}.key"),
        }
        for name, source in files.items():
            shutil.copy(source, self.folder / "certs" / name)
            self._own(self.folder / "certs" / name)

    def log_since(self, mark: int) -> str:
        """What it has said after so many characters."""
        return self.log()[mark:]


@dataclass(frozen=True, slots=True)
class Identity:
    """What somebody shows the broker: PEM files, or nothing."""

    ca_file: Path
    certificate: Path | None = None
    key: Path | None = None

    def tls(self) -> TlsSettings:
        return TlsSettings(enabled=True, ca_file=self.ca_file, certificate=self.certificate, key=self.key)


class Identities:
    """A plant's authority and all that it issued, and another authority that issues the same names."""

    def __init__(self, folder: Path) -> None:
        now = datetime.now(UTC)
        self.authority = Authority.create(folder / "pki", "plant-1", now=now)
        other = Authority.create(folder / "other", "plant-1", now=now)
        for member in (CAM_1, CAM_2, BOX_1, BOX_2, OFFICE, MES, BROKER, STRANGER):
            self.authority.issue(member, now=now)
        other.issue(CAM_1, now=now)
        self._other = other.folder
        expired = Member(Role.CAMERA, "line-1/expired")
        self.authority.issue(expired, now=now - timedelta(days=60), days=30)
        revoked = Member(Role.CAMERA, "line-1/stolen")
        files = self.of(self.authority.issue(revoked, now=now).path)
        kept = folder / "stolen"
        kept.mkdir()
        assert files.certificate is not None
        assert files.key is not None
        self.revoked = Identity(
            files.ca_file, Path(shutil.copy(files.certificate, kept)), Path(shutil.copy(files.key, kept))
        )
        self.authority.revoke(revoked, now=now)
        self.expired = self.member(expired)
        self.foreign = self.of(self._other / "camera/line-1/cam-1.pem")
        self.none = Identity(self.authority.folder / "ca.pem")

    def of(self, certificate: Path) -> Identity:
        return Identity(self.authority.folder / "ca.pem", certificate, certificate.with_suffix(".key"))

    def member(self, member: Member) -> Identity:
        path = self.authority.folder / member.path
        return Identity(
            self.authority.folder / "ca.pem",
            path.with_name(f"{path.name}.pem"),
            path.with_name(f"{path.name}.key"),
        )


@dataclass
class Visitor:
    """A plain MQTT client, which does what it should not. A context manager.

    Attributes:
        port: the broker's.
        identity: what it shows.
        client_id: the session that it asks for.
        will: topic of a last will.
        version_5: speaks MQTT 5, where refusals are told.
        error: why there is no connection.
        received: topics of what came.
        payloads: what came.
    """

    port: int
    identity: Identity
    client_id: str = "visitor"
    will: str | None = None
    version_5: bool = True
    clean: bool = True
    error: str = ""
    received: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._answered, self._lost = threading.Event(), threading.Event()
        self._confirmed: dict[int, str] = {}
        self._changed = threading.Condition()
        version = MQTTProtocolVersion.MQTTv5 if self.version_5 else MQTTProtocolVersion.MQTTv311
        clean = None if self.version_5 else self.clean
        self._client = Client(
            CallbackAPIVersion.VERSION2, self.client_id, clean_session=clean, protocol=version
        )
        context = ssl.create_default_context(cafile=str(self.identity.ca_file))
        if self.identity.certificate is not None and self.identity.key is not None:
            context.load_cert_chain(self.identity.certificate, self.identity.key)
        self._client.tls_set_context(context)
        if self.will is not None:
            self._client.will_set(self.will, b'{"box": "box-1", "status": "offline"}', 1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        try:
            self._client.connect(HOST, self.port, 30)
        except OSError as error:  # ssl.SSLError is one
            self.error = str(error)
            return self
        self._client.loop_start()
        if not self._answered.wait(ANSWER_S):
            self.error = "no answer"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_connected(self) -> bool:
        return not self.error and self._client.is_connected()

    def vanish(self) -> None:
        """Cut the connection without a goodbye."""
        self._client.on_disconnect = None
        self._client.loop_stop()
        connection = self._client.socket()
        if connection is not None:
            connection.close()

    def publish(self, topic: str, payload: bytes = b"forged", *, retain: bool = False) -> str:
        """Publish with QoS 1; the broker's answer, `Success` under MQTT 3.1.1 whatever becomes of it."""
        info = self._client.publish(topic, payload, 1, retain)
        with self._changed:
            self._changed.wait_for(lambda: info.mid in self._confirmed, ANSWER_S)
            return self._confirmed.get(info.mid, "no answer")

    def subscribe(self, *topics: str) -> None:
        _, number = self._client.subscribe([(topic, 1) for topic in topics])
        assert number is not None
        with self._changed:
            assert self._changed.wait_for(lambda: number in self._confirmed, ANSWER_S)

    def wait_received(self, count: int, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.received) >= count, timeout_s)

    def _on_connect(
        self, _c: Client, _u: Any, _f: ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if reason.is_failure:
            self.error = str(reason)
        self._answered.set()

    def _on_disconnect(self, _c: Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        # Under TLS 1.3 the broker looks at a client's certificate after the client's handshake is over.
        self.error = self.error or f"the broker closed the connection ({reason})"
        self._answered.set()

    def _on_publish(self, _c: Client, _u: Any, number: int, reason: ReasonCode, _p: Any) -> None:
        self._confirm(number, str(reason))

    def _on_subscribe(self, _c: Client, _u: Any, number: int, reasons: Sequence[ReasonCode], _p: Any) -> None:
        self._confirm(number, ", ".join(map(str, reasons)))

    def _confirm(self, number: int, said: str) -> None:
        with self._changed:
            self._confirmed[number] = said
            self._changed.notify_all()

    def _on_message(self, _c: Client, _u: Any, message: MQTTMessage) -> None:
        with self._changed:
            self.received.append(message.topic)
            self.payloads.append(bytes(message.payload))
            self._changed.notify_all()
