"""What somebody on the line may try against the broker of docker/mosquitto, and what comes of it."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from inspector.messages import PREFIX
from inspector.pki.members import Member
from tests.campaigns.plant import (
    BOX_1,
    BOX_2,
    BROKER,
    CAM_1,
    CAM_2,
    MES,
    OFFICE,
    SITE,
    STRANGER,
    Identities,
    Identity,
    SecuredMosquitto,
    Visitor,
)
from tests.edge.rig import wait_until
from tests.services import HOST

LINE = f"{PREFIX}/{SITE}/line-1"
BOXES = f"{PREFIX}/{SITE}/boxes"
LET_IN_S = 0.5
"""What would be delivered is so within milliseconds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try.

    Attributes:
        happened: in words.
        is_refused: whether it had no effect.
        logged: the broker's line about it; empty where there is none.
    """

    happened: str
    is_refused: bool
    logged: str


@dataclass(frozen=True, slots=True)
class Try:
    """Something that must not succeed."""

    what: str
    do: Callable[[Scene], Outcome]


@dataclass(frozen=True, slots=True)
class Scene:
    """Where it is tried."""

    broker: SecuredMosquitto
    identities: Identities

    @contextmanager
    def visitor(self, identity: Identity, **more: bool | str) -> Iterator[Visitor]:
        with Visitor(self.broker.port, identity, **more) as visitor:  # type: ignore[arg-type]  # its own fields
            yield visitor

    def await_log(self, mark: int, pattern: str) -> str:
        """The first line after a mark that matches, without its time; empty where none comes."""

        def find() -> re.Match[str] | None:
            return re.search(f"^.*(?:{pattern}).*$", self.broker.log_since(mark), re.MULTILINE)

        try:
            wait_until(find, pattern, 3.0)
        except AssertionError:
            return ""
        found = find()
        assert found is not None
        return re.sub(r"^\d+: ", "", found.group())


def _connect(choose: Callable[[Identities], Identity], pattern: str) -> Callable[[Scene], Outcome]:
    def do(scene: Scene) -> Outcome:
        mark = len(scene.broker.log())
        with scene.visitor(choose(scene.identities)) as visitor:
            refused = not visitor.is_connected
        return Outcome("no connection" if refused else "connected", refused, scene.await_log(mark, pattern))

    return do


def _publish(
    choose: Callable[[Identities], Identity], topic: str, *, version_5: bool = True, retain: bool = False
) -> Callable[[Scene], Outcome]:
    """Publish where one may not; then who may publish there does, and who may read there looks on."""

    def do(scene: Scene) -> Outcome:
        mark = len(scene.broker.log())
        reader, owner = _who_may(topic)
        with scene.visitor(scene.identities.member(reader)) as looking:
            looking.subscribe(topic)
            with scene.visitor(choose(scene.identities), version_5=version_5) as visitor:
                said = visitor.publish(topic, b"forged", retain=retain)
            if owner is reader:  # a session of its own would take the place of the one that looks on
                genuine = looking.publish(topic, b"genuine")
            else:
                with scene.visitor(scene.identities.member(owner)) as sending:
                    genuine = sending.publish(topic, b"genuine")
            assert genuine == "Success"
            assert looking.wait_received(1, 5.0)
            came = b"forged" in looking.payloads
        happened = "delivered" if came else "not delivered"
        happened += f", the sender is told: {said}" if version_5 else ", the sender is not told (MQTT 3.1.1)"
        return Outcome(happened, not came, scene.await_log(mark, rf"Denied PUBLISH from .*'{topic}'"))

    return do


def _who_may(topic: str) -> tuple[Member, Member]:
    """Who may read a topic of the first line or box, and who may publish there."""
    if "/frame" in topic:
        return BOX_1, CAM_1 if "/cam-1/" in topic else CAM_2
    return (BOX_1, OFFICE) if topic.endswith("/set") else (MES, BOX_1)


def _listen(
    choose: Callable[[Identities], Identity],
    topics: tuple[str, ...],
    sender: Callable[[Identities], Identity],
    sent: str,
) -> Callable[[Scene], Outcome]:
    """Subscribe where one may not, while what one wants to see is sent, and comes to who may."""

    def do(scene: Scene) -> Outcome:
        mark = len(scene.broker.log())
        witness = BOX_1 if "/frame" in sent else MES
        with (
            scene.visitor(choose(scene.identities)) as visitor,
            scene.visitor(scene.identities.member(witness)) as looking,
        ):
            visitor.subscribe(*topics)
            looking.subscribe(sent)
            with scene.visitor(sender(scene.identities)) as sending:
                assert sending.publish(sent, b"genuine") == "Success"
            assert looking.wait_received(1, 5.0)
            came = visitor.wait_received(1, LET_IN_S)
        happened = "delivered" if came else "subscribed, and nothing comes"
        # mosquitto 2.0 has no word for a message that it does not deliver; it tells of the subscription.
        return Outcome(happened, not came, scene.await_log(mark, rf"{re.escape(topics[0])} \(QoS 1\)"))

    return do


def _plain(scene: Scene) -> Outcome:
    mark = len(scene.broker.log())
    connect = bytes.fromhex("10 0d 0004 4d515454 05 02 0005 00 0000")
    with socket.create_connection((HOST, scene.broker.port), 3) as connection:
        connection.sendall(connect)
        try:
            answer = connection.recv(64)
        except ConnectionResetError:
            answer = b""
    refused = answer[:1] != b"\x20"
    logged = scene.await_log(mark, "wrong version number")
    return Outcome("no connection" if refused else "connected", refused, logged)


def _will(scene: Scene) -> Outcome:
    """Be cut off, with a last will in a box's name."""
    mark, topic = len(scene.broker.log()), f"{BOXES}/box-1/available"
    with scene.visitor(scene.identities.member(MES)) as looking:
        looking.subscribe(topic)
        with scene.visitor(scene.identities.member(CAM_1), will=topic) as visitor:
            refused = not visitor.is_connected
            visitor.vanish()
        wait_until(
            lambda: scene.await_log(mark, "camera:line-1:cam-1 (closed|disconnected)|timeout"), "an end"
        )
        with scene.visitor(scene.identities.member(BOX_1)) as box:
            assert box.publish(topic, b"genuine") == "Success"
        assert looking.wait_received(1, 5.0)
        came = any(b"offline" in one for one in looking.payloads)
    happened = "no connection" if refused else "delivered" if came else "connected, but not delivered"
    return Outcome(
        happened,
        not came,
        scene.await_log(mark, f"{CAM_1.common_name} closed"),
    )


