"""`inspector train-all`: many products, side by side."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from inspector.progress import progress_bar

if TYPE_CHECKING:
    from training.many_products.training import Outcome


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("train-all")(train_all)


def train_all(
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder with one folder of pictures a product, or TOML with [products.NAME].",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the bundles.")],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="TOML file of training settings for all.", show_default=False),
    ] = None,
    address: Annotated[
        str, typer.Option(help="Of a Ray cluster, host:port or auto; local uses this machine.")
    ] = "local",
    cpus: Annotated[int, typer.Option(min=1, help="CPUs of one training.")] = 2,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace bundles that another command made."),
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Learn many products, on all cores or on a cluster. One that fails does not hold up the others.

    When the same command is given again, products are skipped whose bundles are finished and whose pictures
    and settings have not changed. The exit code is 1 where one has failed.
    """
    from inspector.batch.cluster import LOCAL, cluster
    from inspector.bundle import load_bundle
    from inspector.errors import TrainingError
    from inspector.settings import load_settings
    from inspector.signatures import sign_bundle, signing_key
    from training.many_products.jobs import products_of, read_jobs
    from training.many_products.training import train_all as train_each

    jobs = [replace(job, normal=job.normal.resolve()) for job in read_jobs(source, config)]
    key = signing_key(load_settings().training)
    output.mkdir(parents=True, exist_ok=True)
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    with cluster(address) as there, progress_bar(errors) as progress:
        if there < cpus and address != LOCAL:
            raise TrainingError(
                f"{products_of(jobs)} cannot be trained",
                f"one training takes {cpus} CPUs, the cluster has {there}",
                "Give --cpus",
            )
        task = progress.add_task("Training", total=len(jobs))

        def show(outcomes: Sequence[Outcome], at: dict[str, str]) -> None:
            working = "; ".join(f"{name}: {step}" for name, step in at.items() if step)
            progress.update(task, completed=len(outcomes), description=working or "Training")

        outcomes = train_each(
            jobs, output.resolve(), cpus_each=min(cpus, there), overwrite=overwrite, on_change=show
        )
    if key is not None:  # here, so that the key does not travel to a cluster
        for one in outcomes:
            if one.done is not None:
                sign_bundle(load_bundle(output / one.product), key)
    if json_output:
        typer.echo(json.dumps([_facts(one) for one in outcomes], indent=2))
    else:
        _print(outcomes, output, errors)
    if any(one.done is None for one in outcomes):
        raise typer.Exit(1)


def _facts(outcome: Outcome) -> dict[str, object]:
    done = outcome.done
    return {
        "product": outcome.product,
        "model_version": None if done is None else done.model_version,
        "normals": None if done is None else done.normals,
        "seconds": None if done is None else done.seconds,
        "skipped": outcome.is_skipped,
        "why": outcome.why,
        "notes": [] if done is None else list(done.notes),
    }


def _print(outcomes: Sequence[Outcome], output: Path, errors: Console) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for one in outcomes:
        if one.done is None:
            errors.print(
                f"{one.product}: {one.why}", style="red", markup=False, highlight=False, soft_wrap=True
            )
            continue
        how = "was trained before from the same" if one.is_skipped else f"took {one.done.seconds:.0f} s"
        console.print(
            f"{one.product}: {one.done.normals} pictures, version {one.done.model_version}, {how}",
            markup=False,
        )
        for note in () if one.is_skipped else one.done.notes:
            errors.print(
                f"{one.product}: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True
            )
    console.print(f"Bundles: {output}", markup=False)
