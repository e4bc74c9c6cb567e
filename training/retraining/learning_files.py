"""What a retraining goes on from, kept in a bundle's `learning/` folder: the normals and the decoders.

    learning/normals.zip             the normals in the network's input size, and `sources.json` about them
    learning/decoders.safetensors    every scale's standardisation, memory and projection, as they were fitted

The exported network cannot be learned further: it is rearranged for speed, and calibrated.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from inspector.bundle import LEARNING_FOLDER, Bundle, file_sha256
from inspector.errors import FrameError, TrainingError
from inspector.frames import decode_image, encode_png
from training.decoders.scale import Scale

NORMALS_NAME: Final = f"{LEARNING_FOLDER}/normals.zip"
DECODERS_NAME: Final = f"{LEARNING_FOLDER}/decoders.safetensors"
_SOURCES, _SCALES = "sources.json", "scales"


class Source(BaseModel):
    """Where a normal came from.

    Attributes:
        name: file's name, or id of a reviewed frame.
        sha256: hash of the picture in the network's input size; the same picture is not learned twice.
        added_with: version of the bundle that brought it; empty for the first training.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sha256: str
    added_with: str = ""


_SOURCE_LIST = TypeAdapter(list[Source])


@dataclass(frozen=True, slots=True)
class ScaleState:
    """One scale as it was fitted.

    Attributes:
        layers: of the encoder.
        grid: (rows, columns) of patches.
        tensors: its module's state, by name.
    """

    layers: tuple[int, ...]
    grid: tuple[int, int]
    tensors: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class LearningFiles:
    """All of it.

    Attributes:
        normals: uint8 [N, H, W, 3].
        sources: where each came from.
        scales: the finest first.
    """

    normals: NDArray[np.uint8]
    sources: tuple[Source, ...]
    scales: tuple[ScaleState, ...]


def write_learning_files(
    folder: Path, normals: NDArray[np.uint8], sources: Sequence[Source], scales: Sequence[Scale]
) -> None:
    """Write into a bundle's folder, before it is sealed."""
    (folder / LEARNING_FOLDER).mkdir()
    with zipfile.ZipFile(folder / NORMALS_NAME, "w", zipfile.ZIP_STORED) as archive:
        for number, normal in enumerate(normals):
            archive.writestr(_entry(number), encode_png(normal))
        archive.writestr(_SOURCES, _SOURCE_LIST.dump_json(list(sources), indent=1))
    tensors = {
        f"{number}.{name}": tensor.contiguous()
        for number, scale in enumerate(scales)
        for name, tensor in scale.state_dict().items()
    }
    shapes = [{"layers": scale.features.layers, "grid": scale.grid} for scale in scales]
    save_file(tensors, folder / DECODERS_NAME, {_SCALES: json.dumps(shapes)})
    # safetensors' files can be read by their owner only; whoever retrains may be somebody else.
    (folder / DECODERS_NAME).chmod(0o644)


def read_learning_files(bundle: Bundle) -> LearningFiles:
    """Read and check a bundle's learning files.

    Raises:
        TrainingError: the bundle has none, or they are damaged.
    """
    what = f"bundle {bundle.path} cannot be retrained"
    for name in (NORMALS_NAME, DECODERS_NAME):
        if name not in bundle.manifest.learning or not (bundle.path / name).is_file():
            raise TrainingError(
                what,
                f"it has no {name}: it was trained without, by an earlier version, or comes from a box",
                "Give the bundle as `inspector train` wrote it, or train anew",
            )
        if file_sha256(bundle.path / name) != bundle.manifest.learning[name]:
            raise TrainingError(
                what, f"{name} was changed after the training", "Restore it from a copy, or train anew"
            )
    try:
        normals, sources = _read_normals(bundle.path / NORMALS_NAME)
        scales = _read_scales(bundle.path / DECODERS_NAME)
    except (
        OSError,
        KeyError,
        ValueError,
        FrameError,
        ValidationError,
        zipfile.BadZipFile,
        SafetensorError,
    ) as error:
        raise TrainingError(what, f"its learning files: {error}", "Train anew") from error
    return LearningFiles(normals, sources, scales)


def _read_normals(path: Path) -> tuple[NDArray[np.uint8], tuple[Source, ...]]:
    with zipfile.ZipFile(path) as archive:
        sources = tuple(_SOURCE_LIST.validate_json(archive.read(_SOURCES)))
        images = [decode_image(archive.read(_entry(number))) for number in range(len(sources))]
    return np.stack(images), sources


def _read_scales(path: Path) -> tuple[ScaleState, ...]:
    with safe_open(path, framework="pt") as file:
        shapes = json.loads(file.metadata()[_SCALES])
        return tuple(
            ScaleState(
                tuple(shape["layers"]),
                (shape["grid"][0], shape["grid"][1]),
                {
                    name.removeprefix(f"{number}."): file.get_tensor(name)
                    for name in file.keys()  # noqa: SIM118 - no mapping
                    if name.startswith(f"{number}.")
                },
            )
            for number, shape in enumerate(shapes)
        )


def _entry(number: int) -> str:
    return f"{number:05d}.png"


def picture_sha256(normal: NDArray[np.uint8]) -> str:
    """Hash of a picture [H, W, 3] by which it is known again."""
    return hashlib.sha256(normal.tobytes()).hexdigest()
