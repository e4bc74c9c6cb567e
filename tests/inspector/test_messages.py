from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from inspector.describing.words import Contrast, Position, Severity, Shape, Size, Source
from inspector.errors import MessageError
from inspector.messages import (
    FRAME_ID_PATTERN,
    NAME_PATTERN,
    AvailabilityMessage,
    CameraTopic,
    DescriptionMessage,
    RegionFactsMessage,
    RegionMessage,
    ResultMessage,
    availability_topic,
    check_frame_id,
    frame_filters,
    parse_frame_topic,
)
from inspector.records import StoredFacts
from inspector.results import Verdict
from tests.inspector.records.examples import NOON, description, facts, inspection

CAMERA = CameraTopic("plant-1", "line-1", "cam-1")
names = st.from_regex(NAME_PATTERN, fullmatch=True)
frame_ids = st.from_regex(FRAME_ID_PATTERN, fullmatch=True)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a broker delivers the topic to the filter: `+` is one level (MQTT 5, 4.7.1.3)."""
    return re.fullmatch(re.escape(topic_filter).replace(r"\+", "[^/]*"), topic) is not None


def test_topics_are_those_of_the_contract() -> None:
    assert CAMERA.frame == "inspector/v1/plant-1/line-1/cam-1/frame"
    assert CAMERA.frame_with_id("f:1") == "inspector/v1/plant-1/line-1/cam-1/frame/f:1"
    assert CAMERA.result == "inspector/v1/plant-1/line-1/cam-1/result"
    assert CAMERA.description == "inspector/v1/plant-1/line-1/cam-1/description"
    assert availability_topic("plant-1", "box-1") == "inspector/v1/plant-1/boxes/box-1/available"


@given(site=names, line=names, camera=names, frame_id=frame_ids)
def test_a_frame_topic_is_taken_apart_into_what_it_was_made_of(
    site: str, line: str, camera: str, frame_id: str
) -> None:
    topic = CameraTopic(site, line, camera)
    assert parse_frame_topic(topic.frame) == (topic, None)
    assert parse_frame_topic(topic.frame_with_id(frame_id)) == (topic, frame_id)


@given(site=names, other_site=names, line=names, camera=names, frame_id=frame_ids)
def test_the_filters_of_a_site_match_its_frames_and_nothing_else(
    site: str, other_site: str, line: str, camera: str, frame_id: str
) -> None:
    assume(site != other_site)
    here, there = CameraTopic(site, line, camera), CameraTopic(other_site, line, camera)
    plain, with_id = frame_filters(site)
    assert matches(plain, here.frame)
    assert matches(with_id, here.frame_with_id(frame_id))
    others = (
        here.result,
        here.description,
        availability_topic(site, camera),
        there.frame,
        there.frame_with_id(frame_id),
    )
    for topic in others:
        assert not matches(plain, topic)
        assert not matches(with_id, topic)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "frame",
        "inspector/v1/plant-1/line-1/cam-1",
        "inspector/v1/plant-1/line-1/cam-1/result",
        "inspector/v1/plant-1/line-1/cam-1/frames",
        "inspector/v2/plant-1/line-1/cam-1/frame",
        "Inspector/v1/plant-1/line-1/cam-1/frame",
        "/inspector/v1/plant-1/line-1/cam-1/frame",
        "inspector/v1/plant-1/line-1/cam-1/frame/id/more",
        "inspector/v1/plant-1/line-1/cam-1/frame\n",
        "inspector/v1/plant-1/boxes/box-1/available",
    ],
)
def test_another_topic_is_not_a_frame_topic(topic: str) -> None:
    with pytest.raises(MessageError, match="is not a frame topic") as caught:
        parse_frame_topic(topic)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("inspector/v1//line-1/cam-1/frame", "site '' is not usable"),
        ("inspector/v1/plant-1/#/cam-1/frame", "line '#' is not usable"),
        ("inspector/v1/plant-1/line-1/+/frame", r"camera '\+' is not usable"),
        ("inspector/v1/plant-1/line-1/cam 1/frame", "camera 'cam 1' is not usable"),
        ("inspector/v1/plant-1/line-1/cam-1\n/frame", r"camera 'cam-1\\n' is not usable"),
        ("inspector/v1/plant-1/line-1/../frame", "camera '..' is not usable"),
        ("inspector/v1/plant-1/line-1/cam-1/frame/", "frame id '' is not usable"),
        ("inspector/v1/plant-1/line-1/cam-1/frame/..", r"frame id '\.\.' is not usable"),
    ],
)
def test_a_frame_topic_with_an_unusable_name_is_refused(topic: str, why: str) -> None:
    with pytest.raises(MessageError, match=why):
        parse_frame_topic(topic)


@given(topic=st.text() | st.lists(st.text(max_size=4), min_size=4, max_size=5).map("/".join))
def test_no_topic_makes_anything_but_a_message_error(topic: str) -> None:
    for candidate in (topic, f"inspector/v1/{topic}", f"inspector/v1/{topic}/frame"):
        try:
            camera, frame_id = parse_frame_topic(candidate)
        except MessageError:
            continue
        assert candidate == (camera.frame if frame_id is None else camera.frame_with_id(frame_id))


@pytest.mark.parametrize("frame_id", ["0", "a" * 128, "cam-1:2026-03-04T12.00.00_000", "A.b-C_d:9"])
def test_a_usable_frame_id_is_returned_as_it_is(frame_id: str) -> None:
    assert check_frame_id(frame_id) == frame_id


@pytest.mark.parametrize(
    "frame_id",
    ["", "a" * 129, "-a", ".a", "..", "a/b", "a b", "a\n", "a\0", "\u00e4", "a\\b", "\u0661", "a+", "a#"],
)
def test_an_unusable_frame_id_is_refused(frame_id: str) -> None:
    with pytest.raises(MessageError, match=r"frame id .* is not usable.*1 to 128"):
        check_frame_id(frame_id)
    with pytest.raises(MessageError):
        CAMERA.frame_with_id(frame_id)


@pytest.mark.parametrize("name", ["", "a" * 65, "a/b", "+", "#", "a b", "a\n", "-a", "\u00e4"])
def test_an_unusable_name_makes_no_topic(name: str) -> None:
    for make in (
        lambda: CameraTopic(name, "line-1", "cam-1"),
        lambda: CameraTopic("plant-1", name, "cam-1"),
        lambda: CameraTopic("plant-1", "line-1", name),
        lambda: frame_filters(name),
        lambda: availability_topic(name, "box-1"),
        lambda: availability_topic("plant-1", name),
    ):
        with pytest.raises(MessageError, match="is not usable"):
            make()


def test_a_record_is_told_in_full() -> None:
    record = inspection("frame-1")
    told = json.loads(ResultMessage.of(record).model_dump_json())
    assert told == {
        "frame_id": "frame-1",
        "site": "plant-1",
        "line": "line-1",
        "camera": "cam-1",
        "box": "box-1",
        "product": "gasket",
        "model_version": "0123456789abcdef",
        "captured_at": "2026-03-04T12:00:00Z",
        "inspected_at": "2026-03-04T12:00:00.250000Z",
        "score": 2.31,
        "limit": 1.4,
        "verdict": "reject",
        "reason": "score 2.31 is above the limit 1.40",
        "regions": [
            {
                "box_px": [10, 20, 30, 40],
                "centre_px": [24.5, 39.25],
                "area_px": 700,
                "area_fraction": 700 / (640 * 480),
                "peak_score": 2.31,
            },
            {
                "box_px": [0, 0, 5, 5],
                "centre_px": [2.0, 2.0],
                "area_px": 25,
                "area_fraction": 25 / (640 * 480),
                "peak_score": 1.5,
            },
        ],
        "latency_ms": 17.25,
    }


def test_a_frame_that_could_not_be_scored_has_a_null_score_which_reads_back() -> None:
    message = ResultMessage.of(inspection("frame-1", score=math.nan, verdict=Verdict.UNSURE, regions=()))
    payload = message.model_dump_json()
    assert json.loads(payload)["score"] is None
    assert ResultMessage.model_validate_json(payload) == message


finite = st.floats(allow_nan=False, allow_infinity=False)
moments = st.datetimes(
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)
region_messages = st.builds(
    RegionMessage,
    box_px=st.tuples(*[st.integers(0)] * 4),
    centre_px=st.tuples(finite, finite),
    area_px=st.integers(0),
    area_fraction=st.floats(0, 1),
    peak_score=finite,
)
result_messages = st.builds(
    ResultMessage,
    frame_id=frame_ids,
    site=names,
    line=names,
    camera=names,
    box=names,
    product=names,
    model_version=st.text("0123456789abcdef", min_size=16, max_size=16),
    captured_at=moments,
    inspected_at=moments,
    score=st.none() | finite,
    limit=finite,
    verdict=st.sampled_from(Verdict),
    reason=st.text(st.characters(codec="utf-8")),
    regions=st.lists(region_messages, max_size=3).map(tuple),
    latency_ms=finite,
)


@given(message=result_messages)
def test_a_result_reads_back_exactly(message: ResultMessage) -> None:
    assert ResultMessage.model_validate_json(message.model_dump_json().encode()) == message


@given(message=result_messages)
def test_a_result_is_json_as_the_standard_has_it(message: ResultMessage) -> None:
    """RFC 8259 knows no NaN and no Infinity, which Python's own parser would let pass."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(message.model_dump_json(), parse_constant=refuse)


