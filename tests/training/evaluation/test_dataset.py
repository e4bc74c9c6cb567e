from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inspector.errors import DatasetError
from inspector.frames import encode_jpeg
from tests.tiny_bundle import tiny_part
from tests.training.evaluation.drawn_set import blot_mask, put, write_drawn_set
from training.evaluation.dataset import load_test_set, read_mask


def test_pictures_and_masks_are_matched_by_name(tmp_path: Path) -> None:
    test_set = load_test_set(write_drawn_set(tmp_path, good=2, blot=3))
    assert [sample.name for sample in test_set.samples] == [
        "test/good/000.png",
        "test/good/001.png",
        "test/blot/000.png",
        "test/blot/001.png",
        "test/blot/002.png",
    ]
    assert [sample.defective for sample in test_set.samples] == [False, False, True, True, True]
    masks = [sample.mask_path and sample.mask_path.name for sample in test_set.samples]
    assert masks == [None, None, "000_mask.png", "001_mask.png", "002_mask.png"]
    assert test_set.notes == ()


def test_a_mask_may_have_the_very_name_of_its_picture(tmp_path: Path) -> None:
    write_drawn_set(tmp_path, blot=1)
    (tmp_path / "ground_truth/blot/000_mask.png").rename(tmp_path / "ground_truth/blot/000.png")
    assert load_test_set(tmp_path).samples[-1].mask_path == tmp_path / "ground_truth/blot/000.png"


def test_what_is_missing_is_noted(tmp_path: Path) -> None:
    write_drawn_set(tmp_path / "no-masks", masks=False)
    assert "no masks" in load_test_set(tmp_path / "no-masks").notes[0]
    write_drawn_set(tmp_path / "some-masks")
    put(tmp_path / "some-masks/test/dent/000.png", tiny_part(3))
    notes = load_test_set(tmp_path / "some-masks").notes
    assert len(notes) == 1
    assert "leave out dent" in notes[0]
    assert "no good part" in load_test_set(write_drawn_set(tmp_path / "no-good", good=0)).notes[0]
    only_good = load_test_set(write_drawn_set(tmp_path / "only-good", blot=0))
    assert len(only_good.notes) == 1
    assert "no defective part" in only_good.notes[0]


def _remove(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).unlink()


def _empty(name: str) -> Callable[[Path], None]:
    def empty(root: Path) -> None:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()

    return empty


def _rename(old: str, new: str) -> Callable[[Path], object]:
    return lambda root: (root / old).rename(root / new)


def _add(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda root: (root / name).write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_rename("test", "tests"), ["no folder test", "Lay it out"]),
        (_empty("test"), ["test is empty"]),
        (_empty("test/good"), ["test/good holds no picture", "remove the folder"]),
        (_empty("test/blot"), ["test/blot holds no picture"]),
        (_rename("test/blot/001.png", "test/001.png"), ["test/001.png belongs to no kind"]),
        (_remove("ground_truth/blot/001_mask.png"), ["test/blot/001.png has no mask", "001_mask.png"]),
        (_remove("test/blot/001.png"), ["ground_truth/blot/001_mask.png belongs to no picture"]),
        (_rename("ground_truth/blot", "ground_truth/blob"), ["ground_truth/blob", "unknown kind"]),
        (_add("ground_truth/blot/001.png", b""), ["001.png belongs to no picture"]),
        (_add("ground_truth/blot/000_mask.tif", b""), ["000_mask", "same name"]),
        (_add("ground_truth/blot/009_mask.jpg", b""), ["009_mask.jpg", "Save it as PNG"]),
    ],
)
def test_a_wrong_layout_is_explained_by_name(
    tmp_path: Path, spoil: Callable[[Path], object], words: list[str]
) -> None:
    write_drawn_set(tmp_path)
    spoil(tmp_path)
    with pytest.raises(DatasetError) as error:
        load_test_set(tmp_path)
    for word in words:
        assert word in str(error.value)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere.*no such folder"):
        load_test_set(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("mode", "values"),
    [
        ("L", np.array([[0, 1], [255, 0]], np.uint8)),
        ("P", np.array([[0, 1], [7, 0]], np.uint8)),
        ("I;16", np.array([[0, 1], [65535, 0]], np.uint16)),
        ("RGB", np.array([[[0, 0, 0], [1, 0, 0]], [[0, 0, 9], [0, 0, 0]]], np.uint8)),
        ("RGBA", np.array([[[0, 0, 0, 255], [1, 0, 0, 255]], [[0, 3, 0, 0], [0, 0, 0, 0]]], np.uint8)),
        ("LA", np.array([[[0, 255], [1, 255]], [[9, 0], [0, 255]]], np.uint8)),
    ],
)
def test_every_value_above_zero_is_defective_whatever_the_format(
    tmp_path: Path, mode: str, values: np.ndarray
) -> None:
    image = Image.fromarray(values)
    if mode == "P":
        image.putpalette([0, 0, 0] * 256)
    assert image.mode == mode
    image.save(tmp_path / "mask.png")
    mask = read_mask(tmp_path / "mask.png", 2, 2)
    assert mask.dtype == np.bool_
    assert mask.tolist() == [[False, True], [True, False]]


def test_a_one_bit_mask_is_read(tmp_path: Path) -> None:
    Image.fromarray(np.eye(4, dtype=bool)).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png", 4, 4), np.eye(4, dtype=bool))


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = put(tmp_path / "mask.png", blot_mask(1))
    with pytest.raises(DatasetError, match=r"160 x 160 px, the picture 80 x 160 px"):
        read_mask(path, 160, 80)


@pytest.mark.parametrize("data", [b"", b"no picture", encode_jpeg(blot_mask(1))[:200]])
def test_a_damaged_mask_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "007_mask.png").write_bytes(data)
    with pytest.raises(DatasetError, match=r"007_mask\.png cannot be read"):
        read_mask(tmp_path / "007_mask.png", 160, 160)
