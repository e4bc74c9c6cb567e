"""Whether a frame shows the product at all: its global embedding, compared with those of normals.

A map asks whether each place is normal; for a picture of something else its answer means little. The
distance of the frame's embedding to the nearest normal's tells it (as deep nearest neighbours do, Bergman et
al., arXiv:2002.10445): for another thing it is larger than for any good part, or any defect painted on one.

So there are two limits. A frame that would pass is unsure beyond the nearer one, which no normal came close
to. A frame that would be rejected stays a reject up to the farther one, beyond all painted defects: a defect,
however large, is not to hide behind "unsure".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from inspector.bundle import Bundle
from inspector.errors import BundleError

FAMILIARITY_NAME: Final = "familiarity.npz"
"""The file in a bundle; one among the manifest's files, and bundles of earlier versions have none."""
MOST_NORMALS: Final = 256
"""Embeddings that are kept: 1.3 kB each, and a tenth of a millisecond a frame for all."""
FEWEST_NORMALS: Final = 10
NEAR_MARGIN: Final = 1.5
"""Factor on the largest distance of a normal from the others. A new normal exceeds that of n with probability
1 / (n + 1); the factor is for a rate far below, which n normals cannot show."""
FAR_MARGIN: Final = 1.4
"""Factor on the largest distance of a painted defect."""
FAR_FACTOR: Final = 1.5
"""Least factor from the nearer to the farther limit: real defects may be larger than painted ones."""
ROUNDING: Final = 1 + 1e-5
"""One embedding's distance alone differs by so much from its distance among many."""


@dataclass(frozen=True, slots=True, eq=False)
class Familiarity:
    """What embeddings of the product's pictures are like.

    Attributes:
        normals: float32 `[N, D]`, embeddings of normals.
        usual: median distance of a normal to the nearest other one.
        near: distance beyond which a frame that would pass is unsure.
        far: distance beyond which a frame that would be rejected is unsure; farther than `near`.
    """

    normals: NDArray[np.float32]
    usual: float
    near: float
    far: float

    @classmethod
    def learn(
        cls,
        normals: NDArray[np.float32],
        defects: NDArray[np.float32],
    ) -> Self:
        """From embeddings by the network that will judge.

        Args:
            normals: `[N, D]`, N >= 1; the encoder is frozen, so that none of them was learned from.
            defects: `[S, D]`, normals with painted defects, S >= 1.

        Raises:
            ValueError: there is no normal or no painted defect.
        """
        if not len(normals) or not len(defects):
            raise ValueError("familiarity is learned from normals and painted defects, one at least of each")
        kept = np.asarray(normals[_spread(len(normals))], np.float32)
        painted = _nearest(defects, kept)
        # Few normals say little of how far apart good parts may be; half the defects are a floor in any case.
        near = float(painted.max() if len(kept) < FEWEST_NORMALS else np.median(painted)) * ROUNDING
        usual = near
        if len(kept) > 1:
            others = _distances(kept, kept)
            np.fill_diagonal(others, np.inf)
            alone = others.min(axis=1)
            usual = float(np.median(alone))
            near = max(near, NEAR_MARGIN * max(float(alone.max()), float(_nearest(normals, kept).max())))
        return cls(kept, usual, near, max(FAR_FACTOR * near, FAR_MARGIN * float(painted.max())))

    def distance(self, embedding: NDArray[np.float32]) -> float:
        """Of an embedding `[D]` to the nearest normal's."""
        squared = ((self.normals - embedding) ** 2).sum(axis=1)
        return float(np.sqrt(squared.min()))

    def strangeness(self, embedding: NDArray[np.float32], *, is_reject: bool) -> str | None:
        """Why a frame is not taken for the product, as one clause; None where it is.

        Args:
            embedding: float32 `[D]`, by the bundle's own network.
            is_reject: the frame's score is above the reject limit.
        """
        distance = self.distance(embedding)
        limit = self.far if is_reject else self.near
        if distance <= limit:
            return None
        unit = max(self.usual, 1e-9)
        return (
            f"the picture does not show the product as it was learned, or it is misplaced: it differs"
            f" {distance / unit:.1f} times as much as good pictures usually do, {limit / unit:.1f} is"
            " still taken; check part and camera"
        )

    def facts(self) -> dict[str, float]:
        """Its figures, for the manifest."""
        return {
            "normals": float(len(self.normals)),
            "usual_distance": self.usual,
            "near_limit": self.near,
            "far_limit": self.far,
        }

    def save(self, path: Path) -> None:
        """Write it as .npz, without pickle."""
        with path.open("wb") as file:
            np.savez(file, normals=self.normals, limits=np.array([self.usual, self.near, self.far]))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            BundleError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                normals, limits = arrays["normals"], arrays["limits"]
            if normals.ndim != 2 or not len(normals) or limits.shape != (3,):  # noqa: PLR2004 - [N, D]
                raise ValueError("it holds other arrays")  # noqa: TRY301 - one message for all damage
        except Exception as error:  # numpy and zipfile raise a dozen unrelated types on damaged files
            raise BundleError(
                f"{path} cannot be used", str(error), "Export the bundle again with `inspector train`"
            ) from error
        return cls(normals.astype(np.float32), *(float(limit) for limit in limits))

    @classmethod
    def of(cls, bundle: Bundle) -> Self | None:
        """That of a bundle; None where it has none.

        Raises:
            BundleError: the file is damaged.
        """
        if FAMILIARITY_NAME not in bundle.manifest.files:
            return None
        return cls.load(bundle.path / FAMILIARITY_NAME)


def _spread(count: int) -> Sequence[int]:
    places = np.linspace(0, count - 1, min(count, MOST_NORMALS)).round().astype(int)
    return [int(place) for place in places]


def _nearest(rows: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(_distances(rows, normals).min(axis=1), np.float64)


def _distances(rows: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Euclidean, `[N, D]` and `[M, D]` to `[N, M]`."""
    first, second = np.asarray(rows, np.float64), np.asarray(others, np.float64)
    squared = (first**2).sum(1)[:, None] - 2 * first @ second.T + (second**2).sum(1)
    return np.asarray(np.sqrt(np.maximum(squared, 0)))
