"""What one of anomalib's models is here: a recipe that fits it, and the fitted network with its one map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from inspector.bundle import Weights
from training.anomalib_models.settings import AnomalibSettings
from training.encoders import EfficientNetLite0Settings, ImageEncoderSettings

OnPart = Callable[[int, int], None]
"""Told how many parts of a fit are done, and how many there are."""


def ignore_part(_done: int, _parts: int) -> None:
    """Tell nobody."""


class OneMap(NamedTuple):
    """What a model says of B frames, in anomalib's own numbers.

    Attributes:
        anomaly_map: float32 [B, h, w].
        score: float32 [B].
        embedding: float32 [B, D], a mean over the features that the model itself looks at.
    """

    anomaly_map: Tensor
    score: Tensor
    embedding: Tensor


class FittedModel(nn.Module):
    """A fitted model in evaluation mode. Frames are uint8 [B, height, width, 3] RGB.

    Attributes:
        weights: the frozen network it stands on.
    """

    weights: Weights

    def own(self, image: Tensor) -> OneMap:
        """What anomalib's forward pass computes."""
        raise NotImplementedError

    def served(self, image: Tensor) -> OneMap:
        """The same, in a form whose graph takes any batch: compared with `own` before a bundle is written."""
        return self.own(image)


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a fit is told beside the frames.

    Attributes:
        height: of the frames, in pixels.
        width: of the frames, in pixels.
        settings: what can be chosen.
        encoder: backbone of the models that take any.
        weights: local file of the pretrained network, for models that have one of their own.
        seed: decides every random choice.
    """

    height: int
    width: int
    settings: AnomalibSettings = field(default_factory=AnomalibSettings)
    encoder: ImageEncoderSettings = field(default_factory=EfficientNetLite0Settings)
    weights: Path | None = None
    seed: int = 0


class AnomalibModel(Protocol):
    """One of anomalib's models, by the file that knows it."""

    @property
    def name(self) -> str:
        """As anomalib calls it."""
        ...

    @property
    def refits(self) -> bool:
        """Whether a fit is cheap enough for one more on each part of the normals."""
        ...

    def check(self, recipe: Recipe) -> None:
        """Refuse, before any picture is read, what cannot be fitted.

        Raises:
            TrainingError: weights are missing, or the size of the frames does not suit.
        """
        ...

    def fit(
        self,
        normals: NDArray[np.uint8],
        held_out: NDArray[np.uint8],
        recipe: Recipe,
        on_part: OnPart = ignore_part,
    ) -> FittedModel:
        """Fit on normals uint8 [N, height, width, 3].

        Args:
            normals: what is learned.
            held_out: other normals, for a model that scales its maps by what normals show.
            recipe: everything else.
            on_part: told how far it is.

        Raises:
            TrainingError: the weights cannot be read or do not fit.
        """
        ...
