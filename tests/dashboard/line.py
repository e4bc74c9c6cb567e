"""A line without a broker: drawn parts, judged by a real bundle, kept and recorded as the box does it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge.evidence import EvidenceStore, KeptEvidence
from inspector.describing.describer import Describer
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Source
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.frames import Frame, decode_image, encode_jpeg
from inspector.inspecting import Inspector
from inspector.records import Records, StoredDescription, StoredEmbedding, StoredFacts, StoredInspection
from tests.tiny_bundle import tiny_part, write_tiny_bundle


class Line:
    """Inspects drawn parts and stores the results.

    Args:
        folder: settings, database, evidence and bundle are put here.
        pass_share: share of passed frames that keep their picture.
        database_url: another database than an SQLite file in the folder.
    """

    def __init__(self, folder: Path, *, pass_share: float = 1.0, database_url: str | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.data_dir = folder / "box"
        self.database = folder / "inspector.db"
        url = database_url or f"sqlite:///{self.database}"
        self.config = folder / "inspector.toml"
        self.config.write_text(
            f'site = "plant-7"\n[database]\nurl = "{url}"\n'
            f'[edge]\ndata_dir = "{self.data_dir}"\n[dashboard]\nrefresh_s = 1.0\n'
            # A browser may take long to open its first page; a sentence is still awaited then.
            "[describing]\ndeadline_s = 60\n",
            encoding="utf-8",
        )
        bundle = write_tiny_bundle(folder / "bundle")
        self._inspector = Inspector(bundle, OnnxRuntimeEngine(bundle.scorer_path, threads=1))
        self._evidence = EvidenceStore(self.data_dir, pass_share)
        self.records = Records.open(url)

    def inspect(
        self,
        frame_id: str,
        *,
        defect: bool = False,
        image: NDArray[np.uint8] | None = None,
        at: datetime | None = None,
        product: str = "washer",
        camera: str = "cam-1",
    ) -> StoredInspection:
        """Put one part in front of a camera; it is on disk and in the records when this returns.

        Args:
            frame_id: identity of the frame; its picture follows from it.
            defect: whether the part has one.
            image: another picture, uint8 `[H, W, 3]` RGB.
            at: time of the picture and of the verdict; now by default.
            product: product recorded.
            camera: camera recorded.
        """
        moment = at or datetime.now(UTC)
        picture = tiny_part(_seed(frame_id), defect) if image is None else image
        inspection = self._inspector.inspect(Frame(picture, frame_id, moment))
        kept = KeptEvidence()
        if self._evidence.wants(inspection.verdict, frame_id):
            kept = self._evidence.keep(
                frame_id=frame_id,
                product=product,
                verdict=inspection.verdict,
                day=moment.date(),
                data=encode_jpeg(picture),
                anomaly_map=inspection.anomaly_map,
            )
        return self.add(
            StoredInspection(
                frame_id=frame_id,
                site="plant-7",
                line="line-1",
                camera=camera,
                box="box-1",
                product=product,
                model_version=inspection.model_version,
                captured_at=moment,
                inspected_at=moment,
                score=inspection.score,
                reject_limit=inspection.limit,
                verdict=inspection.verdict,
                reason=inspection.reason,
                latency_ms=inspection.latency_ms,
                width_px=inspection.width_px,
                height_px=inspection.height_px,
                regions=inspection.regions,
                evidence=kept.picture,
                evidence_map=kept.anomaly_map,
            ),
            None
            if kept.picture is None
            else StoredEmbedding.of(self._inspector.bundle.manifest.network, inspection.embedding),
        )

    def describe(
        self, stored: StoredInspection, *, kind: tuple[str, float] | None = None, **changes: Any
    ) -> StoredDescription:
        """Describe a reject by a template, as the box does it without a language model.

        Args:
            stored: what `inspect` returned.
            kind: kind and probability that the worst region is said to have.
            changes: other values of the description.
        """
        assert stored.evidence is not None
        frame = Frame(
            decode_image((self.data_dir / stored.evidence).read_bytes()), "frame", stored.captured_at
        )
        inspection = replace(self._inspector.inspect(frame), regions=stored.regions)
        facts = Describer(self._inspector.bundle).measure(frame, inspection).facts
        if kind is not None:
            worst = replace(facts.regions[0], kind=kind[0], kind_probability=kind[1])
            facts = replace(facts, regions=(worst, *facts.regions[1:]))
        description = StoredDescription(
            sentence=describe_by_template(facts),
            source=Source.TEMPLATE,
            language="en",
            defects=facts.count,
            seconds=0.25,
            described_at=stored.inspected_at + timedelta(seconds=0.25),
            facts=tuple(map(StoredFacts.of, facts.regions)),
        )
        description = replace(description, **changes)
        if not self.records.describe(stored.frame_id, description):
            raise ValueError(f"frame {stored.frame_id} is described already")
        return description

    def add(self, stored: StoredInspection, embedding: StoredEmbedding | None = None) -> StoredInspection:
        """Record an inspection that a test made itself."""
        embeddings = {} if embedding is None else {stored.frame_id: embedding}
        if not self.records.add_all([stored], embeddings=embeddings)[0]:
            raise ValueError(f"frame {stored.frame_id} is stored already")
        return stored

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.records.close()


def bare_inspection(frame_id: str, at: datetime, like: StoredInspection) -> StoredInspection:
    """An inspection without pictures or regions, otherwise like another one."""
    return replace(
        like,
        frame_id=frame_id,
        captured_at=at,
        inspected_at=at,
        regions=(),
        evidence=None,
        evidence_map=None,
    )


def dark_frame() -> NDArray[np.uint8]:
    """A picture with the lamp off, uint8 `[160, 160, 3]`: nothing can be said about the part."""
    return np.zeros((160, 160, 3), np.uint8)


def noon_zone(now: datetime) -> str:
    """A time zone in which it is about noon, so that "today" began hours ago and lasts for hours."""
    hours = 12 - now.astimezone(UTC).hour
    # POSIX writes zones east of Greenwich with a minus (tz database, file etcetera).
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"


def seconds(count: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=count)


def _seed(frame_id: str) -> int:
    return sum(frame_id.encode())
