"""Signatures of bundles: whose bundles pass, and every way in which a signature does not hold."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.bundle import MANIFEST_NAME, SIGNATURE_NAME, Bundle, Manifest, load_bundle
from inspector.calibration import limits_by_hand, write_calibrated
from inspector.errors import BundleError, KeyFileError, OutputExistsError, SettingsError, SignatureError
from inspector.fetching import fetch_bundle
from inspector.inspecting import load_inspector, utc_now
from inspector.keys import key_id, public_path_of, read_passphrase, read_private_key, write_new_key
from inspector.records import Records
from inspector.registry import Registry
from inspector.settings import EdgeSettings, ModelSettings, SigningSettings
from inspector.signatures import Signature, Trust, sign_bundle, signed_message, signing_key
from tests.inspector.test_cli import run
from tests.tiny_bundle import write_tiny_bundle

__all__ = ["run"]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_tiny_bundle(tmp_path / "bundle")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The private key's file; the public half lies beside it."""
    write_new_key(tmp_path / "training.key")
    return tmp_path / "training.key"


@pytest.fixture
def trust(key: Path) -> Trust:
    return Trust.by([public_path_of(key)])


def signed(bundle: Bundle, key: Path) -> Bundle:
    sign_bundle(bundle, read_private_key(key))
    return bundle


def edit_signature(bundle: Bundle, **changes: object) -> None:
    path = bundle.path / SIGNATURE_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_signature_names_its_key_and_leaves_the_version_as_it_is(
    bundle: Bundle, key: Path, trust: Trust
) -> None:
    before = bundle.version
    assert trust.check(signed(bundle, key)) == key_id(read_private_key(key).public_key())
    assert load_bundle(bundle.path).version == before
    assert load_inspector(bundle.path, trust=trust).bundle.version == before


def test_an_unsigned_bundle_is_refused_by_who_trusts_keys(bundle: Bundle, trust: Trust) -> None:
    with pytest.raises(SignatureError, match=r"it is not signed\. Sign it with"):
        load_inspector(bundle.path, trust=trust)
    assert Trust(trust.keys, allow_unsigned=True).check(bundle) is None


def test_without_keys_nothing_is_looked_at(bundle: Bundle) -> None:
    (bundle.path / SIGNATURE_NAME).write_text("junk")
    assert Trust().check(bundle) is None


@pytest.mark.parametrize("allow_unsigned", [False, True])
def test_a_bundle_signed_by_somebody_else_is_refused(
    bundle: Bundle, key: Path, tmp_path: Path, allow_unsigned: bool
) -> None:
    write_new_key(tmp_path / "other")
    trust = Trust.by([public_path_of(tmp_path / "other")], allow_unsigned=allow_unsigned)
    with pytest.raises(SignatureError, match=f"signed by key {trust_id(key)}, which is not trusted here"):
        trust.check(signed(bundle, key))


def trust_id(key: Path) -> str:
    return key_id(read_private_key(key).public_key())


def test_two_keys_are_trusted_while_one_replaces_the_other(bundle: Bundle, key: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    write_new_key(new)
    trust = Trust.by([public_path_of(key), public_path_of(new)])
    assert trust.check(signed(bundle, key)) == trust_id(key)
    assert trust.check(signed(bundle, new)) == trust_id(new)
    with pytest.raises(SignatureError, match="is not trusted here"):
        Trust.by([public_path_of(key)]).check(bundle)


def test_a_signature_taken_from_another_bundle_does_not_hold(
    bundle: Bundle, key: Path, trust: Trust, tmp_path: Path
) -> None:
    other = write_tiny_bundle(tmp_path / "other", margin=9.0)
    shutil.copy(signed(bundle, key).path / SIGNATURE_NAME, other.path)
    with pytest.raises(SignatureError, match="does not hold"):
        trust.check(other)


def test_a_bundle_that_was_sealed_anew_is_unsigned(
    bundle: Bundle, key: Path, trust: Trust, tmp_path: Path
) -> None:
    limits = limits_by_hand(signed(bundle, key).manifest.limits, 9.0)
    changed = write_calibrated(bundle, limits, bundle.path, created_at=utc_now(), overwrite=True)
    with pytest.raises(SignatureError, match="not signed"):
        trust.check(changed)


def test_an_edited_manifest_with_its_signature_is_no_bundle(bundle: Bundle, key: Path) -> None:
    path = signed(bundle, key).path / MANIFEST_NAME
    path.write_text(path.read_text().replace('"washer"', '"washes"'))
    with pytest.raises(BundleError, match="edited after it was written"):
        load_bundle(bundle.path)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"signature": base64.b64encode(bytes(64)).decode()}, "does not hold"),
        ({"signature": base64.b64encode(bytes(10)).decode()}, "does not hold"),
        ({"signature": "not base64!"}, "does not hold"),
        ({"signature": ""}, "does not hold"),
        ({"signature": "A" * 200}, "is damaged"),
        ({"key_id": "0" * 16}, "not trusted"),
        ({"key_id": "../../etc"}, "is damaged"),
        ({"algorithm": "none"}, "is damaged"),
        ({"schema_version": 2}, "is damaged"),
        ({"more": 1}, "is damaged"),
    ],
)
def test_a_changed_signature_is_refused(
    bundle: Bundle, key: Path, trust: Trust, changes: dict[str, object], why: str
) -> None:
    edit_signature(signed(bundle, key), **changes)
    with pytest.raises(SignatureError, match=why):
        trust.check(bundle)


