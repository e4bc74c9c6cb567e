"""A bundle is fetched from where it is kept: by fsspec, only what its manifest names, each file verified."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

import fsspec
from fsspec.core import split_protocol
from pydantic import ValidationError

from inspector.bundle import MANIFEST_NAME, SIGNATURE_NAME, Bundle, Manifest, load_bundle
from inspector.durability import sync_folder
from inspector.errors import BundleError, ModelSourceError
from inspector.settings import ModelSettings

LARGEST_MANIFEST_BYTES: Final = 8_000_000
MOST_FILES: Final = 10_000
KEEP_FREE_BYTES: Final = 100_000_000
"""Room on the disk that a bundle must leave for records and evidence."""
LARGEST_SIGNATURE_BYTES: Final = 4096
_BLOCK_BYTES = 1 << 20
_MB = 1_000_000
_PLAIN_NAME = re.compile(r"^[^\\:\0]+$")


def fetch_bundle(
    source: str,
    folder: Path,
    *,
    product: str,
    version: str,
    settings: ModelSettings,
    between: Callable[[], None] = lambda: None,
    with_learning: bool = False,
) -> Bundle:
    """Fetch a bundle into a folder that does not exist yet, and check every file of it.

    Its signature comes along where it has one; `inspector.signatures.Trust` checks that.

    The folder is on disk when this returns; after an error it is gone. Only the manifest and the files that
    it names are read, under their plain names: nothing is listed, and no link is followed.

    Args:
        source: folder or fsspec URL of the bundle.
        folder: where it goes.
        product: that it must be for.
        version: that it must have.
        settings: protocols that are allowed, and the largest size.
        between: called between two blocks; what it raises ends the fetching.
        with_learning: the files that a retraining goes on from as well; boxes need none.

    Raises:
        BundleError: the source may not be used, or what is there is damaged, too large, or another bundle.
        ModelSourceError: the source is away, or the disk cannot take it: trying again may work.
    """
    shutil.rmtree(folder, ignore_errors=True)
    reader = _Reader(source, settings, product, version)
    try:
        manifest_bytes = reader.read_manifest()
        manifest = _checked(manifest_bytes, product, version, reader)
        names = [*manifest.files, *(manifest.learning if with_learning else ())]
        reader.check_room(names, folder.parent)
        signature = reader.read_signature()
        reader.fetch(names, manifest_bytes, signature, folder, between)
        bundle = load_bundle(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return bundle


def shown(source: str) -> str:
    """A source without user name and password, for logs and messages."""
    return re.sub(r"//[^/@]*@", "//", source)


class _Reader:
    """The files at a source."""

    def __init__(self, source: str, settings: ModelSettings, product: str, version: str) -> None:
        self.what = f"bundle {version} of {product} cannot be fetched from {shown(source)}"
        self._largest_bytes = settings.largest_mb * _MB
        protocol, _ = split_protocol(source)
        if "::" in source or (protocol or "file") not in settings.protocols:
            why = f"sources of this kind are not allowed ({protocol or 'chained'})"
            raise BundleError(self.what, why, f"Use one of edge.models.protocols: {settings.protocols}")
        try:
            # A fresh file system: a cached listing would not show what was repaired since.
            fs, root = fsspec.core.url_to_fs(source, skip_instance_cache=True)
        except (ImportError, ValueError) as error:
            remedy = "Install the fsspec package for this kind of source on the box"
            raise BundleError(self.what, str(error), remedy) from error
        except Exception as error:  # a client may connect already, and raise what it likes
            raise self._away(error) from error
        self._fs: Any = fs
        self._root = str(root).rstrip("/")
        self._is_local = (protocol or "file") == "file"

    def read_manifest(self) -> bytes:
        self._refuse_link(MANIFEST_NAME)
        try:
            with self._fs.open(f"{self._root}/{MANIFEST_NAME}", "rb") as file:
                data = file.read(LARGEST_MANIFEST_BYTES + 1)
        except Exception as error:
            raise self._away(error) from error
        if len(data) > LARGEST_MANIFEST_BYTES:
            raise BundleError(self.what, f"its {MANIFEST_NAME} is larger than 8 MB", "Export it again")
        return bytes(data)

    def read_signature(self) -> bytes | None:
        """The content of its signature; None where there is none."""
        self._refuse_link(SIGNATURE_NAME)
        try:
            with self._fs.open(f"{self._root}/{SIGNATURE_NAME}", "rb") as file:
                data = file.read(LARGEST_SIGNATURE_BYTES + 1)
        except (FileNotFoundError, PermissionError):
            # S3 forbids what is not there to those who may not list. Whoever wants a signature misses it.
            return None
        except Exception as error:
            raise self._away(error) from error
        if len(data) > LARGEST_SIGNATURE_BYTES:
            raise BundleError(self.what, f"its {SIGNATURE_NAME} is larger than 4 kB", "Sign it again")
        return bytes(data)

    def check_room(self, names: Sequence[str], disk: Path) -> None:
        """Refuse what is too large, before a byte of it is fetched, as far as the source tells sizes."""
        if len(names) > MOST_FILES:
            raise BundleError(self.what, f"it has {len(names):,} files", "Export it again")
        total = 0
        for name in names:
            self._refuse_link(name)
            try:
                total += self._fs.size(f"{self._root}/{name}") or 0
            except Exception as error:
                raise self._away(error) from error
        if total > self._largest_bytes:
            raise self._too_large(total)
        try:
            disk.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(disk).free
        except OSError as error:
            raise self._not_kept(error) from error
        if free < total + KEEP_FREE_BYTES:
            why = f"it has {total / _MB:.0f} MB, and the disk has {free / _MB:.0f} MB left"
            raise ModelSourceError(self.what, why, "Free the disk of edge.data_dir")

    def fetch(
        self,
        names: Sequence[str],
        manifest_bytes: bytes,
        signature: bytes | None,
        folder: Path,
        between: Callable[[], None],
    ) -> None:
        """Write the files below a folder and sync them."""
        left = self._largest_bytes
        for name in names:
            left = self._fetch_file(name, folder / name, left, between)
        try:
            (folder / MANIFEST_NAME).write_bytes(manifest_bytes)
            if signature is not None:
                (folder / SIGNATURE_NAME).write_bytes(signature)
            for file in folder.rglob("*"):
                sync_folder(file)  # fsync takes files and folders alike
            sync_folder(folder)
        except OSError as error:
            raise self._not_kept(error) from error

    def _fetch_file(self, name: str, path: Path, left: int, between: Callable[[], None]) -> int:
        """Copy one file, of at most so many bytes; returns how many are left."""
        try:
            source = self._fs.open(f"{self._root}/{name}", "rb")
        except Exception as error:
            raise self._away(error) from error
        with source:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                target = path.open("xb")
            except OSError as error:
                raise self._not_kept(error) from error
            with target:
                while True:
                    between()
                    try:
                        block = source.read(_BLOCK_BYTES)
                    except Exception as error:
                        raise self._away(error) from error
                    if not block:
                        return left
                    left -= len(block)
                    if left < 0:
                        raise self._too_large(self._largest_bytes - left)
                    try:
                        target.write(block)
                    except OSError as error:
                        raise self._not_kept(error) from error

    def _refuse_link(self, name: str) -> None:
        """A link or a device at a local source could show any file of the box, or never end."""
        if not self._is_local:
            return
        path = Path(self._root) / name
        if path.exists() and (not path.is_file() or path.resolve() != Path(self._root).resolve() / name):
            why = f"{name} is a link, or no file"
            raise BundleError(self.what, why, "Copy the bundle's files themselves to the source")

    def _too_large(self, size: int) -> BundleError:
        why = f"it has {size / _MB:,.0f} MB or more, {self._largest_bytes / _MB:,.0f} MB are allowed"
        return BundleError(self.what, why, "Raise edge.models.largest_mb if that is meant")

    def _away(self, error: Exception) -> ModelSourceError:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else type(error).__name__
        if str(error):
            why += f" ({shown(str(error))})"
        return ModelSourceError(self.what, why, "Check the source, and the box's way to it")

    def _not_kept(self, error: OSError) -> ModelSourceError:
        why = f"the disk cannot take it ({error.strerror or error})"
        return ModelSourceError(self.what, why, "Free or repair the disk of edge.data_dir")


def _checked(data: bytes, product: str, version: str, reader: _Reader) -> Manifest:
    """The manifest, if it is that of the wanted bundle."""
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        why = ": ".join(filter(None, (MANIFEST_NAME, ".".join(map(str, first["loc"])), first["msg"])))
        raise BundleError(reader.what, why, "Copy the bundle to the source again") from error
    if manifest.product != product:
        raise BundleError(reader.what, f"it is a bundle of {manifest.product}", "Correct the source")
    if manifest.version != version:
        why = f"the bundle there has version {manifest.version}"
        raise BundleError(reader.what, why, "Correct the version or the source")
    for name in (*manifest.files, *manifest.learning):
        parts = PurePosixPath(name).parts
        plain = _PLAIN_NAME.match(name) and "/".join(parts) == name
        plain = plain and name not in (MANIFEST_NAME, SIGNATURE_NAME)
        if not plain or {"..", "/"} & set(parts) or len(os.fsencode(name)) > 1000:  # noqa: PLR2004
            why = f"{MANIFEST_NAME} names a file that does not stay in the bundle, {name[:80]!r}"
            raise BundleError(reader.what, why, "Export it again with `inspector train`")
    return manifest
