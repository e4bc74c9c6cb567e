"""A bundle is checked whole, changed only as a new version, and written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inspector.bundle import MANIFEST_NAME, SCORER_NAME, Bundle, Manifest, load_bundle, new_folder, seal
from inspector.errors import BundleError, OutputExistsError
from inspector.ranges import FrameRanges, Range
from tests.tiny_bundle import write_tiny_bundle, write_variant

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    """A copy of the bundle to damage."""
    return Path(shutil.copytree(bundle.path, tmp_path / "washer"))


def edited(folder: Path, change: Edit, *, resealed: bool = False) -> None:
    """Edit the manifest by hand; `resealed` gives it a fitting version again, as a forger would."""
    path = folder / MANIFEST_NAME
    content = json.loads(path.read_text())
    change(content)
    if resealed:
        content["version"] = Manifest.model_validate_json(json.dumps(content)).content_hash()
    path.write_text(json.dumps(content))


def names_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_bundle_is_read_back_as_it_was_written(bundle: Bundle) -> None:
    again = load_bundle(bundle.path)
    assert again == bundle
    assert again.product == "washer"
    assert again.scorer_path.is_file()
    assert len(again.version) == 16
    assert again.size_bytes == sum(path.stat().st_size for path in bundle.path.rglob("*") if path.is_file())


def test_the_same_content_is_the_same_version_and_other_content_another(tmp_path: Path) -> None:
    first, second = write_tiny_bundle(tmp_path / "a"), write_tiny_bundle(tmp_path / "b")
    other = write_tiny_bundle(tmp_path / "c", product="gasket")
    assert first.version == second.version != other.version


def test_a_bundle_of_an_earlier_version_keeps_its_version_and_is_read(folder: Path) -> None:
    path = folder / MANIFEST_NAME
    content = json.loads(path.read_text())
    del content["quality"], content["learning"], content["version"]
    version = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    path.write_text(json.dumps(content | {"version": version}))
    assert load_bundle(folder).version == version
    assert load_bundle(folder).manifest.quality is None


def test_what_pictures_measure_is_part_of_the_version(bundle: Bundle, tmp_path: Path) -> None:
    wide, narrow = (Range(low=0, high=high, seen_low=0, seen_high=0) for high in (2.0, 1.0))
    versions = set()
    for name, found in (("wide", wide), ("narrow", narrow)):
        ranges = FrameRanges(**dict.fromkeys(FrameRanges.model_fields, found))
        varied = write_variant(bundle.path, tmp_path / name, quality=ranges)
        assert varied.manifest.quality == ranges
        versions.add(varied.version)
    assert len(versions | {bundle.version}) == 3


def test_a_bundle_moves_to_another_place(folder: Path, bundle: Bundle) -> None:
    moved = folder.rename(folder.parent / "elsewhere")
    assert load_bundle(moved).version == bundle.version


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["limits"].update(reject=1e9),
        lambda manifest: manifest.update(product="gasket"),
        lambda manifest: manifest["golden"].pop(),
        lambda manifest: manifest["files"].pop("golden/000.png"),
    ],
)
def test_a_manifest_edited_by_hand_is_seen(folder: Path, change: Edit) -> None:
    edited(folder, change)
    with pytest.raises(BundleError, match=r"edited after it was written.*inspector calibrate"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda manifest: manifest.update(schema_version=2), "schema_version"),
        (lambda manifest: manifest.update(colour="x"), "colour"),
        (lambda manifest: manifest.pop("limits"), "limits"),
        (lambda manifest: manifest.update(product="../x"), "product"),
        (lambda manifest: manifest["limits"].update(normals=-1), "limits.normals"),
    ],
)
def test_a_manifest_that_does_not_fit_the_schema_is_named_by_field(
    folder: Path, change: Edit, why: str
) -> None:
    edited(folder, change)
    with pytest.raises(BundleError, match=why):
        load_bundle(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_manifest_that_is_no_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST_NAME).write_bytes(content)
    with pytest.raises(BundleError, match=MANIFEST_NAME):
        load_bundle(folder)


@pytest.mark.parametrize("name", [SCORER_NAME, "golden/001.png"])
def test_one_flipped_bit_in_any_file_is_seen(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BundleError, match=f"{name} was changed"):
        load_bundle(folder)


@pytest.mark.parametrize("name", [SCORER_NAME, "golden/001.png"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        load_bundle(folder)


def test_a_bundle_without_a_network_is_refused(folder: Path) -> None:
    edited(folder, lambda manifest: manifest["files"].pop(SCORER_NAME), resealed=True)
    with pytest.raises(BundleError, match=f"lists no {SCORER_NAME}"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["../secret.txt", "golden/../../secret.txt", "link.txt"])
def test_a_manifest_cannot_reach_outside_its_folder(folder: Path, name: str) -> None:
    secret = folder.parent / "secret.txt"
    secret.write_text("secret")
    (folder / "link.txt").symlink_to(secret)
    edited(folder, lambda manifest: manifest["files"].update({name: "0" * 64}), resealed=True)
    with pytest.raises(BundleError, match="outside the bundle"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("name", "why"), [("nothing", "no such folder"), ("empty", "manifest.json is missing")]
)
def test_what_is_no_bundle_is_named(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match=f"{name} cannot be used: .*{why}"):
        load_bundle(tmp_path / name)


def test_sealing_hashes_every_file_and_sets_the_version(folder: Path, bundle: Bundle) -> None:
    (folder / "notes.txt").write_text("one more file")
    sealed = seal(folder, bundle.manifest)
    assert set(sealed.files) == set(bundle.manifest.files) | {"notes.txt"}
    assert sealed.version == sealed.content_hash() != bundle.version
    assert load_bundle(folder).manifest == sealed


def test_a_new_folder_takes_its_name_only_when_done(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with new_folder(target) as folder:
        (folder / "file").write_text("x")
        assert not target.exists()
    assert names_below(tmp_path) == ["deep", "deep/out", "deep/out/file"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("existing", [False, True])
def test_an_error_leaves_everything_as_it_was(
    tmp_path: Path, error: type[BaseException], existing: bool
) -> None:
    target = tmp_path / "out"
    if existing:
        target.mkdir()
        (target / "old").write_text("old")
    before = names_below(tmp_path)

    def fail() -> None:
        with new_folder(target, overwrite=True) as folder:
            (folder / "half").write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert names_below(tmp_path) == before


def test_an_existing_folder_is_kept_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").write_text("old")
    with pytest.raises(OutputExistsError, match="already exists"), new_folder(target):
        pytest.fail("nothing may be written")
    with new_folder(target, overwrite=True) as folder:
        (folder / "new").write_text("new")
    assert names_below(tmp_path) == ["out", "out/new"]
