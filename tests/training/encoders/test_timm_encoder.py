from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from pydantic import ValidationError
from safetensors.torch import save_file

from inspector.errors import TrainingError
from tests.training.encoders.onnx_parity import export
from training.encoders import TimmSettings, build_image_encoder
from training.encoders.same_padding import make_same_padding_static

Save = Callable[..., Path]


def random_network(name: str, **arguments: Any) -> Any:
    torch.manual_seed(0)
    return timm.create_model(name, pretrained=False, **arguments).eval()


@pytest.mark.parametrize(
    ("name", "channels", "strides"),
    [
        ("test_vit", (64, 64, 64, 64), (16, 16, 16, 16)),
        ("test_resnet", (48, 192, 96), (8, 16, 32)),
        ("test_efficientnet", (32, 48, 64), (8, 16, 32)),
        ("test_convnext", (32, 48, 64), (8, 16, 32)),
    ],
)
def test_default_layers_of_transformers_and_cnns(
    saved: Save, name: str, channels: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    encoder = build_image_encoder(TimmSettings(name=name, weights=saved(random_network(name))), 96, 64)

    assert (encoder.layer_channels, encoder.layer_strides) == (channels, strides)
    assert encoder.layer_sizes == tuple((96 // stride, 64 // stride) for stride in strides)
    assert encoder.weights.name == f"timm:{name}"


@pytest.mark.parametrize("file", ["weights.safetensors", "weights.pth"])
def test_the_weights_of_the_file_are_the_ones_that_run(saved: Save, file: str) -> None:
    network = random_network("test_resnet")
    image = torch.randn(2, 3, 64, 64)

    encoder = build_image_encoder(
        TimmSettings(name="test_resnet", weights=saved(network, file), layers=(2, 3, 4)), 64, 64
    )

    with torch.no_grad():
        expected = network.forward_intermediates(image, indices=[2, 3, 4], intermediates_only=True)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(encoder(image), expected, strict=True))


def test_a_transformers_map_holds_its_patch_tokens_in_place(saved: Save) -> None:
    network = random_network("test_vit", img_size=(96, 64))
    image = torch.randn(2, 3, 96, 64)
    settings = TimmSettings(name="test_vit", weights=saved(network), layers=(5,))

    (ours,) = build_image_encoder(settings, 96, 64)(image)

    with torch.no_grad():
        tokens = network.blocks(network.norm_pre(network._pos_embed(network.patch_embed(image))))
    patches = tokens[:, network.num_prefix_tokens :]
    assert torch.allclose(ours.flatten(2).transpose(1, 2), patches, atol=1e-6)
    assert torch.allclose(ours[:, :, 2, 3], patches[:, 2 * 4 + 3], atol=1e-6)


def test_blocks_behind_the_deepest_layer_are_cut(saved: Save) -> None:
    path = saved(random_network("test_vit"))

    def parameters(*layers: int) -> int:
        encoder = build_image_encoder(TimmSettings(name="test_vit", weights=path, layers=layers), 64, 64)
        return sum(parameter.numel() for parameter in encoder.parameters())

    assert parameters(1) < parameters(1, 3) < parameters(1, 3, 5)


def test_position_embeddings_are_resampled_to_the_input_size(saved: Save) -> None:
    path = saved(random_network("test_vit"))  # for 160 x 160
    encoder = build_image_encoder(TimmSettings(name="test_vit", weights=path), 224, 64)

    assert encoder.layer_sizes == ((14, 4),) * 4


@pytest.mark.parametrize("name", ["test_vit", "test_resnet"])
def test_export_equals_torch_for_any_batch(saved: Save, name: str, tmp_path: Path) -> None:
    encoder = build_image_encoder(TimmSettings(name=name, weights=saved(random_network(name))), 64, 96)

    assert export(encoder, tmp_path / "encoder.onnx").relative_difference < 1e-4


@pytest.mark.parametrize("name", ["tf_mobilenetv3_small_minimal_100", "tf_mixnet_s"])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (75, 98)])
def test_static_padding_gives_timms_values_to_the_last_bit(name: str, height: int, width: int) -> None:
    network = random_network(name)
    image = torch.randn(2, 3, height, width)
    with torch.no_grad():
        expected = network(image)

        replaced = make_same_padding_static(network, height, width)

        assert torch.equal(network(image), expected)
    assert replaced > 0
    assert not any(type(module).__name__ == "Conv2dSame" for module in network.modules())


