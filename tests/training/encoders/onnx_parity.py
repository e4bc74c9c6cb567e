"""Exports an encoder and runs it, to compare with torch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import onnx
import onnxruntime
import torch

from training.encoders import ImageEncoder


@dataclass(frozen=True)
class Exported:
    """What the exported graph is made of, and how far its maps are from torch's."""

    operators: Counter[str]
    relative_difference: float


def export(encoder: ImageEncoder, path: Path) -> Exported:
    """Export with a batch of 2 and compare on another of 3: the batch must be dynamic."""
    torch.onnx.export(
        encoder,
        (torch.zeros(2, 3, encoder.height, encoder.width),),
        path,
        dynamo=True,
        opset_version=18,
        input_names=["image"],
        dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
        external_data=False,
        verbose=False,
    )
    image = torch.randn(3, 3, encoder.height, encoder.width, generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(None, {"image": image.numpy()})
    differences = [
        float((torch.from_numpy(ours) - theirs).abs().max() / theirs.abs().max())
        for ours, theirs in zip(found, encoder(image), strict=True)
    ]
    operators = Counter(node.op_type for node in onnx.load(path).graph.node)
    return Exported(operators, max(differences))
