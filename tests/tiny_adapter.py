"""A real, tiny adapter for tests without training: soft tokens that say the same of every frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from inspector.bundle import file_sha256
from inspector.describing.adapter import (
    ADAPTER_MANIFEST,
    ADAPTER_ONNX,
    ADAPTER_WEIGHTS,
    AFTER,
    BEFORE,
    EXAMPLES,
    INPUTS,
    OUTPUTS,
    WORD_TABLE,
    AdapterManifest,
)
from inspector.describing.inputs import KIND_CELLS, KNOWN_KINDS, MAP_CELLS
from inspector.describing.slots import SLOTS, SOFT_TOKENS, WORDS

SHAPES = ((3, MAP_CELLS, MAP_CELLS), (3, MAP_CELLS, MAP_CELLS), (len(KNOWN_KINDS), KIND_CELLS, KIND_CELLS))


def write_tiny_adapter(
    folder: Path, hidden_size: int, *, language_model: str = "tiny", seed: int = 0
) -> Path:
    """Write an adapter of random soft tokens for embeddings of a size; milliseconds."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)

    def random(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(0, 0.1, shape).astype(np.float32)

    onnx.save(_network(random(1, SOFT_TOKENS, hidden_size)), folder / ADAPTER_ONNX)
    tensors = {name: random(rows, hidden_size) for name, rows in ((EXAMPLES, 5), (BEFORE, 4), (AFTER, 2))}
    for number, slot in enumerate(SLOTS):
        tensors[WORD_TABLE.format(number)] = random(slot.tokens, len(slot.words), hidden_size)
    save_file(tensors, folder / ADAPTER_WEIGHTS)
    manifest = AdapterManifest(
        language_model=language_model,
        hidden_size=hidden_size,
        language="en",
        slots={slot.name: slot.words for slot in SLOTS},
        parameters=1,
        command="a test",
        seed=seed,
        figures={},
        files={name: file_sha256(folder / name) for name in (ADAPTER_ONNX, ADAPTER_WEIGHTS)},
    )
    (folder / ADAPTER_MANIFEST).write_text(manifest.model_dump_json())
    return folder


def _network(soft_tokens: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> onnx.ModelProto:
    """Every input is read, scaled to nothing and added, so that the outputs have the inputs' batch."""
    constants = [
        numpy_helper.from_array(soft_tokens, "tokens"),
        numpy_helper.from_array(np.full((1, WORDS), 0.5, np.float32), "chances"),
        numpy_helper.from_array(np.zeros(1, np.float32), "nothing"),
        numpy_helper.from_array(np.array([1, 2, 3], np.int64), "places"),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
    ]
    nodes = []
    for name in INPUTS:
        nodes += [
            helper.make_node("ReduceMean", [name, "places"], [f"{name}_mean"], keepdims=0),
            helper.make_node("Mul", [f"{name}_mean", "nothing"], [f"{name}_zero"]),
        ]
    nodes += [
        helper.make_node("Sum", [f"{name}_zero" for name in INPUTS], ["zero"]),
        helper.make_node("Unsqueeze", ["zero", "one"], ["row"]),
        helper.make_node("Add", ["row", "chances"], [OUTPUTS[1]]),
        helper.make_node("Unsqueeze", ["row", "one"], ["block"]),
        helper.make_node("Add", ["block", "tokens"], [OUTPUTS[0]]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny-adapter",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
            for name, shape in zip(INPUTS, SHAPES, strict=True)
        ],
        [
            helper.make_tensor_value_info(
                OUTPUTS[0], TensorProto.FLOAT, ["batch", SOFT_TOKENS, soft_tokens.shape[-1]]
            ),
            helper.make_tensor_value_info(OUTPUTS[1], TensorProto.FLOAT, ["batch", WORDS]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    onnx.checker.check_model(model)
    return model
