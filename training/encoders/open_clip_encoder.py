"""Image and text towers of open_clip's models, from a local checkpoint or, where allowed, from the hub."""

from __future__ import annotations

import difflib
import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from inspector.bundle import Weights
from inspector.errors import TrainingError
from training.encoders.levels import Levels, check_patches, choose_layers
from training.encoders.packages import require_package
from training.encoders.protocol import ImageEncoder, first_line
from training.encoders.settings import OpenClipImageSettings, OpenClipTextSettings
from training.encoders.weights import state_dict_sha256

PIP_NAME = "open_clip_torch"
RESNET_STRIDES = (4, 4, 8, 16, 32)
"""Stem and four layers of open_clip's ModifiedResNet."""
SENTENCES_PER_BATCH = 64


def build_open_clip_image(settings: OpenClipImageSettings, height: int, width: int) -> ImageEncoder:
    """Build the image tower for one input size; a transformer's position embeddings are resampled to it.

    Raises:
        TrainingError: open_clip is missing, the name is unknown, or the weights or the size do not fit.
    """
    source = _source(settings)
    # A ResNet's convolutions take any size; only its pooling, which is not used here, has a fixed one.
    is_resnet = isinstance(source.config["vision_cfg"].get("layers"), list)
    tower = _create(source, None if is_resnet else (height, width)).visual
    name = f"open_clip:{settings.name}"
    weights = Weights(name=name, sha256=state_dict_sha256(tower.state_dict()))
    network = getattr(tower, "trunk", tower)
    check_patches(network, height, width, name)
    strides = _strides(network)
    layers = choose_layers(settings.layers, strides, name)
    if is_resnet:
        _cut_resnet(tower, max(layers))
    preprocessing = tower.preprocess_cfg
    return ImageEncoder(
        Levels(network, layers),
        height=height,
        width=width,
        mean=settings.mean or preprocessing["mean"],
        std=settings.std or preprocessing["std"],
        strides=[strides[layer] for layer in layers],
        weights=weights,
    )


class OpenClipTextEncoder:
    """A text encoder, see `training.encoders.protocol.TextEncoder`.

    Args:
        model: an open_clip model; its image tower is taken off. It is frozen.
        tokenizer: turns sentences into tokens [N, context].
        name: what the weights are recorded as.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        model.visual = nn.Identity()
        self._model, self._tokenizer = model.requires_grad_(False).eval(), tokenizer
        self.weights = Weights(name=name, sha256=state_dict_sha256(model.state_dict()))
        self.dim = self._encode_batch(["a photo"]).shape[1]

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """L2-normalised float32 [N, dim] on the CPU, one row a sentence."""
        batches = [
            self._encode_batch(sentences[start : start + SENTENCES_PER_BATCH])
            for start in range(0, len(sentences), SENTENCES_PER_BATCH)
        ]
        return torch.cat(batches) if batches else torch.empty(0, self.dim)

    @torch.no_grad()
    def _encode_batch(self, sentences: Sequence[str]) -> Tensor:
        vectors: Tensor = self._model.encode_text(self._tokenizer(list(sentences)), normalize=True)
        return vectors.float()


def build_open_clip_text(settings: OpenClipTextSettings) -> OpenClipTextEncoder:
    """Build the text tower with its tokenizer.

    Raises:
        TrainingError: open_clip is missing, the name is unknown, the weights do not fit, or the tokenizer
            would have to be downloaded.
    """
    source = _source(settings)
    text = source.config["text_cfg"]
    named_apart = text.get("hf_tokenizer_name") or "siglip" in settings.name.lower()
    if named_apart and not source.is_folder and not settings.online:
        raise TrainingError(
            f"the tokenizer of open_clip model {settings.name} cannot be loaded",
            "it is not part of open_clip and would have to be downloaded",
            "Give as weights a folder with open_clip_config.json and tokenizer, or set online = true",
        )
    model = _create(source, None)
    try:
        tokenizer = source.library.get_tokenizer(source.model)
    except Exception as error:  # hub, files and tokenizers fail in ways of their own
        raise TrainingError(
            f"the tokenizer of open_clip model {settings.name} cannot be loaded",
            first_line(error),
            "Put its files into the folder given as weights, or set online = true",
        ) from error
    return OpenClipTextEncoder(model, tokenizer, f"open_clip:{settings.name}")


@dataclass(frozen=True)
class _Source:
    """Where a model comes from, in open_clip's terms."""

    library: ModuleType
    model: str
    pretrained: str | None
    config: dict[str, Any]
    is_folder: bool


