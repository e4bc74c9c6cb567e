from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from pydantic import ValidationError

from inspector.errors import TrainingError
from tests.training.encoders.onnx_parity import export
from training.encoders import (
    OpenClipImageSettings,
    OpenClipTextSettings,
    build_image_encoder,
    build_text_encoder,
)
from training.prompts import build_prompts, encode_prompts

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
TOWERS: dict[str, dict[str, Any]] = {
    "tiny-vit": {"image_size": 64, "layers": 4, "width": 48, "head_width": 16, "patch_size": 16},
    "tiny-resnet": {
        "image_size": 64,
        "layers": [1, 1, 1, 1],
        "width": 16,
        "head_width": 16,
        "patch_size": None,
    },
    "tiny-timm": {
        "image_size": 160,
        "timm_model_name": "test_vit",
        "timm_pool": "token",
        "timm_proj": "linear",
    },
}


def config_of(name: str) -> dict[str, Any]:
    return {"embed_dim": 24, "vision_cfg": TOWERS[name], "text_cfg": TEXT, "custom_text": name == "tiny-timm"}


def save_model(folder: Path, name: str) -> tuple[Any, dict[str, Any]]:
    """A random CLIP on disk: the model itself, and the settings that name it."""
    config, weights = folder / f"{name}.json", folder / f"{name}.pt"
    config.write_text(json.dumps(config_of(name)))
    open_clip.add_model_config(config)
    torch.manual_seed(0)
    model = open_clip.create_model(name).eval()
    torch.save(model.state_dict(), weights)
    return model, {"name": name, "config": config, "weights": weights}


