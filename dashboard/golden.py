"""Good parts of a bundle, as large as captured: what a reviewer compares a frame with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import fsspec
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.language import _
from inspector.bundle import MANIFEST_NAME, Manifest
from inspector.errors import FrameError
from inspector.frames import decode_image
from inspector.records import Records
from inspector.results import Verdict
from inspector.settings import Settings

MOST_NORMALS: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Normals:
    """Good parts, or why there are none to show.

    Attributes:
        images: each uint8 `[H, W, 3]` RGB.
        why: a sentence for the reviewer where there are none; else empty.
    """

    images: tuple[NDArray[np.uint8], ...]
    why: str = ""


def golden_normals(records: Records, settings: Settings, product: str, version: str) -> Normals:
    """The good parts among a bundle's golden frames, from wherever this machine finds the bundle.

    Looked for in the registry, at the cameras of the settings, and among the models that a box has fetched.

    Args:
        records: of the registry.
        settings: of the box and the cameras.
        product: of the frame.
        version: of the model that judged it.

    Raises:
        RecordsError: the records cannot be reached.
    """
    for place in _places(records, settings, product, version):
        images = _read(place, version)
        if images:
            return Normals(images)
    return Normals(
        (),
        _(
            "The pictures of model {version} are not on this machine; its registry entry would bring them."
        ).format(version=version),
    )


def _places(records: Records, settings: Settings, product: str, version: str) -> Iterator[str]:
    registered = records.bundles.get(product, version)
    if registered is not None:
        yield registered.location
    yield from (
        str(camera.bundle)
        for camera in settings.edge.cameras
        if camera.product == product and camera.bundle is not None
    )
    # Names from the broker are no paths.
    if not {"/", "\\"} & set(product + version) and not {".", ".."} & {product, version}:
        yield str(settings.edge.data_dir / "models" / product / version)


def _read(place: str, version: str) -> tuple[NDArray[np.uint8], ...]:
    """Pictures of a bundle at one place; none where there is another bundle, or it is damaged or away.

    That there is none is told by the page, and a model may be gone for good: no error.
    """
    try:
        return _verified(place, version)
    except (OSError, ValueError, ImportError, LookupError, FrameError):
        return ()


# Only successes are kept: a bundle that arrives later is read then.
@st.cache_resource(show_spinner=False, max_entries=8)
def _verified(place: str, version: str) -> tuple[NDArray[np.uint8], ...]:
    manifest = Manifest.model_validate_json(_bytes(place, MANIFEST_NAME))
    if manifest.version != version or manifest.content_hash() != version:
        raise LookupError(f"{place} holds another bundle")
    good = [frame.file for frame in manifest.golden if frame.verdict is Verdict.PASS][:MOST_NORMALS]
    images = tuple(
        decode_image(data)
        for name in good
        if hashlib.sha256(data := _bytes(place, name)).hexdigest() == manifest.files[name]
    )
    if not images:
        raise LookupError(f"{place} has no good parts")
    return images


def _bytes(place: str, name: str) -> bytes:
    with fsspec.open(f"{place.rstrip('/')}/{name}", "rb") as file:
        return bytes(file.read())
