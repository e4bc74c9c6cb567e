"""EfficientAd: a student beside a pretrained teacher. Batzner et al. 2023, https://arxiv.org/abs/2303.14535.

Anomalib's own module downloads teacher and penalty pictures; here both come from this machine, and the
networks are trained by the loop below, which follows that module step for step.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from anomalib.models.image.efficient_ad.torch_model import (
    EfficientAdModel,
    EfficientAdModelSize,
    reduce_tensor_elems,
)
from numpy.typing import NDArray
from torch import Tensor

from inspector.bundle import Weights
from inspector.errors import TrainingError
from inspector.frames import image_files, read_frame, resize
from training.anomalib_models.protocol import FittedModel, OneMap, OnPart, Recipe, ignore_part
from training.anomalib_models.state import load_strictly
from training.encoders.protocol import RGB_MAX
from training.encoders.weights import read_state_dict, state_dict_sha256

SMALLEST_PX = 256
"""Below it the autoencoder has no cell left in the middle."""
STEPS = 70_000
LEARNING_RATE, WEIGHT_DECAY = 1e-4, 1e-5
DECAY_AT = 0.95
"""After this share of the steps the learning rate falls to a tenth."""
QUANTILES = {"qa": 0.9, "qb": 0.995}
"""Of held-out normals' maps; they bring the student's and the autoencoder's map to one scale."""
GREY_SHARE = 0.3
MOST_PENALTY_IMAGES = 1000


class FittedEfficientAd(FittedModel):
    """Anomalib's trained networks.

    Args:
        model: with its statistics set.
        weights: of the teacher.
    """

    def __init__(self, model: EfficientAdModel, weights: Weights) -> None:
        super().__init__()
        self.model, self.weights = model.eval(), weights
        self.requires_grad_(False)

    def own(self, image: Tensor) -> OneMap:
        """See `FittedModel.own`."""
        pixels = scaled(image)
        result = self.model(pixels)
        student = self.model.student(pixels)
        return OneMap(result.anomaly_map[:, 0], result.pred_score.reshape(-1), self._embedding(student))

    def served(self, image: Tensor) -> OneMap:
        """See `FittedModel.served`; the student runs once."""
        pixels = scaled(image)
        student, distance = self.model.compute_student_teacher_distance(pixels)
        by_teacher, by_autoencoder = self.model.compute_maps(pixels, student, distance)
        anomaly_map = (0.5 * by_teacher + 0.5 * by_autoencoder)[:, 0]
        return OneMap(anomaly_map, anomaly_map.amax((1, 2)), self._embedding(student))

    def _embedding(self, student: Tensor) -> Tensor:
        """[B, C]: what the student says in the teacher's place."""
        return student[:, : self.model.teacher_out_channels].mean((2, 3))


@dataclass(frozen=True, slots=True)
class EfficientAd:
    """How EfficientAd is trained. It takes hours without a GPU."""

    name: str = "EfficientAd"
    refits: bool = False

    def check(self, recipe: Recipe) -> None:
        """See `AnomalibModel.check`."""
        what = "anomalib's EfficientAd cannot be trained"
        if recipe.weights is None:
            raise TrainingError(
                what,
                "its teacher is pretrained, and nothing is downloaded here",
                f"Give the file pretrained_teacher_{recipe.settings.teacher}.pth of anomalib's release"
                " efficientad_pretrained_weights with --weights",
            )
        if recipe.settings.penalty_images is None:
            raise TrainingError(
                what,
                "the student is also shown pictures of other things, and nothing is downloaded here",
                "Set penalty_images under [anomalib] of --config to a folder of them, such as Imagenette",
            )
        if min(recipe.height, recipe.width) < SMALLEST_PX:
            raise TrainingError(
                what,
                f"frames of {recipe.height} x {recipe.width} pixels are too small for its autoencoder",
                f"Set height and width to {SMALLEST_PX} or more",
            )
        read_state_dict(recipe.weights)
        _penalty_images(recipe)

    def fit(
        self,
        normals: NDArray[np.uint8],
        held_out: NDArray[np.uint8],
        recipe: Recipe,
        on_part: OnPart = ignore_part,
    ) -> FittedEfficientAd:
        """See `AnomalibModel.fit`."""
        self.check(recipe)
        torch.manual_seed(recipe.seed)
        size = EfficientAdModelSize.S if recipe.settings.teacher == "small" else EfficientAdModelSize.M
        model = EfficientAdModel(model_size=size)
        weights = _load_teacher(model, recipe)
        penalty = _penalty_images(recipe)
        _set_teacher_statistics(model, normals)
        _train(model, normals, penalty, recipe, on_part)
        _set_quantiles(model, held_out)
        return FittedEfficientAd(model, weights)


