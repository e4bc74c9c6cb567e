"""What frames look like to the network that judged them, and which of them are alike.

Vectors are compared one by one, the newest first and up to a bound: no index of the database knows nearness.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Row, Select, insert, select

from inspector.records.database import explained
from inspector.records.tables import EmbeddingRow, InspectionRow
from inspector.records.values import StoredInspection

COMPARED: Final = 50_000
"""Frames that one is compared with at most, the newest."""
_AT_ONCE: Final = 2_000
"""Vectors that are read at once, so that memory holds a few megabytes."""
_FLOAT: Final = np.dtype("<f2")


@dataclass(frozen=True, slots=True, eq=False)
class StoredEmbedding:
    """A frame's global descriptor as it is stored: its direction, in half precision.

    Attributes:
        network: identity of the network it is by; those of different networks do not compare.
        vector: float32 `[D]` of length 1; all 0 where the network gave nothing else.
    """

    network: str
    vector: NDArray[np.float32]

    @classmethod
    def of(cls, network: str, embedding: NDArray[np.float32]) -> StoredEmbedding:
        """What is stored of an embedding, float32 `[D]` of any length."""
        # Of length 1 before it becomes float16, whose largest number is 65504.
        wide = np.asarray(embedding, np.float64)
        length = float(np.linalg.norm(wide))
        return cls(network, (wide / length if length else wide).astype(np.float32))


@dataclass(frozen=True, slots=True)
class SimilarFrame:
    """A frame that is like another.

    Attributes:
        inspection: the frame's record.
        likeness: cosine of both embeddings, -1..1; 1 is the same.
    """

    inspection: StoredInspection
    likeness: float


@dataclass(frozen=True, slots=True)
class SimilarFrames:
    """What was found for a frame.

    Attributes:
        frames: the most alike first.
        compared: with so many frames it was compared.
        has_more: whether older ones were left out, for the bound.
    """

    frames: tuple[SimilarFrame, ...]
    compared: int
    has_more: bool


class Embeddings:
    """The embeddings of one database; `Records.embeddings` is one. `Records.add_all` stores them.

    Args:
        engine: for reading.
        known: inspections by frame id.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, known: Callable[[Collection[str]], dict[str, StoredInspection]], name: str
    ) -> None:
        self._engine, self._known, self._name = engine, known, name

    def of(self, frame_ids: Collection[str]) -> dict[str, StoredEmbedding]:
        """Those of some frames that have one, by frame id.

        Raises:
            RecordsError: the database cannot be reached.
        """
        if not frame_ids:
            return {}
        query = (
            select(InspectionRow.frame_id, EmbeddingRow.network, EmbeddingRow.vector)
            .join(EmbeddingRow, EmbeddingRow.inspection_id == InspectionRow.id)
            .where(InspectionRow.frame_id.in_(frame_ids))
        )
        with explained(f"embeddings cannot be read from {self._name}"), self._engine.connect() as connection:
            return {
                row.frame_id: StoredEmbedding(row.network, _vector(row.vector))
                for row in connection.execute(query)
            }

    def similar_to(self, frame_id: str, *, limit: int, compared: int = COMPARED) -> SimilarFrames | None:
        """The frames of the same product, by the same network, that look most alike.

        Args:
            frame_id: the frame; it is not among them.
            limit: at most so many.
            compared: only the newest so many are looked at, by the order in which they were stored.

        Returns:
            None where the frame is not stored or has no embedding.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: `limit` or `compared` is below 1.
        """
        if min(limit, compared) < 1:
            raise ValueError(f"limit is {limit} and compared {compared}; both must be 1 or more")
        columns = (
            EmbeddingRow.inspection_id,
            EmbeddingRow.product,
            EmbeddingRow.network,
            EmbeddingRow.dimension,
            EmbeddingRow.vector,
        )
        query = select(*columns).join(InspectionRow, InspectionRow.id == EmbeddingRow.inspection_id)
        with explained(f"embeddings cannot be read from {self._name}"), self._engine.connect() as connection:
            here = connection.execute(query.where(InspectionRow.frame_id == frame_id)).one_or_none()
            if here is None:
                return None
            keys, likenesses = _likenesses(connection, here, compared + 1)
            has_more = len(keys) > compared
            keys, likenesses = keys[:compared], likenesses[:compared]
            best = np.argsort(-likenesses, kind="stable")[:limit]
            names = _frame_ids(connection, keys[best].tolist())
        found = self._known(list(names.values()))
        frames = tuple(
            SimilarFrame(found[names[key]], float(likeness))
            for key, likeness in zip(keys[best].tolist(), likenesses[best], strict=True)
            # Somebody may have removed it since.
            if key in names and names[key] in found
        )
        return SimilarFrames(frames, len(keys), has_more)


def insert_embeddings(
    connection: Connection,
    new: Sequence[tuple[StoredInspection, int]],
    embeddings: Mapping[str, StoredEmbedding],
) -> None:
    """Store the embeddings of new inspections.

    Args:
        connection: of the transaction that stores the inspections.
        new: inspections with their keys.
        embeddings: by frame id; of some of them.
    """
    rows = [
        {
            "inspection_id": key,
            "product": record.product,
            "network": embedding.network,
            "dimension": int(embedding.vector.size),
            "vector": embedding.vector.astype(_FLOAT).tobytes(),
        }
        for record, key in new
        if (embedding := embeddings.get(record.frame_id)) is not None
    ]
    if rows:
        connection.execute(insert(EmbeddingRow), rows)


def _likenesses(
    connection: Connection, here: Row[int, str, str, int, bytes], most: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Keys of the newest comparable frames but this one, and how like it they are; both `[N]`."""
    query = (
        select(EmbeddingRow.inspection_id, EmbeddingRow.vector)
        .where(
            EmbeddingRow.product == here.product,
            EmbeddingRow.network == here.network,
            EmbeddingRow.dimension == here.dimension,
            EmbeddingRow.inspection_id != here.inspection_id,
        )
        .order_by(EmbeddingRow.inspection_id.desc())
        .limit(most)
    )
    wanted = _vector(here.vector)
    keys = [np.empty(0, np.int64)]
    likenesses = [np.empty(0, np.float32)]
    for part, vectors in _parts(connection, query):
        keys.append(part)
        likenesses.append(vectors.reshape(len(part), wanted.size) @ wanted)
    return np.concatenate(keys), np.concatenate(likenesses)


def _parts(
    connection: Connection, query: Select[int, bytes]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Keys `[n]` and their vectors, one behind the other, of some rows at a time."""
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(query)
    for part in rows.partitions():
        joined = b"".join(row.vector for row in part)
        yield np.array([row.inspection_id for row in part], np.int64), _vector(joined)


def _vector(data: bytes) -> NDArray[np.float32]:
    return np.frombuffer(data, _FLOAT).astype(np.float32)


def _frame_ids(connection: Connection, keys: Sequence[int]) -> dict[int, str]:
    query = select(InspectionRow.id, InspectionRow.frame_id).where(InspectionRow.id.in_(keys))
    return {row.id: row.frame_id for row in connection.execute(query)}
