"""`train_adapter`: an adapter for a language model, from nothing but rendered parts, noise and a seed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors.torch import save_file

from inspector.bundle import file_sha256, new_folder
from inspector.describing.adapter import (
    ADAPTER_MANIFEST,
    ADAPTER_ONNX,
    ADAPTER_WEIGHTS,
    INPUTS,
    OUTPUTS,
    AdapterManifest,
    load_adapter,
)
from inspector.describing.inputs import AdapterInputs
from inspector.describing.slots import SLOTS
from inspector.describing.words import Language
from inspector.errors import ParityError, TrainingError
from training.adapter.examples import Example, examples_from_masks
from training.adapter.fitting import Lessons, accuracy, fit_reader
from training.adapter.network import Adapter
from training.adapter.scored import examples_from_products
from training.adapter.surfaces import make_surfaces
from training.adapter.tuning import begin_adapter, tune
from training.export import export_network
from training.language_model.sources import DEFAULT_SOURCE
from training.language_model.torch_model import load_torch_language_model
from training.learning import OnStep, ignore_step
from training.product import check_output

PARITY = 1e-3
"""Largest difference of a soft token, relative to the largest of them, between torch and ONNX Runtime."""
HELD_OUT = 10
"""One example in so many is not learned from."""
LOSSES = 20
"""Steps that the last loss is the mean of."""


class AdapterSettings(BaseModel):
    """What shapes an adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    surfaces: int = Field(160, title="Surfaces", description="Good pictures to paint on", ge=4)
    examples: int = Field(4000, title="Examples", description="Maps made from masks", ge=100)
    scored: int = Field(
        200, title="Scored examples", description="Painted frames of each rendered product, scored", ge=0
    )
    normals: int = Field(32, title="Normals", description="Of each rendered product", ge=8)
    epochs: int = Field(8, title="Epochs", description="Of reading", ge=1)
    steps: int = Field(160, title="Steps", description="Of tuning through the language model", ge=1)
    batch: int = Field(8, title="Batch", description="Sentences a step", ge=1)
    seed: int = Field(0, title="Seed", ge=0)
    language: Language = Field("en", title="Language", description="Of the sentences")


@dataclass(frozen=True, slots=True)
class TrainedAdapter:
    """A finished adapter: its manifest, its folder's bytes, and the time that it took."""

    manifest: AdapterManifest
    size_bytes: int
    seconds: float


def train_adapter(
    output: Path,
    source: str = DEFAULT_SOURCE,
    settings: AdapterSettings = AdapterSettings(),  # noqa: B008 - frozen
    *,
    command: str,
    online: bool = False,
    overwrite: bool = False,
    on_step: OnStep = ignore_step,
) -> TrainedAdapter:
    """Make an adapter and write its folder.

    Args:
        output: folder of the adapter; it appears complete or not at all.
        source: the language model, see `training.language_model.sources.find_language_model`.
        settings: see `AdapterSettings`.
        command: that makes this adapter again, for its manifest.
        online: allow a download of the language model from the hub.
        overwrite: replace what stands at `output`.
        on_step: told what is being done, and how far it is.

    Raises:
        OutputExistsError: something stands at `output`.
        TrainingError: there is no such language model.
        ParityError: the exported network does not compute what the trained one does.
    """
    started = time.perf_counter()
    check_output(output, overwrite=overwrite, manifest=ADAPTER_MANIFEST, what="adapter")
    with new_folder(output, overwrite=overwrite) as folder:
        on_step("Loading the language model", 0, 1)
        language_model = load_torch_language_model(source, online=online)
        examples = make_examples(settings, on_step)
        lessons, held_out = _split(examples)
        generator = torch.Generator().manual_seed(settings.seed)
        on_epoch = partial(on_step, "Learning to read maps")
        reader = fit_reader(
            Lessons.of(lessons), epochs=settings.epochs, generator=generator, on_epoch=on_epoch
        )
        facts = [example.facts for example in lessons]
        adapter = begin_adapter(reader, language_model, facts, settings.language)
        losses = tune(
            adapter,
            language_model,
            Lessons.of(lessons),
            facts,
            steps=settings.steps,
            batch=settings.batch,
            rng=np.random.default_rng(settings.seed),
            language=settings.language,
            on_step=lambda done, steps, _loss: on_step("Tuning through the language model", done, steps),
        )
        figures = {
            f"read {name}": share for name, share in accuracy(adapter.reader, Lessons.of(held_out)).items()
        }
        figures["sentence loss"] = round(float(np.mean(losses[-LOSSES:])), 4)
        on_step("Exporting", 0, 1)
        manifest = write_adapter(
            folder,
            adapter,
            Lessons.of(held_out[:LOSSES]),
            name=language_model.name,
            settings=settings,
            command=command,
            figures=figures,
        )
        size_bytes = sum(file.stat().st_size for file in folder.iterdir())
    return TrainedAdapter(manifest, size_bytes, time.perf_counter() - started)


