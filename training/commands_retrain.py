"""`inspector retrain`: an active bundle learns further, and a candidate comes of it."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import getpass
import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from inspector.errors import TrainingError
from inspector.progress import TimelyNotes, step_bars

if TYPE_CHECKING:
    from training.retraining.results import Retrained


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("retrain")(retrain)


def retrain(
    product: Annotated[
        str,
        typer.Argument(
            help="Product whose active bundle in the registry learns further, or a bundle's folder.",
            show_default=False,
        ),
    ],
    *,
    normal: Annotated[
        Path | None,
        typer.Option("--normal", "-n", help="Folder of new pictures of good parts.", show_default=False),
    ] = None,
    from_reviews: Annotated[
        bool,
        typer.Option(
            "--from-reviews", help="Learn frames reviewed as false rejects; look at confirmed defects."
        ),
    ] = False,
    defects: Annotated[
        Path | None,
        typer.Option(
            help="Folder of pictures of confirmed defects: never learned, but looked at.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder of the candidate; else the registry.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file: registry, database, data folder.", show_default=False),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="Learn this new picture, though it looks odd or defective.", show_default=False),
    ] = None,
    keep_outliers: Annotated[
        bool, typer.Option("--keep-outliers", help="Learn all new pictures, whatever they look like.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bundle at --output.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Learn a product further from new good parts. What is active stays as it is; a candidate is written.

    Confirmed defects are scored by both: the result tells which ones the candidate catches. Pictures that
    operators called false rejects are learned whatever they look like.
    """
    from inspector.bundle import MANIFEST_NAME, load_bundle
    from inspector.frames import image_files
    from inspector.records import Records
    from inspector.registry import Registry
    from inspector.settings import load_settings
    from inspector.signatures import sign_bundle, signing_key
    from training.retraining.results import KnownDefect
    from training.retraining.retraining import retrain_product
    from training.retraining.reviewed import gather_new

    is_folder = (Path(product) / MANIFEST_NAME).is_file()
    _check(product, normal, output, is_folder=is_folder, from_reviews=from_reviews)
    settings = load_settings(config)
    key = signing_key(settings.training)
    errors = Console(stderr=True)
    with ExitStack() as resources:
        scratch = Path(resources.enter_context(tempfile.TemporaryDirectory()))
        registry = None
        if is_folder:
            active = load_bundle(Path(product))
        else:
            central = resources.enter_context(Records.open(settings.registry_database))
            registry = Registry(central, settings.registry.url)
            active = registry.fetch(product, registry.active(product).version, scratch / "active")
        gathered = gather_new(settings, active.product, scratch, normal=normal, from_reviews=from_reviews)
        notes = TimelyNotes(errors, without=f"{gathered.folder}{os.sep}")
        notes.tell(gathered.notes)
        known = [*gathered.defects]
        if defects is not None:
            known += [KnownDefect(file.name, file) for file in image_files(defects)]
        target = output or scratch / "candidate"
        with step_bars(errors) as on_step:
            retrained = retrain_product(
                active,
                gathered.folder,
                target,
                known=known,
                overwrite=overwrite,
                keep=None if keep_outliers else keep or (),
                chosen=gathered.chosen,
                on_step=on_step,
                on_report=lambda report: notes.tell(report.notes),
            )
        if key is not None:
            sign_bundle(retrained.bundle, key)
        if registry is not None:
            why = f"retrained from {retrained.new_normals} new normals"
            registry.add(target, by=getpass.getuser(), why=why)
    notes.tell(retrained.notes)
    place = "the registry" if output is None else str(output)
    if json_output:
        typer.echo(json.dumps(_facts(retrained, place)))
    else:
        Console(soft_wrap=True, highlight=False).print(_sentences(retrained, place), markup=False)


def _check(
    product: str, normal: Path | None, output: Path | None, *, is_folder: bool, from_reviews: bool
) -> None:
    """Raises TrainingError where words are missing, before anything is loaded."""
    if normal is None and not from_reviews:
        raise TrainingError(
            f"{product} is not retrained",
            "no new pictures are named",
            "Give --normal, --from-reviews, or both",
        )
    if is_folder and output is None:
        raise TrainingError(
            f"{product} is not retrained", "no place is named for the candidate", "Give --output"
        )


def _sentences(retrained: Retrained, place: str) -> str:
    limits = retrained.bundle.manifest.limits
    text = (
        f"{retrained.bundle.product}: learned {retrained.new_normals} new pictures"
        f" in {retrained.seconds:.0f} s, {retrained.normals} in all.\n"
        f"Candidate in {place}, version {retrained.bundle.version}, of {retrained.parent}.\n"
        f"Scores above {limits.reject:.2f} are rejected ({limits.method})."
    )
    if retrained.known:
        before = sum(one.was_caught for one in retrained.known)
        caught = sum(one.is_caught for one in retrained.known)
        text += f"\nKnown defects caught: {caught} of {len(retrained.known)}, {before} before."
    return text


def _facts(retrained: Retrained, place: str) -> dict[str, object]:
    limits = retrained.bundle.manifest.limits
    return {
        "bundle": place,
        "product": retrained.bundle.product,
        "model_version": retrained.bundle.version,
        "parent": retrained.parent,
        "new_normals": retrained.new_normals,
        "normals": retrained.normals,
        "limit": limits.reject,
        "false_reject_rate": limits.false_reject_rate,
        "seconds": round(retrained.seconds, 1),
        "known": [
            {
                "name": one.name,
                "score_before": one.score_before,
                "score": one.score,
                "was_caught": one.was_caught,
                "is_caught": one.is_caught,
            }
            for one in retrained.known
        ],
        "left_out": [{"picture": one.path.name, "reason": one.reason} for one in retrained.excluded],
        "notes": list(retrained.notes),
    }
