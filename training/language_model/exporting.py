"""From a model in the form of transformers to an ONNX network with embeddings in and a key-value cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from inspector.describing.language_model_folder import MODEL_NAME
from inspector.errors import TrainingError

Device = Literal["cpu", "cuda"]
BUILDER: Final = "onnxruntime_genai.models.builder"
BLOCK_SIZE: Final = 64
QUANTISATION: Final = f"int8 weights in blocks of {BLOCK_SIZE} (MatMulNBits, symmetric)"
"""Four bits a weight are faster still, but what comes out says other things than the model that went in."""


def export_network(
    folder: Path, output: Path, *, device: Device, layers: int, on_layer: Callable[[int, int], None]
) -> None:
    """Export a model with onnxruntime-genai's builder, in a process of its own that frees its memory.

    Args:
        folder: model in the form of transformers, not quantised.
        output: existing folder, which gets ``model.onnx`` and ``model.onnx.data``.
        device: what the network will run on; CUDA's has float16 activations.
        layers: number of the model's layers.
        on_layer: told how many layers are done, and how many there are.

    Raises:
        TrainingError: the builder is not installed, or does not know the model.
    """
    what = f"language model {folder} cannot be exported"
    if find_spec("onnxruntime_genai") is None:
        why = "the Python package onnxruntime-genai is not installed"
        raise TrainingError(what, why, "Install it with `pip install onnxruntime-genai`")
    with TemporaryDirectory(prefix="export-", dir=output.parent) as temporary:
        built = Path(temporary) / "built"
        options = (
            "exclude_embeds=true",
            "prune_lm_head=true",
            f"block_size={BLOCK_SIZE}",
            "hf_token=false",
        )
        command = [
            *(sys.executable, "-m", BUILDER, "-i", str(folder), "-o", str(built), "-c", temporary),
            *("-p", "int8", "-e", device, "--extra_options", *options),
        ]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(  # noqa: S603 - no shell, and the words are ours
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                said = _follow(process, layers, on_layer)
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            raise TrainingError(what, _reason(said), "Choose a model that onnxruntime-genai's builder knows")
        for name in (MODEL_NAME, f"{MODEL_NAME}.data"):
            (built / name).rename(output / name)


def exporter() -> str:
    """What exports, for the manifest."""
    return f"onnxruntime-genai {version('onnxruntime-genai')}, transformers {version('transformers')}"


def _follow(process: subprocess.Popen[str], layers: int, on_layer: Callable[[int, int], None]) -> list[str]:
    """Read what the builder says until it ends."""
    said: list[str] = []
    on_layer(0, layers)
    for line in process.stdout or ():
        said.append(line.strip())
        if match := re.search(r"Reading (?:decoder )?layer (\d+)", line):
            on_layer(min(int(match[1]) + 1, layers), layers)
    return said


def _reason(said: list[str]) -> str:
    lines = [line for line in said if line]
    return (
        re.sub(r"^\w*(?:Error|Exception): ", "", lines[-1]).rstrip(".")
        if lines
        else "the builder said nothing"
    )
