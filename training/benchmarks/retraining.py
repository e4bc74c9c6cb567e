"""`python -m training.benchmarks.retraining`: what retraining costs, and what it is good for."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from inspector.bundle import Bundle
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.errors import DatasetError
from inspector.frames import image_files, read_frame, resize
from inspector.inspecting import load_inspector
from inspector.records import Records
from inspector.registry import Registry
from training.benchmarks.bad_normals import bad_normals_rows
from training.benchmarks.random_splits import measure_splits
from training.benchmarks.rows import Row, merged
from training.benchmarks.shifts import SHIFTS, write_changed
from training.benchmarks.unsure import unsure_rows
from training.benchmarks.writing import write_tables, written
from training.product import train_product
from training.retraining.learning_files import read_learning_files
from training.retraining.retraining import retrain_product
from training.settings import TrainingSettings

MARKS = "make bench-retrain"
PLAIN = Console(soft_wrap=True, highlight=False)
NORMALS, MORE, NEW = 200, 50, 30
TRAIN_S, RETRAIN_S, BACK_S = 180.0, 45.0, 5.0
JUDGED = 50
MOST_LOST = 0.01
"""Recall of defects may drop by so much."""


class Part(StrEnum):
    """What can be measured apart."""

    COSTS = "costs"
    GROWTH = "growth"
    PRODUCTS = "products"


def reject_rate(bundle: Bundle, pictures: Sequence[Path]) -> float:
    """Share of pictures whose score is above the bundle's limit."""
    engine, size = OnnxRuntimeEngine(bundle.scorer_path), bundle.manifest.input_size
    scores = [
        float(engine.run(resize(read_frame(path).image, size.height, size.width)[None]).score[0])
        for path in pictures
    ]
    return float(np.mean(np.array(scores) > bundle.manifest.limits.reject))


def copied(pictures: Iterable[Path], folder: Path) -> Path:
    """A folder with these pictures."""
    folder.mkdir(parents=True)
    for path in pictures:
        shutil.copy(path, folder / path.name)
    return folder


def costs(normals: Sequence[Path], scratch: Path) -> list[Row]:
    """Time of a training and of a retraining, and the size of the memory."""
    first, more = normals[:NORMALS], normals[NORMALS : NORMALS + MORE]
    began = time.perf_counter()
    bundle = train_product("costs", copied(first, scratch / "first"), scratch / "active").bundle
    train_s = time.perf_counter() - began
    retrained = retrain_product(bundle, copied(more, scratch / "more"), scratch / "candidate")
    sizes = [
        sum(len(scale.tensors["image_image.memory"]) for scale in read_learning_files(one).scales)
        for one in (bundle, retrained.bundle)
    ]
    return [
        Row(
            f"{len(first)} normals to a bundle", f"{train_s:.0f} s", f"≤ {TRAIN_S:.0f} s", train_s <= TRAIN_S
        ),
        Row(
            f"{len(more)} normals more",
            f"{retrained.seconds:.0f} s",
            f"≤ {RETRAIN_S:.0f} s",
            retrained.seconds <= RETRAIN_S,
        ),
        Row(
            "patches in the memory before and after",
            f"{sizes[0]:,} and {sizes[1]:,}",
            "no more after",
            sizes[1] <= sizes[0],
        ),
        way_back(bundle, retrained.bundle, normals[-JUDGED:], scratch),
    ]


def way_back(active: Bundle, candidate: Bundle, pictures: Sequence[Path], scratch: Path) -> Row:
    """A promotion, and the command that takes it back."""
    config = scratch / "inspector.toml"
    config.write_text(
        f'[database]\nurl = "sqlite:///{scratch}/inspector.db"\n[registry]\nurl = "{scratch}/store"\n'
    )
    with Records.open(f"sqlite:///{scratch}/inspector.db") as records:
        registry = Registry(records, str(scratch / "store"))
        for bundle in (active, candidate):
            registry.add(bundle.path, by="bench")
            registry.promote(bundle.product, bundle.version, by="bench", why="bench")
        words = ["registry", "rollback", active.product, "--config", str(config)]
        began = time.perf_counter()
        command = [sys.executable, "-m", "inspector.cli", *words]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
        seconds = time.perf_counter() - began
        back = registry.fetch(active.product, registry.active(active.product).version, scratch / "back")
    before, after = verdicts(active, pictures), verdicts(back, pictures)
    same = sum(one == other for one, other in zip(before, after, strict=True))
    return Row(
        f"roll back by `inspector registry rollback`, {len(pictures)} pictures judged again",
        f"{seconds:.1f} s, {same} with exactly the old score and verdict",
        "≤ 5 s, all",
        seconds <= BACK_S and same == len(pictures),
    )


def verdicts(bundle: Bundle, pictures: Sequence[Path]) -> list[tuple[float, str]]:
    """Score and verdict of each picture."""
    inspector = load_inspector(bundle.path)
    found = [inspector.inspect(read_frame(path)) for path in pictures]
    return [(one.score, one.verdict.value) for one in found]


