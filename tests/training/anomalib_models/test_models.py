"""What is served of each of anomalib's models is what anomalib computes, for any batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from inspector.engines import ScorerOutput
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from tests.training.anomalib_models.small import SIZES, parts, small_recipe
from training.anomalib_models.protocol import FittedModel, OneMap
from training.anomalib_models.registry import ANOMALIB_MODELS
from training.anomalib_models.scorer import OneMapScorer
from training.export import check_parity, export_scorer

UNIT = 0.5


@dataclass(frozen=True, slots=True)
class Fitted:
    """One of the models, and what it says of frames that it has not seen: two good ones and a defective one.

    Attributes:
        name: of the model.
        model: fitted.
        frames: uint8 [3, H, W, 3].
        own: what `own` says of them.
        by_anomalib: what the forward pass of anomalib's module gave meanwhile.
    """

    name: str
    model: FittedModel
    frames: NDArray[np.uint8]
    own: OneMap
    by_anomalib: Any


@pytest.fixture(scope="module", params=[model.name for model in ANOMALIB_MODELS])
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    name: str = request.param
    model = next(model for model in ANOMALIB_MODELS if model.name == name)
    recipe, side = small_recipe(name, tmp_path_factory.mktemp(name)), SIZES[name]
    trained = model.fit(parts(4, side), parts(1, side, first=50), recipe)
    frames = np.concatenate((parts(2, side, first=100), parts(1, side, defect=True, first=200)))
    seen: list[Any] = []
    module = trained.get_submodule("model")
    handle = module.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    with torch.inference_mode():
        own = trained.own(torch.from_numpy(frames))
    handle.remove()
    assert not module.training
    return Fitted(name, trained, frames, own, seen[0])


@pytest.fixture(scope="module")
def exported(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "scorer.onnx"
    export_scorer(OneMapScorer(fitted.model, UNIT, (SIZES[fitted.name],) * 2), path)
    return path


def test_own_is_the_forward_pass_of_anomalibs_module(fitted: Fitted) -> None:
    torch.testing.assert_close(fitted.own.anomaly_map, fitted.by_anomalib.anomaly_map[:, 0].float())
    torch.testing.assert_close(fitted.own.score, fitted.by_anomalib.pred_score.reshape(-1).float())
    assert fitted.own.anomaly_map.shape == fitted.frames.shape[:3]


def test_the_frozen_network_is_named(fitted: Fitted) -> None:
    names = {
        "EfficientAd": "anomalib:EfficientAd/small",
        "Dinomaly": "timm:vit_small_patch14_reg4_dinov2",
    }
    assert fitted.model.weights.name == names.get(fitted.name, "timm:tf_efficientnet_lite0")


@torch.inference_mode()
def test_served_is_what_anomalib_computes(fitted: Fitted) -> None:
    served = fitted.model.served(torch.from_numpy(fitted.frames))

    for expected, actual in zip(fitted.own, served, strict=True):
        assert actual.shape == expected.shape
        torch.testing.assert_close(actual, expected, rtol=0, atol=2e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("batch", [1, 3])
def test_exported_graph_takes_any_batch_and_agrees(fitted: Fitted, exported: Path, batch: int) -> None:
    output = OnnxRuntimeEngine(exported).run(fitted.frames[-batch:])

    for name, expected in in_units(fitted.own, batch).items():
        largest = float(np.abs(expected).max())
        np.testing.assert_allclose(getattr(output, name), expected, rtol=0, atol=5e-4 * largest, err_msg=name)


def in_units(own: OneMap, batch: int) -> dict[str, NDArray[np.float32]]:
    """What the outputs of the graph are for the last frames, by name."""
    anomaly_map, score, embedding = (tensor[-batch:].numpy() for tensor in own)
    maps = dict.fromkeys(("anomaly_map", "image_image_map", "image_text_map"), anomaly_map / UNIT)
    outputs = {**maps, "score": score / UNIT, "embedding": embedding}
    assert set(outputs) == set(ScorerOutput.__dataclass_fields__)
    return outputs


def test_exported_graph_has_a_dynamic_batch_and_a_static_size(fitted: Fitted, exported: Path) -> None:
    shape = onnx.load(exported).graph.input[0].type.tensor_type.shape.dim
    assert shape[0].dim_param
    assert [one.dim_value for one in shape[1:]] == [SIZES[fitted.name], SIZES[fitted.name], 3]


@pytest.mark.parametrize("model", ANOMALIB_MODELS[:2], ids=lambda model: model.name)
def test_a_defect_scores_higher_and_the_same_seed_gives_the_same_scores(model: Any, tmp_path: Path) -> None:
    recipe, normals = small_recipe(model.name, tmp_path), parts(8, 96)
    good = torch.from_numpy(parts(2, 96, first=100))
    bad = torch.from_numpy(parts(2, 96, first=200, defect=True))

    first, again = (model.fit(normals, normals, recipe) for _ in range(2))

    assert first.own(bad).score.min() > first.own(good).score.max()
    torch.testing.assert_close(first.own(good).score, again.own(good).score)


def test_a_limit_that_rounding_decides_flips_no_verdict(tmp_path: Path) -> None:
    model = ANOMALIB_MODELS[1]
    normals, frames = parts(6, 96), parts(8, 96, first=100)
    scorer = OneMapScorer(model.fit(normals, normals, small_recipe(model.name, tmp_path)), UNIT, (96, 96))
    export_scorer(scorer, tmp_path / "scorer.onnx")
    with torch.inference_mode():
        trained = scorer(torch.from_numpy(frames)).score.numpy().astype(np.float64)
    served = OnnxRuntimeEngine(tmp_path / "scorer.onnx").run(frames).score.astype(np.float64)
    (differing,) = np.nonzero(trained != served)
    assert len(differing)

    between = float(trained[differing[0]] + served[differing[0]]) / 2

    assert check_parity(scorer, tmp_path / "scorer.onnx", frames, between).flipped_verdicts == 0
