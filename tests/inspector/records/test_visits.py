"""Visits: a token is good until its visit ends, and is kept as a hash alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from inspector.records import Account, Records, Role
from tests.inspector.records.examples import NOON

SHIFT = timedelta(hours=12)
ANNA = Account("Anna", Role.OPERATOR, "hash of anna", is_temporary=False, created_at=NOON, created_by="setup")


@pytest.fixture
def anna(records: Records) -> Account:
    records.accounts.add(ANNA)
    records.visits.begin("token", ANNA, at=NOON, lasts=SHIFT)
    return ANNA


def test_a_token_is_good_until_its_visit_is_over(records: Records, anna: Account) -> None:
    assert records.visits.account("token", at=NOON + SHIFT - timedelta(seconds=1)) == anna
    assert records.visits.account("token", at=NOON + SHIFT) is None
    assert records.visits.account("another", at=NOON) is None


def test_a_role_that_changes_counts_at_once(records: Records, anna: Account) -> None:
    records.accounts.set_role("anna", Role.VIEWER, by="boss", at=NOON)
    found = records.visits.account("token", at=NOON)
    assert found is not None
    assert found.role is Role.VIEWER


def test_signing_out_ends_it_and_is_audited(records: Records, anna: Account) -> None:
    records.visits.end("token", at=NOON)
    records.visits.end("token", at=NOON)
    assert records.visits.account("token", at=NOON) is None
    told = [(one.actor, one.action) for one in records.audit.latest(subject="account/Anna")]
    assert told == [("Anna", "sign out"), ("Anna", "sign in"), ("setup", "add account")]


def test_another_password_ends_all_visits_even_one_that_begins_meanwhile(
    records: Records, anna: Account
) -> None:
    records.accounts.set_password("anna", "another", is_temporary=True, by="boss", at=NOON)
    assert records.visits.account("token", at=NOON) is None
    records.visits.begin("late", anna, at=NOON, lasts=SHIFT)
    assert records.visits.account("late", at=NOON) is None


def test_a_new_account_of_the_same_name_does_not_inherit_a_visit(records: Records, anna: Account) -> None:
    records.accounts.add(replace(anna, name="root", role=Role.ADMIN))
    records.accounts.remove("anna", by="root", at=NOON)
    records.accounts.add(anna)
    assert records.visits.account("token", at=NOON) is None


def test_the_database_holds_no_token_and_old_visits_are_swept(
    records: Records, anna: Account, url: str
) -> None:
    records.visits.begin("next", anna, at=NOON + SHIFT, lasts=SHIFT)
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM visits")).all()
    engine.dispose()
    assert len(rows) == 1
    assert "next" not in str(rows)
