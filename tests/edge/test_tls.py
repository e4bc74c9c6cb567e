# ruff: noqa: S311 - chance spreads waits, it keeps no secret
"""TLS to a real mosquitto: who is trusted gets through, everybody else is told what to do."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.clients import Publication
from edge.connection import NOT_YET, Connection
from edge.problems import Problem
from inspector.errors import SettingsError
from inspector.settings import MqttSettings
from tests.edge.certificates import Authority
from tests.edge.rig import wait_until
from tests.services import HOST, MosquittoServer, mosquitto_server


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not below pytest's folders: those are closed to the user that mosquitto runs as."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder, "authority")


def secured(
    authority: Authority, certificate: tuple[Path, Path], *, clients: bool = False
) -> MosquittoServer:
    server, key = certificate
    config = f"cafile {authority.certificate}\ncertfile {server}\nkeyfile {key}\n"
    return mosquitto_server(config + ("require_certificate true\n" if clients else ""))


def settings(port: int, protocol: str, **tls: Any) -> MqttSettings:
    return MqttSettings.model_validate(
        {"host": HOST, "port": port, "protocol": protocol, "tls": {"enabled": True, **tls}}
    )


def publishes(mqtt: MqttSettings) -> bool:
    connection = Connection(mqtt, "tls-test", chance=random.Random(0))
    connection.start()
    try:
        connection.await_broker(threading.Event(), 20)
        connection.publish(Publication("inspector/v1/test", b"hello"))
        return connection.wait_confirmed(0, 20)
    finally:
        connection.stop()


def refusal(mqtt: MqttSettings) -> tuple[str, str]:
    """Why there is no connection, and the remedy."""
    connection = Connection(mqtt, "tls-test", chance=random.Random(0))
    connection.start()
    try:

        def refused() -> Problem | None:
            problem = connection.problem
            return None if problem is None or problem.what.startswith(NOT_YET) else problem

        wait_until(refused, "a problem", 20)
        problem = refused()
        assert problem is not None
        assert not connection.is_connected
        return problem.why, problem.remedy
    finally:
        connection.stop()


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
def test_a_trusted_broker_is_used(authority: Authority, protocol: str) -> None:
    server = secured(authority, authority.issue("good", host=HOST)).start()
    try:
        assert publishes(settings(server.port, protocol, ca_file=authority.certificate))
    finally:
        server.close()


@pytest.mark.parametrize("protocol", ["auto", "5"])
@pytest.mark.parametrize(
    ("flaw", "why", "remedy"),
    [
        ("expired", "expired", "Renew the broker's certificate"),
        ("other name", "not valid for", "Set mqtt.host to the name"),
        ("other authority", "certificate verify failed", "Set mqtt.tls.ca_file"),
    ],
)
def test_a_broker_that_cannot_be_trusted_is_not_used_and_the_reason_is_told(
    authority: Authority, folder: Path, protocol: str, *, flaw: str, why: str, remedy: str
) -> None:
    if flaw == "other authority":
        issuer = Authority(folder / "other", "other")
        certificate = issuer.issue("stranger", host=HOST)
    else:
        issuer = authority
        host = "elsewhere.example" if flaw == "other name" else HOST
        certificate = authority.issue(flaw.replace(" ", "-"), host=host, expired=flaw == "expired")
    server = secured(issuer, certificate).start()
    try:
        told, what_to_do = refusal(settings(server.port, protocol, ca_file=authority.certificate))
    finally:
        server.close()
    assert why in told
    assert what_to_do.startswith(remedy)


def test_the_name_is_not_looked_at_where_that_is_switched_off(authority: Authority) -> None:
    server = secured(authority, authority.issue("nameless", host="elsewhere.example")).start()
    try:
        assert publishes(settings(server.port, "5", ca_file=authority.certificate, verify_hostname=False))
    finally:
        server.close()


def test_a_broker_that_wants_to_know_its_clients(authority: Authority) -> None:
    server = secured(authority, authority.issue("strict", host=HOST), clients=True).start()
    certificate, key = authority.issue("box-1")
    try:
        mutual = {"ca_file": authority.certificate, "certificate": certificate, "key": key}
        assert publishes(settings(server.port, "auto", **mutual))
        _, remedy = refusal(settings(server.port, "auto", ca_file=authority.certificate))
    finally:
        server.close()
    assert "mqtt.tls.certificate" in remedy


def test_files_that_are_no_certificates_are_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "junk.pem").write_text("junk")
    for tls, named in (
        ({"ca_file": tmp_path / "away.pem"}, "mqtt.tls.ca_file"),
        ({"ca_file": tmp_path / "junk.pem"}, "mqtt.tls.ca_file"),
        ({"certificate": tmp_path / "junk.pem"}, "mqtt.tls.certificate"),
    ):
        with pytest.raises(SettingsError, match=rf"{named}.*cannot be used"):
            Connection(settings(1, "5", **tls), "tls-test", chance=random.Random(0))
