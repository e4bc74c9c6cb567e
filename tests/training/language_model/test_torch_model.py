"""The language model in torch: frozen, float32, and plain when it is saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from inspector.errors import TrainingError
from training.language_model.torch_model import TorchLanguageModel, load_torch_language_model


def test_the_packaged_model_is_frozen_float32_and_writes_english(
    torch_language_model: TorchLanguageModel,
) -> None:
    loaded = torch_language_model
    assert (loaded.name, loaded.hidden_size) == ("SmolLM2-135M-Instruct", 576)
    assert not loaded.model.training
    assert all(p.dtype == torch.float32 and not p.requires_grad for p in loaded.model.parameters())
    tokens = torch.tensor([loaded.tokenizer.encode("The capital of France is")])
    written = loaded.model.generate(
        tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=2, do_sample=False
    )
    assert loaded.tokenizer.decode(written[0]) == "The capital of France is Paris."


def test_gradients_reach_soft_tokens_through_the_frozen_model(
    torch_language_model: TorchLanguageModel,
) -> None:
    tokens = torch.tensor([torch_language_model.tokenizer.encode("One dark scratch")])
    soft = torch_language_model.model.get_input_embeddings()(tokens).clone().requires_grad_()
    torch_language_model.model(inputs_embeds=soft).logits.log_softmax(-1)[..., 0].sum().backward()
    assert soft.grad is not None
    assert torch.isfinite(soft.grad).all()
    assert soft.grad.abs().max() > 0


def test_what_is_saved_claims_no_quantisation_and_computes_the_same(
    torch_language_model: TorchLanguageModel, tmp_path: Path
) -> None:
    torch_language_model.save(tmp_path)
    assert "quantization_config" not in json.loads((tmp_path / "config.json").read_text())
    again = load_torch_language_model(str(tmp_path))
    tokens = torch.tensor([again.tokenizer.encode("One dark scratch")])
    with torch.inference_mode():
        first, second = (loaded.model(tokens).logits for loaded in (torch_language_model, again))
    torch.testing.assert_close(first, second)
    assert again.end_tokens == torch_language_model.end_tokens


def test_tokens_that_end_a_text_are_collected(tiny_language_model_source: Path) -> None:
    loaded = load_torch_language_model(str(tiny_language_model_source))
    names = loaded.tokenizer.convert_ids_to_tokens(list(loaded.end_tokens))
    assert set(names) == {"<|im_end|>", "<|endoftext|>"}


def test_damaged_weights_are_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"no gguf at all")
    with pytest.raises(TrainingError, match=r"broken\.gguf cannot be loaded"):
        load_torch_language_model(str(tmp_path / "broken.gguf"))
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(TrainingError, match="cannot be loaded"):
        load_torch_language_model(str(tmp_path))


def test_loading_draws_nothing_and_leaves_gguf_as_it_was(
    tiny_language_model_source: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    load_torch_language_model(str(tiny_language_model_source))
    assert capfd.readouterr() == ("", "")
