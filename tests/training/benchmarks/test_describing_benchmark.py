"""The figures about descriptions: counted right, and measured with a real writer on real frames."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import Bundle, load_bundle
from inspector.describing.adapter import load_adapter
from inspector.describing.facts import Facts
from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.kinds import OwnKinds
from inspector.describing.language_model import LanguageModel
from inspector.describing.reading import read_sentence
from inspector.describing.words import Kind, Position, Source
from inspector.describing.writer import SentenceWriter
from inspector.results import Verdict
from tests.inspector.describing.test_slots import SCRATCH
from tests.language_model import TINY_HIDDEN_SIZE
from tests.tiny_adapter import write_tiny_adapter
from tests.tiny_bundle import write_tiny_bundle
from tests.training.washers import write_washers
from training.benchmarks.described import (
    DescribedFrame,
    cells_of,
    describe_dataset,
    describe_painted,
    figures_of,
)
from training.benchmarks.describing import _examples, _kinds, _places
from training.benchmarks.kinds_of_folders import KINDS_OF_FOLDERS, kinds_listed_for
from training.benchmarks.writing import write_tables

RIGHT = "One defect: a small thin dark scratch at the upper left."
WRONG = "One defect: a small thin dark scratch at the right."
REJECT = DescribedFrame(
    name="break/001",
    folder="break",
    facts=Facts(Verdict.REJECT, 1, (SCRATCH,)),
    cells=frozenset({Position.UPPER_LEFT, Position.TOP}),
    sentence=RIGHT,
    source=Source.LLM,
    own=RIGHT,
    blind=WRONG,
    seconds=0.5,
)
PASS = DescribedFrame(
    name="good/001",
    folder="good",
    facts=Facts(Verdict.PASS, 0, ()),
    cells=frozenset(),
    sentence="No defect found.",
    source=Source.TEMPLATE,
)
FALSE_REJECT = replace(REJECT, name="good/002", folder="good", cells=frozenset(), seconds=1.5)


@pytest.fixture(scope="module")
def babbling(tmp_path_factory: pytest.TempPathFactory, tiny_language_model: LanguageModel) -> SentenceWriter:
    """A real writer of random weights."""
    folder = write_tiny_adapter(tmp_path_factory.mktemp("adapters") / "tiny", TINY_HIDDEN_SIZE)
    return SentenceWriter(load_adapter(folder), tiny_language_model)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_washers(tmp_path_factory.mktemp("data") / "washer", normals=1, tests=3)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "washer")


@pytest.mark.parametrize(
    ("rows", "columns", "cells"),
    [
        (np.s_[0:1], np.s_[0:1], {Position.UPPER_LEFT}),
        (np.s_[29:31], np.s_[0:1], {Position.UPPER_LEFT, Position.LEFT}),
        (np.s_[40:50], np.s_[70:80], {Position.CENTRE}),
        (np.s_[89:], np.s_[149:], {Position.LOWER_RIGHT}),
        (np.s_[:], np.s_[:], set(Position)),
        (np.s_[0:0], np.s_[0:0], set()),
    ],
)
def test_a_mask_touches_cells_of_the_frame(rows: slice, columns: slice, cells: set[Position]) -> None:
    mask = np.zeros((90, 150), bool)
    mask[rows, columns] = True
    assert cells_of(mask) == cells


@pytest.mark.parametrize(
    ("frame", "rejected", "agrees", "contradicts"),
    [
        (REJECT, True, True, False),
        (replace(REJECT, sentence=WRONG), True, True, True),
        (replace(REJECT, sentence="No defect found."), True, False, True),
        (PASS, False, True, False),
        (replace(PASS, sentence=RIGHT), False, False, True),
    ],
)
def test_a_sentence_is_held_against_verdict_and_facts(
    frame: DescribedFrame, rejected: bool, agrees: bool, contradicts: bool
) -> None:
    assert (frame.rejected, frame.agrees, frame.contradicts) == (rejected, agrees, contradicts)


@pytest.mark.parametrize(
    ("sentence", "right"),
    [
        (RIGHT, True),
        ("A scratch at the top.", True),
        (WRONG, False),
        ("A scratch in the centre and a dent at the upper left.", False),
        ("A scratch at the top and a dent at the right.", True),
        ("There is a scratch.", False),
        ("", False),
        (None, False),
    ],
)
def test_the_first_place_that_is_named_counts(sentence: str | None, right: bool) -> None:
    assert REJECT.names_a_true_place(sentence) == right


def test_figures_count_what_was_described() -> None:
    retried = replace(REJECT, source=Source.LLM_RETRY, own=WRONG, seconds=2.5)
    templated = replace(REJECT, source=Source.TEMPLATE, own="Babble.", blind="", seconds=3.5)
    figures = figures_of([REJECT, retried, templated, PASS, FALSE_REJECT])
    assert (figures.frames, figures.rejected, figures.located) == (5, 4, 3)
    assert (figures.agreeing, figures.contradictions) == (1.0, 0)
    assert figures.place == 1.0
    assert figures.own_place == pytest.approx(1 / 3)
    assert figures.blind_place == 0.0
    assert figures.sources == Counter({"llm": 2, "llm-retry": 1, "template": 1})
    assert figures.median_seconds == 2.0


def test_contradictions_and_disagreements_lower_the_figures() -> None:
    figures = figures_of([REJECT, replace(REJECT, sentence=WRONG), replace(PASS, sentence=RIGHT)])
    assert figures.agreeing == pytest.approx(2 / 3)
    assert figures.contradictions == 2
    assert figures.place == 0.5


def test_good_frames_alone_have_no_places_and_no_time() -> None:
    figures = figures_of([PASS])
    assert (figures.frames, figures.rejected, figures.agreeing) == (1, 0, 1.0)
    assert math.isnan(figures.place)
    assert math.isnan(figures.median_seconds)


def test_a_data_set_is_described_with_its_true_cells(
    data: Path, bundle: Bundle, babbling: SentenceWriter
) -> None:
    listed = OwnKinds(weights={kind.value: float(kind == Kind.STAIN) for kind in KNOWN_KINDS})
    frames = list(describe_dataset(data, load_bundle(bundle.path), babbling, listed))
    assert Counter(frame.folder for frame in frames) == {"good": 3, "blot": 3}
    for frame in frames:
        assert frame.agrees
        assert not frame.contradicts
        assert frame.source is Source.TEMPLATE
        assert frame.rejected == (frame.folder == "blot")
        if frame.rejected:
            assert frame.facts.regions[0].position in frame.cells
            assert frame.names_a_true_place(frame.sentence)
            assert not frame.names_a_true_place(frame.own)
            assert frame.own is not None
            assert frame.blind is not None
            assert frame.seconds > 0
            assert frame.listed_kind == Kind.STAIN
        else:
            assert (frame.cells, frame.own, frame.blind) == (frozenset(), None, None)
            assert frame.listed_kind is None


def test_painted_frames_are_the_same_for_the_same_seed_and_none_is_an_adapters_lesson(
    babbling: SentenceWriter,
) -> None:
    first, second, other = (list(describe_painted(6, seed, babbling)) for seed in (3, 3, 4))
    assert [frame.facts for frame in first] == [frame.facts for frame in second]
    assert [frame.facts for frame in first] != [frame.facts for frame in other]
    assert len({frame.name for frame in first}) == 6
    for frame in (*first, *other):
        assert frame.agrees
        assert not frame.contradicts
        assert (frame.folder == "good") == (not frame.cells)


def test_with_the_packaged_adapter_the_maps_speak_and_not_the_prompt(language_model: LanguageModel) -> None:
    writer = SentenceWriter(load_adapter(), language_model)
    frames = list(describe_painted(7, 1000, writer))
    figures = figures_of(frames)
    assert (figures.agreeing, figures.contradictions) == (1.0, 0)
    assert figures.located >= 5
    assert figures.place > 0.8
    assert figures.own_place > 0.6
    assert figures.sources["template"] <= figures.rejected / 3
    rejected = [frame for frame in frames if frame.rejected]
    # The prompt alone says the same of every frame, and hits a place of many defects now and then.
    assert len({frame.blind for frame in rejected}) == 1
    own, blind = (
        [first_place(told) for told in said]
        for said in ([frame.own for frame in rejected], [frame.blind for frame in rejected])
    )
    worst = [frame.facts.regions[0].position for frame in rejected]
    assert np.mean([told == place for told, place in zip(own, worst, strict=True)]) > 0.6
    assert np.mean([told == place for told, place in zip(blind, worst, strict=True)]) < 0.4


def first_place(sentence: str | None) -> Position | None:
    named = read_sentence(sentence or "", "en").positions
    return named[0] if named else None


def test_folders_of_the_data_sets_count_as_known_kinds() -> None:
    for folders in KINDS_OF_FOLDERS.values():
        for words in folders.values():
            assert words
            assert words <= set(Kind) - {Kind.UNKNOWN}


def test_the_tables_have_a_row_of_each_set_and_of_each_folder() -> None:
    chipped = replace(SCRATCH, kind=Kind.BROKEN_EDGE)
    broken = replace(REJECT, facts=Facts(Verdict.REJECT, 1, (chipped,)), listed_kind="missing part")
    listed = replace(REJECT, listed_kind="broken edge")
    described = {"magnetic_tile": [broken, listed, PASS], "painted": [REJECT]}
    places = _places(described, described["magnetic_tile"])
    assert [row.split(" | ")[0].strip("| ") for row in places[2:]] == [
        "magnetic_tile (3)", "painted (1)", "both data sets (3)"
    ]  # fmt: skip
    assert len({row.count("|") for row in places}) == 1
    kinds = _kinds(described)
    assert len({row.count("|") for row in kinds[:-2]}) == 1
    (row,) = [row for row in kinds if row.startswith("| magnetic_tile/break |")]
    assert row.endswith("| 1 of 2 | broken edge 1, scratch 1 | 2 of 2 | missing part 1, broken edge 1 |")
    assert kinds[-1] == (
        "Kind right: 1 of 2, 50.0 % (0 are called unknown);"
        " where the product's kinds are listed: 2 of 2, 100.0 % (0 are called unknown)."
    )


def test_the_listed_kinds_of_a_data_set_are_the_words_of_its_folders() -> None:
    weights = kinds_listed_for("bottle").weights
    assert {word for word, weight in weights.items() if weight} == {
        Kind.BROKEN_EDGE, Kind.MISSING_PART, Kind.CONTAMINATION, Kind.STAIN
    }  # fmt: skip
    assert len(weights) == len(KNOWN_KINDS)


def test_examples_show_what_was_rejected() -> None:
    replaced = replace(REJECT, own=WRONG, source=Source.LLM_RETRY)
    assert _examples([REJECT, PASS, replaced]) == [
        f"- break/001: {RIGHT} (llm)",
        f"- break/001: {RIGHT} (llm-retry) Rejected: {WRONG!r}",
    ]
    assert _examples([PASS]) == []


def test_a_document_keeps_the_tables_of_other_commands(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    write_tables(document, "accuracy", "make bench")
    write_tables(document, "descriptions", "make bench-describe")
    write_tables(document, "better accuracy", "make bench")
    text = document.read_text()
    assert text.count("<!-- begin: make bench -->") == text.count("<!-- end: make bench -->") == 1
    assert "better accuracy" in text
    assert "\naccuracy\n" not in text
    assert "descriptions" in text
    assert text.index("better accuracy") < text.index("descriptions")
