"""The figures that are watched, each as one number a frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class DriftKind(StrEnum):
    """Where a change comes from."""

    CAMERA = "camera"
    """Light, optics or mounting: mend it, and the model is right again."""
    PROCESS = "process"
    """The parts: the model has to learn them, or the process has to be mended."""


class What(StrEnum):
    """What is watched of a camera's frames."""

    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    SHARPNESS = "sharpness"
    GRAIN = "grain"
    RED = "red"
    BLUE = "blue"
    SHIFT_X = "shift_x"
    SHIFT_Y = "shift_y"
    SCORE = "score"
    EMBEDDING = "embedding"
    REJECTS = "rejects"


class Surround(StrEnum):
    """What is noted of the part's surround: no alarm comes from it, but it says where one comes from."""

    BRIGHTNESS = "surround_brightness"
    RED = "surround_red"
    BLUE = "surround_blue"


@dataclass(frozen=True, slots=True)
class Channel:
    """A column of the watched values.

    Attributes:
        name: what it is.
        least_scale: smallest spread that is taken for the usual one: steadier pictures are not watched more
            closely, because nobody would mend what they show.
        needs_model: a figure of the network, which pictures that it was trained on do not tell truly.
    """

    name: What | Surround
    least_scale: float
    needs_model: bool = False


CHANNELS: Final = (
    Channel(What.BRIGHTNESS, 0.01),  # ln of luma
    Channel(What.CONTRAST, 0.005),
    Channel(What.SHARPNESS, 0.03),  # ln
    Channel(What.GRAIN, 0.05),  # ln
    Channel(What.RED, 0.004),
    Channel(What.BLUE, 0.004),
    Channel(What.SHIFT_X, 0.4),  # pixels of the frame as captured
    Channel(What.SHIFT_Y, 0.4),
    Channel(What.SCORE, 1e-6, needs_model=True),
    Channel(What.EMBEDDING, 0.02, needs_model=True),
    Channel(Surround.BRIGHTNESS, 0.01),
    Channel(Surround.RED, 0.004),
    Channel(Surround.BLUE, 0.004),
)
"""Every column. Whether a frame was rejected is watched beside them: it is no measure with a spread."""
COLUMN: Final = {channel.name: number for number, channel in enumerate(CHANNELS)}
WATCHED: Final = tuple(number for number, channel in enumerate(CHANNELS) if isinstance(channel.name, What))
MODEL_COLUMNS: Final = tuple(number for number, channel in enumerate(CHANNELS) if channel.needs_model)
