"""The box's clock never goes backwards while it can be held, and says when it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.clock import LONGEST_HOLD, SteadyClock
from edge.service import EdgeService
from inspector.records import Records
from tests.edge.peers import Observer, Sender
from tests.edge.rig import NOW, Line, ServiceThread, wait_until


class Clock:
    """A machine's clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def step(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def test_a_clock_that_goes_on_is_followed() -> None:
    machine = Clock()
    clock = SteadyClock(machine)
    for _ in range(3):
        machine.step(1)
        assert clock() == machine.now
    assert clock.problem() is None


def test_after_a_step_back_the_time_stands_still_until_it_has_caught_up() -> None:
    machine = Clock()
    clock = SteadyClock(machine)
    with capture_logs() as logs:
        machine.step(-60)
        assert [clock() for _ in range(3)] == [NOW] * 3
        problem = clock.problem()
        machine.step(61)
        assert clock() == NOW + timedelta(seconds=1)
    assert problem is not None
    assert "time service" in problem.remedy
    assert clock.problem() is None
    assert [log["event"] for log in logs] == ["clock went backwards", "clock has caught up"]


def test_a_correction_of_a_second_is_not_worth_a_word_and_a_large_one_is_followed() -> None:
    machine = Clock()
    clock = SteadyClock(machine)
    with capture_logs() as logs:
        machine.step(-1)
        assert clock() == NOW
        assert clock.problem() is None
        assert logs == []
        machine.step(-2 * LONGEST_HOLD.total_seconds())
        assert clock() == machine.now
    assert [log["event"] for log in logs] == ["clock went backwards"]


@given(st.lists(st.floats(-500, 500), max_size=30))
def test_small_steps_of_any_kind_never_lead_back(steps: list[float]) -> None:
    machine = Clock()
    clock = SteadyClock(machine)
    told = [clock()]
    for seconds in steps:
        machine.now = max(machine.now + timedelta(seconds=seconds), told[-1] - timedelta(minutes=9))
        told.append(clock())
    assert told == sorted(told)


def test_a_clock_behind_the_newest_record_is_told_at_the_start() -> None:
    clock = SteadyClock(Clock())
    clock.compare(NOW + timedelta(minutes=1))
    assert clock.problem() is None
    with capture_logs() as logs:
        clock.compare(NOW + timedelta(hours=1))
    assert logs[0]["event"] == "clock is behind the newest record"
    problem = clock.problem()
    assert problem is not None
    assert "newest record" in problem.why


def test_verdicts_of_a_line_whose_clock_steps_back_stay_in_their_order(
    mosquitto_line: Line, good_png: bytes, tmp_path: Path
) -> None:
    settings, machine = mosquitto_line.settings, Clock()
    machine.now = datetime.now(UTC)
    service = ServiceThread(settings)
    service._service = EdgeService(settings, now=machine)
    with Observer(settings.mqtt.port) as observer, service, Sender(settings) as camera:
        observer.await_online()
        for number in range(6):
            camera.send(good_png, id_level=f"part-{number}")
            observer.await_results(number + 1)
            machine.step(1 if number != 2 else -120)
    with Records.open(settings.database.url) as records:
        wait_until(lambda: len(records.latest()) == 6, "all of them")
        times = {record.frame_id: record.inspected_at for record in records.latest()}
    ordered = [times[f"part-{number}"] for number in range(6)]
    assert ordered == sorted(ordered)
