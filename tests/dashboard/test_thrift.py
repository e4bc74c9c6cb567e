from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from dashboard.thrift import Thrifty


class Question:
    """A question that takes a known time on a clock of its own."""

    def __init__(self, takes_s: float) -> None:
        self.now, self.takes_s, self.asked = 100.0, takes_s, 0

    def clock(self) -> float:
        return self.now

    def __call__(self) -> int:
        self.now += self.takes_s
        self.asked += 1
        return self.asked


def test_a_fast_answer_is_kept_for_the_time_given() -> None:
    question = Question(0.001)
    thrifty = Thrifty(question.clock)
    assert thrifty.ask("a", question, 2.0) == 1
    question.now += 1.9
    assert thrifty.ask("a", question, 2.0) == 1
    question.now += 0.2
    assert thrifty.ask("a", question, 2.0) == 2


def test_a_slow_answer_is_kept_so_long_that_asking_takes_a_tenth_of_the_time() -> None:
    question = Question(3.0)
    thrifty = Thrifty(question.clock)
    started = question.now
    while question.now < started + 3600:
        thrifty.ask("a", question, 1.0)
        question.now += 0.5
    assert 0.07 < question.asked * question.takes_s / (question.now - started) <= 0.1


def test_questions_are_told_apart() -> None:
    question = Question(0.001)
    thrifty = Thrifty(question.clock)
    assert [thrifty.ask(key, question, 9.0) for key in ("a", "b", "a")] == [1, 2, 1]


def test_a_failure_is_not_kept() -> None:
    def fail() -> int:
        raise OSError("no database")

    thrifty = Thrifty()
    with pytest.raises(OSError, match="no database"):
        thrifty.ask("a", fail, 60.0)
    assert thrifty.ask("a", lambda: 5, 60.0) == 5


def test_visitors_who_ask_at_once_share_one_answer() -> None:
    visitors = 8
    together, asked = Barrier(visitors), []
    thrifty = Thrifty()

    def question() -> int:
        asked.append(1)
        return len(asked)

    def visit(_number: int) -> int:
        together.wait()
        return thrifty.ask("a", question, 60.0)

    with ThreadPoolExecutor(visitors) as pool:
        assert list(pool.map(visit, range(visitors))) == [1] * visitors


def test_a_slow_question_does_not_hold_up_another() -> None:
    thrifty, begun, go_on = Thrifty(), Event(), Event()

    def slow() -> str:
        begun.set()
        assert go_on.wait(30)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(thrifty.ask, "slow", slow, 60.0)
        assert begun.wait(30)
        assert thrifty.ask("fast", lambda: "fast", 0.0) == "fast"
        go_on.set()
        assert answer.result(30) == "slow"


def test_stale_answers_do_not_pile_up() -> None:
    question = Question(0.001)
    thrifty = Thrifty(question.clock)
    for number in range(1000):
        thrifty.ask(number, question, 1.0)
        question.now += 1.0
    assert len(thrifty._questions) < 5
