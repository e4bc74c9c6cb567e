"""Fitting the image-text decoder: a projection that puts painted patches near the abnormal sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from training.decoders.image_text import ImageTextDecoder, dice_loss, focal_loss
from training.settings import TextDecoderSettings

DEFECTIVE_COVERAGE = 0.15
"""A patch is defective when at least this share of its cell is painted; less but not none is left out."""
PAINTED_NORMAL_SHARE = 0.5
"""Share of the normal patches of a batch that come from unpainted places of painted frames."""


@dataclass(frozen=True, slots=True)
class PatchData:
    """Patches to learn from.

    Attributes:
        normals: [N, P, C] float16, of normal frames.
        painted: [S, P, C] float16, of painted frames.
        coverage: [S, P] float32, painted share of each patch's cell.
    """

    normals: Tensor
    painted: Tensor
    coverage: Tensor


def fit_image_text(
    data: PatchData,
    sentences: Tensor,
    settings: TextDecoderSettings,
    generator: torch.Generator,
    start: Mapping[str, Tensor] | None = None,
) -> ImageTextDecoder:
    """Train a projection on random batches of patches with focal and Dice loss (AnomalyGPT).

    Args:
        data: patches to learn from.
        sentences: [2, T] unit vectors, the normal and the abnormal direction of the text space.
        settings: see `TextDecoderSettings`.
        generator: source of every random choice.
        start: state of an earlier decoder to go on from; without one, random weights.

    Besides painted patches, normal ones under Gaussian feature noise count as defective: noise reaches
    directions that no painted defect takes (SimpleNet, arXiv:2303.15140). Dropout (Srivastava et al., JMLR
    2014) keeps the decoder from a few features that give painted defects away and real ones not.
    """
    normals, painted = data.normals.flatten(0, 1), data.painted.flatten(0, 1)
    coverage = data.coverage.flatten()
    defective = (coverage > DEFECTIVE_COVERAGE).nonzero()[:, 0]
    untouched = (coverage == 0).nonzero()[:, 0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
        decoder = ImageTextDecoder(normals.shape[1], settings.hidden, sentences, settings.temperature)
    if start is not None:
        decoder.load_state_dict(start)
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=settings.learning_rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps
    )

    noisy = round(settings.batch * settings.noise_share)
    positive = round(settings.batch * settings.defect_share)
    normal = settings.batch - noisy - positive
    beside = round(normal * PAINTED_NORMAL_SHARE)

    def draw(rows: Tensor, among: Tensor | None, count: int) -> Tensor:
        """`count` random rows, all of them or those `among` indices, as float32."""
        picked = torch.randint(len(rows) if among is None else len(among), (count,), generator=generator)
        return rows[picked if among is None else among[picked]].float()

    target = torch.cat((torch.ones(positive + noisy), torch.zeros(normal)))
    for _ in range(settings.steps):
        disturbed = draw(normals, None, noisy)
        disturbed += (
            settings.noise_scale * torch.randn(disturbed.shape, generator=generator) * disturbed.std(0)
        )
        batch = torch.cat(
            (
                draw(painted, defective, positive),
                disturbed,
                draw(painted, untouched, beside),
                draw(normals, None, normal - beside),
            )
        )
        if settings.dropout:
            shown = torch.rand(batch.shape, generator=generator) >= settings.dropout
            batch = batch * shown / (1 - settings.dropout)
        log_odds = decoder(batch)
        loss = focal_loss(log_odds, target) + dice_loss(log_odds, target)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return decoder.eval().requires_grad_(False)
