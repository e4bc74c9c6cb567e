"""Models are changed while the line runs: what is accepted, what is refused, and what survives."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.bundle import Bundle, load_bundle, seal
from inspector.engines import Engine, ScorerOutput
from inspector.errors import BundleError, SettingsError
from inspector.inspecting import Inspector, load_inspector
from inspector.results import Inspection, Verdict
from inspector.settings import EngineSettings
from tests.edge.model_rig import TOPICS, ModelBox, box_settings
from tests.tiny_bundle import MARGIN, tiny_part, write_tiny_bundle, write_variant


@pytest.fixture(scope="session")
def first(bundle: Path) -> Bundle:
    return load_bundle(bundle)


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The same product, learned again."""
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "second", margin=1.1 * MARGIN)


@pytest.fixture(scope="session")
def third(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "third", margin=1.2 * MARGIN)


@pytest.fixture
def box(first: Bundle, tmp_path: Path) -> Iterator[ModelBox]:
    """A box with two cameras and the first bundle."""
    with ModelBox(box_settings(tmp_path, first.path, first.path)) as running:
        yield running


def test_the_settings_bundle_judges_until_another_is_named(box: ModelBox, first: Bundle) -> None:
    assert box.version == first.version
    assert (box.state.status, box.state.active, box.state.previous) == ("active", first.version, None)
    assert box.state.engine == "onnxruntime:CPUExecutionProvider"
    assert box.state.gate is not None
    assert box.state.gate.passed
    assert not box.folder.exists()


def test_a_named_bundle_takes_over_all_cameras_and_the_earlier_is_kept(
    box: ModelBox, first: Bundle, second: Bundle
) -> None:
    state = box.set_model(second.version, second.path, requested_by="anna", reason="new light")
    assert (state.status, state.active, state.previous) == ("active", second.version, first.version)
    assert (state.requested, state.requested_by, state.why) == (second.version, "anna", "")
    assert {one.inspector.bundle.version for one in box.stations.values() if one.inspector} == {
        second.version
    }
    assert len({id(one.inspector) for one in box.stations.values()}) == 1
    assert box.kept == sorted([first.version, second.version])
    assert box.judge().model_version == second.version
    assert [told.status for told in box.told(TOPICS.model_state)][-2:] == ["loading", "active"]


def test_the_frames_in_hand_keep_the_model_they_were_begun_with(
    box: ModelBox, first: Bundle, second: Bundle
) -> None:
    in_hand = box.station.inspector
    box.set_model(second.version, second.path)
    assert in_hand is not None
    assert in_hand.bundle.version == first.version
    assert box.station.bundle(first.version) is not None


def test_back_to_the_previous_and_forth_again(box: ModelBox, first: Bundle, second: Bundle) -> None:
    box.set_model(second.version, second.path)
    back = box.set_model("previous")
    assert (back.status, back.active, back.previous) == ("active", first.version, second.version)
    assert box.version == first.version
    forth = box.set_model("previous")
    assert (forth.active, forth.previous) == (second.version, first.version)


def test_only_the_active_and_the_previous_stay_on_disk(box: ModelBox, second: Bundle, third: Bundle) -> None:
    box.set_model(second.version, second.path)
    box.set_model(third.version, third.path)
    assert box.kept == sorted([second.version, third.version])


def test_back_where_nothing_was_before_is_refused(box: ModelBox, first: Bundle) -> None:
    state = box.set_model("previous")
    assert (state.status, state.active) == ("refused", first.version)
    assert "no earlier bundle is kept" in state.why


def test_the_choice_survives_a_restart(tmp_path: Path, first: Bundle, second: Bundle) -> None:
    settings = box_settings(tmp_path, first.path)
    with ModelBox(settings) as box:
        box.set_model(second.version, second.path)
    with ModelBox(settings) as again:
        assert (again.version, again.state.status) == (second.version, "active")
        assert again.set_model("previous").active == first.version
    assert ModelBox(settings).version == first.version


def test_the_settings_bundle_may_be_gone_when_another_was_named(
    tmp_path: Path, first: Bundle, second: Bundle
) -> None:
    configured = tmp_path / "washer"
    shutil.copytree(first.path, configured)
    settings = box_settings(tmp_path, configured)
    with ModelBox(settings) as box:
        box.set_model(second.version, second.path)
    shutil.rmtree(configured)
    with ModelBox(settings) as again:
        assert again.version == second.version
        assert again.set_model("previous").active == first.version


def test_a_camera_without_a_bundle_waits_for_one(tmp_path: Path, second: Bundle) -> None:
    settings = box_settings(tmp_path, None, registry=str(tmp_path / "registry"))
    with ModelBox(settings) as box:
        assert box.version is None
        assert (box.state.status, box.state.active) == ("none", None)
        assert "was ever named" in box.state.why
        assert "set-model" in box.state.remedy
        shutil.copytree(second.path, tmp_path / "registry" / "washer" / second.version)
        assert box.set_model(second.version).status == "active"
        assert box.version == second.version


