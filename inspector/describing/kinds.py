"""What kind of defect a region is: the patches inside it compared with sentences about kinds.

A bundle may hold a second network, `kinds.onnx`, which projects the patches of a frame into the space of the
text encoder and compares them with a sentence for each kind ("a part with a scratch"), after WinCLIP
(arXiv:2303.14814) and AnomalyGPT (arXiv:2308.15366). It runs only for rejects, after the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inspector.bundle import KINDS_NAME, Bundle
from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.pixels import region_limit, region_pixels
from inspector.describing.words import Kind
from inspector.engines import INPUT_NAME
from inspector.errors import EngineError
from inspector.frames import resize
from inspector.regions import Region

KINDS_OUTPUT = "kind_logits"
"""Name of the ONNX output: float32 `[B, K, r, c]`, cosines over temperature."""

LEAST_PROBABILITY = 0.3
"""A kind less probable than this is called unknown; with twelve kinds, chance is 0.08."""


@dataclass(frozen=True, slots=True)
class KindMaps:
    """How well each kind fits each place of a frame.

    Attributes:
        words: K kinds, `Kind` values or a product's own.
        logits: float32 `[K, r, c]`.
    """

    words: tuple[str, ...]
    logits: NDArray[np.float32]

    def of_region(
        self, anomaly_map: NDArray[np.float32], region: Region, pixel_limit: float
    ) -> tuple[str, float]:
        """Kind and probability of a region: the mean logits of its core, weighted by score.

        Args:
            anomaly_map: float32 `[H, W]` in the size that the region's box refers to.
            region: found in this map.
            pixel_limit: the limit that it was found with.
        """
        limit = region_limit(anomaly_map, pixel_limit)
        x, y, *_ = region.box_px
        rows, columns = np.nonzero(region_pixels(anomaly_map, region, limit).core)
        rows, columns = rows + y, columns + x
        weights = np.maximum(anomaly_map[rows, columns].astype(np.float64) - limit, 1e-9)
        cells = self.logits.shape[1:]
        down = np.minimum((rows * cells[0]) // anomaly_map.shape[0], cells[0] - 1)
        right = np.minimum((columns * cells[1]) // anomaly_map.shape[1], cells[1] - 1)
        mean = self.logits[:, down, right].astype(np.float64) @ (weights / weights.sum())
        chances = np.exp(mean - mean.max())
        chances /= chances.sum()
        best = int(chances.argmax())
        if chances[best] < LEAST_PROBABILITY:
            return Kind.UNKNOWN.value, float(1 - chances[best])
        return self.words[best], float(chances[best])

    def of_regions(
        self, anomaly_map: NDArray[np.float32], regions: Sequence[Region], pixel_limit: float
    ) -> list[tuple[str, float]]:
        """`of_region` for each."""
        return [self.of_region(anomaly_map, region, pixel_limit) for region in regions]

    def known(self) -> NDArray[np.float32]:
        """Probability of each of `KNOWN_KINDS` at each place, float32 `[12, r, c]`; 0 where not asked for."""
        shifted = np.exp(self.logits - self.logits.max(axis=0))
        chances = shifted / shifted.sum(axis=0)
        known = np.zeros((len(KNOWN_KINDS), *self.logits.shape[1:]), np.float32)
        for number, kind in enumerate(KNOWN_KINDS):
            if kind in self.words:
                known[number] = chances[self.words.index(kind)]
        return known


class KindNetwork:
    """Runs a bundle's network for kinds; safe from several threads. Make one with `load_kind_network`."""

    def __init__(self, session: Any, words: tuple[str, ...]) -> None:
        self._session, self.words = session, words
        _, self._height, self._width, _ = session.get_inputs()[0].shape

    def read(self, image: NDArray[np.uint8]) -> KindMaps:
        """Compare a frame, uint8 `[H, W, 3]` RGB of any size, with the kinds.

        Raises:
            EngineError: the runtime failed.
        """
        small = resize(image, self._height, self._width)
        try:
            (logits,) = self._session.run([KINDS_OUTPUT], {INPUT_NAME: small[None]})
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise EngineError("the network for kinds failed on a frame", str(error)) from error
        return KindMaps(self.words, logits[0])


def load_kind_network(bundle: Bundle, *, threads: int = 1) -> KindNetwork | None:
    """The network for kinds of a bundle; None where the bundle has none.

    Raises:
        EngineError: the file cannot be loaded, or does not fit the manifest.
    """
    if KINDS_NAME not in bundle.manifest.files or not bundle.manifest.kinds:
        return None
    path = bundle.path / KINDS_NAME
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a dozen unrelated types
        raise EngineError(f"{path} cannot be loaded", str(error), "Train the bundle again") from error
    outputs = {output.name: output.shape for output in session.get_outputs()}
    words = bundle.manifest.kinds
    if KINDS_OUTPUT not in outputs or outputs[KINDS_OUTPUT][1] != len(words):
        raise EngineError(
            f"{path} is no network for the {len(words)} kinds of its bundle",
            f"its outputs are {outputs}",
            "Train the bundle again",
        )
    return KindNetwork(session, words)
