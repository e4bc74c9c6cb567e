"""A limit is changed on the line, without another model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.bundle import Bundle, load_bundle
from inspector.model_messages import LimitsStateMessage
from inspector.results import Verdict
from tests.edge.model_rig import TOPICS, ModelBox, box_settings
from tests.edge.rig import wait_until
from tests.tiny_bundle import MARGIN, write_tiny_bundle, write_variant


@pytest.fixture(scope="session")
def first(bundle: Path) -> Bundle:
    return load_bundle(bundle)


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "second", margin=1.1 * MARGIN)


@pytest.fixture
def box(first: Bundle, tmp_path: Path) -> Iterator[ModelBox]:
    with ModelBox(box_settings(tmp_path, first.path, first.path)) as running:
        yield running


def test_the_bundles_own_limit_is_in_force_at_first(box: ModelBox, first: Bundle) -> None:
    own = first.manifest.limits.reject
    assert (box.limits.status, box.limits.limit, box.limits.own_limit) == ("own", own, own)


def test_a_limit_decides_from_the_next_frame_on_by_the_same_model(box: ModelBox, first: Bundle) -> None:
    score = box.judge(defect=True).score
    state = box.set_limits(reject=score + 1, requested_by="anna")
    assert (state.status, state.limit, state.requested_by) == ("changed", score + 1, "anna")
    assert state.own_limit == first.manifest.limits.reject
    after = box.judge(defect=True)
    assert (after.verdict, after.limit, after.model_version) == (Verdict.PASS, score + 1, first.version)
    assert len({id(station.inspector) for station in box.stations.values()}) == 1


@pytest.mark.parametrize("sensitivity", [0.5, 2])
def test_twice_as_sensitive_halves_the_limit(box: ModelBox, first: Bundle, sensitivity: float) -> None:
    own = first.manifest.limits
    assert box.set_limits(sensitivity=sensitivity).limit == pytest.approx(own.reject / sensitivity)
    assert box.station.inspector is not None
    assert box.station.inspector.limits.pixel == pytest.approx(own.pixel / sensitivity)
    assert box.set_limits(sensitivity=sensitivity, reject=8.0).limit == 8 / sensitivity


def test_neither_brings_the_bundles_own_back(box: ModelBox, first: Bundle) -> None:
    box.set_limits(sensitivity=3.0)
    state = box.set_limits()
    assert (state.status, state.limit) == ("own", first.manifest.limits.reject)
    assert box.station.inspector is not None
    assert box.station.inspector.limits == first.manifest.limits


def test_a_changed_limit_survives_a_restart_and_a_new_model(
    tmp_path: Path, first: Bundle, second: Bundle
) -> None:
    settings = box_settings(tmp_path, first.path)
    with ModelBox(settings) as box:
        box.set_limits(sensitivity=2.0)
    with ModelBox(settings) as again:
        assert again.judge().limit == pytest.approx(first.manifest.limits.reject / 2)
        assert again.limits.status == "changed"
        again.set_model(second.version, second.path)
        assert again.judge().limit == pytest.approx(second.manifest.limits.reject / 2)
        wait_until(lambda: again.limits.active == second.version, "limits of the second model")
        assert again.limits.own_limit == second.manifest.limits.reject


def test_a_limit_for_one_model_does_not_hold_for_another_but_again_after_the_way_back(
    box: ModelBox, first: Bundle, second: Bundle
) -> None:
    box.set_limits(reject=77.0, model_version=first.version)
    assert box.judge().limit == 77
    box.set_model(second.version, second.path)
    assert box.judge().limit == second.manifest.limits.reject
    wait_until(lambda: box.limits.status == "waiting", "limits that wait")
    assert f"it was set for bundle {first.version}" in box.limits.why
    assert (box.limits.reject, box.limits.limit) == (77, second.manifest.limits.reject)
    box.set_model("previous")
    assert box.judge().limit == 77


def test_a_limit_may_be_set_ahead_of_its_model(box: ModelBox, first: Bundle, second: Bundle) -> None:
    assert box.set_limits(reject=77.0, model_version=second.version).status == "waiting"
    assert box.judge().limit == first.manifest.limits.reject
    box.set_model(second.version, second.path)
    assert box.judge().limit == 77


@pytest.mark.parametrize(
    "payload",
    [
        b"stricter!",
        b"[" * 50_000,
        b"x" * 100_000,
        b'{"product": "washer", "reject": -1}',
        b'{"product": "washer", "reject": 0}',
        b'{"product": "washer", "reject": NaN}',
        b'{"product": "washer", "reject": Infinity}',
        b'{"product": "washer", "reject": 1e300}',
        b'{"product": "washer", "reject": "3"}',
        b'{"product": "washer", "sensitivity": 1000}',
        b'{"product": "washer", "sensitivity": 0.01}',
        b'{"product": "washer", "sensitivity": true}',
        b'{"product": "washer", "model_version": "latest"}',
        b'{"product": "bottle", "reject": 1}',
        b"{}",
    ],
)
def test_nonsense_is_refused_and_what_is_in_force_stays(box: ModelBox, payload: bytes) -> None:
    box.set_limits(reject=5.0)
    box.send(TOPICS.limits_set, payload)
    wait_until(lambda: box.limits.status == "refused", "a refusal", 20)
    assert box.limits.why
    assert box.limits.remedy
    assert (box.limits.limit, box.limits.reject) == (5, 5)
    assert box.judge().limit == 5


def test_sensitivity_means_nothing_to_a_limit_that_is_not_above_zero(tmp_path: Path, first: Bundle) -> None:
    limits = first.manifest.limits.model_copy(update={"reject": -0.5})
    golden = tuple(one.model_copy(update={"verdict": Verdict.REJECT}) for one in first.manifest.golden)
    odd = write_variant(first.path, tmp_path / "odd", limits=limits, golden=golden)
    with ModelBox(box_settings(tmp_path, odd.path)) as box:
        state = box.set_limits(sensitivity=2.0)
        assert (state.status, state.limit) == ("waiting", -0.5)
        assert "is not above zero: give a limit" in state.why
        assert box.set_limits(sensitivity=2.0, reject=4.0).limit == 2


def test_a_damaged_file_means_the_bundles_own_limit_and_is_told(tmp_path: Path, first: Bundle) -> None:
    settings = box_settings(tmp_path, first.path)
    with ModelBox(settings) as box:
        box.send(TOPICS.limits_set, {"reject": 9.0})
        wait_until(lambda: box.limits.limit == 9, "a limit")
    (box.folder / "limits.json").write_bytes(b"{")
    with ModelBox(settings) as again:
        assert (again.limits.status, again.judge().limit) == ("refused", first.manifest.limits.reject)
        assert "limits.json of washer cannot be read, it is damaged" in again.limits.why
        again.send(TOPICS.limits_set, {"reject": 9.0})  # which the broker has kept
        wait_until(lambda: again.limits.status == "changed", "the limit again")
        assert again.judge().limit == 9


def test_a_disk_that_cannot_be_written_refuses_a_limit(box: ModelBox, first: Bundle) -> None:
    box.folder.parent.parent.mkdir(parents=True, exist_ok=True)
    box.folder.parent.write_text("in the way")
    state = box.set_limits(reject=9.0)
    assert (state.status, state.limit) == ("refused", first.manifest.limits.reject)
    assert "edge.data_dir" in state.remedy


def test_a_limit_does_not_wait_for_a_model_that_is_on_its_way(
    box: ModelBox, first: Bundle, tmp_path: Path
) -> None:
    box.send(TOPICS.model_set, {"version": "0" * 16, "source": str(tmp_path / "nowhere")})
    box.await_model(lambda state: state.status == "loading" and bool(state.why))
    assert box.set_limits(reject=9.0).limit == 9


def test_what_is_in_force_is_published_retained(box: ModelBox) -> None:
    state = box.set_limits(reject=9.0)
    last = [one for one in box.published if one.topic == TOPICS.limits_state][-1]
    assert last.retain
    assert LimitsStateMessage.model_validate_json(last.payload) == state
