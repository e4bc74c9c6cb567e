"""Sentences about rejects: stored once, only about rejects, read back with the facts of every region."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import numpy as np
import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect

from inspector.describing.facts import RegionFacts
from inspector.describing.words import Contrast, Position, Severity, Shape, Size, Source
from inspector.errors import RecordsError
from inspector.records import Records, StoredDescription, StoredFacts
from inspector.records.migrating import alembic_config
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, at, count_rows, description, facts, inspection, raw


def test_a_description_comes_back_with_its_inspection(records: Records) -> None:
    records.add(inspection("frame-1"))
    assert records.describe("frame-1", description())
    described = inspection("frame-1", description=description())
    assert records.get("frame-1") == described
    assert records.latest() == [described]


@pytest.mark.parametrize(
    "changes",
    [
        {"facts": (), "defects": 0, "source": Source.TEMPLATE, "rejected_sentence": None},
        {"facts": (StoredFacts(place=Position.LEFT), StoredFacts())},
        {"facts": (facts(kind="ein Kratzer, schräg"), StoredFacts(kind="unknown"))},
        {"sentence": "发现一处缺陷：左侧有一条划痕。", "language": "zh"},  # noqa: RUF001
    ],
    ids=["nothing measured", "only a place", "a kind of the product's own", "Chinese"],
)
def test_facts_that_were_not_measured_stay_open(records: Records, changes: dict[str, Any]) -> None:
    records.add(inspection("frame-1"))
    records.describe("frame-1", description(**changes))
    stored = records.get("frame-1")
    assert stored is not None
    assert stored.description == description(**changes)
    assert stored.regions == inspection("frame-1").regions


def test_the_first_description_in_a_language_stays(records: Records, url: str) -> None:
    records.add(inspection("frame-1"))
    assert records.describe("frame-1", description()) is True
    later = description(sentence="Something else.", facts=(facts(place=Position.RIGHT),) * 2)
    assert records.describe("frame-1", later) is False
    stored = records.get("frame-1")
    assert stored is not None
    assert stored.description == description()
    assert count_rows(url, "descriptions") == 1


def test_a_frame_may_be_described_in_two_languages_and_the_first_is_read_back(
    records: Records, url: str
) -> None:
    records.add(inspection("frame-1"))
    chinese = description(sentence="发现缺陷。", language="zh")
    assert records.describe("frame-1", chinese)
    assert records.describe("frame-1", description())
    stored = records.get("frame-1")
    assert stored is not None
    assert stored.description == chinese
    assert count_rows(url, "descriptions") == 2


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNSURE])
def test_only_a_reject_gets_a_sentence_about_defects(records: Records, url: str, verdict: Verdict) -> None:
    records.add(inspection("frame-1", verdict=verdict))
    with pytest.raises(ValueError, match=f"frame frame-1 was not rejected .{verdict}."):
        records.describe("frame-1", description())
    assert count_rows(url, "descriptions") == 0


def test_a_frame_that_is_not_stored_cannot_be_described(records: Records) -> None:
    with pytest.raises(ValueError, match="frame frame-1 is not stored"):
        records.describe("frame-1", description())


@pytest.mark.parametrize("count", [1, 3])
def test_facts_of_another_number_of_regions_store_nothing(records: Records, url: str, count: int) -> None:
    records.add(inspection("frame-1"))
    with pytest.raises(ValueError, match=f"frame-1 has 2 regions, but facts of {count}"):
        records.describe("frame-1", description(facts=(facts(),) * count))
    assert count_rows(url, "descriptions") == 0
    assert records.describe("frame-1", description())


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="described_at has no time zone"):
        description(described_at=NOON.replace(tzinfo=None))


def test_times_come_back_in_utc(records: Records) -> None:
    records.add(inspection("frame-1"))
    local = at(1).astimezone(timezone(timedelta(hours=-5)))
    records.describe("frame-1", description(described_at=local))
    stored = records.get("frame-1")
    assert stored is not None
    assert stored.description is not None
    assert stored.description.described_at.isoformat() == "2026-03-04T12:00:01+00:00"


def test_of_many_threads_with_the_same_frame_one_describes_it(records: Records, url: str) -> None:
    workers = 8
    together = threading.Barrier(workers)
    records.add(inspection("frame-1"))

    def describe(worker: int) -> bool:
        together.wait()
        return records.describe("frame-1", description(sentence=f"Sentence {worker}."))

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(describe, range(workers))) == 1
    assert count_rows(url, "descriptions") == 1


def test_a_description_is_stored_whole_or_not_at_all(records: Records, url: str) -> None:
    records.add(inspection("frame-1"))
    with raw(url).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE regions DROP COLUMN area_mm2")
    with pytest.raises(RecordsError, match=r"description of frame-1 cannot be stored in .*area_mm2"):
        records.describe("frame-1", description())
    assert count_rows(url, "descriptions") == 0


def test_removing_an_inspection_removes_its_description(records: Records, url: str) -> None:
    records.add(inspection("frame-1"))
    records.describe("frame-1", description())
    with raw(url).begin() as connection:
        connection.exec_driver_sql("DELETE FROM inspections")
    assert count_rows(url, "descriptions") == 0


def test_undescribed_rejects_are_the_newest_of_the_box_without_a_sentence(records: Records) -> None:
    frames: list[tuple[str, dict[str, Any]]] = [
        ("too old", {"inspected_at": at(-1)}),
        ("oldest", {"inspected_at": at(0)}),
        ("pass", {"inspected_at": at(1), "verdict": Verdict.PASS}),
        ("unsure", {"inspected_at": at(2), "verdict": Verdict.UNSURE}),
        ("described", {"inspected_at": at(3)}),
        ("other box", {"inspected_at": at(4), "box": "box-2"}),
        ("newer", {"inspected_at": at(5), "regions": ()}),
        ("newest", {"inspected_at": at(6)}),
    ]
    for frame_id, changes in frames:
        records.add(inspection(frame_id, **changes))
    records.describe("described", description())
    found = records.undescribed_rejects("box-1", since=at(0), limit=10)
    assert [record.frame_id for record in found] == ["newest", "newer", "oldest"]
    assert found[0] == inspection("newest", inspected_at=at(6))
    assert records.undescribed_rejects("box-1", since=at(0), limit=1) == found[:1]


def test_undescribed_rejects_without_a_number_or_a_zone_are_refused(records: Records) -> None:
    with pytest.raises(ValueError, match="limit is 0"):
        records.undescribed_rejects("box-1", since=NOON, limit=0)
    with pytest.raises(ValueError, match="no time zone"):
        records.undescribed_rejects("box-1", since=NOON.replace(tzinfo=None), limit=1)


def test_what_was_measured_of_a_region_is_kept_in_full() -> None:
    measured = RegionFacts(
        position=Position.BOTTOM,
        box_px=(1, 2, 3, 4),
        centre_px=(2.0, 4.0),
        area_px=7,
        area_fraction=0.01,
        size=Size.SMALL,
        shape=Shape.RING_LIKE,
        contrast=Contrast.DARKER,
        severity=Severity.SEVERE,
        kind="hole",
        kind_probability=0.5,
        length_mm=1.5,
        area_mm2=0.25,
    )
    assert StoredFacts.of(measured) == StoredFacts(
        place=Position.BOTTOM,
        size=Size.SMALL,
        shape=Shape.RING_LIKE,
        contrast=Contrast.DARKER,
        severity=Severity.SEVERE,
        kind="hole",
        kind_probability=0.5,
        core_px=7,
        length_mm=1.5,
        area_mm2=0.25,
    )


def test_numpy_numbers_are_stored_as_numbers(records: Records) -> None:
    one, half = np.int64(1), np.float32(0.5)
    measured: Any = facts(kind_probability=half, core_px=one, length_mm=half, area_mm2=half)
    records.add(inspection("frame-1"))
    told: Any = description(defects=one, seconds=half, facts=(measured, measured))
    records.describe("frame-1", told)
    stored = records.get("frame-1")
    assert stored is not None
    assert stored.description == told


def test_the_step_to_descriptions_and_back_keeps_inspections_and_the_first_sentence(url: str) -> None:
    with Records.open(url) as records:
        records.add(inspection("frame-1"))
        records.describe("frame-1", description(language="zh", sentence="发现缺陷。"))
        records.describe("frame-1", description())
    config = alembic_config()
    with raw(url).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        names = {column["name"] for column in inspect(connection).get_columns("regions")}
        assert {"position", "peak_score"} <= names
        assert "place" not in names
        kept = connection.exec_driver_sql("SELECT text, source FROM descriptions").fetchall()
        assert [tuple(row) for row in kept] == [("发现缺陷。", "llm-retry")]
    with Records.open(url) as records:
        assert records.get("frame-1") == inspection("frame-1")
        assert records.describe("frame-1", description())
        assert records.get("frame-1") == inspection("frame-1", description=description())


finite = st.floats(allow_nan=False, allow_infinity=False)
pixels = st.integers(0, 2**31 - 1)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
all_facts = st.builds(
    StoredFacts,
    place=st.none() | st.sampled_from(Position),
    size=st.none() | st.sampled_from(Size),
    shape=st.none() | st.sampled_from(Shape),
    contrast=st.none() | st.sampled_from(Contrast),
    severity=st.none() | st.sampled_from(Severity),
    kind=st.none() | texts,
    kind_probability=st.none() | st.floats(0, 1),
    core_px=st.none() | pixels,
    length_mm=st.none() | finite,
    area_mm2=st.none() | finite,
)
descriptions = st.builds(
    StoredDescription,
    sentence=texts,
    source=st.sampled_from(Source),
    language=st.sampled_from(["en", "zh"]),
    defects=pixels,
    seconds=finite,
    described_at=st.datetimes(timezones=st.just(NOON.tzinfo)),
    rejected_sentence=st.none() | texts,
    facts=st.tuples(all_facts, all_facts),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=descriptions)
def test_every_description_comes_back_exactly(records: Records, url: str, told: StoredDescription) -> None:
    with raw(url).begin() as connection:
        connection.exec_driver_sql("DELETE FROM inspections")
    records.add(inspection("frame-1"))
    assert records.describe("frame-1", told)
    stored = records.get("frame-1")
    assert stored is not None
    nothing = all(each == StoredFacts() for each in told.facts)
    assert stored.description == (replace(told, facts=()) if nothing else told)
