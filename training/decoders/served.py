"""The same scale, rearranged for serving: equal results with a fraction of the multiplications.

Everything between the encoder and the first non-linearity of either decoder is linear: neighbourhood mean,
resize, standardisation, projection. So each layer is projected on its own small grid first and only the few
projected channels are enlarged, instead of enlarging hundreds of channels and projecting every fine patch.
Enlarging is two small matrix products, which runtimes do faster than their resize operators.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.decoders.image_text import ImageTextDecoder
from training.decoders.patches import NEIGHBOURHOOD
from training.decoders.scale import Scale


class ServedScale(nn.Module):
    """A fitted `Scale`, for the exported graph.

    cos(v, abnormal) - cos(v, normal) needs only v·(abnormal - normal) and |v| of the text-space vector
    v = W h + b. With [W b] = Q R, Q with orthonormal columns, |v| = |R [h 1]|: a small product replaces the
    one with W, and the text-space vector is never formed.

    Args:
        scale: the fitted scale; its decoders are taken over.
    """

    bias: Tensor
    memory: Tensor
    floor: Tensor
    text: Tensor

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        features, image_image, image_text = scale.features, scale.image_image, scale.image_text
        self.layers, self.grid = features.layers, features.grid
        self.dimensions = image_image.memory.shape[1]
        # Float64 while folding, since the parity with the trained decoders is checked to 1e-3.
        # A channel that is always one, between the two decoders', carries the memory's squared lengths.
        one = torch.zeros(features.dim, 1)
        joined = torch.cat((image_image.projection, one, image_text.first.weight.T), dim=1).double()
        offset = torch.cat((-image_image.offset, torch.ones(1), image_text.first.bias)).double()
        weight = features.scale.double()[:, None] * joined
        self.register_buffer("bias", (offset - features.mean.double() @ weight).float()[None, :, None, None])
        self.sizes = tuple(
            (round(self.grid[0] / stride), round(self.grid[1] / stride)) for stride in features.strides
        )
        self.enlargements = nn.ModuleDict(
            {_name(size): Enlargement(size, self.grid) for size in self.sizes if size != self.grid}
        )
        self.projections = nn.ModuleList()
        for part in torch.split(weight.float(), list(features.channels)):
            projection = nn.Conv2d(part.shape[0], part.shape[1], kernel_size=1, bias=False)
            projection.weight.data.copy_(part.T[:, :, None, None])
            self.projections.append(projection)
        memory = image_image.memory.double()
        self.register_buffer(
            "memory", torch.cat((-2 * memory, memory.square().sum(1, keepdim=True)), 1).float().T
        )
        self.register_buffer("floor", image_image.floor.clone())
        direction, root = _folded(image_text)
        # One product for both, its last column the direction: a product with a single column is slow.
        self.register_buffer("text", torch.cat((root, direction[None])).T.contiguous())
        self.requires_grad_(False).eval()

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """See `Scale.forward`."""
        projected = self._projected(maps)
        # |q - m|² = |q|² + (|m|² - 2 q·m); the channel of ones is in |q|² too, hence the -1.
        query = projected[..., : self.dimensions + 1]
        nearest = (query @ self.memory).amin(-1) + query.square().sum(-1) - 1
        image_image = (nearest.clamp_min(0) + self.floor).sqrt()
        hidden = functional.relu(projected[..., self.dimensions + 1 :])
        text = hidden @ self.text[:-1] + self.text[-1]
        length = text[..., :-1].square().sum(-1).clamp_min(1e-12).sqrt()
        image_text = text[..., -1] / length
        return image_image.reshape(-1, *self.grid), image_text.reshape(-1, *self.grid)

    def _projected(self, maps: Sequence[Tensor]) -> Tensor:
        """[B, P, D + 1 + hidden]: patches in the memory's space, a one, and the perceptron's first layer."""
        by_size: dict[tuple[int, int], Tensor] = {}
        for index, size, projection in zip(self.layers, self.sizes, self.projections, strict=True):
            pooled = functional.avg_pool2d(
                maps[index], NEIGHBOURHOOD, stride=1, padding=NEIGHBOURHOOD // 2, count_include_pad=False
            )
            part = projection(pooled)
            by_size[size] = by_size[size] + part if size in by_size else part
        total = self.bias
        for size, part in by_size.items():
            total = total + (part if size == self.grid else self.enlargements[_name(size)](part))
        return total.flatten(2).transpose(1, 2)


class Enlargement(nn.Module):
    """Bilinear interpolation (half-pixel centres) as two matrix products.

    Args:
        size: (rows, columns) that come in.
        grid: (rows, columns) that go out.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, size: tuple[int, int], grid: tuple[int, int]) -> None:
        super().__init__()
        self.register_buffer("rows", _interpolation(size[0], grid[0]))
        self.register_buffer("columns", _interpolation(size[1], grid[1]).T.contiguous())

    def forward(self, maps: Tensor) -> Tensor:
        """[B, C, *size] to [B, C, *grid]."""
        return self.rows @ (maps @ self.columns)


def _interpolation(cells: int, enlarged: int) -> Tensor:
    """[enlarged, cells], linear interpolation along one axis."""
    return functional.interpolate(
        torch.eye(cells)[:, None], size=enlarged, mode="linear", align_corners=False
    )[:, 0].T


def _name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _folded(decoder: ImageTextDecoder) -> tuple[Tensor, Tensor]:
    """`direction` [hidden + 1] and `root` [min(T, hidden + 1), hidden + 1], see `ServedScale`."""
    normal, abnormal = decoder.sentences
    joined = torch.cat((decoder.second.weight, decoder.second.bias[:, None]), dim=1).detach().double()
    direction = (abnormal - normal).double() @ joined / decoder.temperature
    return direction.float(), torch.linalg.qr(joined, mode="r").R.float()
