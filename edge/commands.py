"""The commands around a line: `inspector edge run`, `inspector camera` and `inspector broker`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
import os
import random
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge.commands_model import register_model_commands

if TYPE_CHECKING:
    from types import FrameType

    from edge.tally import Summary

Config = Annotated[
    Path | None,
    typer.Option(help="Settings file; without one, defaults and environment.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]
BrokerTimeout = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="Give up when no broker was reached for so many seconds; else keep trying.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    edge = typer.Typer(help="The service beside the line.", no_args_is_help=True)
    edge.command()(run)
    register_model_commands(edge)
    app.add_typer(edge, name="edge")
    app.command()(camera)
    app.command()(broker)


def run(
    config: Config = None,
    *,
    broker_timeout: BrokerTimeout = None,
    as_json: AsJson = False,
) -> None:
    """Inspect the cameras' frames until stopped by Ctrl-C or SIGTERM.

    Frames come by MQTT; each is judged, recorded, and only then acknowledged. Logs go to stderr: lines on a
    terminal, JSON otherwise.
    """
    from edge.logs import configure_logs
    from edge.service import EdgeService
    from inspector.settings import load_settings

    settings = load_settings(config)
    configure_logs()
    summary = EdgeService(settings).run(_stop_on_signals(), broker_timeout_s=broker_timeout)
    if as_json:
        typer.echo(json.dumps(summary.facts()))
    else:
        Console().print(_table(summary))


def camera(
    line: Annotated[str, typer.Option(help="Line the camera looks at.", show_default=False)],
    camera: Annotated[str, typer.Option(help="Name of the camera.", show_default=False)],
    folder: Annotated[
        Path, typer.Option(help="Folder of pictures, searched to its depth.", show_default=False)
    ],
    *,
    config: Config = None,
    product: Annotated[
        str | None, typer.Option(help="Product that the frames name.", show_default=False)
    ] = None,
    rate: Annotated[float, typer.Option(min=0, help="Frames a second; 0 is as fast as it goes.")] = 1.0,
    count: Annotated[
        int | None,
        typer.Option(min=1, help="Frames to send; without it, round after round.", show_default=False),
    ] = None,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Shuffle each round.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the shuffling and of what goes wrong.")] = 0,
    jitter: Annotated[
        float, typer.Option(min=0, max=1, help="Unevenness of the pace, as a share of the interval.")
    ] = 0.0,
    burst: Annotated[int, typer.Option(min=1, help="Frames that come at once; the mean rate stays.")] = 1,
    duplicates: Annotated[
        float, typer.Option(min=0, max=1, help="Share of frames that are sent twice.")
    ] = 0.0,
    broken: Annotated[float, typer.Option(min=0, max=1, help="Share of frames with damaged bytes.")] = 0.0,
    broker_timeout: BrokerTimeout = None,
    as_json: AsJson = False,
) -> None:
    """Play a camera: publish a folder of pictures, in the files' own bytes, with QoS 1.

    Under MQTT 5 frame id, time and product are user properties; under MQTT 3.1.1 the id is the topic's last
    level.
    """
    from edge.camera import CameraPlan, publish_pictures
    from edge.connection import Connection
    from edge.disturbances import Disturbances
    from edge.logs import configure_logs
    from inspector.errors import DatasetError
    from inspector.frames import image_files
    from inspector.inspecting import utc_now
    from inspector.messages import CameraTopic
    from inspector.settings import load_settings

    settings = load_settings(config)
    files = image_files(folder)
    if not files:
        raise DatasetError(
            f"{folder} holds no pictures", "no file in it ends like one", "Give another --folder"
        )
    topic = CameraTopic(settings.site, line, camera)
    wrong = Disturbances(jitter=jitter, burst=burst, duplicates=duplicates, broken=broken, seed=seed)
    plan = CameraPlan(topic, product, files, rate, count, seed if shuffle else None, wrong)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    configure_logs()
    stop = _stop_on_signals()
    name = f"inspector-camera-{settings.site}-{line}-{camera}-{os.getpid()}"
    connection = Connection(settings.mqtt, name, chance=random.Random())  # noqa: S311 - spreads retries
    connection.start()
    try:
        connection.await_broker(stop, broker_timeout)
        pace = f"{rate:g} frames a second" if rate else "full speed"
        console.print(f"{len(files)} pictures of {folder} to {topic.frame} at {connection.address}, {pace}")
        stats = publish_pictures(
            connection,
            plan,
            stop,
            now=utc_now,
            on_sent=lambda frame_id, path: None if as_json else console.print(f"{frame_id}  {path}"),
        )
    finally:
        connection.stop()
    if as_json:
        facts = {
            "sent": stats.sent,
            "duplicates": stats.repeated,
            "broken": stats.broken,
            "confirmed": stats.confirmed,
            "seconds": round(stats.seconds, 3),
        }
        typer.echo(json.dumps(facts | {"frames_per_s": round(stats.frames_per_s, 2)}))
    else:
        confirmed = "all confirmed" if stats.confirmed else "the last ones not confirmed by the broker"
        wrongs = f" ({stats.repeated} twice, {stats.broken} broken)" if stats.repeated or stats.broken else ""
        console.print(f"{stats.sent} frames{wrongs} in {stats.seconds:.1f} s, {confirmed}")
    if not stats.confirmed:
        raise typer.Exit(1)


def broker(config: Config = None) -> None:
    """Serve as the MQTT broker at the settings' host and port, until stopped by Ctrl-C or SIGTERM.

    For demos and a single box: it speaks MQTT 3.1.1 and keeps nothing on disk. For a line, use mosquitto.
    """
    from edge.broker import EmbeddedBroker
    from edge.logs import configure_logs
    from inspector.settings import load_settings

    settings = load_settings(config)
    configure_logs()
    stop = _stop_on_signals()
    with EmbeddedBroker(settings.mqtt):
        stop.wait()


def _stop_on_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set; a second signal ends the process at once, as without us."""
    stop = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop


def _table(summary: Summary) -> Table:
    table = Table(title="Frames since the start", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    for name, value in summary.facts().items():
        if isinstance(value, dict):
            for code, count in value.items():
                table.add_row(f"  {code}", str(count))
        else:
            table.add_row(name.replace("_", " "), "-" if value is None else str(value))
    return table
