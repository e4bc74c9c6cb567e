"""A real camera and box on the broker of docker/mosquitto, and messages that are sent again or forged."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from pathlib import Path

from edge.camera import CameraPlan, CameraStats, publish_pictures
from edge.clients import Publication
from edge.connection import Connection
from edge.disturbances import Disturbances
from inspector.frames import encode_png
from inspector.inspecting import utc_now
from inspector.messages import CameraTopic, availability_topic
from inspector.pki.members import Member
from inspector.results import Verdict
from inspector.settings import MqttSettings, Settings
from tests.campaigns.plant import BOX_1, CAM_1, MES, SITE
from tests.campaigns.tries import Scene
from tests.edge.rig import Line, ServiceThread, wait_until
from tests.services import HOST
from tests.tiny_bundle import tiny_part

GOOD, BAD = 4, 3
CAMERA = CameraTopic(SITE, "line-1", "cam-1")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a box made of what it was sent.

    Attributes:
        sent: by the camera.
        verdicts: of the camera's frames, in their order.
        after_replay: records after one of the frames came again, as it was.
        forged: reason of the record of another picture under a used id.
        under_new_id: verdict of an old picture under a new id.
    """

    sent: CameraStats
    verdicts: list[Verdict]
    after_replay: int
    forged: str
    under_new_id: Verdict


def mqtt_settings(scene: Scene, member: Member) -> MqttSettings:
    """How a member connects; its own protocol is `auto`."""
    tls = scene.identities.member(member).tls()
    return MqttSettings(host=HOST, port=scene.broker.port, tls=tls)


def box_settings(scene: Scene, folder: Path, bundle: Path) -> Settings:
    """Of the first box, with its first camera."""
    line = Line.write(folder, bundle, scene.broker.port)
    return line.settings.model_copy(update={"mqtt": mqtt_settings(scene, BOX_1)})


def watch_line(scene: Scene, folder: Path, bundle: Path) -> Seen:
    """Let a camera publish, a box judge, and then send again and forge in the camera's own name."""
    pictures = folder / "pictures"
    pictures.mkdir()
    for number in range(GOOD + BAD):
        picture = tiny_part(number, defect=number >= GOOD)
        (pictures / f"{number}.png").write_bytes(encode_png(picture))
    files = sorted(pictures.iterdir())
    plan = CameraPlan(CAMERA, "washer", files, 0, len(files), None, Disturbances())
    line = Line(folder / "inspector.toml", box_settings(scene, folder, bundle))
    sent: list[str] = []
    camera = Connection(mqtt_settings(scene, CAM_1), "camera", chance=random.Random(0))  # noqa: S311 - waits
    with ServiceThread(line.settings):
        camera.start()
        try:
            await_box(scene)
            stop = threading.Event()
            camera.await_broker(stop, 20)
            stats = publish_pictures(
                camera, plan, stop, now=utc_now, on_sent=lambda frame_id, _: sent.append(frame_id)
            )
            rows = line.await_all_rows(len(files))
            verdicts = [rows[frame_id].verdict for frame_id in sent]

            def send(frame_id: str, picture: Path) -> None:
                stamp = rows[sent[0]].captured_at.isoformat()
                camera.publish(
                    Publication(CAMERA.frame, picture.read_bytes()),
                    {"frame-id": frame_id, "captured-at": stamp, "product": "washer"},
                )

            send(sent[0], files[0])
            send("old-picture-new-id", files[0])
            rows = line.await_rows(len(files) + 1)
            under_new_id = rows["old-picture-new-id"].verdict
            after_replay = len(rows) - 1
            camera.publish(
                Publication(CAMERA.frame, files[-1].read_bytes()),
                {"frame-id": sent[0], "captured-at": utc_now().isoformat(), "product": "washer"},
            )
            known = set(rows)
            rows = line.await_rows(len(known) + 1)
            [forged] = set(rows) - known
            return Seen(stats, verdicts, after_replay, rows[forged].reason, under_new_id)
        finally:
            camera.stop()


def await_box(scene: Scene) -> None:
    """Wait until the box has subscribed: before that, the broker knows nobody to keep frames for."""
    with scene.visitor(scene.identities.member(MES)) as looking:
        looking.subscribe(availability_topic(SITE, "box-1"))
        wait_until(lambda: any(b"online" in one for one in looking.payloads), "the box is there")
