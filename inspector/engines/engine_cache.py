"""Built TensorRT engines on disk: named by all that an engine depends on, whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inspector.bundle import file_sha256
from inspector.errors import EngineError

_SUFFIX, _NOTE_SUFFIX = ".engine", ".json"


class Plan(Protocol):
    """What an engine's name is made of; see `inspector.engines.tensorrt.TensorRtPlan`."""

    @property
    def model_sha256(self) -> str:
        """Hash of the network."""

    @property
    def precision(self) -> str:
        """Its precision."""

    @property
    def largest_batch(self) -> int:
        """Upper end of its batch range."""

    @property
    def normals(self) -> tuple[str, ...]:
        """What an int8 engine is calibrated on."""


def cache_name(plan: Plan, *, gpu: str, tensorrt_version: str) -> str:
    """A file name for an engine: the same for the same plan on the same machine, another one otherwise."""
    parts = [plan.model_sha256, gpu, tensorrt_version, plan.precision, str(plan.largest_batch)]
    if plan.precision == "int8":
        parts += [file_sha256(Path(file)) for file in plan.normals]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    readable = re.sub(r"[^A-Za-z0-9]+", "-", gpu).strip("-").lower()
    machine = f"{readable}-trt{tensorrt_version}"
    return f"{plan.model_sha256[:12]}-{machine}-{plan.precision}-b{plan.largest_batch}-{digest}"


@dataclass(frozen=True, slots=True)
class CachedEngine:
    """One engine in the cache.

    Attributes:
        folder: the cache.
        name: made by `cache_name`.
    """

    folder: Path
    name: str

    @property
    def engine_path(self) -> Path:
        """The engine's bytes."""
        return self.folder / f"{self.name}{_SUFFIX}"

    @property
    def note_path(self) -> Path:
        """Hash and size of the engine."""
        return self.folder / f"{self.name}{_NOTE_SUFFIX}"

    @property
    def size_bytes(self) -> int:
        """Of the engine."""
        return self.engine_path.stat().st_size

    def keep(self, data: bytes) -> None:
        """Write the engine; its note comes last, so that half an engine is never taken for a whole one.

        Raises:
            EngineError: the cache cannot be written.
        """
        note = json.dumps({"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)})
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(self.engine_path, data)
            _write(self.note_path, note.encode())
        except OSError as error:
            remedy = "Give this user the right to write there, or correct engine.cache_dir"
            raise EngineError(f"engine cannot be kept in {self.folder}", str(error), remedy) from error

    def is_whole(self) -> bool:
        """Whether the bytes are those that were kept."""
        try:
            note = json.loads(self.note_path.read_bytes())
            return bool(note["sha256"] == file_sha256(self.engine_path))
        except (OSError, ValueError, KeyError, TypeError):
            return False


def cached_engine(folder: Path, name: str) -> CachedEngine | None:
    """The engine of a name; None where there is none, or not a whole one."""
    engine = CachedEngine(folder, name)
    return engine if engine.is_whole() else None


def cached_engines(folder: Path) -> Iterator[CachedEngine]:
    """Every engine in the cache, whole or not, by name."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        yield CachedEngine(folder, path.name.removesuffix(_SUFFIX))


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
