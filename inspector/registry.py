"""The registry: bundles by product and stage, kept in a store that boxes can read, with who, when and why.

Layout of the store, any file system of fsspec::

    <url>/<product>/<version>/manifest.json    written last: a bundle is whole, or not there
    <url>/<product>/<version>/…

A bundle's place is its content hash, so it never changes and is verified on every read. Stages are in the
records. Promoting a candidate that something speaks against needs a reason, which the audit log keeps.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import fsspec

from inspector.bundle import MANIFEST_NAME, SIGNATURE_NAME, Bundle, load_bundle
from inspector.errors import InspectorError, RegistryError
from inspector.fetching import fetch_bundle, shown
from inspector.inspecting import utc_now
from inspector.records import AuditEntry, Records, RegisteredBundle, Stage
from inspector.settings import ModelSettings
from inspector.signatures import Trust, read_signature

_ADD, _SIGN, _PROMOTE, _ROLL_BACK = "register", "sign", "promote", "roll back"
_ANY_SIZE_MB: Final = 1_000_000


class Registry:
    """Bundles of all products.

    Args:
        records: where stages and the audit log are.
        url: folder or fsspec URL of the store.
        now: clock of the audit log, UTC.
        trust: whose bundles may be promoted and rolled back to; None: everybody's.
    """

    def __init__(
        self,
        records: Records,
        url: str,
        *,
        now: Callable[[], datetime] = utc_now,
        trust: Trust | None = None,
    ) -> None:
        # Boxes and other folders must find it too.
        is_url = fsspec.core.split_protocol(url)[0] is not None
        self._url = url.rstrip("/") if is_url else str(Path(url).absolute())
        self._records, self._now, self._trust = records, now, trust or Trust()

    def add(self, folder: Path, *, by: str, why: str = "") -> RegisteredBundle:
        """Copy a bundle into the store and note it as a candidate.

        One that is known stays as it is, but that a signature which it has got since is added.

        Args:
            folder: the bundle.
            by: who registers it.
            why: for what.

        Raises:
            BundleError: it is missing or damaged.
            RegistryError: the store cannot be written, or does not give back what was written.
            RecordsError: the records cannot be written.
        """
        bundle = load_bundle(folder)
        product, version = bundle.product, bundle.version
        known = self._records.bundles.get(product, version)
        if known is not None:
            if read_signature(bundle) is not None:
                self._add_signature(bundle, known.location, by)
            return known
        location = f"{self._url}/{product}/{version}"
        self._copy(bundle, location)
        now = self._now()
        parent = bundle.manifest.training.get("parent")
        registered = RegisteredBundle(
            product=product,
            version=version,
            stage=Stage.CANDIDATE,
            location=location,
            parent=None if parent is None else str(parent),
            added_at=now,
            added_by=by,
            changed_at=now,
        )
        self._records.bundles.add(registered, self._entry(_ADD, product, version, by, {"why": why}))
        return registered

    def fetch(self, product: str, version: str, folder: Path) -> Bundle:
        """Copy a registered bundle out of the store, with its learning files, each file verified.

        Args:
            product: its product.
            version: its version.
            folder: where it goes; it does not exist yet.

        Raises:
            RegistryError: it is not registered.
            BundleError: what the store holds is damaged.
            ModelSourceError: the store is away.
        """
        registered = self.get(product, version)
        folder.parent.mkdir(parents=True, exist_ok=True)
        return fetch_bundle(
            registered.location,
            folder,
            product=product,
            version=version,
            settings=_anything(registered.location),
            with_learning=True,
        )

    def get(self, product: str, version: str) -> RegisteredBundle:
        """A registered bundle.

        Raises:
            RegistryError: it is not registered.
        """
        registered = self._records.bundles.get(product, version)
        if registered is None:
            versions = ", ".join(one.version for one in self._records.bundles.of(product)) or "none"
            raise RegistryError(
                f"the registry has no bundle {version} of {product}",
                f"it has {versions}",
                "See `inspector registry list`",
            )
        return registered

    def active(self, product: str) -> RegisteredBundle:
        """The bundle that judges a product.

        Raises:
            RegistryError: none was promoted yet.
        """
        active = self._records.bundles.active(product)
        if active is None:
            raise RegistryError(
                f"the registry has no active bundle of {product}",
                "none was promoted",
                "Promote one with `inspector registry promote`, or name a bundle's folder",
            )
        return active

    def promote(
        self,
        product: str,
        version: str,
        *,
        by: str,
        why: str,
        against: Sequence[str] = (),
        override: str = "",
    ) -> RegisteredBundle | None:
        """Make a bundle the one that judges.

        Args:
            product: its product.
            version: its version.
            by: who promotes it.
            why: for what.
            against: what speaks against it, see `inspector.preview.policy`.
            override: why it is promoted all the same.

        Returns:
            The bundle that was active before; None where there was none.

        Raises:
            RegistryError: it is not registered, is active already, or something speaks against it and no
                reason for an override is given.
            BundleError: what the store holds is damaged.
            SignatureError: it is not by somebody who is trusted.
            ModelSourceError: the store is away.
        """
        if against and not override.strip():
            raise RegistryError(
                f"bundle {version} of {product} is not promoted",
                "; ".join(against),
                "Give a reason with --override to promote it all the same; the audit log keeps it",
            )
        self._verify(product, version)
        before = self._records.bundles.active(product)
        details: dict[str, Any] = {"why": why, "before": None if before is None else before.version}
        if against:
            details |= {"against": list(against), "override": override}
        self._records.bundles.activate(product, version, self._entry(_PROMOTE, product, version, by, details))
        return before

    def roll_back(self, product: str, *, by: str, why: str) -> RegisteredBundle:
        """Make the bundle active that was so before; a second time goes forth again.

        Raises:
            RegistryError: nothing was active before.
            BundleError: what the store holds is damaged.
            SignatureError: it is not by somebody who is trusted.
            ModelSourceError: the store is away.
        """
        previous = self._records.bundles.previous(product)
        if previous is None:
            raise RegistryError(
                f"{product} cannot be rolled back",
                "no other bundle was active before",
                "Promote one by its version",
            )
        self._verify(product, previous.version)
        active = self._records.bundles.active(product)
        details = {"why": why, "before": None if active is None else active.version}
        entry = self._entry(_ROLL_BACK, product, previous.version, by, details)
        self._records.bundles.activate(product, previous.version, entry)
        return self.get(product, previous.version)

    def _entry(self, action: str, product: str, version: str, by: str, details: dict[str, Any]) -> AuditEntry:
        if not by.strip():
            raise RegistryError(f"{action} is not done", "nobody is named who does it", "Give --by")
        return AuditEntry(self._now(), by, action, f"{product}/{version}", details)

    def _verify(self, product: str, version: str) -> None:
        """Read the whole bundle once: what cannot be read must not be what judges."""
        with tempfile.TemporaryDirectory() as scratch:
            self._trust.check(self.fetch(product, version, Path(scratch) / version))

    def _add_signature(self, bundle: Bundle, location: str, by: str) -> None:
        """Put a signature beside a stored bundle, where it has not the same one already."""
        content = (bundle.path / SIGNATURE_NAME).read_bytes()
        try:
            store, root = fsspec.core.url_to_fs(location)
            target = f"{root}/{SIGNATURE_NAME}"
            if store.exists(target) and store.cat_file(target) == content:
                return
            store.pipe_file(target, content)
        except Exception as error:  # each of fsspec's stores has errors of its own
            what = f"the signature of bundle {bundle.version} cannot be stored at {shown(location)}"
            raise self._not_stored(what, error) from error
        self._records.audit.add(self._entry(_SIGN, bundle.product, bundle.version, by, {}))

    @staticmethod
    def _not_stored(what: str, error: Exception) -> RegistryError:
        why = shown(str(error)) or type(error).__name__
        return RegistryError(what, why, "Check registry.url, its credentials and the network")

    def _copy(self, bundle: Bundle, location: str) -> None:
        """Write a bundle's files, the manifest last, and read them back."""
        what = f"bundle {bundle.version} cannot be stored at {shown(location)}"
        present = [name for name in bundle.manifest.learning if (bundle.path / name).is_file()]
        try:
            store, root = fsspec.core.url_to_fs(location)
            signature = [SIGNATURE_NAME] if (bundle.path / SIGNATURE_NAME).is_file() else []
            for name in [*bundle.manifest.files, *present, *signature, MANIFEST_NAME]:
                target = f"{root}/{name}"
                store.makedirs(target.rpartition("/")[0], exist_ok=True)
                store.put_file(str(bundle.path / name), target)
        except Exception as error:  # each of fsspec's stores has errors of its own
            raise self._not_stored(what, error) from error
        scratch = Path(tempfile.mkdtemp())
        try:
            fetch_bundle(
                location,
                scratch / bundle.version,
                product=bundle.product,
                version=bundle.version,
                settings=_anything(location),
                with_learning=len(present) == len(bundle.manifest.learning),
            )
        except InspectorError as error:
            raise RegistryError(
                what, f"it does not read as it was written: {error.why}", error.remedy
            ) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _anything(location: str) -> ModelSettings:
    """Settings of a fetch from the registry's own store, which whoever runs it has chosen."""
    protocol, _ = fsspec.core.split_protocol(location)
    return ModelSettings(protocols=(protocol or "file",), largest_mb=_ANY_SIZE_MB)
