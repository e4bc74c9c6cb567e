"""`python -m training.benchmarks`: every figure of docs/benchmarks.md, printed and written."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from inspector.errors import DatasetError
from training.benchmarks.accuracy import Row, few_normals, measure_baselines, measure_ours, read_test_frames
from training.benchmarks.latency import measure_latency
from training.benchmarks.writing import write_tables
from training.settings import TrainingSettings

HEADER = (
    "| method | image AUROC | pixel AUROC | AUPRO | recall at own limit | false rejects | seconds |\n"
    "|---|---|---|---|---|---|---|"
)
MARKS = "make bench"
PLAIN = Console(soft_wrap=True, highlight=False)


def main(
    data: Annotated[Path, typer.Option(help="Folder of data sets in MVTec layout.")] = Path("../shared/data"),
    only: Annotated[list[str] | None, typer.Option(help="Only these data sets.", show_default=False)] = None,
    shots: Annotated[
        str, typer.Option(help="NAME:COUNT,… trains on so few normals too.")
    ] = "bottle:1,bottle:4",
    baselines: Annotated[bool, typer.Option(help="Measure anomalib's models too.")] = True,
    output: Annotated[Path, typer.Option(help="Document to write the tables into.")] = Path(
        "docs/benchmarks.md"
    ),
) -> None:
    """Train and measure on every data set below a folder."""
    sets = sorted(folder for folder in data.glob("*") if (folder / "train" / "good").is_dir())
    sets = [folder for folder in sets if not only or folder.name in only]
    if not sets:
        raise DatasetError(f"{data} holds no data set", "none of its folders has train/good", "Give --data")
    few = [
        (name, int(count)) for name, _, count in (shot.partition(":") for shot in shots.split(",") if shot)
    ]
    sections = []
    with TemporaryDirectory() as scratch:
        for folder in sets:
            sections.append(_section(folder, Path(scratch), few, baselines=baselines))
            PLAIN.print(sections[-1], markup=False)
    write_tables(output, "\n\n".join(sections), MARKS)


def _section(folder: Path, scratch: Path, few: list[tuple[str, int]], *, baselines: bool) -> str:
    """The table of one data set, as Markdown."""
    settings, normals = TrainingSettings(), folder / "train" / "good"
    tests = read_test_frames(folder, settings.height, settings.width)
    bundle, rows = measure_ours(folder.name, normals, tests, scratch / folder.name, settings)
    if baselines:
        rows += measure_baselines(folder.name, normals, tests, scratch / f"{folder.name}-anomalib", settings)
    for name, count in few:
        if name == folder.name:
            chosen = few_normals(normals, count, scratch / f"{name}-{count}-normals", settings.seed)
            ours = measure_ours(name, chosen, tests, scratch / f"{name}-{count}", settings)[1][0]
            rows.append(Row(f"inspector, {count} normals", ours.figures, ours.seconds))
    pictures = [sample.path for sample in tests.samples]
    latencies = [
        (threads, measure_latency(bundle.path, pictures, threads)) for threads in (1, os.cpu_count() or 1)
    ]
    limits = bundle.manifest.limits
    return "\n".join(
        (
            f"### {folder.name}",
            "",
            f"{bundle.manifest.training['normals']} normals; {len(tests.samples)} test frames;"
            f" limit {limits.reject:.2f} ({limits.method}); bundle {bundle.size_bytes / 1e6:.1f} MB;"
            f" fusion {bundle.manifest.fusion}.",
            "",
            HEADER,
            *(_line(row) for row in rows),
            "",
            *(
                f"Frame bytes to verdict {latency.verdict_ms:.1f} ms,"
                f" bare backbone {latency.backbone_ms:.1f} ms, ratio {latency.ratio:.2f}"
                f" (threads: {threads}; medians over interleaved blocks).  "
                for threads, latency in latencies
            ),
        )
    )


def _line(row: Row) -> str:
    figures = row.figures
    cells = (
        figures.image_auroc,
        figures.pixel_auroc,
        figures.aupro,
        figures.recall,
        figures.false_reject_rate,
    )
    shown = " | ".join("–" if cell is None else f"{cell:.3f}" for cell in cells)  # noqa: RUF001
    return f"| {row.method} | {shown} | {'' if row.seconds is None else f'{row.seconds:.0f}'} |"


if __name__ == "__main__":
    typer.run(main)
