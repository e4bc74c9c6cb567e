"""What candidates would have changed, kept: who promotes one can be asked later what was known."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection, Engine, insert, select

from inspector.records.database import explained
from inspector.records.tables import FlipRow, PreviewRow
from inspector.records.values import StoredFlip, StoredPreview, with_zone
from inspector.results import Verdict


class Previews:
    """The flip previews of one database; `Records.previews` is one.

    Args:
        engine: for reading.
        transaction: begins one that writes.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, transaction: Callable[[], AbstractContextManager[Connection]], name: str
    ) -> None:
        self._engine, self._transaction, self._name = engine, transaction, name

    def add(self, preview: StoredPreview) -> int:
        """Store a preview with its flips; its number.

        Raises:
            ValueError: its time has no zone.
            RecordsError: the database cannot be reached or written.
        """
        values = {
            "product": preview.product,
            "active": preview.active,
            "candidate": preview.candidate,
            "made_at": with_zone(preview.made_at),
            "frames": preview.frames,
            "reasons": list(preview.reasons),
        }
        with explained(f"the preview cannot be stored in {self._name}"), self._transaction() as connection:
            key = connection.execute(
                insert(PreviewRow).values(**values).returning(PreviewRow.id)
            ).scalar_one()
            flips = [
                {
                    "preview_id": key,
                    "position": position,
                    "frame": flip.frame,
                    "origin": flip.origin,
                    "truth": flip.truth,
                    "verdict_before": flip.before,
                    "verdict_after": flip.after,
                    "score_before": flip.score_before,
                    "score_after": flip.score_after,
                }
                for position, flip in enumerate(preview.flips)
            ]
            if flips:
                connection.execute(insert(FlipRow), flips)
        return int(key)

    def latest(self, product: str, *, limit: int = 20) -> list[StoredPreview]:
        """The newest previews of a product with their flips, the newest first.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = (
            select(
                PreviewRow.id,
                PreviewRow.product,
                PreviewRow.active,
                PreviewRow.candidate,
                PreviewRow.made_at,
                PreviewRow.frames,
                PreviewRow.reasons,
            )
            .where(PreviewRow.product == product)
            .order_by(PreviewRow.id.desc())
            .limit(limit)
        )
        with (
            explained(f"previews cannot be read from {self._name}"),
            self._engine.connect() as connection,
        ):
            found = connection.execute(query).all()
            flips = _flips(connection, [row.id for row in found])
        return [
            StoredPreview(
                product=row.product,
                active=row.active,
                candidate=row.candidate,
                made_at=row.made_at,
                frames=row.frames,
                reasons=tuple(row.reasons),
                flips=tuple(flips.get(row.id, ())),
            )
            for row in found
        ]


def _flips(connection: Connection, keys: list[int]) -> dict[int, list[StoredFlip]]:
    query = (
        select(
            FlipRow.preview_id,
            FlipRow.frame,
            FlipRow.origin,
            FlipRow.truth,
            FlipRow.verdict_before,
            FlipRow.verdict_after,
            FlipRow.score_before,
            FlipRow.score_after,
        )
        .where(FlipRow.preview_id.in_(keys))
        .order_by(FlipRow.preview_id, FlipRow.position)
    )
    flips: dict[int, list[StoredFlip]] = {}
    for row in connection.execute(query):
        flips.setdefault(row.preview_id, []).append(
            StoredFlip(
                frame=row.frame,
                origin=row.origin,
                truth=row.truth,
                before=Verdict(row.verdict_before),
                after=Verdict(row.verdict_after),
                score_before=row.score_before,
                score_after=row.score_after,
            )
        )
    return flips
