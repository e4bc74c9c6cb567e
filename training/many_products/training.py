"""`train_all`: each product trained in a process of its own, as many at once as there are CPUs for.

A product that fails does not hold up the others. A run that was interrupted goes on with those that are not
finished: bundles appear complete or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from inspector.errors import InspectorError
from training.many_products.jobs import Done, Job, done_before, inputs_of, is_of_earlier_run, keep_done
from training.product import train_product

POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one product.

    Attributes:
        product: which.
        done: what its bundle was trained from; None where it failed.
        is_skipped: it had been trained before, from the same.
        why: why it failed; empty where it did not.
    """

    product: str
    done: Done | None
    is_skipped: bool = False
    why: str = ""


class _Steps:
    """What each product is at, told by the processes that train."""

    def __init__(self) -> None:
        self._steps: dict[str, str] = {}

    def tell(self, product: str, step: str) -> None:
        self._steps[product] = step

    def all(self) -> dict[str, str]:
        return self._steps


def train_all(
    jobs: Sequence[Job],
    output: Path,
    *,
    cpus_each: int,
    overwrite: bool = False,
    on_change: Callable[[Sequence[Outcome], dict[str, str]], None] = lambda *_: None,
) -> list[Outcome]:
    """Train products. Ray is connected, see `inspector.batch.cluster`.

    Args:
        jobs: the products.
        output: folder of the bundles, one folder a product; every machine sees it under this path.
        cpus_each: CPUs, and so threads, of one training.
        overwrite: replace bundles that stand there and are not of an earlier run.
        on_change: told the outcomes so far, and what each product in work is at.

    Returns:
        One outcome a product, in their order.
    """
    outcomes: dict[str, Outcome] = {}
    left: list[Job] = []
    for job in jobs:
        try:
            done = done_before(job, output)
        except InspectorError as error:
            outcomes[job.product] = Outcome(job.product, None, why=str(error))
            continue
        if done is None:
            left.append(job)
        else:
            outcomes[job.product] = Outcome(job.product, done, is_skipped=True)
    # Ray's types do not follow a class or function made remote with options.
    with_options: Any = ray.remote
    steps: Any = with_options(num_cpus=0)(_Steps).remote()
    remote: Any = with_options(num_cpus=cpus_each, max_retries=1)(_train)
    pending = {remote.remote(job, output, steps, overwrite): job for job in left}
    on_change(list(outcomes.values()), {})
    while pending:
        finished, _ = ray.wait(list(pending), num_returns=1, timeout=POLL_S)
        for result in finished:
            job = pending.pop(result)
            outcomes[job.product] = _outcome(job, result)
        at = ray.get(steps.all.remote())
        on_change(list(outcomes.values()), {job.product: at.get(job.product, "") for job in pending.values()})
    return [outcomes[job.product] for job in jobs]


def _train(job: Job, output: Path, steps: Any, overwrite: bool) -> Done | str:
    """Train one product; a message where it cannot be trained."""
    told: list[str] = []

    def on_step(step: str, _done: int, _parts: int) -> None:
        if told[-1:] != [step]:
            told.append(step)
            steps.tell.remote(job.product, step)

    try:
        inputs = inputs_of(job)
        trained = train_product(
            job.product,
            job.normal,
            output / job.product,
            job.settings,
            # What an earlier run has left is out of date, or this would not run.
            overwrite=overwrite or is_of_earlier_run(job, output),
            on_step=on_step,
        )
    except InspectorError as error:
        return str(error)
    done = Done(
        inputs=inputs,
        model_version=trained.bundle.version,
        normals=trained.normals,
        seconds=round(trained.seconds, 1),
        notes=trained.notes,
    )
    keep_done(job, output, done)
    return done


def _outcome(job: Job, result: ray.ObjectRef[Done | str]) -> Outcome:
    try:
        found = ray.get(result)
    except RayTaskError as error:
        return Outcome(job.product, None, why=str(error).strip().rpartition("\n")[2])
    except RayError as error:
        return Outcome(job.product, None, why=f"its process died: {str(error).strip().partition(chr(10))[0]}")
    return (
        Outcome(job.product, found)
        if isinstance(found, Done)
        else Outcome(job.product, None, why=found.strip())
    )
