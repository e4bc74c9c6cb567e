"""TensorFlow's SAME padding made static, for networks with one input size.

timm's `tf_` models pad by an amount that depends on the size they meet at run time (`Conv2dSame`). For one
size it is a constant: a symmetric one goes into the convolution, another into a constant pad before it, which
ONNX exporters and runtimes merge with the convolution.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from training.encoders.packages import require_package


def make_same_padding_static(network: nn.Module, height: int, width: int) -> int:
    """Replace every `Conv2dSame` inside a network by an equal convolution for one input size, in place.

    Weights keep their tensors but move under `conv.` where an asymmetric pad is needed.

    Args:
        network: takes [B, 3, height, width]; in evaluation mode.
        height: of the input, in pixels.
        width: of the input, in pixels.

    Returns:
        The number of convolutions replaced.
    """
    sizes = _input_sizes(network, height, width)
    for name, size in sizes.items():
        parent, _, child = name.rpartition(".")
        setattr(network.get_submodule(parent), child, _static(network.get_submodule(name), size))
    return len(sizes)


def _input_sizes(network: nn.Module, height: int, width: int) -> dict[str, tuple[int, int]]:
    """(rows, columns) that arrive at every `Conv2dSame`, by its name, seen in one forward pass."""
    conv_same = require_package("timm.layers", "timm", "timm").Conv2dSame
    sizes: dict[str, tuple[int, int]] = {}

    def note(name: str, image: Tensor) -> None:
        sizes[name] = (image.shape[2], image.shape[3])

    hooks = [
        module.register_forward_pre_hook(lambda _, inputs, name=name: note(name, inputs[0]))
        for name, module in network.named_modules()
        if isinstance(module, conv_same)
    ]
    if not hooks:
        return sizes
    try:
        with torch.no_grad():
            network(torch.zeros(1, 3, height, width))
    finally:
        for hook in hooks:
            hook.remove()
    return sizes


def _static(conv: nn.Module, size: tuple[int, int]) -> nn.Module:
    """The convolution with the pads that SAME means for inputs of `size`."""
    if not isinstance(conv, nn.Conv2d):
        raise TypeError(type(conv))
    (top, bottom), (left, right) = (
        _same_pads(length, conv.kernel_size[axis], conv.stride[axis], conv.dilation[axis])
        for axis, length in enumerate(size)
    )
    symmetric = left == right and top == bottom
    static = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        (conv.kernel_size[0], conv.kernel_size[1]),
        stride=(conv.stride[0], conv.stride[1]),
        padding=(top, left) if symmetric else 0,
        dilation=(conv.dilation[0], conv.dilation[1]),
        groups=conv.groups,
        bias=conv.bias is not None,
        device="meta",
    )
    static.weight, static.bias = conv.weight, conv.bias
    static.train(conv.training)
    return static if symmetric else nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), static)


def _same_pads(length: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Cells before and after one axis that SAME means: the odd one goes behind."""
    covered = (math.ceil(length / stride) - 1) * stride + (kernel - 1) * dilation + 1
    missing = max(covered - length, 0)
    return missing // 2, missing - missing // 2
