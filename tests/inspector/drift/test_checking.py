from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inspector.cli import main
from inspector.drift.channels import DriftKind, What
from inspector.drift.checking import check_product
from inspector.frames import Frame, encode_png
from inspector.inspecting import Inspector, load_inspector
from inspector.records import Records, StoredInspection
from tests.inspector.drift.frames import Change, exposed, same
from tests.tiny_bundle import tiny_part, write_tiny_bundle

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def inspector(tmp_path_factory: pytest.TempPathFactory) -> Inspector:
    # So wide a limit that other light makes no rejects.
    bundle = write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "washer", margin=20)
    return load_inspector(bundle.path)


@pytest.fixture
def config(tmp_path: Path, inspector: Inspector) -> Path:
    path = tmp_path / "inspector.toml"
    path.write_text(
        f"""
        [database]
        url = "sqlite:///{tmp_path}/inspector.db"
        [edge]
        data_dir = "{tmp_path}/box-1"
        [[edge.cameras]]
        line = "line-1"
        camera = "cam-1"
        product = "washer"
        bundle = "{inspector.bundle.path}"
        """
    )
    return path


def keep(
    folder: Path, inspector: Inspector, seeds: range, change: Change = same, *, picture: bool = True
) -> list[StoredInspection]:
    """What a box stores of frames, one a second."""
    kept = []
    for seed in seeds:
        image, at = change(tiny_part(seed)), NOON + timedelta(seconds=seed)
        inspection = replace(inspector.inspect(Frame(image, f"frame-{seed}", at)), inspected_at=at)
        name = f"evidence/{inspection.frame_id}.png"
        if picture:
            (folder / "box-1/evidence").mkdir(parents=True, exist_ok=True)
            (folder / "box-1" / name).write_bytes(encode_png(image))
        kept.append(
            StoredInspection(
                frame_id=inspection.frame_id,
                site="plant-1",
                line="line-1",
                camera="cam-1",
                box="box-1",
                product="washer",
                model_version=inspection.model_version,
                captured_at=at,
                inspected_at=at,
                score=inspection.score,
                reject_limit=inspection.limit,
                verdict=inspection.verdict,
                reason=inspection.reason,
                latency_ms=1.0,
                width_px=160,
                height_px=160,
                evidence=name if picture else None,
            )
        )
    return kept


@pytest.fixture
def records(tmp_path: Path, config: Path) -> Records:
    return Records.open(f"sqlite:///{tmp_path}/inspector.db")


def test_stored_frames_that_got_darker_are_found(
    tmp_path: Path, inspector: Inspector, records: Records
) -> None:
    records.add_all(keep(tmp_path, inspector, range(150)))
    records.add_all(keep(tmp_path, inspector, range(150, 200), exposed(0.8)))
    found = check_product(records, inspector, tmp_path / "box-1", last=1000, since=None)
    assert [(each.line, each.camera, each.frames, each.missing) for each in found] == [
        ("line-1", "cam-1", 200, 0)
    ]
    alarm = found[0].alarm
    assert alarm is not None
    assert (alarm.kind, alarm.what) == (DriftKind.CAMERA, What.BRIGHTNESS)
    assert abs((alarm.since - NOON).total_seconds() - 150) <= 2
    assert found[0].compared_with == "box"


def test_stable_frames_are_no_drift_and_those_without_a_picture_do_not_count(
    tmp_path: Path, inspector: Inspector, records: Records
) -> None:
    records.add_all(keep(tmp_path, inspector, range(200)))
    records.add_all(keep(tmp_path, inspector, range(200, 260), exposed(0.8), picture=False))
    (tmp_path / "box-1/evidence/frame-7.png").unlink()
    (found,) = check_product(records, inspector, tmp_path / "box-1", last=None, since=None)
    assert (found.alarm, found.frames, found.missing) == (None, 199, 1)


def test_only_the_wanted_frames_are_looked_at(tmp_path: Path, inspector: Inspector, records: Records) -> None:
    records.add_all(keep(tmp_path, inspector, range(100)))
    (last,) = check_product(records, inspector, tmp_path / "box-1", last=30, since=None)
    (since,) = check_product(
        records, inspector, tmp_path / "box-1", last=None, since=NOON + timedelta(seconds=60)
    )
    assert (last.frames, since.frames) == (30, 40)
    assert last.compared_with == "", "thirty frames are too few to learn from"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    captured = capsys.readouterr()
    return int(end.value.code or 0), captured.out, captured.err


def test_the_command_stores_an_alarm_once_and_it_can_be_acknowledged(
    tmp_path: Path,
    inspector: Inspector,
    records: Records,
    config: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    records.add_all(keep(tmp_path, inspector, range(150)))
    records.add_all(keep(tmp_path, inspector, range(150, 200), exposed(0.8)))
    for _ in range(2):
        code, told, _ = run(capsys, "drift", "check", "washer", "--config", str(config), "--store", "--json")
        assert code == 0
        assert json.loads(told)[0]["alarm"]["kind"] == "camera"
    (alarm,) = records.drift.latest()
    code, told, _ = run(capsys, "drift", "list", "--config", str(config))
    assert code == 0
    assert "% darker" in told
    assert "open" in told
    acknowledge = ("drift", "acknowledge", str(alarm.id), "--config", str(config), "--by", "ann")
    assert run(capsys, *acknowledge)[0] == 0
    assert records.drift.latest(only_open=True) == []
    assert run(capsys, *acknowledge)[0] == 1


def test_the_command_says_what_is_missing(
    config: Path, records: Records, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, told = run(capsys, "drift", "check", "washer", "--config", str(config))
    assert code == 1
    assert "no stored frame" in told
    code, _, told = run(capsys, "drift", "check", "bottle", "--config", str(config))
    assert code == 1
    assert "Give --bundle" in told
