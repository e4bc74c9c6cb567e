"""The broker of docker/mosquitto, natively: what certificates and access list keep out, and let in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.pki.members import access_list, read_plant
from inspector.results import Verdict
from tests.campaigns.plant import CAM_1, CONFIGURATION, Identities, SecuredMosquitto
from tests.campaigns.secured_line import BAD, CAMERA, GOOD, await_box, box_settings, watch_line
from tests.campaigns.tries import TRIES, Scene, Try
from tests.edge.rig import Line, ServiceThread
from tests.services import missing, running


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        missing("mosquitto", "on Debian: apt-get install mosquitto")
    with tempfile.TemporaryDirectory() as name:
        identities = Identities(Path(name))
        with running(SecuredMosquitto(Path(program), identities.authority)) as broker:
            yield Scene(broker, identities)


@pytest.mark.parametrize("one", TRIES, ids=lambda one: one.what)
def test_what_must_not_succeed_is_refused_and_logged(scene: Scene, one: Try) -> None:
    outcome = one.do(scene)
    assert outcome.is_refused, outcome.happened
    assert outcome.logged


def test_a_camera_and_its_box_work_and_what_is_sent_again_or_forged_is_told_apart(
    scene: Scene, bundle: Path, tmp_path: Path
) -> None:
    seen = watch_line(scene, tmp_path, bundle)
    assert seen.sent.confirmed
    assert seen.verdicts == [Verdict.PASS] * GOOD + [Verdict.REJECT] * BAD
    assert seen.after_replay == GOOD + BAD
    assert "id" in seen.forged
    assert seen.under_new_id is Verdict.PASS


def test_frames_that_came_while_a_box_was_away_are_judged_when_it_is_back(
    scene: Scene, bundle: Path, tmp_path: Path, good_png: bytes
) -> None:
    """Its name is its session: a question for the protocol, as `auto` asks elsewhere, would have ended it."""
    settings = box_settings(scene, tmp_path, bundle)
    assert settings.mqtt.protocol == "auto"
    line = Line(tmp_path / "inspector.toml", settings)
    with ServiceThread(settings):
        await_box(scene)
    with scene.visitor(scene.identities.member(CAM_1), version_5=False) as camera:
        camera.publish(CAMERA.frame_with_id("while-away"), good_png)
    with ServiceThread(settings):
        assert line.await_all_rows(1)["while-away"].verdict is Verdict.PASS


def test_the_access_list_is_what_the_plants_file_says() -> None:
    written = (CONFIGURATION / "acl").read_text(encoding="utf-8")
    assert written == access_list(read_plant(CONFIGURATION / "plant.toml"))
