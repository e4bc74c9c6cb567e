# ruff: noqa: S311 - chance spreads waits, it keeps no secret
"""Frames from folders, videos and shared subscriptions; which frames a box asks for."""

from __future__ import annotations

import http.server
import os
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.backlog import Backlog
from edge.frame_filters import FrameFilters, checked
from edge.intake import Intake
from edge.sources import Source, open_sources
from inspector.errors import SettingsError
from inspector.frames import decode_image, encode_jpeg
from inspector.messages import CameraTopic
from inspector.records import Records
from inspector.results import Verdict
from inspector.settings import Settings
from tests.edge.peers import Observer, Sender
from tests.edge.rig import CAMERA, NOW, Line, ServiceThread, wait_until
from tests.services import HOST, MosquittoServer, free_port
from tests.tiny_bundle import tiny_part


def with_edge(line: Line, **changes: Any) -> Settings:
    """The line's settings with other values under [edge]."""
    values = line.settings.edge.model_dump() | changes
    return line.settings.model_copy(update={"edge": type(line.settings.edge).model_validate(values)})


def watched(folder: Path, **changes: Any) -> dict[str, Any]:
    return {"line": "line-1", "camera": "cam-1", "path": folder, "settle_s": 0.2, "poll_s": 0.05} | changes


def started(settings: Settings, spool: Path) -> tuple[Source, Backlog]:
    spool.mkdir(exist_ok=True)
    backlog = Backlog(100, spool)
    [source] = open_sources(settings, [CAMERA], backlog, now=lambda: NOW, skipped=print)
    source.start()
    return source, backlog


