from __future__ import annotations

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from inspector.records import Records, migrations
from inspector.records.migrating import alembic_config
from inspector.records.tables import Table
from tests.inspector.records.examples import count_rows, inspection, raw, start_python

VERSIONS = Path(migrations.__file__).parent / "versions"


def test_the_migrations_make_exactly_the_tables_of_the_code(url: str) -> None:
    Records.open(url).close()
    with raw(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
        assert set(inspect(connection).get_table_names()) == {*Table.metadata.tables, "alembic_version"}


def test_a_table_that_differs_from_the_code_is_found(url: str) -> None:
    """The comparison above can fail."""
    Records.open(url).close()
    with raw(url).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE reviews DROP COLUMN note")
        differences = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    assert [difference[0] for difference in differences] == ["add_column"]


def test_constraints_have_the_names_that_a_later_migration_will_use(url: str) -> None:
    Records.open(url).close()
    with raw(url).connect() as connection:
        catalogue = inspect(connection)
        for name, table in Table.metadata.tables.items():
            # SQLite's counter that never repeats wants its key written in a form that has no name.
            has_name = not (url.startswith("sqlite") and table.dialect_options["sqlite"]["autoincrement"])
            assert catalogue.get_pk_constraint(name)["name"] == (table.primary_key.name if has_name else None)
            expected = {key.name for key in table.foreign_key_constraints}
            assert {key["name"] for key in catalogue.get_foreign_keys(name)} == expected
        unique = catalogue.get_unique_constraints("inspections")
        assert [constraint["name"] for constraint in unique] == ["uq_inspections_frame_id"]


def test_opening_again_changes_nothing(url: str) -> None:
    with Records.open(url) as records:
        records.add(inspection("frame-1"))
    with Records.open(url) as records:
        assert records.get("frame-1") == inspection("frame-1")
    assert count_rows(url, "alembic_version") == 1


def test_every_revision_can_be_undone_and_done_again(url: str) -> None:
    Records.open(url).close()
    with raw(url).begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    with Records.open(url) as records:
        assert records.add(inspection("frame-1"))


OPEN_TOGETHER = """
import sys
import inspector.records
print("ready", flush=True)
sys.stdin.readline()
with inspector.records.Records.open(sys.argv[1]) as records:
    print(records.counts(), flush=True)
"""


def test_processes_that_start_together_on_an_empty_database_all_succeed(url: str) -> None:
    processes = [start_python(OPEN_TOGETHER, url) for _ in range(5)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60) for process in processes] == [("[]\n", "")] * len(processes)
    assert count_rows(url, "alembic_version") == 1


def test_opening_a_current_database_does_not_wait_for_a_writer(sqlite_url: str) -> None:
    Records.open(sqlite_url).close()
    with raw(sqlite_url).connect() as writer:
        writer.exec_driver_sql("DELETE FROM audit")
        with Records.open(sqlite_url) as records:
            assert records.latest() == []


def test_the_first_opening_waits_for_another_process_that_writes_the_new_file(tmp_path: Path) -> None:
    """SQLite itself gives up at once here, where the file is not in WAL mode yet."""
    path = tmp_path / "inspector.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE notes (text)")
        opening = pool.submit(Records.open, f"sqlite:///{path}")
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.3)
        other.execute("COMMIT")
        with opening.result(timeout=20) as records:
            assert records.add(inspection("frame-1"))


def test_a_migration_that_fails_leaves_the_database_as_it_was(url: str) -> None:
    with raw(url).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE audit (id INTEGER)")
    with pytest.raises(Exception, match="audit"):
        Records.open(url)
    with raw(url).connect() as connection:
        assert "inspections" not in inspect(connection).get_table_names()


def test_a_revision_does_not_depend_on_the_tables_of_today() -> None:
    for path in VERSIONS.glob("*.py"):
        assert not re.search(r"^(from|import) inspector", path.read_text(), re.MULTILINE), path.name


def test_revisions_follow_each_other_in_one_line() -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


def test_migrations_ship_inside_the_package() -> None:
    """setuptools packs folders that are regular packages; one without __init__.py would stay behind."""
    for name in ("inspector.records.migrations", "inspector.records.migrations.versions"):
        assert import_module(name).__file__ is not None