def _source(settings: OpenClipImageSettings | OpenClipTextSettings) -> _Source:
    """Check name, paths and network use before anything is built."""
    library = require_package("open_clip", PIP_NAME, settings.kind)
    what = f"open_clip model {settings.name} cannot be loaded"
    if settings.weights is not None and not settings.weights.exists():
        raise TrainingError(what, f"there is no {settings.weights}", "Correct the path of the weights")
    is_folder = settings.weights is not None and settings.weights.is_dir()
    if is_folder:
        config_path = Path(str(settings.weights), "open_clip_config.json")
        model, pretrained = f"local-dir:{settings.weights}", None
        config = _read_config(config_path, what).get("model_cfg", {})
    else:
        if settings.config is not None:
            _read_config(settings.config, what)
            library.add_model_config(settings.config)
        # An absolute path, because open_clip would take a name such as `openai` for a tag and download it.
        model, pretrained = settings.name, settings.pretrained or str(Path(str(settings.weights)).resolve())
        config = _known_config(library, settings.name)
    if not {"embed_dim", "vision_cfg", "text_cfg"} <= set(config):
        raise TrainingError(
            what, "its configuration lacks embed_dim, vision_cfg or text_cfg", "Correct the JSON file"
        )
    if config["text_cfg"].get("hf_model_name") and not settings.online:
        raise TrainingError(
            what,
            f"its text tower {config['text_cfg']['hf_model_name']} would have to be downloaded",
            "Choose a model with open_clip's own text tower, or set online = true",
        )
    return _Source(library, model, pretrained, config, is_folder)


def _read_config(path: Path, what: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(what, f"{path} cannot be read as JSON", "Correct the path or the file") from error
    if not isinstance(content, dict):
        raise TrainingError(what, f"{path} holds no model configuration", "Correct the file")
    return content


def _known_config(library: ModuleType, name: str) -> dict[str, Any]:
    config = library.get_model_config(name) if ":" not in name else None
    if config is None:
        near = difflib.get_close_matches(name, library.list_models(), n=3)
        raise TrainingError(
            f"open_clip has no model {name}",
            f"near names are {', '.join(near)}" if near else "no name is near",
            "Choose one of open_clip.list_models(), or give its architecture as config = NAME.json",
        )
    return dict(config)


def _create(source: _Source, image_size: tuple[int, int] | None) -> Any:
    try:
        model = source.library.create_model(
            source.model,
            pretrained=source.pretrained,
            force_image_size=image_size,
            require_pretrained=True,
            weights_only=True,
        )
    except pickle.UnpicklingError as error:
        raise TrainingError(
            f"open_clip model {source.model} cannot be loaded with {source.pretrained}",
            "the file is damaged, or it is not a file of weights alone",
            "Save the model's state_dict() with safetensors or torch.save, and give that file",
        ) from error
    except Exception as error:  # architecture, download, unpickling and loading fail in ways of their own
        raise TrainingError(
            f"open_clip model {source.model} cannot be loaded"
            + (f" with {source.pretrained}" if source.pretrained else ""),
            first_line(error),
            "Give a checkpoint of that model with tensors only, or a tag of open_clip.list_pretrained()",
        ) from error
    return model.eval()


def _strides(network: nn.Module) -> list[int]:
    """Stride of every level that `forward_intermediates` of an image tower knows."""
    levels: Any = getattr(network, "feature_info", None)
    if levels:
        return [int(level["reduction"]) for level in levels]
    transformer = getattr(network, "transformer", None)
    if transformer is not None:
        patch: Any = network.patch_size
        return [int(patch[0])] * len(transformer.resblocks)
    return list(RESNET_STRIDES)


def _cut_resnet(tower: Any, deepest: int) -> None:
    """Take off what lies behind the deepest level; open_clip has no method for this network."""
    tower.attnpool = nn.Identity()
    for level in range(deepest + 1, len(RESNET_STRIDES)):
        setattr(tower, f"layer{level}", nn.Identity())
