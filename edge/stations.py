"""What stands ready for each camera: its product, and the inspector that judges it at the moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from inspector.bundle import Bundle
from inspector.errors import BundleError, SettingsError
from inspector.inspecting import Inspector, load_inspector
from inspector.messages import CameraTopic
from inspector.settings import CameraSettings, EngineSettings, Settings

_REMEMBERED = 3  # bundles: the present one, and those that rejects not yet described may come from


class Station:
    """One camera of this box. Its inspector may be replaced while frames come.

    Who judges reads `inspector` once for each batch, and judges all of it with what was read: an assignment
    is atomic, so that every frame has exactly one model version and none has to wait.

    Args:
        topic: its place: site, line and camera.
        product: in front of the camera.
        inspector: judges its frames; cameras with the same bundle share one.
        mm_per_px: width of a pixel on the part; None: not known.
    """

    def __init__(
        self,
        topic: CameraTopic,
        product: str,
        *,
        inspector: Inspector | None = None,
        mm_per_px: float | None = None,
    ) -> None:
        self.topic, self.product, self.mm_per_px = topic, product, mm_per_px
        self._inspector: Inspector | None = None
        self._bundles: tuple[Bundle, ...] = ()
        if inspector is not None:
            self.use(inspector)

    @property
    def inspector(self) -> Inspector | None:
        """What judges now; None: no model is active, and a frame can only be `unsure`."""
        return self._inspector

    def use(self, inspector: Inspector | None) -> None:
        """Judge with this one from the next batch on. One thread calls it; any number may read."""
        if inspector is not None:
            others = [one for one in self._bundles if one.version != inspector.bundle.version]
            self._bundles = (inspector.bundle, *others)[:_REMEMBERED]
        self._inspector = inspector

    def bundle(self, version: str) -> Bundle | None:
        """A bundle that judges here or did lately; None where it is not remembered."""
        return next((bundle for bundle in self._bundles if bundle.version == version), None)


def open_stations(
    settings: Settings,
    *,
    load: Callable[[Path, EngineSettings], Inspector] = load_inspector,
    served: Collection[str] = (),
) -> dict[CameraTopic, Station]:
    """Load every configured camera's bundle; each bundle once.

    Args:
        settings: all settings; `edge.cameras` says which.
        load: makes an inspector of a bundle's folder.
        served: products that get their inspector from elsewhere (`edge.models`): their cameras' bundles are
            not loaded.

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
        inspector = None
        if camera.bundle is not None and camera.product not in served:
            where = camera.bundle.resolve()
            if where not in inspectors:
                inspectors[where] = load_for(camera, camera.bundle, settings.engine, load)
            inspector = inspectors[where]
            check_product(camera, inspector)
        topic = CameraTopic(settings.site, camera.line, camera.camera)
        stations[topic] = Station(topic, camera.product, inspector=inspector, mm_per_px=camera.mm_per_px)
    return stations


def load_for(
    camera: CameraSettings,
    bundle: Path,
    engine: EngineSettings,
    load: Callable[[Path, EngineSettings], Inspector],
) -> Inspector:
    """Load a camera's bundle; an error names the camera.

    Raises:
        BundleError: it is missing or damaged.
        EngineError: its network cannot be loaded.
    """
    try:
        return load(bundle, engine)
    except BundleError as error:
        what = f"camera {camera.line}/{camera.camera}: {error.what}"
        raise BundleError(what, error.why, error.remedy) from error


def check_product(camera: CameraSettings, inspector: Inspector) -> None:
    """Refuse a bundle of another product.

    Raises:
        SettingsError: it was trained for another one than the camera looks at.
    """
    if inspector.bundle.product != camera.product:
        raise SettingsError(
            f"camera {camera.line}/{camera.camera} cannot be inspected",
            f"its product is {camera.product}, but {camera.bundle} was trained for"
            f" {inspector.bundle.product}",
            "Correct product or bundle under [[edge.cameras]]",
        )


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