def scaled(image: Tensor) -> Tensor:
    """uint8 [B, H, W, 3] to float [B, 3, H, W] in 0..1; the networks normalise by themselves."""
    return image.permute(0, 3, 1, 2).to(torch.float32) / RGB_MAX


def _load_teacher(model: EfficientAdModel, recipe: Recipe) -> Weights:
    if recipe.weights is None:
        raise RuntimeError("check() was not called")
    state = read_state_dict(recipe.weights)
    load_strictly(
        model.teacher, state, recipe.weights, f"the {recipe.settings.teacher} teacher of EfficientAd"
    )
    return Weights(name=f"anomalib:EfficientAd/{recipe.settings.teacher}", sha256=state_dict_sha256(state))


def _penalty_images(recipe: Recipe) -> list[Path]:
    folder = recipe.settings.penalty_images
    files = image_files(folder) if folder is not None else []
    if not files:
        raise TrainingError(
            f"{folder} holds no pictures",
            "the student is also shown pictures of other things",
            "Set penalty_images under [anomalib] of --config to a folder of them",
        )
    chosen = np.random.default_rng(recipe.seed).permutation(len(files))[:MOST_PENALTY_IMAGES]
    return [files[index] for index in chosen]


@torch.no_grad()
def _set_teacher_statistics(model: EfficientAdModel, normals: NDArray[np.uint8]) -> None:
    """Mean and deviation of each channel of the teacher over all places of all normals."""
    total, squares, places = torch.zeros(1), torch.zeros(1), 0
    for frame in normals:
        features = model.teacher(scaled(torch.from_numpy(frame[None]))).double()
        total = total + features.sum((0, 2, 3))
        squares = squares + features.square().sum((0, 2, 3))
        places += features.shape[2] * features.shape[3]
    mean = total / places
    deviation = (squares / places - mean.square()).clamp_min(1e-12).sqrt()
    model.mean_std.update(
        {"mean": mean.float().view(1, -1, 1, 1), "std": deviation.float().view(1, -1, 1, 1)}
    )


def _train(
    model: EfficientAdModel, normals: NDArray[np.uint8], penalty: list[Path], recipe: Recipe, on_part: OnPart
) -> None:
    steps = recipe.settings.steps or STEPS
    rng = np.random.default_rng(recipe.seed)
    parameters = [*model.student.parameters(), *model.ae.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, max(1, int(DECAY_AT * steps)), gamma=0.1)
    model.train()
    model.teacher.eval()
    for step in range(steps):
        on_part(step, steps)
        frame = scaled(torch.from_numpy(normals[rng.integers(len(normals))][None]))
        other = scaled(
            torch.from_numpy(_penalty_frame(penalty[rng.integers(len(penalty))], recipe, rng)[None])
        )
        losses = model(frame, other)
        optimiser.zero_grad()
        sum(losses).backward()
        optimiser.step()
        schedule.step()
    model.eval()


def _penalty_frame(path: Path, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The middle of a picture that is twice as large as a frame, sometimes grey."""
    height, width = recipe.height, recipe.width
    large = resize(read_frame(path).image, 2 * height, 2 * width)
    middle = large[height // 2 : height // 2 + height, width // 2 : width // 2 + width]
    if rng.random() < GREY_SHARE:
        middle = np.repeat(middle.mean(2, keepdims=True), 3, axis=2).astype(np.uint8)
    return np.ascontiguousarray(middle)


@torch.no_grad()
def _set_quantiles(model: EfficientAdModel, held_out: NDArray[np.uint8]) -> None:
    maps = [model.get_maps(scaled(torch.from_numpy(frame[None]))) for frame in held_out]
    for name, values in zip(("st", "ae"), zip(*maps, strict=True), strict=True):
        joined = reduce_tensor_elems(torch.cat(values))
        model.quantiles.update(
            {f"{bound}_{name}": torch.quantile(joined, share) for bound, share in QUANTILES.items()}
        )