def test_weights_without_a_head_are_taken(saved: Save) -> None:
    path = saved(random_network("test_resnet", num_classes=0))
    assert build_image_encoder(TimmSettings(name="test_resnet", weights=path), 64, 64).layer_channels == (
        48,
        192,
        96,
    )


def test_weights_fine_tuned_for_other_classes_are_taken(saved: Save) -> None:
    path = saved(random_network("test_resnet", num_classes=7))
    assert build_image_encoder(TimmSettings(name="test_resnet", weights=path), 64, 64).layer_channels == (
        48,
        192,
        96,
    )


def test_normalisation_is_what_timm_states_unless_given(saved: Save) -> None:
    path = saved(random_network("test_resnet"))
    stated = build_image_encoder(TimmSettings(name="test_resnet", weights=path), 64, 64)
    given = build_image_encoder(
        TimmSettings(name="test_resnet", weights=path, mean=(0, 0, 0), std=(1, 1, 1)), 64, 64
    )

    config = timm.get_pretrained_cfg("test_resnet")
    assert config is not None
    assert stated.mean.tolist() == pytest.approx(list(config.mean))
    assert stated.std.tolist() == pytest.approx(list(config.std))
    assert (given.mean.tolist(), given.std.tolist()) == ([0, 0, 0], [1, 1, 1])


def test_an_unknown_name_is_answered_with_near_ones(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"timm has no model resnet5O: near names are .*resnet50"):
        build_image_encoder(TimmSettings(name="resnet5O", weights=tmp_path / "any.pth"), 64, 64)


def test_an_unknown_tag_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"timm has no weights resnet50\.nobody"):
        build_image_encoder(TimmSettings(name="resnet50.nobody", weights=tmp_path / "any.pth"), 64, 64)


def test_weights_of_another_model_are_refused(saved: Save) -> None:
    path = saved(random_network("test_vit"))
    with pytest.raises(
        TrainingError, match=r"weights.safetensors do not fit timm model test_resnet: Missing key"
    ):
        build_image_encoder(TimmSettings(name="test_resnet", weights=path), 64, 64)


def test_weights_of_another_width_are_refused_by_name_and_shape(tmp_path: Path) -> None:
    state = dict(random_network("test_resnet").state_dict())
    state["conv1.0.weight"] = torch.zeros(5, 3, 3, 3)
    save_file(state, tmp_path / "weights.safetensors")

    with pytest.raises(TrainingError, match=r"size mismatch for conv1.0.weight"):
        build_image_encoder(
            TimmSettings(name="test_resnet", weights=tmp_path / "weights.safetensors"), 64, 64
        )


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nowhere\.pth cannot be read"):
        build_image_encoder(TimmSettings(name="test_resnet", weights=tmp_path / "nowhere.pth"), 64, 64)


def test_a_layer_that_does_not_exist_is_refused(saved: Save) -> None:
    path = saved(random_network("test_resnet"))
    with pytest.raises(TrainingError, match=r"layer 5 of timm:test_resnet .* has 5 levels, 0 to 4"):
        build_image_encoder(TimmSettings(name="test_resnet", weights=path, layers=(1, 5)), 64, 64)


def test_a_size_that_patches_do_not_divide_is_refused(saved: Save) -> None:
    path = saved(random_network("test_vit"))
    with pytest.raises(TrainingError, match="patches of 16 x 16 pixels would leave out a border"):
        build_image_encoder(TimmSettings(name="test_vit", weights=path), 64, 72)


def test_nothing_is_downloaded_unless_the_settings_say_so(network_attempts: list[str]) -> None:
    with pytest.raises(ValidationError, match="online = true"):
        TimmSettings(name="test_resnet")
    assert network_attempts == []

    with pytest.raises(TrainingError, match="weights of timm model test_resnet cannot be downloaded"):
        build_image_encoder(TimmSettings(name="test_resnet", online=True), 64, 64)
    assert network_attempts != []
    network_attempts.clear()
