"""A box that follows the registry: what is promoted there judges here some seconds later.

Only a change in the registry is acted upon. Who sets a model on this box by its topic, for a trial, keeps it
until somebody promotes or rolls back; a restart does not undo that.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from edge.model_store import MODELS_FOLDER
from edge.models import Models
from edge.problems import Problem
from inspector.durability import write_durably
from inspector.errors import RecordsError
from inspector.model_messages import ModelSetMessage
from inspector.records import Records, RegisteredBundle

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

EVERY_S: Final = 2.0
FOLLOWED_NAME: Final = "followed.json"
_REMEDY = "Check the database that the registry is in, and the network; the active model goes on"


class Following:
    """Looks into the registry every now and then, in a thread of its own.

    Args:
        url: SQLAlchemy URL of the database that the registry is in.
        data_dir: the box's data folder.
        models: is asked for what is promoted.
        every_s: seconds between looks.
    """

    def __init__(self, url: str, data_dir: Path, models: Models, *, every_s: float = EVERY_S) -> None:
        self._url, self._data_dir, self._models, self._every_s = url, data_dir, models, every_s
        self._records: Records | None = None
        self._asked: dict[str, bytes] = {}
        self._problem: Problem | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="following", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(5.0)
        if self._records is not None:
            self._records.close()

    def problem(self) -> Problem | None:
        """The registry cannot be read."""
        return self._problem

    def look(self) -> None:
        """Look once, and ask for what has changed.

        Raises:
            RecordsError: the registry cannot be read.
            OSError: the data folder cannot be written.
        """
        if self._records is None:
            self._records = Records.open(self._url)
        for product in self._models.products:
            active = self._records.bundles.active(product)
            if active is not None and _mark(active) != self._followed(product):
                self._follow(active)

    def _follow(self, active: RegisteredBundle) -> None:
        """Ask once; when the box has answered, remember that, over restarts too."""
        product, mark = active.product, _mark(active)
        request_id = f"registry-{active.changed_at.isoformat()}"
        state, _ = self._models.states()[product]
        is_refused = state.request_id == request_id and state.status == "refused"
        if state.active == active.version or is_refused:
            write_durably(self._path(product), mark)
        elif self._asked.get(product) != mark:
            log.info("registry has another model", product=product, version=active.version)
            request = ModelSetMessage(
                product=product,
                version=active.version,
                source=active.location,
                request_id=request_id,
                requested_by="registry",
                reason="promoted in the registry",
            )
            self._models.ask(product, request)
            self._asked[product] = mark

    def _followed(self, product: str) -> bytes | None:
        try:
            return self._path(product).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, product: str) -> Path:
        return self._data_dir / MODELS_FOLDER / product / FOLLOWED_NAME

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
                if self._problem is not None:
                    log.info("registry is back")
                self._problem = None
            except (RecordsError, OSError) as error:
                if self._problem is None:
                    log.warning("registry cannot be read", why=str(error), remedy=_REMEDY)
                self._problem = Problem("the registry cannot be read", str(error), _REMEDY)
            except Exception:  # the line must not depend on it
                log.exception("following the registry has stumbled")
            self._stopping.wait(self._every_s)


def _mark(active: RegisteredBundle) -> bytes:
    """What is known of a promotion."""
    at: datetime = active.changed_at
    return json.dumps({"version": active.version, "changed_at": at.isoformat()}).encode() + b"\n"
