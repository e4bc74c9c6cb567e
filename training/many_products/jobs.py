"""What is to be trained, and whether it already was."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from inspector.bundle import load_bundle
from inspector.durability import write_durably
from inspector.errors import BundleError, TrainingError
from inspector.frames import image_files
from training.product import check_product
from training.settings import TrainingSettings, load_training_settings

MVTEC_NORMALS = Path("train/good")
"""Where a data set in MVTec layout has its normals."""


@dataclass(frozen=True, slots=True)
class Job:
    """One product to train.

    Attributes:
        product: name that results carry.
        normal: folder of pictures of good parts.
        settings: of the training.
    """

    product: str
    normal: Path
    settings: TrainingSettings


class Done(BaseModel):
    """Kept beside a bundle: what it was trained from.

    Attributes:
        inputs: see `inputs_of`.
        model_version: of the bundle.
        normals: pictures learned.
        seconds: that it took.
        notes: what a person should know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: str
    model_version: str
    normals: int
    seconds: float
    notes: tuple[str, ...]


class _Product(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    normal: Path
    config: Path | None = None


class _Products(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    products: dict[str, _Product]


def read_jobs(source: Path, config: Path | None) -> list[Job]:
    """The products of a TOML file or of a folder.

    Args:
        source: a file with `[products.NAME]`, `normal = "folder"` and perhaps `config = "training.toml"`,
            paths relative to it; or a folder with one folder of normals a product, or of data sets in MVTec
            layout.
        config: training settings of those that name none.

    Raises:
        TrainingError: there is no such list, it is empty, or a product cannot be named so.
        SettingsError: training settings cannot be read.
    """
    jobs = _listed(source, config) if source.is_file() else _found(source, config)
    if not jobs:
        raise TrainingError(
            f"{source} names no product",
            "it has no folders" if source.is_dir() else "its [products] is empty",
            "Give a folder with one folder of pictures a product, or a TOML file",
        )
    for job in jobs:
        check_product(job.product)
    return jobs


def inputs_of(job: Job) -> str:
    """SHA-256 of the settings and of every picture's name, size and time of change."""
    digest = hashlib.sha256(job.settings.model_dump_json().encode())
    for file in image_files(job.normal):
        status = file.stat()
        digest.update(f"{file.relative_to(job.normal)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def done_before(job: Job, output: Path) -> Done | None:
    """What a bundle at its place was trained from, if it is whole and the inputs are the same.

    Raises:
        DatasetError: there is no folder of normals.
    """
    done = _done_there(job, output)
    return done if done is not None and done.inputs == inputs_of(job) else None


def is_of_earlier_run(job: Job, output: Path) -> bool:
    """Whether the bundle at its place was trained here: a newer one may take its place."""
    return _done_there(job, output) is not None


def _done_there(job: Job, output: Path) -> Done | None:
    """What the whole bundle at its place was trained from; None where it is another, damaged, or none."""
    try:
        done = Done.model_validate_json(done_path(job, output).read_bytes())
        version = load_bundle(output / job.product).version
    except (OSError, ValidationError, BundleError):
        return None
    return done if done.model_version == version else None


def keep_done(job: Job, output: Path, done: Done) -> None:
    """Remember that a bundle is finished."""
    write_durably(done_path(job, output), f"{done.model_dump_json(indent=2)}\n".encode())


def done_path(job: Job, output: Path) -> Path:
    """The file beside its bundle."""
    return output / f"{job.product}.json"


def _listed(source: Path, config: Path | None) -> list[Job]:
    try:
        listed = _Products.model_validate(tomllib.loads(source.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise TrainingError(
            f"{source} is no list of products", str(error), 'Write [products.NAME] and normal = "folder"'
        ) from error
    return [
        Job(
            name,
            source.parent / one.normal,
            load_training_settings(config if one.config is None else source.parent / one.config),
        )
        for name, one in listed.products.items()
    ]


def _found(source: Path, config: Path | None) -> list[Job]:
    if not source.is_dir():
        raise TrainingError(f"{source} cannot be read", "there is no such file or folder", "Check the path")
    settings = load_training_settings(config)
    folders = sorted(path for path in source.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [Job(folder.name, _normals_in(folder), settings) for folder in folders]


def _normals_in(folder: Path) -> Path:
    return folder / MVTEC_NORMALS if (folder / MVTEC_NORMALS).is_dir() else folder


def products_of(jobs: Sequence[Job]) -> str:
    """Their names, for a sentence."""
    return ", ".join(job.product for job in jobs)