def test_pictures_put_into_a_folder_are_inspected_once_and_put_away(
    mosquitto_line: Line, pictures: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    (folder / "shift-2").mkdir(parents=True)
    settings = with_edge(mosquitto_line, folders=[watched(folder)])
    with Observer(settings.mqtt.port) as observer, ServiceThread(settings):
        observer.await_online()
        for number, path in enumerate(pictures):
            shutil.copy(path, folder / ("shift-2" if number % 2 else ".") / path.name)
        (folder / ".hidden.png").write_bytes(b"x")
        (folder / "upload.part").write_bytes(b"x")
        results = observer.await_results(len(pictures))
        wait_until(lambda: len(list((folder / "done").rglob("*.*"))) == len(pictures), "files put away")
    assert Counter(result.verdict for result in results) == {Verdict.PASS: 4, Verdict.REJECT: 2}
    assert {path.name for path in folder.iterdir()} == {".hidden.png", "upload.part", "shift-2", "done"}
    assert {path.name for path in (folder / "done").rglob("*.*")} == {path.name for path in pictures}


def test_a_file_that_was_recorded_and_not_put_away_before_a_crash_is_recorded_once(
    mosquitto_line: Line, good_png: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    settings = with_edge(mosquitto_line, folders=[watched(folder)])
    (folder / "a.png").write_bytes(good_png)
    os.utime(folder / "a.png", (1_700_000_000, 1_700_000_000))
    for _ in range(2):
        with ServiceThread(settings) as service:
            wait_until((folder / "done" / "a.png").exists, "a file that is put away")
            summary = service.end()
        assert summary.frames == 1
        (folder / "done" / "a.png").rename(folder / "a.png")
    assert summary.duplicates == 1
    with Records.open(settings.database.url) as records:
        [record] = records.latest()
    assert record.captured_at.timestamp() == 1_700_000_000


def test_a_file_is_taken_when_it_does_not_grow_any_more(
    mosquitto_line: Line, good_png: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    source, backlog = started(
        with_edge(mosquitto_line, folders=[watched(folder, settle_s=0.5, done="delete")]), tmp_path / "spool"
    )
    try:
        half = len(good_png) // 2
        with (folder / "slow.png").open("wb") as file:
            file.write(good_png[:half])
            file.flush()
            assert backlog.take(0.3) is None
            file.write(good_png[half:])
        delivery = backlog.take(10)
        assert delivery is not None
        assert delivery.read() == good_png
        source.acknowledge(delivery)
        assert list(folder.iterdir()) == []
        assert backlog.take(0.7) is None
    finally:
        source.stop()


def test_a_folder_that_is_away_is_told_of_and_watched_again_when_it_is_back(
    mosquitto_line: Line, good_png: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "share"
    source, backlog = started(with_edge(mosquitto_line, folders=[watched(folder)]), tmp_path / "spool")
    try:
        wait_until(source.problem, "a problem")
        problem = source.problem()
        assert problem is not None
        assert str(folder) in problem.what
        assert problem.remedy.startswith("Mount or create it")
        folder.mkdir()
        (folder / "a.png").write_bytes(good_png)
        assert backlog.take(10) is not None
        wait_until(lambda: source.problem() is None, "no problem any more")
    finally:
        source.stop()


def test_a_file_that_is_not_acknowledged_stays_and_one_that_was_lost_is_taken_again(
    mosquitto_line: Line, good_png: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(good_png)
    source, backlog = started(with_edge(mosquitto_line, folders=[watched(folder)]), tmp_path / "spool")
    try:
        delivery = backlog.take(10)
        assert delivery is not None
        assert backlog.take(0.5) is None
        source.give_up(delivery)
        again = backlog.take(10)
        assert again is not None
        assert again.properties == delivery.properties
    finally:
        source.stop()
    assert (folder / "a.png").exists()


class MjpegCamera:
    """A camera on the network that sends one JPEG after the other over HTTP."""

    def __init__(self, port: int = 0) -> None:
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                number = 0
                while not camera.stopping.is_set():
                    data = encode_jpeg(tiny_part(number % 5 + 1))
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                    try:
                        self.wfile.write(head.encode() + data + b"\r\n")
                    except OSError:
                        return
                    number += 1
                    camera.stopping.wait(0.02)

            def log_message(self, *_: object) -> None: ...

        self.stopping = threading.Event()
        self._server = http.server.ThreadingHTTPServer((HOST, port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://{HOST}:{self.port}/video"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def mjpeg() -> Iterator[MjpegCamera]:
    camera = MjpegCamera()
    yield camera
    camera.close()


def test_pictures_of_a_live_video_are_inspected_at_the_rate_and_kept_as_they_were_judged(
    mosquitto_line: Line, mjpeg: MjpegCamera
) -> None:
    video = {"line": "line-1", "camera": "cam-1", "url": mjpeg.url, "frames_per_s": 10}
    evidence = {"pass_share": 1.0}
    settings = with_edge(mosquitto_line, videos=[video], evidence=evidence)
    begun = time.monotonic()
    with Observer(settings.mqtt.port) as observer, ServiceThread(settings):
        observer.await_online()
        wait_until(lambda: len(observer.results) >= 8, "results")
        took_s = time.monotonic() - begun
        results = list(observer.results)
    assert len(results) <= 10 * took_s + 2
    assert len({result.frame_id for result in results}) == len(results)
    with Records.open(settings.database.url) as records:
        record = records.latest()[0]
    assert record.evidence is not None
    assert record.evidence.endswith(".png")
    assert decode_image((settings.edge.data_dir / record.evidence).read_bytes()).shape == (160, 160, 3)


@pytest.mark.parametrize(
    "url", ["http://user:secret@127.0.0.1:{port}/video", "rtsp://user:secret@127.0.0.1:{port}/1"]
)
def test_a_video_that_is_away_is_told_of_without_its_password(
    mosquitto_line: Line, tmp_path: Path, url: str
) -> None:
    video = {"line": "line-1", "camera": "cam-1", "url": url.format(port=free_port())}
    source, backlog = started(with_edge(mosquitto_line, videos=[video]), tmp_path / "spool")
    try:
        wait_until(source.problem, "a problem")
        problem = source.problem()
        assert problem is not None
        assert "gives no pictures" in problem.what
        assert "secret" not in problem.what
        assert problem.remedy.startswith("Check the camera's power")
        assert len(backlog) == 0
    finally:
        source.stop()


def test_a_video_goes_on_when_its_camera_is_back(mosquitto_line: Line, tmp_path: Path) -> None:
    first = MjpegCamera()
    video = {"line": "line-1", "camera": "cam-1", "url": first.url, "frames_per_s": 20}
    source, backlog = started(with_edge(mosquitto_line, videos=[video]), tmp_path / "spool")
    try:
        assert backlog.take(10) is not None
        first.close()
        wait_until(source.problem, "a problem")
        while backlog.take(0.1) is not None:
            pass
        second = MjpegCamera(first.port)
        try:
            assert backlog.take(20) is not None
            wait_until(lambda: source.problem() is None, "no problem any more")
        finally:
            second.close()
    finally:
        source.stop()


def test_a_video_skips_what_has_no_room(mosquitto_line: Line, mjpeg: MjpegCamera, tmp_path: Path) -> None:
    video = {"line": "line-1", "camera": "cam-1", "url": mjpeg.url, "frames_per_s": 100}
    (tmp_path / "spool").mkdir()
    backlog = Backlog(3, tmp_path / "spool")
    skipped: list[CameraTopic] = []
    settings = with_edge(mosquitto_line, videos=[video])
    [source] = open_sources(settings, [CAMERA], backlog, now=lambda: NOW, skipped=skipped.append)
    source.start()
    try:
        wait_until(lambda: len(skipped) > 2, "pictures that are skipped")
        assert set(skipped) == {CAMERA}
        assert len(backlog) == 3
        assert list((tmp_path / "spool").iterdir()) == []
    finally:
        source.stop()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"folders": [watched(Path("a"), camera="cam-9")]}, r"edge.folders.*line-1/cam-9.*no such camera"),
        (
            {"videos": [{"line": "l", "camera": "c", "url": "0"}]},
            r"edge.videos.*l/c.*Add an \[\[edge.cameras",
        ),
        ({"folders": [watched(Path("a")), watched(Path("a"))]}, r"watched twice"),
    ],
)
def test_a_source_that_is_configured_wrongly_is_refused(
    mosquitto_line: Line, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        started(with_edge(mosquitto_line, **changes), tmp_path / "spool")


def test_a_box_asks_for_its_cameras_or_by_its_filter_alone_or_in_a_group(mosquitto_line: Line) -> None:
    def filters(**changes: Any) -> FrameFilters:
        return FrameFilters(with_edge(mosquitto_line, **changes), [CAMERA])

    stranger = CameraTopic("plant-1", "line-1", "cam-9")
    assert filters().all == [CAMERA.frame, f"{CAMERA.frame}/+"]
    assert filters(shared_group="boxes").all == [
        f"$share/boxes/{CAMERA.frame}",
        f"$share/boxes/{CAMERA.frame}/+",
    ]
    wide = "inspector/v1/plant-1/+/+/frame/#"
    assert filters(topic_filter=wide).all == [wide]
    assert filters(topic_filter=wide).of_stranger(stranger) == []
    assert stranger.frame in filters().of_stranger(stranger)


@pytest.mark.parametrize(
    "wrong", ["#", "inspector/v1/#", "inspector/v1/a/b/c/result", "inspector/v1/a+/b/c/frame", "a/#/b"]
)
def test_a_filter_that_would_bring_something_else_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"edge\.topic_filter"):
        checked(wrong)


def test_a_filter_brings_every_camera_and_strangers_go_to_quarantine(
    mosquitto_line: Line, good_png: bytes
) -> None:
    settings = with_edge(mosquitto_line, topic_filter="inspector/v1/plant-1/+/+/frame/#")
    stranger = CameraTopic("plant-1", "line-7", "cam-9")
    with (
        Observer(settings.mqtt.port) as observer,
        ServiceThread(settings) as service,
        Sender(settings) as known,
        Sender(settings, stranger) as unknown,
    ):
        observer.await_online()
        for number in range(3):
            unknown.send(good_png, id_level=f"stranger-{number}")
            known.send(good_png, id_level=f"known-{number}")
        observer.await_results(3)
        summary = service.end()
    assert summary.quarantined == {"unknown_camera": 3}


class Member:
    """A box of a shared group, without a worker."""

    def __init__(self, settings: Settings, name: str, folder: Path) -> None:
        edge = settings.edge.model_copy(update={"box": name, "shared_group": "boxes"})
        (folder / name).mkdir()
        self.backlog = Backlog(100, folder / name)
        self.intake = Intake(
            settings.model_copy(update={"edge": edge}),
            [CAMERA],
            self.backlog,
            chance=random.Random(0),
            now=lambda: NOW,
        )
        self.intake.start()

    def take_all(self) -> list[str]:
        ids = []
        while (delivery := self.backlog.take(0.5)) is not None:
            ids.append(delivery.topic.rpartition("/")[2])
            self.intake.acknowledge(delivery)
        return ids


def test_boxes_of_a_shared_group_split_the_frames_and_what_one_does_not_finish_is_not_lost(
    mosquitto: MosquittoServer, mosquitto_line: Line, good_png: bytes, tmp_path: Path
) -> None:
    settings = with_edge(mosquitto_line, queue_size=100)
    with Observer(mosquitto.port) as observer, Sender(settings) as camera:
        boxes = [Member(settings, name, tmp_path) for name in ("a", "b")]
        wait_until(lambda: observer.availability.count("online") == 2, "both boxes")
        ids = [f"part-{number}" for number in range(40)]
        for frame_id in ids:
            camera.send(good_png, id_level=frame_id)
        taken = [box.take_all() for box in boxes]
        assert all(taken)
        assert sorted(taken[0] + taken[1]) == sorted(ids)
        more = [f"more-{number}" for number in range(10)]
        for frame_id in more:
            camera.send(good_png, id_level=frame_id)
        wait_until(lambda: sum(len(box.backlog) for box in boxes) == 10, "frames in both boxes")
        boxes[1].intake.connection.stop()
        (tmp_path / "again").mkdir()
        back = Member(settings, "b", tmp_path / "again")
        found: set[str] = set()

        def all_are_taken() -> bool:
            found.update(boxes[0].take_all(), back.take_all())
            return found == set(more)

        wait_until(all_are_taken, "what the stopped box had not finished")
        for box in (boxes[0], back):
            box.intake.connection.stop()
