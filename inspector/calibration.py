"""New limits for a bundle: from scores of normal pictures, or by hand. The network stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from inspector.bundle import (
    MANIFEST_NAME,
    Bundle,
    GoldenFrame,
    Limits,
    Manifest,
    load_bundle,
    new_folder,
    seal,
)
from inspector.errors import DatasetError, FrameError, InspectorError, OutputExistsError
from inspector.frames import image_files, read_frame
from inspector.inspecting import Inspector
from inspector.limits import conformal_limit, promised_rate
from inspector.results import Verdict

METHOD_NORMALS = "split conformal over normal pictures given to inspector calibrate"
METHOD_BY_HAND = "set by hand, no false-reject rate is promised"


@dataclass(frozen=True, slots=True)
class NormalScores:
    """Scores of a folder of normal pictures.

    Attributes:
        scores: one for each picture that can be judged.
        left_out: file and reason of each picture that cannot be read or judged.
    """

    scores: tuple[float, ...]
    left_out: tuple[str, ...]


def score_normals(
    inspector: Inspector, pictures: list[Path], on_picture: Callable[[], None] = lambda: None
) -> NormalScores:
    """Score normal pictures with the bundle's own network, on the engine that will judge.

    Frames that would be `unsure` on the line are left out, since the limit does not judge those.

    Raises:
        DatasetError: no picture can be judged.
        EngineError: the network failed.
    """
    scores, left_out = [], []
    for path in pictures:
        try:
            inspection = inspector.inspect(read_frame(path))
        except FrameError as error:
            left_out.append(str(error))
        else:
            if inspection.verdict is Verdict.UNSURE:
                left_out.append(f"{path}: {inspection.reason}")
            else:
                scores.append(inspection.score)
        on_picture()
    if not scores:
        first = f"; {left_out[0].rstrip('.')}" if left_out else ""
        why = f"none of {len(pictures)} pictures can be judged{first}"
        raise DatasetError("a limit needs normal pictures", why, "Give a folder of pictures of good parts")
    return NormalScores(tuple(scores), tuple(left_out))


def normal_pictures(folder: Path) -> list[Path]:
    """The pictures of a folder.

    Raises:
        DatasetError: there is no such folder, or no picture in it.
    """
    pictures = image_files(folder)
    if not pictures:
        raise DatasetError(
            f"{folder} holds no pictures",
            "a limit needs normal ones",
            "Give a folder of pictures of good parts",
        )
    return pictures


def limits_from_normals(limits: Limits, scores: tuple[float, ...], false_reject_rate: float) -> Limits:
    """Limits by `inspector.limits.conformal_limit` over scores of normals.

    The pixel limit moves in proportion to the reject limit, since both are in units of what normals score.
    """
    reject = conformal_limit(np.array(scores), false_reject_rate)
    return Limits(
        reject=reject,
        false_reject_rate=false_reject_rate,
        normals=len(scores),
        method=METHOD_NORMALS,
        pixel=_moved_pixel_limit(limits, reject),
    )


def limits_by_hand(limits: Limits, reject: float) -> Limits:
    """The given reject limit; the pixel limit moves in proportion, and nothing is promised any more.

    Raises:
        InspectorError: the limit is not a finite number.
    """
    if not np.isfinite(reject):
        raise InspectorError(
            f"{reject} is no limit", "it is not a finite number", "Give one like that of `show`"
        )
    return limits.model_copy(
        update={
            "reject": reject,
            "normals": 0,
            "method": METHOD_BY_HAND,
            "pixel": _moved_pixel_limit(limits, reject),
        }
    )


def promise(limits: Limits) -> float | None:
    """The false-reject rate that limits keep, by `promised_rate`; None where they keep none."""
    if limits.normals == 0:
        return None
    return promised_rate(limits.normals, limits.false_reject_rate)


def check_output(output: Path, *, overwrite: bool) -> None:
    """Refuse early what could not be written later.

    Raises:
        OutputExistsError: something stands at `output` and is not to be replaced, or is no bundle.
    """
    if not output.exists():
        return
    if not overwrite:
        raise OutputExistsError(
            f"{output} already exists",
            "nothing was overwritten",
            "Choose another --output, or add --overwrite",
        )
    if not (output / MANIFEST_NAME).is_file():
        raise OutputExistsError(f"{output} is not replaced", "it is no bundle", "Choose another --output")


def write_calibrated(
    bundle: Bundle, limits: Limits, output: Path, *, created_at: datetime, overwrite: bool = False
) -> Bundle:
    """Write a bundle anew with other limits, as a version of its own.

    Golden scores stay, golden verdicts follow the new limit. `output` may be the bundle's own folder when
    `overwrite` is set.

    Raises:
        OutputExistsError: see `check_output`.
    """
    check_output(output, overwrite=overwrite)
    manifest: Manifest = bundle.manifest.model_copy(
        update={
            "limits": limits,
            "created_at": created_at,
            "golden": tuple(_judged(golden, limits.reject) for golden in bundle.manifest.golden),
        }
    )
    with new_folder(output, overwrite=overwrite) as folder:
        # A box has no learning files, and neither has what is calibrated there.
        learning = [name for name in bundle.manifest.learning if (bundle.path / name).is_file()]
        for name in [*bundle.manifest.files, *learning]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle.path / name, folder / name)
        seal(folder, manifest)
    return load_bundle(output)


def _judged(golden: GoldenFrame, reject_limit: float) -> GoldenFrame:
    if golden.verdict is Verdict.UNSURE:
        return golden
    verdict = Verdict.REJECT if golden.score > reject_limit else Verdict.PASS
    return golden.model_copy(update={"verdict": verdict})


def _moved_pixel_limit(limits: Limits, reject: float) -> float:
    if limits.reject > 0 and reject > 0:
        return limits.pixel * reject / limits.reject
    return limits.pixel + reject - limits.reject
