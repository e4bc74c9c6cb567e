"""Image encoders of timm, by name, with weights from a file, or downloaded where the settings say so."""

from __future__ import annotations

import difflib
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor, nn

from inspector.bundle import Weights
from inspector.errors import TrainingError
from training.encoders.levels import Levels, check_patches, choose_layers
from training.encoders.packages import require_package
from training.encoders.protocol import ImageEncoder, first_line
from training.encoders.same_padding import make_same_padding_static
from training.encoders.settings import TimmSettings
from training.encoders.weights import read_state_dict, state_dict_sha256


def build_timm(settings: TimmSettings, height: int, width: int) -> ImageEncoder:
    """Build the encoder for one input size; a transformer's position embeddings are resampled to it.

    Raises:
        TrainingError: timm is missing, the name is unknown, or the weights or the size do not fit.
    """
    timm = require_package("timm", "timm", "timm")
    name = f"timm:{settings.name}"
    stated = _stated(timm, settings.name)
    size = {"img_size": (height, width)} if stated.get("fixed_input_size") else {}
    if settings.weights is None:
        network = _download(timm, settings.name, size)
    else:
        network = _load(timm, settings.name, settings.weights, stated, size)
    network.eval()
    weights = Weights(name=name, sha256=state_dict_sha256(network.state_dict()))
    check_patches(network, height, width, name)
    reductions = _reductions(network, name)
    layers = choose_layers(settings.layers, reductions, name)
    trunk = Levels(network, layers)
    make_same_padding_static(trunk, height, width)
    return ImageEncoder(
        trunk,
        height=height,
        width=width,
        mean=settings.mean or stated["mean"],
        std=settings.std or stated["std"],
        strides=[reductions[layer] for layer in layers],
        weights=weights,
    )


def load_timm(name: str, weights: Path, **options: Any) -> nn.Module:
    """A whole network of timm with a file's weights, in evaluation mode.

    Args:
        name: as timm knows it.
        weights: state dict of timm or of the project that timm took the network from.
        options: of `timm.create_model`.

    Raises:
        TrainingError: timm is missing, the name is unknown, or the weights cannot be read or do not fit.
    """
    timm = require_package("timm", "timm", "timm")
    return _load(timm, name, weights, _stated(timm, name), options).eval()


def _stated(timm: ModuleType, name: str) -> dict[str, Any]:
    """What timm states about a model: normalisation, classes, whether its input size is fixed."""
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=3)
        raise TrainingError(
            f"timm has no model {name}",
            f"near names are {', '.join(near)}" if near else "no name is near",
            "Choose one of timm.list_models()",
        )
    try:
        stated = timm.get_pretrained_cfg(name)
    except RuntimeError as error:
        raise TrainingError(
            f"timm has no weights {name}", first_line(error), "Leave out what follows the dot, or correct it"
        ) from error
    return dict((stated or timm.models.PretrainedCfg()).to_dict())


def _download(timm: ModuleType, name: str, size: dict[str, Any]) -> nn.Module:
    try:
        network: nn.Module = timm.create_model(name, pretrained=True, **size)
    except Exception as error:  # each of the libraries that may fetch it has errors of its own
        raise TrainingError(
            f"weights of timm model {name} cannot be downloaded",
            first_line(error),
            "Give weights, a file on this machine, instead of online = true",
        ) from error
    return network


def _load(timm: ModuleType, name: str, path: Path, stated: dict[str, Any], size: dict[str, Any]) -> nn.Module:
    """The model with a file's weights; timm itself renames other projects' tensors and resamples positions.

    Every tensor of model and file must find its partner.
    """
    state = read_state_dict(path)
    failure: Exception | None = None
    for classes in _class_counts(state, stated):
        # Given as the weights' own configuration, so that timm loads strictly and reads no other source.
        overlay = {
            "state_dict": dict(state),
            "num_classes": classes,
            "label_offset": 0,
            "custom_load": False,
            "source": "",
        }
        try:
            network: nn.Module = timm.create_model(
                name, pretrained=True, num_classes=classes, pretrained_cfg_overlay=overlay, **size
            )
        except (RuntimeError, KeyError, ValueError, TypeError, AssertionError) as error:
            failure = error
        else:
            return network
    raise TrainingError(
        f"weights {path} do not fit timm model {name}",
        _mismatch(failure),
        "Give the state dict of that model, or name the model that the weights belong to",
    ) from failure


def _class_counts(state: dict[str, Tensor], stated: dict[str, Any]) -> list[int]:
    """Numbers of classes the file may have: as its classifier shows, else none, else as timm states."""
    classifier = stated.get("classifier")
    first = classifier[0] if isinstance(classifier, (tuple, list)) else classifier
    weight = state.get(f"{first}.weight")
    if weight is not None:
        return [weight.shape[0]]
    return list(dict.fromkeys((0, int(stated.get("num_classes") or 0))))


def _mismatch(error: Exception | None) -> str:
    """The first detail of a failed load_state_dict, whose message has a line for every tensor."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    detail = lines[1] if len(lines) > 1 else first_line(error or ValueError())
    return detail[:200].rstrip(". ")


def _reductions(network: nn.Module, name: str) -> list[int]:
    """Stride of every feature level."""
    levels: Any = getattr(network, "feature_info", None)
    if not levels or not hasattr(network, "forward_intermediates"):
        raise TrainingError(
            f"{name} cannot be used", "timm gives no intermediate features of it", "Choose another model"
        )
    return [int(level["reduction"]) for level in levels]
