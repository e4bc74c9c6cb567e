"""Streamlit's server in this process, set up for a page beside a line: no browser, no statistics."""

from __future__ import annotations

import errno
import http.client
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from inspector.errors import DashboardError

_APP: Final = Path(__file__).with_name("app.py")
_READY_POLL_S: Final = 0.2
_READY_WITHIN_S: Final = 60.0
_EVERY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound

_OPTIONS: Final[dict[str, str | bool | int]] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "global.developmentMode": False,
    "logger.hideWelcomeMessage": True,  # it would look up this machine's address on the internet
    "logger.level": "warning",
    "runner.magicEnabled": False,  # it would draw the docstring of a constant
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 40,  # megabytes a file, as dashboard/uploads.py takes them
    "server.showEmailPrompt": False,
}


def check_port(host: str, port: int) -> None:
    """Make sure that a server could listen there.

    Raises:
        DashboardError: the port is taken or not allowed, or the host is no address of this machine.
    """
    what = f"the dashboard cannot listen on {host}:{port}"
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server does: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except socket.gaierror as error:
        raise DashboardError(what, f"{host} is not known ({error.strerror})", _HOST_REMEDY) from error
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                why, remedy = (
                    "another program uses this port",
                    "Choose another with --port, or end that program",
                )
            case errno.EACCES:
                why, remedy = "this user may not open it", "Choose a port above 1023 with --port"
            case errno.EADDRNOTAVAIL:
                why, remedy = "this machine does not have this address", _HOST_REMEDY
            case _:
                why, remedy = error.strerror or str(error), _HOST_REMEDY
        raise DashboardError(what, why, remedy) from error


_HOST_REMEDY: Final = (
    "Correct host under [dashboard] in the settings; 127.0.0.1 is this machine, 0.0.0.0 the network"
)


def addresses(host: str, port: int) -> tuple[str, ...]:
    """Addresses to type into a browser: on this machine, and by its name where the network may come in."""
    if host in _EVERY_ADDRESS:
        return f"http://127.0.0.1:{port}", f"http://{socket.gethostname()}:{port}"
    return (f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}",)


def serve(
    config: Path | None, host: str, port: int, announce: Callable[[], None], secrets_file: Path | None = None
) -> None:
    """Serve the pages until the process gets SIGINT or SIGTERM.

    Args:
        config: settings file handed to the pages.
        host: address to listen on.
        port: port to listen on.
        announce: called once, from another thread, when the pages can be opened.
        secrets_file: names the identity provider; None: Streamlit looks in its own places.

    Raises:
        DashboardError: the place to listen on is taken or wrong.
        ImportError: Streamlit is not installed.
    """
    from streamlit.starlette import App  # noqa: PLC0415 - takes a second

    from dashboard.theme import THEME  # noqa: PLC0415 - likewise
    from dashboard.visit_cookie import ROUTE  # noqa: PLC0415 - likewise

    check_port(host, port)
    options: dict[str, object] = {**_OPTIONS, **THEME, "server.address": host, "server.port": port}
    if secrets_file is not None:
        options["secrets.files"] = [str(secrets_file)]
    local = "127.0.0.1" if host in _EVERY_ADDRESS else host
    threading.Thread(target=_announce_when_ready, args=(local, port, announce), daemon=True).start()
    # Streamlit hands these words on to the pages; see dashboard.context.settings.
    sys.argv = [str(_APP), *(["--config", str(config)] if config is not None else [])]
    with _ended_by_signals():
        App(_APP, routes=[ROUTE]).run(config=options)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End the block, and not the process, at SIGINT and SIGTERM.

    uvicorn closes the server at either and then raises the signal once more, for whoever handled it before.
    Left to the default, SIGTERM would end the process before the worker beside the pages is stopped.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _announce_when_ready(host: str, port: int, announce: Callable[[], None]) -> None:
    """Wait until the server answers; silent where it never does, because then it has ended with an error."""
    waiting = threading.Event()
    for _ in range(round(_READY_WITHIN_S / _READY_POLL_S)):
        connection = http.client.HTTPConnection(host, port, timeout=1)
        try:
            connection.request("GET", "/_stcore/health")
            if connection.getresponse().status == http.HTTPStatus.OK:
                announce()
                return
        except OSError:
            pass
        finally:
            connection.close()
        waiting.wait(_READY_POLL_S)
