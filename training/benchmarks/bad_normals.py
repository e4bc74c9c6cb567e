"""How many defective pictures among the normals are found before anything is learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inspector.frames import read_frame, resize
from training.benchmarks.rows import Row
from training.encoders import build_image_encoder
from training.normals.checking import check_normals
from training.normals.reading import Normals
from training.settings import TrainingSettings

DRAWS = 3
GOOD, BAD = 90, 10
"""A tenth of what is taken for normal is defective."""
LEAST_FOUND, MOST_GOOD = 0.8, 0.02
"""Shares of the defective pictures that should be found, and of the good ones that may go with them."""


def bad_normals_rows(name: str, good: Sequence[Path], bad: Sequence[Path]) -> list[Row]:
    """Mix good and defective pictures at random, some times, and check them as a training does.

    Args:
        name: of the product.
        good: pictures of good parts.
        bad: pictures of defects, of several kinds.
    """
    settings = TrainingSettings()
    encoder = build_image_encoder(settings.encoder, settings.height, settings.width)
    rng = np.random.default_rng(settings.seed)
    found = left_out = 0
    goods, bads = min(GOOD, len(good)), min(BAD, len(bad))
    for _ in range(DRAWS):
        chosen = [good[index] for index in rng.permutation(len(good))[:goods]]
        defective = [bad[index] for index in rng.permutation(len(bad))[:bads]]
        report = check_normals(_read([*chosen, *defective], settings), encoder, settings)
        found += sum(one.index >= goods for one in report.excluded)
        left_out += sum(one.index < goods for one in report.excluded)
    return [
        Row(
            f"{name}: {bads} defective pictures among {goods} good ones, {DRAWS} draws, found",
            f"{found} of {DRAWS * bads}",
            f"≥ {100 * LEAST_FOUND:g} %",
            found >= LEAST_FOUND * DRAWS * bads,
        ),
        Row(
            f"{name}: good pictures left out with them",
            f"{left_out} of {DRAWS * goods}",
            f"≤ {100 * MOST_GOOD:g} %",
            left_out <= MOST_GOOD * DRAWS * goods,
        ),
    ]


def _read(paths: Sequence[Path], settings: TrainingSettings) -> Normals:
    images = [read_frame(path).image for path in paths]
    frames = np.stack([resize(image, settings.height, settings.width) for image in images])
    sizes_px = tuple((image.shape[1], image.shape[0]) for image in images)
    return Normals(frames, tuple(paths), (), sizes_px)
