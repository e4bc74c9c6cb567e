"""A box takes what is promoted in the registry, and goes back when it is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.following import Following
from inspector.bundle import Bundle
from inspector.records import Records
from inspector.registry import Registry
from tests.edge.model_rig import ModelBox, box_settings
from tests.edge.rig import wait_until
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture
def first(tmp_path: Path) -> Bundle:
    return write_tiny_bundle(tmp_path / "first", margin=1.5)


@pytest.fixture
def second(tmp_path: Path) -> Bundle:
    return write_tiny_bundle(tmp_path / "second", margin=1.2)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/registry.db"


@pytest.fixture
def registry(url: str, tmp_path: Path, first: Bundle, second: Bundle) -> Iterator[Registry]:
    """With both bundles; the first is active."""
    with Records.open(url) as records:
        registry = Registry(records, str(tmp_path / "store"))
        for bundle in (first, second):
            registry.add(bundle.path, by="anna")
        registry.promote("washer", first.version, by="anna", why="first")
        yield registry


def following(box: ModelBox, url: str, folder: Path) -> Following:
    return Following(url, folder, box.models, every_s=0.05)


def test_what_is_promoted_judges_and_a_roll_back_reproduces_the_old_scores(
    registry: Registry, url: str, first: Bundle, second: Bundle, tmp_path: Path
) -> None:
    with ModelBox(box_settings(tmp_path, first.path)) as box:
        follower = following(box, url, tmp_path / "box-1")
        follower.start()
        known = box.judge(5, defect=True)
        registry.promote("washer", second.version, by="anna", why="better")
        wait_until(lambda: box.version == second.version, "the promoted bundle", 5)
        assert box.judge(5, defect=True).limit != known.limit
        registry.roll_back("washer", by="anna", why="worse")
        wait_until(lambda: box.version == first.version, "the bundle before", 5)
        again = box.judge(5, defect=True)
        assert (again.score, again.limit, again.verdict) == (known.score, known.limit, known.verdict)
        follower.stop()


def test_a_model_that_was_set_on_the_box_stays_until_the_registry_changes(
    registry: Registry, url: str, first: Bundle, second: Bundle, tmp_path: Path
) -> None:
    with ModelBox(box_settings(tmp_path, first.path)) as box:
        follower = following(box, url, tmp_path / "box-1")
        follower.look()
        box.set_model(second.version, second.path)
        for _ in range(3):
            follower.look()
        again = following(box, url, tmp_path / "box-1")
        again.look()
        assert box.version == second.version
        registry.promote("washer", second.version, by="anna", why="trial was good")
        registry.roll_back("washer", by="anna", why="after all not")
        wait_until(lambda: again.look() or box.version == first.version, "the bundle before", 10)  # type: ignore[func-returns-value]
        for one in (follower, again):
            one.stop()


def test_a_refused_bundle_is_asked_for_once_and_the_old_one_goes_on(
    registry: Registry, url: str, first: Bundle, second: Bundle, tmp_path: Path
) -> None:
    with ModelBox(box_settings(tmp_path, first.path)) as box:
        follower = following(box, url, tmp_path / "box-1")
        registry.promote("washer", second.version, by="anna", why="better")
        network = tmp_path / "store/washer" / second.version / "scorer.onnx"
        network.write_bytes(network.read_bytes() + b"x")
        follower.look()
        box.await_model(lambda state: state.status == "refused")
        told = len(box.published)
        for _ in range(5):
            follower.look()
        assert (box.version, len(box.published)) == (first.version, told)
        assert "registry" in str(box.state.requested_by)
        follower.stop()


def test_a_registry_that_is_away_is_a_problem_and_the_line_goes_on(first: Bundle, tmp_path: Path) -> None:
    with ModelBox(box_settings(tmp_path, first.path)) as box:
        follower = following(box, "sqlite:////proc/nowhere/registry.db", tmp_path / "box-1")
        follower.start()
        wait_until(follower.problem, "a problem")
        problem = follower.problem()
        assert problem is not None
        assert "the active model goes on" in problem.remedy
        assert box.version == first.version
        follower.stop()
