from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inspector.drift.channels import DriftKind, What
from inspector.drift.observation import Observation
from inspector.drift.reference import DriftReference
from inspector.drift.watch import DOUBT, Drift, DriftWatch
from tests.inspector.drift.frames import (
    Change,
    blurred,
    exposed,
    moved,
    observation,
    on_part,
    rough,
    same,
    tinted,
)

MOST_FRAMES = 100


@pytest.fixture(scope="module")
def reference() -> DriftReference:
    return DriftReference.learn([observation(seed) for seed in range(10_000, 10_200)], "box")


def first_alarm(watch: DriftWatch, change: Change, frames: int = MOST_FRAMES) -> tuple[Drift, int] | None:
    for number in range(1, frames + 1):
        if (drift := watch.see(observation(number, change))) is not None:
            return drift, number
    return None


@pytest.mark.parametrize(
    ("change", "kind", "what", "words"),
    [
        (exposed(0.8), DriftKind.CAMERA, What.BRIGHTNESS, "20 % darker"),
        (exposed(1.15), DriftKind.CAMERA, What.BRIGHTNESS, "15 % brighter"),
        (moved(3), DriftKind.CAMERA, What.SHIFT_X, "px right"),
        (moved(0, -3), DriftKind.CAMERA, What.SHIFT_Y, "px up"),
        (blurred(2), DriftKind.CAMERA, What.SHARPNESS, "less sharp"),
        (tinted(0.98, 1.1), DriftKind.CAMERA, What.BLUE, "white balance"),
        (on_part(tinted(1.0, 0.9)), DriftKind.PROCESS, What.BLUE, "new lot"),
        (on_part(exposed(0.9)), DriftKind.PROCESS, What.BRIGHTNESS, "the parts are"),
        (on_part(rough(15)), DriftKind.PROCESS, What.GRAIN, "rougher"),
    ],
)
def test_a_change_is_told_within_a_hundred_frames_with_its_cause(
    reference: DriftReference, change: Change, kind: DriftKind, what: What, words: str
) -> None:
    watch = DriftWatch(reference)
    assert first_alarm(watch, same, 50) is None
    found = first_alarm(watch, change)
    assert found is not None
    drift, _ = found
    assert (drift.cause.kind, drift.cause.what) == (kind, what)
    assert words in drift.cause.sentence
    assert drift.cause.suggestion
    assert drift.cause.before != drift.cause.after


