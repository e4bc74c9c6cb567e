"""`inspector edge run` and `inspector broker` as a user starts them: refusals, stopping, what they print."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from edge.probe import speaks_mqtt5
from tests.edge.peers import Observer, Sender
from tests.edge.rig import DEADLINE_S, Line, ServiceProcess, wait_until
from tests.services import HOST, MosquittoServer, free_port


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "inspector.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def test_sigterm_ends_the_service_with_a_summary(
    mosquitto: MosquittoServer, mosquitto_line: Line, pictures: list[Path]
) -> None:
    with Observer(mosquitto.port) as observer, Sender(mosquitto_line.settings) as camera:
        service = ServiceProcess(mosquitto_line.config, "--json")
        observer.await_online(service)
        camera.play(pictures)
        observer.await_results(len(pictures))
        facts = json.loads(service.terminate())
        observer.await_offline()
    assert facts["frames"] == 6
    assert (facts["pass"], facts["reject"], facts["unsure"]) == (4, 2, 0)
    assert (facts["quarantined"], facts["duplicates"], facts["dropped"]) == (0, 0, 0)
    assert facts["median_latency_ms"] > 0
    logs = [json.loads(line) for line in service.log().splitlines() if line.startswith("{")]
    assert [entry["frame_id"] for entry in logs if entry.get("verdict") == "reject"]
    assert logs[-1]["event"] == "service has stopped"


def test_the_service_brings_its_own_broker_and_finishes_what_came_before_it_ends(
    bundle: Path, tmp_path: Path, pictures: list[Path]
) -> None:
    line = Line.write(tmp_path, bundle, free_port())
    line.config.write_text(line.config.read_text().replace("[mqtt]", "[mqtt]\nembedded = true"))
    service = ServiceProcess(line.config, "--json")
    wait_until(lambda: "connected to the broker" in service.log(), "a service with a broker")
    with Observer(line.settings.mqtt.port) as observer, Sender(line.settings) as camera:
        observer.await_online()
        stats, ids = camera.play(pictures, count=60)
        assert stats.confirmed
    facts = json.loads(service.terminate())
    assert facts["frames"] == 60
    assert set(line.rows()) == set(ids)


def test_no_camera_is_refused() -> None:
    done = run("edge", "run")
    assert done.returncode == 1
    assert "no camera is configured" in done.stderr


def test_a_port_that_is_taken_is_named_with_what_to_do(
    mosquitto: MosquittoServer, mosquitto_line: Line
) -> None:
    done = run("broker", "--config", str(mosquitto_line.config))
    assert done.returncode == 1
    assert f"{HOST}:{mosquitto.port}: the port is taken" in done.stderr
    assert "mqtt.embedded = false" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_broker_command_serves_until_it_is_stopped(bundle: Path, tmp_path: Path) -> None:
    port = free_port()
    line = Line.write(tmp_path, bundle, port)
    words = [sys.executable, "-m", "inspector.cli", "broker", "--config", str(line.config)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)

    def serves() -> bool:
        try:
            return not speaks_mqtt5(HOST, port)
        except OSError:
            return False

    wait_until(serves, "a broker that serves")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, said
    assert "embedded broker serves" in said
    assert "Traceback" not in said
