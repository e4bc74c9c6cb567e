"""The demo from pictures to summary."""

from __future__ import annotations

import fcntl
import re
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from inspector.demo import summary
from inspector.demo.bundles import is_trained, train
from inspector.demo.children import Child, Children, DemoStopped, StopRequest
from inspector.demo.figure import write_figure
from inspector.demo.pictures import code_version, prepare_gasket, prepare_textile
from inspector.demo.plan import BOX, HOST, LINE, DemoPlan, DemoProduct
from inspector.describing.language_model_folder import MANIFEST_NAME as LANGUAGE_MODEL_MANIFEST
from inspector.errors import DemoError
from inspector.records import Records
from inspector.registry import Registry

CONNECTED: Final = "connected to the broker"
"""Event in the log of `inspector edge run` after which it takes frames."""
BY: Final = "inspector demo"
_START_TIMEOUT_S: Final = 60.0
_DRAIN_PATIENCE_S: Final = 20.0
"""The box may take so long for the frames that the cameras sent last."""
_STOP_PATIENCE_S: Final = 1.0
"""The same after Ctrl-C."""
_STOPPED: Final = 130
"""Exit code of a program that Ctrl-C ended, by the shell's custom."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the demo runs.

    Attributes:
        folder: everything it writes.
        seconds: how long the line runs; None until Ctrl-C.
        rate_per_s: frames a second and camera.
        templates: no language model is prepared; where there is none, templates write the sentences.
    """

    folder: Path
    seconds: float | None
    rate_per_s: float
    templates: bool = False


def run_demo(options: DemoOptions, console: Console, request: StopRequest) -> int:
    """Prepare, run and stop the line; returns the exit code.

    Args:
        options: how.
        console: tells the progress and the summary.
        request: ends it early; a stop while the line runs still gives the summary.

    Returns:
        0 when all frames were recorded and the page answered, 1 when not, 130 when stopped before that.

    Raises:
        DemoError: a step failed or a child ended by itself; everything else was stopped.
        ImportError: an extra is not installed.
    """
    plan = DemoPlan.on_free_ports(options.folder)
    with _alone(plan.folder), Children(plan.logs, request) as children:
        try:
            _prepare(plan, children, console)
            if not options.templates:
                _prepare_language_model(plan, children, console)
            password = _start(plan, children, console)
        except DemoStopped:
            console.print("Stopped before the line ran.")
            return _STOPPED
        cameras = [_camera(plan, children, index, options.rate_per_s) for index in range(len(plan.products))]
        console.print(_panel(plan, options, password))
        with Records.open(plan.database_url) as records:
            with console.status("waiting for the first frames") as status:
                children.wait(options.seconds, lambda: status.update(_tally(records)))
            return _finish(plan, children, cameras, records, console, cut_short=request.stop.is_set())


def draw_figure(folder: Path, output: Path, console: Console, request: StopRequest) -> int:
    """Make the README's picture from the demo's gasket, whose bundle is trained where it is not there yet.

    Returns:
        0 when it is written, 130 when stopped before that.

    Raises:
        DemoError: rendering or training failed.
        ImportError: an extra is not installed.
    """
    plan = DemoPlan.on_free_ports(folder)
    gasket = plan.products[1]
    with _alone(plan.folder), Children(plan.logs, request) as children:
        try:
            code = code_version()
            prepare_gasket(plan, children, code)
            _train(gasket, plan, children, console, code)
        except DemoStopped:
            console.print("Stopped before the picture was drawn.")
            return _STOPPED
    console.print(f"{output}: {write_figure(gasket, output)}", markup=False, highlight=False, soft_wrap=True)
    return 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second demo out of the folder; it would delete the records of the first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            why = "another demo runs there"
            raise DemoError(
                f"the demo cannot use {folder}", why, "Stop it, or choose another --folder"
            ) from None
        yield


def _prepare(plan: DemoPlan, children: Children, console: Console) -> None:
    """Pictures, bundles, settings; what the last demo recorded goes."""
    code = code_version()
    with console.status("Pictures: taking the textile set, rendering the gasket"):
        prepare_textile(plan)
        prepare_gasket(plan, children, code)
    for product in plan.products:
        _train(product, plan, children, console, code)
    for leftover in plan.folder.glob(f"{plan.database.name}*"):
        leftover.unlink()
    for folder in (plan.data, plan.registry, plan.uploads):
        shutil.rmtree(folder, ignore_errors=True)
    plan.settings.write_text(plan.settings_text(), encoding="utf-8")
    with Records.open(plan.database_url) as records:
        registry = Registry(records, str(plan.registry))
        for product in plan.products:
            added = registry.add(product.bundle, by=BY)
            registry.promote(product.name, added.version, by=BY, why="the demo's first model")


def _train(product: DemoProduct, plan: DemoPlan, children: Children, console: Console, code: str) -> None:
    """Train a product's bundle where the one that is there was not made by this code of these pictures."""
    if is_trained(product, code):
        console.print(f"{product.name}: bundle of the last demo is used", highlight=False)
        return
    started = time.monotonic()
    log = plan.logs / f"train-{product.name}.log"
    with console.status(f"{product.name}: training, a minute or two (log: {escape(str(log))})"):
        train(product, children, code)
    console.print(f"{product.name}: trained in {time.monotonic() - started:.0f} s", highlight=False)


