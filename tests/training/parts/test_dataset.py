"""The data set on disk: MVTec AD's layout, whole or not at all, repeatable."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.errors import OutputExistsError
from inspector.frames import decode_image, image_files
from training.parts import PartProduct, defect_kinds, render_part
from training.parts.dataset import picture_count, write_dataset

SIZE = 96


def write(folder: Path, *, normals: int = 2, seed: int = 7, overwrite: bool = False) -> int:
    return write_dataset(
        folder,
        PartProduct.CONNECTOR,
        normals=normals,
        test_good=1,
        per_kind=2,
        seed=seed,
        size=SIZE,
        overwrite=overwrite,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_layout_is_mvtec_ads(tmp_path: Path) -> None:
    count = write(tmp_path / "set")
    kinds = [kind.value for kind in defect_kinds(PartProduct.CONNECTOR)]
    expected = {"train/good/000.png", "train/good/001.png", "test/good/000.png"}
    for kind in kinds:
        for number in ("000", "001"):
            expected |= {f"test/{kind}/{number}.png", f"ground_truth/{kind}/{number}_mask.png"}
    assert set(contents(tmp_path / "set")) == expected
    assert count == picture_count(PartProduct.CONNECTOR, 2, 1, 2) == 3 + 2 * len(kinds)


def test_pictures_are_what_was_rendered_and_masks_are_grey_0_and_255(tmp_path: Path) -> None:
    write(tmp_path / "set")
    kind = defect_kinds(PartProduct.CONNECTOR)[0]
    mask = cv2.imread(str(tmp_path / f"set/ground_truth/{kind.value}/000_mask.png"), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert mask.shape == (SIZE, SIZE)
    assert set(np.unique(mask)) == {0, 255}
    rng = np.random.default_rng([7, 2, 0])  # seed, stream of the first kind, first picture
    part = render_part(PartProduct.CONNECTOR, rng, SIZE, kind)
    saved = decode_image((tmp_path / f"set/test/{kind.value}/000.png").read_bytes())
    assert np.array_equal(saved, part.image)
    assert np.array_equal(mask > 0, part.mask)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two")
    write(tmp_path / "three", seed=8)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert not set(contents(tmp_path / "one").values()) & set(contents(tmp_path / "three").values())


def test_more_normals_leave_the_first_ones_as_they_were(tmp_path: Path) -> None:
    write(tmp_path / "few")
    write(tmp_path / "many", normals=4)
    many = contents(tmp_path / "many")
    assert contents(tmp_path / "few").items() <= many.items()
    assert len(image_files(tmp_path / "many/train/good")) == 4


def test_no_two_pictures_of_a_set_are_the_same(tmp_path: Path) -> None:
    count = write(tmp_path / "set")
    pictures = {
        file.read_bytes() for split in ("train", "test") for file in image_files(tmp_path / "set" / split)
    }
    assert len(pictures) == count


def test_an_existing_folder_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/mine.txt").write_text("keep me")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        write(tmp_path / "set")
    assert (tmp_path / "set/mine.txt").read_text() == "keep me"
    write(tmp_path / "set", overwrite=True)
    assert not (tmp_path / "set/mine.txt").exists()


def test_an_interrupted_rendering_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset(
            tmp_path / "set",
            PartProduct.GASKET,
            normals=3,
            test_good=0,
            per_kind=0,
            seed=0,
            size=SIZE,
            on_picture=interrupted,
        )
    assert list(tmp_path.iterdir()) == []
