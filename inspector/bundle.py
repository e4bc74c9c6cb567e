"""A model bundle: one trained version of one product, as a folder that can be checked, copied and kept.

Layout of the folder::

    manifest.json      `Manifest`, the only file that says what the others are
    scorer.onnx        uint8 image -> maps, score, embedding
    familiarity.npz    what embeddings of the product's pictures are like, see `inspector.familiarity`
    golden/NNN.png     good parts with known scores, replayed before a bundle goes live
    golden/defect-NNN.png  the same with a painted defect
    learning/          what `inspector retrain` goes on from; boxes neither fetch nor check it
    signature.json     who vouches for it, where it was signed, see `inspector.signatures`

No file is a pickle. `manifest.json` holds the SHA-256 of every other file but the signature, and `version` is
a hash over the manifest itself without that field, so that an edit by hand is seen.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inspector.durability import sync_folder
from inspector.errors import BundleError, OutputExistsError
from inspector.ranges import FrameRanges
from inspector.results import Verdict

MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "signature.json"
SCORER_NAME = "scorer.onnx"
LEARNING_FOLDER = "learning"
GOLDEN_DEFECT: Final = "golden/defect-"
"""How the names of golden frames with a painted defect begin."""
SCHEMA_VERSION: Final = 1
LATER_FIELDS: Final = ("quality", "learning")
"""Of the manifest: fields that earlier versions did not have."""
PRODUCT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""A product name is a folder name, an MQTT property and a column value: keep it plain."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Weights(_Part):
    """Where a frozen network came from."""

    name: str = Field(title="Name", description="Library and model, such as timm:tf_efficientnet_lite0")
    sha256: str = Field(
        title="SHA-256", description="Hash over the weights as loaded", min_length=64, max_length=64
    )


class InputSize(_Part):
    """Static size of the network's input, in pixels."""

    height: int = Field(ge=32, le=4096)
    width: int = Field(ge=32, le=4096)


class Limits(_Part):
    """When a frame is rejected, and how well that is known."""

    reject: float = Field(title="Reject limit", description="Scores above it are rejected")
    false_reject_rate: float = Field(
        title="Target false-reject rate", description="Share of good parts that may be rejected", gt=0, lt=1
    )
    normals: int = Field(
        title="Normals",
        description="Number of held-out normals behind the limit; 0 where it promises no false-reject rate",
        ge=0,
    )
    method: str = Field(title="Method", description="How the normal scores and the limit were made")
    pixel: float = Field(title="Pixel limit", description="Map scores above it belong to a region")


class GoldenFrame(_Part):
    """A frame with a known result."""

    file: str
    score: float
    verdict: Verdict


