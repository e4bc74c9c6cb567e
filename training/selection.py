"""Choosing calibration and fusion for one product, by normals and synthetic defects only.

No single normalisation or fusion weight is best for all products. Held-out normals and the defects painted
on them are scored by every candidate; a candidate other than the default must be clearly better on them,
since painted defects are only like real ones. The default is all scales alike, image-image twice image-text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional

from training.decoders.calibration import PositionCalibration, standardise_held_out
from training.decoders.scorer import frame_score, fuse, served_map

POSITIONS = (0.0, 0.6)
"""How much each place is measured by its own normals: not at all, more than half."""
SCALE_MARGIN = 0.001
"""One scale alone must beat the mean of all by so much of the criterion."""
DECODERS = (2.0, 1.0)
"""Shares of the image-image and the image-text map. They are not chosen by painted defects: the image-text
decoder learned from such defects, so they flatter it (on real tiles such a choice cost 0.1 of AUROC)."""
PIXEL_STRIDE = 2
"""Every second row and column of the maps is enough to rank pixels."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Raw maps of one scale, by decoders that did not see the normal, or the one that was painted on.

    Attributes:
        image_image: float32 [N, rows, columns], held-out normals.
        image_text: float32 [N, rows, columns].
        painted_image_image: float32 [S, rows, columns], synthetic defects.
        painted_image_text: float32 [S, rows, columns].
    """

    image_image: Tensor
    image_text: Tensor
    painted_image_image: Tensor
    painted_image_text: Tensor


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a product.

    Attributes:
        position: see `POSITIONS`.
        weights: [scales, 2] share of each scale's image-image and image-text map; they sum to 1.
        image_auroc: of synthetic defects against held-out normals, by frame score.
        pixel_auroc: of painted against unpainted pixels.
    """

    position: float
    weights: Tensor
    image_auroc: float
    pixel_auroc: float

    @property
    def criterion(self) -> float:
        """Mean of both figures."""
        return (self.image_auroc + self.pixel_auroc) / 2


def choose(scales: list[HeldOut], masks: NDArray[np.bool_], size: tuple[int, int]) -> Choice:
    """The best candidate for a product.

    Args:
        scales: raw maps, the finest scale first.
        masks: bool [S, H, W], painted pixels.
        size: (rows, columns) of the served maps.
    """
    shrunk = functional.adaptive_max_pool2d(torch.from_numpy(masks[:, None]).float(), size)[:, 0]
    defective = np.asarray(shrunk[:, ::PIXEL_STRIDE, ::PIXEL_STRIDE], dtype=bool)
    everything, *alone = weightings(len(scales))
    served = {position: _standardised(scales, position, size) for position in POSITIONS}
    default = max(
        (_measured(position, everything, *maps, defective) for position, maps in served.items()),
        key=lambda choice: choice.criterion,
    )
    others = (_measured(default.position, weights, *served[default.position], defective) for weights in alone)
    better = [other for other in others if other.criterion > default.criterion + SCALE_MARGIN]
    return max(better, key=lambda choice: choice.criterion, default=default)


def weightings(scales: int) -> Iterator[Tensor]:
    """Weights [scales, 2] to try: all scales alike, which is the default, then each alone."""
    alone = [shares for shares in torch.eye(scales) if scales > 1]
    for shares in (torch.ones(scales), *alone):
        weights = torch.outer(shares, torch.tensor(DECODERS))
        yield weights / weights.sum()


def _standardised(
    scales: list[HeldOut], position: float, size: tuple[int, int]
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Served maps of the normals and of the painted frames: ([S, N, h, w] image-image, image-text) each."""
    normal: tuple[list[Tensor], list[Tensor]] = ([], [])
    painted: tuple[list[Tensor], list[Tensor]] = ([], [])
    for scale in scales:
        for decoder, (own, other) in enumerate(
            ((scale.image_image, scale.painted_image_image), (scale.image_text, scale.painted_image_text))
        ):
            calibration = PositionCalibration((own.shape[1], own.shape[2]))
            calibration.fit(own, position)
            normal[decoder].append(served_map(standardise_held_out(own, position), size))
            painted[decoder].append(served_map(calibration(other), size))
    return (torch.stack(normal[0]), torch.stack(normal[1])), (
        torch.stack(painted[0]),
        torch.stack(painted[1]),
    )


def _measured(
    position: float,
    weights: Tensor,
    normal: tuple[Tensor, Tensor],
    painted: tuple[Tensor, Tensor],
    defective: NDArray[np.bool_],
) -> Choice:
    good, bad = fuse(*normal, weights)[0], fuse(*painted, weights)[0]
    scores = np.concatenate((frame_score(good), frame_score(bad)))
    labels = np.arange(len(scores)) >= len(good)
    pixels = np.concatenate(
        [np.asarray(maps[:, ::PIXEL_STRIDE, ::PIXEL_STRIDE]).ravel() for maps in (good, bad)]
    )
    truth = np.concatenate((np.zeros(len(pixels) - defective.size, bool), defective.ravel()))
    return Choice(
        position, weights, float(roc_auc_score(labels, scores)), float(roc_auc_score(truth, pixels))
    )
