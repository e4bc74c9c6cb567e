"""Accounts: one a name, never without an admin, every change in the audit log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from inspector.errors import AccountError
from inspector.records import Account, Records, Role
from tests.inspector.records.examples import NOON


def account(name: str, role: Role = Role.OPERATOR) -> Account:
    return Account(name, role, f"hash of {name}", is_temporary=True, created_at=NOON, created_by="setup")


def test_an_account_comes_back_whatever_the_case_of_its_name(records: Records) -> None:
    records.accounts.add(account("Anna"))
    assert records.accounts.get("aNNa") == account("Anna")
    assert records.accounts.get("bert") is None
    with pytest.raises(AccountError, match="there is an account anna already"):
        records.accounts.add(account("anna", Role.ADMIN))
    assert records.accounts.all() == [account("Anna")]


def test_every_change_is_in_the_audit_log_and_no_password_is(records: Records) -> None:
    records.accounts.add(account("anna"))
    records.accounts.set_role("Anna", Role.ENGINEER, by="boss", at=NOON)
    records.accounts.set_password("anna", "new hash", is_temporary=False, by="anna", at=NOON)
    found = records.accounts.get("anna")
    assert found is not None
    assert (found.role, found.password_hash, found.is_temporary) == (Role.ENGINEER, "new hash", False)
    records.accounts.remove("anna", by="boss", at=NOON)
    assert records.accounts.all() == []
    told = records.audit.latest()
    assert [(one.actor, one.action) for one in told] == [
        ("boss", "remove account"),
        ("anna", "set password"),
        ("boss", "set role"),
        ("setup", "add account"),
    ]
    assert "hash" not in str(told)


def test_the_last_admin_stays(records: Records) -> None:
    records.accounts.add(account("root", Role.ADMIN))
    with pytest.raises(AccountError, match="ROOT stays an admin"):
        records.accounts.remove("ROOT", by="root", at=NOON)
    with pytest.raises(AccountError, match="root stays an admin"):
        records.accounts.set_role("root", Role.VIEWER, by="root", at=NOON)
    records.accounts.add(account("second", Role.ADMIN))
    records.accounts.remove("root", by="second", at=NOON)
    assert [one.name for one in records.accounts.all()] == ["second"]


def test_two_admins_cannot_take_each_others_right_at_once(records: Records) -> None:
    for name in ("a", "b"):
        records.accounts.add(account(name, Role.ADMIN))

    def demote(name: str) -> None:
        with suppress(AccountError):
            records.accounts.set_role(name, Role.VIEWER, by="x", at=NOON)

    with ThreadPoolExecutor(2) as people:
        list(people.map(demote, ("a", "b")))
    assert [one.role for one in records.accounts.all()].count(Role.ADMIN) == 1


def test_what_is_not_there_cannot_be_changed(records: Records) -> None:
    records.accounts.add(account("root", Role.ADMIN))
    with pytest.raises(AccountError, match="there is no account nobody"):
        records.accounts.remove("nobody", by="root", at=NOON)
    with pytest.raises(AccountError, match="there is no account nobody"):
        records.accounts.set_role("nobody", Role.VIEWER, by="root", at=NOON)
    with pytest.raises(AccountError, match="there is no account nobody"):
        records.accounts.set_password("nobody", "x", is_temporary=True, by="root", at=NOON)


def test_only_one_of_many_processes_makes_the_first_account(records: Records) -> None:
    with ThreadPoolExecutor(4) as starts:
        made = list(starts.map(lambda _: records.accounts.add_first(account("admin", Role.ADMIN)), range(8)))
    assert made.count(True) == 1
    assert not records.accounts.add_first(account("other", Role.ADMIN))


def test_a_role_includes_those_before_it() -> None:
    assert [role for role in Role if role.may(Role.OPERATOR)] == [Role.OPERATOR, Role.ENGINEER, Role.ADMIN]
