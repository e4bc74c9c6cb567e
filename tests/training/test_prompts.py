from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor

from inspector.bundle import PRODUCT_PATTERN
from inspector.errors import TrainingError
from training.encoders import MiniLmSettings, TextEncoder, build_text_encoder
from training.prompts import PromptSettings, build_prompts, encode_prompts


@pytest.fixture(scope="module")
def minilm() -> TextEncoder:
    return build_text_encoder(MiniLmSettings())


@pytest.mark.parametrize(
    ("product", "noun"),
    [
        ("bottle", "bottle"),
        ("magnetic_tile", "magnetic tile"),
        ("M8-hex.nut", "M8 hex nut"),
        ("pcb__v2-", "pcb v2"),
    ],
)
def test_the_products_name_is_read_as_a_noun(product: str, noun: str) -> None:
    prompts = build_prompts(product)
    assert f"flawless {noun}" in prompts.normal
    assert f"{noun} with a scratch" in prompts.abnormal


def test_normal_and_abnormal_say_different_things() -> None:
    prompts = build_prompts("gasket")
    assert not set(prompts.normal) & set(prompts.abnormal)
    assert "gasket" in prompts.normal
    assert {"damaged gasket", "broken gasket", "gasket with a crack", "gasket with a missing part"} <= set(
        prompts.abnormal
    )


def test_a_noun_and_more_defects_are_taken_from_the_settings() -> None:
    prompts = build_prompts(
        "art-4711", PromptSettings(noun="rubber seal", defects=("a burr", "rust", "a scratch"))
    )

    assert "flawless rubber seal" in prompts.normal
    assert prompts.abnormal[-2:] == ("rubber seal with a burr", "rubber seal with rust")
    assert prompts.abnormal.count("rubber seal with a scratch") == 1
    assert not any("4711" in state for state in (*prompts.normal, *prompts.abnormal))


def test_states_and_templates_can_be_replaced() -> None:
    settings = PromptSettings(
        normal_states=("good {}",),
        abnormal_states=("bad {}",),
        templates=("picture of a {}", "x-ray of a {}"),
    )
    prompts = build_prompts("orange", settings)

    assert (prompts.normal, prompts.abnormal) == (("good orange",), ("bad orange",))
    assert prompts.sentences("orange") == ("picture of an orange", "x-ray of an orange")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("unblemished tile", "a photo of an unblemished tile."),
        ("flawless tile", "a photo of a flawless tile."),
        ("oil pump", "a photo of an oil pump."),
        ("unit", "a photo of a unit."),
        ("USB plug", "a photo of a USB plug."),
        ("tile with a edge crack", "a photo of a tile with an edge crack."),
    ],
)
def test_articles_fit_the_word_behind_them(state: str, sentence: str) -> None:
    assert build_prompts("x").sentences(state)[0] == sentence


@pytest.mark.parametrize("pattern", ["no place", "{} and {}", "{noun}", "{{}}", "{} {", " "])
@pytest.mark.parametrize("field", ["normal_states", "abnormal_states", "templates"])
def test_a_pattern_without_exactly_one_place_is_refused(field: str, pattern: str) -> None:
    with pytest.raises(ValidationError):
        PromptSettings.model_validate({field: [pattern]})


@pytest.mark.parametrize(
    "values", [{"templates": []}, {"normal_states": []}, {"noun": " "}, {"defects": [""]}]
)
def test_empty_words_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PromptSettings.model_validate(values)


def test_a_name_without_letters_needs_a_noun() -> None:
    with pytest.raises(TrainingError, match="Give a noun"):
        build_prompts("___")


@given(st.from_regex(PRODUCT_PATTERN, fullmatch=True))
def test_every_product_name_gives_whole_sentences(product: str) -> None:
    prompts = build_prompts(product)
    for state in (*prompts.normal, *prompts.abnormal):
        assert all("{" not in sentence and "_" not in sentence for sentence in prompts.sentences(state))


def test_one_row_a_state_on_the_unit_sphere(minilm: TextEncoder) -> None:
    prompts = build_prompts("bottle")
    embeddings = encode_prompts(prompts, minilm)

    assert embeddings.normal.shape == (len(prompts.normal), 384)
    assert embeddings.abnormal.shape == (len(prompts.abnormal), 384)
    for rows in (embeddings.normal, embeddings.abnormal, embeddings.pair):
        assert torch.allclose(rows.norm(dim=1), torch.ones(len(rows)), atol=1e-6)


def test_a_row_is_the_mean_of_its_state_over_the_templates(minilm: TextEncoder) -> None:
    prompts = build_prompts("bottle")
    mean = minilm.encode(prompts.sentences(prompts.abnormal[3])).mean(0)

    assert torch.allclose(encode_prompts(prompts, minilm).abnormal[3], mean / mean.norm(), atol=1e-5)


def test_a_sentence_about_a_defect_is_nearer_to_the_abnormal_direction(minilm: TextEncoder) -> None:
    pair = encode_prompts(build_prompts("bottle"), minilm).pair
    normal, abnormal = (
        minilm.encode(["a perfect bottle, as good as new", "the bottle has a deep crack"]) @ pair.T
    )

    assert normal[0] > normal[1]
    assert abnormal[1] > abnormal[0]


def nearest(vector: Tensor, rows: Tensor, names: Sequence[str]) -> str:
    return names[int((rows @ vector).argmax())]


def test_the_state_that_a_sentence_speaks_of_is_the_nearest_row(minilm: TextEncoder) -> None:
    prompts = build_prompts("bottle")
    embeddings = encode_prompts(prompts, minilm)
    vectors = minilm.encode(
        ["someone scratched this bottle", "the bottle has a hole in it", "a stained bottle"]
    )

    found = [nearest(vector, embeddings.abnormal, prompts.abnormal) for vector in vectors]
    assert found == ["bottle with a scratch", "bottle with a hole", "bottle with a stain"]
