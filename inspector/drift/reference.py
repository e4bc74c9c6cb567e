"""What a product's frames are like while all is well: the reference that drift is measured against.

It is made in training (`drift.npz` in the bundle), of the bundle's golden frames, or of the first frames that
a model passes at its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from inspector.bundle import Bundle
from inspector.drift.channels import CHANNELS, COLUMN, MODEL_COLUMNS, Surround, What
from inspector.drift.observation import Observation
from inspector.drift.registration import LEAST_LIKENESS, Registration, likeness
from inspector.drift.statistics import frame_statistics, surround_width
from inspector.errors import BundleError
from inspector.frames import read_frame, resize
from inspector.results import Verdict

REFERENCE_NAME: Final = "drift.npz"
"""The reference's file in a bundle; one among the manifest's files, and old bundles have none."""
FEWEST: Final = 8
"""Frames below which nothing can be said of their spread."""
FEWEST_FOR_MODEL: Final = 40
"""Frames below which the distance to their own mean embedding says little about the next frame's."""
_FORMAT: Final = 1
_CLIP: Final = 4.0
_DIFFERS: Final = 20.0
"""Steps of luma between part and border, from which on the border is another thing: the part's surround."""
_STEADY: Final = 0.1
"""Spread of a surround's brightness, as a share: what varies more is a part of the parts."""


