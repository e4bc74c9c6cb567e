"""Both decoders on one grid of patches."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from training.decoders.image_image import ImageImageDecoder
from training.decoders.image_text import ImageTextDecoder
from training.decoders.patches import PatchFeatures


class Scale(nn.Module):
    """Both decoders on one patch grid.

    Args:
        features: joins the encoder's layers on this grid.
        image_image: the memory.
        image_text: the projection into the text space.
    """

    def __init__(
        self,
        features: PatchFeatures,
        image_image: ImageImageDecoder,
        image_text: ImageTextDecoder,
    ) -> None:
        super().__init__()
        self.features = features
        self.image_image = image_image
        self.image_text = image_text

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of patches."""
        return self.features.grid

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Encoder maps to the two decoders' raw maps, each [B, rows, columns]."""
        patches = self.features(maps)
        return (
            self.image_image(patches).reshape(-1, *self.grid),
            self.image_text(patches).reshape(-1, *self.grid),
        )
