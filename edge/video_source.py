"""Frames from a live video: RTSP, HTTP or a camera at the box itself, by OpenCV.

A live picture cannot be asked to wait. So where a frame has no room in the backlog it is let go, and counted.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray

from edge.backlog import Backlog, Delivery
from edge.backoff import Backoff
from edge.problems import Problem
from inspector.messages import PROPERTY_CAPTURED_AT, PROPERTY_FRAME_ID, CameraTopic
from inspector.settings import VideoSettings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

_OPEN_TIMEOUT_MS, _READ_TIMEOUT_MS = 5000, 5000
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 30.0
_REMEDY = "Check the camera's power, network, address and password; it is tried again by itself"


class VideoSource:
    """Takes pictures from a video at a rate.

    Every picture of the stream is fetched, because a stream that is not read ages in its buffers; only those
    that are due are decoded and delivered. They become PNG: a delivery is bytes, and the evidence must be
    exactly what was judged, which a JPEG of it would not be.

    Args:
        settings: the video.
        topic: the camera it is.
        backlog: where frames wait for the pipeline.
        now: the box's clock, UTC.
        skipped: told of each picture that was due and for which there was no room.
        chance: source of randomness for waits between attempts.
    """

    def __init__(
        self,
        settings: VideoSettings,
        topic: CameraTopic,
        backlog: Backlog,
        *,
        now: Callable[[], datetime],
        skipped: Callable[[CameraTopic], None],
        chance: random.Random | None = None,
    ) -> None:
        self._settings, self._topic, self._backlog, self._now = settings, topic, backlog, now
        self._skipped = skipped
        chance = chance or random.Random()  # noqa: S311 - spreads retries
        self._backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S, chance)
        self._number = 0
        self._problem: Problem | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"video-{topic.camera}", daemon=True)

    @property
    def name(self) -> str:
        """What a person calls it; without the password that the address may hold."""
        return f"video {re.sub(r'//[^/@]*@', '//', self._settings.url)}"

    def problem(self) -> Problem | None:
        """The camera is away."""
        return self._problem

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more pictures."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_READ_TIMEOUT_MS / 1000 + 1)

    def acknowledge(self, delivery: Delivery) -> None:
        """Nothing keeps the picture."""

    def give_up(self, delivery: Delivery) -> None:  # noqa: ARG002 - a Source's
        """The picture is gone: count it."""
        self._skipped(self._topic)

    def _run(self) -> None:
        while not self._stopping.is_set():
            capture = self._open()
            why = self._read_all(capture) if capture.isOpened() else "it cannot be opened"
            capture.release()
            if not self._stopping.is_set():
                self._wait(why)

    def _open(self) -> cv2.VideoCapture:
        url = self._settings.url
        if url.isdecimal():
            return cv2.VideoCapture(int(url))
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            _OPEN_TIMEOUT_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            _READ_TIMEOUT_MS,
        ]
        return cv2.VideoCapture(url, cv2.CAP_FFMPEG, timeouts)

    def _read_all(self, capture: cv2.VideoCapture) -> str:
        """Deliver pictures until the video ends; why it did."""
        due = time.monotonic()
        while not self._stopping.is_set():
            if not capture.grab():
                return "no picture comes any more"
            if time.monotonic() < due:
                continue
            is_read, picture = capture.retrieve()
            if not is_read or picture is None:
                return "a picture cannot be decoded"
            self._works()
            due = max(due + 1 / self._settings.frames_per_s, time.monotonic() - 1)
            self._deliver(np.asarray(picture, np.uint8))
        return ""

    def _deliver(self, picture: NDArray[np.uint8]) -> None:
        if self._backlog.is_full:
            self._skipped(self._topic)
            return
        now = self._now()
        is_encoded, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        if not is_encoded:
            self._skipped(self._topic)
            return
        self._number += 1
        place = f"{self._topic.line}.{self._topic.camera}"[:80]
        self._backlog.put(
            Delivery(
                number=self._number,
                topic=self._topic.frame,
                payload=data.tobytes(),
                properties={
                    PROPERTY_FRAME_ID: f"{place}-{now:%Y%m%dT%H%M%S%f}-{self._number:06}",
                    PROPERTY_CAPTURED_AT: now.isoformat(),
                },
                message_id=0,
                arrived_at=now,
                started=time.perf_counter(),
                source=self,
            )
        )

    def _works(self) -> None:
        self._backoff.reset()
        if self._problem is not None:
            self._problem = None
            log.info("video is back", video=self.name)

    def _wait(self, why: str) -> None:
        wait_s = self._backoff.next_s()
        problem = Problem(f"{self.name} gives no pictures", why, _REMEDY)
        if problem != self._problem:
            log.error(
                "video gives no pictures",
                video=self.name,
                why=why,
                remedy=_REMEDY,
                again_in_s=round(wait_s, 1),
            )
        self._problem = problem
        self._stopping.wait(wait_s)
