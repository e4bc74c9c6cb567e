"""The embedded broker: amqtt in a thread, for a box or a demo without a broker of its own.

It speaks MQTT 3.1.1 and keeps everything in memory: what cameras published and no box recorded is gone with
its process. For a line, use mosquitto.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import ipaddress
import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import structlog
from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.plugins.base import BaseAuthPlugin

from edge.amqtt_sessions import KeepingBroker
from inspector.errors import BrokerError
from inspector.settings import MqttSettings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

_START_TIMEOUT_S, _STOP_TIMEOUT_S = 10.0, 5.0


class EmbeddedBroker:
    """A broker on the settings' host and port. A context manager: it serves inside the block.

    Args:
        settings: host, port and, where the host is not the machine itself, user name and password.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._serve, name="embedded-broker", daemon=True)

    @property
    def address(self) -> str:
        """Where it serves, as host:port."""
        return f"{self._settings.host}:{self._settings.port}"

    def start(self) -> None:
        """Serve; returns when clients can connect.

        Raises:
            BrokerError: the port is taken, the address is not this machine's, or anybody in the network could
                publish.
        """
        self._check_access()
        self._check_port()
        self._thread.start()
        if not self._ready.wait(_START_TIMEOUT_S):
            raise BrokerError(f"the embedded broker did not start at {self.address}", "amqtt does not answer")
        if self._failure is not None:
            why = str(self._failure)
            raise BrokerError(f"the embedded broker cannot start at {self.address}", why) from self._failure
        log.info("embedded broker serves", broker=self.address, protocol="MQTT 3.1.1")

    def stop(self) -> None:
        """Disconnect all clients and stop serving."""
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None and self._thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
            self._thread.join(_STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def _check_access(self) -> None:
        if self._settings.username is None and not _is_loopback(self._settings.host):
            raise BrokerError(
                f"the embedded broker does not start at {self.address}",
                "anybody in the network could publish frames and read results",
                "Set mqtt.username and mqtt.password, or mqtt.host to 127.0.0.1",
            )

    def _check_port(self) -> None:
        """Try the port first: amqtt would log a traceback and lose the reason."""
        what = f"the embedded broker cannot start at {self.address}"
        try:
            family, kind, number, _, address = socket.getaddrinfo(
                self._settings.host, self._settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind, number) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                remedy = (
                    "Set mqtt.embedded = false to use the broker that is there, or choose another mqtt.port"
                )
                raise BrokerError(what, "the port is taken", remedy) from error
            raise BrokerError(
                what, error.strerror or str(error), "Correct mqtt.host and mqtt.port"
            ) from error

    def _serve(self) -> None:
        try:
            asyncio.run(self._run())
        except Exception as error:  # handed to the thread that waits in `start`
            self._failure = error
            if self._ready.is_set():
                log.exception("embedded broker has failed")
        finally:
            self._ready.set()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        broker = KeepingBroker(self._config())
        await broker.start()
        self._ready.set()
        await self._stop.wait()
        await broker.shutdown()

    def _config(self) -> BrokerConfig:
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        password = self._settings.password
        return BrokerConfig(
            listeners={"default": ListenerConfig(bind=f"{host}:{self._settings.port}")},
            # amqtt's own plug-in for anonymous clients marks their sessions as not worth keeping.
            plugins={
                f"{__name__}.{AccountPlugin.__name__}": {
                    "username": self._settings.username,
                    "password": password.get_secret_value() if password else None,
                }
            },
        )


class AccountPlugin(BaseAuthPlugin):  # type: ignore[misc]  # amqtt has no types
    """Lets in who knows the one account; everybody where there is none."""

    @dataclass
    class Config:
        """The account of the settings."""

        username: str | None = None
        password: str | None = None

    async def authenticate(self, *, session: Any) -> bool:
        """Whether a session's user name and password are those of the account."""
        wanted, given = self.config, session
        if wanted.username is None:
            return True
        return _equal(wanted.username, given.username) and _equal(wanted.password, given.password)


def _equal(wanted: str | None, given: str | None) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest((wanted or "").encode(), (given or "").encode())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
