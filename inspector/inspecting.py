"""The public entry point: frames in, inspections out.

inspector = load_inspector(Path("bundles/bottle"))
inspection = inspector.inspect(read_frame(Path("part.png")))
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.bundle import Bundle, Limits, load_bundle
from inspector.drift.statistics import frame_statistics
from inspector.engines import Engine, ScorerOutput
from inspector.engines.opening import open_engine
from inspector.errors import EngineError
from inspector.familiarity import Familiarity
from inspector.frames import Frame, read_frame, resize
from inspector.quality import QualityCheck
from inspector.regions import Region, find_regions, without_satellites
from inspector.results import Inspection, Verdict
from inspector.settings import EngineSettings

if TYPE_CHECKING:
    from inspector.signatures import Trust


def utc_now() -> datetime:
    """The present time, in UTC."""
    return datetime.now(UTC)


class Inspector:
    """Judges frames of one product by one bundle. As thread-safe as its engine.

    Args:
        bundle: the trained version; its limits decide.
        engine: runs the bundle's network.
        now: clock that `Inspection.inspected_at` is read from.
        limits: what decides instead of the bundle's own limits.

    Raises:
        FrameError: a golden frame of the bundle cannot be decoded.
        BundleError: what the bundle knows of its product's embeddings is damaged.
    """

    def __init__(
        self,
        bundle: Bundle,
        engine: Engine,
        *,
        now: Callable[[], datetime] = utc_now,
        limits: Limits | None = None,
    ) -> None:
        self.bundle = bundle
        self.engine = engine
        self._now = now
        self._limits = limits or bundle.manifest.limits
        manifest = bundle.manifest
        self._golden_ids: set[str] = set()
        self._quality = QualityCheck.of(manifest.input_size, self._golden_images(), manifest.quality)
        self._familiarity = Familiarity.of(bundle)

    @property
    def limits(self) -> Limits:
        """What decides: the bundle's own limits, or those that were given instead."""
        return self._limits

    def with_limits(self, limits: Limits | None) -> Inspector:
        """The same bundle on the same loaded engine, with other limits; None: the bundle's own.

        The model version stays, and each inspection says by which limit it was decided.
        """
        changed = copy.copy(self)
        changed._limits = limits or self.bundle.manifest.limits
        return changed

    def inspect(self, frame: Frame, *, started: float | None = None) -> Inspection:
        """Judge one frame.

        Args:
            frame: the decoded frame, of any size.
            started: `time.perf_counter()` when its bytes arrived, so that `latency_ms` counts decoding and
                waiting too; the time of this call by default.

        Raises:
            EngineError: the engine failed, or the network's output is not finite.
        """
        return self._inspect([frame], [time.perf_counter() if started is None else started])[0]

    def inspect_batch(
        self, frames: Sequence[Frame], *, started: Sequence[float] | None = None
    ) -> list[Inspection]:
        """Judge frames in one forward pass; the latency of each is that of the whole batch so far.

        Args:
            frames: decoded frames, of any sizes.
            started: `time.perf_counter()` when each one's bytes arrived; the time of this call by default.

        Raises:
            EngineError: the engine failed, or the network's output is not finite.
        """
        if not frames:
            return []
        return self._inspect(frames, [time.perf_counter()] * len(frames) if started is None else started)

    def _inspect(self, frames: Sequence[Frame], started: Sequence[float]) -> list[Inspection]:
        size = self.bundle.manifest.input_size
        images = np.stack([resize(frame.image, size.height, size.width) for frame in frames])
        output = self.engine.run(images)
        for number, frame in enumerate(frames):
            self._check_finite(output, number, frame)
        return [
            self._judge(frame, images[number], output, number, started[number])
            for number, frame in enumerate(frames)
        ]

    def _judge(
        self, frame: Frame, resized: NDArray[np.uint8], output: ScorerOutput, number: int, started: float
    ) -> Inspection:
        manifest = self.bundle.manifest
        height_px, width_px = frame.image.shape[:2]
        score, limit = float(output.score[number]), self._limits.reject
        anomaly_map = output.anomaly_map[number]
        regions: tuple[Region, ...] = ()
        fault = self._quality.fault(width_px, height_px, resized)
        shows_product = True
        # What the product was trained on is always judged; the quality check knows it by its ranges.
        if fault is None and self._familiarity is not None and frame.frame_id not in self._golden_ids:
            fault = self._familiarity.strangeness(output.embedding[number], is_reject=score > limit)
            shows_product = fault is None
        if fault is not None:
            verdict, reason = Verdict.UNSURE, fault
        elif score > limit:
            verdict, reason = Verdict.REJECT, _comparison(score, "above", limit)
            # Only rejects pay for a map in the frame's own size: most frames pass, within the time budget.
            regions = regions_of_reject(_enlarged(anomaly_map, height_px, width_px), self._limits.pixel)
        else:
            verdict, reason = Verdict.PASS, _comparison(score, "not above", limit)
        return Inspection(
            frame_id=frame.frame_id,
            product=manifest.product,
            model_version=manifest.version,
            captured_at=frame.captured_at,
            inspected_at=self._now(),
            width_px=width_px,
            height_px=height_px,
            score=score,
            limit=limit,
            verdict=verdict,
            reason=reason,
            regions=regions,
            latency_ms=1000 * (time.perf_counter() - started),
            anomaly_map=anomaly_map,
            embedding=output.embedding[number],
            # Only rejects are described; passes do not pay for two more maps.
            decoder_maps=_decoder_maps(output, number) if verdict == Verdict.REJECT else None,
            # An empty belt between two lots is no change of the camera.
            statistics=frame_statistics(resized) if shows_product else None,
        )

    def _golden_images(self) -> Iterator[NDArray[np.uint8]]:
        """The golden frames' pictures, one in memory at a time; their ids are made of their content."""
        for golden in self.bundle.manifest.golden:
            frame = read_frame(self.bundle.path / golden.file)
            self._golden_ids.add(frame.frame_id)
            yield frame.image

    def _check_finite(self, output: ScorerOutput, number: int, frame: Frame) -> None:
        for values in (output.score, output.anomaly_map, output.embedding):
            if not np.isfinite(values[number]).all():
                raise EngineError(
                    f"{self.engine.name} gave no usable score for frame {frame.frame_id}",
                    f"the network of bundle {self.bundle.path} computed NaN or infinity",
                    "Train the bundle again, or choose another engine",
                )