class Manifest(_Part):
    """Everything known about a bundle. Its JSON schema is versioned by `schema_version`."""

    schema_version: Literal[1] = SCHEMA_VERSION
    product: str = Field(pattern=PRODUCT_PATTERN)
    version: str = Field(title="Version", description="First 16 hex digits of the content hash")
    created_at: datetime
    encoder: Weights
    text_encoder: Weights | None = Field(None, description="Null: the model has none")
    input_size: InputSize
    resize: Literal["area"] = Field("area", description="The one resize, see inspector.frames.resize")
    limits: Limits
    fusion: dict[str, float | str] = Field(
        title="Fusion", description="Constants that bring the two maps to one scale; already inside the graph"
    )
    embedding: dict[str, float] = Field(
        default_factory=dict,
        title="Embedding statistics of the normals",
        description="Limits of the distance that says whether a frame shows the product, see familiarity.npz",
    )
    quality: FrameRanges | None = Field(
        None, title="Frame quality", description="What the product's pictures measure; null: not known"
    )
    golden: tuple[GoldenFrame, ...]
    training: dict[str, float | int | str | bool | None] = Field(title="Settings and figures of the training")
    files: dict[str, str] = Field(title="Files", description="SHA-256 of every file, by relative path")
    learning: dict[str, str] = Field(
        default_factory=dict,
        title="Learning",
        description="SHA-256 of the files that a retraining goes on from, by relative path",
    )

    def content_hash(self) -> str:
        """Hash over all fields but `version`, as 16 hex digits.

        The limits are part of it: a bundle whose limit was changed is another version.
        """
        return self.content_sha256()[:16]

    def content_sha256(self) -> str:
        """The same hash in full, as 64 hex digits: two manifests with the same short one can be made."""
        # Bundles of earlier versions have no such field, and keep their hash.
        absent = {name for name in LATER_FIELDS if not getattr(self, name)}
        content = self.model_dump(mode="json", exclude={"version"} | absent)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def network(self) -> str:
        """Hash of the network's file: versions with the same one compute the same, whatever their limits."""
        return self.files[SCORER_NAME][:16]

    def sealed(self) -> Manifest:
        """The same manifest with `version` set to its content hash."""
        return self.model_copy(update={"version": self.content_hash()})


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on disk whose manifest has been read. Make one with `load_bundle`."""

    path: Path
    manifest: Manifest

    @property
    def product(self) -> str:
        """Product the bundle was trained for."""
        return self.manifest.product

    @property
    def version(self) -> str:
        """Content hash that results are recorded with."""
        return self.manifest.version

    @property
    def scorer_path(self) -> Path:
        """The ONNX network."""
        return self.path / SCORER_NAME

    @property
    def size_bytes(self) -> int:
        """Bytes of all files of the bundle on disk."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_bundle(path: Path) -> Bundle:
    """Read a bundle and check every file against the manifest.

    Raises:
        BundleError: it is missing, of another schema, incomplete, or not what was exported.
    """
    what = f"bundle {path} cannot be used"
    remedy = "Export it again with `inspector train`, or restore the folder from a copy"
    manifest_path = path / MANIFEST_NAME
    if not manifest_path.is_file():
        why = f"{MANIFEST_NAME} is missing" if path.is_dir() else "there is no such folder"
        raise BundleError(what, why, "Give the folder that `inspector train --output` wrote")
    try:
        manifest = Manifest.model_validate_json(manifest_path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or MANIFEST_NAME
        raise BundleError(what, f"{MANIFEST_NAME}: {where}: {first['msg']}", remedy) from error
    if manifest.content_hash() != manifest.version:
        why = f"{MANIFEST_NAME} was edited after it was written (its content does not match its version)"
        raise BundleError(
            what, why, "Change limits with `inspector calibrate`; " + remedy[0].lower() + remedy[1:]
        )
    if SCORER_NAME not in manifest.files:
        raise BundleError(what, f"{MANIFEST_NAME} lists no {SCORER_NAME}", remedy)
    for name, sha256 in manifest.files.items():
        file = path / name
        if not file.resolve().is_relative_to(path.resolve()):
            raise BundleError(what, f"{MANIFEST_NAME} names a file outside the bundle, {name}", remedy)
        if not file.is_file():
            raise BundleError(what, f"{name} is missing", remedy)
        if file_sha256(file) != sha256:
            raise BundleError(what, f"{name} was changed after export (its SHA-256 differs)", remedy)
    return Bundle(path, manifest)


def seal(folder: Path, manifest: Manifest) -> Manifest:
    """Hash every file of a folder into the manifest, set its version and write it there.

    A signature that is there goes: it was given to what the folder held before.
    """
    (folder / SIGNATURE_NAME).unlink(missing_ok=True)
    hashes = {
        str(file.relative_to(folder)): file_sha256(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != MANIFEST_NAME
    }
    learning = {name: sha256 for name, sha256 in hashes.items() if name.startswith(f"{LEARNING_FOLDER}/")}
    files = {name: sha256 for name, sha256 in hashes.items() if name not in learning}
    sealed = manifest.model_copy(update={"files": files, "learning": learning}).sealed()
    (folder / MANIFEST_NAME).write_text(sealed.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return sealed


@contextmanager
def new_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A temporary folder beside `path` that takes its name when the block succeeds.

    On an error the temporary folder is removed, and whatever stood at `path` stays as it was.

    Raises:
        OutputExistsError: something stands at `path` and `overwrite` is false.
    """
    if path.exists() and not overwrite:
        raise OutputExistsError(
            f"{path} already exists", "nothing was overwritten", "Choose another --output, or add --overwrite"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    temporary.chmod(0o755)
    try:
        yield temporary
        if path.exists():
            # A folder cannot be replaced in one step: the old one moves aside first and goes last.
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}-old-", dir=path.parent))
            path.rename(old / path.name)
            try:
                temporary.rename(path)
            except OSError:
                (old / path.name).rename(path)
                raise
            shutil.rmtree(old)
        else:
            temporary.rename(path)
        sync_folder(path.parent)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)
