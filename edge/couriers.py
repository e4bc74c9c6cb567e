"""The two ways out of the outbox: the broker's topics, and the plant's database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from edge.clients import Publication
from edge.connection import Connection
from inspector.errors import BrokerError, MessageError
from inspector.messages import CameraTopic, DescriptionMessage, ResultMessage
from inspector.records import OutboxEntry, Records, StoredEmbedding, StoredInspection, Told

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

_LOOK_S = 0.25


class BrokerCourier:
    """Publishes results and descriptions with QoS 1.

    Args:
        connection: to the broker. It delivers by itself, over losses, what it has been given.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def deliver(self, entries: Sequence[OutboxEntry], stopping: threading.Event) -> bool:
        """See `edge.relay.Courier`.

        Raises:
            BrokerError: the broker refuses.
        """
        # Without a connection they would wait in memory, and after a restart of this loop once more.
        while not self._connection.is_connected:
            if stopping.wait(_LOOK_S):
                return False
        refused = self._connection.refused
        for entry in entries:
            publication = _publication(entry)
            if publication is not None:
                self._connection.publish(publication)
        while not self._connection.wait_confirmed(0, _LOOK_S):
            if stopping.is_set():
                return False
        if self._connection.refused != refused:
            raise BrokerError(
                f"broker {self._connection.address} refuses results",
                "its access list does not permit them",
                "Let this box publish on the result and description topics of its site",
            )
        return True

    def close(self) -> None:
        """The connection is the service's."""


class CentralCourier:
    """Copies inspections and descriptions into the plant's database, once each, by frame id.

    Args:
        url: SQLAlchemy URL of that database.
        data_dir: the box's data folder: pictures that lie in it are named by absolute ``file:`` URIs there.
        embeddings: those of frames that have one, by frame id; they are copied too.
    """

    def __init__(
        self,
        url: str,
        data_dir: Path,
        embeddings: Callable[[Collection[str]], dict[str, StoredEmbedding]],
    ) -> None:
        self._url, self._data_dir, self._embeddings = url, data_dir, embeddings
        self._central: Records | None = None

    def deliver(self, entries: Sequence[OutboxEntry], stopping: threading.Event) -> bool:  # noqa: ARG002
        """See `edge.relay.Courier`.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        if self._central is None:
            self._central = Records.open(self._url)
        results = [self._abroad(entry.record) for entry in entries if entry.what is Told.RESULT]
        if results:
            embeddings = self._embeddings([record.frame_id for record in results])
            self._central.add_all(results, embeddings=embeddings)
        for entry in entries:
            if entry.what is Told.DESCRIPTION and entry.record.description is not None:
                self._describe(self._central, entry.record)
        return True

    def close(self) -> None:
        """Close the connections."""
        if self._central is not None:
            self._central.close()

    def _describe(self, central: Records, record: StoredInspection) -> None:
        assert record.description is not None  # noqa: S101 - for the type checker
        try:
            central.describe(record.frame_id, record.description)
        except ValueError:  # the centre holds another inspection under this id; trying again does not help
            log.exception("description does not fit the plant's record", frame_id=record.frame_id)

    def _abroad(self, record: StoredInspection) -> StoredInspection:
        """The record as others may read it."""
        return replace(
            record,
            description=None,
            evidence=self._uri(record.evidence),
            evidence_map=self._uri(record.evidence_map),
        )

    def _uri(self, path: str | None) -> str | None:
        if path is None or "://" in path:
            return path
        return (self._data_dir / path).absolute().as_uri()


def _publication(entry: OutboxEntry) -> Publication | None:
    """The message of an entry; None, with an error in the log, where a row of something else allows none."""
    record = entry.record
    try:
        topic = CameraTopic(record.site, record.line, record.camera)
        if entry.what is Told.RESULT:
            return Publication(topic.result, ResultMessage.of(record).model_dump_json().encode())
        return Publication(topic.description, DescriptionMessage.of(record).model_dump_json().encode())
    except (MessageError, ValueError):
        log.exception("result cannot be told", frame_id=record.frame_id, what=entry.what.value)
        return None