def load_inspector(
    path: Path,
    settings: EngineSettings = EngineSettings(),  # noqa: B008 - frozen
    *,
    now: Callable[[], datetime] = utc_now,
    trust: Trust | None = None,
) -> Inspector:
    """An inspector for a bundle on disk, its network loaded and warm.

    Args:
        path: the bundle's folder.
        settings: the engine.
        now: clock of the verdicts, UTC.
        trust: whose bundles may judge; None: everybody's.

    Raises:
        BundleError: the bundle is missing or damaged.
        SignatureError: it is not by somebody who is trusted.
        EngineError: the engine cannot load or run its network.
    """
    bundle = load_bundle(path)
    if trust is not None:  # before its network is parsed
        trust.check(bundle)
    engine = open_engine(bundle, settings)
    size = bundle.manifest.input_size
    # The first pass allocates memory and picks kernels; better now than while a part waits.
    engine.run(np.zeros((1, size.height, size.width, 3), np.uint8))
    return Inspector(bundle, engine, now=now)


def anomaly_map_in_frame(inspection: Inspection) -> NDArray[np.float32]:
    """The anomaly map in the frame's own size, float32 `[height_px, width_px]`, interpolated linearly."""
    return _enlarged(inspection.anomaly_map, inspection.height_px, inspection.width_px)


def regions_of_reject(anomaly_map: NDArray[np.float32], pixel_limit: float) -> tuple[Region, ...]:
    """The regions of a rejected frame: at least one, since a person asks where.

    The score and the pixel limit are calibrated apart, so a frame can be rejected with no pixel above the
    pixel limit. Then the place of the peak is reported, down to half its height over the map's median (full
    width at half maximum); all pixels count where the map is flat.

    Args:
        anomaly_map: float32 `[H, W]` in the frame's own size, finite.
        pixel_limit: pixels above it belong to a region.
    """
    regions = find_regions(anomaly_map, pixel_limit)
    if regions:
        return without_satellites(regions, pixel_limit)
    peak = np.float32(anomaly_map.max())
    half = (float(np.median(anomaly_map)) + float(peak)) / 2
    below_peak = float(np.nextafter(peak, np.float32(-np.inf)))
    return find_regions(anomaly_map, min(half, below_peak), max_regions=1)


def _decoder_maps(output: ScorerOutput, number: int) -> NDArray[np.float32]:
    return np.stack((output.image_image_map[number], output.image_text_map[number]))


def _enlarged(anomaly_map: NDArray[np.float32], height_px: int, width_px: int) -> NDArray[np.float32]:
    resized = cv2.resize(anomaly_map, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.float32)


def _comparison(score: float, relation: str, limit: float) -> str:
    """`score 2.31 is above the limit 1.40`, with as many digits as tell the two numbers apart."""
    for digits in range(3, 17):
        if score == limit or f"{score:.{digits}g}" != f"{limit:.{digits}g}":
            break
    return f"score {score:.{digits}g} is {relation} the limit {limit:.{digits}g}"
