"""Settings of the shift report: when shifts begin, in which zone, and in which language it is written."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from inspector.describing.words import Language
from inspector.settings.section import Section

THIS_SHIFT: Final = "this"
LAST_SHIFT: Final = "last"
"""Words that name a shift by the clock; no shift of the settings may be called so."""


class ReportSettings(Section):
    """The shift report."""

    zone: str | None = Field(
        None,
        title="Time zone",
        description="Of shifts and times, such as Europe/Berlin; the machine's own (the page: the browser's)",
    )
    language: Language = Field("en", title="Language", description="Language of the report: en or zh")
    font: Path | None = Field(
        None,
        title="Font",
        description="TrueType font, put into PDFs for other than western letters; without, the reader's own",
    )
    shifts: dict[str, time] = Field(
        {"early": time(6), "late": time(14), "night": time(22)},
        title="Shifts",
        description="When each shift begins; it ends when the next one begins",
        min_length=1,
    )

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, zone: str | None) -> str | None:
        if zone is not None:
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError(
                    f"the time zone {zone!r} is not known here; names are those of the tz database"
                ) from error
        return zone

    @field_validator("shifts")
    @classmethod
    def _shifts_are_apart(cls, shifts: dict[str, time]) -> dict[str, time]:
        if len(set(shifts.values())) < len(shifts):
            raise ValueError("two shifts begin at the same time")
        if any(begin.tzinfo is not None for begin in shifts.values()):
            raise ValueError("the time of a shift has a zone of its own; give one for all as `zone`")
        if reserved := [name for name in shifts if name in (THIS_SHIFT, LAST_SHIFT) or not name]:
            raise ValueError(f"no shift can be called {reserved[0]!r}")
        return shifts
