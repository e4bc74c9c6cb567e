"""What the demo tells at its end."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from inspector.demo import summary
from inspector.describing.words import Source
from inspector.records import Records, StoredDescription, StoredInspection
from inspector.results import Verdict

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(f"sqlite:///{tmp_path}/records.db") as records:
        yield records


def stored(frame_id: str, verdict: Verdict, latency_ms: float) -> StoredInspection:
    return StoredInspection(
        frame_id=frame_id,
        site="demo",
        line="line-1",
        camera="camera-2",
        box="box-1",
        product="gasket",
        model_version="0123456789abcdef",
        captured_at=NOON,
        inspected_at=NOON,
        score=math.nan if verdict is Verdict.UNSURE else 1.0,
        reject_limit=2.0,
        verdict=verdict,
        reason="as the test says",
        latency_ms=latency_ms,
        width_px=384,
        height_px=384,
    )


def description(source: Source) -> StoredDescription:
    return StoredDescription("A dent.", source, "en", 0, 0.5, NOON)


def sent(*names: str) -> dict[str, Path]:
    return {f"id-{name}": Path(f"/pictures/{name}.png") for name in names}


def test_frames_are_counted_against_what_their_files_show(records: Records) -> None:
    frames = sent("good-1", "good-2", "good-3", "scratch-1", "scratch-2", "dent-1")
    records.add(stored("id-good-1", Verdict.PASS, 10))
    records.add(stored("id-good-2", Verdict.REJECT, 20))
    records.add(stored("id-scratch-1", Verdict.REJECT, 30))
    records.add(stored("id-scratch-2", Verdict.PASS, 40))
    records.add(stored("id-dent-1", Verdict.UNSURE, 50))
    records.add(stored("id-of-another-run", Verdict.PASS, 1000))
    found = summary.summarise("gasket", frames, records)
    assert (found.sent, found.recorded) == (6, 5)
    assert dict(found.verdicts) == {Verdict.PASS: 2, Verdict.REJECT: 2, Verdict.UNSURE: 1}
    assert (found.good_rejected, found.good) == (1, 2)
    assert (found.defective_rejected, found.defective) == (1, 3)
    assert found.median_latency_ms == 30
    assert summary.problems([found], cut_short=True) == ["1 frames of gasket were lost"]


def test_all_recorded_is_no_problem_and_a_lost_frame_is_one(records: Records) -> None:
    records.add(stored("id-good-1", Verdict.PASS, 10))
    fine = summary.summarise("gasket", sent("good-1"), records)
    assert summary.problems([fine]) == []
    nothing = summary.summarise("gasket", sent("good-2"), records)
    assert nothing.median_latency_ms is None
    assert summary.problems([nothing]) == ["1 frames of gasket were lost"]


def test_a_camera_that_sent_nothing_is_a_problem_unless_it_had_no_time(records: Records) -> None:
    idle = summary.summarise("gasket", {}, records)
    assert summary.problems([idle]) == ["the camera of gasket sent nothing"]
    assert summary.problems([idle], cut_short=True) == []


def test_what_a_camera_sent_is_read_from_its_log(tmp_path: Path) -> None:
    log = tmp_path / "camera.log"
    log.write_text(
        "$ python -m inspector camera\n"
        '{"event": "connected to the broker", "level": "info"}\n'
        "61 pictures of /p to inspector/v1/demo/line-1/camera-2/frame at 127.0.0.1:1883, 1 frames a second\n"
        "line-1.camera-2-20260304T120000000000-000000  /pictures/with a space/good-000.png\n"
        "line-1.camera-2-20260304T120000000000-000001  /pictures/dent-002.png\n"
        "2 frames in 2.0 s, all confirmed\n"
    )
    assert summary.sent_frames(log) == {
        "line-1.camera-2-20260304T120000000000-000000": Path("/pictures/with a space/good-000.png"),
        "line-1.camera-2-20260304T120000000000-000001": Path("/pictures/dent-002.png"),
    }


def test_sentences_are_counted_by_what_wrote_them_and_missing_ones_are_a_problem(records: Records) -> None:
    frames = sent("dent-1", "dent-2", "dent-3")
    for name in frames:
        records.add(stored(name, Verdict.REJECT, 10))
    records.describe("id-dent-1", description(Source.LLM))
    records.describe("id-dent-2", description(Source.TEMPLATE))
    found = summary.summarise("gasket", frames, records)
    assert dict(found.described) == {Source.LLM: 1, Source.TEMPLATE: 1}
    assert summary.problems([found]) == ["1 rejects of gasket have no sentence"]
    assert summary.problems([found], cut_short=True) == []
    records.describe("id-dent-3", description(Source.TEMPLATE))
    assert summary.problems([summary.summarise("gasket", frames, records)]) == []


def test_the_table_shows_every_figure(records: Records) -> None:
    records.add(stored("id-good-1", Verdict.PASS, 12.34))
    records.add(stored("id-dent-1", Verdict.REJECT, 12.34))
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(summary.table([summary.summarise("gasket", sent("good-1", "dent-1"), records)]))
    text = console.export_text()
    for words in ("gasket", "0 of 1", "1 of 1", "12.3 ms", "rejects described", "by language model"):
        assert words in text
