"""The network for kinds learned from synthetic defects that were painted with a known kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional

from inspector.describing.cues import measure_cues
from inspector.describing.pixels import region_limit, region_pixels
from inspector.inspecting import regions_of_reject
from training.adapter.examples import LIMIT, PaintedFrame, enlarged_map, map_of_masks
from training.adapter.surfaces import Surface
from training.defects import NAMED_KINDS, PAINTERS
from training.kinds.network import KindProjection


class KindSettings(BaseModel):
    """What shapes a network for kinds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    surfaces: int = Field(200, title="Surfaces", description="Good pictures to paint on", ge=4)
    defects: int = Field(6000, title="Defects", description="Painted, of all kinds alike", ge=100)
    hidden: int = Field(48, title="Hidden units", ge=4, le=4096)
    epochs: int = Field(20, title="Epochs", ge=1)
    batch: int = Field(64, title="Batch", ge=8)
    learning_rate: float = Field(3e-3, title="Learning rate", gt=0)
    weight_decay: float = Field(3e-2, title="Weight decay", ge=0)
    temperature: float = Field(0.4, title="Temperature", description="Divides the cosines", gt=0)
    dropout: float = Field(0.2, title="Dropout", ge=0, lt=1)
    seed: int = Field(0, title="Seed", ge=0)


@dataclass(frozen=True, slots=True)
class KindLessons:
    """Painted defects as a map shows them.

    Attributes:
        cues: float32 [N, C].
        kinds: int64 [N], index into `NAMED_KINDS`.
    """

    cues: NDArray[np.float32]
    kinds: NDArray[np.int64]


def paint_lessons(
    surfaces: Sequence[Surface],
    count: int,
    rng: np.random.Generator,
    on_defect: Callable[[int, int], None] = lambda *_: None,
) -> KindLessons:
    """Paint so many defects, one a picture, and measure the worst region of a map made from each mask."""
    cues: list[NDArray[np.float32]] = []
    kinds: list[int] = []
    while len(cues) < count:
        on_defect(len(cues), count)
        number = int(rng.integers(len(NAMED_KINDS)))
        surface, donor = (surfaces[index] for index in rng.integers(len(surfaces), size=2))
        defect = PAINTERS[NAMED_KINDS[number]](surface.image, rng, surface.foreground, donor.image)
        if not defect.mask.any():
            continue
        frame = PaintedFrame(defect.image, (defect.mask,))
        anomaly_map = enlarged_map(map_of_masks(frame, rng)[0], *defect.image.shape[:2])
        if float(anomaly_map.max()) <= LIMIT:
            continue
        region = regions_of_reject(anomaly_map, LIMIT)[0]
        core = np.zeros(anomaly_map.shape, bool)
        x, y, width, height = region.box_px
        pixels = region_pixels(anomaly_map, region, region_limit(anomaly_map, LIMIT))
        core[y : y + height, x : x + width] = pixels.core
        cues.append(measure_cues(defect.image, core))
        kinds.append(number)
    return KindLessons(np.stack(cues), np.array(kinds))


def fit_kinds(lessons: KindLessons, directions: Tensor, settings: KindSettings) -> KindProjection:
    """Cross-entropy over cosines with the kinds' directions [K, D]."""
    generator = torch.Generator().manual_seed(settings.seed)
    cues, kinds = torch.from_numpy(lessons.cues), torch.from_numpy(lessons.kinds)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        projection = KindProjection(
            cues.mean(0), cues.std(0), settings.hidden, directions.shape[1], settings.dropout
        ).train()
        optimiser = torch.optim.AdamW(
            projection.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        steps = settings.epochs * -(-len(cues) // settings.batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.learning_rate, total_steps=steps)
        for _ in range(settings.epochs):
            for rows in torch.split(torch.randperm(len(cues), generator=generator), settings.batch):
                logits = projection(cues[rows]) @ directions.T / settings.temperature
                loss = functional.cross_entropy(logits, kinds[rows])
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
    return projection.eval().requires_grad_(False)


@torch.inference_mode()
def kind_accuracy(projection: KindProjection, lessons: KindLessons, directions: Tensor) -> float:
    """Share of painted defects whose kind is the most probable one."""
    told = (projection(torch.from_numpy(lessons.cues)) @ directions.T).argmax(1)
    return float((told == torch.from_numpy(lessons.kinds)).float().mean())