@pytest.mark.parametrize(
    "change",
    [
        {"score": math.inf},
        {"score": math.nan},
        {"limit": math.nan},
        {"latency_ms": -math.inf},
        {"captured_at": NOON.replace(tzinfo=None)},
        {"inspected_at": "2026-03-04T12:00:00"},
        {"verdict": "maybe"},
        {"regions": [{"box_px": [1, 2, 3]}]},
        {"frame_id": None},
    ],
    ids=str,
)
def test_a_result_that_could_not_be_read_back_is_not_made(change: dict[str, Any]) -> None:
    values = ResultMessage.of(inspection("frame-1")).model_dump()
    with pytest.raises(ValidationError, match=next(iter(change))):
        ResultMessage(**(values | change))


def test_a_reader_passes_over_what_a_later_version_adds() -> None:
    message = ResultMessage.of(inspection("frame-1"))
    later = json.loads(message.model_dump_json()) | {"nearest_normal": "frame-0"}
    assert ResultMessage.model_validate(later) == message


def test_a_description_is_told_in_full_but_for_the_sentence_that_the_facts_contradict() -> None:
    measured = (facts(), StoredFacts(place=Position.TOP))
    record = inspection("frame-1", description=description(facts=measured))
    told = json.loads(DescriptionMessage.of(record).model_dump_json())
    unknown = dict.fromkeys(
        ("area_px", "area_fraction", "size", "shape", "contrast", "severity", "kind", "kind_probability")
    )
    assert told == {
        "frame_id": "frame-1",
        "site": "plant-1",
        "line": "line-1",
        "camera": "cam-1",
        "box": "box-1",
        "product": "gasket",
        "model_version": "0123456789abcdef",
        "verdict": "reject",
        "sentence": "Two defects: a small scratch at the upper left; and a tiny spot at the top.",
        "source": "llm-retry",
        "language": "en",
        "count": 2,
        "regions": [
            {
                "box_px": [10, 20, 30, 40],
                "centre_px": [24.5, 39.25],
                "position": "upper left",
                "area_px": 240,
                "area_fraction": 240 / (640 * 480),
                "size": "small",
                "shape": "elongated",
                "contrast": "other colour",
                "severity": "clear",
                "kind": "scratch",
                "kind_probability": 0.75,
                "length_mm": 2.5,
                "area_mm2": 1.25,
            },
            {
                "box_px": [0, 0, 5, 5],
                "centre_px": [2.0, 2.0],
                "position": "top",
                **unknown,
                "length_mm": None,
                "area_mm2": None,
            },
        ],
        "seconds": 0.75,
        "described_at": "2026-03-04T12:00:01Z",
    }


