from __future__ import annotations

from pathlib import Path

import pytest

from edge.stations import open_stations
from inspector.errors import BundleError, SettingsError
from inspector.messages import CameraTopic
from inspector.settings import Settings
from tests.tiny_bundle import write_tiny_bundle


def settings(*cameras: dict[str, object]) -> Settings:
    return Settings.model_validate({"site": "plant-1", "edge": {"cameras": cameras}})


def camera(bundle: Path, name: str = "cam-1", product: str = "washer") -> dict[str, object]:
    return {"line": "line-1", "camera": name, "product": product, "bundle": bundle}


def test_cameras_with_one_bundle_share_its_network(bundle: Path, tmp_path: Path) -> None:
    other = write_tiny_bundle(tmp_path / "bottle", "bottle").path
    stations = open_stations(
        settings(camera(bundle), camera(bundle, "cam-2"), camera(other, "cam-3", product="bottle"))
    )
    first, second, third = (stations[CameraTopic("plant-1", "line-1", f"cam-{n}")] for n in (1, 2, 3))
    assert first.inspector is second.inspector
    assert third.product == "bottle"


def test_no_camera_is_refused_with_what_to_add() -> None:
    with pytest.raises(SettingsError, match=r"Add an \[\[edge.cameras\]\] table"):
        open_stations(settings())


def test_a_camera_configured_twice_is_refused(bundle: Path) -> None:
    with pytest.raises(SettingsError, match="camera line-1/cam-1 is configured twice"):
        open_stations(settings(camera(bundle), camera(bundle)))


def test_a_bundle_of_another_product_is_refused(bundle: Path) -> None:
    with pytest.raises(SettingsError, match=r"its product is bottle, but .* was trained for washer"):
        open_stations(settings(camera(bundle, product="bottle")))


def test_a_missing_bundle_is_refused_and_the_camera_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"camera line-1/cam-1: bundle .* there is no such folder"):
        open_stations(settings(camera(tmp_path / "nowhere")))


def test_a_damaged_bundle_is_refused(tmp_path: Path) -> None:
    damaged = write_tiny_bundle(tmp_path / "washer").path
    with damaged.joinpath("scorer.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BundleError, match=r"scorer.onnx was changed after export"):
        open_stations(settings(camera(damaged)))
