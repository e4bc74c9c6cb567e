"""Picture files scored into JSON lines and maps: the work behind `inspector score`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import numpy as np

from inspector.bundle import new_folder
from inspector.errors import DatasetError, FrameError, InspectorError, OutputExistsError
from inspector.frames import image_files, read_frame
from inspector.inspecting import Inspector, anomaly_map_in_frame
from inspector.results import Inspection, Verdict

STDOUT = Path("-")
"""Output path that means standard output."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A file to score.

    Attributes:
        path: where it is.
        name: its path below the folder that was asked for, or its file name.
    """

    path: Path
    name: Path


@dataclass(frozen=True, slots=True)
class ScoringSummary:
    """How many pictures were given which verdict; the unreadable ones are among the unsure."""

    pictures: int
    passed: int
    rejected: int
    unsure: int
    unreadable: int


def find_pictures(paths: Sequence[Path]) -> list[Picture]:
    """Every picture among files and below folders, in the order given; a file named twice is taken once.

    Raises:
        DatasetError: a path does not exist, or there is no picture at all.
    """
    pictures: dict[str, Picture] = {}
    for path in paths:
        if path.is_dir():
            found = [Picture(file, file.relative_to(path)) for file in image_files(path)]
        elif path.exists():
            found = [Picture(path, Path(path.name))]
        else:
            raise DatasetError(
                f"{path} cannot be scored", "there is no such file or folder", "Correct the path"
            )
        for picture in found:
            pictures.setdefault(os.path.normpath(picture.path.absolute()), picture)
    if not pictures:
        where = ", ".join(str(path) for path in paths)
        raise DatasetError(f"no pictures found in {where}", remedy="Give folders that hold JPEG or PNG files")
    return list(pictures.values())


def map_names(pictures: Sequence[Picture]) -> list[Path]:
    """One relative file name for each picture's map; no two are equal, not even but for their case.

    A map is named as its picture with the ending `.npy`; where that is taken, the picture's ending stays
    (`000.png.npy`); where that is taken too, a number is added.
    """
    taken: set[str] = set()
    names = []
    for picture in pictures:
        for name in _map_name_choices(picture.name):
            if str(name).casefold() not in taken:
                break
        taken.add(str(name).casefold())
        names.append(name)
    return names


def score_files(
    inspector: Inspector,
    pictures: Sequence[Picture],
    output: Path,
    *,
    maps: Path | None = None,
    overwrite: bool = False,
    on_picture: Callable[[Inspection | FrameError], None],
) -> ScoringSummary:
    """Score pictures one after the other and write one JSON line for each.

    Both outputs are written under temporary names and renamed at the end, so that a run that fails leaves
    nothing behind. A picture that cannot be read gets a line with the verdict `unsure` and the reason.

    Args:
        inspector: judges the frames.
        pictures: what to score, from `find_pictures`.
        output: file of JSON lines; `STDOUT` writes them as they come.
        maps: folder for the anomaly maps, float32 `.npy` `[H, W]` in each frame's own size, named by
            `map_names`; each line then says where under the key `map`.
        overwrite: replace what stands at `output` and `maps`.
        on_picture: called after every picture, with its result or with why it cannot be read.

    Raises:
        OutputExistsError: something stands at `output` or `maps`.
        EngineError: the network failed.
    """
    if maps is not None:
        _check_replaceable(maps)
    counts = dict.fromkeys(Verdict, 0)
    unreadable = 0
    with (
        _new_lines(output, overwrite=overwrite) as lines,
        nullcontext() if maps is None else new_folder(maps, overwrite=overwrite) as map_folder,
    ):
        for picture, map_name in zip(pictures, map_names(pictures), strict=True):
            started = time.perf_counter()
            try:
                result: Inspection | FrameError = inspector.inspect(read_frame(picture.path), started=started)
            except FrameError as error:
                result = error
            if isinstance(result, FrameError):
                unreadable += 1
                counts[Verdict.UNSURE] += 1
                line = _unreadable_line(inspector, picture, result, 1000 * (time.perf_counter() - started))
            else:
                counts[result.verdict] += 1
                line = _line(picture, result)
                if map_folder is not None and maps is not None:
                    line["map"] = str(maps / map_name)
                    (map_folder / map_name).parent.mkdir(parents=True, exist_ok=True)
                    np.save(map_folder / map_name, anomaly_map_in_frame(result))
            lines.write(json.dumps(line) + "\n")
            on_picture(result)
    return ScoringSummary(
        pictures=len(pictures),
        passed=counts[Verdict.PASS],
        rejected=counts[Verdict.REJECT],
        unsure=counts[Verdict.UNSURE],
        unreadable=unreadable,
    )


def _line(picture: Picture, inspection: Inspection) -> dict[str, object]:
    return {
        "image": str(picture.path),
        "product": inspection.product,
        "model_version": inspection.model_version,
        "score": inspection.score,
        "limit": inspection.limit,
        "verdict": inspection.verdict.value,
        "reason": inspection.reason,
        "regions": [asdict(region) for region in inspection.regions],
        "latency_ms": round(inspection.latency_ms, 3),
    }


def _unreadable_line(
    inspector: Inspector, picture: Picture, error: FrameError, latency_ms: float
) -> dict[str, object]:
    manifest = inspector.bundle.manifest
    return {
        "image": str(picture.path),
        "product": manifest.product,
        "model_version": manifest.version,
        "score": None,
        "limit": manifest.limits.reject,
        "verdict": Verdict.UNSURE.value,
        "reason": str(error),
        "regions": [],
        "latency_ms": round(latency_ms, 3),
    }


def _map_name_choices(name: Path) -> Iterator[Path]:
    yield name.with_suffix(".npy")
    yield name.with_name(f"{name.name}.npy")
    number = 2
    while True:
        yield name.with_name(f"{name.name}-{number}.npy")
        number += 1


def _check_replaceable(maps: Path) -> None:
    """Refuse to replace a folder that holds more than maps, which `overwrite` would delete."""
    if maps.is_dir():
        foreign = next((file for file in maps.rglob("*") if file.is_file() and file.suffix != ".npy"), None)
        if foreign is not None:
            raise OutputExistsError(
                f"{maps} is not replaced",
                f"it holds {foreign.name}, which is no map",
                "Choose another --maps folder",
            )


@contextmanager
def _new_lines(path: Path, *, overwrite: bool) -> Iterator[IO[str]]:
    """A text file under a temporary name that takes its own when the block succeeds; or standard output."""
    if path == STDOUT:
        yield sys.stdout
        sys.stdout.flush()
        return
    if path.is_dir():
        raise OutputExistsError(f"{path} is a folder", remedy="Give a file name with --output")
    if path.exists() and not overwrite:
        why = "nothing was overwritten"
        raise OutputExistsError(f"{path} already exists", why, "Choose another --output, or add --overwrite")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        why = error.strerror or str(error)
        raise InspectorError(f"{path} cannot be written", why, "Choose another --output") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
