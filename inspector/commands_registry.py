"""Bundles by product and stage: `inspector registry add | list | show | promote | rollback`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import dataclasses
import getpass
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from inspector.progress import step_bars

if TYPE_CHECKING:
    from inspector.records import Records, RegisteredBundle
    from inspector.registry import Registry
    from inspector.settings import Settings

Config = Annotated[
    Path | None,
    typer.Option(help="Settings file; without one, defaults and environment.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]
Product = Annotated[str, typer.Argument(help="Product.", show_default=False)]
Version = Annotated[str, typer.Argument(help="Version: 16 hex digits.", show_default=False)]
By = Annotated[str, typer.Option("--by", help="Who does it; this user by default.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="Why; the audit log keeps it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    registry = typer.Typer(help="Bundles by product and stage.", no_args_is_help=True)
    registry.command()(add)
    registry.command(name="list")(list_bundles)
    registry.command()(show)
    registry.command()(promote)
    registry.command()(rollback)
    app.add_typer(registry, name="registry")


def add(
    bundle: Annotated[Path, typer.Argument(help="Bundle to register.", show_default=False)],
    *,
    by: By = "",
    reason: Reason = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Copy a bundle into the registry's store, as a candidate."""
    with _opened(config) as (_, _, registry):
        added = registry.add(bundle, by=by or getpass.getuser(), why=reason)
    _tell(added, f"{added.product} {added.version} is {added.stage.value}, at {added.location}", as_json)


def list_bundles(
    product: Annotated[str | None, typer.Argument(help="Only this product.", show_default=False)] = None,
    *,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the bundles that are registered."""
    with _opened(config) as (_, records, _):
        bundles = records.bundles.of(product)
    if as_json:
        typer.echo(json.dumps([_facts(one) for one in bundles], indent=2))
        return
    table = Table("product", "version", "stage", "parent", "added", "by", box=None)
    for one in bundles:
        when = f"{one.added_at:%Y-%m-%d %H:%M}"
        table.add_row(one.product, one.version, one.stage.value, one.parent or "", when, one.added_by)
    empty = "The registry is empty: add a bundle with `inspector registry add`."
    Console().print(table if bundles else empty)


def show(product: Product, version: Version, *, config: Config = None, as_json: AsJson = False) -> None:
    """Show a bundle and what has happened to it."""
    with _opened(config) as (_, records, registry):
        bundle = registry.get(product, version)
        history = records.audit.latest(limit=1000, subject=f"{product}/{version}")
    if as_json:
        entries = [dataclasses.asdict(entry) for entry in history]
        typer.echo(json.dumps({**_facts(bundle), "history": entries}, indent=2, default=str))
        return
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{product} {version}: {bundle.stage.value}, at {bundle.location}", markup=False)
    for entry in reversed(history):
        details = "; ".join(f"{name}: {value}" for name, value in entry.details.items() if value)
        console.print(
            f"{entry.happened_at:%Y-%m-%d %H:%M} {entry.actor}: {entry.action}. {details}", markup=False
        )


def promote(
    product: Product,
    version: Version,
    *,
    by: By = "",
    reason: Reason = "",
    override: Annotated[
        str, typer.Option(help="Why it is promoted although something speaks against it.", show_default=False)
    ] = "",
    last: Annotated[
        int, typer.Option(min=0, help="Newest stored frames with pictures that are judged by both.")
    ] = 500,
    report: Annotated[
        Path | None, typer.Option(help="HTML report of what would change.", show_default=False)
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a bundle the one that judges, if nothing speaks against it.

    It is compared with the active bundle first, as `inspector preview` does. Boxes with `edge.models.follow`
    take it by themselves; the others by `inspector edge set-model`.
    """
    with _opened(config) as (settings, records, registry):
        against = _reasons_against(settings, records, registry, product, version, last=last, report=report)
        registry.promote(
            product,
            version,
            by=by or getpass.getuser(),
            why=reason,
            against=against,
            override=override,
        )
        promoted = registry.get(product, version)
    _tell(promoted, f"{product} {version} is active", as_json)


def rollback(
    product: Product, *, by: By = "", reason: Reason = "", config: Config = None, as_json: AsJson = False
) -> None:
    """Make the bundle active that was so before."""
    with _opened(config) as (_, _, registry):
        back = registry.roll_back(product, by=by or getpass.getuser(), why=reason)
    _tell(back, f"{product} {back.version} is active again", as_json)


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[Settings, Records, Registry]]:
    from inspector.records import Records
    from inspector.registry import Registry
    from inspector.settings import load_settings
    from inspector.signatures import Trust

    settings = load_settings(config)
    with Records.open(settings.registry_database) as records:
        yield settings, records, Registry(records, settings.registry.url, trust=Trust.of(settings.edge))


def _reasons_against(
    settings: Settings,
    records: Records,
    registry: Registry,
    product: str,
    version: str,
    *,
    last: int,
    report: Path | None,
) -> tuple[str, ...]:
    """What speaks against a bundle; nothing where none is active yet, or where it is the active one."""
    from inspector.inspecting import utc_now
    from inspector.preview.making import make_preview
    from inspector.preview.report import write_report

    active = records.bundles.active(product)
    if active is None or active.version == version:
        return ()
    with tempfile.TemporaryDirectory() as scratch:
        before, after = (
            registry.fetch(product, one, Path(scratch) / one).path for one in (active.version, version)
        )
        with step_bars(Console(stderr=True)) as on_step:
            on_frame = partial(on_step, "Judging frames by both")
            made = make_preview(before, after, settings, last=last, on_frame=on_frame)
        if report is not None:
            write_report(made.comparison, made.reasons, made.before, made.after, report, written_at=utc_now())
    return made.reasons


def _facts(bundle: RegisteredBundle) -> dict[str, str | None]:
    return {
        "product": bundle.product,
        "version": bundle.version,
        "stage": bundle.stage.value,
        "location": bundle.location,
        "parent": bundle.parent,
        "added_at": bundle.added_at.isoformat(),
        "added_by": bundle.added_by,
        "changed_at": bundle.changed_at.isoformat(),
    }


def _tell(bundle: RegisteredBundle, said: str, as_json: bool) -> None:
    typer.echo(json.dumps(_facts(bundle), indent=2) if as_json else said)
