"""What stands ready for each camera: its product and the inspector that judges it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import BundleError, SettingsError
from inspector.inspecting import Inspector, load_inspector
from inspector.messages import CameraTopic
from inspector.settings import CameraSettings, EngineSettings, Settings


@dataclass(frozen=True, slots=True, eq=False)
class Station:
    """One camera of this box.

    Attributes:
        topic: its place: site, line and camera.
        inspector: judges its frames; cameras with the same bundle share one.
        mm_per_px: width of a pixel on the part; None: not known.
    """

    topic: CameraTopic
    inspector: Inspector
    mm_per_px: float | None = None

    @property
    def product(self) -> str:
        """The product in front of the camera."""
        return self.inspector.bundle.product


def open_stations(
    settings: Settings, *, load: Callable[[Path, EngineSettings], Inspector] = load_inspector
) -> dict[CameraTopic, Station]:
    """Load every configured camera's bundle; each bundle once.

    Args:
        settings: all settings; `edge.cameras` says which.
        load: makes an inspector of a bundle's folder.

    Raises:
        SettingsError: no camera is configured, one is configured twice, or one names another product than its
            bundle was trained for.
        BundleError: a bundle is missing or damaged.
        EngineError: a bundle's network cannot be loaded.
    """
    cameras = settings.edge.cameras
    if not cameras:
        raise SettingsError(
            "the edge service has nothing to do",
            "no camera is configured",
            "Add an [[edge.cameras]] table with line, camera, product and bundle to the settings",
        )
    _check_names(cameras)
    inspectors: dict[Path, Inspector] = {}
    stations = {}
    for camera in cameras:
        where = camera.bundle.resolve()
        if where not in inspectors:
            inspectors[where] = _load(camera, settings.engine, load)
        inspector = inspectors[where]
        if inspector.bundle.product != camera.product:
            raise SettingsError(
                f"camera {camera.line}/{camera.camera} cannot be inspected",
                f"its product is {camera.product}, but {camera.bundle} was trained for"
                f" {inspector.bundle.product}",
                "Correct product or bundle under [[edge.cameras]]",
            )
        topic = CameraTopic(settings.site, camera.line, camera.camera)
        stations[topic] = Station(topic, inspector, camera.mm_per_px)
    return stations


def _check_names(cameras: Sequence[CameraSettings]) -> None:
    seen = set()
    for camera in cameras:
        place = (camera.line, camera.camera)
        if place in seen:
            raise SettingsError(
                f"camera {camera.line}/{camera.camera} is configured twice",
                "a frame can be judged by one bundle only",
                "Remove one of its [[edge.cameras]] tables",
            )
        seen.add(place)


def _load(
    camera: CameraSettings, engine: EngineSettings, load: Callable[[Path, EngineSettings], Inspector]
) -> Inspector:
    try:
        return load(camera.bundle, engine)
    except BundleError as error:
        what = f"camera {camera.line}/{camera.camera}: {error.what}"
        raise BundleError(what, error.why, error.remedy) from error
