"""What judges a product's cameras at the moment, and what the settings say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from edge.stations import Station
from inspector.bundle import Bundle, Limits, load_bundle
from inspector.errors import BundleError
from inspector.inspecting import Inspector
from inspector.settings import CameraSettings, Settings


class InForce:
    """The stations of one product. One thread changes them; any may read.

    Args:
        settings: all settings.
        product: its name.
        stations: the cameras that look at it.
    """

    def __init__(self, settings: Settings, product: str, stations: Sequence[Station]) -> None:
        self.product, self.stations = product, tuple(stations)
        places = {(one.line, one.camera): one for one in settings.edge.cameras}
        topics = [station.topic for station in stations]
        self.cameras: tuple[CameraSettings, ...] = tuple(places[one.line, one.camera] for one in topics)
        paths = [camera.bundle for camera in self.cameras if camera.bundle is not None]
        self.is_mixed = len({path.resolve() for path in paths}) > 1
        """Whether cameras have different bundles in the settings: then none can replace them all."""

    @property
    def inspector(self) -> Inspector | None:
        """What judges all cameras; None where nothing does, or not the same bundle."""
        inspectors = [station.inspector for station in self.stations]
        versions = {inspector.bundle.version if inspector else None for inspector in inspectors}
        return inspectors[0] if len(versions) == 1 else None

    @property
    def version(self) -> str | None:
        """Version of the bundle that judges all cameras."""
        inspector = self.inspector
        return None if inspector is None else inspector.bundle.version

    def use(self, inspector: Inspector) -> None:
        """Let it judge all cameras from their next batch on."""
        for station in self.stations:
            station.use(inspector)

    def drop(self, inspector: Inspector) -> None:
        """Let it judge no camera any more."""
        for station in self.stations:
            if station.inspector is inspector:
                station.use(None)

    def apply(self, limits_of: Callable[[Bundle], Limits | None]) -> None:
        """Let other limits decide from the next batch on; cameras that shared an inspector still do."""
        changed: dict[int, Inspector] = {}
        for station in self.stations:
            inspector = station.inspector
            if inspector is not None:
                if id(inspector) not in changed:
                    changed[id(inspector)] = inspector.with_limits(limits_of(inspector.bundle))
                station.use(changed[id(inspector)])

    def configured(self) -> list[Bundle]:
        """The settings' bundles of this product, as far as they can be read."""
        paths: dict[Path, None] = {
            camera.bundle: None for camera in self.cameras if camera.bundle is not None
        }
        found = []
        for path in paths:
            try:
                found.append(load_bundle(path))
            except (BundleError, OSError):
                continue
        return [bundle for bundle in found if bundle.product == self.product]
