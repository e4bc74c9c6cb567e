"""The adapter in service: soft tokens from maps or from what was measured, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from safetensors.numpy import load_file, save_file

from inspector.bundle import file_sha256
from inspector.describing.adapter import (
    ADAPTER_MANIFEST,
    ADAPTER_ONNX,
    ADAPTER_WEIGHTS,
    AFTER,
    BEFORE,
    DEFAULT_ADAPTER,
    EXAMPLES,
    Adapter,
    check_fit,
    load_adapter,
)
from inspector.describing.facts import Facts
from inspector.describing.inputs import KIND_CELLS, KNOWN_KINDS, MAP_CELLS, AdapterInputs
from inspector.describing.language_model import LanguageModel
from inspector.describing.slots import SLOTS, SOFT_TOKENS
from inspector.describing.words import Kind
from inspector.errors import AdapterError
from inspector.results import Verdict
from tests.inspector.describing.test_slots import HOLE, SCRATCH
from tests.tiny_adapter import write_tiny_adapter

HIDDEN = 24
MOST_PARAMETERS = 5_000_000
MOST_BYTES = 8_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_adapter(tmp_path / "adapter", HIDDEN)


@pytest.fixture
def adapter(folder: Path) -> Adapter:
    return load_adapter(folder)


def random_inputs(seed: int = 0) -> AdapterInputs:
    rng = np.random.default_rng(seed)
    return AdapterInputs(
        maps=rng.random((3, MAP_CELLS, MAP_CELLS)).astype(np.float32),
        look=rng.normal(0, 1, (3, MAP_CELLS, MAP_CELLS)).astype(np.float32),
        kinds=rng.random((len(KNOWN_KINDS), KIND_CELLS, KIND_CELLS)).astype(np.float32),
    )


def embed(text: str) -> NDArray[np.float32]:
    """As many tokens as there are words; the first is all ones, the second all twos …"""
    return np.arange(1, len(text.split()) + 1, dtype=np.float32)[:, None].repeat(HIDDEN, 1)


def test_a_frame_is_read_as_soft_tokens_and_a_word_of_each_slot(adapter: Adapter) -> None:
    reading = adapter.read(random_inputs())
    assert reading.soft_tokens.shape == (SOFT_TOKENS, HIDDEN)
    assert reading.soft_tokens.dtype == np.float32
    assert [len(chances) for chances in reading.probabilities] == [len(slot.words) for slot in SLOTS]
    chances = [np.zeros(len(slot.words), np.float32) for slot in SLOTS]
    for number, slot in enumerate(SLOTS):
        chances[number][number % len(slot.words)] = 1
    told = replace(reading, probabilities=tuple(chances))
    assert told.words == tuple(slot.words[number % len(slot.words)] for number, slot in enumerate(SLOTS))


def test_what_was_measured_is_said_by_the_words_own_embeddings(folder: Path, adapter: Adapter) -> None:
    tensors = load_file(folder / ADAPTER_WEIGHTS)
    soft = adapter.measured(Facts(Verdict.REJECT, 2, (SCRATCH, HOLE)), embed)
    assert soft.shape == (SOFT_TOKENS, HIDDEN)
    said = ["two", "small", "elongated", "darker", "scratch", "upper left"]
    said += ["large", "round", "other colour", "hole", "centre"]
    row = 0
    for number, (slot, word) in enumerate(zip(SLOTS, said, strict=True)):
        table = tensors[f"words.{number}"]
        np.testing.assert_array_equal(soft[row : row + slot.tokens], table[:, slot.words.index(word)])
        row += slot.tokens


@pytest.mark.parametrize(
    ("kind", "tokens"), [("burr", [1, 1]), ("sink mark", [1, 2]), ("left label torn off", [1, 3])]
)
def test_a_products_own_kind_is_said_by_the_language_models_embeddings(
    adapter: Adapter, kind: str, tokens: list[float]
) -> None:
    soft = adapter.measured(Facts(Verdict.REJECT, 1, (replace(SCRATCH, kind=kind),)), embed)
    place = sum(slot.tokens for slot in SLOTS[: [slot.name for slot in SLOTS].index("kind")])
    np.testing.assert_allclose(soft[place : place + 2, 0], tokens)
    unknown = adapter.measured(Facts(Verdict.REJECT, 1, (replace(SCRATCH, kind=Kind.UNKNOWN),)), embed)
    np.testing.assert_array_equal(
        np.delete(soft, (place, place + 1), 0), np.delete(unknown, (place, place + 1), 0)
    )


def test_a_prompt_is_base_tokens_around_the_soft_tokens_after_the_examples(
    folder: Path, adapter: Adapter
) -> None:
    tensors = load_file(folder / ADAPTER_WEIGHTS)
    soft = adapter.read(random_inputs()).soft_tokens
    expected = np.concatenate((tensors[BEFORE], soft, tensors[AFTER]))
    np.testing.assert_array_equal(adapter.prompt(soft), expected)
    np.testing.assert_array_equal(adapter.examples, tensors[EXAMPLES])


def resealed(folder: Path, **changes: object) -> None:
    """Write the manifest as the maker of these files would have."""
    path = folder / ADAPTER_MANIFEST
    files = {name: file_sha256(folder / name) for name in (ADAPTER_ONNX, ADAPTER_WEIGHTS)}
    path.write_text(json.dumps({**json.loads(path.read_text()), "files": files, **changes}))


def test_soft_tokens_that_are_not_finite_are_no_prompt(folder: Path) -> None:
    model = onnx.load(folder / ADAPTER_ONNX)
    (tokens,) = [tensor for tensor in model.graph.initializer if tensor.name == "tokens"]
    broken = numpy_helper.to_array(tokens) * np.float32(np.nan)
    tokens.CopyFrom(numpy_helper.from_array(broken, "tokens"))
    onnx.save(model, folder / ADAPTER_ONNX)
    resealed(folder)
    with pytest.raises(AdapterError, match="not finite"):
        load_adapter(folder).read(random_inputs())


def test_inputs_of_another_size_are_an_error_of_the_adapter(adapter: Adapter) -> None:
    inputs = random_inputs()
    with pytest.raises(AdapterError, match="the adapter failed on a frame"):
        adapter.read(replace(inputs, maps=inputs.maps[:, :32]))


@pytest.mark.parametrize("hidden_size", [HIDDEN - 1, 576])
def test_a_language_model_of_another_hidden_size_is_refused_with_both_numbers(
    adapter: Adapter, hidden_size: int
) -> None:
    check_fit(adapter, "its own", HIDDEN)
    with pytest.raises(AdapterError) as caught:
        check_fit(adapter, "Giant int4", hidden_size)
    assert "Giant int4" in caught.value.what
    assert f"a hidden size of {HIDDEN}" in caught.value.why
    assert f"this one has {hidden_size}" in caught.value.why
    for command in ("inspector train-adapter --language-model", "inspector prepare-llm"):
        assert command in caught.value.remedy


def damage(name: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return change


def edit(**changes: object) -> Callable[[Path], object]:
    return lambda folder: resealed(folder, **changes)


def without(name: str) -> Callable[[Path], object]:
    def drop(folder: Path) -> None:
        tensors = load_file(folder / ADAPTER_WEIGHTS)
        del tensors[name]
        save_file(tensors, folder / ADAPTER_WEIGHTS)
        resealed(folder)

    return drop


def no_network(folder: Path) -> None:
    (folder / ADAPTER_ONNX).write_bytes(b"no network")
    resealed(folder)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (shutil.rmtree, r"it has no adapter\.json"),
        (lambda folder: (folder / ADAPTER_MANIFEST).unlink(), r"it has no adapter\.json"),
        (lambda folder: (folder / ADAPTER_MANIFEST).write_text("{"), r"adapter\.json: "),
        (edit(schema_version=2), r"adapter\.json: "),
        (edit(colour="red"), r"adapter\.json: "),
        (edit(language="fr"), r"adapter\.json: "),
        (lambda folder: (folder / ADAPTER_ONNX).unlink(), r"adapter\.onnx is missing"),
        (lambda folder: (folder / ADAPTER_WEIGHTS).unlink(), r"adapter\.safetensors is missing"),
        (damage(ADAPTER_ONNX), r"adapter\.onnx was changed"),
        (damage(ADAPTER_WEIGHTS), r"adapter\.safetensors was changed"),
        (edit(files={}), r"adapter\.onnx was changed"),
        (edit(slots={"count": ["none", "one"]}), "other fact words"),
        (edit(hidden_size=HIDDEN + 1), "its soft_tokens are"),
        *((without(name), f"holds no {name}") for name in (EXAMPLES, BEFORE, AFTER, "words.3")),
        (no_network, r"cannot be used: .+"),
    ],
)
def test_an_adapter_that_is_not_what_was_made_is_refused(
    folder: Path, harm: Callable[[Path], object], why: str
) -> None:
    harm(folder)
    with pytest.raises(AdapterError, match=why) as caught:
        load_adapter(folder)
    assert str(folder) in caught.value.what
    assert "inspector train-adapter" in caught.value.remedy


def test_the_package_brings_a_small_adapter_for_the_default_language_model(
    language_model: LanguageModel,
) -> None:
    adapter = load_adapter()
    check_fit(adapter, language_model.name, language_model.hidden_size)
    manifest = adapter.manifest
    assert language_model.name.startswith(manifest.language_model)
    assert manifest.language == "en"
    assert manifest.parameters <= MOST_PARAMETERS
    assert manifest.command.startswith("inspector train-adapter")
    assert f"--seed {manifest.seed}" in manifest.command
    assert manifest.figures
    assert sum(file.stat().st_size for file in DEFAULT_ADAPTER.iterdir()) < MOST_BYTES
