"""Frames in, verdicts, records, evidence and results out; over each broker and protocol."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from inspector.frames import encode_png, read_frame
from inspector.inspecting import load_inspector
from inspector.messages import CameraTopic
from inspector.results import Verdict
from tests.edge.conftest import Wire
from tests.edge.peers import Observer, Sender
from tests.edge.rig import CAMERA, SITE, Line, ServiceThread, wait_until


def test_each_frame_gets_one_record_one_result_and_rejects_their_evidence(
    wire: Wire, line: Line, pictures: list[Path]
) -> None:
    with (
        Observer(wire.port) as observer,
        ServiceThread(line.settings) as service,
        Sender(line.settings) as camera,
    ):
        observer.await_online()
        stats, ids = camera.play(pictures)
        results = observer.await_results(len(pictures))
        summary = service.end()
    assert stats.confirmed
    assert camera.connection.has_properties == wire.has_properties
    rows = line.rows()
    assert set(rows) == set(ids)
    wanted = {
        frame_id: Verdict.REJECT if path.name.startswith("bad") else Verdict.PASS
        for frame_id, path in zip(ids, pictures, strict=True)
    }
    assert {frame_id: row.verdict for frame_id, row in rows.items()} == wanted
    assert {result.frame_id: result.verdict for result in results} == wanted
    assert summary.frames == 6
    assert summary.verdicts == {Verdict.PASS: 4, Verdict.REJECT: 2, Verdict.UNSURE: 0}
    assert summary.median_latency_ms is not None
    assert (summary.duplicates, summary.dropped, summary.quarantined) == (0, 0, {})
    assert line.files("spool") == []
    for frame_id, path in zip(ids, pictures, strict=True):
        row = rows[frame_id]
        assert (row.site, row.line, row.camera, row.box) == (SITE, "line-1", "cam-1", "box-1")
        assert (row.width_px, row.height_px) == (160, 160)
        if row.verdict is Verdict.REJECT:
            assert row.evidence is not None
            assert (line.data_dir / row.evidence).read_bytes() == path.read_bytes()
            assert row.evidence_map is not None
            with np.load(line.data_dir / row.evidence_map) as arrays:
                assert arrays["anomaly_map"].max() == pytest.approx(row.score, rel=1e-3)
            assert row.regions


def test_results_say_what_the_record_says(wire: Wire, line: Line, bad_jpeg: bytes) -> None:
    with Observer(wire.port) as observer, ServiceThread(line.settings), Sender(line.settings) as camera:
        observer.await_online()
        camera.send(bad_jpeg, id_level="part-1")
        [result] = observer.await_results(1)
    row = line.rows()["part-1"]
    assert result.score == row.score
    assert result.limit == row.reject_limit
    assert result.reason == row.reason
    assert result.captured_at == row.captured_at
    assert result.latency_ms == row.latency_ms
    assert [region.box_px for region in result.regions] == [region.box_px for region in row.regions]


def test_five_cameras_on_two_lines_are_told_apart(
    wire: Wire, bundle: Path, tmp_path: Path, pictures: list[Path]
) -> None:
    line = Line.write(tmp_path, bundle, wire.port, wire.protocol, cameras=5)
    with Observer(wire.port) as observer, ServiceThread(line.settings):
        observer.await_online()

        def play(topic: CameraTopic) -> list[str]:
            with Sender(line.settings, topic) as camera:
                return camera.play(pictures, count=8)[1]

        with ThreadPoolExecutor(5) as pool:
            ids = dict(zip(line.cameras, pool.map(play, line.cameras), strict=True))
        observer.await_results(40)
    rows = line.await_all_rows(40)
    for topic, frame_ids in ids.items():
        assert {(rows[one].line, rows[one].camera) for one in frame_ids} == {(topic.line, topic.camera)}
        assert len(frame_ids) == 8


def test_a_frame_delivered_again_is_not_stored_again_and_its_result_is_told_again(
    wire: Wire, line: Line, bad_jpeg: bytes, good_png: bytes
) -> None:
    with (
        Observer(wire.port) as observer,
        ServiceThread(line.settings) as service,
        Sender(line.settings) as camera,
    ):
        observer.await_online()
        camera.send(bad_jpeg, id_level="part-1")
        camera.send(good_png)
        first, second = observer.await_results(2)
        camera.send(bad_jpeg, id_level="part-1")
        camera.send(good_png)
        _, _, third, fourth = observer.await_results(4)
        summary = service.end()
    assert {first.frame_id: first, second.frame_id: second} == {
        third.frame_id: third,
        fourth.frame_id: fourth,
    }
    assert len(line.rows()) == 2
    assert (summary.frames, summary.duplicates) == (4, 2)


def test_what_was_recorded_is_acknowledged_and_never_delivered_again(
    wire: Wire, line: Line, pictures: list[Path], good_png: bytes
) -> None:
    with Observer(wire.port) as observer, Sender(line.settings) as camera:
        with ServiceThread(line.settings):
            observer.await_online()
            camera.play(pictures, count=40)
            observer.await_results(40)
        observer.await_offline()
        with ServiceThread(line.settings) as service:
            observer.await_online()
            camera.send(good_png, id_level="the-next")
            observer.await_results(41)
            assert service.end().frames == 1


BROKEN = {
    "empty": b"",
    "unreadable": b"no picture at all",
    "truncated": None,
    "too_small": encode_png(np.zeros((1, 1, 3), np.uint8)),
}


def test_broken_frames_are_unsure_and_in_quarantine_and_the_next_frame_is_judged(
    wire: Wire, line: Line, bad_jpeg: bytes, good_png: bytes
) -> None:
    broken = {code: data if data is not None else bad_jpeg[:1500] for code, data in BROKEN.items()}
    with (
        Observer(wire.port) as observer,
        ServiceThread(line.settings) as service,
        Sender(line.settings) as camera,
    ):
        observer.await_online()
        for code, data in broken.items():
            camera.send(data, id_level=code)
        camera.send(good_png, id_level="good")
        results = {result.frame_id: result for result in observer.await_results(len(broken) + 1)}
        summary = service.end()
    rows = line.rows()
    assert rows.pop("good").verdict is Verdict.PASS
    assert set(rows) == set(broken)
    for code, row in rows.items():
        assert row.verdict is Verdict.UNSURE
        assert math.isnan(row.score)
        assert (row.width_px, row.height_px) == (0, 0)
        assert row.reason.startswith("the picture ")
        assert results[code].score is None
        assert results[code].reason == row.reason
        assert row.evidence is not None
        kept = line.data_dir / row.evidence
        assert kept.read_bytes() == broken[code]
        assert json.loads(kept.with_suffix(".json").read_text())["code"] == code
    assert summary.quarantined == dict.fromkeys(broken, 1)
    assert summary.verdicts[Verdict.UNSURE] == len(broken)


@pytest.mark.parametrize("wire", ["mosquitto 5"], indirect=True)
def test_wrong_properties_are_unsure_and_in_quarantine(wire: Wire, line: Line, good_png: bytes) -> None:
    wrong = {
        "unusable_id": {"frame-id": "../../etc/passwd"},
        "unusable_time": {"frame-id": "time", "captured-at": "yesterday"},
        "other_product": {"frame-id": "product", "product": "bottle"},
    }
    with (
        Observer(wire.port) as observer,
        ServiceThread(line.settings) as service,
        Sender(line.settings) as camera,
    ):
        observer.await_online()
        for properties in wrong.values():
            camera.send(good_png, properties=properties)
        results = observer.await_results(3)
        summary = service.end()
    assert summary.quarantined == dict.fromkeys(wrong, 1)
    assert {result.verdict for result in results} == {Verdict.UNSURE}
    rows = line.rows()
    assert rows["product"].reason == (
        "camera line-1/cam-1 shows another product: it says 'bottle', this box inspects washer there"
    )
    assert "time" in rows
    assert sum(path.suffix == ".png" for path in line.files("quarantine")) == 3


@pytest.mark.parametrize("wire", ["mosquitto 5"], indirect=True)
def test_an_id_that_was_used_for_another_frame_does_not_hide_a_part(
    wire: Wire, bundle: Path, tmp_path: Path, bad_jpeg: bytes, good_png: bytes
) -> None:
    line = Line.write(tmp_path, bundle, wire.port, cameras=2)
    first, other = line.cameras
    times = [{"frame-id": "1", "captured-at": f"2026-01-31T12:00:0{second}Z"} for second in range(2)]
    with (
        Observer(wire.port) as observer,
        ServiceThread(line.settings) as service,
        Sender(line.settings, first) as camera,
        Sender(line.settings, other) as neighbour,
    ):
        observer.await_online()
        camera.send(good_png, properties=times[0])
        observer.await_results(1)
        camera.send(bad_jpeg, properties=times[1])
        observer.await_results(2)
        neighbour.send(bad_jpeg, id_level="1")
        observer.await_results(3)
        camera.send(bad_jpeg, properties=times[1])
        results = observer.await_results(4)
        summary = service.end()
    assert [result.verdict for result in results] == [Verdict.PASS, *[Verdict.UNSURE] * 3]
    assert results[1].frame_id == results[3].frame_id
    assert summary.quarantined == {"reused_id": 2}
    assert summary.duplicates == 1
    assert "frame id 1 is used twice" in results[1].reason
    assert len(line.rows()) == 3


@pytest.mark.parametrize("wire", ["mosquitto 5"], indirect=True)
def test_a_frame_that_shows_nothing_is_unsure_and_its_picture_is_kept(wire: Wire, line: Line) -> None:
    black = encode_png(np.zeros((160, 160, 3), np.uint8))
    with Observer(wire.port) as observer, ServiceThread(line.settings), Sender(line.settings) as camera:
        observer.await_online()
        camera.send(black, id_level="black")
        [result] = observer.await_results(1)
    assert result.verdict is Verdict.UNSURE
    row = line.rows()["black"]
    assert row.evidence is not None
    assert (line.data_dir / row.evidence).read_bytes() == black


def test_frames_of_a_camera_that_is_no_longer_configured_are_set_aside_and_no_more_asked_for(
    mosquitto_line: Line, bundle: Path, good_png: bytes
) -> None:
    line = mosquitto_line
    both = Line.write(line.config.parent, bundle, line.settings.mqtt.port, cameras=2)
    gone = both.cameras[1]
    with Observer(line.settings.mqtt.port) as observer:
        with ServiceThread(both.settings):
            observer.await_online()
        observer.await_offline()
        with (
            ServiceThread(line.settings),
            Sender(line.settings, gone) as camera,
            Sender(line.settings, CAMERA) as known,
        ):
            observer.await_online()

            def is_set_aside() -> bool:
                before, number = len(line.files("quarantine")), len(observer.results)
                camera.send(b"%d" % number)
                # The broker keeps the order: with this frame's result, the other one is done too.
                known.send(good_png, id_level=f"known-{number}")
                observer.await_results(number + 1)
                return len(line.files("quarantine")) > before

            assert is_set_aside()
            wait_until(lambda: not is_set_aside(), "frames that are not asked for any more")
    assert {row.camera for row in line.rows().values()} == {CAMERA.camera}


def test_a_frame_without_acknowledgement_is_judged_too(mosquitto_line: Line, good_png: bytes) -> None:
    """QoS 0: the broker neither keeps it nor wants to hear of it."""
    line = mosquitto_line
    with Observer(line.settings.mqtt.port) as observer, ServiceThread(line.settings):
        observer.await_online()
        observer.publish_once(CAMERA.frame_with_id("qos-0"), good_png)
        observer.await_results(1)
    assert set(line.rows()) == {"qos-0"}


@pytest.mark.parametrize("wire", ["mosquitto 5"], indirect=True)
def test_decoding_agrees_with_the_offline_command(line: Line, wire: Wire, pictures: list[Path]) -> None:
    """The score over MQTT is that of `inspector score` on the file."""
    bundle = line.settings.edge.cameras[0].bundle
    assert bundle is not None
    offline = load_inspector(bundle)
    with Observer(wire.port) as observer, ServiceThread(line.settings), Sender(line.settings) as camera:
        observer.await_online()
        _, ids = camera.play(pictures)
        observer.await_results(len(pictures))
    rows = line.rows()
    for frame_id, path in zip(ids, pictures, strict=True):
        assert rows[frame_id].score == pytest.approx(offline.inspect(read_frame(path)).score, rel=1e-6)
