"""Which bundles there are, and which one is active for each product. `inspector.registry` keeps the files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, Engine, Executable, select, update

from inspector.errors import RegistryError
from inspector.records.audit import append
from inspector.records.database import explained
from inspector.records.outbox import insert_ignoring
from inspector.records.tables import BundleRow
from inspector.records.values import AuditEntry, RegisteredBundle, Stage

_COLUMNS = (
    BundleRow.product,
    BundleRow.version,
    BundleRow.stage,
    BundleRow.location,
    BundleRow.parent,
    BundleRow.added_at,
    BundleRow.added_by,
    BundleRow.changed_at,
)


class Bundles:
    """The registry's table in one database; `Records.bundles` is one.

    Args:
        engine: for reading.
        transaction: begins one that writes.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, transaction: Callable[[], AbstractContextManager[Connection]], name: str
    ) -> None:
        self._engine, self._transaction, self._name = engine, transaction, name

    def add(self, bundle: RegisteredBundle, entry: AuditEntry) -> bool:
        """Note a bundle; False when it is known already, and everything stays as it is.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        values = {
            "product": bundle.product,
            "version": bundle.version,
            "stage": bundle.stage,
            "location": bundle.location,
            "parent": bundle.parent,
            "added_at": bundle.added_at,
            "added_by": bundle.added_by,
            "changed_at": bundle.changed_at,
        }
        with explained(f"the registry in {self._name} cannot be written"), self._transaction() as connection:
            statement = (
                insert_ignoring(connection, BundleRow)
                .values(**values)
                .on_conflict_do_nothing(index_elements=[BundleRow.product, BundleRow.version])
                .returning(BundleRow.id)
            )
            is_new = connection.execute(statement).scalar_one_or_none() is not None
            if is_new:
                append(connection, entry)
        return is_new

    def get(self, product: str, version: str) -> RegisteredBundle | None:
        """One bundle, or None.

        Raises:
            RecordsError: the database cannot be reached.
        """
        found = self._read(
            select(*_COLUMNS).where(BundleRow.product == product, BundleRow.version == version)
        )
        return found[0] if found else None

    def of(self, product: str | None = None) -> list[RegisteredBundle]:
        """All bundles, or those of a product; by product, and the latest addition first.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = select(*_COLUMNS).order_by(BundleRow.product, BundleRow.id.desc())
        return self._read(query if product is None else query.where(BundleRow.product == product))

    def active(self, product: str) -> RegisteredBundle | None:
        """The bundle that judges a product; None where none was promoted yet.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = select(*_COLUMNS).where(BundleRow.product == product, BundleRow.stage == Stage.ACTIVE)
        found = self._read(query)
        return found[0] if found else None

    def previous(self, product: str) -> RegisteredBundle | None:
        """The bundle that judged before; None where there was none.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = (
            select(*_COLUMNS)
            .where(BundleRow.product == product, BundleRow.stage == Stage.RETIRED)
            .order_by(BundleRow.changed_at.desc(), BundleRow.id.desc())
            .limit(1)
        )
        found = self._read(query)
        return found[0] if found else None

    def activate(self, product: str, version: str, entry: AuditEntry) -> None:
        """Make a bundle the active one and retire the one before, in one transaction with the audit entry.

        Raises:
            RegistryError: the bundle is not known, or is active already.
            RecordsError: the database cannot be reached or written.
        """
        mine = BundleRow.product == product
        with explained(f"the registry in {self._name} cannot be written"), self._transaction() as connection:
            query = select(BundleRow.stage).where(mine, BundleRow.version == version).with_for_update()
            stage = connection.execute(query).scalar_one_or_none()
            if stage is None:
                raise RegistryError(
                    f"bundle {version} of {product} cannot be promoted",
                    "the registry does not know it",
                    "Register it with `inspector registry add`",
                )
            if stage is Stage.ACTIVE:
                raise RegistryError(f"bundle {version} of {product} is active already")
            at: dict[str, Any] = {"changed_at": entry.happened_at}
            connection.execute(
                update(BundleRow)
                .where(mine, BundleRow.stage == Stage.ACTIVE)
                .values(stage=Stage.RETIRED, **at)
            )
            connection.execute(
                update(BundleRow).where(mine, BundleRow.version == version).values(stage=Stage.ACTIVE, **at)
            )
            append(connection, entry)

    def _read(self, query: Executable) -> list[RegisteredBundle]:
        with (
            explained(f"the registry in {self._name} cannot be read"),
            self._engine.connect() as connection,
        ):
            return [RegisteredBundle(*row) for row in connection.execute(query)]
