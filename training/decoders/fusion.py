"""Both decoders' maps on all scales, brought to one unit and added.

Two fusions stand in a scorer. One ranks frames: its highest hundredth is the score. The other outlines what
is wrong inside a frame: its map is shown. What serves one best does not serve the other, see
`training.selection`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.decoders.calibration import PositionCalibration, gaussian_blur

MAP_CELLS_PER_PATCH = 2
"""The served maps are twice as fine as the finest patch grid."""
SCORE_SHARE = 0.01
"""Share of the map's cells, the highest ones, that the score is the mean of."""
BLUR_CELLS = 1.0
"""Standard deviation of the map's last blur, in cells of the served map: 4 px at 256 px, as in PatchCore."""


class Fusion(nn.Module):
    """A weighted sum of standardised maps.

    Args:
        calibrations: of each scale's image-image and image-text map.
        weights: [scales, 2], factor of each of them.
        map_size: (rows, columns) of the served maps.
    """

    def __init__(
        self,
        calibrations: Sequence[tuple[PositionCalibration, PositionCalibration]],
        weights: Tensor,
        map_size: tuple[int, int],
    ) -> None:
        super().__init__()
        self.image_image = nn.ModuleList(pair[0] for pair in calibrations)
        self.image_text = nn.ModuleList(pair[1] for pair in calibrations)
        self.map_size = map_size
        # Each factor under a name of its own, so that another bundle's graph can take it, see `export`.
        for scale, (by_image, by_text) in enumerate(weights):
            self.register_buffer(f"image_image_weight_{scale}", by_image.clone())
            self.register_buffer(f"image_text_weight_{scale}", by_text.clone())

    def forward(self, raw: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """Raw maps of each scale, [B, rows, columns] of either decoder, to fused ones [B, *map_size]."""
        # Enlarging and blurring are linear: the maps of one scale are added before.
        return torch.stack(
            [
                served_map(
                    self.get_buffer(f"image_image_weight_{scale}") * by_image
                    + self.get_buffer(f"image_text_weight_{scale}") * by_text,
                    self.map_size,
                )
                for scale, (by_image, by_text) in enumerate(self._standardised(raw))
            ]
        ).sum(0)

    def alone(self, raw: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """The image-image and the image-text map, each the mean of its scales, [B, *map_size]."""
        by_image, by_text = zip(*self._standardised(raw), strict=True)
        return self._mean(by_image), self._mean(by_text)

    def _standardised(self, raw: Sequence[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
        return [
            (image_image(by_image), image_text(by_text))
            for (by_image, by_text), image_image, image_text in zip(
                raw, self.image_image, self.image_text, strict=True
            )
        ]

    def _mean(self, maps: Sequence[Tensor]) -> Tensor:
        return torch.stack([served_map(one, self.map_size) for one in maps]).mean(0)


def served_map(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """A decoder's map [B, rows, columns] in the size that is served, [B, *size]: bilinear, then blurred."""
    enlarged = functional.interpolate(maps[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]
    return gaussian_blur(enlarged, BLUR_CELLS)


def frame_score(maps: Tensor) -> Tensor:
    """One score a frame: the mean of the highest hundredth of its map, [B, h, w] to [B].

    A defect covers some cells; a mean over them is steadier than the single largest one.
    """
    count = max(1, round(SCORE_SHARE * maps.shape[1] * maps.shape[2]))
    return maps.flatten(1).topk(count, dim=1).values.mean(1)
