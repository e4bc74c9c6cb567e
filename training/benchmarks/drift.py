"""`python -m training.benchmarks.drift`: how soon drift is told, and how often falsely, on real pictures.

A line is played from pictures that the bundle has not seen (`drift_line`); then its camera or its parts
change.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console

from inspector.drift.channels import DriftKind
from inspector.drift.reference import DriftReference, bundle_reference
from inspector.drift.statistics import frame_statistics
from inspector.drift.watch import LEARN_FRAMES, Drift, DriftWatch
from inspector.errors import DatasetError
from inspector.frames import image_files, read_frame, resize
from inspector.inspecting import Inspector, load_inspector
from inspector.settings import EngineSettings
from training.benchmarks.drift_line import MOST_FRAMES, Line, Shift, shifts
from training.benchmarks.writing import write_tables
from training.product import train_product

STABLE_FRAMES: Final = 10_000
MOST_FALSE: Final = 1
"""So many alarms may be false in `STABLE_FRAMES`."""
MARKS: Final = "make bench-drift"
_BEFORE: Final = 50
_TIMED: Final = 200
PLAIN: Final = Console(soft_wrap=True, highlight=False)


@dataclass(frozen=True, slots=True)
class ShiftFigures:
    """How a change was told.

    Attributes:
        shift: which.
        frames: from the change to the alarm, one number a trial; None where it was not told in time.
        kinds: what it was told as.
        sentence: of the last alarm.
    """

    shift: Shift
    frames: tuple[int | None, ...]
    kinds: tuple[DriftKind, ...]
    sentence: str

    @property
    def is_told(self) -> bool:
        """In time, in every trial."""
        return all(each is not None and each <= MOST_FRAMES for each in self.frames)

    @property
    def is_right(self) -> bool:
        """As what it was, in every trial."""
        return len(self.kinds) == len(self.frames) and set(self.kinds) == {self.shift.kind}


@dataclass(frozen=True, slots=True)
class DriftFigures:
    """What was measured on one product.

    Attributes:
        product: which.
        source: where the reference came from, "training" or "box".
        has_place: parts lie in their place, so that moves can be seen.
        shifts: one entry a change.
        stable_frames: frames without a change.
        false_alarms: alarms among them.
        statistics_ms: median milliseconds that the statistics of a frame take.
        watch_ms: median milliseconds that the watch takes, in its own thread.
    """

    product: str
    source: str
    has_place: bool
    shifts: tuple[ShiftFigures, ...]
    stable_frames: int
    false_alarms: int
    statistics_ms: float
    watch_ms: float


def measure_drift(
    bundle: Path,
    pictures: Sequence[Path],
    *,
    learned_at_the_line: bool,
    stable_frames: int = STABLE_FRAMES,
    trials: int = 3,
    seed: int = 0,
    threads: int = 1,
    on_step: Callable[[str], None] = lambda _: None,
) -> DriftFigures:
    """Play a line and measure.

    Args:
        bundle: of the product.
        pictures: good parts that it has not seen, at least 20.
        learned_at_the_line: take the first frames of the line for the reference, as a box does whose bundle
            brings none; else what the bundle brings.
        stable_frames: without a change.
        trials: times that each change is played.
        seed: decides every random choice.
        threads: of a forward pass.
        on_step: told what is being done.

    Raises:
        DatasetError: the bundle brings no reference and none is to be learned.
    """
    inspector = load_inspector(bundle, EngineSettings(threads=threads))
    line = Line(inspector, pictures, seed)
    if learned_at_the_line:
        reference = _learned(line)
    else:
        brought = bundle_reference(inspector.bundle)
        if brought is None:
            raise DatasetError(
                f"{bundle} brings no reference", "it is old, or of few normals", "Train it again"
            )
        reference = brought
    found = []
    for shift in shifts():
        if shift.needs_place and not reference.has_place:
            continue
        on_step(f"{inspector.bundle.product}: {shift.name}")
        found.append(_measure_shift(line, reference, shift, trials))
    watch, took, false_alarms = DriftWatch(reference), [], 0
    for number, seen in enumerate(line.play(stable_frames)):
        if number % 1000 == 0:
            on_step(f"{inspector.bundle.product}: stable frames {number} of {stable_frames}")
        began = time.perf_counter()
        drift = watch.see(seen)
        took.append(1000 * (time.perf_counter() - began))
        if drift is not None:
            on_step(f"false alarm at {number}: {drift.cause.sentence}")
            false_alarms += 1
            watch.acknowledge(as_normal=False)
    return DriftFigures(
        product=inspector.bundle.product,
        source=reference.source,
        has_place=reference.has_place,
        shifts=tuple(found),
        stable_frames=stable_frames,
        false_alarms=false_alarms,
        statistics_ms=_statistics_ms(inspector, pictures),
        watch_ms=float(np.median(took)),
    )


def _learned(line: Line) -> DriftReference:
    """What a box learns of the first frames.

    Raises:
        DatasetError: it cannot, since hardly any frame passes.
    """
    watch = DriftWatch(None)
    for seen in line.play(10 * LEARN_FRAMES):
        watch.see(seen)
        if watch.reference is not None:
            return watch.reference
    raise DatasetError(
        "nothing can be learned at the line", "nearly every frame is rejected", "Look at the limit"
    )


def _measure_shift(line: Line, reference: DriftReference, shift: Shift, trials: int) -> ShiftFigures:
    frames: list[int | None] = []
    kinds, sentence = [], ""
    for _ in range(trials):
        watch = DriftWatch(reference)
        for seen in line.play(_BEFORE):
            watch.see(seen)
        watch.acknowledge(as_normal=False)
        told = _first(watch, line, shift)
        frames.append(None if told is None else told[0])
        if told is not None:
            kinds.append(told[1].cause.kind)
            sentence = told[1].cause.sentence
    return ShiftFigures(shift, tuple(frames), tuple(kinds), sentence)


def _first(watch: DriftWatch, line: Line, shift: Shift) -> tuple[int, Drift] | None:
    for number, seen in enumerate(line.play(MOST_FRAMES, shift), 1):
        drift = watch.see(seen)
        if drift is not None:
            return number, drift
    return None


def _statistics_ms(inspector: Inspector, pictures: Sequence[Path]) -> float:
    size = inspector.bundle.manifest.input_size
    image, took = resize(read_frame(pictures[0]).image, size.height, size.width), []
    for _ in range(_TIMED):
        began = time.perf_counter()
        frame_statistics(image)
        took.append(1000 * (time.perf_counter() - began))
    return float(np.median(took))


def table(figures: DriftFigures) -> str:
    """The figures of one product as Markdown."""
    reference = "the bundle's, from training" if figures.source == "training" else "the line's first frames"
    rows = [
        f"| {each.shift.name} | {_frames(each)} | {each.shift.kind.value} |"
        f" {'yes' if each.is_right else ', '.join(kind.value for kind in each.kinds)} | {each.sentence} |"
        for each in figures.shifts
    ]
    place = "" if figures.has_place else " Its parts have no fixed place, so that moves cannot be seen."
    return "\n".join(
        (
            f"### {figures.product}, reference: {reference}",
            "",
            f"{figures.false_alarms} false alarms in {figures.stable_frames:,} stable frames."
            f" Statistics {figures.statistics_ms:.2f} ms a frame; the watch {figures.watch_ms:.2f} ms, beside"
            f" the line's work.{place}",
            "",
            "| change | frames to the alarm | is | told as such | sentence |",
            "|---|---|---|---|---|",
            *rows,
        )
    )


def misses(figures: DriftFigures) -> list[str]:
    """What of one product is not as it should be, in words."""
    name = f"{figures.product}, reference from {figures.source}"
    late = [
        f"{name}: {each.shift.name} is not told within {MOST_FRAMES} frames"
        for each in figures.shifts
        if not each.is_told
    ]
    most = MOST_FALSE * max(1, figures.stable_frames // STABLE_FRAMES)
    if figures.false_alarms > most:
        late.append(f"{name}: {figures.false_alarms} false alarms in {figures.stable_frames:,} stable frames")
    return late


def _frames(figures: ShiftFigures) -> str:
    return ", ".join(f"not within {MOST_FRAMES}" if each is None else str(each) for each in figures.frames)


def main(
    *,
    data: Annotated[Path, typer.Option(help="Folder of data sets in MVTec layout.")] = Path("../shared/data"),
    only: Annotated[list[str] | None, typer.Option(help="Only these data sets.", show_default=False)] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Measure this bundle, on PICTURES; nothing is trained.", show_default=False),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Good parts that BUNDLE has not seen.", show_default=False)
    ] = None,
    stable_frames: Annotated[int, typer.Option(min=0, help="Frames without a change.")] = STABLE_FRAMES,
    output: Annotated[
        Path | None, typer.Option(help="Document to write the tables into.", show_default=False)
    ] = None,
) -> None:
    """Train on every other good picture, play a line from the rest, and print how drift is told.

    The exit code is 1 where a change is not told in time, or alarms are false.
    """
    sections: list[str] = []
    missed: list[str] = []
    with TemporaryDirectory() as scratch:
        for path, unseen in _products(data, only, bundle, pictures, Path(scratch)):
            for learned in (False, True):
                try:
                    figures = measure_drift(
                        path,
                        unseen,
                        learned_at_the_line=learned,
                        stable_frames=stable_frames,
                        on_step=lambda step: Console(stderr=True).print(step, markup=False),
                    )
                except DatasetError as error:
                    PLAIN.print(str(error), markup=False)
                    continue
                sections.append(table(figures))
                missed += misses(figures)
                PLAIN.print(sections[-1], markup=False)
    if output is not None:
        write_tables(output, "\n\n".join(sections), MARKS)
    PLAIN.print(f"missed: {'; '.join(missed)}" if missed else "all reached", markup=False)
    sys.exit(1 if missed else 0)


def _products(
    data: Path, only: list[str] | None, bundle: Path | None, pictures: Path | None, scratch: Path
) -> Iterator[tuple[Path, list[Path]]]:
    """Bundles, and pictures that they have not seen."""
    if bundle is not None and pictures is not None:
        yield bundle, image_files(pictures)
        return
    sets = sorted(folder for folder in data.glob("*") if (folder / "train" / "good").is_dir())
    for folder in sets:
        files = image_files(folder / "train" / "good")
        if len(files) < 2 * LEARN_FRAMES // 4 or (only and folder.name not in only):
            continue  # too few to learn from one half
        normals = scratch / f"{folder.name}-normals"
        normals.mkdir()
        for file in files[::2]:
            (normals / file.name).symlink_to(file.resolve())
        yield train_product(folder.name, normals, scratch / folder.name).bundle.path, files[1::2]


if __name__ == "__main__":
    typer.run(main)
