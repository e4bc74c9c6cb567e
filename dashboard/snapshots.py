"""What the live page shows at one moment, which can be held still."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.clock import start_of_day
from dashboard.context import Moment, records
from dashboard.counting import counts_since, of
from dashboard.filters import Filters
from dashboard.tiles import Totals
from inspector.records import StoredInspection


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at the line.

    Attributes:
        moment: when it was taken.
        filters: the visitor's choice.
        today: totals of the day, of the chosen product and camera.
        newest: the newest inspections of the choice, the newest first.
    """

    moment: Moment
    filters: Filters
    today: Totals
    newest: tuple[StoredInspection, ...]

    @classmethod
    def take(cls, moment: Moment, filters: Filters, frames: int) -> Snapshot:
        """Look at the records now, at no more than so many frames.

        Raises:
            RecordsError: the database cannot be reached.
        """
        today = of(counts_since(start_of_day(moment.now, moment.zone)), filters.product, filters.camera)
        return cls(moment, filters, Totals.of(today), tuple(filters.latest(records(), frames)))
