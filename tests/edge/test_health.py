"""Health and figures over HTTP: what is wrong, why, and what to do about it."""

from __future__ import annotations

import json
import re
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge.health import Health, HealthServer, Status
from edge.metrics import Metrics
from edge.problems import Problem
from inspector.settings import HealthSettings, Settings, load_settings
from tests.edge.peers import Observer, Sender
from tests.edge.rig import NOW, Line, ServiceThread, wait_until
from tests.services import HOST, MosquittoServer, free_port


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def served(health: Health) -> HealthServer:
    server = HealthServer(HealthSettings(port=0), health, Metrics("box-1"))
    server.__enter__()
    wait_until(lambda: server.port, "a port")
    return server


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (None, Status.OK, 200),
        (Problem("the disk is nearly full", "1 MB", "Free space"), Status.DEGRADED, 200),
        (Problem("the disk is full", "0 MB", "Free space", is_fatal=True), Status.FAILING, 503),
    ],
)
def test_health_says_what_is_wrong_why_and_what_to_do(
    problem: Problem | None, status: Status, code: int
) -> None:
    health = Health("box-1", lambda: NOW)
    health.add("disk", lambda: problem)
    health.add("clock", lambda: None)
    health.add_fact("models", lambda: {"washer": "1234"})
    server = served(health)
    try:
        answered, text = get(server.port or 0, "/health")
    finally:
        server.__exit__(None, None, None)
    told = json.loads(text)
    assert answered == code
    assert (told["status"], told["box"], told["models"]) == (status.value, "box-1", {"washer": "1234"})
    if problem is None:
        assert told["problems"] == {}
    else:
        assert told["problems"]["disk"]["remedy"] == "Free space"


def test_a_check_that_fails_is_a_problem_and_no_crash() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    health = Health("box-1", lambda: NOW)
    health.add("broken", broken)
    health.add_fact("broken", broken)
    report = health.report()
    assert report.status is Status.DEGRADED
    assert "ZeroDivisionError" in report.problems["broken"].why


def test_every_figure_is_in_the_document_for_operators_and_no_other() -> None:
    document = (Path(__file__).parents[2] / "docs/operating.md").read_text()
    figures, _ = Metrics("box-1").render()
    told = set(re.findall(r"^# TYPE (inspector_\w+)", figures.decode(), re.MULTILINE))
    told = {name for name in told if not name.endswith("_created")}
    assert set(re.findall(r"\binspector_\w+", document)) == told


def test_other_paths_and_silent_clients_harm_nobody() -> None:
    server = served(Health("box-1", lambda: NOW))
    port = server.port or 0
    try:
        silent = [socket.create_connection((HOST, port)) for _ in range(20)]
        assert get(port, "/etc/passwd")[0] == 404
        assert get(port, "/health")[0] == 200
        for connection in silent:
            connection.close()
    finally:
        server.__exit__(None, None, None)


def test_a_port_that_is_taken_is_logged_with_the_remedy_and_stops_nothing() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        settings = HealthSettings(port=taken.getsockname()[1])
        with capture_logs() as logs, HealthServer(settings, Health("b", lambda: NOW), Metrics("b")) as server:
            wait_until(lambda: logs, "a complaint")
            assert server.port is None
    assert logs[0]["event"] == "health cannot be served"
    assert "edge.health.port" in logs[0]["remedy"]


def line_with_health(folder: Path, bundle: Path, broker_port: int) -> tuple[Settings, int]:
    """Settings of a line, and the port where its health is served."""
    line = Line.write(folder, bundle, broker_port)
    port = free_port()
    line.config.write_text(line.config.read_text().replace("port = 0", f"port = {port}"))
    return load_settings(line.config), port


def test_a_running_line_tells_its_figures_and_its_model(
    mosquitto: MosquittoServer, bundle: Path, tmp_path: Path, pictures: list[Path]
) -> None:
    settings, port = line_with_health(tmp_path, bundle, mosquitto.port)
    with Observer(mosquitto.port) as observer, ServiceThread(settings), Sender(settings) as camera:
        observer.await_online()
        camera.play(pictures, count=30)
        camera.send(b"no picture", id_level="broken")
        observer.await_results(31)
        sentences = 'inspector_descriptions_total{source="template"} 10.0'
        wait_until(lambda: sentences in get(port, "/metrics")[1], "ten sentences in the figures")
        code, health = get(port, "/health")
        _, figures = get(port, "/metrics")
    told = json.loads(health)
    assert (code, told["status"], told["problems"]) == (200, "ok", {})
    assert told["models"]["washer"]["engine"] == "onnxruntime:CPUExecutionProvider"
    values = dict(row.rsplit(" ", 1) for row in figures.splitlines() if row and not row.startswith("#"))
    place = 'camera="cam-1",line="line-1",product="washer"'
    assert float(values[f'inspector_frames_total{{{place},verdict="pass"}}']) == 20
    assert float(values[f'inspector_frames_total{{{place},verdict="reject"}}']) == 10
    assert float(values['inspector_quarantined_total{code="unreadable"}']) == 1
    assert float(values["inspector_dropped_total"]) == 0
    assert float(values["inspector_verdict_latency_seconds_count"]) == 31
    assert {f'inspector_queue_depth{{stage="{stage}"}}' for stage in ("decode", "score", "store")} <= set(
        values
    )
    assert float(values['inspector_outbox_age_seconds{destination="broker"}']) >= 0
    assert float(values["inspector_disk_free_bytes"]) > 0
    version = told["models"]["washer"]["version"]
    assert any(f'version="{version}"' in name for name in values if name.startswith("inspector_model_info"))
    assert float(values["process_resident_memory_bytes"]) > 0


def test_a_broker_that_is_away_is_a_problem(mosquitto: MosquittoServer, bundle: Path, tmp_path: Path) -> None:
    settings, port = line_with_health(tmp_path, bundle, mosquitto.port)
    with ServiceThread(settings):
        with Observer(mosquitto.port) as observer:
            observer.await_online()
        mosquitto.stop()

        def problems() -> list[str]:
            return [problem["what"] for problem in json.loads(get(port, "/health")[1])["problems"].values()]

        wait_until(lambda: any("broker" in what for what in problems()), "a problem with the broker")
