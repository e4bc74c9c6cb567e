"""Commands of the training room."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from inspector.errors import TrainingError
from inspector.progress import TimelyNotes, step_bars
from training import (
    commands_describing,
    commands_evaluate,
    commands_language_model,
    commands_parts,
    commands_retrain,
    commands_train_all,
    commands_work,
)
from training.model_names import OWN

if TYPE_CHECKING:
    from training.product import Trained


def register(app: typer.Typer) -> None:
    """Add the room's commands to the app."""
    app.command("train")(train)
    commands_retrain.register(app)
    commands_train_all.register(app)
    commands_evaluate.register(app)
    commands_describing.register(app)
    commands_language_model.register(app)
    commands_parts.register(app)
    commands_work.register(app)


def train(
    *,
    product: Annotated[str, typer.Option("--product", "-p", help="Name that results carry.")],
    normal: Annotated[Path, typer.Option("--normal", "-n", help="Folder of pictures of good parts.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the new bundle.")],
    model: Annotated[
        str,
        typer.Option(help="Our own, or anomalib:Patchcore, :Padim, :EfficientAd or :Dinomaly."),
    ] = OWN,
    weights: Annotated[
        Path | None,
        typer.Option(help="Pretrained network of EfficientAd or Dinomaly, a local file.", show_default=False),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="TOML file of training settings.", show_default=False),
    ] = None,
    false_reject_rate: Annotated[
        float | None,
        typer.Option(help="Share of good parts that may be rejected, 0.01 by default.", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Decides every random choice.", show_default=False)] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="Learn this picture, though it looks odd or defective.", show_default=False),
    ] = None,
    keep_outliers: Annotated[
        bool, typer.Option("--keep-outliers", help="Learn all pictures, whatever they look like.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bundle at --output.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Learn a product from pictures of good parts and write its bundle."""
    from inspector.settings import load_settings  # noqa: PLC0415 - like those below
    from inspector.signatures import sign_bundle, signing_key  # noqa: PLC0415 - heavy
    from training.product import check_product  # noqa: PLC0415 - heavy
    from training.settings import load_training_settings  # noqa: PLC0415 - heavy

    check_product(product)
    key = signing_key(load_settings().training)
    learn = _learner(model, weights)
    changes: dict[str, Any] = {"false_reject_rate": false_reject_rate, "seed": seed}
    settings = load_training_settings(
        config, **{key: value for key, value in changes.items() if value is not None}
    )
    errors = Console(stderr=True)
    notes = TimelyNotes(errors)
    with step_bars(errors) as on_step:
        trained = learn(
            product,
            normal,
            output,
            settings=settings,
            overwrite=overwrite,
            keep=None if keep_outliers else keep or (),
            on_step=on_step,
            on_report=lambda report: notes.tell(report.notes),
        )
    if key is not None:
        sign_bundle(trained.bundle, key)
    notes.tell(trained.notes)
    limits = trained.bundle.manifest.limits
    if json_output:
        typer.echo(
            json.dumps(
                {
                    "bundle": str(output),
                    "product": product,
                    "model_version": trained.bundle.version,
                    "normals": trained.normals,
                    "limit": limits.reject,
                    "false_reject_rate": limits.false_reject_rate,
                    "seconds": round(trained.seconds, 1),
                    "size_bytes": trained.bundle.size_bytes,
                    "parity_max_relative_difference": trained.parity.max_relative_difference,
                    "left_out": [
                        {"picture": str(one.path), "reason": one.reason} for one in trained.excluded
                    ],
                    "notes": list(trained.notes),
                }
            )
        )
        return
    Console(soft_wrap=True, highlight=False).print(
        f"{product}: learned from {trained.normals} pictures in {trained.seconds:.0f} s.\n"
        f"Bundle {output}, version {trained.bundle.version}, {trained.bundle.size_bytes / 1e6:.1f} MB.\n"
        f"Scores above {limits.reject:.2f} are rejected ({limits.method}).\n"
        f"Next: inspector score {output} PICTURES --output results.jsonl",
        markup=False,
    )


def _learner(model: str, weights: Path | None) -> Callable[..., Trained]:
    """The function that trains a model, see `train_product`.

    Raises:
        TrainingError: there is no such model, or it takes no weights.
    """
    if model.lower() == OWN:
        from training.product import train_product  # noqa: PLC0415 - heavy

        if weights is not None:
            raise TrainingError(
                "our own model takes no weights",
                "it stands on the image encoder of the training settings",
                "Leave out --weights, and name an encoder and its weights under [encoder] of --config",
            )
        return train_product
    with warnings.catch_warnings():
        # Anomalib imports names that timm and itself have replaced; whoever trains can do nothing about it.
        warnings.simplefilter("ignore", FutureWarning)
        from training.anomalib_models.product import train_anomalib_product  # noqa: PLC0415 - heavy
        from training.anomalib_models.registry import find_model  # noqa: PLC0415 - heavy

    return partial(train_anomalib_product, model=find_model(model), weights=weights)
