"""Passwords and the door: what gets in, what has to wait, and what the command line says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.accounts import Door, choose_password, make_account, make_first_admin, reset_password
from dashboard.passwords import LONGEST, check_new, hash_password, is_right, one_time_password
from inspector.cli import main
from inspector.errors import AccountError
from inspector.records import Records, Role
from tests.inspector.records.examples import NOON


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as opened:
        yield opened


class Clock:
    """Seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_password_belongs_to_its_hash_alone() -> None:
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert "correct" not in stored
    assert is_right(stored, "correct horse battery")
    assert stored != hash_password("correct horse battery")
    for hashed, password in (
        (stored, "correct horse batterz"),
        (stored, ""),
        (None, "correct horse battery"),
        ("no hash", "correct horse battery"),
        (stored, "correct horse battery" + "x" * LONGEST),
    ):
        assert not is_right(hashed, password)


@pytest.mark.parametrize("password", ["", "short", "x" * (LONGEST + 1), "anna-anna", "anna-12345"])
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(AccountError, match="this password cannot be taken"):
        check_new(password, "Anna")


def test_one_time_passwords_differ_and_can_be_chosen_by_nobody() -> None:
    made = {one_time_password() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", each) for each in made)


def test_the_first_admin_is_made_once(records: Records) -> None:
    password = make_first_admin(records, NOON)
    assert password is not None
    account = Door().sign_in(records, "ADMIN ", password)
    assert (account.role, account.is_temporary) == (Role.ADMIN, True)
    assert make_first_admin(records, NOON) is None


def test_a_password_of_ones_own_replaces_the_one_time_one(records: Records) -> None:
    given = make_account(records, "anna", Role.OPERATOR, by="admin", at=NOON)
    account = Door().sign_in(records, "anna", given)
    with pytest.raises(AccountError, match="it is the one you have"):
        choose_password(records, account, given, at=NOON)
    choose_password(records, account, "four words of hers", at=NOON)
    assert not Door().sign_in(records, "anna", "four words of hers").is_temporary
    with pytest.raises(AccountError, match="do not belong together"):
        Door().sign_in(records, "anna", given)
    again = reset_password(records, "anna", by="admin", at=NOON)
    assert Door().sign_in(records, "anna", again).is_temporary


def test_who_guesses_waits_longer_and_longer_and_the_right_password_waits_too(records: Records) -> None:
    right = make_account(records, "anna", Role.OPERATOR, by="admin", at=NOON)
    clock = Clock()
    door = Door(clock)
    for _ in range(5):
        with pytest.raises(AccountError, match="do not belong together"):
            door.sign_in(records, "anna", "wrong password")
    with pytest.raises(AccountError, match="Try again in 30 s"):
        door.sign_in(records, "Anna", right)
    clock.now = 30.5
    with pytest.raises(AccountError, match="do not belong together"):
        door.sign_in(records, "anna", "wrong password")
    with pytest.raises(AccountError, match="Try again in 60 s"):
        door.sign_in(records, "anna", right)
    clock.now = 91
    assert door.sign_in(records, "anna", right).name == "anna"
    with pytest.raises(AccountError, match="do not belong together"):
        door.sign_in(records, "anna", "wrong password")


def test_an_unknown_name_is_told_the_same_as_a_wrong_password(records: Records) -> None:
    make_account(records, "anna", Role.OPERATOR, by="admin", at=NOON)
    told = set()
    for name in ("anna", "nobody"):
        with pytest.raises(AccountError) as refused:
            Door().sign_in(records, name, "wrong password")
        told.add(str(refused.value))
    assert len(told) == 1


@pytest.mark.parametrize("name", ["", "a b", "<b>x</b>", "a/b", "x" * 65, "a\n"])
def test_a_name_that_could_not_be_read_in_a_log_is_refused(records: Records, name: str) -> None:
    with pytest.raises(AccountError, match="cannot be the name of an account"):
        make_account(records, name, Role.VIEWER, by="admin", at=NOON)


def test_the_command_line_manages_accounts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "inspector.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/inspector.db"\n')

    def run(*words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["account", *words, "--config", str(config)])
        assert ended.value.code == code
        out = capsys.readouterr()
        return out.out + out.err

    assert "inspector dashboard" in run("list")
    said = run("add", "boss", "--role", "admin")
    password = said.split()[-1]
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as records:
        assert Door().sign_in(records, "boss", password).role is Role.ADMIN
    assert "there is an account boss already" in run("add", "boss", code=1)
    run("add", "anna")
    run("set-role", "anna", "engineer")
    assert "boss stays an admin" in run("remove", "boss", code=1)
    assert run("reset-password", "anna").split()[-1] != password
    listed = json.loads(run("list", "--json"))
    assert [(one["name"], one["role"]) for one in listed] == [("anna", "engineer"), ("boss", "admin")]
    run("remove", "anna")
    assert "there is no account anna" in run("reset-password", "anna", code=1)
