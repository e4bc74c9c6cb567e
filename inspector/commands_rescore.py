"""`inspector rescore`: a month of stored frames judged again by a candidate."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from inspector.progress import progress_bar

if TYPE_CHECKING:
    from inspector.batch.plan import Work
    from inspector.batch.summary import Summary

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("rescore")(rescore)


def rescore(
    candidate: Annotated[Path, typer.Argument(help="Bundle that judges.", show_default=False)],
    *,
    since: Annotated[
        datetime, typer.Option(formats=FORMATS, help="Frames judged from then on, UTC.", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Folder of the results; where it has some, they are gone on with."
        ),
    ],
    until: Annotated[
        datetime | None,
        typer.Option(formats=FORMATS, help="And before then, UTC; now by default.", show_default=False),
    ] = None,
    line: Annotated[list[str] | None, typer.Option(help="Only this line.", show_default=False)] = None,
    camera: Annotated[
        list[str] | None, typer.Option(help="Only cameras of this name.", show_default=False)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file: database, data folder, engine.", show_default=False),
    ] = None,
    address: Annotated[
        str, typer.Option(help="Of a Ray cluster, host:port or auto; local uses this machine.")
    ] = "local",
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that judge, of one CPU each; 0 takes all CPUs.")
    ] = 0,
    chunk: Annotated[int, typer.Option(min=1, help="Frames in one file of results.")] = 256,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Judge stored frames again by a candidate, on all cores or on a cluster, and count the flips.

    A run that was interrupted goes on when the same command is given again.
    """
    from inspector.batch.cluster import LOCAL, cluster
    from inspector.batch.plan import Span, plan
    from inspector.batch.rescoring import Judge, results
    from inspector.batch.rescoring import rescore as judge_all
    from inspector.batch.summary import Summary
    from inspector.bundle import load_bundle
    from inspector.records import Records
    from inspector.settings import load_settings

    settings = load_settings(config)
    bundle = load_bundle(candidate)
    end = datetime.now(UTC) if until is None else until.replace(tzinfo=UTC)
    span = Span(
        product=bundle.product,
        since=since.replace(tzinfo=UTC),
        until=end,
        lines=tuple(line or ()),
        cameras=tuple(camera or ()),
    )
    with Records.open(settings.database.url) as records:
        work = plan(records, span, bundle.version, output, chunk)
    # A worker has one CPU, so its network has one thread.
    engine = settings.engine.model_copy(update={"threads": 1})
    judge = Judge(candidate.resolve(), engine, settings.edge.data_dir.resolve())
    errors = Console(stderr=True)
    with (
        cluster(address, cpus=(workers or None) if address == LOCAL else None) as cpus,
        progress_bar(errors) as progress,
    ):
        task = progress.add_task("Judging frames", total=work.frames)
        judge_all(
            work,
            output,
            judge,
            workers=workers or cpus,
            on_frames=lambda done: progress.update(task, completed=done),
        )
    summary = Summary.of(results(work, output))
    if json_output:
        typer.echo(json.dumps(_facts(work, summary), indent=2))
    else:
        _print(work, summary, output)


def _facts(work: Work, summary: Summary) -> dict[str, object]:
    return {
        "product": work.span.product,
        "candidate": work.candidate,
        "frames": work.frames,
        "without_picture": work.without_picture,
        "before": {verdict.value: count for verdict, count in summary.before.items()},
        "after": {verdict.value: count for verdict, count in summary.after.items()},
        "flips": dict(summary.flips),
        "reviewed": summary.reviewed,
        "agreed_before": summary.agreed_before,
        "agreed_after": summary.agreed_after,
        "unjudged": summary.unjudged,
        "examples": [{"frame": name, "why": why} for name, why in summary.examples],
    }


def _print(work: Work, summary: Summary, output: Path) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(
        f"{work.span.product}: {summary.flips.total()} of {summary.after.total()} verdicts flip"
        f" with {work.candidate}.",
        markup=False,
    )
    table = Table("verdict", "before", "after", box=None)
    for verdict in sorted({*summary.before, *summary.after}):
        table.add_row(verdict.value, str(summary.before[verdict]), str(summary.after[verdict]))
    console.print(table)
    for direction, count in sorted(summary.flips.items()):
        console.print(f"{direction}: {count}", markup=False)
    if summary.reviewed:
        console.print(
            f"Of {summary.reviewed} reviewed frames {summary.agreed_after} are judged as operators said,"
            f" {summary.agreed_before} before.",
            markup=False,
        )
    if summary.unjudged:
        name, why = summary.examples[0]
        console.print(f"{summary.unjudged} could not be judged, such as {name}: {why}", markup=False)
    if work.without_picture:
        console.print(f"{work.without_picture} more have no picture.", markup=False)
    console.print(f"Every frame: {output}/chunk-*.jsonl", markup=False)
