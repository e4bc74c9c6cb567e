from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inspector.drift.channels import DriftKind, What
from inspector.errors import RecordsError
from inspector.records import Records, StoredAlarm
from tests.inspector.records.examples import NOON, at


def alarm(**changes: Any) -> StoredAlarm:
    values: dict[str, Any] = {
        "site": "plant-1",
        "line": "line-1",
        "camera": "cam-1",
        "box": "box-1",
        "product": "gasket",
        "model_version": "0123456789abcdef",
        "since": NOON,
        "detected_at": at(16),
        "kind": DriftKind.CAMERA,
        "what": What.BRIGHTNESS,
        "sentence": "the picture is 20 % darker: lamp, aperture or exposure",
        "suggestion": "Clean or replace the lamp",
        "before": 112.5,
        "after": 90.0,
        "frames_before": ("frame-1", "frame-2"),
        "frames_after": ("frame-3",),
    }
    return StoredAlarm(**(values | changes))


@pytest.fixture
def records(url: str) -> Any:
    with Records.open(url) as opened:
        yield opened


def test_an_alarm_comes_back_as_it_was_stored(records: Records) -> None:
    key = records.drift.add(alarm())
    assert records.drift.get(key) == replace(alarm(), id=key)


def test_the_newest_alarm_comes_first_and_products_can_be_chosen(records: Records) -> None:
    first = records.drift.add(alarm())
    second = records.drift.add(alarm(detected_at=at(20), product="washer"))
    assert [each.id for each in records.drift.latest()] == [second, first]
    assert [each.id for each in records.drift.latest(limit=1)] == [second]
    assert [each.id for each in records.drift.latest(products=("gasket",))] == [first]


def test_an_acknowledged_alarm_is_not_open_and_says_who_and_when(records: Records) -> None:
    key = records.drift.add(alarm())
    other = records.drift.add(alarm())
    records.drift.acknowledge(key, by="ann", at=at(60), is_normal_now=True)
    assert [each.id for each in records.drift.latest(only_open=True)] == [other]
    stored = records.drift.get(key)
    assert stored is not None
    assert (stored.acknowledged_by, stored.acknowledged_at, stored.is_normal_now) == ("ann", at(60), True)


def test_an_alarm_is_acknowledged_once(records: Records) -> None:
    key = records.drift.add(alarm())
    records.drift.acknowledge(key, by="ann", at=at(60))
    for unknown in (key, key + 1):
        with pytest.raises(RecordsError, match="no open alarm"):
            records.drift.acknowledge(unknown, by="bob", at=at(61))


def test_a_time_without_a_zone_is_refused(records: Records) -> None:
    with pytest.raises(Exception, match="no time zone"):
        records.drift.add(alarm(since=NOON.replace(tzinfo=None)))
    assert records.drift.latest() == []
