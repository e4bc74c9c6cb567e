"""Sentences that say a product is good or defective, and their place in a text encoder's space.

A compositional prompt ensemble after WinCLIP (arXiv:2303.14814), as AnomalyGPT (arXiv:2308.15366) uses it:
every state ("flawless {}", "{} with a scratch") is said in several ways of speaking of a picture (templates),
and the embeddings of one state are averaged on the unit sphere. States stay apart, so that the best matching
one can be named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from torch import Tensor
from torch.nn.functional import normalize

from inspector.errors import TrainingError
from training.encoders.protocol import TextEncoder

NORMAL_STATES = (
    "{}",
    "flawless {}",
    "perfect {}",
    "unblemished {}",
    "{} without flaw",
    "{} without defect",
    "{} without damage",
)
ABNORMAL_STATES = (
    "damaged {}",
    "broken {}",
    "{} with flaw",
    "{} with defect",
    "{} with damage",
)
DEFECTS = (
    "a scratch",
    "a crack",
    "a hole",
    "a dent",
    "a chip",
    "a cut",
    "a bend",
    "a stain",
    "contamination",
    "discoloration",
    "a missing part",
    "a misplaced part",
)
TEMPLATES = (
    "a photo of a {}.",
    "a photo of the {}.",
    "a close-up photo of a {}.",
    "a cropped photo of the {}.",
    "a bright photo of a {}.",
    "a dark photo of the {}.",
    "a blurry photo of a {}.",
    "there is a {} in the scene.",
    "this is a {} for visual inspection.",
)

_A_BEFORE_VOWEL = re.compile(r"\b(a) (?=[aeiou])(?!uni[^n]|us[abe]|eu|one\b)", re.IGNORECASE)


def _one_place(pattern: str) -> str:
    if pattern.count("{}") != 1 or set(pattern.replace("{}", "")) & set("{}"):
        raise ValueError("write {} once, where the noun goes")
    return pattern


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Pattern = Annotated[Text, AfterValidator(_one_place)]


class PromptSettings(BaseModel):
    """What is said of a product. The defaults serve any; a noun and the plant's own words sharpen them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    noun: Text | None = Field(
        None, title="Noun", description="What the part is called in a sentence; by default the product's name"
    )
    defects: tuple[Text, ...] = Field(
        (),
        title="More defects",
        description='Read after "with", such as "a burr" or "rust", beside the built-in ones',
    )
    normal_states: tuple[Pattern, ...] = Field(NORMAL_STATES, title="Normal states", min_length=1)
    abnormal_states: tuple[Pattern, ...] = Field(
        (*ABNORMAL_STATES, *(f"{{}} with {defect}" for defect in DEFECTS)),
        title="Abnormal states",
        min_length=1,
    )
    templates: tuple[Pattern, ...] = Field(TEMPLATES, title="Templates", min_length=1)


@dataclass(frozen=True, slots=True)
class Prompts:
    """What is said of one product.

    Attributes:
        normal: states of a good part, such as "flawless gasket".
        abnormal: states of a defective part, such as "gasket with a scratch".
        templates: sentences with one {} that take a state.
    """

    normal: tuple[str, ...]
    abnormal: tuple[str, ...]
    templates: tuple[str, ...]

    def sentences(self, state: str) -> tuple[str, ...]:
        """One state in every template."""
        return tuple(_with_articles(template.replace("{}", state)) for template in self.templates)


@dataclass(frozen=True, slots=True)
class PromptEmbeddings:
    """Where the states of one product lie in a text encoder's space, on the unit sphere.

    Attributes:
        normal: [Kn, D] float32, one row for each of `Prompts.normal`.
        abnormal: [Ka, D] float32, one row for each of `Prompts.abnormal`.
    """

    normal: Tensor
    abnormal: Tensor

    @property
    def pair(self) -> Tensor:
        """[2, D]: a direction for normal and one for abnormal, each the mean of its states, on the sphere."""
        return normalize(torch.stack((self.normal.mean(0), self.abnormal.mean(0))), dim=1)


def build_prompts(product: str, settings: PromptSettings = PromptSettings()) -> Prompts:  # noqa: B008 - frozen
    """What is said of a product, each state once.

    Args:
        product: the product's name, such as `magnetic_tile`, read as "magnetic tile".
        settings: noun and words.

    Raises:
        TrainingError: the name has no letter or digit and no noun is given.
    """
    noun = settings.noun or re.sub(r"[_.\-\s]+", " ", product).strip()
    if not noun:
        raise TrainingError(
            f"product {product!r} cannot be put into a sentence",
            "its name has no letter or digit",
            "Give a noun in the prompts' settings",
        )
    more = tuple(f"{{}} with {defect}" for defect in settings.defects)

    def states(patterns: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(pattern.replace("{}", noun) for pattern in patterns))

    return Prompts(
        normal=states(settings.normal_states),
        abnormal=states((*settings.abnormal_states, *more)),
        templates=tuple(dict.fromkeys(settings.templates)),
    )


def encode_prompts(prompts: Prompts, encoder: TextEncoder) -> PromptEmbeddings:
    """Embed every state as the mean over its templates, brought back to the unit sphere."""

    def embed(states: Sequence[str]) -> Tensor:
        sentences = [sentence for state in states for sentence in prompts.sentences(state)]
        vectors = encoder.encode(sentences).view(len(states), len(prompts.templates), encoder.dim)
        return normalize(vectors.mean(1), dim=1)

    return PromptEmbeddings(normal=embed(prompts.normal), abnormal=embed(prompts.abnormal))


def _with_articles(sentence: str) -> str:
    """Make "a" into "an" before a vowel that is spoken as one: "an unblemished tile", but "a unit"."""
    return _A_BEFORE_VOWEL.sub(r"\1n ", sentence)
