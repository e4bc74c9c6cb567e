"""What becomes of a frame that the model or this software fails on; the other ways are in test_service.py."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.backlog import Delivery
from edge.evidence import EvidenceStore
from edge.pipeline import Pipeline
from edge.quarantine import Fault
from edge.stations import Station
from inspector.bundle import load_bundle
from inspector.engines import ScorerOutput
from inspector.errors import EngineError, RecordsError
from inspector.inspecting import Inspector, load_inspector
from inspector.records import Records
from inspector.results import Verdict
from tests.edge.rig import CAMERA, NOW


class FailingEngine:
    """Fails on every frame."""

    name = "failing"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def run(self, images: NDArray[np.uint8]) -> ScorerOutput:  # noqa: ARG002 - an Engine's
        raise self._error


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as opened:
        yield opened


def pipeline(tmp_path: Path, records: Records, inspector: Inspector) -> Pipeline:
    return Pipeline(
        box="box-1",
        data_dir=tmp_path,
        stations={CAMERA: Station(CAMERA, inspector)},
        records=records,
        evidence=EvidenceStore(tmp_path, 0),
        now=lambda: NOW,
    )


def delivery(data: bytes) -> Delivery:
    return Delivery(1, f"{CAMERA.frame}/part-1", data, {}, 1, NOW, 0.0)


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (
            EngineError("the engine failed", "the GPU is gone"),
            (Fault.NOT_SCORED, "the engine failed: the GPU is gone"),
        ),
        (
            ZeroDivisionError("0"),
            (Fault.INTERNAL, "frame part-1 cannot be judged: a defect of inspector, ZeroDivisionError"),
        ),
    ],
)
def test_a_frame_the_engine_fails_on_is_unsure_and_kept(
    tmp_path: Path,
    records: Records,
    bundle: Path,
    good_png: bytes,
    *,
    error: Exception,
    wanted: tuple[Fault, str],
) -> None:
    inspector = Inspector(load_bundle(bundle), FailingEngine(error))
    processed = pipeline(tmp_path, records, inspector).process(delivery(good_png))
    code, reason = wanted
    assert processed.fault == code
    record = records.get("part-1")
    assert record is not None
    assert (record.verdict, record.reason) == (Verdict.UNSURE, reason)
    assert math.isnan(record.score)
    assert record.reject_limit == inspector.bundle.manifest.limits.reject
    assert record.evidence is not None
    assert (tmp_path / record.evidence).read_bytes() == good_png


def test_a_frame_is_recorded_when_the_database_is_back(
    tmp_path: Path, records: Records, bundle: Path, bad_jpeg: bytes
) -> None:
    working = pipeline(tmp_path, records, load_inspector(bundle))
    database = tmp_path / "inspector.db"
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE inspections RENAME TO away")
    with pytest.raises(RecordsError, match="cannot be read"):
        working.process(delivery(bad_jpeg))
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE away RENAME TO inspections")
    assert not working.process(delivery(bad_jpeg)).is_duplicate
    assert working.process(replace(delivery(bad_jpeg), message_id=9)).is_duplicate
    stored = records.latest()
    assert [(record.frame_id, record.verdict) for record in stored] == [("part-1", Verdict.REJECT)]