def ten_times(normals: Sequence[Path], scratch: Path) -> list[Row]:
    """A bundle of some normals that learns nine times as many more."""
    few = max(10, len(normals) // 10)
    bundle = train_product("growth", copied(normals[:few], scratch / "few"), scratch / "small").bundle
    grown = retrain_product(
        bundle, copied(normals[few : 10 * few], scratch / "many"), scratch / "grown"
    ).bundle
    before, after = bundle.scorer_path.stat().st_size, grown.scorer_path.stat().st_size
    return [
        Row(
            f"network of {few} normals, and of {min(10 * few, len(normals))}",
            f"{before / 1e6:.1f} and {after / 1e6:.1f} MB",
            "bounded",
            after <= 1.05 * before,
        )
    ]


def one_product(dataset: Path, scratch: Path) -> list[Row]:
    """What limits, unsure and checks of normals do, and a retraining with some pictures of a changed line."""
    rng = np.random.default_rng(TrainingSettings().seed)
    files = image_files(dataset / "train/good")
    files = [files[index] for index in rng.permutation(len(files))]
    test_good = image_files(dataset / "test/good")
    held = min(70, len(files) // 4)
    fresh, held_out, known = files[:NEW], files[NEW : NEW + held], files[NEW + held :]
    defective = [path for path in image_files(dataset / "test") if path.parent.name != "good"]
    trained = train_product(dataset.name, copied(known, scratch / "known"), scratch / "active")
    bundle = trained.bundle
    target = bundle.manifest.limits.false_reject_rate
    rows = [one.row(dataset.name) for one in measure_splits(trained.scores)]
    rows += unsure_rows(bundle, [*fresh, *held_out, *test_good], defective, dataset.parent)
    rows += bad_normals_rows(dataset.name, files, defective)
    _print(rows)
    for number, (what, change) in enumerate(SHIFTS.items()):
        here = scratch / str(number)
        new = write_changed(fresh, change, here / "new")
        good = image_files(write_changed([*held_out, *test_good], change, here / "good"))
        bad = image_files(write_changed(defective, change, here / "bad"))
        candidate = retrain_product(bundle, new, here / "candidate").bundle
        before, after = reject_rate(bundle, good), reject_rate(candidate, good)
        recall_before, recall = reject_rate(bundle, bad), reject_rate(candidate, bad)
        unchanged = reject_rate(bundle, defective)
        rows += [
            Row(
                f"{dataset.name}, {what}: false rejects of {len(good)} good parts",
                f"{100 * before:.1f} % before, {100 * after:.1f} % after {len(fresh)} new pictures",
                f"≤ {200 * target:g} %",
                after <= 2 * target,
            ),
            Row(
                f"{dataset.name}, {what}: recall of {len(bad)} defects",
                f"{100 * unchanged:.1f} % before the change, {100 * recall_before:.1f} % under it,"
                f" {100 * recall:.1f} % after",
                f"≥ {100 * (unchanged - MOST_LOST):.1f} %",
                recall >= unchanged - MOST_LOST,
            ),
        ]
        _print(rows[-2:])
    return rows


def _print(rows: Sequence[Row]) -> None:
    PLAIN.print("\n".join(map(str, rows)), markup=False)


def main(
    data: Annotated[Path, typer.Option(help="Folder of data sets in MVTec layout.")] = Path("../shared/data"),
    only: Annotated[list[str] | None, typer.Option(help="Only these data sets.", show_default=False)] = None,
    part: Annotated[
        list[Part] | None,
        typer.Option(help="Only these parts; the other rows of the table stay.", show_default=False),
    ] = None,
    output: Annotated[Path, typer.Option(help="Document to write the table into.")] = Path(
        "docs/benchmarks.md"
    ),
) -> None:
    """Measure retraining on the data sets below a folder; the exit code is 1 where a figure is missed."""
    wanted = part or list(Part)
    sets = [data / name for name in (only or ("bottle", "magnetic_tile"))]
    for folder in sets:
        if not (folder / "train/good").is_dir():
            raise DatasetError(f"{folder} is no data set", "it has no train/good", "Give --data or --only")
    rows: list[Row] = []
    with TemporaryDirectory() as scratch:
        largest = max(sets, key=lambda folder: len(image_files(folder / "train/good")))
        normals = image_files(largest / "train/good")
        for name, measure in ((Part.COSTS, costs), (Part.GROWTH, ten_times)):
            if name in wanted:
                found = measure(normals, Path(scratch) / name)
                _print(found)
                rows += found
        for folder in sets if Part.PRODUCTS in wanted else ():
            rows += one_product(folder, Path(scratch) / folder.name)
    earlier = written(output, MARKS) if part or only else ""
    write_tables(output, merged(earlier, rows), MARKS)
    missed = [row.what for row in rows if not row.is_reached]
    PLAIN.print(f"missed: {'; '.join(missed)}" if missed else "all reached", markup=False)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    typer.run(main)
