"""What a box keeps of its watch over a camera, so that a restart neither forgets nor tells twice.

`<data_dir>/drift/<line>/<camera>.npz`, without pickle. The detectors' own memory is not kept: after a restart
each stream is compared with the reference again, and a change that had just begun takes its frames once more.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inspector.drift.reference import DriftReference

FOLDER: Final = "drift"
_NONE: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class WatchState:
    """The watch over one camera.

    Attributes:
        product: in front of the camera.
        model_version: that judged it.
        reference: what frames are compared with; None while it is learned.
        is_own: the box has learned it, or learns it, though the bundle may bring one: somebody has said that
            what came is usual.
        alarm: key of the alarm that is not over; None: there is none.
    """

    product: str
    model_version: str
    reference: DriftReference | None
    is_own: bool
    alarm: int | None


def state_path(data_dir: Path, line: str, camera: str) -> Path:
    """Where the state of a camera is."""
    return data_dir / FOLDER / line / f"{camera}.npz"


def save_state(path: Path, state: WatchState) -> None:
    """Write it, whole or not at all.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    arrays = {} if state.reference is None else state.reference.arrays()
    with temporary.open("wb") as file:
        np.savez(
            file,
            product=np.array(state.product),
            model_version=np.array(state.model_version),
            is_own=np.bool_(state.is_own),
            alarm=np.int64(_NONE if state.alarm is None else state.alarm),
            **arrays,
        )
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load_state(path: Path) -> WatchState | None:
    """Read it; None where there is none, or none that this version can read: the watch then begins anew."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        alarm = int(arrays["alarm"])
        return WatchState(
            product=str(arrays["product"]),
            model_version=str(arrays["model_version"]),
            reference=DriftReference.of_arrays(arrays) if "values" in arrays else None,
            is_own=bool(arrays["is_own"]),
            alarm=None if alarm == _NONE else alarm,
        )
    except (OSError, ValueError, KeyError, EOFError):
        return None
