"""The demo's pictures, and when they are made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.demo.children import Children, StopRequest
from inspector.demo.pictures import (
    TEXTILE_DEFECTIVE,
    Stamp,
    code_version,
    is_good,
    prepare_gasket,
    prepare_textile,
)
from inspector.demo.plan import DemoPlan
from inspector.frames import image_files, read_frame

NORMALS, GOOD_SHOWN = 5, 4


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> DemoPlan:
    plan = DemoPlan(tmp_path_factory.mktemp("demo"), 1, 2, normals=NORMALS, good_shown=GOOD_SHOWN)
    with Children(plan.logs, StopRequest.none()) as children:
        prepare_textile(plan)
        prepare_gasket(plan, children, "this code")
    return plan


@pytest.mark.parametrize("index", [0, 1])
def test_cameras_see_other_good_parts_than_training_and_defective_ones(plan: DemoPlan, index: int) -> None:
    product = plan.products[index]
    normals, shown = image_files(product.normals), image_files(product.shown)
    good = [picture for picture in shown if is_good(picture)]
    assert len(normals) == NORMALS
    assert len(good) == GOOD_SHOWN
    assert len(shown) - len(good) >= 2 * TEXTILE_DEFECTIVE
    assert not {picture.read_bytes() for picture in normals} & {picture.read_bytes() for picture in shown}
    sizes = {read_frame(picture).image.shape for picture in (normals[0], *shown)}
    assert len(sizes) == 1


def test_defective_pictures_are_named_by_their_kind(plan: DemoPlan) -> None:
    textile, gasket = plan.products
    assert {picture.stem.partition("-")[0] for picture in image_files(textile.shown)} == {
        "good",
        "local",
        "global",
    }
    assert {"good", "scratch", "broken_edge"} <= {
        picture.stem.rpartition("-")[0] for picture in image_files(gasket.shown)
    }


def test_pictures_are_made_once_and_again_when_the_code_changes(plan: DemoPlan) -> None:
    gasket = plan.products[1]
    marker = gasket.shown.parent / "marker"
    marker.touch()
    with Children(plan.logs, StopRequest.none()) as children:
        prepare_textile(plan)
        prepare_gasket(plan, children, "this code")
        assert marker.exists()
        prepare_textile(plan)
        prepare_gasket(plan, children, "other code")
    assert not marker.exists()
    assert len(image_files(gasket.normals)) == NORMALS


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"code": "b"}', "no json"])
def test_a_stamp_of_anything_else_does_not_match(tmp_path: Path, text: str) -> None:
    stamp = Stamp(tmp_path / "stamp", {"code": "a"})
    assert not stamp.matches()
    stamp.file.write_text(text)
    assert not stamp.matches()
    stamp.write()
    assert stamp.matches()


def test_the_code_has_one_version_while_it_does_not_change() -> None:
    assert code_version() == code_version()
    assert code_version().startswith("0.")
