"""Recipes of anomalib's models that are fitted in seconds; pretrained networks are random, in files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import timm
import torch
from anomalib.models.image.efficient_ad.torch_model import SmallPatchDescriptionNetwork
from numpy.typing import NDArray

from inspector.frames import encode_png, resize
from tests.tiny_bundle import tiny_part
from training.anomalib_models.protocol import Recipe
from training.anomalib_models.settings import AnomalibSettings

SMALL = AnomalibSettings(
    memory=60, pool=500, features=20, steps=2, batch=2, encoder_name="vit_small_patch14_reg4_dinov2"
)
SIZES = {"Patchcore": 96, "Padim": 96, "EfficientAd": 256, "Dinomaly": 70}
"""Side of the frames in pixels."""


def small_recipe(name: str, folder: Path) -> Recipe:
    """A recipe; what the model needs beside it is written into the folder."""
    recipe = Recipe(SIZES[name], SIZES[name], SMALL)
    if name == "EfficientAd":
        others = folder / "others"
        others.mkdir()
        for number in range(2):
            colours = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
            (others / f"{number}.png").write_bytes(encode_png(colours))
        settings = SMALL.model_copy(update={"penalty_images": others})
        return replace(recipe, settings=settings, weights=random_teacher(folder / "teacher.pth"))
    if name == "Dinomaly":
        return replace(recipe, weights=random_dino(folder / "dino.pth"))
    return recipe


def random_teacher(path: Path) -> Path:
    """Weights as anomalib's release has them, but random."""
    torch.manual_seed(0)
    torch.save(SmallPatchDescriptionNetwork(out_channels=384).state_dict(), path)
    return path


def random_dino(path: Path) -> Path:
    """Weights of the smallest DINOv2 as timm names them, but random."""
    torch.manual_seed(0)
    torch.save(timm.create_model(SMALL.encoder_name, pretrained=False).state_dict(), path)
    return path


def parts(count: int, side: int, *, defect: bool = False, first: int = 0) -> NDArray[np.uint8]:
    """Washers, uint8 [count, side, side, 3]."""
    seeds = range(first, first + count)
    return np.stack([resize(tiny_part(seed, defect=defect), side, side) for seed in seeds])