@dataclass(frozen=True, slots=True, eq=False)
class DriftReference:
    """Frames of good parts.

    Attributes:
        source: where they come from: "training", "golden" or "box".
        values: float32 `[n, channels]` as `CHANNELS` has them; NaN where not known.
        picture: their mean luma, float32 `[h, w]`.
        embedding: their mean embedding, float32 `[D]`; empty where not known.
        embedding_scale: its spread, float32 `[D]`.
        has_place: parts lie where they always do, so that a move can be measured.
        reject_share: share of frames that are rejected while all is well.
        centre: the usual value of each channel.
        scale: its usual spread; at least the channel's `least_scale`.
    """

    source: str
    values: NDArray[np.float32]
    picture: NDArray[np.float32]
    embedding: NDArray[np.float32]
    embedding_scale: NDArray[np.float32]
    has_place: bool
    reject_share: float
    centre: NDArray[np.float32] = field(init=False)
    scale: NDArray[np.float32] = field(init=False)
    _registration: Registration = field(init=False)

    def __post_init__(self) -> None:
        centre, scale = _usual(self.values)
        object.__setattr__(self, "centre", centre)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "_registration", Registration(self.picture))

    @classmethod
    def learn(
        cls,
        observations: Sequence[Observation],
        source: str,
        *,
        with_model: bool = True,
        reject_share: float = 0.0,
    ) -> Self:
        """The reference of some frames.

        Args:
            observations: frames of one camera and product, at least `FEWEST`. Of those that were rejected,
                only the picture counts.
            source: see `source`.
            with_model: scores and embeddings are those of frames that the model was not trained on.
            reject_share: see `reject_share`.

        Raises:
            ValueError: there are too few.
        """
        count = len(observations)
        if count < FEWEST:
            raise ValueError(f"{count} frames are no reference, at least {FEWEST} are needed")
        thumbnails = np.stack([each.statistics.thumbnail for each in observations])
        passed = [each.embedding for each in observations if not each.is_reject]
        has_model = with_model and len(passed) >= FEWEST_FOR_MODEL and all(row is not None for row in passed)
        empty = np.empty(0, np.float32)
        rows = np.stack([row for row in passed if row is not None]) if has_model else empty
        made = cls(
            source=source,
            values=np.zeros((count, len(CHANNELS)), np.float32),
            picture=thumbnails.mean(axis=0, dtype=np.float64).astype(np.float32),
            embedding=rows.mean(axis=0) if has_model else empty,
            embedding_scale=_embedding_scale(rows) if has_model else empty,
            has_place=likeness(thumbnails) >= LEAST_LIKENESS,
            reject_share=reject_share,
        )
        values = np.stack([made.values_of(each) for each in observations])
        # A frame is nearer to a mean that it is a part of: as far as it is from the mean of the others.
        values[:, COLUMN[What.EMBEDDING]] *= len(passed) / max(len(passed) - 1, 1)
        if not has_model:
            values[:, MODEL_COLUMNS] = np.nan
        return cls(
            source, values, made.picture, made.embedding, made.embedding_scale, made.has_place, reject_share
        )

    @property
    def has_surround(self) -> bool:
        """The frame's border shows something else than its middle, and always the same."""
        if self.scale[COLUMN[Surround.BRIGHTNESS]] > _STEADY:
            return False
        height, width = self.picture.shape
        rows, columns = surround_width(height), surround_width(width)
        border = np.ones(self.picture.shape, bool)
        border[rows:-rows, columns:-columns] = False
        middle = self.picture[height // 4 : -(height // 4), width // 4 : -(width // 4)]
        return abs(float(self.picture[border].mean()) - float(middle.mean())) >= _DIFFERS

    def values_of(self, seen: Observation) -> NDArray[np.float32]:
        """A frame's values, float32 `[channels]`; NaN where not known.

        Scores and embeddings of a rejected frame are not: a defect is no drift of the parts that pass, but
        its picture tells of light and focus as any other.
        """
        statistics = seen.statistics
        x = y = np.nan
        if self.has_place and statistics.thumbnail.shape == self.picture.shape:
            moved = self._registration.move(statistics.thumbnail)
            x = moved[0] * seen.width_px / self.picture.shape[1]
            y = moved[1] * seen.height_px / self.picture.shape[0]
        distance = np.nan
        embedding = None if seen.is_reject else seen.embedding
        if embedding is not None and embedding.shape == self.embedding.shape:
            steps = (embedding - self.embedding) / self.embedding_scale
            distance = float(np.sqrt(np.mean(steps**2)))
        found = {
            What.BRIGHTNESS: np.log(statistics.brightness + 1),
            What.CONTRAST: statistics.contrast,
            What.SHARPNESS: np.log(statistics.sharpness + 1e-3),
            What.GRAIN: np.log(statistics.grain + 0.25),
            What.RED: statistics.red,
            What.BLUE: statistics.blue,
            What.SHIFT_X: x,
            What.SHIFT_Y: y,
            What.SCORE: np.nan if seen.is_reject else seen.score,
            What.EMBEDDING: distance,
            Surround.BRIGHTNESS: np.log(statistics.surround_brightness + 1),
            Surround.RED: statistics.surround_red,
            Surround.BLUE: statistics.surround_blue,
        }
        return np.array([found[channel.name] for channel in CHANNELS], np.float32)

    def standardised(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values `[…, channels]` in steps of the usual spread from the usual value."""
        return np.asarray((values - self.centre) / self.scale, np.float32)

    def save(self, path: Path) -> None:
        """Write it as .npz, without pickle."""
        with path.open("wb") as file:
            np.savez(file, format=np.int64(_FORMAT), **self.arrays())

    def arrays(self) -> dict[str, Any]:
        """What `of_arrays` makes it of again."""
        return {
            "source": np.array(self.source),
            "channels": np.array([str(channel.name) for channel in CHANNELS]),
            "values": self.values,
            "picture": self.picture,
            "embedding": self.embedding,
            "embedding_scale": self.embedding_scale,
            "has_place": np.bool_(self.has_place),
            "reject_share": np.float64(self.reject_share),
        }

    @classmethod
    def of_arrays(cls, arrays: dict[str, Any]) -> Self:
        """The reference that `arrays` gave.

        Raises:
            ValueError: it has other channels, or is not whole.
        """
        try:
            if [str(name) for name in arrays["channels"]] != [str(channel.name) for channel in CHANNELS]:
                raise ValueError("it watches other figures")
            return cls(
                source=str(arrays["source"]),
                values=arrays["values"].astype(np.float32),
                picture=arrays["picture"].astype(np.float32),
                embedding=arrays["embedding"].astype(np.float32),
                embedding_scale=arrays["embedding_scale"].astype(np.float32),
                has_place=bool(arrays["has_place"]),
                reject_share=float(arrays["reject_share"]),
            )
        except KeyError as error:
            raise ValueError(f"{error} is missing") from error


def bundle_reference(bundle: Bundle) -> DriftReference | None:
    """The reference that a bundle brings; None where it has no such file, or one of another version.

    Raises:
        BundleError: the file is damaged.
    """
    if REFERENCE_NAME not in bundle.manifest.files:
        return None
    path = bundle.path / REFERENCE_NAME
    try:
        with np.load(path, allow_pickle=False) as file:
            if int(file["format"]) != _FORMAT:
                return None
            return DriftReference.of_arrays(dict(file))
    except (OSError, ValueError, KeyError) as error:
        raise BundleError(f"{path} cannot be used", str(error), "Train or update the bundle again") from error


def golden_reference(bundle: Bundle) -> DriftReference | None:
    """The reference of a bundle's golden frames of good parts; None where they are too few.

    The model was trained on them, so it says nothing about scores and embeddings.
    """
    size = bundle.manifest.input_size
    seen = []
    for golden in bundle.manifest.golden:
        if golden.verdict is Verdict.PASS:
            frame = read_frame(bundle.path / golden.file)
            height_px, width_px = frame.image.shape[:2]
            statistics = frame_statistics(resize(frame.image, size.height, size.width))
            seen.append(
                Observation(
                    frame.frame_id, frame.captured_at, False, np.nan, None, statistics, width_px, height_px
                )
            )
    if len(seen) < FEWEST:
        return None
    return DriftReference.learn(seen, "golden", with_model=False)


def _usual(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Centre and spread of each column, where single odd frames hardly count; NaN for an unknown column."""
    least = np.array([channel.least_scale for channel in CHANNELS])
    centres, scales = np.full(len(CHANNELS), np.nan), least
    for number, column in enumerate(values.astype(np.float64).T):
        known = column[np.isfinite(column)]
        if not len(known):
            continue
        median = float(np.median(known))
        if CHANNELS[number].needs_model:
            least[number] = max(least[number], 0.01 * abs(median))
        spread = max(1.4826 * float(np.median(np.abs(known - median))), least[number])
        steps = np.clip((known - median) / spread, -_CLIP, _CLIP)
        centres[number] = median + spread * steps.mean()
        scales[number] = max(spread * float(steps.std(ddof=1)) if len(known) > 1 else 0.0, least[number])
    return centres.astype(np.float32), scales.astype(np.float32)


def _embedding_scale(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Spread of each dimension `[D]`; one that hardly varies must not decide alone."""
    variance = rows.var(axis=0, ddof=1)
    return np.asarray(np.sqrt(0.9 * variance + 0.1 * variance.mean() + 1e-12), np.float32)
