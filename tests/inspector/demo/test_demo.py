"""`inspector demo` as a person runs it; bundles are tiny, everything else is the real line."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.demo import bundles
from inspector.demo.children import Children, StopRequest, child_environment
from inspector.demo.pictures import code_version, prepare_gasket, prepare_textile
from inspector.demo.plan import HOST, MQTT_PORT, PAGE_PORT, DemoPlan
from inspector.settings import load_settings
from tests.tiny_bundle import write_tiny_bundle

START_S = 90


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo folder whose pictures and bundles are there already."""
    folder = tmp_path_factory.mktemp("demo")
    plan, code = DemoPlan(folder, 1, 2), code_version()
    with Children(plan.logs, StopRequest.none()) as children:
        prepare_textile(plan)
        prepare_gasket(plan, children, code)
    for product in plan.products:
        write_tiny_bundle(product.bundle, product.name)
        bundles._stamp(product, code).write()
        assert bundles.is_trained(product, code)
    return folder


@dataclass
class Demo:
    process: subprocess.Popen[str]
    folder: Path
    output: str = ""

    def wait_for(self, words: str) -> None:
        assert self.process.stdout is not None
        deadline = time.monotonic() + START_S
        while words not in self.output:
            line = self.process.stdout.readline()
            assert line, f"ended before it said {words!r}:\n{self.output}"
            assert time.monotonic() < deadline, self.output
            self.output += line

    def wait_until_recorded(self) -> None:
        deadline = time.monotonic() + START_S
        while '"frame inspected"' not in (self.folder / "logs/edge.log").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def finish(self) -> int:
        rest, _ = self.process.communicate(timeout=START_S)
        self.output += rest
        return self.process.returncode


@pytest.fixture
def demo(folder: Path) -> Iterator[Demo]:
    """The demo, running until told otherwise."""
    process = start(folder)
    yield Demo(process, folder)
    if process.poll() is None:
        process.terminate()
        process.communicate(timeout=60)


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    options = ["--templates", "--folder", str(folder), "--rate", "3", *words]
    command = [sys.executable, "-m", "inspector", "demo", *options]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=child_environment(os.environ),
        start_new_session=True,
    )


def processes_of(folder: Path) -> list[str]:
    """Command lines of all processes that work in the demo's folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words:
            found.append(words)
    return found


def test_a_demo_with_an_end_sums_up_and_leaves_nothing_behind(folder: Path) -> None:
    with socket.socket() as mqtt, socket.socket() as page:
        for other, port in ((mqtt, MQTT_PORT), (page, PAGE_PORT)):
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                other.bind((HOST, port))
            except OSError:
                continue  # somebody else has taken it for us
            other.listen()
        demo = Demo(start(folder, "--seconds", "6"), folder)
        code = demo.finish()
    assert code == 0, demo.output
    settings = load_settings(folder / "inspector.toml")
    assert settings.mqtt.port != MQTT_PORT
    assert settings.dashboard.port != PAGE_PORT
    assert f"Open http://{HOST}:{settings.dashboard.port}" in demo.output
    assert "HTTP 200" in demo.output
    rows = {
        words[1]: words for words in (line.split("│") for line in demo.output.splitlines()) if len(words) > 3
    }
    figures = {
        name.strip(): [int(word) for word in words[2:4]]
        for name, words in rows.items()
        if name.strip() in ("sent", "recorded")
    }
    assert figures["sent"] == figures["recorded"]
    assert min(figures["sent"]) > 5
    described = [words[2:4] for name, words in rows.items() if name.strip() == "rejects described"]
    assert all(word.split(" of ")[0].strip() == word.split(" of ")[1].strip() for word in described[0])
    assert processes_of(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_within_ten_seconds(demo: Demo, number: signal.Signals) -> None:
    demo.wait_for("Ctrl-C stops it")
    demo.wait_until_recorded()
    page = load_settings(demo.folder / "inspector.toml").dashboard.port
    with urllib.request.urlopen(f"http://{HOST}:{page}/", timeout=10) as answer:
        assert answer.status == 200
    assert len(processes_of(demo.folder)) >= 5
    began = time.monotonic()
    demo.process.send_signal(number)
    code = demo.finish()
    assert time.monotonic() - began < 10
    assert code == 0, demo.output
    assert "What the line did" in demo.output
    assert processes_of(demo.folder) == []


def test_a_child_that_dies_ends_the_demo_with_its_last_lines(demo: Demo) -> None:
    demo.wait_for("Ctrl-C stops it")
    victim = next(
        int(file.parent.name)
        for file in Path("/proc").glob("[0-9]*/cmdline")
        if {b"edge", b"run", str(demo.folder / "inspector.toml").encode()}
        <= set(file.read_bytes().split(b"\0"))
    )
    os.kill(victim, signal.SIGKILL)
    code = demo.finish()
    assert code == 1
    assert "edge has ended by itself: signal SIGKILL" in demo.output
    assert "connected to the broker" in demo.output
    assert processes_of(demo.folder) == []


def test_a_second_demo_in_the_same_folder_is_refused(demo: Demo) -> None:
    demo.wait_for("Ctrl-C stops it")
    second = Demo(start(demo.folder, "--seconds", "1"), demo.folder)
    assert second.finish() == 1
    assert "another demo runs there" in second.output
    assert demo.process.poll() is None


def test_a_stop_during_training_leaves_no_half_bundle(folder: Path, tmp_path: Path) -> None:
    # Pictures are there, bundles are not: the demo begins to train.
    (tmp_path / "pictures").symlink_to(folder / "pictures")
    demo = Demo(start(tmp_path), tmp_path)
    deadline = time.monotonic() + START_S
    while not (tmp_path / "logs/train-textile.log").exists():
        assert demo.process.poll() is None, demo.process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)
    demo.process.send_signal(signal.SIGINT)
    assert demo.finish() == 130
    assert "Stopped before the line ran" in demo.output
    assert not (tmp_path / "bundles").exists() or list((tmp_path / "bundles").iterdir()) == []
    assert processes_of(tmp_path) == []
