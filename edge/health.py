"""Whether the box works, and what somebody should mend: `/health`, and the figures at `/metrics`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

import structlog

from edge.metrics import Metrics
from edge.problems import Problem
from inspector.settings import HealthSettings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

REQUEST_TIMEOUT_S: Final = 5.0
_RETRY_S = 10.0


class Status(StrEnum):
    """How the box is."""

    OK = "ok"
    DEGRADED = "degraded"
    """Frames are judged and recorded, and something wants mending."""
    FAILING = "failing"
    """Frames are not judged or not recorded."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How the box is at one moment.

    Attributes:
        box: its name.
        status: the worst of all.
        since: when the service started, UTC.
        problems: what is wrong, by the name of the part.
        facts: what else is good to know, by name.
    """

    box: str
    status: Status
    since: datetime
    problems: dict[str, Problem]
    facts: dict[str, Any]

    def to_json(self) -> str:
        """For `/health`."""
        problems = {
            name: {"what": one.what, "why": one.why, "remedy": one.remedy, "is_fatal": one.is_fatal}
            for name, one in self.problems.items()
        }
        told = {
            "box": self.box,
            "status": self.status.value,
            "since": self.since.isoformat(),
            "problems": problems,
            **self.facts,
        }
        return json.dumps(told, indent=2, default=str)


class Health:
    """Asks every part how it is.

    Args:
        box: name of the box.
        now: the box's clock, UTC.
    """

    def __init__(self, box: str, now: Callable[[], datetime]) -> None:
        self._box, self._since = box, now()
        self._checks: dict[str, Callable[[], Problem | None]] = {}
        self._facts: dict[str, Callable[[], Any]] = {}

    def add(self, name: str, check: Callable[[], Problem | None]) -> None:
        """Ask this part too, under a name that is its own."""
        self._checks[name] = check

    def add_fact(self, name: str, ask: Callable[[], Any]) -> None:
        """Tell this too: something JSON can say."""
        self._facts[name] = ask

    def report(self) -> HealthReport:
        """How the box is. A check that fails is a problem itself."""
        problems = {}
        for name, check in self._checks.items():
            try:
                problem = check()
            except Exception as error:
                log.exception("health check failed", part=name)
                what, remedy = f"{name} cannot say how it is", "Report it with the log"
                problem = Problem(what, f"a defect of inspector, {type(error).__name__}", remedy)
            if problem is not None:
                problems[name] = problem
        facts = {}
        for name, ask in self._facts.items():
            try:
                facts[name] = ask()
            except Exception:
                log.exception("health fact failed", part=name)
                facts[name] = None
        status = Status.OK
        if problems:
            is_fatal = any(problem.is_fatal for problem in problems.values())
            status = Status.FAILING if is_fatal else Status.DEGRADED
        return HealthReport(self._box, status, self._since, problems, facts)


class HealthServer:
    """Serves `/health` and `/metrics` over HTTP. A context manager.

    A port that is taken does not stop the line: it is logged, and tried again.

    Args:
        settings: where.
        health: what `/health` says; 503 where it is failing, 200 otherwise.
        metrics: what `/metrics` says.
    """

    def __init__(self, settings: HealthSettings, health: Health, metrics: Metrics) -> None:
        self._settings, self._health, self._metrics = settings, health, metrics
        self._server: ThreadingHTTPServer | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    @property
    def port(self) -> int | None:
        """Where it serves; None while it does not."""
        return None if self._server is None else int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
        self._thread.join(REQUEST_TIMEOUT_S)

    def _run(self) -> None:
        address = self._settings.host, self._settings.port
        while not self._stopping.is_set():
            try:
                server = ThreadingHTTPServer(address, _handler(self._health, self._metrics))
            except OSError as error:
                log.error(  # noqa: TRY400 - the reason is in the error
                    "health cannot be served",
                    address=f"{address[0]}:{address[1]}",
                    why=error.strerror or str(error),
                    remedy="Give this box another edge.health.port, or set edge.health.enabled = false",
                )
                self._stopping.wait(_RETRY_S)
                continue
            server.daemon_threads = True
            self._server = server
            with server:
                if not self._stopping.is_set():
                    server.serve_forever(poll_interval=0.1)
            return


def _handler(health: Health, metrics: Metrics) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_TIMEOUT_S
        """Seconds after which a client that says nothing is let go."""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/health":
                report = health.report()
                failing = report.status is Status.FAILING
                status = HTTPStatus.SERVICE_UNAVAILABLE if failing else HTTPStatus.OK
                self._answer(status, report.to_json().encode(), "application/json")
            elif path == "/metrics":
                body, kind = metrics.render()
                self._answer(HTTPStatus.OK, body, kind)
            else:
                self._answer(HTTPStatus.NOT_FOUND, b"There are /health and /metrics.\n", "text/plain")

        def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            log.debug("health was asked for", request=format % args)

    return Handler