def test_a_description_without_facts_tells_no_regions() -> None:
    record = inspection("frame-1", description=description(facts=(), defects=0))
    message = DescriptionMessage.of(record)
    assert (message.count, message.regions) == (0, ())


@pytest.mark.parametrize(
    "changes",
    [{}, {"verdict": Verdict.PASS, "description": description()}, {"verdict": Verdict.UNSURE}],
    ids=["none", "pass", "unsure"],
)
def test_a_frame_without_a_sentence_about_defects_makes_no_description(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"frame-1 .* has no description"):
        DescriptionMessage.of(inspection("frame-1", **changes))


def words_of(kind: Any) -> Any:
    return st.none() | st.sampled_from(kind)


region_facts_messages = st.builds(
    RegionFactsMessage,
    box_px=st.tuples(*[st.integers(0)] * 4),
    centre_px=st.tuples(finite, finite),
    position=words_of(Position),
    area_px=st.none() | st.integers(0),
    area_fraction=st.none() | st.floats(0, 1),
    size=words_of(Size),
    shape=words_of(Shape),
    contrast=words_of(Contrast),
    severity=words_of(Severity),
    kind=st.none() | st.text(st.characters(codec="utf-8")),
    kind_probability=st.none() | st.floats(0, 1),
    length_mm=st.none() | finite,
    area_mm2=st.none() | finite,
)
description_messages = st.builds(
    DescriptionMessage,
    frame_id=frame_ids,
    site=names,
    line=names,
    camera=names,
    box=names,
    product=names,
    model_version=st.text("0123456789abcdef", min_size=16, max_size=16),
    verdict=st.just(Verdict.REJECT),
    sentence=st.text(st.characters(codec="utf-8")),
    source=st.sampled_from(Source),
    language=st.sampled_from(["en", "zh"]),
    count=st.integers(0),
    regions=st.lists(region_facts_messages, max_size=3).map(tuple),
    seconds=finite,
    described_at=moments,
)


