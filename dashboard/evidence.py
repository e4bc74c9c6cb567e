"""Reading the pictures and maps that boxes keep; `edge/evidence.py` writes them and describes the layout."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inspector.errors import EvidenceError
from inspector.evidence import read_evidence
from inspector.frames import decode_image

MAP_NAME: Final = "anomaly_map"
"""Name of the one array in a map's `.npz`."""


def read_picture(location: str, data_dir: Path) -> NDArray[np.uint8]:
    """The kept frame as uint8 `[H, W, 3]` RGB.

    Args:
        location: path relative to the box's data folder, or an absolute URI that fsspec can open.
        data_dir: the box's data folder.

    Raises:
        EvidenceError: there is nothing at this place, or this machine cannot reach it.
        FrameError: the bytes are not a usable picture.
    """
    return decode_image(read_evidence(location, data_dir))


def read_map(location: str, data_dir: Path) -> NDArray[np.float32]:
    """The kept anomaly map as float32 `[h, w]`, in the network's map size; arguments as for `read_picture`.

    Raises:
        EvidenceError: there is no readable map at this place, or this machine cannot reach it.
    """
    data = read_evidence(location, data_dir)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            scores = np.asarray(arrays[MAP_NAME], dtype=np.float32)
    except (KeyError, OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise EvidenceError(f"the map {location} cannot be read", str(error)) from error
    if scores.ndim != 2 or not scores.size:  # noqa: PLR2004 - rows and columns
        raise EvidenceError(f"the map {location} cannot be read", f"its shape is {list(scores.shape)}")
    return scores
