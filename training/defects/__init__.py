"""Synthetic defects painted on normal pictures: training data where real defects are unknown."""

from training.defects.foreground import find_foregrounds, separate
from training.defects.painter import PAINTERS, DefectPainter, DefectSettings
from training.defects.values import NAMED_KINDS, DefectKind, PaintDefect, SyntheticDefect

__all__ = [
    "NAMED_KINDS",
    "PAINTERS",
    "DefectKind",
    "DefectPainter",
    "DefectSettings",
    "PaintDefect",
    "SyntheticDefect",
    "find_foregrounds",
    "separate",
]