def _prepare_language_model(plan: DemoPlan, children: Children, console: Console) -> None:
    """The language model, once; a line without one runs all the same."""
    if (plan.language_model / LANGUAGE_MODEL_MANIFEST).is_file():
        console.print(f"language model: {plan.language_model} is used", highlight=False, soft_wrap=True)
        return
    started = time.monotonic()
    name = "prepare-llm"
    try:
        with console.status(
            f"language model: preparing, a minute or two (log: {escape(str(plan.logs / name))}.log)"
        ):
            children.run_inspector(name, name, "--output", str(plan.language_model))
    except DemoError as error:
        console.print(
            f"language model: templates write the sentences, for it could not be prepared ({error.why}).",
            style="yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return
    console.print(f"language model: prepared in {time.monotonic() - started:.0f} s", highlight=False)


def _start(plan: DemoPlan, children: Children, console: Console) -> str:
    """Broker, box and page, each when the one before answers; the admin's one-time password."""
    config = ("--config", str(plan.settings))
    with console.status("Starting broker, box and page"):
        _start_broker(plan, children)
        children.wait_until(partial(_listens, plan.mqtt_port), "an answer of the broker", _START_TIMEOUT_S)
        edge = children.start_inspector("edge", "edge", "run", *config)
        page = children.start_inspector("dashboard", "dashboard", *config)
        children.wait_until(
            partial(_is_connected, edge), "the box's connection to the broker", _START_TIMEOUT_S
        )
        children.wait_until(partial(_page_answers, plan), "an answer of the page", _START_TIMEOUT_S)
        children.wait_until(lambda: bool(_password(page)), "the page's first account", _START_TIMEOUT_S)
    return _password(page)


def _password(page: Child) -> str:
    """What `inspector dashboard` has printed for the first sign-in; empty before that."""
    told = re.search(r"one-time password (\S+)", page.log.read_text(encoding="utf-8", errors="replace"))
    return told.group(1) if told else ""


def _start_broker(plan: DemoPlan, children: Children) -> None:
    """Mosquitto where it is installed, else inspector's own broker."""
    # Debian keeps it where only root's PATH looks.
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        children.start_inspector("broker", "broker", "--config", str(plan.settings))
        return
    settings = plan.folder / "mosquitto.conf"
    settings.write_text(
        f"listener {plan.mqtt_port} {HOST}\nallow_anonymous true\npersistence false\nlog_dest stderr\n",
        encoding="utf-8",
    )
    children.start("broker", [program, "-c", str(settings)])


def _camera(plan: DemoPlan, children: Children, index: int, rate_per_s: float) -> Child:
    product = plan.products[index]
    return children.start_inspector(
        product.camera,
        "camera",
        *("--config", str(plan.settings)),
        *("--line", LINE, "--camera", product.camera, "--product", product.name),
        *("--folder", str(product.shown), "--rate", str(rate_per_s)),
        *("--shuffle", "--seed", str(index)),
    )


def _finish(
    plan: DemoPlan,
    children: Children,
    cameras: list[Child],
    records: Records,
    console: Console,
    *,
    cut_short: bool,
) -> int:
    """Stop the cameras, let the box finish what is under way, look at the page, then tell."""
    children.end(*cameras)
    sent = {
        product.name: summary.sent_frames(camera.log)
        for product, camera in zip(plan.products, cameras, strict=True)
    }
    total = sum(len(frames) for frames in sent.values())
    deadline = time.monotonic() + (_STOP_PATIENCE_S if cut_short else _DRAIN_PATIENCE_S)
    while _is_under_way(records, total) and time.monotonic() < deadline:
        children.check()
        time.sleep(0.2)
    page_status = _page_status(plan, "/")
    summaries = [summary.summarise(product, frames, records) for product, frames in sent.items()]
    found = summary.problems(summaries, cut_short=cut_short)
    if page_status != HTTPStatus.OK:
        found.append(f"the page answered {page_status or 'nothing'}")
    console.print(summary.table(summaries))
    console.print(
        f"The page answered HTTP {page_status}." if page_status else "The page did not answer.",
        highlight=False,
    )
    for problem in found:
        console.print(f"Not as it should be: {problem}.", style="red", highlight=False)
    return 1 if found else 0


def _is_under_way(records: Records, frames: int) -> bool:
    """Whether frames lack their record, or rejects their sentence."""
    if sum(count.frames for count in records.counts()) < frames:
        return True
    return bool(records.undescribed_rejects(BOX, datetime.min.replace(tzinfo=UTC), 1))


def _panel(plan: DemoPlan, options: DemoOptions, password: str) -> Panel:
    products = ", ".join(f"{product.camera} sees {product.name}" for product in plan.products)
    end = "Ctrl-C stops it" if options.seconds is None else f"It stops by itself after {options.seconds:g} s"
    text = f"""Open [bold]{plan.page}[/bold]

Sign in   admin, one-time password {password}

{products}, {options.rate_per_s:g} frames a second each.
Broker    {HOST}:{plan.mqtt_port}
Settings  {escape(str(plan.settings))}
Logs      {escape(str(plan.logs))}

{end}."""
    return Panel(text, title="The line is running", expand=False)


def _tally(records: Records) -> str:
    counts = [f"{count.product} {count.verdict.value} {count.frames}" for count in records.counts()]
    return ", ".join(counts) or "waiting for the first frames"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _is_connected(edge: Child) -> bool:
    return CONNECTED in edge.log.read_text(encoding="utf-8", errors="replace")


def _page_answers(plan: DemoPlan) -> bool:
    return _page_status(plan, "/_stcore/health") == HTTPStatus.OK


def _page_status(plan: DemoPlan, path: str) -> int | None:
    """HTTP status of a path of the page; None where nothing answers."""
    try:
        with urllib.request.urlopen(f"{plan.page}{path}", timeout=5) as answer:  # noqa: S310 - our own http address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
