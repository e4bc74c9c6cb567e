"""The dashboard's port: free, or served by the page already."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

from inspector.doctor.finding import Finding, State
from inspector.settings import Settings

_LIMIT_S = 2.0


def check_page(settings: Settings) -> Iterator[Finding]:
    """Try to listen; where that is refused, ask who does."""
    host, port = settings.dashboard.host, settings.dashboard.port
    try:
        # As the page itself does it: a port that has just been left may be taken again.
        socket.create_server((host, port)).close()
    except OSError as error:
        if _is_page(host, port):
            yield Finding(State.OK, f"the page is served at {host}:{port}")
        else:
            yield Finding(
                State.PROBLEM,
                f"the page cannot listen at {host}:{port}",
                error.strerror or str(error),
                "End what listens there, or set dashboard.host and dashboard.port",
            )
    else:
        yield Finding(State.OK, f"{host}:{port} is free for the page")


def _is_page(host: str, port: int) -> bool:
    """Whether Streamlit answers there."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(address, port, timeout=_LIMIT_S)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().read(16) == b"ok"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
