"""Stored frames are judged again by real Ray workers; an interrupted run goes on, and loses nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from inspector.batch.cluster import cluster
from inspector.batch.plan import Span, plan
from inspector.batch.rescoring import chunk_path, results
from inspector.bundle import Bundle
from inspector.calibration import write_calibrated
from inspector.cli import main
from inspector.errors import BatchError
from inspector.frames import encode_png
from inspector.records import Decision, Records, Review
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, inspection
from tests.tiny_bundle import tiny_part, write_tiny_bundle

GOOD, BAD, GONE, WITHOUT = 20, 10, 2, 3
FRAMES = GOOD + BAD + GONE
SINCE = f"{NOON:%Y-%m-%d}"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("candidate") / "washer")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box that has passed everything: good parts, defects, pictures that are gone, frames without any."""
    box = tmp_path_factory.mktemp("box")
    (box / "evidence").mkdir()
    url = f"sqlite:///{box}/inspector.db"
    with Records.open(url) as records:
        for number in range(FRAMES + WITHOUT):
            name = f"frame-{number:03d}"
            if number < GOOD + BAD:
                picture = encode_png(tiny_part(number, defect=number >= GOOD))
                (box / f"evidence/{name}.png").write_bytes(picture)
            records.add(
                inspection(
                    frame_id=name,
                    product="washer",
                    verdict=Verdict.PASS,
                    inspected_at=NOON + timedelta(seconds=number),
                    evidence=f"evidence/{name}.png" if number < FRAMES else None,
                    evidence_map=None,
                )
            )
        missed = Decision.MISSED
        records.reviews.add(Review(f"frame-{GOOD:03d}", missed, "ann", NOON, ""))
    path = box / "inspector.toml"
    path.write_text(f'[database]\nurl = "{url}"\n[edge]\ndata_dir = "{box}"\n')
    return path


def words(bundle: Bundle, config: Path, output: Path, *more: str) -> list[str]:
    return [
        "rescore",
        str(bundle.path),
        f"--since={SINCE}",
        f"--config={config}",
        f"--output={output}",
        "--workers=2",
        *more,
    ]


def exit_code(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def test_every_frame_is_judged_and_counted(
    bundle: Bundle, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(words(bundle, config, tmp_path / "out", "--chunk=5", "--json")) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["frames"], said["without_picture"], said["unjudged"]) == (FRAMES, WITHOUT, GONE)
    assert said["flips"] == {"pass -> reject": BAD}
    assert said["after"] == {"pass": GOOD, "reject": BAD}
    assert (said["reviewed"], said["agreed_before"], said["agreed_after"]) == (1, 0, 1)
    assert {one["frame"] for one in said["examples"]} == {
        f"frame-{GOOD + BAD + number:03d}" for number in range(GONE)
    }
    lines = [line for path in (tmp_path / "out").glob("chunk-*.jsonl") for line in path.open()]
    assert len({json.loads(line)["frame"]["frame_id"] for line in lines}) == len(lines) == FRAMES


@contextmanager
def unreadable(picture: Path) -> Iterator[None]:
    """A pipe that nobody writes to stands where a picture was: whoever reads it waits."""
    data = picture.read_bytes()
    picture.unlink()
    os.mkfifo(picture)
    try:
        yield
    finally:
        picture.unlink()
        picture.write_bytes(data)


def test_a_killed_run_goes_on_where_it_was(bundle: Bundle, config: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    command = [sys.executable, "-m", "inspector.cli", *words(bundle, config, output, "--chunk=1")]
    # The oldest frame comes last: the run is never done before it is killed.
    with unreadable(config.parent / "evidence/frame-000.png"):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 90
            while not chunk_path(output, 0).exists():
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.005)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    before = {path.name: path.stat().st_mtime_ns for path in output.glob("chunk-*.jsonl")}
    assert 0 < len(before) < FRAMES
    assert subprocess.run(command, capture_output=True, check=True).returncode == 0
    after = {path.name: path.stat().st_mtime_ns for path in output.glob("chunk-*.jsonl")}
    assert len(after) == FRAMES
    assert before.items() <= after.items()


def test_a_folder_of_other_work_is_refused(
    bundle: Bundle, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    url = config.read_text().split('"')[1]
    span = Span(product="washer", since=NOON, until=NOON + timedelta(days=1))
    with Records.open(url) as records:
        work = plan(records, span, bundle.version, output, 5)
        assert plan(records, span, bundle.version, output, 5) == work
        with pytest.raises(BatchError, match="holds other work"):
            plan(records, span.model_copy(update={"since": NOON - timedelta(days=9)}), "x", output, 5)
    limits = bundle.manifest.limits.model_copy(update={"reject": 1e6})
    other = write_calibrated(bundle, limits, tmp_path / "other", created_at=NOON)
    assert exit_code(words(other, config, output)) == 1
    assert "holds other work" in capsys.readouterr().err


def test_a_span_without_pictures_is_told(bundle: Bundle, config: Path, tmp_path: Path) -> None:
    later = Span(product="washer", since=NOON + timedelta(days=1), until=NOON + timedelta(days=2))
    with (
        Records.open(config.read_text().split('"')[1]) as records,
        pytest.raises(BatchError, match="no frame has a picture"),
    ):
        plan(records, later, bundle.version, tmp_path / "out", 5)
    assert not (tmp_path / "out").exists()


def test_a_span_that_ends_before_it_begins_is_refused_and_leaves_no_folder(
    bundle: Bundle, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(words(bundle, config, tmp_path / "out", "--until=2020-01-01")) == 1
    assert "before it begins" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_changed_list_of_frames_is_refused(
    bundle: Bundle, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    with Records.open(config.read_text().split('"')[1]) as records:
        span = Span(product="washer", since=NOON.replace(hour=0), until=NOON + timedelta(days=1))
        plan(records, span, bundle.version, output, 5)
    (output / "frames.jsonl").write_text("")
    assert exit_code(words(bundle, config, output)) == 1
    assert "frames.jsonl was changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "why"),
    [("127.0.0.1:9", "no Ray cluster answers at 127.0.0.1:9"), ("somewhere", "it has no port")],
)
def test_an_address_where_nobody_answers_is_told_at_once(address: str, why: str) -> None:
    began = time.monotonic()
    with pytest.raises(BatchError, match=why), cluster(address):
        pass
    assert time.monotonic() - began < 20


def test_results_come_in_the_order_of_the_plan(bundle: Bundle, config: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert exit_code(words(bundle, config, output, "--chunk=7", f"--until={NOON.year + 1}-01-01")) == 0
    with Records.open(config.read_text().split('"')[1]) as records:
        until = NOON.replace(year=NOON.year + 1, month=1, day=1, hour=0)
        span = Span(product="washer", since=NOON.replace(hour=0), until=until)
        work = plan(records, span, bundle.version, output, 7)
    names = [one.frame.frame_id for one in results(work, output)]
    assert names == sorted(names, reverse=True)
    assert len(names) == FRAMES