def _take_session(scene: Scene) -> Outcome:
    """Ask for the session of a box, afresh: it would end, with all frames that wait in it."""
    mark = len(scene.broker.log())
    box = scene.identities.member(BOX_1)
    with scene.visitor(box, client_id="inspector-plant-1-box-1") as victim:
        victim.subscribe(f"{LINE}/cam-1/frame")
        for name in ("inspector-plant-1-box-1", BOX_1.common_name):
            with scene.visitor(scene.identities.member(CAM_2), client_id=name) as thief:
                assert thief.is_connected
        with scene.visitor(scene.identities.member(CAM_1)) as camera:
            camera.publish(f"{LINE}/cam-1/frame", b"genuine")
        stays = victim.wait_received(1, 5.0) and victim.is_connected
    happened = "the box's session goes on" if stays else "the box is cut off"
    return Outcome(happened, stays, scene.await_log(mark, rf"as {re.escape(CAM_2.common_name)} "))


def _of(member: Member) -> Callable[[Identities], Identity]:
    return lambda identities: identities.member(member)


OTHER_FRAME, OWN_RESULT = f"{LINE}/cam-2/frame", f"{LINE}/cam-1/result"
UNVERIFIED = "certificate verify failed"
TRIES = (
    Try("no certificate", _connect(lambda ids: ids.none, "did not return a certificate")),
    Try(
        "a certificate of another authority, right name",
        _connect(lambda ids: ids.foreign, UNVERIFIED),
    ),
    Try("a certificate that has ended", _connect(lambda ids: ids.expired, UNVERIFIED)),
    Try("a certificate that was revoked", _connect(lambda ids: ids.revoked, UNVERIFIED)),
    Try("the broker's own certificate, used as a client", _connect(_of(BROKER), UNVERIFIED)),
    Try("a connection without TLS", _plain),
    Try(
        "a certificate of the plant, name not in the list: frames",
        _publish(_of(STRANGER), f"{LINE}/cam-1/frame"),
    ),
    Try("a camera publishes another camera's frames", _publish(_of(CAM_1), OTHER_FRAME)),
    Try("the same by MQTT 3.1.1", _publish(_of(CAM_1), f"{OTHER_FRAME}/id-1", version_5=False)),
    Try("a camera publishes a result of its own", _publish(_of(CAM_1), OWN_RESULT)),
    Try(
        "a camera names a model for a box",
        _publish(_of(CAM_1), f"{BOXES}/box-1/washer/model/set", retain=True),
    ),
    Try(
        "a camera changes a box's limit",
        _publish(_of(CAM_1), f"{BOXES}/box-1/washer/limits/set", retain=True),
    ),
    Try(
        "a box names another a model",
        _publish(_of(BOX_2), f"{BOXES}/box-1/washer/model/set", retain=True),
    ),
    Try("a box publishes frames", _publish(_of(BOX_2), f"{LINE}/cam-1/frame")),
    Try("a box publishes another box's results", _publish(_of(BOX_2), OWN_RESULT)),
    Try("a box says that another is gone", _publish(_of(BOX_2), f"{BOXES}/box-1/available", retain=True)),
    Try(
        "a box tells another's model state",
        _publish(_of(BOX_2), f"{BOXES}/box-1/washer/model/state", retain=True),
    ),
    Try(
        "a reader changes a box's limit", _publish(_of(MES), f"{BOXES}/box-1/washer/limits/set", retain=True)
    ),
    Try("who may change models publishes a result", _publish(_of(OFFICE), OWN_RESULT)),
    Try("a camera's last will says that a box is gone", _will),
    Try("a camera reads results", _listen(_of(CAM_1), (OWN_RESULT,), _of(BOX_1), OWN_RESULT)),
    Try("a camera reads everything", _listen(_of(CAM_1), ("#",), _of(BOX_1), OWN_RESULT)),
    Try(
        "a box reads frames of another box's camera",
        _listen(_of(BOX_2), (f"{LINE}/+/frame",), _of(CAM_1), f"{LINE}/cam-1/frame"),
    ),
    Try("a camera asks for a box's session, to end it", _take_session),
)
