"""A learned product written as a bundle, and only if ONNX Runtime computes what torch does."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inspector.engines import INPUT_NAME, OUTPUT_NAMES
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.errors import ParityError
from training.decoders.scorer import ServableScorer

OPSET = 18
MAX_RELATIVE_DIFFERENCE = 1e-3
"""Largest difference of a map or score, relative to the spread of that output over the frames."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How closely the exported network follows the trained one.

    Attributes:
        frames: real frames compared.
        max_relative_difference: the largest over all outputs.
        flipped_verdicts: frames on different sides of the limit.
    """

    frames: int
    max_relative_difference: float
    flipped_verdicts: int


def export_scorer(scorer: ServableScorer, path: Path) -> None:
    """Write the network as ONNX with a dynamic batch and static spatial size; weights are inside the file."""
    example = torch.zeros((2, *scorer.input_size, 3), dtype=torch.uint8)
    export_network(scorer.served(), (example,), path, (INPUT_NAME,), OUTPUT_NAMES)


def reweight_scorer(scorer: ServableScorer, earlier: Path, path: Path) -> bool:
    """Write the network as an earlier one's graph with its own weights; False where that graph is another.

    An export spends its time on the graph, which a retrained network shares with the one it comes from. That
    both compute the same is left to `check_parity`, as after any export.

    Args:
        scorer: the trained network.
        earlier: ONNX file of a network of the same encoder, written by `export_scorer`.
        path: the file; weights are inside.
    """
    model = onnx.load(str(earlier))
    weights = {name: np.asarray(values) for name, values in scorer.served().state_dict().items()}
    places = {place.name: place for place in model.graph.initializer}
    # What torch names has dots in its name; the rest are the graph's own constants.
    if {name for name in places if "." in name} != set(weights):
        return False
    if any(tuple(places[name].dims) != values.shape for name, values in weights.items()):
        return False
    for name, values in weights.items():
        places[name].CopyFrom(onnx.numpy_helper.from_array(values, name))
    onnx.save(model, str(path))
    return True


def export_network(
    network: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: Sequence[str],
    outputs: Sequence[str],
) -> None:
    """Write a network as ONNX; the first axis of every input is dynamic, the others are the example's.

    Args:
        network: in evaluation mode.
        example: its arguments, at least two rows of each: torch takes an axis of one for a constant.
        path: the file; weights are inside.
        inputs: names of the arguments, as `forward` has them.
        outputs: names of the results.
    """
    batch = torch.export.Dim("batch")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        torch.onnx.export(
            network,
            example,
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes={name: {0: batch} for name in inputs},
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def check_parity(scorer: ServableScorer, path: Path, frames: NDArray[np.uint8], limit: float) -> Parity:
    """Compare the exported network with the trained one on real frames, as a batch and one by one.

    Args:
        scorer: the trained network, as it was fitted and not as it was rearranged for the graph.
        path: the ONNX file.
        frames: uint8 [N, H, W, 3].
        limit: the reject limit; a frame nearer to it than the tolerance has no verdict to flip.

    Raises:
        ParityError: an output differs by more than 1e-3 of its spread, or a verdict flips.
    """
    engine = OnnxRuntimeEngine(path)
    with torch.inference_mode():
        trained = [np.asarray(output) for output in scorer(torch.from_numpy(frames))]
    worst, worst_name = 0.0, ""
    exported = engine.run(frames)
    singles = [engine.run(frame[None]) for frame in frames[:2]]
    for name, expected in zip(OUTPUT_NAMES, trained, strict=True):
        spread = max(float(np.abs(expected).max()), 1e-6)
        difference = float(np.abs(getattr(exported, name) - expected).max()) / spread
        for number, single in enumerate(singles):
            difference = max(
                difference, float(np.abs(getattr(single, name)[0] - expected[number]).max()) / spread
            )
        if difference > worst:
            worst, worst_name = difference, name
    scores = trained[OUTPUT_NAMES.index("score")]
    # The limit may be the very score of one of the frames, where a model is fitted once.
    judged = np.abs(scores - limit) > MAX_RELATIVE_DIFFERENCE * max(float(np.abs(scores).max()), 1e-6)
    flipped = int((((scores > limit) != (exported.score > limit)) & judged).sum())
    if worst > MAX_RELATIVE_DIFFERENCE or not np.isfinite(worst):
        raise ParityError(
            "the exported network was not kept",
            f"its {worst_name} differs from the trained network's by {worst:.2g} of its range,"
            f" more than {MAX_RELATIVE_DIFFERENCE:g}",
            "Report this with the training settings; no bundle was written",
        )
    if flipped:
        raise ParityError(
            "the exported network was not kept",
            f"{flipped} of {len(frames)} verdicts differ from the trained network's",
            "Report this with the training settings; no bundle was written",
        )
    return Parity(len(frames), worst, flipped)