@given(message=description_messages)
def test_a_description_reads_back_exactly(message: DescriptionMessage) -> None:
    assert DescriptionMessage.model_validate_json(message.model_dump_json().encode()) == message


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "pass"},
        {"verdict": "unsure"},
        {"source": "gpt"},
        {"language": "de"},
        {"seconds": math.nan},
        {"described_at": NOON.replace(tzinfo=None)},
        {"regions": [{"box_px": [1, 2, 3]}]},
    ],
    ids=str,
)
def test_a_description_that_could_not_be_read_back_is_not_made(change: dict[str, Any]) -> None:
    values = DescriptionMessage.of(inspection("frame-1", description=description())).model_dump()
    with pytest.raises(ValidationError, match=next(iter(change))):
        DescriptionMessage(**(values | change))


@pytest.mark.parametrize("status", ["online", "offline"])
def test_availability_reads_back(status: Any) -> None:
    message = AvailabilityMessage(box="box-1", status=status)
    assert json.loads(message.model_dump_json()) == {"box": "box-1", "status": status}
    assert AvailabilityMessage.model_validate_json(message.model_dump_json()) == message


def test_a_box_is_either_online_or_offline() -> None:
    with pytest.raises(ValidationError, match="status"):
        AvailabilityMessage.model_validate_json('{"box": "box-1", "status": "asleep"}')


def test_messages_cannot_be_changed() -> None:
    message = ResultMessage.of(inspection("frame-1", captured_at=datetime(2026, 1, 1, tzinfo=UTC)))
    with pytest.raises(ValidationError, match="frozen"):
        message.score = 0.0  # type: ignore[misc]