def make_examples(settings: AdapterSettings, on_step: OnStep = ignore_step) -> list[Example]:
    """Examples from masks and from scored frames, in random order; the settings' seed decides all of them."""
    rng = np.random.default_rng(settings.seed)
    surfaces = make_surfaces(settings.surfaces, rng, partial(on_step, "Rendering good parts"))
    examples = examples_from_masks(surfaces, settings.examples, rng, partial(on_step, "Painting defects"))
    if settings.scored:
        examples += examples_from_products(
            normals=settings.normals, frames=settings.scored, seed=settings.seed, on_step=on_step
        )
    return [examples[index] for index in rng.permutation(len(examples))]


def write_adapter(
    folder: Path,
    adapter: Adapter,
    held_out: Lessons,
    *,
    name: str,
    settings: AdapterSettings,
    command: str,
    figures: dict[str, float],
) -> AdapterManifest:
    """Write the files of an adapter, and read them back.

    Args:
        folder: exists.
        adapter: trained.
        held_out: examples to compare the exported network on.
        name: of the language model.
        settings: that it was made with.
        command: see `train_adapter`.
        figures: on held-out examples.

    Raises:
        ParityError: the exported network does not compute what the trained one does.
        TrainingError: a tensor is not finite.
    """
    adapter.eval()
    tensors = {key: tensor.detach().contiguous() for key, tensor in adapter.state_dict().items()}
    broken = [key for key, tensor in tensors.items() if not torch.isfinite(tensor.float()).all()]
    if broken:
        raise TrainingError(
            "the adapter was not kept", f"{broken[0]} is not finite", "Train it with another seed"
        )
    save_file(tensors, folder / ADAPTER_WEIGHTS)
    # safetensors' files can be read by their owner only; the service may be somebody else.
    (folder / ADAPTER_WEIGHTS).chmod(0o644)
    example = (held_out.maps[:2], held_out.look[:2], held_out.kinds[:2])
    export_network(adapter, example, folder / ADAPTER_ONNX, INPUTS, OUTPUTS)
    manifest = AdapterManifest(
        language_model=name,
        hidden_size=adapter.before.shape[1],
        language=settings.language,
        slots={slot.name: slot.words for slot in SLOTS},
        parameters=sum(parameter.numel() for parameter in adapter.parameters()),
        command=command,
        seed=settings.seed,
        figures=figures,
        files={file: file_sha256(folder / file) for file in (ADAPTER_ONNX, ADAPTER_WEIGHTS)},
    )
    (folder / ADAPTER_MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    check_adapter(folder, adapter, held_out)
    return manifest


def check_adapter(folder: Path, adapter: Adapter, lessons: Lessons) -> None:
    """Compare the exported adapter with the trained one.

    Raises:
        ParityError: a soft token differs by more than 1e-3 of the largest.
    """
    served = load_adapter(folder)
    with torch.inference_mode():
        soft, _ = adapter(lessons.maps, lessons.look, lessons.kinds)
    worst = 0.0
    for number in range(len(lessons)):
        inputs = AdapterInputs(*(np.asarray(getattr(lessons, name)[number]) for name in INPUTS))
        expected = np.asarray(soft[number])
        difference = np.abs(served.read(inputs).soft_tokens - expected).max() / np.abs(expected).max()
        worst = max(worst, float(difference))
    if worst > PARITY:
        raise ParityError(
            "the exported adapter was not kept",
            f"its soft tokens differ from the trained one's by {worst:.2g} of their range",
            "Report this with the settings",
        )


def _split(examples: list[Example]) -> tuple[list[Example], list[Example]]:
    return (
        [example for number, example in enumerate(examples) if number % HELD_OUT],
        examples[::HELD_OUT],
    )
