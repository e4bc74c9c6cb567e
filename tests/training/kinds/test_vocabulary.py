"""Kinds as sentences in a text encoder's space, and a product's own words among them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.kinds import DEFAULT_KINDS, DIRECTIONS, KINDS_WEIGHTS
from inspector.describing.words import Kind
from inspector.errors import SettingsError
from training.encoders.protocol import TextEncoder
from training.kinds.vocabulary import (
    CENTRE,
    PHRASES,
    KindsOfProduct,
    OwnKind,
    encode_known_kinds,
    encode_own_kinds,
)
from training.settings import load_training_settings


def test_every_known_kind_has_phrases() -> None:
    assert set(PHRASES) == set(KNOWN_KINDS)
    assert all(PHRASES[kind] for kind in KNOWN_KINDS)


def test_directions_are_unit_vectors_apart_from_each_other(
    known_kinds: tuple[torch.Tensor, torch.Tensor],
) -> None:
    directions, centre = known_kinds
    assert directions.shape == (len(KNOWN_KINDS), len(centre))
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(len(KNOWN_KINDS)))
    cosines = directions @ directions.T - torch.eye(len(KNOWN_KINDS))
    assert float(cosines.max()) < 0.6


def test_the_packaged_directions_are_those_of_these_sentences(
    known_kinds: tuple[torch.Tensor, torch.Tensor],
) -> None:
    packaged = load_file(DEFAULT_KINDS / KINDS_WEIGHTS)
    torch.testing.assert_close(packaged[DIRECTIONS], known_kinds[0], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(packaged[CENTRE], known_kinds[1], atol=1e-4, rtol=1e-3)


def test_an_own_kind_lies_beside_the_known_kind_that_means_the_same(
    text_encoder: TextEncoder, known_kinds: tuple[torch.Tensor, torch.Tensor]
) -> None:
    directions, centre = known_kinds
    own = (
        OwnKind(word="blowhole", phrases=("a small hole", "a pore")),
        OwnKind(word="scuffing"),
        OwnKind(word="splatter", phrases=("a stain of ink",)),
    )
    encoded = encode_own_kinds(own, text_encoder, centre)
    assert list(encoded) == ["blowhole", "scuffing", "splatter"]
    for word, known in zip(encoded, (Kind.HOLE, Kind.SCRATCH, Kind.STAIN), strict=True):
        assert float(encoded[word].norm()) == pytest.approx(1, rel=1e-5)
        assert KNOWN_KINDS[int((directions @ encoded[word]).argmax())] == known


def test_without_phrases_the_word_speaks_for_itself(
    text_encoder: TextEncoder, known_kinds: tuple[torch.Tensor, torch.Tensor]
) -> None:
    centre = known_kinds[1]
    first = encode_own_kinds([OwnKind(word="burr")], text_encoder, centre)["burr"]
    second = encode_own_kinds([OwnKind(word="edge", phrases=("burr",))], text_encoder, centre)["edge"]
    torch.testing.assert_close(first, second)


def test_the_same_sentences_have_the_same_directions(
    text_encoder: TextEncoder, known_kinds: tuple[torch.Tensor, torch.Tensor]
) -> None:
    torch.testing.assert_close(encode_known_kinds(text_encoder)[0], known_kinds[0])


@pytest.mark.parametrize(
    "word", ["burr", "Short-Shot", "weld spatter", "Lunker", "fissure à chaud", "  burr "]
)
def test_a_word_that_an_operator_says_can_be_a_kind(word: str) -> None:
    assert OwnKind(word=word).word == word.strip()


@pytest.mark.parametrize(
    "word",
    ["", " ", "b", "scratch", "Scratch", "UNKNOWN", "missing part", "8 ball", "a" * 33, "burr.", "a\nb"],
)
def test_a_word_that_is_none_or_known_already_is_refused(word: str) -> None:
    with pytest.raises(ValidationError):
        OwnKind(word=word)


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        ({"burr": -0.1}, "greater than or equal to 0"),
        ({"burr": 101}, "less than or equal to 100"),
        ({"bur": 1}, "'bur' is no kind; there are broken edge, burr, "),
        ({"unknown": 1}, "'unknown' is no kind"),
        ({"burr": float("nan")}, "weights"),
    ],
)
def test_weights_are_of_kinds_and_within_bounds(weights: dict[str, float], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        KindsOfProduct(own=(OwnKind(word="burr"),), weights=weights)


def test_a_word_is_given_once() -> None:
    with pytest.raises(ValidationError, match="'burr' is given twice"):
        KindsOfProduct(own=(OwnKind(word="burr"), OwnKind(word="Burr", phrases=("a sharp edge",))))


def test_kinds_are_part_of_the_training_settings(tmp_path: Path) -> None:
    path = tmp_path / "training.toml"
    path.write_text(
        "[kinds.weights]\nmisprint = 0\nburr = 3\n\n"
        '[[kinds.own]]\nword = "burr"\nphrases = ["a sharp edge"]\n'
    )
    kinds = load_training_settings(path).kinds
    assert kinds.own == (OwnKind(word="burr", phrases=("a sharp edge",)),)
    assert dict(kinds.weights) == {"misprint": 0, "burr": 3}
    assert load_training_settings().kinds == KindsOfProduct()
    path.write_text("[kinds.weights]\nbur = 3\n")
    with pytest.raises(SettingsError, match="'bur' is no kind"):
        load_training_settings(path)
