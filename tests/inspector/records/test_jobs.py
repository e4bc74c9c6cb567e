"""Jobs: taken once, in order, told how far they are, ended once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from inspector.records import JobKind, JobState, Records
from inspector.records.jobs import SILENCE
from tests.inspector.records.examples import at


def ask(records: Records, product: str = "bottle") -> int:
    return records.jobs.ask(JobKind.TRAIN, product, {"normals": "here"}, by="eve", at=at(0))


def test_the_oldest_job_is_taken_first_and_only_once(records: Records) -> None:
    numbers = [ask(records), ask(records, "tile")]
    first = records.jobs.take("worker-1", at=at(1))
    assert first is not None
    assert (first.number, first.kind, first.product, first.arguments, first.state) == (
        numbers[0],
        JobKind.TRAIN,
        "bottle",
        {"normals": "here"},
        JobState.RUNNING,
    )
    second = records.jobs.take("worker-2", at=at(1))
    assert second is not None
    assert second.number == numbers[1]
    assert records.jobs.take("worker-1", at=at(1)) is None
    assert [(one.actor, one.action, one.subject) for one in records.audit.latest()] == [
        ("eve", "ask for train", "tile"),
        ("eve", "ask for train", "bottle"),
    ]


def test_two_workers_at_once_never_take_the_same(records: Records) -> None:
    numbers = {ask(records) for _ in range(12)}
    with ThreadPoolExecutor(4) as workers:
        taken = list(workers.map(lambda n: records.jobs.take(f"worker-{n}", at=at(1)), range(16)))
    got = [job.number for job in taken if job is not None]
    # On PostgreSQL a worker that comes at the same moment may find nothing, and asks again.
    assert len(got) == len(set(got))
    assert set(got) <= numbers
    while (job := records.jobs.take("late", at=at(2))) is not None:
        got.append(job.number)
    assert sorted(got) == sorted(numbers)


def test_progress_log_and_result_are_told(records: Records) -> None:
    number = ask(records)
    records.jobs.take("worker", at=at(1))
    assert records.jobs.tell(number, "Encoding", 3, 10, at=at(2), lines=["one", "two"])
    assert records.jobs.tell(number, "Fitting", 0, 2, at=at(3), lines=["three"])
    job = records.jobs.get(number)
    assert job is not None
    assert (job.step, job.done, job.parts) == ("Fitting", 0, 2)
    assert records.jobs.log(number) == [(at(2), "one"), (at(2), "two"), (at(3), "three")]
    assert [text for _, text in records.jobs.log(number, limit=2)] == ["two", "three"]
    records.jobs.finish(number, {"version": "abc"}, at=at(4))
    ended = records.jobs.get(number)
    assert ended is not None
    assert (ended.state, ended.result, ended.ended_at) == (JobState.DONE, {"version": "abc"}, at(4))
    records.jobs.fail(number, "too late", at=at(5))
    assert records.jobs.get(number) == ended


def test_a_cancelled_job_stops_at_its_next_step_and_stays_cancelled(records: Records) -> None:
    waiting, running = ask(records), ask(records)
    assert records.jobs.cancel(waiting, by="eve", at=at(1))
    job = records.jobs.take("worker", at=at(1))
    assert job is not None
    assert job.number == running
    assert records.jobs.cancel(running, by="eve", at=at(2))
    assert not records.jobs.tell(running, "Fitting", 1, 2, at=at(3))
    records.jobs.finish(running, {}, at=at(4))
    found = records.jobs.get(running)
    assert found is not None
    assert (found.state, found.result) == (JobState.CANCELLED, None)
    assert not records.jobs.cancel(running, by="eve", at=at(5))


def test_a_job_whose_worker_died_is_given_up_and_not_begun_again(records: Records) -> None:
    number = ask(records)
    records.jobs.take("worker", at=at(0))
    assert records.jobs.take("other", at=at(0) + SILENCE) is None
    still = records.jobs.get(number)
    assert still is not None
    assert still.state is JobState.RUNNING
    assert records.jobs.take("other", at=at(0) + SILENCE + timedelta(seconds=1)) is None
    given_up = records.jobs.get(number)
    assert given_up is not None
    assert given_up.state is JobState.FAILED
    assert "has ended without a word" in given_up.error


def test_jobs_are_listed_newest_first_by_product(records: Records) -> None:
    numbers = [ask(records), ask(records, "tile"), ask(records)]
    assert [job.number for job in records.jobs.latest()] == numbers[::-1]
    assert [job.number for job in records.jobs.latest("bottle", limit=1)] == [numbers[2]]
    assert records.jobs.get(10_000) is None
