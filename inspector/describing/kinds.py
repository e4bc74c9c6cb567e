"""What kind of defect a region is: how it looks, projected into a text encoder's space, beside sentences.

The directions of the kinds ("a photo of a part with a scratch") come from a frozen text encoder; a small
network projects a region's cues into the same space, after WinCLIP (arXiv:2303.14814) and AnomalyGPT
(arXiv:2308.15366). It comes with the package and serves every product. A product's own kinds are directions
more, in its bundle.

Layout of the network's folder::

    kinds.json           `KindsManifest`
    kinds.onnx           cues -> unit vectors in the text space
    kinds.safetensors    directions of the known kinds, and their mean
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from inspector.bundle import Bundle, Weights
from inspector.describing.cues import CUES, measure_cues
from inspector.describing.inputs import KIND_CELLS, KNOWN_KINDS
from inspector.describing.network_folder import FolderLayout, read_network_folder
from inspector.describing.pixels import region_limit, region_pixels
from inspector.describing.words import Kind
from inspector.errors import BundleError, KindsError
from inspector.regions import Region

KINDS_MANIFEST, KINDS_ONNX, KINDS_WEIGHTS = "kinds.json", "kinds.onnx", "kinds.safetensors"
KINDS_SCHEMA: Final = 1
KINDS_INPUT, KINDS_OUTPUT = "cues", "vectors"
DIRECTIONS = "directions"
DEFAULT_KINDS = Path(__file__).parent / "default_kinds"
BUNDLE_KINDS = "kinds.json"
"""File of a bundle that holds the product's own kinds; most have none."""

LEAST_PROBABILITY = 0.2
"""A kind less probable than this is called unknown; with twelve kinds, chance is 0.08."""
RARE: Mapping[str, float] = {Kind.MISPRINT: 0.2, Kind.DEFORMATION: 0.3, Kind.DENT: 0.7}
"""Weights of kinds that most products cannot have: what is not printed has no misprints. Others have 1."""


class KindsManifest(BaseModel):
    """What is known about a network for kinds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = KINDS_SCHEMA
    words: tuple[str, ...] = Field(title="Words", description="The kinds, in the order of their directions")
    cues: tuple[str, ...] = Field(title="Cues", description="What it was trained on, in order")
    temperature: float = Field(title="Temperature", description="Cosines are divided by it", gt=0)
    text_encoder: Weights
    command: str = Field(title="Command", description="That made it")
    seed: int
    figures: dict[str, float] = Field(title="Figures", description="On held-out painted defects")
    files: dict[str, str] = Field(title="Files", description="SHA-256 of every file")


class OwnKinds(BaseModel):
    """A product's own kinds of defects, and how frequent the known ones are in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directions: dict[str, tuple[float, ...]] = Field(
        default_factory=dict, title="Directions", description="Of each own kind, a unit vector"
    )
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=dict, title="Weights", description="Of kinds by word; 0: this product cannot have it"
    )


LAYOUT = FolderLayout(
    KindsManifest,
    KINDS_MANIFEST,
    KINDS_ONNX,
    KINDS_WEIGHTS,
    KindsError,
    "Make them anew with `inspector train-kinds`",
)


@dataclass(frozen=True, slots=True)
class KindGuess:
    """What kind a region is.

    Attributes:
        word: a `Kind`, one of the product's own words, or "unknown".
        probability: of this word; of "unknown", that no kind is probable enough.
        known: float32 `[12]`, probability of each of `KNOWN_KINDS`.
    """

    word: str
    probability: float
    known: NDArray[np.float32]

    @classmethod
    def of(cls, words: Sequence[str], chances: NDArray[np.floating]) -> KindGuess:
        """The most probable word, or unknown.

        Args:
            words: K kinds, `KNOWN_KINDS` first.
            chances: `[K]`, their probabilities.
        """
        known = np.asarray(chances[: len(KNOWN_KINDS)], np.float32)
        best = int(np.argmax(chances))
        probability = float(chances[best])
        if probability < LEAST_PROBABILITY:
            return cls(Kind.UNKNOWN.value, 1 - probability, known)
        return cls(words[best], probability, known)


