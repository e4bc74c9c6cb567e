"""A box that trusts keys: by every way that a bundle comes, what they did not sign does not judge."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge.service import log_trust
from inspector.bundle import SIGNATURE_NAME, Bundle
from inspector.errors import BundleError
from inspector.keys import public_path_of, read_private_key, write_new_key
from inspector.records import Records
from inspector.registry import Registry
from inspector.settings import EdgeSettings, Settings
from inspector.signatures import Trust, sign_bundle
from tests.edge.model_rig import ModelBox, box_settings
from tests.tiny_bundle import MARGIN, write_tiny_bundle


@pytest.fixture
def key(tmp_path: Path) -> Path:
    write_new_key(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def first(tmp_path: Path, key: Path) -> Bundle:
    """A signed bundle."""
    bundle = write_tiny_bundle(tmp_path / "first")
    sign_bundle(bundle, read_private_key(key))
    return bundle


@pytest.fixture
def second(tmp_path: Path) -> Bundle:
    """An unsigned bundle."""
    return write_tiny_bundle(tmp_path / "second", margin=1.1 * MARGIN)


def trusting(settings: Settings, *keys: Path) -> Settings:
    edge = settings.edge.model_copy(update={"trusted_keys": tuple(map(public_path_of, keys))})
    return settings.model_copy(update={"edge": edge})


def test_a_box_does_not_start_with_an_unsigned_bundle(tmp_path: Path, key: Path, second: Bundle) -> None:
    with pytest.raises(BundleError, match=r"camera line-1/cam-1: .*is refused: it is not signed"):
        ModelBox(trusting(box_settings(tmp_path, second.path), key))


def test_a_message_brings_signed_bundles_only(
    tmp_path: Path, key: Path, first: Bundle, second: Bundle
) -> None:
    with ModelBox(trusting(box_settings(tmp_path, first.path), key)) as box:
        refused = box.set_model(second.version, second.path)
        assert (refused.status, refused.active) == ("refused", first.version)
        assert "it is not signed" in refused.why
        assert box.kept == []
        # Signed by somebody else, and with the signature of another bundle.
        write_new_key(tmp_path / "foreign")
        sign_bundle(second, read_private_key(tmp_path / "foreign"))
        assert "not trusted here" in box.set_model(second.version, second.path, reason="2").why
        shutil.copy(first.path / SIGNATURE_NAME, second.path)
        assert "does not hold" in box.set_model(second.version, second.path, reason="3").why
        assert box.version == first.version
        sign_bundle(second, read_private_key(key))
        assert box.set_model(second.version, second.path, reason="4").active == second.version
        # An older version is the way back: what is signed may judge, the sender's rights are the broker's.
        assert box.set_model("previous").active == first.version


def test_a_kept_bundle_that_is_not_trusted_any_more_gives_way_to_one_that_is(
    tmp_path: Path, key: Path, first: Bundle, second: Bundle
) -> None:
    write_new_key(tmp_path / "old")
    sign_bundle(second, read_private_key(tmp_path / "old"))
    settings = box_settings(tmp_path, first.path)
    with ModelBox(trusting(settings, key, tmp_path / "old")) as box:
        assert box.set_model(second.version, second.path).active == second.version
    with ModelBox(trusting(settings, key)) as again:
        assert again.version == first.version
        assert "is not trusted here" in again.state.why
        # Signed with the new key at its source, the kept copy is replaced.
        sign_bundle(second, read_private_key(key))
        assert again.set_model(second.version, second.path).active == second.version


def test_a_kept_bundle_whose_signature_is_taken_away_does_not_judge_after_a_restart(
    tmp_path: Path, key: Path, first: Bundle, second: Bundle
) -> None:
    sign_bundle(second, read_private_key(key))
    settings = trusting(box_settings(tmp_path, first.path), key)
    with ModelBox(settings) as box:
        box.set_model(second.version, second.path)
        (box.folder / second.version / SIGNATURE_NAME).unlink()
    with ModelBox(settings) as again:
        assert again.version == first.version
        assert "it is not signed" in again.state.why


def test_a_bundle_of_the_registry_is_checked_by_the_box_too(
    tmp_path: Path, key: Path, first: Bundle, second: Bundle
) -> None:
    with Records.open(f"sqlite:///{tmp_path}/plant.db") as records:
        location = Registry(records, str(tmp_path / "store")).add(second.path, by="mallory").location
    settings = box_settings(tmp_path, first.path, registry=str(tmp_path / "store"))
    with ModelBox(trusting(settings, key)) as box:
        assert Path(location).is_dir()
        refused = box.set_model(second.version)
        assert (refused.status, "it is not signed" in refused.why) == ("refused", True)


def test_a_box_without_keys_takes_what_is_unsigned(tmp_path: Path, second: Bundle) -> None:
    with ModelBox(box_settings(tmp_path, second.path)) as box:
        assert box.version == second.version


@pytest.mark.parametrize(
    ("trusts", "allow_unsigned", "said"),
    [
        (False, None, ("warning", "bundles without a signature may judge", "edge.trusted_keys names no key")),
        (True, True, ("warning", "bundles without a signature may judge", "edge.allow_unsigned is set")),
        (True, None, ("info", "bundles must be signed", None)),
    ],
)
def test_the_start_says_whether_unsigned_bundles_may_judge(
    key: Path, trusts: bool, allow_unsigned: bool | None, said: tuple[str, str, str | None]
) -> None:
    keys = (public_path_of(key),) if trusts else ()
    with capture_logs() as logs:
        log_trust(Trust.of(EdgeSettings(trusted_keys=keys, allow_unsigned=allow_unsigned)))
    assert [(one["log_level"], one["event"], one.get("why")) for one in logs] == [said]
