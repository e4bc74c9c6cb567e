"""The kinds of defects and the sentences that say them; a product may add kinds of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from torch import Tensor
from torch.nn.functional import normalize

from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.words import Kind
from training.encoders.protocol import TextEncoder

PHRASES: Mapping[str, tuple[str, ...]] = {
    Kind.SCRATCH: ("a scratch", "a scratched surface", "a scuff mark"),
    Kind.CRACK: ("a crack", "a fracture line", "a cracked surface"),
    Kind.DENT: ("a dent", "a dented surface", "a hollow"),
    Kind.HOLE: ("a hole", "a pinhole", "a puncture"),
    Kind.STAIN: ("a stain", "a stained surface", "a smear"),
    Kind.CONTAMINATION: ("contamination", "foreign matter", "a foreign particle", "dirt"),
    Kind.MISSING_PART: ("a missing part", "a missing piece"),
    Kind.BROKEN_EDGE: ("a broken edge", "a chipped edge", "broken material"),
    Kind.MISPRINT: ("a misprint", "a printing error"),
    Kind.DEFORMATION: ("a deformation", "a deformed shape", "a bent part"),
    Kind.COLOUR_CHANGE: ("a colour change", "discolouration", "a change of colour"),
    Kind.TEXTURE_CHANGE: ("a texture change", "a rough surface", "an uneven surface"),
}
"""What stands after "a photo of a part with"."""

CENTRE = "centre"
"""Name of the tensor that directions are measured from."""
TEMPLATES = ("a photo of a part with {}.", "a close-up photo of {}.", "{}")

Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=32, pattern=r"^[^\W\d_][\w -]*$")
]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class OwnKind(BaseModel):
    """A product's own kind of defect: words, and no pictures. The text encoder knows what they are like."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    word: Word = Field(title="Word", description="As an operator says it, such as burr")
    phrases: tuple[Phrase, ...] = Field(
        (), title="Phrases", description='Read after "a photo of a part with"; by default the word'
    )

    @model_validator(mode="after")
    def _is_new(self) -> OwnKind:
        if self.word.lower() in {kind.value for kind in Kind}:
            raise ValueError(f"{self.word!r} is a kind that every product has")
        return self


class KindsOfProduct(BaseModel):
    """Which kinds of defects a product can have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    own: tuple[OwnKind, ...] = Field((), title="Own kinds", description="Beside the twelve that all know")
    weights: Mapping[str, Annotated[float, Field(ge=0, le=100)]] = Field(
        default_factory=dict,
        title="Weights",
        description="Of kinds by word, 1 is usual; 0: this product cannot have it",
    )

    @model_validator(mode="after")
    def _words_differ(self) -> KindsOfProduct:
        words = [kind.word.lower() for kind in self.own]
        if twice := [word for number, word in enumerate(words) if word in words[:number]]:
            raise ValueError(f"{twice[0]!r} is given twice")
        return self

    @model_validator(mode="after")
    def _weights_are_of_kinds(self) -> KindsOfProduct:
        words = {kind.value for kind in KNOWN_KINDS} | {kind.word for kind in self.own}
        if unknown := sorted(set(self.weights) - words):
            raise ValueError(f"{unknown[0]!r} is no kind; there are {', '.join(sorted(words))}")
        return self


def encode_known_kinds(encoder: TextEncoder) -> tuple[Tensor, Tensor]:
    """Directions [K, D] of the known kinds on the unit sphere, and the centre [D] they are measured from.

    Each is the mean over phrases and templates, less the mean of all kinds: what sentences about defects have
    in common tells no kinds apart, and is most of what they say.
    """
    rows = torch.stack([_mean(PHRASES[kind], encoder) for kind in KNOWN_KINDS])
    centre = rows.mean(0)
    return normalize(rows - centre, dim=1), centre


def encode_own_kinds(kinds: Sequence[OwnKind], encoder: TextEncoder, centre: Tensor) -> dict[str, Tensor]:
    """Direction [D] of each own kind, measured from the known kinds' centre."""
    return {
        kind.word: normalize(_mean(kind.phrases or (kind.word,), encoder) - centre, dim=0) for kind in kinds
    }


def _mean(phrases: Sequence[str], encoder: TextEncoder) -> Tensor:
    sentences = [template.format(phrase) for phrase in phrases for template in TEMPLATES]
    return normalize(encoder.encode(sentences).mean(0), dim=0)
