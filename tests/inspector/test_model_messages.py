from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import MessageError
from inspector.gate import GateReport, Tolerance
from inspector.messages import NAME_PATTERN, CameraTopic
from inspector.model_messages import GateFigures, LimitsSetMessage, ModelSetMessage, ProductTopics

VERSION = "0123456789abcdef"
names = st.from_regex(NAME_PATTERN, fullmatch=True)


def test_topics_are_those_of_the_contract() -> None:
    topics = ProductTopics("plant-1", "box-1", "bottle")
    base = "inspector/v1/plant-1/boxes/box-1/bottle"
    assert (topics.model_set, topics.model_state) == (f"{base}/model/set", f"{base}/model/state")
    assert (topics.limits_set, topics.limits_state) == (f"{base}/limits/set", f"{base}/limits/state")


@given(site=names, box=names, product=names, line=names, camera=names)
def test_no_product_topic_is_a_frames(site: str, box: str, product: str, line: str, camera: str) -> None:
    topics = ProductTopics(site, box, product)
    frames = CameraTopic(site, line, camera).frame
    assert topics.model_set.count("/") != frames.count("/") or topics.model_set != frames
    assert not topics.model_set.endswith("/frame")


@pytest.mark.parametrize("place", [("a/b", "b", "p"), ("s", "#", "p"), ("s", "b", "+"), ("s", "b", "")])
def test_names_that_are_no_topic_level_are_refused(place: tuple[str, str, str]) -> None:
    with pytest.raises(MessageError, match="is not usable"):
        ProductTopics(*place)


def test_a_request_may_say_more_than_this_version_knows() -> None:
    payload = json.dumps({"product": "bottle", "version": VERSION, "colour": "blue"}).encode()
    assert ModelSetMessage.read(payload, "bottle").version == VERSION


@given(payload=st.binary(max_size=200))
def test_no_bytes_make_anything_but_a_request_or_a_message_error(payload: bytes) -> None:
    for kind in (ModelSetMessage, LimitsSetMessage):
        with pytest.raises(MessageError) as refusal:
            kind.read(payload, "bottle")
        assert refusal.value.remedy


@given(reject=st.none() | st.floats(), sensitivity=st.none() | st.floats())
def test_a_limit_that_is_taken_is_a_sane_one(reject: float | None, sensitivity: float | None) -> None:
    asked = {"product": "bottle", "reject": reject, "sensitivity": sensitivity}
    try:
        request = LimitsSetMessage.read(json.dumps(asked).encode(), "bottle")
    except MessageError:
        return
    assert request.reject is None or 0 < request.reject <= 1e6
    assert request.sensitivity is None or 0.1 <= request.sensitivity <= 10


@pytest.mark.parametrize("key", ["requested_by", "reason", "request_id", "source"])
def test_novels_are_refused(key: str) -> None:
    payload = json.dumps({"product": "bottle", "version": VERSION, key: "x" * 5000}).encode()
    with pytest.raises(MessageError, match=key):
        ModelSetMessage.read(payload, "bottle")


def test_figures_of_a_gate_without_a_score_can_be_told() -> None:
    report = GateReport("engine", 3, ("it failed",), float("inf"), None, 40.0, Tolerance("fp32", 0.1, 0.1))
    figures = GateFigures.of(VERSION, report)
    assert GateFigures.model_validate_json(figures.model_dump_json()) == figures
    assert (figures.largest_deviation, figures.passed, figures.budget_ms) == (None, False, 40)
