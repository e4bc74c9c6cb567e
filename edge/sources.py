"""Where frames come from: the broker, watched folders, videos; all behind one small protocol."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol

from edge.backlog import Backlog, Delivery
from edge.problems import Problem
from inspector.errors import SettingsError
from inspector.messages import CameraTopic
from inspector.settings import FolderSettings, Settings, VideoSettings


class Source(Protocol):
    """Puts deliveries into the backlog, and is told when their inspections are on disk."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    def start(self) -> None:
        """Begin, in a thread of its own."""

    def stop(self) -> None:
        """Take no more frames. Deliveries may still be acknowledged afterwards."""

    def acknowledge(self, delivery: Delivery) -> None:
        """The frame is recorded: it need not be kept any more."""

    def give_up(self, delivery: Delivery) -> None:
        """The frame's bytes are lost here: deliver it again, where that is possible."""

    def problem(self) -> Problem | None:
        """What is wrong with it at the moment."""


def open_sources(
    settings: Settings,
    cameras: Collection[CameraTopic],
    backlog: Backlog,
    *,
    now: Callable[[], datetime],
    skipped: Callable[[CameraTopic], None],
) -> list[Source]:
    """The sources beside the broker: folders and videos, not started.

    Args:
        settings: all settings; `edge.folders` and `edge.videos` say which.
        cameras: those that are configured.
        backlog: where frames wait for the pipeline.
        now: the box's clock, UTC.
        skipped: told of each picture of a video that was let go.

    Raises:
        SettingsError: one is for a camera that is not configured, or a folder is watched twice.
    """
    # cv2's video part is loaded by those who have videos alone.
    from edge.folder_source import FolderSource  # noqa: PLC0415
    from edge.video_source import VideoSource  # noqa: PLC0415

    folders = settings.edge.folders
    paths = [folder.path.resolve() for folder in folders]
    for path in paths:
        if paths.count(path) > 1:
            raise SettingsError(
                f"folder {path} is watched twice",
                "its pictures would be inspected twice",
                "Remove one of its [[edge.folders]] tables",
            )
    return [
        *(
            FolderSource(
                folder, _topic(settings, cameras, folder), backlog, settings.edge.queue_size, now=now
            )
            for folder in folders
        ),
        *(
            VideoSource(video, _topic(settings, cameras, video), backlog, now=now, skipped=skipped)
            for video in settings.edge.videos
        ),
    ]


def _topic(
    settings: Settings, cameras: Collection[CameraTopic], source: FolderSettings | VideoSettings
) -> CameraTopic:
    topic = CameraTopic(settings.site, source.line, source.camera)
    if topic not in cameras:
        table = "edge.folders" if isinstance(source, FolderSettings) else "edge.videos"
        raise SettingsError(
            f"[[{table}]] names camera {topic.line}/{topic.camera}",
            "no such camera is configured",
            "Add an [[edge.cameras]] table for it, with its product",
        )
    return topic
