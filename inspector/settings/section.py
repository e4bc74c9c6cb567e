"""What every section of the settings has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section: its keys are known ones, and do not change while the program runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)
