"""A bundle comes from another machine: only what it names, only as large as is allowed, and never half."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest

from inspector.bundle import Bundle, load_bundle
from inspector.errors import BundleError, InspectorError, ModelSourceError
from inspector.fetching import fetch_bundle, shown
from inspector.settings import ModelSettings
from tests.services import HOST
from tests.tiny_bundle import write_variant


@pytest.fixture
def source(bundle: Bundle, tmp_path: Path) -> Path:
    return shutil.copytree(bundle.path, tmp_path / "source")


def fetch(
    source: Path | str,
    tmp_path: Path,
    wanted: Bundle,
    between: Callable[[], None] = lambda: None,
    **more: Any,
) -> Bundle:
    return fetch_bundle(
        str(source),
        tmp_path / "part",
        product="washer",
        version=wanted.version,
        settings=ModelSettings(**more),
        between=between,
    )


def test_a_bundle_is_fetched_whole(source: Path, bundle: Bundle, tmp_path: Path) -> None:
    (source / "notes.txt").write_text("not named in the manifest")
    fetched = fetch(source, tmp_path, bundle)
    assert load_bundle(fetched.path) == fetched
    names = {path.relative_to(fetched.path).as_posix() for path in fetched.path.rglob("*") if path.is_file()}
    assert names == {*fetched.manifest.files, "manifest.json"}


@pytest.mark.parametrize("url", ["file://{}", "file://{}/", "{}/"])
def test_a_folder_may_be_written_as_a_url(source: Path, bundle: Bundle, tmp_path: Path, url: str) -> None:
    assert fetch(url.format(source), tmp_path, bundle).product == "washer"


def test_any_file_system_of_fsspec_will_do_if_it_is_allowed(source: Path, tmp_path: Path) -> None:
    wanted = load_bundle(source)
    memory = fsspec.filesystem("memory")
    memory.put(str(source), "/models/washer", recursive=True)
    with pytest.raises(BundleError, match=r"not allowed \(memory\)\. Use one of edge.models.protocols"):
        fetch("memory://models/washer", tmp_path, wanted)
    assert fetch("memory://models/washer", tmp_path, wanted, protocols=("memory",)).version == wanted.version


@pytest.fixture
def served(source: Path) -> Iterator[str]:
    """The source by HTTP, which cannot list."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), partial(Quiet, directory=str(source.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{HOST}:{server.server_address[1]}/source"
    server.shutdown()
    server.server_close()


def test_a_bundle_comes_by_http(served: str, source: Path, tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    assert fetch(served, tmp_path, load_bundle(source)).product == "washer"
    shutil.rmtree(source / "golden")
    with pytest.raises(ModelSourceError, match="Check the source"):
        fetch(served, tmp_path, load_bundle(tmp_path / "part"))
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize("source", ["/etc", "http://127.0.0.1:9/x", "file:///nowhere"])
def test_a_source_that_is_away_may_be_back_later(source: str, bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(ModelSourceError, match="cannot be fetched from"):
        fetch(source, tmp_path, bundle)
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("zip://x::file:///a.zip", "not allowed"),
        ("simplecache::file:///a", "not allowed"),
        ("github://a:b@c/d", "not allowed"),
        ("nonsense://x", "not allowed"),
    ],
)
def test_other_ways_are_refused_for_good(source: str, why: str, bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=why):
        fetch(source, tmp_path, bundle)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "golden/../../secret.txt",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a//b",
        "./scorer.onnx",
        "c:\\x",
        "manifest.json",
        "x" * 2000,
    ],
)
def test_names_that_leave_the_bundle_are_refused(
    source: Path, bundle: Bundle, tmp_path: Path, name: str
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    manifest = bundle.manifest
    evil = manifest.model_copy(update={"files": {**manifest.files, name: "0" * 64}}).sealed()
    (source / "manifest.json").write_text(evil.model_dump_json())
    with pytest.raises(BundleError, match="names a file that does not stay in the bundle"):
        fetch(source, tmp_path, Bundle(source, evil))
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize("name", ["scorer.onnx", "manifest.json", "golden/001.png", "golden"])
def test_links_are_not_followed(source: Path, bundle: Bundle, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (source / name).rename(elsewhere)
    (source / name).symlink_to(elsewhere)
    with pytest.raises(BundleError, match="is a link, or no file"):
        fetch(source, tmp_path, bundle)


def test_a_pipe_that_would_never_end_is_refused(source: Path, bundle: Bundle, tmp_path: Path) -> None:
    (source / "scorer.onnx").unlink()
    os.mkfifo(source / "scorer.onnx")
    with pytest.raises(BundleError, match=r"scorer.onnx is a link, or no file"):
        fetch(source, tmp_path, bundle)


def test_what_is_too_large_is_refused_before_it_is_copied(
    source: Path, bundle: Bundle, tmp_path: Path
) -> None:
    wanted = bundle
    with (source / "golden" / "000.png").open("ab") as file:
        file.truncate(3_000_000)  # sparse
    copied = []
    with pytest.raises(BundleError, match=r"it has 3 MB or more, 1 MB are allowed.*largest_mb"):
        fetch(source, tmp_path, wanted, between=lambda: copied.append(1), largest_mb=1)
    assert copied == []


def test_a_file_that_grows_while_it_is_copied_is_refused(
    source: Path, bundle: Bundle, tmp_path: Path
) -> None:
    wanted = bundle
    grown: list[int] = []

    def grow() -> None:
        if not grown:
            for name in wanted.manifest.files:
                with (source / name).open("ab") as file:
                    file.truncate(3_000_000)
        grown.append(1)

    with pytest.raises(BundleError, match="1 MB are allowed"):
        fetch(source, tmp_path, wanted, between=grow, largest_mb=1)
    assert not (tmp_path / "part").exists()


def test_what_ends_a_fetch_leaves_nothing(source: Path, bundle: Bundle, tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(source, tmp_path, bundle, between=stop)
    assert not (tmp_path / "part").exists()


def test_the_rest_of_an_earlier_fetch_is_no_hindrance(source: Path, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "part" / "golden").mkdir(parents=True)
    (tmp_path / "part" / "golden" / "999.png").write_text("half")
    fetched = fetch(source, tmp_path, bundle)
    assert not (fetched.path / "golden" / "999.png").exists()


def test_another_bundle_than_the_wanted_is_refused(source: Path, tmp_path: Path) -> None:
    wanted = write_variant(source, tmp_path / "other", training={"seconds": 1.0})
    with pytest.raises(InspectorError, match="the bundle there has version"):
        fetch(source, tmp_path, wanted)


def test_passwords_are_not_shown() -> None:
    assert (
        shown("from s3://key:secret@host/models and http://a@b/c") == "from s3://host/models and http://b/c"
    )
