"""`rescore`: stored frames judged again by a candidate, chunk by chunk, by many workers.

Each chunk is one file of results, which appears complete or not at all. A run that was interrupted goes on
with the chunks that have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from inspector.batch.plan import PlannedFrame, Work, planned_chunks
from inspector.batch.rejudging import Rejudged, rejudge
from inspector.durability import write_durably
from inspector.errors import BatchError
from inspector.inspecting import Inspector, load_inspector
from inspector.settings import EngineSettings

WORKER_RESTARTS = 2
"""So often a worker that dies, of memory for instance, is started again."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What a worker needs, wherever it runs.

    Attributes:
        bundle: folder of the bundle; every machine sees it under this path.
        engine: runs its network.
        data_dir: the box's data folder, for pictures that lie there.
    """

    bundle: Path
    engine: EngineSettings
    data_dir: Path


class _Worker:
    """Loads the bundle once, and judges chunk after chunk."""

    def __init__(self, judge: Judge) -> None:
        self._inspector: Inspector = load_inspector(judge.bundle, judge.engine)
        self._data_dir = judge.data_dir

    def judged(self, frames: Sequence[PlannedFrame]) -> str:
        """The chunk's file."""
        return "".join(
            f"{one.model_dump_json()}\n" for one in rejudge(self._inspector, frames, self._data_dir)
        )


def rescore(
    work: Work,
    output: Path,
    judge: Judge,
    *,
    workers: int,
    on_frames: Callable[[int], None] = lambda _: None,
) -> None:
    """Judge what is left of the work. Ray is connected, see `cluster`.

    Args:
        work: from `plan`.
        output: its folder.
        judge: what judges.
        workers: how many processes, of one CPU each.
        on_frames: told how many of the work's frames are judged.

    Raises:
        BatchError: the list of frames was changed, or workers cannot judge.
    """
    chunks = planned_chunks(work, output)
    left = [number for number in range(len(chunks)) if not chunk_path(output, number).exists()]
    done = work.frames - sum(len(chunks[number]) for number in left)
    on_frames(done)
    # Ray's types do not follow a class made remote with options.
    remote: Any = ray.remote(num_cpus=1, max_restarts=WORKER_RESTARTS, max_task_retries=WORKER_RESTARTS)
    workers_class: Any = remote(_Worker)
    idle: list[Any] = [workers_class.remote(judge) for _ in range(min(workers, len(left)))]
    busy: dict[ray.ObjectRef[str], tuple[int, Any]] = {}
    waiting = iter(left)
    try:
        while True:
            for number in islice(waiting, len(idle)):
                worker = idle.pop()
                busy[worker.judged.remote(chunks[number])] = number, worker
            if not busy:
                return
            finished, _ = ray.wait(list(busy), num_returns=1)
            for result in finished:
                number, worker = busy.pop(result)
                write_durably(chunk_path(output, number), ray.get(result).encode())
                idle.append(worker)
                done += len(chunks[number])
                on_frames(done)
    except (RayActorError, RayTaskError) as error:
        raise BatchError(
            f"{work.frames - done} of {work.frames} frames were not judged",
            str(error).strip().rpartition("\n")[2].rstrip("."),
            f"Mend the cause and run the same command again: it goes on in {output}",
        ) from error


def chunk_path(output: Path, number: int) -> Path:
    """The file of a chunk's results."""
    return output / f"chunk-{number:06d}.jsonl"


def results(work: Work, output: Path) -> Iterator[Rejudged]:
    """All results of finished work, in the order of the plan."""
    for number in range(-(-work.frames // work.chunk)):
        for line in chunk_path(output, number).read_bytes().splitlines():
            yield Rejudged.model_validate_json(line)
