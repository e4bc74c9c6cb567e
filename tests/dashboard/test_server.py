"""The command, run as a person runs it."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.server import addresses, check_port
from inspector.errors import DashboardError
from tests.dashboard.line import Line
from tests.dashboard.serving import START_TIMEOUT_S, STOP_TIMEOUT_S, serving
from tests.services import HOST, as_plain_user, free_port


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "inspector.cli", "dashboard", *words],
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_the_address_serves_it_and_ends_cleanly(
    line: Line, tmp_path: Path, how: signal.Signals
) -> None:
    port = free_port()
    with serving(line.config, port, tmp_path) as (process, printed):
        assert f"http://{HOST}:{port}" in printed
        assert "First sign-in: name admin, one-time password" in printed
        connection = http.client.HTTPConnection(HOST, port, timeout=10)
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.OK
        assert b"<title>" in answer.read()
        connection.close()

        process.send_signal(how)
        assert process.wait(STOP_TIMEOUT_S) == 0
        check_port(HOST, port)
    said = (tmp_path / "dashboard.err").read_text(encoding="utf-8")
    assert "Traceback" not in said


def test_a_taken_port_is_an_error_before_anything_starts(line: Line) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        done = run("--config", str(line.config), "--port", str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"cannot listen on {HOST}:{port}: another program uses this port. Choose another" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_settings_are_an_error(tmp_path: Path) -> None:
    done = run("--config", str(tmp_path / "nothing.toml"))
    assert done.returncode == 1
    assert "nothing.toml cannot be read: there is no such file" in done.stderr


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(DashboardError, match="this machine does not have this address"):
        check_port("192.0.2.1", free_port())  # RFC 5737: for documentation


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(DashboardError, match=r"no-such-host\.invalid is not known"):
        check_port("no-such-host.invalid", free_port())  # RFC 2606: never resolves


def test_a_port_of_the_system_needs_rights() -> None:
    first_free = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not first_free.exists() or int(first_free.read_text(encoding="ascii")) <= 1:
        pytest.skip("this system gives every port to every user")
    check_port(HOST, free_port())  # loads what the plain user may not read
    with as_plain_user(), pytest.raises(DashboardError, match="this user may not open it"):
        check_port(HOST, 1)


def test_a_port_whose_last_visitors_just_left_is_free() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)):
            server.accept()[0].close()  # the side that closes first keeps the port in TIME_WAIT
    check_port(HOST, port)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", ("http://127.0.0.1:8501",)),
        ("::1", ("http://[::1]:8501",)),
        ("0.0.0.0", ("http://127.0.0.1:8501", f"http://{socket.gethostname()}:8501")),  # noqa: S104
    ],
)
def test_addresses_can_be_typed_into_a_browser(host: str, expected: tuple[str, ...]) -> None:
    assert addresses(host, 8501) == expected
