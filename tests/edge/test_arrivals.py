from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.arrivals import read_arrival
from edge.backlog import Delivery
from edge.quarantine import Fault
from inspector.errors import MessageError
from inspector.messages import check_frame_id
from tests.edge.rig import CAMERA, NOW, RecordingSource


def delivery(
    properties: dict[str, str] | None = None, *, id_level: str | None = None, data: bytes = b"picture"
) -> Delivery:
    topic = CAMERA.frame if id_level is None else f"{CAMERA.frame}/{id_level}"
    return Delivery(1, topic, data, properties or {}, 1, NOW, 0.0, RecordingSource())


def test_properties_name_the_frame() -> None:
    arrival = read_arrival(
        delivery({"frame-id": "a-1", "captured-at": "2026-01-31T13:00:00+02:00", "product": "washer"})
    )
    assert arrival.topic == CAMERA
    assert arrival.frame_id == "a-1"
    assert arrival.captured_at == datetime(2026, 1, 31, 11, tzinfo=UTC)
    assert arrival.product == "washer"
    assert arrival.fault is None


def test_the_last_topic_level_names_the_frame_of_a_camera_without_properties() -> None:
    arrival = read_arrival(delivery(id_level="a:2"))
    assert (arrival.frame_id, arrival.captured_at, arrival.product) == ("a:2", NOW, None)
    assert not arrival.has_own_time


def test_an_id_in_the_properties_wins_over_one_in_the_topic() -> None:
    assert read_arrival(delivery({"frame-id": "in-property"}, id_level="in-topic")).frame_id == "in-property"


def test_the_same_frame_delivered_later_has_the_same_derived_id() -> None:
    first = delivery()
    again = replace(first, arrived_at=NOW + timedelta(hours=3), message_id=7)
    assert read_arrival(first).frame_id == read_arrival(again).frame_id


def test_derived_ids_differ_by_content_camera_and_the_cameras_time() -> None:
    deliveries = [
        delivery(),
        delivery(data=b"another picture"),
        delivery({"captured-at": "2026-01-31T11:00:00Z"}),
        delivery({"captured-at": "2026-01-31T11:00:01Z"}),
        replace(delivery(), topic=CAMERA.frame.replace("cam-1", "cam-2")),
    ]
    ids = [read_arrival(one).frame_id for one in deliveries]
    assert len(set(ids)) == len(ids)
    assert ids[0].startswith("cam-1-")


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01T00:00:00Z", "2026-01-31T11:00:00", "9" * 5000])
def test_an_unusable_time_is_a_fault_and_arrival_stands_in(text: str) -> None:
    arrival = read_arrival(delivery({"captured-at": text, "frame-id": "a-1"}))
    assert arrival.fault is not None
    assert arrival.fault.code == Fault.UNUSABLE_TIME
    assert "time zone" in arrival.fault.remedy
    assert (arrival.frame_id, arrival.captured_at) == ("a-1", NOW)


@given(st.text(max_size=200))
def test_any_id_is_taken_as_it_is_or_replaced_by_a_usable_one(text: str) -> None:
    arrival = read_arrival(delivery({"frame-id": text}))
    check_frame_id(arrival.frame_id)
    if arrival.fault is None:
        assert arrival.frame_id == text
    else:
        assert arrival.fault.code == Fault.UNUSABLE_ID


@given(st.text(alphabet=st.characters(exclude_characters="/", codec="utf-8"), max_size=200))
def test_any_id_level_is_taken_as_it_is_or_replaced_by_a_usable_one(text: str) -> None:
    arrival = read_arrival(delivery(id_level=text))
    check_frame_id(arrival.frame_id)
    assert (arrival.fault is None) == (arrival.frame_id == text)


@given(st.text(max_size=200))
def test_any_time_gives_a_time_in_utc(text: str) -> None:
    assert read_arrival(delivery({"captured-at": text})).captured_at.tzinfo is UTC


@pytest.mark.parametrize(
    "topic", ["", "frame", "inspector/v1/plant-1/line-1/cam-1/result", "inspector/v1/a/b c/d/frame"]
)
def test_a_topic_that_names_no_camera_is_refused(topic: str) -> None:
    with pytest.raises(MessageError):
        read_arrival(replace(delivery(), topic=topic))
