"""Is this installation sound, and what is to be done: `inspector doctor`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from inspector.doctor.finding import Check, Finding

CHECK_GROUP: Final = "inspector.checks"
"""Entry-point group; each entry is a function `checks() -> Sequence[Check]` of a room."""
_COLOURS: Final = {"ok": "green", "warning": "yellow", "problem": "red", "not applicable": "dim"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(doctor)


def doctor(
    *,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file; without one, defaults and environment.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check this installation and say what to do. Changes nothing; exit code 1 where there is a problem."""
    found = _found(config)
    counts = Counter(finding.state.value for _, finding in found)
    worst = next((one for one in ("problem", "warning") if counts[one]), "ok")
    if as_json:
        findings = [{"check": subject, **dataclasses.asdict(finding)} for subject, finding in found]
        typer.echo(json.dumps({"state": worst, "counts": counts, "findings": findings}, indent=2))
    else:
        _print(found)
        typer.echo(", ".join(f"{counts[one]} {one}" for one in _COLOURS))
    if worst == "problem":
        raise typer.Exit(1)


def _found(config: Path | None) -> list[tuple[str, Finding]]:
    from inspector.doctor.checking import run_checks
    from inspector.doctor.finding import Finding, State
    from inspector.doctor.packages import check_packages
    from inspector.errors import SettingsError
    from inspector.settings import Settings, load_settings

    try:
        settings = load_settings(config)
    except SettingsError as error:
        alone = Finding(State.NOT_APPLICABLE, "the other checks are left out", "they need settings")
        packages = [("packages", one) for one in check_packages(Settings.model_construct())]
        return [*packages, ("settings", Finding.of_error(error)), ("settings", alone)]
    where = f"settings {config}" if config else "the settings in the environment"
    read = ("settings", Finding(State.OK, f"{where} have known keys and values only"))
    return [read, *run_checks(_checks(config), settings)]


def _checks(config: Path | None) -> list[Check]:
    """The core's checks, then those of the rooms that are installed."""
    from inspector.doctor.clock import check_clock
    from inspector.doctor.database import check_database
    from inspector.doctor.engine import check_engine
    from inspector.doctor.files import check_files
    from inspector.doctor.finding import Check
    from inspector.doctor.models import check_models
    from inspector.doctor.packages import check_packages
    from inspector.doctor.page import check_page

    own = [
        Check("settings", partial(check_files, config=config)),
        Check("packages", check_packages),
        Check("engine", check_engine, 30.0),
        Check("clock", check_clock),
        Check("database", check_database, 45.0),
        Check("models", check_models, 300.0),
        Check("page", check_page),
    ]
    rooms = sorted(entry_points(group=CHECK_GROUP), key=lambda entry: entry.name)
    return [*own, *(check for room in rooms for check in room.load()())]


def _print(found: list[tuple[str, Finding]]) -> None:
    from rich.text import Text

    table = Table("check", "state", "what, why, what to do", box=None)
    for subject, finding in found:
        said = finding.what + (f": {finding.why}." if finding.why else ".")
        said += f" {finding.remedy}." if finding.remedy else ""
        state = Text(finding.state.value, _COLOURS[finding.state.value])
        table.add_row(Text(subject), state, Text(said))
    Console().print(table)
