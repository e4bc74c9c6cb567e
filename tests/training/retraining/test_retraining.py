"""A bundle learns further: from new good parts, never from defects, and without growing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import Bundle, load_bundle
from inspector.calibration import promise
from inspector.cli import main
from inspector.errors import OutputExistsError, TrainingError
from inspector.frames import encode_png, image_files, read_frame
from inspector.gate import Tolerance, check_bundle
from inspector.inspecting import load_inspector
from inspector.results import Verdict
from tests.tiny_bundle import tiny_part
from tests.training.washers import FAST, board, write_washers
from training.product import train_product
from training.retraining.learning_files import DECODERS_NAME, NORMALS_NAME, read_learning_files
from training.retraining.results import KnownDefect, Retrained
from training.retraining.retraining import retrain_product

NEW, EARLIER = 12, 24


def bluish(seed: int) -> bytes:
    """A good part of another supplier's."""
    tinted = tiny_part(seed) * np.array([0.7, 0.85, 1.2])
    return encode_png(np.clip(tinted, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_washers(tmp_path_factory.mktemp("data") / "washer", normals=EARLIER, tests=8)
    for name, first, count in (("new", 5000, NEW), ("new-test", 6000, 20)):
        (folder / name).mkdir()
        for seed in range(first, first + count):
            (folder / name / f"{seed}.png").write_bytes(bluish(seed))
    return folder


@pytest.fixture(scope="module")
def active(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    output = tmp_path_factory.mktemp("bundles") / "washer"
    return train_product("washer", data / "train/good", output, FAST).bundle


@pytest.fixture(scope="module")
def known(data: Path) -> list[KnownDefect]:
    return [KnownDefect(path.name, path) for path in image_files(data / "test/blot")]


@pytest.fixture(scope="module")
def retrained(
    active: Bundle, data: Path, known: list[KnownDefect], tmp_path_factory: pytest.TempPathFactory
) -> Retrained:
    output = tmp_path_factory.mktemp("candidates") / "washer"
    return retrain_product(active, data / "new", output, known=known)


def rejects(bundle: Bundle, folder: Path) -> float:
    """Share of a folder's pictures that are rejected."""
    inspector = load_inspector(bundle.path)
    verdicts = [inspector.inspect(read_frame(path)).verdict for path in image_files(folder)]
    return verdicts.count(Verdict.REJECT) / len(verdicts)


def exit_code(words: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


def test_a_new_lot_is_rejected_before_and_passes_after(
    active: Bundle, retrained: Retrained, data: Path
) -> None:
    assert rejects(active, data / "new-test") > 0.5
    assert rejects(retrained.bundle, data / "new-test") <= 0.1


def test_the_earlier_lot_still_passes_and_defects_are_still_caught(retrained: Retrained, data: Path) -> None:
    assert rejects(retrained.bundle, data / "test/good") <= 0.13
    assert rejects(retrained.bundle, data / "test/blot") == 1


def test_known_defects_are_told_before_and_after(
    retrained: Retrained, known: list[KnownDefect], active: Bundle
) -> None:
    assert [one.name for one in retrained.known] == [one.name for one in known]
    before, after = load_inspector(active.path), load_inspector(retrained.bundle.path)
    for one, defect in zip(retrained.known, known, strict=True):
        frame = read_frame(defect.path)
        assert one.score_before == pytest.approx(before.inspect(frame).score, rel=1e-4)
        assert one.score == pytest.approx(after.inspect(frame).score, rel=1e-4)
        assert one.is_caught == (after.inspect(frame).verdict is Verdict.REJECT)


def test_the_candidate_says_what_it_comes_from(active: Bundle, retrained: Retrained) -> None:
    training = retrained.bundle.manifest.training
    assert training["parent"] == active.version == retrained.parent
    assert (training["new_normals"], training["normals"]) == (NEW, EARLIER + NEW)
    assert load_bundle(active.path).version == active.version


def test_memory_does_not_grow_and_no_defect_is_among_the_normals(
    active: Bundle, retrained: Retrained, known: list[KnownDefect]
) -> None:
    before, after = read_learning_files(active), read_learning_files(retrained.bundle)
    for one, other in zip(before.scales, after.scales, strict=False):
        assert other.tensors["image_image.memory"].shape[0] <= one.tensors["image_image.memory"].shape[0]
    names = [source.name for source in after.sources]
    assert len(names) == EARLIER + NEW == len(after.normals)
    assert not {one.name for one in known} & set(names[EARLIER:])
    assert {source.added_with for source in after.sources} == {"", active.version}


def test_the_candidate_passes_the_gate_and_its_golden_frames_are_of_both_lots(
    active: Bundle, retrained: Retrained
) -> None:
    inspector = load_inspector(retrained.bundle.path)
    report = check_bundle(inspector, tolerance=Tolerance.for_engine(inspector.engine.name), budget_ms=None)
    assert report.passed, report.why
    images = [
        read_frame(retrained.bundle.path / one.file).image
        for one in retrained.bundle.manifest.golden
        if one.verdict is Verdict.PASS
    ]
    is_bluish = [image[..., 2].mean() > 1.3 * image[..., 0].mean() for image in images]
    assert 0 < sum(is_bluish) < len(images)


def test_a_candidate_can_be_retrained_again(retrained: Retrained, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for seed in range(7000, 7006):
        (tmp_path / "more" / f"{seed}.png").write_bytes(bluish(seed))
    again = retrain_product(retrained.bundle, tmp_path / "more", tmp_path / "again")
    assert again.bundle.manifest.training["normals"] == EARLIER + NEW + 6


def test_nothing_new_is_refused_and_nothing_is_written(active: Bundle, data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nothing new to learn.*learned before"):
        retrain_product(active, data / "train/good", tmp_path / "candidate")
    assert not (tmp_path / "candidate").exists()


def test_new_pictures_of_something_else_are_refused_or_left_out(
    active: Bundle, data: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for number in range(6):
        (foreign / f"{number}.png").write_bytes(encode_png(board(number)))
    with pytest.raises(TrainingError, match=r"not of washer: 6 of 6, such as 0\.png.*nothing was trained"):
        retrain_product(active, foreign, tmp_path / "candidate")
    assert not (tmp_path / "candidate").exists()
    mixed = shutil.copytree(data / "new", tmp_path / "mixed")
    shutil.copy(foreign / "3.png", mixed / "stray.png")
    told: list[str] = []
    some = retrain_product(
        active, mixed, tmp_path / "some", on_report=lambda report: told.extend(report.notes)
    )
    assert [one.path.name for one in some.excluded] == ["stray.png"]
    assert some.new_normals == NEW
    assert some.bundle.manifest.training["left_out"] == 1
    assert any("stray.png" in note for note in told)
    black = tmp_path / "black"
    black.mkdir()
    (black / "black.png").write_bytes(encode_png(np.zeros((160, 160, 3), np.uint8)))
    with pytest.raises(TrainingError, match="the picture is black"):
        retrain_product(active, black, tmp_path / "candidate")


def test_what_a_person_confirms_is_learned_by_the_command(
    active: Bundle, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = shutil.copytree(data / "new", tmp_path / "mixed")
    (mixed / "stray.png").write_bytes(encode_png(board(1)))
    words = ["retrain", str(active.path), "--normal", str(mixed), "--json"]
    assert exit_code([*words, "--output", str(tmp_path / "without")]) == 0
    said = capsys.readouterr()
    assert [one["picture"] for one in json.loads(said.out)["left_out"]] == ["stray.png"]
    assert "left out: stray.png: " in said.err
    assert exit_code([*words, "--keep", "stray.png", "--output", str(tmp_path / "with")]) == 0
    assert json.loads(capsys.readouterr().out)["new_normals"] == NEW + 1


def test_an_empty_folder_is_named_as_it_was_given(
    active: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nothing").mkdir()
    words = ["retrain", str(active.path), "--normal", str(tmp_path / "nothing")]
    assert exit_code([*words, "--output", str(tmp_path / "candidate")]) == 1
    assert f"{tmp_path}/nothing holds no pictures" in capsys.readouterr().err


def test_a_bundle_from_a_box_says_what_it_lacks(active: Bundle, data: Path, tmp_path: Path) -> None:
    shutil.copytree(active.path, tmp_path / "box")
    shutil.rmtree(tmp_path / "box/learning")
    bundle = load_bundle(tmp_path / "box")
    with pytest.raises(TrainingError, match=r"cannot be retrained: it has no learning/normals.zip"):
        retrain_product(bundle, data / "new", tmp_path / "candidate")


@pytest.mark.parametrize("name", [NORMALS_NAME, DECODERS_NAME])
def test_damaged_learning_files_are_refused(active: Bundle, data: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(active.path, tmp_path / "copy")
    damaged = bytearray((tmp_path / "copy" / name).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "copy" / name).write_bytes(damaged)
    with pytest.raises(TrainingError, match=r"was changed after the training"):
        retrain_product(load_bundle(tmp_path / "copy"), data / "new", tmp_path / "candidate")


def test_a_calibrated_bundle_can_be_retrained(active: Bundle, tmp_path: Path) -> None:
    assert (
        exit_code(["calibrate", str(active.path), "--limit", "9", "--output", str(tmp_path / "moved")]) == 0
    )
    assert read_learning_files(load_bundle(tmp_path / "moved")).sources == read_learning_files(active).sources


def test_an_output_that_exists_is_refused_before_anything_is_learned(
    active: Bundle, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputExistsError):
        retrain_product(active, data / "new", tmp_path / "taken")


def test_the_command_tells_the_candidate(
    active: Bundle, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["retrain", str(active.path), "--normal", str(data / "new"), "--defects", str(data / "test/blot")]
    assert exit_code([*words, "--output", str(tmp_path / "candidate"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["parent"], said["new_normals"]) == (active.version, NEW)
    assert said["model_version"] == load_bundle(tmp_path / "candidate").version
    assert len(said["known"]) == 8
    assert promise(load_bundle(tmp_path / "candidate").manifest.limits)
