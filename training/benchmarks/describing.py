"""`python -m training.benchmarks.describing`: every figure about descriptions, printed and written."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from inspector.bundle import load_bundle
from inspector.describing.words import Kind
from inspector.describing.writer import load_writer
from inspector.errors import DatasetError
from inspector.settings import DescribingSettings
from training.benchmarks.described import (
    DescribedFrame,
    DescriptionFigures,
    describe_dataset,
    describe_painted,
    figures_of,
)
from training.benchmarks.kinds_of_folders import KINDS_OF_FOLDERS, kinds_listed_for
from training.benchmarks.language_model import measure_language_model
from training.benchmarks.writing import write_tables
from training.language_model.preparing import prepare_language_model
from training.product import train_product
from training.settings import TrainingSettings

MARKS = "make bench-describe"
PLAIN = Console(soft_wrap=True, highlight=False)
SEED = 1000
EXAMPLES_SHOWN = 8


def main(
    data: Annotated[Path, typer.Option(help="Folder of data sets in MVTec layout.")] = Path("../shared/data"),
    bundles: Annotated[
        Path | None, typer.Option(help="Folder of trained bundles; trained anew without.", show_default=False)
    ] = None,
    *,
    language_model: Annotated[Path, typer.Option(help="Folder of the language model.")] = Path(
        "var/language-model"
    ),
    adapter: Annotated[Path | None, typer.Option(help="Another adapter.", show_default=False)] = None,
    painted: Annotated[int, typer.Option(help="Painted frames that are described too.")] = 60,
    output: Annotated[Path, typer.Option(help="Document to write the tables into.")] = Path(
        "docs/benchmarks.md"
    ),
) -> None:
    """Describe the test frames of the data sets that have a table of kinds, and painted ones."""
    sets = [data / name for name in KINDS_OF_FOLDERS if (data / name / "train" / "good").is_dir()]
    if not sets:
        names = ", ".join(KINDS_OF_FOLDERS)
        raise DatasetError(f"{data} holds no data set", f"none of {names} has train/good", "Give --data")
    prepare_language_model(output=language_model)
    threads = os.cpu_count() or 1
    settings = DescribingSettings(language_model=language_model, adapter=adapter, threads=threads)
    writer = load_writer(settings)
    described: dict[str, list[DescribedFrame]] = {}
    with TemporaryDirectory() as scratch:
        for folder in sets:
            place = (bundles or Path(scratch)) / folder.name
            if not place.is_dir():
                train_product(folder.name, folder / "train" / "good", place, TrainingSettings())
            described[folder.name] = list(
                describe_dataset(folder, load_bundle(place), writer, kinds_listed_for(folder.name))
            )
    together = [frame for frames in described.values() for frame in frames]
    described["painted"] = list(describe_painted(painted, SEED, writer))
    language = measure_language_model(language_model, threads=threads)
    text = "\n".join(
        (
            f"Seeds: bundles and adapter 0, painted frames {SEED}. Threads: {threads}."
            f" Adapter: {writer.adapter.manifest.parameters / 1e6:.2f} M parameters,"
            f" `{writer.adapter.manifest.command}`.",
            "",
            *_places(described, together),
            "",
            *_kinds(described),
            "",
            "| language model | tokens/s | resident memory |",
            "|---|---|---|",
            f"| {language.name} | {language.tokens_per_second:.0f} | {language.resident_mb:.0f} MB |",
            f"| transformers, float32 | {language.torch_tokens_per_second:.1f} |"
            f" {language.torch_resident_mb:.0f} MB |",
            "",
            f"{language.speed_ratio:.1f} times as fast, in the same run. Greedy agreement: the same token at"
            f" {100 * language.forced_agreement:.1f} % of places along the text of transformers; the same"
            f" text to the end after {100 * language.equal_texts:.0f} % of {language.prompts} prompts."
            f" {language.folder_mb:.0f} MB on disk.",
            "",
            "Some sentences, of rejected frames spread over the sets:",
            "",
            *_examples(together),
        )
    )
    PLAIN.print(text, markup=False)
    write_tables(output, text, MARKS)


def _places(described: dict[str, list[DescribedFrame]], together: Sequence[DescribedFrame]) -> list[str]:
    rows = [
        "| frames | rejected | sentence and verdict agree | contradictions | true place named first |"
        " by the language model, before the check | with zeros for soft tokens | llm / llm-retry / template |"
        " median seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    named = {**described, "both data sets": list(together)}
    rows += [_place_row(name, figures_of(frames)) for name, frames in named.items()]
    return rows


def _place_row(name: str, figures: DescriptionFigures) -> str:
    sources = [figures.sources[source] for source in ("llm", "llm-retry", "template")]
    shares = " / ".join(f"{100 * count / max(figures.rejected, 1):.1f} %" for count in sources)
    return (
        f"| {name} ({figures.frames}) | {figures.rejected} | {100 * figures.agreeing:.1f} % |"
        f" {figures.contradictions} | {100 * figures.place:.1f} % | {100 * figures.own_place:.1f} % |"
        f" {100 * figures.blind_place:.1f} % | {shares} | {figures.median_seconds:.2f} |"
    )


def _kinds(described: dict[str, list[DescribedFrame]]) -> list[str]:
    """Kind of the worst region against the folder; a frame that was rejected counts."""
    rows = [
        "| folder | counts as | right | told | right, kinds listed | told, kinds listed |",
        "|---|---|---|---|---|---|",
    ]
    total, right, unknown = 0, [0, 0], [0, 0]
    for name, folders in KINDS_OF_FOLDERS.items():
        for folder, words in folders.items():
            frames = [
                frame for frame in described.get(name, []) if frame.folder == folder and frame.facts.regions
            ]
            total += len(frames)
            cells = []
            for way, told in enumerate(
                (
                    Counter(str(frame.facts.regions[0].kind) for frame in frames),
                    Counter(str(frame.listed_kind) for frame in frames),
                )
            ):
                good = sum(count for word, count in told.items() if word in words)
                right[way] += good
                unknown[way] += told[Kind.UNKNOWN]
                shown = ", ".join(f"{word} {count}" for word, count in told.most_common())
                cells.append(f"{good} of {len(frames)} | {shown}")
            rows.append(f"| {name}/{folder} | {', '.join(sorted(words))} | {' | '.join(cells)} |")
    default, listed = (
        f"{good} of {total}, {100 * good / max(total, 1):.1f} % ({unsure} are called unknown)"
        for good, unsure in zip(right, unknown, strict=True)
    )
    return [*rows, "", f"Kind right: {default}; where the product's kinds are listed: {listed}."]


def _examples(frames: Sequence[DescribedFrame]) -> list[str]:
    rejected = [frame for frame in frames if frame.rejected and frame.own is not None]
    step = max(1, len(rejected) // EXAMPLES_SHOWN)
    lines = []
    for frame in rejected[::step]:
        line = f"- {frame.name}: {frame.sentence} ({frame.source.value})"
        lines.append(line if frame.own == frame.sentence else f"{line} Rejected: {frame.own!r}")
    return lines


if __name__ == "__main__":
    typer.run(main)
