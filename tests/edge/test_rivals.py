# ruff: noqa: S311 - chance spreads waits, it keeps no secret
"""Two boxes of one name: each is told, and they do not fight every second."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest

from edge.backlog import Backlog
from edge.intake import Intake
from edge.rivals import SHORT_ONES, Rivals
from tests.edge.rig import CAMERA, NOW, Line, wait_until
from tests.services import MosquittoServer


def test_a_broker_that_tells_of_a_takeover_is_believed_for_a_while() -> None:
    rivals = Rivals("box")
    rivals.connected(0)
    rivals.lost(100, taken_over=True)
    problem = rivals.problem(101)
    assert problem is not None
    assert problem.remedy == "Give each box its own edge.box"
    assert rivals.problem(1000) is None


def test_connections_that_are_lost_soon_several_times_tell_of_a_rival_and_long_ones_do_not() -> None:
    rivals = Rivals("box")
    for number in range(10):
        rivals.connected(100.0 * number)
        rivals.lost(100.0 * number + 99, taken_over=False)
    assert rivals.problem(1000) is None
    for number in range(SHORT_ONES):
        rivals.connected(2000.0 + number)
        rivals.lost(2000.5 + number, taken_over=False)
    assert rivals.problem(2005) is not None


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_two_boxes_of_one_name_at_a_real_broker_are_told(
    mosquitto: MosquittoServer, bundle: Path, tmp_path: Path, protocol: str
) -> None:
    settings = Line.write(tmp_path, bundle, mosquitto.port, protocol).settings
    boxes = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        backlog = Backlog(4, tmp_path / name)
        box = Intake(settings, [CAMERA], backlog, chance=random.Random(0), now=lambda: NOW)
        box.start()
        wait_until(partial(getattr, box.connection, "is_connected"), "a connection")
        boxes.append(box)

    def told() -> bool:
        problems = [box.problem() for box in boxes]
        return any(problem is not None and "own edge.box" in problem.remedy for problem in problems)

    wait_until(told, "a box that knows of its rival")
    for box in boxes:
        box.connection.stop()