@pytest.mark.parametrize("name", ["manifest.json", "scorer.onnx", "golden/000.png", "golden/defect-002.png"])
def test_one_flipped_byte_anywhere_is_refused_and_the_old_one_stays(
    box: ModelBox, first: Bundle, second: Bundle, tmp_path: Path, name: str
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(second.path, damaged)
    data = bytearray((damaged / name).read_bytes())
    data[len(data) // 2] ^= 1
    (damaged / name).write_bytes(data)
    state = box.set_model(second.version, damaged)
    assert (state.status, state.active) == ("refused", first.version)
    assert state.why
    assert state.remedy
    assert box.version == first.version
    assert box.judge(defect=True).verdict is Verdict.REJECT
    assert box.kept == []


def test_golden_scores_that_drift_are_refused_and_the_old_one_stays(
    box: ModelBox, first: Bundle, second: Bundle, tmp_path: Path
) -> None:
    golden = tuple(one.model_copy(update={"score": 1.05 * one.score}) for one in second.manifest.golden)
    drifted = write_variant(second.path, tmp_path / "drifted", golden=golden)
    state = box.set_model(drifted.version, drifted.path)
    assert (state.status, state.active, box.version) == ("refused", first.version, first.version)
    assert "did not pass the gate" in state.why
    assert "golden/000.png scores" in state.why
    assert state.gate is not None
    assert (state.gate.version, state.gate.passed) == (drifted.version, False)
    assert box.kept == []


class Slow:
    """The real engine, again and again for 100 ms."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.name = engine, engine.name

    def run(self, images: NDArray[np.uint8]) -> ScorerOutput:
        until = time.perf_counter() + 0.1
        while time.perf_counter() < until:
            self._engine.run(images)
        return self._engine.run(images)


def test_a_model_that_is_too_slow_is_refused_but_the_way_back_to_it_is_not(
    tmp_path: Path, first: Bundle, second: Bundle
) -> None:
    slow = {second.version}

    def load(path: Path, engine: EngineSettings) -> Inspector:
        inspector = load_inspector(path, engine)
        if inspector.bundle.version not in slow:
            return inspector
        return Inspector(inspector.bundle, Slow(inspector.engine))

    with ModelBox(box_settings(tmp_path, first.path, budget_ms=80.0), load=load) as box:
        state = box.set_model(second.version, second.path)
        assert (state.status, state.active) == ("refused", first.version)
        assert "the budget is 80 ms" in state.why
        slow.clear()
        assert box.set_model(second.version, second.path).status == "active"
        slow.add(first.version)
        assert box.set_model("previous").active == first.version


def test_the_same_message_again_does_nothing(box: ModelBox, first: Bundle, second: Bundle) -> None:
    asked = {"version": second.version, "source": str(second.path)}
    box.send(TOPICS.model_set, asked)
    box.await_model(lambda state: state.active == second.version)
    box.set_model("previous")
    back = {"version": "previous"}
    box.send(TOPICS.model_set, back)
    box.await_model(lambda state: state.active == second.version)
    told = len(box.published)
    for _ in range(3):  # delivered again at each reconnect
        box.send(TOPICS.model_set, back)
    box.set_limits(sensitivity=2.0)  # done after those
    assert box.version == second.version
    assert len(box.told(TOPICS.model_state)) <= told


def test_a_retained_way_back_is_not_taken_again_after_a_restart(
    tmp_path: Path, first: Bundle, second: Bundle
) -> None:
    settings, back = box_settings(tmp_path, first.path), {"version": "previous"}
    with ModelBox(settings) as box:
        box.set_model(second.version, second.path)
        box.send(TOPICS.model_set, back)
        box.await_model(lambda state: state.active == first.version)
    with ModelBox(settings) as again:
        again.send(TOPICS.model_set, back)
        again.set_limits(sensitivity=2.0)
        assert again.version == first.version


def test_a_source_that_is_away_is_tried_until_it_is_back(
    box: ModelBox, first: Bundle, second: Bundle, tmp_path: Path
) -> None:
    source = tmp_path / "stick"
    box.send(TOPICS.model_set, {"version": second.version, "source": str(source), "request_id": "1"})
    state = box.await_model(lambda state: bool(state.why))
    assert (state.status, state.active, state.request_id) == ("loading", first.version, "1")
    assert "there is no such file" in state.why
    assert state.remedy.endswith("it is tried again")
    shutil.copytree(second.path, source)
    assert box.await_model(lambda state: state.status == "active").active == second.version


def test_a_newer_request_ends_one_that_waits_for_its_source(
    box: ModelBox, second: Bundle, tmp_path: Path
) -> None:
    lost = {"version": "0" * 16, "source": str(tmp_path / "nowhere")}
    box.send(TOPICS.model_set, lost)
    box.await_model(lambda state: bool(state.why))
    assert box.set_model(second.version, second.path).status == "active"


def test_a_request_that_is_taken_back_ends(box: ModelBox, first: Bundle, tmp_path: Path) -> None:
    box.send(TOPICS.model_set, {"version": "0" * 16, "source": str(tmp_path / "nowhere")})
    box.await_model(lambda state: bool(state.why))
    box.send(TOPICS.model_set, b"")  # how a retained message is removed at the broker
    state = box.await_model(lambda state: state.status == "active")
    assert (state.active, state.why) == (first.version, "")


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"use the new one", "it is no JSON"),
        (b"\xff\xfe\x00", "it is no JSON"),
        (b"[" * 50_000, "it is no JSON"),
        (b'"previous"', "valid dictionary"),
        (b"{" + b" " * 100_000 + b"}", "100,002 bytes, more than 65,536"),
        (b'{"product": "washer"}', "version: Field required"),
        (b'{"product": "washer", "version": "../../etc"}', "version"),
        (b'{"product": "bottle", "version": "previous"}', "it is for product bottle"),
        (b'{"product": "washer", "version": "previous", "source": 7}', "source: Input should be"),
    ],
)
def test_nonsense_is_refused_with_what_to_send(
    box: ModelBox, first: Bundle, payload: bytes, why: str
) -> None:
    box.send(TOPICS.model_set, payload)
    state = box.await_model(lambda state: state.status == "refused")
    assert state.active == first.version
    assert why in state.why
    assert state.remedy


def test_a_bundle_of_another_product_is_refused(box: ModelBox, first: Bundle, tmp_path: Path) -> None:
    bottle = write_tiny_bundle(tmp_path / "bottle", "bottle")
    state = box.set_model(bottle.version, bottle.path)
    assert (state.status, state.active) == ("refused", first.version)
    assert "it is a bundle of bottle" in state.why


def test_another_version_than_was_asked_for_is_refused(box: ModelBox, second: Bundle) -> None:
    state = box.set_model("0" * 16, second.path)
    assert state.status == "refused"
    assert f"the bundle there has version {second.version}" in state.why


def test_a_version_that_nobody_knows_is_refused(box: ModelBox) -> None:
    state = box.set_model("0" * 16)
    assert state.status == "refused"
    assert "no source was named" in state.why


def test_a_bundle_the_engine_cannot_load_is_refused(box: ModelBox, second: Bundle, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(second.path, broken)
    (broken / "scorer.onnx").write_bytes(b"no network")
    state = box.set_model(seal(broken, second.manifest).version, broken)
    assert state.status == "refused"
    assert "cannot be loaded" in state.why
    assert box.kept == []


def test_a_damaged_record_falls_back_to_what_was_in_force_last(
    tmp_path: Path, first: Bundle, second: Bundle
) -> None:
    settings = box_settings(tmp_path, first.path)
    with ModelBox(settings) as box:
        box.set_model(second.version, second.path)
    (box.folder / "active.json").write_bytes(b"\0" * 200)
    again = ModelBox(settings)
    assert (again.version, again.state.status) == (second.version, "active")
    assert "active.json of washer cannot be read, it is damaged" in again.state.why
    assert ModelBox(settings).state.why == ""


def test_a_damaged_active_bundle_falls_back_to_the_previous_and_says_so(
    tmp_path: Path, first: Bundle, second: Bundle
) -> None:
    settings = box_settings(tmp_path, first.path)
    asked = {"version": second.version, "source": str(second.path)}
    with ModelBox(settings) as box:
        box.send(TOPICS.model_set, asked)
        box.await_model(lambda state: state.active == second.version)
    with (box.folder / second.version / "scorer.onnx").open("ab") as file:
        file.write(b"\0")
    with ModelBox(settings) as again:
        assert (again.version, again.state.status) == (first.version, "active")
        assert "scorer.onnx was changed after export" in again.state.why
        again.send(TOPICS.model_set, asked)  # which the broker has kept
        again.await_model(lambda state: state.active == second.version)


def test_where_all_kept_bundles_are_damaged_the_settings_bundle_judges(
    tmp_path: Path, first: Bundle, second: Bundle
) -> None:
    settings = box_settings(tmp_path, first.path)
    with ModelBox(settings) as box:
        box.set_model(second.version, second.path)
    for name in box.kept:
        (box.folder / name / "scorer.onnx").write_bytes(b"")
    again = ModelBox(settings)
    assert again.version == first.version
    assert "scorer.onnx was changed after export" in again.state.why


def test_a_missing_bundle_that_nothing_replaces_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"camera line-1/cam-1: bundle .* there is no such folder"):
        ModelBox(box_settings(tmp_path, tmp_path / "nowhere"))


def test_a_bundle_of_another_product_in_the_settings_is_an_error(tmp_path: Path, first: Bundle) -> None:
    with pytest.raises(SettingsError, match="its product is bottle"):
        ModelBox(box_settings(tmp_path, first.path, product="bottle"))


def test_a_settings_bundle_that_fails_the_gate_leaves_the_product_without_a_model(
    tmp_path: Path, second: Bundle, first: Bundle
) -> None:
    golden = tuple(one.model_copy(update={"score": 9 + one.score}) for one in first.manifest.golden)
    drifted = write_variant(first.path, tmp_path / "drifted", golden=golden)
    with ModelBox(box_settings(tmp_path, drifted.path)) as box:
        assert (box.version, box.state.status) == (None, "none")
        assert "did not pass the gate" in box.state.why
        assert box.set_model(second.version, second.path).status == "active"
        assert box.version == second.version


def test_cameras_with_bundles_of_their_own_are_not_replaced_by_one(
    tmp_path: Path, first: Bundle, second: Bundle, third: Bundle
) -> None:
    with ModelBox(box_settings(tmp_path, first.path, second.path)) as box:
        judging = {one.inspector.bundle.version for one in box.stations.values() if one.inspector}
        assert judging == {first.version, second.version}
        state = box.set_model(third.version, third.path)
        assert state.status == "refused"
        assert "different bundles in the settings" in state.why


def test_what_is_in_force_is_told_again_after_each_connect(box: ModelBox) -> None:
    box.await_model(lambda _: len(box.published) >= 2)
    told = len(box.published)
    box.models.on_connected()
    box.await_model(lambda _: len(box.published) == told + 2)
    assert {one.topic for one in box.published[told:]} == {TOPICS.model_state, TOPICS.limits_state}


def test_a_disk_that_cannot_be_written_delays_and_loses_nothing(
    box: ModelBox, first: Bundle, second: Bundle
) -> None:
    box.folder.parent.parent.mkdir(parents=True, exist_ok=True)
    box.folder.parent.write_text("in the way")
    box.send(TOPICS.model_set, {"version": second.version, "source": str(second.path)})
    state = box.await_model(lambda state: bool(state.why))
    assert (state.status, state.active) == ("loading", first.version)
    assert "edge.data_dir" in state.remedy
    box.folder.parent.unlink()
    assert box.await_model(lambda state: state.status == "active").active == second.version


def test_scores_do_not_change_by_a_swap_to_the_same_network(box: ModelBox, second: Bundle) -> None:
    before = box.judge(3)
    box.set_model(second.version, second.path)
    after = box.judge(3)
    assert replace(after, model_version="", limit=0).score == before.score
    assert after.limit == second.manifest.limits.reject
    assert tiny_part(3).shape == (after.height_px, after.width_px, 3)


def test_a_defect_of_ours_while_loading_is_a_refusal_and_the_next_request_is_served(
    tmp_path: Path, first: Bundle, second: Bundle, third: Bundle
) -> None:
    def load(path: Path, engine: EngineSettings) -> Inspector:
        if path.name == second.version:
            raise ZeroDivisionError
        return load_inspector(path, engine)

    with ModelBox(box_settings(tmp_path, first.path), load=load) as box:
        state = box.set_model(second.version, second.path)
        assert (state.status, state.active) == ("refused", first.version)
        assert "a defect of inspector, ZeroDivisionError" in state.why
        assert box.set_model(third.version, third.path).status == "active"


def test_every_frame_is_judged_while_models_and_limits_change(
    box: ModelBox, first: Bundle, second: Bundle
) -> None:
    judged: list[Inspection] = []
    failed: list[Exception] = []
    done = threading.Event()

    def judge() -> None:
        try:
            while not done.is_set():
                judged.append(box.judge(3))
        except Exception as error:
            failed.append(error)

    worker = threading.Thread(target=judge)
    worker.start()
    for number in range(5):
        box.set_model(second.version, second.path)
        box.set_limits(sensitivity=1.0 + number)
        box.set_model("previous")
    done.set()
    worker.join()
    assert failed == []
    own = {bundle.version: bundle.manifest.limits.reject for bundle in (first, second)}
    assert {one.model_version for one in judged} == set(own)
    sensitivities = (1.0, 2.0, 3.0, 4.0, 5.0)
    possible = {(version, round(own[version] / one, 9)) for version in own for one in sensitivities}
    assert {(one.model_version, round(one.limit, 9)) for one in judged} <= possible
