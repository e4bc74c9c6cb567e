"""The README's picture, made with a tiny bundle."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.demo.figure import CAPTION_PX, DEFECTIVE, GAP_PX, write_figure
from inspector.demo.plan import DemoPlan, DemoProduct
from inspector.errors import FrameError
from inspector.frames import decode_image, encode_png
from tests.tiny_bundle import PART_SIZE_PX, tiny_part, write_tiny_bundle


@pytest.fixture
def product(tmp_path: Path) -> DemoProduct:
    product = DemoPlan(tmp_path, 1, 2).products[1]
    write_tiny_bundle(product.bundle, product.name)
    product.shown.mkdir(parents=True)
    (product.shown / "good-000.png").write_bytes(encode_png(tiny_part(1)))
    (product.shown / f"{DEFECTIVE}.png").write_bytes(encode_png(tiny_part(2, defect=True)))
    return product


def test_the_figure_shows_good_defective_and_heat_side_by_side(product: DemoProduct, tmp_path: Path) -> None:
    output = tmp_path / "new folder" / "figure.png"
    told = write_figure(product, output)
    assert "good part: pass" in told
    assert "the same: reject" in told
    picture = decode_image(output.read_bytes())
    assert picture.shape == (PART_SIZE_PX + CAPTION_PX, 3 * PART_SIZE_PX + 2 * GAP_PX, 3)
    step = PART_SIZE_PX + GAP_PX
    panels = [picture[:PART_SIZE_PX, number * step : number * step + PART_SIZE_PX] for number in range(3)]
    assert np.array_equal(panels[0], tiny_part(1))
    assert np.array_equal(panels[1], tiny_part(2, defect=True))
    assert cv2.absdiff(panels[1], panels[2]).max() > 50, "the heat is drawn"
    captions = picture[PART_SIZE_PX:]
    assert captions.min() < 100, "ink on paper"
    assert [file.name for file in output.parent.iterdir()] == ["figure.png"]


def test_a_missing_picture_leaves_the_old_figure(product: DemoProduct, tmp_path: Path) -> None:
    (tmp_path / "figure.png").write_bytes(b"old")
    (product.shown / "good-000.png").unlink()
    with pytest.raises(FrameError):
        write_figure(product, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes() == b"old"
