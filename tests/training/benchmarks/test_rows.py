"""A table that is measured in parts: rows of the same name are replaced, the others stay."""

from __future__ import annotations

from pathlib import Path

from training.benchmarks.rows import HEADER, Row, merged
from training.benchmarks.writing import write_tables, written


def row(what: str, found: str, *, is_reached: bool = True) -> Row:
    return Row(what, found, "≤ 2", is_reached)


def test_rows_measured_anew_stand_where_they_stood(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    path.write_text("# Benchmarks\n\nWords before.\n")
    write_tables(path, merged("", [row("one", "1"), row("two", "2 s", is_reached=False)]), "make it")
    write_tables(path, merged(written(path, "make it"), [row("two", "1 s"), row("three", "3")]), "make it")
    assert (
        written(path, "make it")
        .strip()
        .endswith(f"{HEADER}\n| one | 1 | ≤ 2 |\n| two | 1 s | ≤ 2 |\n| three | 3 | ≤ 2 |")
    )
    assert path.read_text().startswith("# Benchmarks\n\nWords before.\n")


def test_a_document_without_the_table_has_nothing_written(tmp_path: Path) -> None:
    assert written(tmp_path / "none.md", "make it") == ""
