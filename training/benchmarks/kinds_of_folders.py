"""Which of our words name the defects in a folder of a public data set.

Where a folder's name is wider than our words, each word that an inspector might choose counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.kinds import OwnKinds
from inspector.describing.words import Kind

KINDS_OF_FOLDERS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "bottle": {
        "broken_large": frozenset({Kind.BROKEN_EDGE, Kind.MISSING_PART}),
        "broken_small": frozenset({Kind.BROKEN_EDGE, Kind.MISSING_PART}),
        "contamination": frozenset({Kind.CONTAMINATION, Kind.STAIN}),
    },
    "magnetic_tile": {
        "blowhole": frozenset({Kind.HOLE}),
        "break": frozenset({Kind.BROKEN_EDGE, Kind.MISSING_PART}),
        "crack": frozenset({Kind.CRACK}),
        "fray": frozenset({Kind.TEXTURE_CHANGE}),
        "uneven": frozenset({Kind.TEXTURE_CHANGE, Kind.COLOUR_CHANGE}),
    },
}
"""Data set, folder below `test`, words."""


def kinds_listed_for(dataset: str) -> OwnKinds:
    """What an engineer would write who lists the kinds that a product has: the words of all its folders."""
    words = frozenset[str]().union(*KINDS_OF_FOLDERS[dataset].values())
    return OwnKinds(weights={kind.value: float(kind.value in words) for kind in KNOWN_KINDS})