class KindReader:
    """Tells kinds apart. Make one with `load_kind_reader`. Safe from several threads.

    Args:
        manifest: see `KindsManifest`.
        session: runs `kinds.onnx`.
        directions: float32 `[12, D]`, of the known kinds.
        own: of the product.
    """

    def __init__(
        self, manifest: KindsManifest, session: Any, directions: NDArray[np.float32], own: OwnKinds
    ) -> None:
        self.words = (*manifest.words, *own.directions)
        weights = {**RARE, **own.weights}
        self._session, self._temperature = session, manifest.temperature
        rows = [directions, *(np.array([row], np.float32) for row in own.directions.values())]
        self._directions = np.concatenate(rows)
        with np.errstate(divide="ignore"):
            self._log_weights = np.log([weights.get(word, 1.0) for word in self.words])

    def guess(
        self,
        image: NDArray[np.uint8],
        anomaly_map: NDArray[np.float32],
        regions: Sequence[Region],
        pixel_limit: float,
    ) -> list[KindGuess]:
        """The kind of every region.

        Args:
            image: uint8 `[H, W, 3]` RGB, the frame as captured.
            anomaly_map: float32 `[H, W]` in its size.
            regions: found in this map.
            pixel_limit: the limit that they were found with.

        Raises:
            KindsError: the runtime failed.
        """
        if not regions:
            return []
        limit = region_limit(anomaly_map, pixel_limit)
        cues = np.stack([_cues_of(image, anomaly_map, region, limit) for region in regions])
        try:
            (vectors,) = self._session.run([KINDS_OUTPUT], {KINDS_INPUT: cues})
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise KindsError("the kinds of defects cannot be told apart", str(error)) from error
        logits = vectors.astype(np.float64) @ self._directions.T / self._temperature + self._log_weights
        best = logits.max(axis=1, keepdims=True)
        # Where a product excludes every kind, none has a probability, and the region's is unknown.
        chances = np.exp(logits - np.where(np.isfinite(best), best, 0))
        chances /= np.maximum(chances.sum(axis=1, keepdims=True), 1)
        return [KindGuess.of(self.words, row) for row in chances]


def kind_maps(
    regions: Sequence[Region], guesses: Sequence[KindGuess], height_px: int, width_px: int
) -> NDArray[np.float32]:
    """Each region's probabilities in the cells of its box, float32 `[12, 16, 16]`; zeros beside them.

    Where boxes overlap, the worse region's stand.
    """
    maps = np.zeros((len(KNOWN_KINDS), KIND_CELLS, KIND_CELLS), np.float32)
    for region, guess in reversed(list(zip(regions, guesses, strict=True))):
        x, y, width, height = region.box_px
        rows = slice(y * KIND_CELLS // height_px, (y + height - 1) * KIND_CELLS // height_px + 1)
        columns = slice(x * KIND_CELLS // width_px, (x + width - 1) * KIND_CELLS // width_px + 1)
        maps[:, rows, columns] = guess.known[:, None, None]
    return maps


def _cues_of(
    image: NDArray[np.uint8], anomaly_map: NDArray[np.float32], region: Region, limit: float
) -> NDArray[np.float32]:
    core = np.zeros(anomaly_map.shape, bool)
    x, y, width, height = region.box_px
    core[y : y + height, x : x + width] = region_pixels(anomaly_map, region, limit).core
    return measure_cues(image, core)


def load_kind_reader(
    bundle: Bundle | None = None,
    folder: Path | None = None,
    *,
    own: OwnKinds | None = None,
    threads: int = 1,
) -> KindReader:
    """Read the network for kinds, and a product's own kinds.

    Args:
        bundle: of the product; None: it has no kinds of its own.
        folder: of another network than the one that comes with the package.
        own: a product's kinds, where no bundle holds them yet.
        threads: of one forward pass.

    Raises:
        KindsError: the network is missing or damaged, or knows other cues than this version of inspector.
        BundleError: the bundle's own kinds do not fit it.
    """
    folder = folder or DEFAULT_KINDS
    what = f"kinds {folder} cannot be used"
    read = read_network_folder(folder, what, LAYOUT, threads=threads)
    if read.manifest.cues != CUES or read.manifest.words != tuple(kind.value for kind in KNOWN_KINDS):
        why = "they were made for other cues or words than this version of inspector's"
        raise KindsError(what, why, LAYOUT.remedy)
    if DIRECTIONS not in read.tensors:
        raise KindsError(what, f"{KINDS_WEIGHTS} holds no {DIRECTIONS}", LAYOUT.remedy)
    directions = read.tensors[DIRECTIONS]
    if own is None:
        own = OwnKinds() if bundle is None else _own_kinds(bundle, directions.shape[1])
    return KindReader(read.manifest, read.session, directions, own)


def _own_kinds(bundle: Bundle, dimensions: int) -> OwnKinds:
    if BUNDLE_KINDS not in bundle.manifest.files:
        return OwnKinds()
    what = f"the own kinds of bundle {bundle.path} cannot be used"
    try:
        own = OwnKinds.model_validate(json.loads((bundle.path / BUNDLE_KINDS).read_bytes()))
    except (OSError, ValueError) as error:
        raise BundleError(what, f"{BUNDLE_KINDS}: {str(error).splitlines()[0]}", "Train it again") from error
    for word, direction in own.directions.items():
        if len(direction) != dimensions:
            why = f"{word!r} has {len(direction)} numbers where the network for kinds has {dimensions}"
            raise BundleError(what, why, "Train it again")
    return own
