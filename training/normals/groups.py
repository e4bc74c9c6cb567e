"""Whether all pictures show one product: groups of embeddings with a gap between them.

Single linkage: two pictures belong together where a chain of small steps leads from one to the other, so that
a product of many looks stays one group and another product is one step away that no chain has. `GAP` lies
between the longest step within each of five products and the shortest one to another of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

GAP = 2.8
"""Step, in median steps, that leads out of a product."""
FEWEST_FOR_GROUPS = 8
"""Below so many pictures no step is usual."""
FEWEST_OF_PRODUCT = 3
"""So many pictures that are alike and unlike the others are another product; fewer are strays."""


@dataclass(frozen=True, slots=True)
class Groups:
    """What was found; the largest group is the product.

    Attributes:
        others: indices of pictures that show another product.
        strays: indices of single pictures that are unlike all others.
    """

    others: NDArray[np.int64]
    strays: NDArray[np.int64]


def find_groups(embeddings: NDArray[np.float32]) -> Groups:
    """Tell the product's pictures from those of other products.

    Args:
        embeddings: [N, D] global embeddings.
    """
    nobody = np.empty(0, np.int64)
    if len(embeddings) < FEWEST_FOR_GROUPS:
        return Groups(nobody, nobody)
    # The heights of single linkage are the steps of the minimum spanning tree.
    tree = linkage(np.asarray(embeddings, np.float64), "single")
    gap = GAP * float(np.median(tree[:, 2]))
    labels = fcluster(tree, gap, "distance") - 1
    sizes = np.bincount(labels)[labels]
    foreign = labels != np.bincount(labels).argmax()
    return Groups(
        np.flatnonzero(foreign & (sizes >= FEWEST_OF_PRODUCT)),
        np.flatnonzero(foreign & (sizes < FEWEST_OF_PRODUCT)),
    )
