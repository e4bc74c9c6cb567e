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
from training.defects import DefectKind
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

TEMPLATES = ("a photo of a part with {}.", "a close-up photo of {}.", "{}")

Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=32, pattern=r"^[^\W\d_][\w -]*$")
]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class OwnKind(BaseModel):
    """A product's own kind of defect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    word: Word = Field(title="Word", description="As an operator says it, such as burr")
    phrases: tuple[Phrase, ...] = Field(
        (), title="Phrases", description='Read after "a photo of a part with"; by default the word'
    )
    looks_like: DefectKind | None = Field(
        None,
        title="Looks like",
        description="Synthetic defects of this kind teach it, half of them; without it, only its phrases do",
    )

    @model_validator(mode="after")
    def _is_new(self) -> OwnKind:
        if self.word.lower() in {kind.value for kind in Kind}:
            raise ValueError(f"{self.word!r} is a kind that every product has")
        return self


def words_and_phrases(own: Sequence[OwnKind]) -> dict[str, tuple[str, ...]]:
    """Every kind's word, the known ones first, and its phrases."""
    known = {kind.value: PHRASES[kind] for kind in KNOWN_KINDS}
    return known | {kind.word: kind.phrases or (kind.word,) for kind in own}


def encode_kinds(phrases: Mapping[str, Sequence[str]], encoder: TextEncoder) -> Tensor:
    """Directions [K, D] of the kinds in a text encoder's space, on the unit sphere.

    Each is the mean over phrases and templates, less the mean of all kinds: what sentences about defects have
    in common tells no kinds apart, and is most of what they say.
    """
    rows = []
    for states in phrases.values():
        sentences = [template.format(state) for state in states for template in TEMPLATES]
        rows.append(normalize(encoder.encode(sentences).mean(0), dim=0))
    directions = torch.stack(rows)
    return normalize(directions - directions.mean(0), dim=1)
