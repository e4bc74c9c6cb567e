"""A few examples, and the tiny language model in torch. Every test here runs without a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.encoders.conftest import network_attempts
from training.adapter.examples import Example, examples_from_masks
from training.adapter.fitting import Lessons
from training.adapter.network import Adapter, Reader
from training.adapter.surfaces import make_surfaces
from training.adapter.tuning import begin_adapter
from training.language_model.torch_model import TorchLanguageModel, load_torch_language_model

__all__ = ["network_attempts"]


@pytest.fixture(scope="session")
def few_examples() -> list[Example]:
    rng = np.random.default_rng(5)
    return examples_from_masks(make_surfaces(6, rng), 48, rng)


@pytest.fixture(scope="session")
def few_lessons(few_examples: list[Example]) -> Lessons:
    return Lessons.of(few_examples)


@pytest.fixture(scope="session")
def tiny_torch_model(tiny_language_model_source: Path) -> TorchLanguageModel:
    return load_torch_language_model(str(tiny_language_model_source))


@pytest.fixture
def adapter(tiny_torch_model: TorchLanguageModel, few_examples: list[Example]) -> Adapter:
    """One whose reader has learned nothing."""
    torch.manual_seed(0)
    facts = [example.facts for example in few_examples]
    return begin_adapter(Reader(), tiny_torch_model, facts).eval()
