"""The commands `inspector drift check`, `list` and `acknowledge`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from inspector.errors import DatasetError, SettingsError
from inspector.progress import progress_bar

if TYPE_CHECKING:
    from inspector.drift.checking import CameraCheck
    from inspector.records import StoredAlarm
    from inspector.settings import Settings

Config = Annotated[
    Path | None,
    typer.Option(help="Settings file; without one, defaults and environment.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    drift = typer.Typer(help="Changes in the pictures of a camera.", no_args_is_help=True)
    drift.command()(check)
    drift.command(name="list")(list_alarms)
    drift.command()(acknowledge)
    app.add_typer(drift, name="drift")


def check(
    product: Annotated[str, typer.Argument(help="Product whose frames are looked at.", show_default=False)],
    *,
    config: Config = None,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Bundle that judged; that of the settings by default.", show_default=False),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(min=1, help="The newest frames with pictures; 1000 by default.", show_default=False),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(help="Frames inspected at this time, UTC, or later.", show_default=False),
    ] = None,
    store: Annotated[
        bool, typer.Option("--store", help="Store what has changed as alarms, once each.")
    ] = False,
    threads: Annotated[int, typer.Option(min=0, help="Threads of one forward pass; 0 takes all cores.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Look for drift in the stored frames of a product whose pictures were kept."""
    from inspector.drift.checking import check_product
    from inspector.inspecting import load_inspector
    from inspector.records import Records
    from inspector.settings import EngineSettings, load_settings

    settings = load_settings(config)
    inspector = load_inspector(bundle or _bundle(settings, product), EngineSettings(threads=threads))
    if inspector.bundle.product != product:
        raise SettingsError(
            f"{product} cannot be checked",
            f"the bundle is one of {inspector.bundle.product}",
            "Give --bundle",
        )
    with Records.open(settings.database.url) as records, progress_bar(Console(stderr=True)) as progress:
        task = progress.add_task("looking", total=None)
        checks = check_product(
            records,
            inspector,
            settings.edge.data_dir,
            last=1000 if last is None and since is None else last,
            since=None if since is None else since.replace(tzinfo=since.tzinfo or UTC),
            on_frame=lambda done, total: progress.update(task, completed=done, total=total),
        )
        if store:
            told = {
                (alarm.line, alarm.camera, alarm.what)
                for alarm in records.drift.latest(limit=1000, products=(product,), only_open=True)
            }
            for alarm in (each.alarm for each in checks):
                if alarm is not None and (alarm.line, alarm.camera, alarm.what) not in told:
                    records.drift.add(alarm)
    if not checks:
        raise DatasetError(
            f"there is nothing to check for {product}",
            f"no stored frame of model {inspector.bundle.version} has a picture",
            "Raise edge.evidence.pass_share, or give the --bundle that judged",
        )
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in checks], default=str, indent=2))
        return
    for each in checks:
        Console().print(_told(each), markup=False, highlight=False, soft_wrap=True)


def list_alarms(
    *,
    config: Config = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that nobody has dealt with.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List the alarms of drift, the newest first."""
    from inspector.records import Records
    from inspector.settings import load_settings

    with Records.open(load_settings(config).database.url) as records:
        alarms = records.drift.latest(limit=limit, only_open=only_open)
    if as_json:
        typer.echo(json.dumps([asdict(alarm) for alarm in alarms], default=str, indent=2))
        return
    for alarm in alarms:
        state = f"acknowledged by {alarm.acknowledged_by}" if alarm.acknowledged_at else "open"
        text = f"{alarm.id}  {_line(alarm)}  [{state}]"
        Console().print(text, markup=False, highlight=False, soft_wrap=True)


def acknowledge(
    number: Annotated[
        int, typer.Argument(help="Number of the alarm, as `list` shows it.", show_default=False)
    ],
    *,
    config: Config = None,
    as_normal: Annotated[
        bool,
        typer.Option("--as-normal", help="What comes now is usual: learn it, and compare with it."),
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who; the user by default.", show_default=False)] = None,
) -> None:
    """Say that an alarm was dealt with; the box watches that camera again within seconds."""
    from inspector.records import Records
    from inspector.settings import load_settings

    with Records.open(load_settings(config).database.url) as records:
        records.drift.acknowledge(
            number, by=by or getpass.getuser(), at=datetime.now(UTC), is_normal_now=as_normal
        )
    Console().print(f"Alarm {number} is acknowledged.", highlight=False)


def _bundle(settings: Settings, product: str) -> Path:
    for camera in settings.edge.cameras:
        if camera.product == product and camera.bundle is not None:
            return camera.bundle
    raise SettingsError(
        f"{product} cannot be checked", "no camera of the settings names its bundle", "Give --bundle"
    )


def _told(each: CameraCheck) -> str:
    place = f"{each.line}/{each.camera}: {each.frames} frames"
    if each.missing:
        place += f" ({each.missing} pictures are gone)"
    if not each.compared_with:
        return f"{place}, too few to compare them with anything"
    if each.alarm is None:
        return f"{place}, no drift against what {_SOURCES[each.compared_with]}"
    return f"{place}\n  {_line(each.alarm)}\n  frames: {', '.join(each.alarm.frames_after)}"


_SOURCES = {
    "training": "the bundle knows from training",
    "box": "was usual at first",
    "golden": "the bundle's golden frames show",
}


def _line(alarm: StoredAlarm) -> str:
    return (
        f"{alarm.line}/{alarm.camera} {alarm.product} since {alarm.since:%Y-%m-%d %H:%M:%S} UTC,"
        f" {alarm.kind.value}: {alarm.sentence} ({alarm.what.value} {alarm.before:.4g} -> {alarm.after:.4g})."
        f" {alarm.suggestion}."
    )
