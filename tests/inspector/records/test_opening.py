from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.errors import RecordsError
from inspector.records import Records
from tests.inspector.records.examples import inspection, raw, start_python
from tests.services import PostgresServer, as_plain_user, free_port, postgres_server, running


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="inspector-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_folder_of_the_file_is_created(tmp_path: Path) -> None:
    Records.open(f"sqlite:///{tmp_path}/a/b/inspector.db").close()
    assert (tmp_path / "a/b/inspector.db").is_file()


def test_a_relative_file_is_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Records.open("sqlite:///var/inspector.db").close()
    assert (tmp_path / "var/inspector.db").is_file()


def test_a_path_with_odd_characters_is_a_file_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "50% of ä b" / "in#spector.db"
    with Records.open(f"sqlite:///{path}") as records:
        assert records.add(inspection("frame-1"))
    assert path.is_file()


def test_postgresql_without_a_driver_in_the_url_takes_psycopg(postgresql_url: str) -> None:
    with Records.open(postgresql_url.replace("+psycopg", "")) as records:
        assert records.add(inspection("frame-1"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "it is not a URL"),
        ("var/inspector.db", "it is not a URL"),
        ("postgresql://user:secret@host:port/db", "it is not a URL"),
        ("mysql://user:secret@host/db", "mysql is not a known driver"),
        ("postgres://user:secret@host/db", "postgres is not a known driver"),
        ("postgresql+psycopg2://user:secret@host/db", r"postgresql\+psycopg2 is not a known driver"),
        ("mysql://host/db?password=secret", "mysql is not a known driver"),
        ("sqlite+aiosqlite:///a.db", r"sqlite\+aiosqlite is not a known driver"),
        ("sqlite://", "a database in memory keeps no records"),
        ("sqlite:///:memory:", "a database in memory keeps no records"),
        ("sqlite:///file:a?mode=memory&uri=true", "a database in memory keeps no records"),
    ],
)
def test_a_wrong_url_is_explained_and_its_password_stays_hidden(url: str, why: str) -> None:
    with pytest.raises(RecordsError, match=why) as caught:
        Records.open(url)
    assert "secret" not in str(caught.value)
    assert "Use sqlite:///" in caught.value.remedy


def test_an_absent_server_is_explained_with_its_address() -> None:
    port = free_port()
    with pytest.raises(RecordsError, match=f"127.0.0.1:{port}.*refused") as caught:
        Records.open(f"postgresql+psycopg://inspector:secret@127.0.0.1:{port}/inspector")
    assert "secret" not in str(caught.value)
    assert "server runs" in caught.value.remedy


def test_a_wrong_password_is_explained(postgresql: PostgresServer) -> None:
    url = postgresql.url("postgres").replace(postgresql.password, "guess")
    with pytest.raises(RecordsError, match="password authentication failed") as caught:
        Records.open(url)
    assert "guess" not in str(caught.value)


def test_an_absent_database_is_explained(postgresql: PostgresServer) -> None:
    with pytest.raises(RecordsError, match=r'"plant" does not exist.*that the database exists'):
        Records.open(postgresql.url("plant"))


def test_a_user_who_may_not_create_tables_is_told(postgresql: PostgresServer, postgresql_url: str) -> None:
    with raw(postgresql_url).begin() as connection:
        connection.exec_driver_sql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    with pytest.raises(RecordsError, match="permission denied for schema public") as caught:
        Records.open(postgresql_url.replace(f"{postgresql.USER}:{postgresql.password}", "guest:guest"))
    assert "right to create" in caught.value.remedy


def test_a_missing_driver_package_is_named(postgresql_url: str) -> None:
    code = """
import sys
sys.modules["psycopg"] = None  # as Python itself marks a module that may not be imported
from inspector.errors import RecordsError
from inspector.records import Records
try:
    Records.open(sys.argv[1])
except RecordsError as error:
    print(error)
"""
    output, errors = start_python(code, postgresql_url).communicate()
    assert errors == ""
    assert "pip install 'inspector[postgresql]'" in output


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RecordsError, match="file cannot be created"):
        Records.open(f"sqlite:///{tmp_path}/file/inspector.db")


def test_a_folder_without_the_right_to_write_is_explained(open_folder: Path, tmp_path: Path) -> None:
    # Imports what is imported late: another user may not be able to read this Python's library.
    Records.open(f"sqlite:///{tmp_path}/other.db").close()
    open_folder.chmod(0o555)
    with as_plain_user(), pytest.raises(RecordsError, match=r"unable to open.*right to write"):
        Records.open(f"sqlite:///{open_folder}/inspector.db")


def test_a_file_that_may_only_be_read_takes_no_inspection(open_folder: Path) -> None:
    path = open_folder / "inspector.db"
    with Records.open(f"sqlite:///{path}") as records:
        records.add(inspection("frame-1"))
    path.chmod(0o444)
    open_folder.chmod(0o777)
    with (
        as_plain_user(),
        Records.open(f"sqlite:///{path}") as records,
        pytest.raises(RecordsError, match=r"inspection frame-2 cannot be stored.*readonly.*right to write"),
    ):
        records.add(inspection("frame-2"))


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "inspector.db"
    path.write_text("these are the notes of the night shift\n" * 100)
    before = path.read_bytes()
    with pytest.raises(RecordsError, match=r"file is not a database.*Name another file"):
        Records.open(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_tables_of_another_application_are_left_alone(url: str) -> None:
    with raw(url).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE inspections (car TEXT)")
    with pytest.raises(RecordsError, match=r"cannot be migrated.*inspections.*already exists"):
        Records.open(url)
    with raw(url).connect() as connection:
        assert connection.exec_driver_sql("SELECT car FROM inspections").fetchall() == []


def test_a_database_of_newer_code_is_refused(url: str) -> None:
    Records.open(url).close()
    with raw(url).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RecordsError, match=r"newer than this inspector \(revision 9999\).*Upgrade inspector"):
        Records.open(url)


def test_a_server_that_goes_away_is_an_error_and_records_go_on_when_it_is_back() -> None:
    with running(postgres_server()) as server, Records.open(server.create_database()) as records:
        assert records.add(inspection("frame-1"))
        server.stop(signal.SIGQUIT)
        with pytest.raises(RecordsError, match="inspection frame-2 cannot be stored"):
            records.add(inspection("frame-2"))
        with pytest.raises(RecordsError, match="inspections cannot be read"):
            records.latest()
        with pytest.raises(RecordsError, match="counts cannot be read"):
            records.counts()
        server.start()
        assert records.add(inspection("frame-2"))
        assert records.get("frame-1") == inspection("frame-1")
