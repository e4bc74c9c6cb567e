"""Real servers for tests: each on a free port, in a folder of its own, ended with the test session.

PostgreSQL refuses to run as root, and mosquitto gives root up by itself: under root both run as another user.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar

import psycopg
import pytest

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


def free_port() -> int:
    """A TCP port on which nothing listens at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def missing(what: str, remedy: str) -> NoReturn:
    """Skip the test and say why; under CI (`CI=true`) a missing service is a failure."""
    message = f"{what} is not installed; {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def plain_user(*names: str) -> pwd.struct_passwd | None:
    """The first of these users that exists, where we are root; None where we are a plain user already."""
    if os.geteuid() != 0:
        return None
    for name in (*names, "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return missing(f"a user of the names {names}", "create one, or run the tests as a plain user")


@contextlib.contextmanager
def as_plain_user() -> Iterator[None]:
    """Drop root's rights for a while, because root may write everywhere. Only for tests with one thread."""
    user = plain_user()
    if user is None:
        yield
        return
    group = os.getegid()
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


class LocalServer(ABC):
    """A server process. `start` and `stop` may be called again and again; port and data stay the same.

    Attributes:
        port: where it listens, on `HOST`.
        folder: its data, configuration and log (`server.log`), removed by `close`.
    """

    QUICK_STOP = signal.SIGTERM
    """Ends the process at once, where its data is not needed any more."""

    def __init__(self, user: pwd.struct_passwd | None) -> None:
        self.port = free_port()
        # Not pytest's tmp_path: its parents are closed to every user but the one who runs the tests.
        self.folder = Path(tempfile.mkdtemp(prefix="inspector-test-"))
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self._own(self.folder)

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """The command line of the server in the foreground."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether clients are served."""

    def start(self) -> Self:
        """Start the process and wait until it serves clients."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, **self._rights())
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.command()[0]} did not start:\n{self.log()[-2000:]}")
            time.sleep(0.02)
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the process; SIGINT is PostgreSQL's fast shutdown, SIGKILL a crash."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=STOP_TIMEOUT_S)

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.stop(self.QUICK_STOP)
        shutil.rmtree(self.folder)

    def log(self) -> str:
        """What the server has said."""
        return (self.folder / "server.log").read_text(errors="replace")

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _rights(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": [], "cwd": self.folder}


class PostgresServer(LocalServer):
    """A PostgreSQL cluster with one superuser, `USER`, and a password."""

    USER = "inspector"
    QUICK_STOP = signal.SIGQUIT

    def __init__(self, programs: Path) -> None:
        super().__init__(plain_user("postgres"))
        self._programs = programs
        self.password = secrets.token_hex(8)
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        initdb = (
            *(
                programs / "initdb",
                "--pgdata",
                self._data,
                "--username",
                self.USER,
                "--pwfile",
                password_file,
            ),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync"),
        )
        subprocess.run(initdb, check=True, **self._rights())

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def command(self) -> Sequence[str | Path]:
        settings = (f"port={self.port}", f"listen_addresses={HOST}", "unix_socket_directories=", "fsync=off")
        return [self._programs / "postgres", "-D", self._data, *(f"-c{setting}" for setting in settings)]

    def is_ready(self) -> bool:
        try:
            self._admin().close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self) -> str:
        """Make an empty database and return its SQLAlchemy URL."""
        name = f"test_{secrets.token_hex(6)}"
        with self._admin() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str) -> str:
        """SQLAlchemy URL of one of the cluster's databases."""
        return f"postgresql+psycopg://{self.USER}:{self.password}@{HOST}:{self.port}/{database}"

    def _admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=HOST,
            port=self.port,
            user=self.USER,
            password=self.password,
            dbname="postgres",
            autocommit=True,
        )


class MosquittoServer(LocalServer):
    """A mosquitto broker without passwords that keeps its sessions and retained messages on disk.

    Args:
        program: the mosquitto binary.
        extra_config: more lines for mosquitto.conf.
    """

    def __init__(self, program: Path, extra_config: str = "") -> None:
        super().__init__(plain_user("mosquitto"))
        self._program = program
        self._config = self.folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} {HOST}\nallow_anonymous true\n"
            f"persistence true\npersistence_location {self.folder}/\n{extra_config}\n"
        )

    def command(self) -> Sequence[str | Path]:
        return [self._program, "-c", self._config]

    def is_ready(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def postgres_server() -> PostgresServer:
    """A new PostgreSQL cluster, not started yet; skips where PostgreSQL is not installed."""
    on_path = shutil.which("initdb")
    # Debian keeps the server's programs out of PATH, one folder for each version.
    folders = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    usable = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    if not usable:
        missing("PostgreSQL's server", "on Debian: apt-get install postgresql")
    return PostgresServer(usable[-1])


def mosquitto_server(extra_config: str = "") -> MosquittoServer:
    """A new mosquitto broker, not started yet; skips where mosquitto is not installed."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        missing("mosquitto", "on Debian: apt-get install mosquitto")
    return MosquittoServer(Path(program), extra_config)


Server = TypeVar("Server", bound=LocalServer)


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """Start a server, and remove it at the end, whatever happens."""
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """One PostgreSQL for the session; each test makes its own database in it."""
    with running(postgres_server()) as server:
        yield server


@pytest.fixture
def mosquitto() -> Iterator[MosquittoServer]:
    """A broker of its own for each test: it starts in milliseconds, and retained messages do not leak."""
    with running(mosquitto_server()) as server:
        yield server
