"""Kinds of defects: the packaged network, a product's own kinds, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from inspector.bundle import Bundle, file_sha256, load_bundle, seal
from inspector.describing.check import Fact, check_sentence
from inspector.describing.facts import measure_facts
from inspector.describing.inputs import KIND_CELLS, KNOWN_KINDS
from inspector.describing.kinds import (
    BUNDLE_KINDS,
    DEFAULT_KINDS,
    DIRECTIONS,
    KINDS_MANIFEST,
    KINDS_ONNX,
    KINDS_WEIGHTS,
    LEAST_PROBABILITY,
    KindGuess,
    KindReader,
    OwnKinds,
    kind_maps,
    load_kind_reader,
)
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Kind
from inspector.errors import BundleError, KindsError
from inspector.inspecting import regions_of_reject
from inspector.regions import Region
from inspector.results import Verdict
from tests.inspector.describing.defects import line_on_grey
from tests.tiny_bundle import write_tiny_bundle

LIMIT = 1.0
WORDS = tuple(kind.value for kind in KNOWN_KINDS)
EXCLUDED = dict.fromkeys(WORDS, 0.0)


@pytest.fixture(scope="module")
def directions() -> NDArray[np.float32]:
    directions: NDArray[np.float32] = load_file(DEFAULT_KINDS / KINDS_WEIGHTS)[DIRECTIONS]
    return directions


def with_own_kinds(folder: Path, content: str | OwnKinds) -> Bundle:
    """A tiny bundle that says this about its kinds."""
    bundle = write_tiny_bundle(folder)
    text = content if isinstance(content, str) else content.model_dump_json()
    (folder / BUNDLE_KINDS).write_text(text)
    seal(folder, bundle.manifest)
    return load_bundle(folder)


def guess(reader: KindReader, rows: tuple[int, ...] = (80, 240)) -> list[KindGuess]:
    pictures = [line_on_grey(row) for row in rows]
    image = np.where(pictures[0][0] < 100, pictures[0][0], pictures[-1][0])
    anomaly_map = np.maximum(pictures[0][1], pictures[-1][1])
    regions = regions_of_reject(anomaly_map, LIMIT)
    assert len(regions) == len(rows)
    return reader.guess(image, anomaly_map, regions, LIMIT)


def test_the_package_brings_a_network_that_says_how_it_was_made(directions: NDArray[np.float32]) -> None:
    manifest = json.loads((DEFAULT_KINDS / KINDS_MANIFEST).read_text())
    assert manifest["command"].startswith("inspector train-kinds --seed")
    assert manifest["figures"]
    assert len(directions) == len(WORDS)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-5)
    assert load_kind_reader().words == WORDS


def test_a_thin_dark_line_is_a_scratch_or_a_crack() -> None:
    for told in guess(load_kind_reader()):
        assert told.word in {Kind.SCRATCH, Kind.CRACK}
        assert told.probability >= LEAST_PROBABILITY
        assert told.known.sum() == pytest.approx(1, abs=1e-5)
        assert told.known.max() == pytest.approx(told.probability)


def test_a_frame_without_regions_has_no_kinds() -> None:
    image, anomaly_map = line_on_grey(80)
    assert load_kind_reader().guess(image, anomaly_map, (), LIMIT) == []


@pytest.mark.parametrize(
    ("chances", "word", "probability"),
    [
        ([0.9, *[0.1 / 11] * 11], Kind.SCRATCH, 0.9),
        ([*[0.7 / 11] * 11, 0.3], Kind.TEXTURE_CHANGE, 0.3),
        ([1 / 12] * 12, Kind.UNKNOWN, 11 / 12),
        ([0.19, *[0.81 / 11] * 11], Kind.UNKNOWN, 0.81),
        ([0.2, *[0.8 / 11] * 11], Kind.SCRATCH, 0.2),
        ([*[0.4 / 12] * 12, 0.6], "burr", 0.6),
        ([*[0.81 / 12] * 12, 0.19], Kind.UNKNOWN, 0.81),
    ],
)
def test_a_kind_that_is_not_probable_enough_is_unknown(
    chances: list[float], word: str, probability: float
) -> None:
    told = KindGuess.of((*WORDS, "burr"), np.array(chances))
    assert told.word == word
    assert told.probability == pytest.approx(probability)
    assert told.known == pytest.approx(chances[:12])


def test_a_kind_of_weight_zero_is_never_told(tmp_path: Path) -> None:
    first = guess(load_kind_reader())[0]
    bundle = with_own_kinds(tmp_path / "bundle", OwnKinds(weights={first.word: 0}))
    again = guess(load_kind_reader(bundle))[0]
    assert again.word != first.word
    assert again.known[WORDS.index(first.word)] == 0
    assert again.known.sum() == pytest.approx(1, abs=1e-5)


def test_a_rare_kind_is_told_where_a_product_says_that_it_is_usual(tmp_path: Path) -> None:
    usual = guess(load_kind_reader())[0].known[WORDS.index(Kind.MISPRINT)]
    bundle = with_own_kinds(tmp_path / "bundle", OwnKinds(weights={Kind.MISPRINT: 1}))
    more = guess(load_kind_reader(bundle))[0].known[WORDS.index(Kind.MISPRINT)]
    assert more > 3 * usual > 0


def test_a_products_own_kind_is_told_where_it_dominates(
    tmp_path: Path, directions: NDArray[np.float32]
) -> None:
    own = OwnKinds(directions={"burr": tuple(directions[0].tolist())}, weights={"burr": 100})
    reader = load_kind_reader(with_own_kinds(tmp_path / "bundle", own))
    assert reader.words == (*WORDS, "burr")
    for told in guess(reader):
        assert told.word == "burr"
        assert told.probability > 0.5
        assert told.known.sum() == pytest.approx(1 - told.probability, abs=1e-5)


def test_a_product_that_can_have_nothing_but_its_own_kind_has_it_for_sure(
    tmp_path: Path, directions: NDArray[np.float32]
) -> None:
    own = OwnKinds(directions={"burr": tuple(directions[5].tolist())}, weights=EXCLUDED)
    for told in guess(load_kind_reader(with_own_kinds(tmp_path / "bundle", own))):
        assert (told.word, told.probability) == ("burr", 1)
        assert not told.known.any()


def test_where_every_kind_is_excluded_all_are_unknown(tmp_path: Path) -> None:
    reader = load_kind_reader(with_own_kinds(tmp_path / "bundle", OwnKinds(weights=EXCLUDED)))
    for told in guess(reader):
        assert (told.word, told.probability) == (Kind.UNKNOWN, 1)
        assert not told.known.any()


def test_own_kinds_are_words_of_the_check(tmp_path: Path, directions: NDArray[np.float32]) -> None:
    own = OwnKinds(directions={"burr": tuple(directions[0].tolist())}, weights={"burr": 100})
    reader = load_kind_reader(with_own_kinds(tmp_path / "bundle", own))
    image, anomaly_map = line_on_grey(80)
    regions = regions_of_reject(anomaly_map, LIMIT)
    guesses = [(one.word, one.probability) for one in reader.guess(image, anomaly_map, regions, LIMIT)]
    facts = measure_facts(image, anomaly_map, regions, LIMIT, Verdict.REJECT, kinds=guesses)
    sentence = describe_by_template(facts)
    assert " burr at the " in sentence
    assert check_sentence(sentence, facts, kinds=reader.words) == ()
    scratched = replace(facts, regions=(replace(facts.regions[0], kind=Kind.SCRATCH),))
    (contradiction,) = check_sentence(sentence, scratched, kinds=reader.words)
    assert (contradiction.fact, contradiction.said) == (Fact.KIND, "burr")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "kinds.json: "),
        ('{"colour": 1}', "kinds.json: "),
        ('{"directions": {"burr": [1, 0, 0]}}', "'burr' has 3 numbers where the network for kinds has 384"),
        ('{"weights": {"scratch": -1}}', "kinds.json: "),
    ],
)
def test_own_kinds_that_cannot_be_used_are_refused(tmp_path: Path, content: str, why: str) -> None:
    with pytest.raises(BundleError, match=why) as caught:
        load_kind_reader(with_own_kinds(tmp_path / "bundle", content))
    assert "own kinds of bundle" in caught.value.what
    assert caught.value.remedy == "Train it again"


def change(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b"x")


def edit(**changes: object) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        path = folder / KINDS_MANIFEST
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return write


def replace_onnx(folder: Path) -> None:
    """A file that its maker hashed and that is no network."""
    (folder / KINDS_ONNX).write_bytes(b"no network")
    files = {name: file_sha256(folder / name) for name in (KINDS_ONNX, KINDS_WEIGHTS)}
    edit(files=files)(folder)


def drop_directions(folder: Path) -> None:
    save_file({"centre": np.zeros(384, np.float32)}, folder / KINDS_WEIGHTS)
    files = {name: file_sha256(folder / name) for name in (KINDS_ONNX, KINDS_WEIGHTS)}
    edit(files=files)(folder)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (shutil.rmtree, r"it has no kinds\.json"),
        (lambda folder: (folder / KINDS_MANIFEST).unlink(), r"it has no kinds\.json"),
        (lambda folder: (folder / KINDS_MANIFEST).write_text("{"), r"kinds\.json: "),
        (edit(schema_version=2), r"kinds\.json: "),
        (edit(temperature=0), r"kinds\.json: "),
        (lambda folder: (folder / KINDS_ONNX).unlink(), r"kinds\.onnx is missing"),
        (lambda folder: (folder / KINDS_WEIGHTS).unlink(), r"kinds\.safetensors is missing"),
        (change(KINDS_ONNX), r"kinds\.onnx was changed"),
        (change(KINDS_WEIGHTS), r"kinds\.safetensors was changed"),
        (edit(files={}), r"kinds\.onnx was changed"),
        (edit(cues=["area"]), "other cues or words"),
        (edit(words=["scratch"]), "other cues or words"),
        (replace_onnx, r"cannot be used: .+"),
        (drop_directions, DIRECTIONS),
    ],
)
def test_a_network_that_is_not_what_was_made_is_refused(
    tmp_path: Path, harm: Callable[[Path], object], why: str
) -> None:
    folder = Path(shutil.copytree(DEFAULT_KINDS, tmp_path / "kinds"))
    harm(folder)
    with pytest.raises(KindsError, match=why) as caught:
        load_kind_reader(folder=folder)
    assert str(folder) in caught.value.what
    assert "inspector train-kinds" in caught.value.remedy


def region(x: int, y: int, width: int, height: int) -> Region:
    return Region((x, y, width, height), (x, y), width * height, 0.1, 2.0)


def certain(kind: Kind) -> KindGuess:
    return KindGuess.of(WORDS, np.array([float(word == kind) for word in WORDS]))


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        ((0, 0, 320, 160), np.s_[:], np.s_[:]),
        ((0, 0, 1, 1), np.s_[:1], np.s_[:1]),
        ((319, 159, 1, 1), np.s_[15:], np.s_[15:]),
        ((20, 10, 20, 10), np.s_[1:2], np.s_[1:2]),
        ((19, 9, 22, 12), np.s_[0:3], np.s_[0:3]),
        ((160, 0, 160, 80), np.s_[:8], np.s_[8:]),
    ],
)
def test_a_regions_kind_stands_in_the_cells_that_its_box_touches(
    box: tuple[int, int, int, int], rows: slice, columns: slice
) -> None:
    maps = kind_maps([region(*box)], [certain(Kind.DENT)], 160, 320)
    expected = np.zeros((len(WORDS), KIND_CELLS, KIND_CELLS), np.float32)
    expected[WORDS.index(Kind.DENT), rows, columns] = 1
    np.testing.assert_array_equal(maps, expected)


def test_where_boxes_overlap_the_worse_regions_kind_stands() -> None:
    regions = [region(0, 0, 200, 100), region(100, 50, 220, 110)]
    maps = kind_maps(regions, [certain(Kind.HOLE), certain(Kind.STAIN)], 160, 320)
    assert maps[WORDS.index(Kind.HOLE), 7, 7] == 1
    assert maps[WORDS.index(Kind.STAIN), 7, 7] == 0
    assert maps[WORDS.index(Kind.STAIN), 15, 15] == 1
    assert maps.max(axis=0).sum() == maps.sum()


def test_without_regions_the_maps_are_empty() -> None:
    assert not kind_maps([], [], 160, 320).any()
