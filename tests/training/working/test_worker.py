"""The worker: real trainings asked for in the records, candidates in the registry, and every way to fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inspector.cli import main
from inspector.errors import TrainingError
from inspector.frames import encode_png
from inspector.keys import write_new_key
from inspector.records import Job, JobKind, JobState, Records, Stage
from inspector.registry import Registry
from inspector.settings import Settings, load_settings
from inspector.signatures import Trust
from tests.tiny_bundle import tiny_part
from tests.training.washers import FAST, board, write_washers
from training.working.progress import JobProgress
from training.working.worker import Worker

SETTINGS = FAST.model_dump(mode="json", exclude_defaults=True)
NORMALS = 24


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plant")
    write_washers(folder / "washer", normals=NORMALS, tests=1)
    write_new_key(folder / "key")
    (folder / "inspector.toml").write_text(
        f'[database]\nurl = "sqlite:///{folder}/inspector.db"\n[registry]\nurl = "{folder}/store"\n'
        f'[edge]\ndata_dir = "{folder}/box"\ntrusted_keys = ["{folder}/key.pub"]\n'
        f'[training]\nsigning_key = "{folder}/key"\n'
    )
    return folder


@pytest.fixture(scope="module")
def settings(plant: Path) -> Settings:
    return load_settings(plant / "inspector.toml")


@pytest.fixture(scope="module")
def records(settings: Settings) -> Iterator[Records]:
    with Records.open(settings.database.url) as opened:
        yield opened


def ask(records: Records, kind: JobKind, **arguments: Any) -> int:
    return records.jobs.ask(kind, "washer", arguments, by="eve", at=datetime.now(UTC))


def done(records: Records, plant: Settings, kind: JobKind, **arguments: Any) -> Job:
    number = ask(records, kind, **arguments)
    job = Worker(plant, records, beat_s=0.05).work_once()
    assert job is not None
    assert job.number == number
    return job


@pytest.fixture(scope="module")
def trained(plant: Path, records: Records, settings: Settings) -> Job:
    return done(records, settings, JobKind.TRAIN, normals=str(plant / "washer/train/good"), settings=SETTINGS)


def test_a_training_leaves_a_candidate_that_its_asker_is_named_for(trained: Job, records: Records) -> None:
    assert (trained.state, trained.error) == (JobState.DONE, "")
    assert trained.result is not None
    assert trained.result["normals"] == NORMALS
    bundle = records.bundles.get("washer", trained.result["version"])
    assert bundle is not None
    assert (bundle.stage, bundle.added_by) == (Stage.CANDIDATE, "eve")
    steps = [text for _, text in records.jobs.log(trained.number)]
    assert "Reading pictures" in steps
    assert steps.index("Encoding normals") < steps.index("Exporting")
    assert any("normals can promise" in text for text in steps)


def test_what_follows_is_compared_with_the_active_bundle(
    trained: Job, plant: Path, records: Records, settings: Settings
) -> None:
    assert trained.result is not None
    registry = Registry(records, settings.registry.url, trust=Trust.of(settings.edge))
    registry.promote("washer", trained.result["version"], by="eve", why="first")
    (plant / "more").mkdir()
    for seed in range(5000, 5012):
        (plant / "more" / f"{seed}.png").write_bytes(encode_png(tiny_part(seed)))
    again = done(records, settings, JobKind.RETRAIN, normals=str(plant / "more"))
    assert again.state is JobState.DONE, again.error
    assert again.result is not None
    assert again.result["new_normals"] == 12
    assert again.result["compared_with"] == trained.result["version"]
    limit = 2 * trained.result["limit"]
    calibrated = done(records, settings, JobKind.CALIBRATE, reject=limit)
    assert calibrated.result is not None
    assert calibrated.result["limit"] == limit
    previews = records.previews.latest("washer")
    assert [one.candidate for one in previews] == [
        calibrated.result["version"],
        again.result["version"],
    ]
    for one in (again, calibrated):  # all that a worker makes is signed
        assert one.result is not None
        registry.promote("washer", one.result["version"], by="eve", why="signed")
    registry.promote("washer", trained.result["version"], by="eve", why="as before")
    compared = done(records, settings, JobKind.PREVIEW, candidate=again.result["version"])
    assert compared.result is not None
    assert compared.result["frames"] == again.result["frames"]
    itself = done(records, settings, JobKind.PREVIEW, candidate=trained.result["version"])
    assert "it is the active one itself" in itself.error


REFUSED: list[tuple[JobKind, dict[str, Any], str]] = [
    (JobKind.TRAIN, {"normals": "nowhere"}, "there is no such folder"),
    (JobKind.TRAIN, {"normals": "nowhere", "settings": {"folds": 0}}, "training settings are wrong"),
    (JobKind.CALIBRATE, {"reject": float("inf")}, "is no limit"),
    (JobKind.PREVIEW, {"candidate": "0123456789abcdef"}, "has no bundle"),
    (JobKind.RETRAIN, {"from_reviews": True}, "no frame with a picture was reviewed"),
]


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused[2])
def test_what_cannot_be_done_says_why_and_the_next_job_is_done(
    trained: Job, records: Records, settings: Settings, refused: tuple[JobKind, dict[str, Any], str]
) -> None:
    assert trained.state is JobState.DONE
    kind, arguments, words = refused
    before = records.bundles.of()
    failed = done(records, settings, kind, **arguments)
    assert failed.state is JobState.FAILED
    assert words in failed.error
    assert records.bundles.of() == before


def test_two_products_in_one_folder_are_refused_before_the_training(
    plant: Path, records: Records, settings: Settings
) -> None:
    mixed = plant / "mixed"
    mixed.mkdir()
    for seed in range(12):
        (mixed / f"washer-{seed}.png").write_bytes(encode_png(tiny_part(seed)))
        (mixed / f"board-{seed}.png").write_bytes(encode_png(board(seed)))
    failed = done(records, settings, JobKind.TRAIN, normals=str(mixed), settings=SETTINGS)
    assert "two products" in failed.error


def test_a_cancelled_training_stops_and_leaves_nothing(records: Records, settings: Settings) -> None:
    begun, number = threading.Event(), ask(records, JobKind.TRAIN)

    def endless(_job: Job, _settings: Settings, progress: JobProgress) -> dict[str, Any]:
        while True:
            progress.on_step("Fitting", 0, 1)
            begun.set()

    worker = threading.Thread(target=Worker(settings, records, do=endless, beat_s=0.02).work_once)
    worker.start()
    assert begun.wait(30)
    records.jobs.cancel(number, by="eve", at=datetime.now(UTC))
    worker.join(30)
    assert not worker.is_alive()
    job = records.jobs.get(number)
    assert job is not None
    assert (job.state, job.result) == (JobState.CANCELLED, None)


def test_an_error_that_nobody_has_foreseen_ends_the_job_and_not_the_worker(
    records: Records, settings: Settings
) -> None:
    def broken(_job: Job, _settings: Settings, _progress: JobProgress) -> dict[str, Any]:
        raise ZeroDivisionError

    ask(records, JobKind.TRAIN)
    job = Worker(settings, records, do=broken).work_once()
    assert job is not None
    assert job.state is JobState.FAILED
    assert "the worker's log has it" in job.error


def test_a_worker_goes_on_until_it_is_stopped(records: Records, settings: Settings) -> None:
    def refused(_job: Job, _settings: Settings, _progress: JobProgress) -> dict[str, Any]:
        raise TrainingError("no", "because", "wait")

    numbers, ended, stop = [ask(records, JobKind.TRAIN) for _ in range(3)], [], threading.Event()

    def note(job: Job) -> None:
        ended.append(job.number)
        if len(ended) == len(numbers):
            stop.set()

    Worker(settings, records, do=refused).run(stop, note)
    assert ended == numbers


def test_the_command_does_what_waits(
    records: Records, plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = ask(records, JobKind.CALIBRATE, reject="nan")
    with pytest.raises(SystemExit) as ended:
        main(["work", "--once", "--config", str(plant / "inspector.toml")])
    assert ended.value.code == 0
    assert f"job {number}, calibrate washer: failed" in capsys.readouterr().out
