"""`inspector preview`: which verdicts a candidate would flip, before it judges anything."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from inspector.progress import step_bars

if TYPE_CHECKING:
    from inspector.preview.comparing import Comparison


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("preview")(preview)


def preview(
    active: Annotated[Path, typer.Argument(help="Bundle that judges at present.", show_default=False)],
    candidate: Annotated[Path, typer.Argument(help="Bundle that may judge next.", show_default=False)],
    *,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file: database, data folder, engine.", show_default=False),
    ] = None,
    last: Annotated[
        int, typer.Option(min=0, help="Newest stored frames with pictures that are judged again.")
    ] = 500,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="HTML report with pictures.", show_default=False)
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Judge golden and stored frames by both bundles, and show which verdicts flip.

    The exit code is 1 where something speaks against the candidate.
    """
    from inspector.inspecting import utc_now
    from inspector.preview.making import make_preview
    from inspector.preview.report import write_report
    from inspector.settings import load_settings

    settings = load_settings(config)
    with step_bars(Console(stderr=True)) as on_step:
        made = make_preview(
            active, candidate, settings, last=last, on_frame=partial(on_step, "Judging frames by both")
        )
    comparison, reasons = made.comparison, made.reasons
    if output is not None:
        write_report(comparison, reasons, made.before, made.after, output, written_at=utc_now())
    if json_output:
        typer.echo(json.dumps(_facts(comparison, reasons), indent=2))
    else:
        _print(comparison, reasons, output)
    if reasons:
        raise typer.Exit(1)


def _facts(comparison: Comparison, reasons: tuple[str, ...]) -> dict[str, object]:
    return {
        "product": comparison.product,
        "active": comparison.active,
        "candidate": comparison.candidate,
        "frames": len(comparison.frames),
        "reasons": list(reasons),
        "flips": [
            {
                "name": one.trial.name,
                "origin": one.trial.origin,
                "truth": one.trial.truth.value,
                "before": one.before.verdict.value,
                "after": one.after.verdict.value,
                "score_before": one.before.score,
                "score_after": one.after.score,
            }
            for one in comparison.flips
        ],
        "unreadable": [{"name": name, "why": why} for name, why in comparison.unreadable],
    }


def _print(comparison: Comparison, reasons: tuple[str, ...], output: Path | None) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(
        f"{comparison.product}: {len(comparison.flips)} of {len(comparison.frames)} verdicts flip"
        f" from {comparison.active} to {comparison.candidate}.",
        markup=False,
    )
    if comparison.flips:
        table = Table("from -> to", "frames", box=None)
        for direction, count in sorted(comparison.directions().items()):
            table.add_row(direction, str(count))
        console.print(table)
    for reason in reasons:
        console.print(f"Against it: {reason}.", style="yellow", markup=False)
    if not reasons:
        console.print("Nothing speaks against it.")
    if comparison.unreadable:
        name, why = comparison.unreadable[0]
        console.print(
            f"{len(comparison.unreadable)} frames could not be judged, such as {name}: {why}", markup=False
        )
    if output is not None:
        console.print(f"Report: {output}", markup=False)
