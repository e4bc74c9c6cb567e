"""A product's own kinds of defects, written into its bundle."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file

from inspector.describing.kinds import BUNDLE_KINDS, DEFAULT_KINDS, KINDS_WEIGHTS, OwnKinds
from training.encoders import build_text_encoder
from training.kinds.vocabulary import CENTRE, KindsOfProduct, encode_own_kinds


def write_own_kinds(folder: Path, kinds: KindsOfProduct, network: Path = DEFAULT_KINDS) -> None:
    """Write the file into a bundle's folder; nothing where the product has only the known kinds.

    The text encoder is the default one, whatever encoder the image-text decoder has.

    Args:
        folder: of the bundle.
        kinds: of the product.
        network: folder of the network for kinds that will serve.

    Raises:
        TrainingError: the text encoder's package is missing.
    """
    if not kinds.own and not kinds.weights:
        return
    centre: torch.Tensor = load_file(network / KINDS_WEIGHTS)[CENTRE]
    directions = encode_own_kinds(kinds.own, build_text_encoder(), centre)
    own = OwnKinds(
        directions={word: tuple(direction.tolist()) for word, direction in directions.items()},
        weights=dict(kinds.weights),
    )
    (folder / BUNDLE_KINDS).write_text(own.model_dump_json() + "\n", encoding="utf-8")