def test_stable_frames_are_never_told(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    assert first_alarm(watch, same, 2_000) is None
    assert max(abs(value) for value in watch.steps().values()) < 0.7


def test_an_alarm_names_frames_from_before_and_since(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    for number in range(50):
        watch.see(observation(number))
    for number in range(50, 100):
        seen = replace(observation(number, exposed(0.8)), has_picture=number in (51, 53))
        if (drift := watch.see(seen)) is not None:
            break
    assert drift is not None
    assert drift.since == observation(50).at
    assert drift.detected_at == seen.at
    assert {"frame-51", "frame-53"} <= set(drift.after)
    assert set(drift.before) <= {f"frame-{number}" for number in range(50)}


def test_an_alarm_is_told_once_until_it_is_acknowledged(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    assert first_alarm(watch, exposed(0.8)) is not None
    assert first_alarm(watch, exposed(0.8), 300) is None
    watch.acknowledge(as_normal=False)
    assert first_alarm(watch, exposed(0.8)) is not None


def test_an_alarm_is_over_when_frames_are_as_usual_again(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    first_alarm(watch, exposed(0.8))
    assert watch.is_held
    assert first_alarm(watch, same, 300) is None
    assert not watch.is_held
    assert first_alarm(watch, exposed(0.8)) is not None


def test_what_came_may_be_taken_for_usual(reference: DriftReference) -> None:
    watch = DriftWatch(reference, learn_frames=100)
    first_alarm(watch, exposed(0.8))
    watch.acknowledge(as_normal=True)
    assert watch.is_learning
    assert first_alarm(watch, exposed(0.8), 400) is None
    assert not watch.is_learning
    found = first_alarm(watch, same)
    assert found is not None
    assert found[0].cause.what is What.BRIGHTNESS


def test_without_a_reference_the_first_passed_frames_are_learned() -> None:
    watch = DriftWatch(None, learn_frames=100)
    for number in range(1000, 1100):
        assert watch.is_learning
        watch.see(observation(number))
        watch.see(observation(number, exposed(0.5), is_reject=True))
    assert not watch.is_learning
    assert watch.reference is not None
    assert watch.reference.source == "box"
    assert watch.reference.reject_share == pytest.approx(0.5, abs=0.01)


def test_while_learning_frames_are_compared_with_the_golden_ones() -> None:
    golden = DriftReference.learn(
        [observation(seed) for seed in range(10_000, 10_016)], "golden", with_model=False
    )
    watch = DriftWatch(None, golden)
    found = first_alarm(watch, exposed(0.7))
    assert found is not None
    assert found[0].cause.what is What.BRIGHTNESS
    assert watch.is_learning


def test_higher_scores_alone_are_the_process(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    for number in range(1, 101):
        drift = watch.see(observation(number, score=float(np.random.default_rng(number).normal(1.2, 0.1))))
        if drift is not None:
            break
    assert drift is not None
    assert (drift.cause.kind, drift.cause.what) == (DriftKind.PROCESS, What.SCORE)
    assert drift.steps > 1


def test_lower_scores_are_nobodys_trouble(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    assert not any(watch.see(observation(number, score=0.7)) for number in range(300))


def test_other_embeddings_alone_are_the_process(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    told = [
        watch.see(
            observation(number, embedding=np.random.default_rng(number).normal(0.7, 1, 32).astype("f4"))
        )
        for number in range(MOST_FRAMES)
    ]
    causes = [drift.cause for drift in told if drift is not None]
    assert [(cause.kind, cause.what) for cause in causes] == [(DriftKind.PROCESS, What.EMBEDDING)]


def test_rejects_alone_are_the_process_and_a_single_one_is_no_drift(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    assert not any(watch.see(observation(number, is_reject=number % 50 == 0)) for number in range(300))
    told = [watch.see(observation(number, is_reject=number % 2 == 0)) for number in range(MOST_FRAMES)]
    causes = [drift.cause for drift in told if drift is not None]
    assert [(cause.kind, cause.what) for cause in causes] == [(DriftKind.PROCESS, What.REJECTS)]


def test_a_camera_that_makes_every_frame_a_reject_is_still_found(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    told = [watch.see(observation(number, blurred(2), is_reject=True)) for number in range(MOST_FRAMES)]
    causes = [drift.cause for drift in told if drift is not None]
    assert [cause.what for cause in causes] == [What.SHARPNESS]


def test_the_watch_is_deterministic(reference: DriftReference) -> None:
    first, second = (first_alarm(DriftWatch(reference), tinted(0.97, 1.03)) for _ in range(2))
    assert first == second


def unsure(seed: int, change: Change) -> Observation:
    return observation(seed, change, score=np.nan, embedding=None, is_unsure=True)


def test_a_camera_so_blurred_that_no_frame_can_be_judged_is_told(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    assert first_alarm(watch, same, 50) is None
    told = [drift for seed in range(MOST_FRAMES) if (drift := watch.see(unsure(seed, blurred(4))))]
    assert [drift.cause.what for drift in told] == [What.SHARPNESS]
    assert told[0].cause.kind is DriftKind.CAMERA


def test_nothing_is_learned_from_frames_that_could_not_be_judged() -> None:
    watch = DriftWatch(None, learn_frames=20)
    for seed in range(40):
        watch.see(unsure(seed, blurred(4)))
    assert watch.reference is None
    for seed in range(20):
        watch.see(observation(seed))
    assert watch.reference is not None


def test_a_change_as_small_as_what_parts_vary_in_is_told_within_a_hundred_frames() -> None:
    """Parts differ in brightness by 30 %; a lamp with a quarter less light is one spread of that."""
    usual = DriftReference.learn([varied(seed) for seed in range(10_000, 10_200)], "box")
    told = 0
    for trial in range(8):
        watch = DriftWatch(usual)
        told += any(watch.see(varied(1000 * trial + number, 0.75)) for number in range(MOST_FRAMES))
    assert told >= 7


def varied(seed: int, darker: float = 1.0) -> Observation:
    light = np.exp(np.random.default_rng([seed, 9]).normal(0, 0.3))
    statistics = replace(observation(seed).statistics, brightness=80 * light * darker)
    return observation(seed, statistics=statistics)


def test_a_sign_that_is_not_clear_yet_is_remembered_and_then_forgotten(reference: DriftReference) -> None:
    watch = DriftWatch(reference)
    watch.see(observation(0))
    assert watch._clear_signs({What.BRIGHTNESS}) == set()
    for _ in range(DOUBT - 1):
        assert watch._clear_signs(set()) == set()
    assert watch._doubtful == {What.BRIGHTNESS: 1}
    watch._clear_signs(set())
    assert watch._doubtful == {}
