"""`inspector evaluate`: a bundle measured on pictures whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("evaluate")(evaluate)


def evaluate(
    bundle: Annotated[Path, typer.Argument(help="Folder that `inspector train` wrote.", show_default=False)],
    dataset: Annotated[
        Path,
        typer.Argument(
            help="Folder with test/good, test/<kind> and, for pixel figures, ground_truth/<kind>.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for metrics.json, scores.csv and report.html.")
    ],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the folder if it exists.")] = False,
    threads: Annotated[
        int, typer.Option("--threads", min=0, help="Threads of one forward pass; 0 takes all cores.")
    ] = 0,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print the content of metrics.json instead of a table.")
    ] = False,
) -> None:
    """Measure a bundle on a test set: figures, scores and a report with pictures.

    Every picture takes the path of a served frame. Figures at a limit use the bundle's own limit.
    """
    from training.evaluation.running import print_summary, run_evaluation  # noqa: PLC0415 - heavy

    evaluation = run_evaluation(bundle, dataset, output, overwrite=overwrite, threads=threads)
    if json_output:
        typer.echo(evaluation.model_dump_json(indent=2))
    else:
        print_summary(evaluation, output)
