"""A small network that comes as a folder: manifest, ONNX file, weights; read, checked by hash, opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from safetensors.numpy import load_file

from inspector.bundle import file_sha256
from inspector.errors import InspectorError

CPU = ("CPUExecutionProvider",)


class _Manifest(BaseModel):
    files: dict[str, str]


M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class FolderLayout(Generic[M]):
    """What a folder holds, and what is said when it does not.

    Attributes:
        manifest_type: pydantic model with a field `files`.
        manifest: name of its file.
        onnx: name of the network's file.
        weights: name of the safetensors file.
        error: what is raised.
        remedy: what to do then.
    """

    manifest_type: type[M]
    manifest: str
    onnx: str
    weights: str
    error: type[InspectorError]
    remedy: str


@dataclass(frozen=True, slots=True)
class NetworkFolder(Generic[M]):
    """A folder that was read: its manifest, a session of ONNX Runtime, and its weights."""

    manifest: M
    session: Any
    tensors: dict[str, NDArray[np.float32]]


def read_network_folder(
    folder: Path,
    what: str,
    layout: FolderLayout[M],
    *,
    threads: int,
    providers: Sequence[str] = CPU,
) -> NetworkFolder[M]:
    """Read a folder and check every file against its manifest.

    Args:
        folder: the folder.
        what: beginning of an error's message, such as "adapter x cannot be used".
        layout: what it holds.
        threads: of one forward pass.
        providers: ONNX Runtime's, in order of preference.

    Raises:
        InspectorError: of the layout's type: a file is missing or damaged.
    """
    try:
        content = (folder / layout.manifest).read_bytes()
        manifest = layout.manifest_type.model_validate_json(content)
        files = _Manifest.model_validate_json(content).files
    except FileNotFoundError as error:
        raise layout.error(what, f"it has no {layout.manifest}", layout.remedy) from error
    except (OSError, ValidationError) as error:
        why = f"{layout.manifest}: {str(error).splitlines()[0]}"
        raise layout.error(what, why, layout.remedy) from error
    for name in (layout.onnx, layout.weights):
        if not (folder / name).is_file():
            raise layout.error(what, f"{name} is missing", layout.remedy)
        if file_sha256(folder / name) != files.get(name):
            raise layout.error(what, f"{name} was changed (its SHA-256 differs)", layout.remedy)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(folder / layout.onnx), options, providers=list(providers))
        tensors = load_file(folder / layout.weights)
    except Exception as error:  # ONNX Runtime raises a dozen unrelated types
        raise layout.error(what, str(error).splitlines()[0], layout.remedy) from error
    return NetworkFolder(manifest, session, tensors)
