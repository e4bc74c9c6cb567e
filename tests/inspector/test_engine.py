"""The ONNX Runtime engine runs scorers and refuses the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from inspector.bundle import Bundle
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.errors import EngineError
from inspector.frames import resize
from tests.tiny_bundle import INPUT_SIZE_PX, tiny_part, tiny_scorer


def batch(count: int) -> NDArray[np.uint8]:
    return np.stack([resize(tiny_part(seed), INPUT_SIZE_PX, INPUT_SIZE_PX) for seed in range(count)])


@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_batch_is_dynamic_and_scores_do_not_depend_on_it(engine: OnnxRuntimeEngine, count: int) -> None:
    images = batch(count)
    output = engine.run(images)
    assert output.score.shape == (count,)
    assert output.anomaly_map.shape == output.image_image_map.shape == output.image_text_map.shape
    assert output.anomaly_map.shape[0] == output.embedding.shape[0] == count
    alone = [float(engine.run(image[None]).score[0]) for image in images]
    np.testing.assert_allclose(output.score, alone, rtol=1e-6)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, INPUT_SIZE_PX, INPUT_SIZE_PX, 3), np.float32),
        np.zeros((1, INPUT_SIZE_PX, INPUT_SIZE_PX + 1, 3), np.uint8),
        np.zeros((1, INPUT_SIZE_PX, INPUT_SIZE_PX), np.uint8),
        np.zeros((INPUT_SIZE_PX, INPUT_SIZE_PX, 3), np.uint8),
    ],
)
def test_a_batch_of_another_shape_or_type_is_refused(
    engine: OnnxRuntimeEngine, images: NDArray[np.uint8]
) -> None:
    with pytest.raises(EngineError, match="the network takes uint8"):
        engine.run(images)


def test_the_engine_says_what_runs_it(engine: OnnxRuntimeEngine) -> None:
    assert engine.name == "onnxruntime:CPUExecutionProvider"


def test_a_provider_that_is_not_installed_is_named(bundle: Bundle) -> None:
    with pytest.raises(EngineError, match="NoSuchProvider is not available"):
        OnnxRuntimeEngine(bundle.scorer_path, providers=("NoSuchProvider", "CPUExecutionProvider"))


@pytest.mark.parametrize("content", [b"", b"no network", bytes(100)])
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "scorer.onnx").write_bytes(content)
    with pytest.raises(EngineError, match=r"scorer\.onnx (cannot be loaded|is not a scorer)"):
        OnnxRuntimeEngine(tmp_path / "scorer.onnx")


def test_a_network_with_other_outputs_is_no_scorer(tmp_path: Path) -> None:
    model = tiny_scorer(np.zeros((64, 64, 3)))
    del model.graph.output[-1]
    onnx.save(model, tmp_path / "scorer.onnx")
    with pytest.raises(EngineError, match="is not a scorer: its outputs are anomaly_map, score"):
        OnnxRuntimeEngine(tmp_path / "scorer.onnx")
