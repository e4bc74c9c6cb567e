"""The command `inspector render`: the project's own pictures of parts."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class _Product(StrEnum):
    """Mirror of `training.parts.PartProduct`, which would load OpenCV at every start of the command line."""

    GASKET = "gasket"
    CONNECTOR = "connector"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("render")(render)


def render(
    *,
    output: Annotated[Path, typer.Option("--output", help="Folder to write, in MVTec AD's layout.")],
    product: Annotated[_Product, typer.Option("--product", help="Which part.")] = _Product.GASKET,
    normals: Annotated[
        int, typer.Option("--normals", min=1, max=100_000, help="Good parts to train on.")
    ] = 60,
    test_good: Annotated[
        int, typer.Option("--test-good", min=0, max=100_000, help="Good parts to test on.")
    ] = 20,
    per_kind: Annotated[
        int, typer.Option("--per-kind", min=0, max=100_000, help="Defective parts of each kind, with masks.")
    ] = 6,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same bytes.")] = 0,
    size: Annotated[int, typer.Option("--size", min=96, max=2048, help="Pixels of a picture's side.")] = 384,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what stands at --output.")] = False,
) -> None:
    """Render pictures of good and defective parts with exact masks, to train and test on without a camera."""
    from rich.console import Console  # noqa: PLC0415 - the command line starts faster without
    from rich.progress import Progress  # noqa: PLC0415 - likewise

    from training.parts import PartProduct, defect_kinds  # noqa: PLC0415 - likewise
    from training.parts.dataset import picture_count, write_dataset  # noqa: PLC0415 - likewise

    part = PartProduct(product.value)
    started = time.monotonic()
    console = Console(highlight=False, soft_wrap=True)
    total = picture_count(part, normals, test_good, per_kind)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{part.value}: rendering", total=total)
        write_dataset(
            output,
            part,
            normals=normals,
            test_good=test_good,
            per_kind=per_kind,
            seed=seed,
            size=size,
            overwrite=overwrite,
            on_picture=lambda: progress.advance(task),
        )
    kinds = ", ".join(kind.value for kind in defect_kinds(part)) if per_kind else "no defects"
    rate = total / (time.monotonic() - started)
    console.print(
        f"{output}: {total} pictures of {part.value} ({normals} to train on; {kinds}), {rate:.0f} a second",
        markup=False,
    )
