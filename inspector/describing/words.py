"""The vocabulary of a description: the words in which an operator reads what was measured."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Language = Literal["en", "zh"]
"""A language that descriptions are written and read in: English, Chinese (simplified)."""


class Source(StrEnum):
    """What wrote a sentence."""

    TEMPLATE = "template"
    """Built from the facts alone."""
    LLM = "llm"
    """The language model's."""
    LLM_RETRY = "llm-retry"
    """The language model's second one: the first contradicted the facts, or could not be read."""


class Position(StrEnum):
    """Where in the frame: one of nine cells, three by three, row by row from the upper left."""

    UPPER_LEFT = "upper left"
    TOP = "top"
    UPPER_RIGHT = "upper right"
    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"
    LOWER_LEFT = "lower left"
    BOTTOM = "bottom"
    LOWER_RIGHT = "lower right"


class Size(StrEnum):
    """How much of the frame a region covers, the smallest first; see `inspector.describing.facts.size_of`."""

    TINY = "tiny"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Shape(StrEnum):
    """What a region looks like from its outline; see `inspector.describing.shape.shape_of`."""

    ROUND = "round"
    """About as wide as long and without notches: discs, squares, ovals."""
    ELONGATED = "elongated"
    """Much longer than wide, straight or bent."""
    RING_LIKE = "ring-like"
    """Closed around a hole."""
    DIFFUSE = "diffuse"
    """Wide, and without a clear core."""
    IRREGULAR = "irregular"
    """None of the others: branched, notched, angular."""


class Contrast(StrEnum):
    """How a region's colour differs from its surroundings; see `inspector.describing.contrast.contrast_of`.

    A missing part has no colour of its own: its kind says that it is missing.
    """

    DARKER = "darker"
    BRIGHTER = "brighter"
    OTHER_COLOUR = "other colour"
    SIMILAR = "similar"


class Severity(StrEnum):
    """How far a region's peak is above the pixel limit; see `inspector.describing.facts.severity_of`."""

    SLIGHT = "slight"
    CLEAR = "clear"
    SEVERE = "severe"


class Kind(StrEnum):
    """The kinds of defects that every product knows; a product may add words of its own."""

    SCRATCH = "scratch"
    CRACK = "crack"
    DENT = "dent"
    HOLE = "hole"
    STAIN = "stain"
    CONTAMINATION = "contamination"
    MISSING_PART = "missing part"
    BROKEN_EDGE = "broken edge"
    MISPRINT = "misprint"
    DEFORMATION = "deformation"
    COLOUR_CHANGE = "colour change"
    TEXTURE_CHANGE = "texture change"
    UNKNOWN = "unknown"
    """None of the kinds fits well enough."""
