"""Which frames a box asks the broker for."""

from __future__ import annotations

from collections.abc import Collection

from inspector.errors import SettingsError
from inspector.messages import PREFIX, CameraTopic
from inspector.settings import Settings


class FrameFilters:
    """A box's subscriptions to frames.

    By default one pair for each camera, without and with an id level. A topic filter in the settings takes
    their place: it spares hundreds of subscriptions, and the frames of cameras that it matches and nobody has
    configured go to quarantine. In a shared group (MQTT 5, section 4.8.2; mosquitto has them under 3.1.1 too)
    the broker gives each frame to one member: several boxes split the work of the same cameras.

    Args:
        settings: site, topic filter and shared group.
        cameras: those that are configured.

    Raises:
        SettingsError: the topic filter is no filter, or none for frames.
    """

    def __init__(self, settings: Settings, cameras: Collection[CameraTopic]) -> None:
        edge = settings.edge
        self._prefix = "" if edge.shared_group is None else f"$share/{edge.shared_group}/"
        self._has_own_filter = edge.topic_filter is not None
        if edge.topic_filter is None:
            self._topics = [topic for camera in cameras for topic in _topics_of(camera)]
        else:
            self._topics = [checked(edge.topic_filter)]

    @property
    def all(self) -> list[str]:
        """The subscriptions."""
        return [f"{self._prefix}{topic}" for topic in self._topics]

    def of_stranger(self, camera: CameraTopic) -> list[str]:
        """Subscriptions that bring frames of a camera that is not configured: older settings asked for them.

        Empty with a topic filter: what it matches is asked for still.
        """
        if self._has_own_filter:
            return []
        return [f"{prefix}{topic}" for prefix in {"", self._prefix} for topic in _topics_of(camera)]


def checked(topic_filter: str) -> str:
    """A topic filter that follows the standard (MQTT 5, section 4.7) and brings nothing but frames.

    Raises:
        SettingsError: it does not.
    """
    levels = topic_filter.split("/")
    what = f"edge.topic_filter {topic_filter!r} is not usable"
    remedy = f"Write one such as {PREFIX}/SITE/+/+/frame/#"
    for number, level in enumerate(levels):
        is_last = number == len(levels) - 1
        if "#" in level and (level != "#" or not is_last):
            raise SettingsError(what, "# stands alone, as the last level", remedy)
        if "+" in level and level != "+":
            raise SettingsError(what, "+ stands alone in its level", remedy)
    frame_level = 5
    if "/".join(levels[:2]) != PREFIX or len(levels) <= frame_level or levels[frame_level] != "frame":
        raise SettingsError(what, "it would bring more than frames, or none", remedy)
    return topic_filter


def _topics_of(camera: CameraTopic) -> tuple[str, str]:
    return camera.frame, f"{camera.frame}/+"
