"""Feature levels of timm's and open_clip's networks, which share the method `forward_intermediates`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from torch import Tensor, nn

from inspector.errors import TrainingError

LAST_LEVELS = 3
QUARTERS = 4


class Levels(nn.Module):
    """Calls a network for some of its levels, without its head.

    Args:
        network: has timm's `forward_intermediates`; may have `prune_intermediate_layers`.
        layers: the levels to take, rising.
    """

    def __init__(self, network: nn.Module, layers: tuple[int, ...]) -> None:
        super().__init__()
        if hasattr(network, "prune_intermediate_layers"):
            cast(Any, network).prune_intermediate_layers(list(layers), prune_head=True)
        self.network: Any = network
        self.layers = layers

    def forward(self, image: Tensor) -> list[Tensor]:
        """Maps [B, C, rows, columns], shallow to deep; class and register tokens are dropped."""
        found: dict[str, list[Tensor]] | list[Tensor] = self.network.forward_intermediates(
            image, indices=list(self.layers), intermediates_only=True
        )
        # open_clip wraps the same list in a dictionary.
        return found["image_intermediates"] if isinstance(found, dict) else found


def choose_layers(layers: tuple[int, ...] | None, strides: Sequence[int], name: str) -> tuple[int, ...]:
    """The levels to take from a network whose levels have these strides.

    By default the last three of a network that narrows, which see edges, textures and parts; of one that does
    not (a transformer) the blocks that end each quarter of its depth, as in AnomalyGPT (arXiv:2308.15366).

    Raises:
        TrainingError: a layer was asked for that the network does not have.
    """
    count = len(strides)
    if layers is not None:
        if max(layers) >= count:
            raise TrainingError(
                f"layer {max(layers)} of {name} cannot be taken",
                f"it has {count} levels, 0 to {count - 1}",
                "Correct the layers in the encoder's settings",
            )
        return layers
    if len(set(strides)) > 1:
        return tuple(range(max(0, count - LAST_LEVELS), count))
    return tuple(
        sorted({max(0, round(count * quarter / QUARTERS) - 1) for quarter in range(1, QUARTERS + 1)})
    )


def check_patches(network: nn.Module, height: int, width: int, name: str) -> None:
    """Refuse a size that a transformer's patches do not divide: it would leave out the image's border unseen.

    Raises:
        TrainingError: height or width is not a multiple of the patch.
    """
    patch = getattr(getattr(network, "patch_embed", network), "patch_size", None)
    if patch is None:
        return
    rows, columns = (patch, patch) if isinstance(patch, int) else (int(patch[0]), int(patch[1]))
    if height % rows or width % columns:
        raise TrainingError(
            f"{name} cannot take images of {height} x {width} pixels",
            f"its patches of {rows} x {columns} pixels would leave out a border",
            f"Choose a height that is a multiple of {rows} and a width that is a multiple of {columns}",
        )
