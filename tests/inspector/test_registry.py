"""Bundles by product and stage: verified on every read, promoted with a reason, back in one step."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from inspector.bundle import Bundle, load_bundle, seal
from inspector.errors import BundleError, ModelSourceError, RegistryError
from inspector.frames import Frame
from inspector.inspecting import load_inspector, utc_now
from inspector.records import Records, Stage
from inspector.registry import Registry
from tests.inspector.records.conftest import postgresql_url, records, sqlite_url, url
from tests.services import postgresql
from tests.tiny_bundle import tiny_part, write_tiny_bundle

__all__ = ["postgresql", "postgresql_url", "records", "sqlite_url", "url"]


@pytest.fixture
def first(tmp_path: Path) -> Bundle:
    return write_tiny_bundle(tmp_path / "first", margin=1.5)


@pytest.fixture
def second(tmp_path: Path) -> Bundle:
    return write_tiny_bundle(tmp_path / "second", margin=1.2)


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A store, once of each kind."""
    if request.param == "folder":
        yield str(tmp_path / "store")
    else:
        yield "memory://store"
        fsspec.filesystem("memory").rm("/store", recursive=True)


@pytest.fixture
def registry(records: Records, store: str) -> Registry:
    return Registry(records, store)


def test_a_bundle_is_added_once_and_comes_back_as_it_was(
    registry: Registry, records: Records, first: Bundle, tmp_path: Path
) -> None:
    added = registry.add(first.path, by="anna", why="first lot")
    assert (added.stage, added.product, added.version) == (Stage.CANDIDATE, "washer", first.version)
    assert registry.add(first.path, by="bert") == records.bundles.get("washer", first.version)
    fetched = registry.fetch("washer", first.version, tmp_path / "out/bundle")
    assert fetched.manifest == first.manifest
    assert [(one.actor, one.action) for one in records.audit.latest()] == [("anna", "register")]


def test_promoting_retires_the_one_before_and_rolling_back_reproduces_its_scores(
    registry: Registry, records: Records, first: Bundle, second: Bundle, tmp_path: Path
) -> None:
    frame = Frame(tiny_part(77, defect=True), "frame", utc_now())
    known = load_inspector(first.path).inspect(frame)
    for bundle in (first, second):
        registry.add(bundle.path, by="anna")
        registry.promote("washer", bundle.version, by="anna", why="trial")
    active = records.bundles.active("washer")
    assert active is not None
    assert active.version == second.version
    began = time.perf_counter()
    back = registry.roll_back("washer", by="bert", why="too strict")
    assert time.perf_counter() - began <= 5
    assert (back.version, back.stage) == (first.version, Stage.ACTIVE)
    again = load_inspector(registry.fetch("washer", back.version, tmp_path / "back").path).inspect(frame)
    assert (again.score, again.limit, again.verdict) == (known.score, known.limit, known.verdict)
    assert registry.roll_back("washer", by="bert", why="forth again").version == second.version
    stages = {one.version: one.stage for one in records.bundles.of("washer")}
    assert stages == {first.version: Stage.RETIRED, second.version: Stage.ACTIVE}
    newest, *_ = records.audit.latest(subject="washer")
    assert (newest.actor, newest.action, newest.details["why"]) == ("bert", "roll back", "forth again")


def test_what_speaks_against_a_candidate_needs_an_override_which_the_log_keeps(
    registry: Registry, records: Records, first: Bundle
) -> None:
    registry.add(first.path, by="anna")
    against = ["2 confirmed defects would no longer be rejected"]
    with pytest.raises(RegistryError, match=r"is not promoted: 2 confirmed defects.*--override"):
        registry.promote("washer", first.version, by="anna", why="lot", against=against, override="  ")
    assert records.bundles.active("washer") is None
    registry.promote("washer", first.version, by="anna", why="lot", against=against, override="scrap lot")
    assert records.audit.latest()[0].details == {
        "why": "lot",
        "before": None,
        "against": against,
        "override": "scrap lot",
    }


def test_unknown_active_and_lonely_bundles_are_refused_and_nothing_changes(
    registry: Registry, records: Records, first: Bundle
) -> None:
    with pytest.raises(RegistryError, match=r"no bundle 0123456789abcdef of washer: it has none"):
        registry.promote("washer", "0123456789abcdef", by="anna", why="")
    registry.add(first.path, by="anna")
    registry.promote("washer", first.version, by="anna", why="")
    with pytest.raises(RegistryError, match="is active already"):
        registry.promote("washer", first.version, by="anna", why="")
    with pytest.raises(RegistryError, match="no other bundle was active before"):
        registry.roll_back("washer", by="anna", why="")
    with pytest.raises(RegistryError, match="nobody is named"):
        registry.promote("washer", first.version, by=" ", why="")
    assert [one.action for one in records.audit.latest()] == ["promote", "register"]


def test_a_bundle_that_was_damaged_in_the_store_is_neither_fetched_nor_promoted(
    records: Records, first: Bundle, tmp_path: Path
) -> None:
    registry = Registry(records, str(tmp_path / "store"))
    registry.add(first.path, by="anna")
    network = tmp_path / "store/washer" / first.version / "scorer.onnx"
    data = bytearray(network.read_bytes())
    data[len(data) // 2] ^= 1
    network.write_bytes(data)
    with pytest.raises(BundleError, match="SHA-256 differs"):
        registry.fetch("washer", first.version, tmp_path / "out")
    with pytest.raises(BundleError, match="SHA-256 differs"):
        registry.promote("washer", first.version, by="anna", why="")
    assert records.bundles.active("washer") is None


def test_a_store_that_is_away_is_told(records: Records, first: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RegistryError, match=r"cannot be stored at .*registry.url"):
        Registry(records, str(tmp_path / "file/store")).add(first.path, by="anna")
    assert records.bundles.of() == []
    registry = Registry(records, str(tmp_path / "store"))
    registry.add(first.path, by="anna")
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(ModelSourceError, match="cannot be fetched"):
        registry.promote("washer", first.version, by="anna", why="")


def test_learning_files_are_kept_and_boxes_do_not_get_them(
    records: Records, first: Bundle, tmp_path: Path
) -> None:
    (first.path / "learning").mkdir()
    (first.path / "learning/normals.zip").write_bytes(b"pictures")
    seal(first.path, first.manifest)
    bundle = load_bundle(first.path)
    registry = Registry(records, str(tmp_path / "store"))
    registry.add(bundle.path, by="anna")
    fetched = registry.fetch("washer", bundle.version, tmp_path / "out")
    assert (fetched.path / "learning/normals.zip").read_bytes() == b"pictures"
    assert "learning/normals.zip" not in fetched.manifest.files
