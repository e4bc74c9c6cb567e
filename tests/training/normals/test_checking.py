"""Whatever is wrong with a folder of normals is said before anything is learned, by a real encoder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.cli import main
from inspector.errors import TrainingError
from inspector.frames import encode_png, resize
from tests.tiny_bundle import tiny_defect_centre, tiny_part
from tests.training.washers import FAST, board
from training.encoders import ImageEncoder, build_image_encoder
from training.learning import encode
from training.normals.checking import check_normals
from training.normals.reading import Normals, read_normals
from training.product import train_product

SIDE = FAST.height
RATED = FAST.model_copy(update={"false_reject_rate": 0.05})


@pytest.fixture(scope="module")
def encoder() -> ImageEncoder:
    return build_image_encoder(FAST.encoder, SIDE, SIDE)


def washer(seed: int, *, blots: int = 0) -> NDArray[np.uint8]:
    """A washer, a little moved and of its own grain: pictures of real parts are not all alike."""
    rng = np.random.default_rng([seed, 1])
    image = tiny_part(seed)
    for blot in range(blots):
        cv2.circle(image, tiny_defect_centre(seed + 5 * blot), 12, (60, 30, 120), -1, cv2.LINE_AA)
    grain = cv2.GaussianBlur(rng.normal(0, 60, image.shape[:2]).astype(np.float32), (0, 0), 3)
    moved = np.roll(image + grain[..., None], rng.integers(-3, 4, 2), (0, 1))
    return np.clip(moved, 0, 255).astype(np.uint8)


def normals(*images: NDArray[np.uint8]) -> Normals:
    frames = np.stack([resize(image, SIDE, SIDE) for image in images])
    paths = tuple(Path(f"{number:03}.png") for number in range(len(images)))
    return Normals(frames, paths, ("a note of the reading",), ((160, 160),) * len(images))


def washers(count: int) -> list[NDArray[np.uint8]]:
    return [washer(seed) for seed in range(count)]


def test_good_pictures_are_all_kept_with_their_maps(encoder: ImageEncoder) -> None:
    found = check_normals(normals(*washers(24)), encoder, RATED)
    assert found.excluded == ()
    assert found.notes == ("a note of the reading",)
    assert found.kept.notes == ()
    expected = encode(encoder, found.kept.frames)
    assert all(bool((one == other).all()) for one, other in zip(found.encoded, expected, strict=True))


@pytest.mark.parametrize("defective", [1, 3])
def test_defective_pictures_are_found_named_and_left_out(encoder: ImageEncoder, defective: int) -> None:
    bad = [washer(seed, blots=3) for seed in range(100, 100 + defective)]
    found = check_normals(normals(*bad, *washers(30)), encoder, RATED)
    assert sorted(one.index for one in found.excluded) == list(range(defective))
    # One that is as bad as this is unlike the others as a whole, too.
    assert all(re.search("looks defective|something else", one.reason) for one in found.excluded)
    assert all(any(str(one.path) in note for note in found.notes) for one in found.excluded)
    assert [path.name for path in found.kept.paths] == [
        f"{n:03}.png" for n in range(defective, 30 + defective)
    ]
    assert len(found.kept.frames) == len(found.kept.sizes_px) == len(found.encoded[0]) == 30


@pytest.mark.parametrize("keep", [None, ("000.png",)])
def test_what_a_person_confirms_is_kept(encoder: ImageEncoder, keep: Sequence[str] | None) -> None:
    found = check_normals(normals(washer(100, blots=3), *washers(30)), encoder, RATED, keep=keep)
    assert found.excluded == ()
    assert len(found.kept.paths) == 31


def test_a_name_that_there_is_not_is_told(encoder: ImageEncoder) -> None:
    found = check_normals(normals(*washers(3)), encoder, RATED, keep=("none.png",))
    assert "there is no picture none.png to keep" in found.notes


@pytest.mark.parametrize("foreign", [3, 12])
def test_a_second_product_is_refused_by_name_and_learned_when_confirmed(
    encoder: ImageEncoder, foreign: int
) -> None:
    mixed = normals(*(board(seed) for seed in range(foreign)), *washers(20))
    with pytest.raises(TrainingError, match=r"two products: .* 000\.png, 001\.png, 002\.png"):
        check_normals(mixed, encoder, RATED)
    assert len(check_normals(mixed, encoder, RATED, keep=None).kept.paths) == 20 + foreign


def test_a_stray_picture_of_something_else_is_left_out(encoder: ImageEncoder) -> None:
    found = check_normals(normals(board(0), *washers(24)), encoder, RATED)
    assert [(one.index, one.reason) for one in found.excluded] == [
        (0, "it shows something else than the other pictures")
    ]


def test_a_picture_of_another_shape_is_left_out_before_it_is_encoded(encoder: ImageEncoder) -> None:
    pictures = normals(*washers(24))
    pictures = replace(pictures, sizes_px=((500, 160), *pictures.sizes_px[1:]))
    found = check_normals(pictures, encoder, RATED)
    assert [one.index for one in found.excluded] == [0]
    assert "500 x 160 px, is another" in found.excluded[0].reason


@pytest.mark.parametrize(
    ("count", "note"),
    [
        (1, "one normal promises no false-reject rate: add 18 more"),
        (10, "10 normals can promise at most 9.1 % false rejects, not 5 %: add 9 more"),
        (19, None),
    ],
)
def test_how_many_are_missing_for_the_rate_is_said(
    encoder: ImageEncoder, count: int, note: str | None
) -> None:
    found = check_normals(normals(*washers(count)), encoder, RATED)
    assert [told for told in found.notes if "false" in told] == ([note] if note else [])


def test_near_copies_are_told_and_learned(encoder: ImageEncoder) -> None:
    copy = np.clip(washer(0) * 1.02, 0, 255).astype(np.uint8)
    found = check_normals(normals(*washers(20), copy), encoder, RATED)
    assert len(found.kept.paths) == 21
    assert any("1 pictures are nearly copies of others, such as 020.png of 000.png" in n for n in found.notes)


def test_the_same_seed_finds_the_same(encoder: ImageEncoder) -> None:
    pictures = normals(*(washer(seed, blots=3) for seed in range(100, 102)), *washers(25))
    assert check_normals(pictures, encoder, RATED).notes == check_normals(pictures, encoder, RATED).notes


def test_of_ten_thousand_files_only_as_many_as_are_learned_are_opened(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number:05}.png").write_bytes(b"no picture")
    with pytest.raises(TrainingError, match="none of the 20 pictures"):
        read_normals(tmp_path, (SIDE, SIDE), 20, np.random.default_rng(0))


def test_of_many_pictures_some_are_chosen_and_it_is_told(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:05}.png").write_bytes(encode_png(tiny_part(number)))
    read = read_normals(tmp_path, (SIDE, SIDE), 15, np.random.default_rng(0))
    assert read.frames.shape == (15, SIDE, SIDE, 3)
    assert read.sizes_px == ((160, 160),) * 15
    assert read.notes == ("40 pictures: 15 of them are used, chosen at random (max_normals)",)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def write(*images: NDArray[np.uint8]) -> Path:
        (tmp_path / "normals").mkdir()
        for number, image in enumerate(images):
            (tmp_path / "normals" / f"{number:03}.png").write_bytes(encode_png(image))
        return tmp_path / "normals"

    return write


def test_a_refused_training_leaves_what_stands_at_the_output(
    folder: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = folder(*(board(seed) for seed in range(4)), *washers(12))
    output = tmp_path / "bundle"
    output.mkdir()
    (output / "manifest.json").write_text("the active one")
    words = ["train", "-p", "washer", "-n", str(pictures), "-o", str(output), "--overwrite"]
    with pytest.raises(SystemExit) as done:
        main(words)
    assert done.value.code == 1
    assert "the pictures show two products" in capsys.readouterr().err
    assert (output / "manifest.json").read_text() == "the active one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "normals"]


def test_what_is_left_out_is_told_before_it_is_learned_without_and_stands_in_the_bundle(
    folder: Callable[..., Path], tmp_path: Path
) -> None:
    pictures = folder(washer(100, blots=3), *washers(20))
    order: list[str] = []
    trained = train_product(
        "washer",
        pictures,
        tmp_path / "bundle",
        FAST,
        on_step=lambda step, *_: order.append(step),
        on_report=lambda report: order.append(f"report: {len(report.excluded)}"),
    )
    assert order.index("report: 1") < order.index("Painting synthetic defects")
    assert [one.path.name for one in trained.excluded] == ["000.png"]
    assert trained.normals == 20
    facts = trained.bundle.manifest.training
    assert (facts["normals"], facts["left_out"]) == (20, 1)
    assert trained.bundle.manifest.quality is not None
    assert trained.bundle.manifest.embedding["normals"] == 20
    assert json.loads((tmp_path / "bundle/manifest.json").read_text())["limits"]["normals"] <= 20


def test_a_confirmed_picture_is_learned_and_counts_for_the_limit(
    folder: Callable[..., Path], tmp_path: Path
) -> None:
    pictures = folder(washer(100, blots=3), *washers(20))
    trained = train_product("washer", pictures, tmp_path / "bundle", FAST, keep=("000.png",))
    limits = trained.bundle.manifest.limits
    assert trained.excluded == ()
    assert (trained.normals, limits.normals) == (21, 21)
    assert not [note for note in trained.notes if "defective" in note]