@pytest.mark.parametrize(
    ("name", "channels", "strides"),
    [
        ("tiny-vit", (48, 48, 48, 48), (16, 16, 16, 16)),
        ("tiny-resnet", (128, 256, 512), (8, 16, 32)),
        ("tiny-timm", (64, 64, 64, 64), (16, 16, 16, 16)),
    ],
)
def test_every_image_tower_gives_maps_of_several_depths(
    tmp_path: Path, name: str, channels: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    _, settings = save_model(tmp_path, name)
    encoder = build_image_encoder(OpenClipImageSettings(**settings), 96, 64)

    assert (encoder.layer_channels, encoder.layer_strides) == (channels, strides)
    assert encoder.layer_sizes == tuple((96 // stride, 64 // stride) for stride in strides)
    assert all(not parameter.requires_grad for parameter in encoder.parameters())
    assert encoder.weights.name == f"open_clip:{name}"


@pytest.mark.parametrize("name", list(TOWERS))
def test_maps_are_those_of_the_saved_model(tmp_path: Path, name: str) -> None:
    model, settings = save_model(tmp_path, name)
    size = int(TOWERS[name]["image_size"])
    image = torch.randn(2, 3, size, size)

    maps = build_image_encoder(OpenClipImageSettings(**settings, layers=(2, 3)), size, size)(image)

    with torch.no_grad():
        found = model.visual.forward_intermediates(image, indices=[2, 3], intermediates_only=True)
    assert all(
        torch.allclose(ours, theirs, atol=1e-5)
        for ours, theirs in zip(maps, found["image_intermediates"], strict=True)
    )


@pytest.mark.parametrize("name", list(TOWERS))
def test_what_lies_behind_the_deepest_layer_is_cut(tmp_path: Path, name: str) -> None:
    _, settings = save_model(tmp_path, name)

    def parameters(*layers: int) -> int:
        encoder = build_image_encoder(OpenClipImageSettings(**settings, layers=layers), 64, 64)
        return sum(parameter.numel() for parameter in encoder.parameters())

    assert parameters(1) < parameters(2) < parameters(3)


@pytest.mark.parametrize("name", list(TOWERS))
def test_export_equals_torch_for_any_batch(tmp_path: Path, name: str) -> None:
    _, settings = save_model(tmp_path, name)
    encoder = build_image_encoder(OpenClipImageSettings(**settings), 64, 96)

    assert export(encoder, tmp_path / "encoder.onnx").relative_difference < 1e-4


@pytest.mark.parametrize("name", ["tiny-vit", "tiny-timm"])
def test_sentences_are_embedded_as_the_saved_model_does(tmp_path: Path, name: str) -> None:
    model, settings = save_model(tmp_path, name)
    sentences = [f"a photo of part {number}" for number in range(70)]

    encoder = build_text_encoder(OpenClipTextSettings(**settings))
    vectors = encoder.encode(sentences)

    with torch.no_grad():
        expected = model.encode_text(open_clip.get_tokenizer(name)(sentences), normalize=True)
    assert vectors.shape == (70, 24) == (len(sentences), encoder.dim)
    assert not vectors.requires_grad
    assert torch.allclose(vectors, expected, atol=1e-6)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(70), atol=1e-6)


def test_prompts_are_encoded_by_clips_own_text_tower(tmp_path: Path) -> None:
    _, settings = save_model(tmp_path, "tiny-vit")
    prompts = build_prompts("gasket")

    embeddings = encode_prompts(prompts, build_text_encoder(OpenClipTextSettings(**settings)))

    assert embeddings.normal.shape == (len(prompts.normal), 24)
    assert embeddings.abnormal.shape == (len(prompts.abnormal), 24)


def test_a_folder_with_its_own_configuration_is_taken(tmp_path: Path) -> None:
    model, _ = save_model(tmp_path, "tiny-vit")
    folder = tmp_path / "folder"
    folder.mkdir()
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    preprocessing = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    config = {"model_cfg": config_of("tiny-vit"), "preprocess_cfg": preprocessing}
    (folder / "open_clip_config.json").write_text(json.dumps(config))

    image = build_image_encoder(OpenClipImageSettings(name="ours", weights=folder), 64, 64)
    text = build_text_encoder(OpenClipTextSettings(name="ours", weights=folder))

    assert image.mean.tolist() == [0.5, 0.5, 0.5]
    assert image.std.tolist() == [0.25, 0.25, 0.25]
    assert (image.weights.name, text.weights.name) == ("open_clip:ours", "open_clip:ours")
    assert image.weights.sha256 != text.weights.sha256


def test_a_weights_file_named_like_a_tag_is_read_and_not_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, settings = save_model(tmp_path, "tiny-vit")
    monkeypatch.chdir(tmp_path)
    settings["weights"].rename("openai")

    with pytest.raises(TrainingError, match=r"ViT-B-32 cannot be loaded with .*openai"):
        build_image_encoder(OpenClipImageSettings(name="ViT-B-32", weights=Path("openai")), 64, 64)


def test_an_unknown_name_is_answered_with_near_ones(tmp_path: Path) -> None:
    weights = tmp_path / "any.pt"
    weights.touch()
    with pytest.raises(TrainingError, match=r"open_clip has no model ViT-B-33: near names are ViT-B-32"):
        build_image_encoder(OpenClipImageSettings(name="ViT-B-33", weights=weights), 64, 64)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no .*weights.pt"), (b"not a checkpoint", "not a file of weights alone")],
)
def test_missing_and_damaged_weights_are_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    weights = tmp_path / "weights.pt"
    if content is not None:
        weights.write_bytes(content)
    for build in (
        lambda: build_image_encoder(OpenClipImageSettings(name="ViT-S-32", weights=weights), 64, 64),
        lambda: build_text_encoder(OpenClipTextSettings(name="ViT-S-32", weights=weights)),
    ):
        with pytest.raises(TrainingError, match=message):
            build()


@pytest.mark.parametrize("content", [None, "not JSON", "[]", "{}"])
def test_a_wrong_model_configuration_is_named(tmp_path: Path, content: str | None) -> None:
    _, settings = save_model(tmp_path, "tiny-vit")
    settings |= {"name": "other", "config": tmp_path / "other.json"}
    if content is not None:
        settings["config"].write_text(content)

    with pytest.raises(TrainingError, match="other"):
        build_image_encoder(OpenClipImageSettings(**settings), 64, 64)


def test_a_size_that_patches_do_not_divide_is_refused(tmp_path: Path) -> None:
    _, settings = save_model(tmp_path, "tiny-vit")
    with pytest.raises(TrainingError, match="patches of 16 x 16 pixels would leave out a border"):
        build_image_encoder(OpenClipImageSettings(**settings), 72, 64)


def test_towers_and_tokenizers_that_would_be_downloaded_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    weights.touch()
    with pytest.raises(TrainingError, match="text tower roberta-base would have to be downloaded"):
        build_image_encoder(OpenClipImageSettings(name="roberta-ViT-B-32", weights=weights), 64, 64)
    with pytest.raises(
        TrainingError, match=r"tokenizer of open_clip model ViT-B-16-SigLIP .* would have to be downl"
    ):
        build_text_encoder(OpenClipTextSettings(name="ViT-B-16-SigLIP", weights=weights))


def test_a_tag_is_downloaded_only_where_the_settings_say_so(network_attempts: list[str]) -> None:
    with pytest.raises(ValidationError, match="online = true"):
        OpenClipImageSettings(name="ViT-S-32", pretrained="laion400m_e31")
    with pytest.raises(ValidationError, match="either weights"):
        OpenClipTextSettings(name="ViT-S-32")
    assert network_attempts == []

    settings = OpenClipImageSettings(name="ViT-B-32", pretrained="laion400m_e31", online=True)
    with pytest.raises(TrainingError, match="ViT-B-32 cannot be loaded with laion400m_e31"):
        build_image_encoder(settings, 64, 64)
    assert network_attempts != []
    network_attempts.clear()
