"""A plant's certificates and access list: who gets which name, what ends when, what the broker is told."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import CertificateError, InspectorError, MessageError, OutputExistsError
from inspector.pki.authority import Authority
from inspector.pki.members import Member, Plant, Role, access_list, read_plant
from tests.inspector.test_cli import run

__all__ = ["run"]

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CAMERA, BOX = Member(Role.CAMERA, "line-1/cam-1"), Member(Role.BOX, "box-1")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "pki", "plant-1", now=NOW)


def openssl(*words: object) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_name_holds_the_role_so_that_no_two_members_share_one() -> None:
    assert CAMERA.common_name == "camera:line-1:cam-1"
    assert Member(Role.BOX, "cam-1").common_name == "box:cam-1"
    assert Member(Role.CAMERA, "a.b/c").common_name != Member(Role.CAMERA, "a/b.c").common_name


@pytest.mark.parametrize(
    ("role", "name"),
    [
        (Role.CAMERA, "cam-1"),
        (Role.CAMERA, "line-1/cam-1/x"),
        (Role.CAMERA, "line-1/+"),
        (Role.CAMERA, "../cam-1"),
        (Role.BOX, "line-1/box-1"),
        (Role.BOX, "box:1"),
        (Role.BOX, "#"),
        (Role.BOX, ""),
        (Role.BOX, "b" * 61),
        (Role.BROKER, "no host"),
        (Role.BROKER, "../broker"),
        (Role.BROKER, "-broker"),
    ],
)
def test_names_that_are_no_topic_levels_get_no_certificate(role: Role, name: str) -> None:
    with pytest.raises(InspectorError):
        Member(role, name)


def test_what_is_issued_is_verified_by_openssl_for_its_own_purpose_only(authority: Authority) -> None:
    ca = authority.folder / "ca.pem"
    camera = authority.issue(CAMERA, now=NOW).path
    broker = authority.issue(Member(Role.BROKER, "broker.plant"), now=NOW).path
    at = ("-attime", int(NOW.timestamp()), "-x509_strict", "-CAfile", ca)
    assert openssl("verify", *at, "-purpose", "sslclient", camera).endswith("OK\n")
    assert "purpose" in openssl("verify", *at, "-purpose", "sslserver", camera)
    assert openssl(
        "verify", *at, "-purpose", "sslserver", "-verify_hostname", "broker.plant", broker
    ).endswith("OK\n")
    assert "purpose" in openssl("verify", *at, "-purpose", "sslclient", broker)
    assert camera.with_suffix(".key").stat().st_mode & 0o777 == 0o600
    assert (authority.folder / "ca.key").stat().st_mode & 0o777 == 0o600


def test_a_certificate_is_issued_once_and_renewed_with_a_new_key(authority: Authority) -> None:
    first = authority.issue(CAMERA, now=NOW, days=10)
    key = first.path.with_suffix(".key").read_bytes()
    with pytest.raises(OutputExistsError, match="has a certificate"):
        authority.issue(CAMERA, now=NOW)
    later = NOW + timedelta(days=9)
    renewed = authority.issue(CAMERA, now=later, renew=True)
    assert renewed.path == first.path
    assert renewed.path.with_suffix(".key").read_bytes() != key
    assert (first.days_left(later), renewed.days_left(later)) == (1, 365)
    with pytest.raises(CertificateError, match="nothing was issued to it"):
        authority.issue(BOX, now=NOW, renew=True)


def test_no_certificate_outlives_the_authority(authority: Authority) -> None:
    end = authority.certificate.not_valid_after_utc
    assert authority.issue(CAMERA, now=end - timedelta(days=20)).not_after <= end
    with pytest.raises(CertificateError, match="the authority has ended"):
        authority.issue(BOX, now=end + timedelta(days=1))


def test_what_is_revoked_is_in_the_list_and_may_be_issued_anew(authority: Authority) -> None:
    ca, crl = authority.folder / "ca.pem", authority.folder / "crl.pem"
    path = authority.issue(CAMERA, now=NOW).path
    at = ("-attime", int(NOW.timestamp()), "-CAfile", ca, "-CRLfile", crl, "-crl_check")
    assert openssl("verify", *at, path).endswith("OK\n")
    serial = authority.revoke(CAMERA, now=NOW).serial
    assert not path.with_suffix(".key").exists()
    revoked = authority.folder / f"revoked/{serial:x}.pem"
    assert "certificate revoked" in openssl("verify", *at, revoked)
    again = authority.issue(CAMERA, now=NOW)
    authority.revoke(Member(Role.CAMERA, "line-1/cam-1"), now=NOW)
    assert openssl("crl", "-in", crl, "-noout", "-text").count("Serial Number:") == 2
    assert again.serial != serial
    with pytest.raises(CertificateError, match="is not revoked: nothing was issued"):
        authority.revoke(CAMERA, now=NOW)


def test_a_renewed_certificate_can_be_revoked_as_well_as_the_one_before(authority: Authority) -> None:
    before = authority.issue(CAMERA, now=NOW)
    renewed = authority.issue(CAMERA, now=NOW, renew=True)
    authority.revoke(CAMERA, now=NOW)
    text = openssl("crl", "-in", authority.folder / "crl.pem", "-noout", "-text").lower()
    for one in (before, renewed):
        assert f"{one.serial:x}" in text


def test_an_authority_is_never_replaced_and_its_passphrase_is_needed(tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    Authority.create(folder, "plant-1", now=NOW, passphrase="a b c")  # noqa: S106 - of a test
    with pytest.raises(OutputExistsError, match="already holds an authority"):
        Authority.create(folder, "plant-1", now=NOW)
    with pytest.raises(CertificateError, match="passphrase is wrong, or missing"):
        Authority(folder).issue(CAMERA, now=NOW)
    assert Authority(folder, "a b c").issue(CAMERA, now=NOW).common_name == "camera:line-1:cam-1"
    with pytest.raises(CertificateError, match="inspector pki init"):
        Authority(tmp_path / "nowhere")


# The access list


def test_each_member_may_do_its_own_and_no_more() -> None:
    plant = Plant(site="s", boxes={"b1": ("l/c1", "l/c2"), "b2": ("l/c2",)}, control=("o",), readers=("m",))
    blocks = {
        block.splitlines()[0]: set(block.splitlines()[1:])
        for block in access_list(plant).split("\n\n")
        if block.startswith("user ")
    }
    top = "inspector/v1/s"
    assert blocks["user camera:l:c1"] == {
        f"topic write {top}/l/c1/frame",
        f"topic write {top}/l/c1/frame/+",
    }
    assert f"topic write {top}/l/c2/result" in blocks["user box:b1"] & blocks["user box:b2"]
    assert not any("c1" in line for line in blocks["user box:b2"])
    assert f"topic write {top}/boxes/+/+/model/set" in blocks["user control:o"]
    assert all(line.startswith("topic read ") for line in blocks["user reader:m"])
    assert len(blocks) == 6


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "site: Field required"),
        ("site = 1", "site"),
        ('site = "s"\n[boxes]\nb = "l/c"', "boxes.b"),
        ('site = "s"\nmore = 1\n[boxes]', "more"),
        ("site =", "Invalid value"),
    ],
)
def test_a_plants_file_that_says_too_little_or_too_much_is_explained(
    tmp_path: Path, text: str, why: str
) -> None:
    path = tmp_path / "plant.toml"
    path.write_text(text)
    with pytest.raises(CertificateError, match=why):
        read_plant(path)
    with pytest.raises(CertificateError, match="No such file"):
        read_plant(tmp_path / "away.toml")


@pytest.mark.parametrize("name", ["l/c\ntopic readwrite #", "l/#", "l/c d"])
def test_no_name_brings_a_line_of_its_own_into_the_list(name: str) -> None:
    with pytest.raises(MessageError):
        access_list(Plant(site="s", boxes={"b": (name,)}))


# Commands


def test_from_an_authority_to_what_ends_soon(run: Any, tmp_path: Path) -> None:
    folder = ("--folder", tmp_path / "pki")
    assert "holds until" in run("pki", "init", "plant-1", *folder).stdout
    assert "broker:broker.plant" in run("pki", "issue", "broker", "broker.plant", *folder).stdout
    assert run("pki", "issue", "camera", "line-1/cam-1", *folder, "--days", 20).code == 0
    assert run("pki", "issue", "camera", "line-1/cam-1", *folder).code == 1
    soon = run("pki", "status", *folder)
    assert (soon.code, "ends soon" in soon.stdout) == (1, True)
    assert run("pki", "renew", "camera", "line-1/cam-1", *folder).code == 0
    told = run("pki", "status", *folder, "--json")
    assert told.code == 0
    assert {one["common_name"] for one in json.loads(told.stdout)} == {
        "plant-1",
        "broker:broker.plant",
        "camera:line-1:cam-1",
    }
    assert "crl.pem" in run("pki", "revoke", "camera", "line-1/cam-1", *folder).stdout
    assert "roles are broker, camera" in run("pki", "issue", "robot", "r2", *folder).stderr
    plant = tmp_path / "plant.toml"
    plant.write_text('site = "s"\n[boxes]\nb = ["l/c"]\n')
    assert "user camera:l:c\n" in run("pki", "acl", plant).stdout
