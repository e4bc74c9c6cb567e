"""The bundles that a box keeps, and which of them is in force: what survives a restart.

Layout under the box's data folder::

    models/<product>/active.json        `ModelRecord`
    models/<product>/limits.json        see `edge.limits`
    models/<product>/<version>/         a bundle, whole and verified; the active one and the one before
    models/<product>/<version>.part/    one that is being fetched; worthless after a crash

The folder of the bundle in force has the latest time of change, so that it is found where `active.json` is
damaged.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from inspector.bundle import Bundle, load_bundle
from inspector.durability import sync_folder, write_durably
from inspector.errors import BundleError, ModelSourceError, SignatureError
from inspector.fetching import fetch_bundle
from inspector.model_messages import VERSION_PATTERN
from inspector.settings import ModelSettings
from inspector.signatures import Trust

MODELS_FOLDER: Final = "models"
RECORD_NAME: Final = "active.json"

_Version = Annotated[str, Field(pattern=VERSION_PATTERN)]


class ModelRecord(BaseModel):
    """Which bundle of a product is in force.

    Attributes:
        active: its version.
        previous: version of the one before, which is kept.
        request_sha256: hash of the request that made it so; the broker may deliver it again.
        changed_at: when.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    active: _Version
    previous: _Version | None = None
    request_sha256: str | None = None
    changed_at: AwareDatetime


class ModelStore:
    """One product's bundles on the box's disk. Used by one thread.

    Args:
        data_dir: the box's data folder.
        product: its name, a plain one.
        settings: protocols and the largest size.
        trust: whose bundles are kept, and given out.
    """

    def __init__(
        self, data_dir: Path, product: str, settings: ModelSettings, trust: Trust | None = None
    ) -> None:
        self.folder = data_dir / MODELS_FOLDER / product
        self._product, self._settings, self._trust = product, settings, trust or Trust()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever chosen here."""
        return not (self.folder / RECORD_NAME).exists() and not self.versions()

    def versions(self) -> list[str]:
        """Versions of the kept bundles; what was in force last is the first."""
        try:
            found = [path for path in self.folder.iterdir() if re.match(VERSION_PATTERN, path.name)]
            return [path.name for path in sorted(found, key=lambda path: -path.stat().st_mtime_ns)]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read_record(self) -> ModelRecord | None:
        """What is in force; None where nothing was chosen yet.

        Raises:
            BundleError: the file is damaged.
        """
        path = self.folder / RECORD_NAME
        try:
            return ModelRecord.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            why = "it is damaged" if isinstance(error, ValidationError) else str(error)
            remedy = "Name the bundle with `inspector edge set-model`"
            raise BundleError(f"{path.name} of {self._product} cannot be read", why, remedy) from error

    def write_record(self, record: ModelRecord) -> None:
        """Put a bundle in force from the next start on; on disk when this returns.

        Raises:
            ModelSourceError: the disk cannot be written; the earlier record stays.
        """
        try:
            folder = self.folder / record.active
            if folder.exists():
                os.utime(folder)
            content = record.model_dump(mode="json")
            write_durably(self.folder / RECORD_NAME, json.dumps(content, indent=2).encode() + b"\n")
        except OSError as error:
            raise ModelSourceError(
                f"the choice of bundle {record.active} cannot be kept",
                error.strerror or str(error),
                "Free or repair the disk of edge.data_dir",
            ) from error

    def get(self, version: str) -> Bundle | None:
        """A kept bundle, every file of it verified; None where it is not kept.

        Raises:
            BundleError: it is damaged, or another one under this name.
            SignatureError: it is not by somebody who is trusted, perhaps not any more.
        """
        path = self.folder / version
        if not path.exists():
            return None
        bundle = load_bundle(path)
        if (bundle.product, bundle.version) != (self._product, version):
            why = f"it is bundle {bundle.version} of {bundle.product}"
            raise BundleError(f"bundle {path} cannot be used", why, "Remove the folder")
        self._trust.check(bundle)
        return bundle

    def fetch(self, version: str, source: str, between: Callable[[], None] = lambda: None) -> Bundle:
        """Fetch a bundle, verify it, and only then give it its name.

        Raises:
            BundleError: see `inspector.fetching.fetch_bundle`, like the last.
            SignatureError: it is not by somebody who is trusted.
            ModelSourceError: the source is away, or the disk cannot be written.
        """
        part = self.folder / f"{version}.part"
        fetched = fetch_bundle(
            source,
            part,
            product=self._product,
            version=version,
            settings=self._settings,
            between=between,
        )
        try:
            self._trust.check(fetched)
        except SignatureError:
            shutil.rmtree(part, ignore_errors=True)
            raise
        try:
            self.remove(version)
            part.rename(self.folder / version)
            sync_folder(self.folder)
        except OSError as error:
            what, why = f"bundle {version} of {self._product} cannot be kept", error.strerror or str(error)
            raise ModelSourceError(what, why, "Free or repair the disk of edge.data_dir") from error
        return load_bundle(self.folder / version)

    def remove(self, version: str) -> None:
        """Forget a bundle; one that cannot be removed stays."""
        shutil.rmtree(self.folder / version, ignore_errors=True)

    def keep_only(self, versions: Collection[str]) -> None:
        """Remove all other bundles, and what was fetched in part."""
        if not self.folder.exists():
            return
        for path in self.folder.iterdir():
            name = path.name.removesuffix(".part")
            if re.match(VERSION_PATTERN, name) and path.name not in versions:
                shutil.rmtree(path, ignore_errors=True)


def served_products(data_dir: Path) -> set[str]:
    """Products for which the box keeps a choice of its own, which wins over the settings' bundles."""
    folder = data_dir / MODELS_FOLDER
    names = [path.name for path in folder.iterdir()] if folder.exists() else []
    return {name for name in names if not ModelStore(data_dir, name, ModelSettings()).is_empty}