@given(junk=st.binary(max_size=6000))
def test_no_signature_file_passes_or_raises_anything_else(
    junk: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "junk"
    if not folder.exists():
        write_tiny_bundle(folder)
        write_new_key(folder.parent / "junk.key")
    (folder / SIGNATURE_NAME).write_bytes(junk)
    with pytest.raises(SignatureError):
        Trust.by([folder.parent / "junk.key.pub"]).check(load_bundle(folder))


def test_the_message_holds_the_whole_hash_and_begins_with_its_purpose(bundle: Bundle) -> None:
    message = signed_message(bundle.manifest)
    assert message.startswith(b"inspector bundle signature v1\n{")
    facts = json.loads(message.partition(b"\n")[2])
    assert facts == {
        "manifest_sha256": bundle.manifest.content_sha256(),
        "product": "washer",
        "version": bundle.version,
    }
    assert len(facts["manifest_sha256"]) == 64
    assert facts["manifest_sha256"].startswith(bundle.version)


def test_a_manifest_that_shares_the_version_alone_is_not_signed(
    bundle: Bundle, key: Path, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 64 bits cannot be collided in a test: the other manifest is given the version that a collision would.
    other = bundle.manifest.model_copy(update={"training": {"normals": 7}})
    monkeypatch.setattr(Manifest, "content_hash", lambda _: bundle.version)
    (signed(bundle, key).path / MANIFEST_NAME).write_text(other.model_dump_json())
    collided = load_bundle(bundle.path)
    assert collided.version == bundle.version
    with pytest.raises(SignatureError, match="does not hold"):
        trust.check(collided)


def test_a_signature_comes_along_with_a_fetched_bundle(
    bundle: Bundle, key: Path, trust: Trust, tmp_path: Path
) -> None:
    def fetch(name: str) -> Bundle:
        return fetch_bundle(
            str(bundle.path),
            tmp_path / name,
            product="washer",
            version=bundle.version,
            settings=ModelSettings(),
        )

    with pytest.raises(SignatureError, match="not signed"):
        trust.check(fetch("unsigned"))
    assert trust.check(fetch_after := (signed(bundle, key), fetch("signed"))[1]) == trust_id(key)
    assert (fetch_after.path / SIGNATURE_NAME).is_file()
    (bundle.path / SIGNATURE_NAME).write_bytes(bytes(5000))
    with pytest.raises(BundleError, match=r"signature.json is larger than 4 kB"):
        fetch("large")
    (bundle.path / SIGNATURE_NAME).unlink()
    (bundle.path / SIGNATURE_NAME).symlink_to("/etc/hostname")
    with pytest.raises(BundleError, match="is a link"):
        fetch("link")


def test_the_registry_promotes_and_goes_back_to_what_is_signed_only(
    bundle: Bundle, key: Path, trust: Trust, tmp_path: Path
) -> None:
    second = write_tiny_bundle(tmp_path / "second", margin=1.2)
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as records:
        open_to_all = Registry(records, str(tmp_path / "store"))
        for one in (bundle, signed(second, key)):
            open_to_all.add(one.path, by="anna")
            open_to_all.promote("washer", one.version, by="anna", why="before there were keys")
        registry = Registry(records, str(tmp_path / "store"), trust=trust)
        with pytest.raises(SignatureError, match="not signed"):
            registry.roll_back("washer", by="anna", why="too strict")
        with pytest.raises(SignatureError, match="not signed"):
            registry.promote("washer", bundle.version, by="anna", why="trial")
        assert registry.active("washer").version == second.version
        # Signed later and added again, it is the same version, vouched for.
        registry.add(signed(bundle, key).path, by="bert")
        registry.add(bundle.path, by="bert")
        registry.promote("washer", bundle.version, by="anna", why="trial")
        assert registry.active("washer").version == bundle.version
        told = records.audit.latest(subject=f"washer/{bundle.version}")
        assert [(one.actor, one.action) for one in told if one.action == "sign"] == [("bert", "sign")]


# Keys


def test_a_new_key_is_closed_to_others_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys/training.key"
    write_new_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in public_path_of(path).read_bytes()
    with pytest.raises(OutputExistsError, match="never replaced"):
        write_new_key(path)
    path.unlink()
    with pytest.raises(OutputExistsError, match=r"training\.key\.pub already exists"):
        write_new_key(path)
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_not_used(key: Path, mode: int) -> None:
    key.chmod(mode)
    with pytest.raises(KeyFileError, match=f"mode 0{mode:o}.*chmod 600"):
        read_private_key(key)


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_new_key(path, "a b c")
    assert b"ENCRYPTED" in path.read_bytes()
    assert trust_bytes(path, "a b c")
    with pytest.raises(KeyFileError, match="encrypted, and no passphrase"):
        read_private_key(path)
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        read_private_key(path, "a b d")


def trust_bytes(path: Path, passphrase: str) -> bytes:
    return read_private_key(path, passphrase).public_key().public_bytes_raw()


def test_a_passphrase_comes_from_the_environment_or_a_closed_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, words = tmp_path / "key", tmp_path / "words"
    write_new_key(path, "a b c")
    words.write_text("a b c\n")
    with pytest.raises(KeyFileError, match="other users have rights"):
        read_passphrase(words)
    words.chmod(0o600)
    by_file = SigningSettings(signing_key=path, signing_passphrase_file=words)
    found = signing_key(by_file)
    assert found is not None
    assert signing_key(SigningSettings()) is None
    with pytest.raises(KeyFileError, match="no passphrase was given"):
        signing_key(SigningSettings(signing_key=path))
    words.write_text("\n")
    with pytest.raises(KeyFileError, match="first line is empty"):
        signing_key(by_file)


def test_files_that_are_no_keys_are_explained(tmp_path: Path, key: Path) -> None:
    junk = tmp_path / "junk"
    with pytest.raises(KeyFileError, match="No such file"):
        read_private_key(junk)
    junk.write_text("junk")
    junk.chmod(0o600)
    with pytest.raises(KeyFileError, match="it is no private key"):
        read_private_key(junk)
    with pytest.raises(KeyFileError, match="it is no public key"):
        Trust.by([junk])
    with pytest.raises(KeyFileError, match=r"it is no public key.*\.pub"):
        Trust.by([key])


def test_settings_that_could_let_no_bundle_judge_are_refused(key: Path) -> None:
    with pytest.raises(SettingsError, match=r"edge.trusted_keys is empty"):
        Trust.of(EdgeSettings(allow_unsigned=False))
    assert Trust.of(EdgeSettings()).allow_unsigned
    keys = (public_path_of(key),)
    assert not Trust.of(EdgeSettings(trusted_keys=keys)).allow_unsigned
    assert Trust.of(EdgeSettings(trusted_keys=keys, allow_unsigned=True)).allow_unsigned


# Commands


def test_from_a_new_key_to_a_verified_bundle(run: Any, tmp_path: Path, bundle: Bundle) -> None:
    path = tmp_path / "keys/line.key"
    made = json.loads(run("key", "new", path, "--json").stdout)
    assert (made["private"], made["encrypted"]) == (str(path), False)
    assert run("key", "show", f"{path}.pub").stdout.strip() == made["key_id"]
    unsigned = run("bundle", "verify", bundle.path, "--key", f"{path}.pub")
    assert (unsigned.code, "it is not signed" in unsigned.stderr) == (1, True)
    assert made["key_id"] in run("bundle", "sign", bundle.path, "--key", path).stdout
    verified = run("bundle", "verify", bundle.path, "--key", f"{path}.pub", "--json")
    assert json.loads(verified.stdout) == {
        "product": "washer",
        "version": bundle.version,
        "key_id": made["key_id"],
    }
    assert Signature.model_validate_json((bundle.path / SIGNATURE_NAME).read_bytes()).key_id == made["key_id"]


def test_the_configured_key_signs_and_what_is_missing_is_named(
    run: Any, tmp_path: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSPECTOR_TRAINING__SIGNING_PASSPHRASE", "a b c")
    assert "0600" not in run("key", "new", tmp_path / "key").stdout
    assert b"ENCRYPTED" in (tmp_path / "key").read_bytes()
    assert "no key is named" in run("bundle", "sign", bundle.path).stderr
    assert "no key is named" in run("bundle", "verify", bundle.path).stderr
    monkeypatch.setenv("INSPECTOR_TRAINING__SIGNING_KEY", str(tmp_path / "key"))
    monkeypatch.setenv("INSPECTOR_EDGE__TRUSTED_KEYS", json.dumps([f"{tmp_path}/key.pub"]))
    assert run("bundle", "sign", bundle.path).code == 0
    assert "signed by key" in run("bundle", "verify", bundle.path).stdout
    calibrated = tmp_path / "calibrated"
    assert run("calibrate", bundle.path, "--limit", 9, "--output", calibrated).code == 0
    assert run("bundle", "verify", calibrated).code == 0
    monkeypatch.setenv("INSPECTOR_TRAINING__SIGNING_PASSPHRASE", "a b d")
    refused = run("calibrate", bundle.path, "--limit", 8, "--output", tmp_path / "never")
    assert (refused.code, "passphrase is wrong" in refused.stderr) == (1, True)
    assert not (tmp_path / "never").exists()
