"""Choosing calibration and fusion for one product, by normals and synthetic defects only.

No single normalisation or fusion weight is best for all products. Held-out normals and the defects painted
on them are scored by every candidate; a candidate other than the default must be clearly better on them,
since painted defects are only like real ones. The default is all scales alike, at fixed shares
of the decoders.

Each map is first divided by what a normal frame rarely scores in it. A decoder that finds something unusual
on every third normal would otherwise put the fused limit where the other one is never heard.

Frames are ranked and defects are outlined by different fusions, whose shares and position were found by trial
on labelled sets and hold on most, not all of them: measuring each place by its own normals helps the ranking
more often than the outline, and so does a small share of the image-text decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional

from training.decoders.calibration import PositionCalibration, standardise_held_out
from training.decoders.fusion import Fusion, frame_score, served_map

RANKING_POSITIONS = (0.0, 0.6)
"""How much each place is measured by its own normals: not at all, more than half."""
OUTLINING_POSITION = 0.0
SCALE_MARGIN = 0.001
"""One scale alone must beat the mean of all by so much of the criterion."""
RANKING_DECODERS = (5 / 7, 2 / 7)
"""Shares of the image-image and the image-text map. They are not chosen by painted defects: the image-text
decoder learned from such defects, so they flatter it (on real tiles such a choice cost 0.1 of AUROC)."""
OUTLINING_DECODERS = (1 / 2, 1 / 2)
KNOWN_DECODERS = ((1.0, 0.0), (1 / 2, 1 / 2), (2 / 7, 5 / 7), (0.0, 1.0))
"""Other shares that are tried where real defects are known."""
FEWEST_KNOWN = 5
KNOWN_MARGIN = 0.005
"""Another share must rank known defects better by so much AUROC: a few of them are easily flattered."""
REFERENCE_QUANTILE = 0.95
"""Each map is measured in units of this quantile of its own frame scores of held-out normals."""
PIXEL_STRIDE = 2
"""Every second row and column of the maps is enough to rank pixels."""


def _nothing() -> Tensor:
    return torch.empty((0, 1, 1))


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Raw maps of one scale, by decoders that did not see the normal, or the one that was painted on.

    Attributes:
        image_image: float32 [N, rows, columns], held-out normals.
        image_text: float32 [N, rows, columns].
        painted_image_image: float32 [S, rows, columns], synthetic defects.
        painted_image_text: float32 [S, rows, columns].
        known_image_image: float32 [D, rows, columns], real defects that people have confirmed; D may be 0.
        known_image_text: float32 [D, rows, columns].
    """

    image_image: Tensor
    image_text: Tensor
    painted_image_image: Tensor
    painted_image_text: Tensor
    known_image_image: Tensor = field(default_factory=_nothing)
    known_image_text: Tensor = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Weighting:
    """How the maps of one product are fused.

    Attributes:
        position: how much each place is measured by its own normals, 0 to 1.
        weights: [scales, 2] factor of each scale's image-image and image-text map: its share over its
            reference (see `references`).
        normal: float32 [N, h, w], fused maps of the held-out normals.
        painted: float32 [S, h, w], fused maps of the synthetic defects.
        known: float32 [D, h, w], fused maps of known defects.
    """

    position: float
    weights: Tensor
    normal: Tensor
    painted: Tensor
    known: Tensor

    @property
    def normal_scores(self) -> NDArray[np.float64]:
        """[N] frame scores of the held-out normals."""
        return np.asarray(frame_score(self.normal), dtype=np.float64)

    @property
    def painted_scores(self) -> NDArray[np.float64]:
        """[S] frame scores of the synthetic defects."""
        return np.asarray(frame_score(self.painted), dtype=np.float64)

    @property
    def known_scores(self) -> NDArray[np.float64]:
        """[D] frame scores of the known defects."""
        return np.asarray(frame_score(self.known), dtype=np.float64)

    @property
    def known_auroc(self) -> float:
        """Of known defects against held-out normals, by frame score; NaN where none is known."""
        if not len(self.known):
            return float("nan")
        scores = np.concatenate((self.normal_scores, self.known_scores))
        return float(roc_auc_score(np.arange(len(scores)) >= len(self.normal), scores))

    def fusion(self, scales: list[HeldOut], map_size: tuple[int, int]) -> Fusion:
        """The module that fuses so, with all held-out normals' statistics; unused scales are left out."""
        used = self.weights.sum(1) > 0
        pairs = [
            (self._calibration(scale.image_image), self._calibration(scale.image_text))
            for scale, wanted in zip(scales, used, strict=True)
            if wanted
        ]
        return Fusion(pairs, self.weights[used], map_size)

    def _calibration(self, maps: Tensor) -> PositionCalibration:
        calibration = PositionCalibration((maps.shape[1], maps.shape[2]))
        calibration.fit(maps, self.position)
        return calibration


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a product.

    Attributes:
        ranking: makes the score.
        outlining: makes the map; it uses the same scales.
        image_auroc: of synthetic defects against held-out normals, by frame score.
        pixel_auroc: of painted against unpainted pixels.
    """

    ranking: Weighting
    outlining: Weighting
    image_auroc: float
    pixel_auroc: float

    @property
    def criterion(self) -> float:
        """Mean of both figures."""
        return (self.image_auroc + self.pixel_auroc) / 2

    @property
    def used_scales(self) -> list[int]:
        """Indices of the scales that have any weight; another would only cost time on the line."""
        return [index for index, weights in enumerate(self.ranking.weights) if float(weights.sum()) > 0]


@dataclass(frozen=True, slots=True)
class _Served:
    """Standardised maps in the served size, each [scales, decoders, frames, h, w]."""

    position: float
    normal: Tensor
    painted: Tensor
    known: Tensor

    def weighted(self, share: Tensor) -> Weighting:
        """Fuse by shares [scales, decoders] of maps that are measured in units of their references."""
        weights = share / references(self.normal)
        factors = weights[..., None, None, None]
        return Weighting(
            self.position,
            weights,
            (factors * self.normal).sum((0, 1)),
            (factors * self.painted).sum((0, 1)),
            (factors * self.known).sum((0, 1)),
        )


def choose(scales: list[HeldOut], masks: NDArray[np.bool_], size: tuple[int, int]) -> Choice:
    """The best candidate for a product.

    Args:
        scales: raw maps, the finest scale first.
        masks: bool [S, H, W], painted pixels.
        size: (rows, columns) of the served maps.
    """
    shrunk = functional.adaptive_max_pool2d(torch.from_numpy(masks[:, None]).float(), size)[:, 0]
    defective = np.asarray(shrunk[:, ::PIXEL_STRIDE, ::PIXEL_STRIDE], dtype=bool)
    positions = {*RANKING_POSITIONS, OUTLINING_POSITION}
    served = {position: _serve(scales, position, size) for position in positions}

    def candidate(
        among_scales: Tensor, position: float, decoders: tuple[float, float] = RANKING_DECODERS
    ) -> Choice:
        return _measured(
            served[position].weighted(torch.outer(among_scales, torch.tensor(decoders))),
            served[OUTLINING_POSITION].weighted(torch.outer(among_scales, torch.tensor(OUTLINING_DECODERS))),
            defective,
        )

    everything, *alone = scale_shares(len(scales))
    default = max(
        (candidate(everything, position) for position in RANKING_POSITIONS),
        key=lambda choice: choice.criterion,
    )
    others = (candidate(only, default.ranking.position) for only in alone)
    better = [other for other in others if other.criterion > default.criterion + SCALE_MARGIN]
    chosen = max(better, key=lambda choice: choice.criterion, default=default)
    if len(scales[0].known_image_image) < FEWEST_KNOWN:
        return chosen
    # Real defects, unlike painted ones, may say how much each decoder counts.
    shares = chosen.ranking.weights * references(served[chosen.ranking.position].normal)
    by_share = [candidate(shares.sum(1), chosen.ranking.position, decoders) for decoders in KNOWN_DECODERS]
    best = max(by_share, key=lambda choice: choice.ranking.known_auroc)
    is_better = best.ranking.known_auroc > chosen.ranking.known_auroc + KNOWN_MARGIN
    return best if is_better else chosen


def scale_shares(scales: int) -> Iterator[Tensor]:
    """Shares [scales] to try, each sums to 1: all scales alike, which is the default, then each alone."""
    yield torch.full((scales,), 1 / scales)
    if scales > 1:
        yield from torch.eye(scales)


def references(normal: Tensor) -> Tensor:
    """What one normal in twenty scores in each map: [scales, decoders, N, h, w] to [scales, decoders]."""
    scores = frame_score(normal.flatten(0, 2)).reshape(normal.shape[:3])
    return torch.quantile(scores, REFERENCE_QUANTILE, dim=2).clamp_min(1e-6)


def _serve(scales: list[HeldOut], position: float, size: tuple[int, int]) -> _Served:
    normal, painted, known = [], [], []
    for scale in scales:
        for own, other, real in (
            (scale.image_image, scale.painted_image_image, scale.known_image_image),
            (scale.image_text, scale.painted_image_text, scale.known_image_text),
        ):
            calibration = PositionCalibration((own.shape[1], own.shape[2]))
            calibration.fit(own, position)
            normal.append(served_map(standardise_held_out(own, position), size))
            painted.append(served_map(calibration(other), size))
            known.append(served_map(calibration(real), size) if len(real) else real.new_empty((0, *size)))
    return _Served(
        position,
        torch.stack(normal).reshape(len(scales), 2, -1, *size),
        torch.stack(painted).reshape(len(scales), 2, -1, *size),
        torch.stack(known).reshape(len(scales), 2, len(known[0]), *size),
    )


def _measured(ranking: Weighting, outlining: Weighting, defective: NDArray[np.bool_]) -> Choice:
    scores = np.concatenate((ranking.normal_scores, ranking.painted_scores))
    labels = np.arange(len(scores)) >= len(ranking.normal)
    pixels = np.concatenate(
        [
            np.asarray(maps[:, ::PIXEL_STRIDE, ::PIXEL_STRIDE]).ravel()
            for maps in (outlining.normal, outlining.painted)
        ]
    )
    truth = np.concatenate((np.zeros(len(pixels) - defective.size, bool), defective.ravel()))
    return Choice(
        ranking, outlining, float(roc_auc_score(labels, scores)), float(roc_auc_score(truth, pixels))
    )
