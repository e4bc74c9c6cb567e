"""`make bench-dashboard`: how soon the history page has its answers, with a month of frames in each database.

Asks what the page asks. Prints each figure; the exit code is 1 where one is not what it must be.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dashboard.past import COUNTED, look_back
from dashboard.past import ROWS as FRAMES
from inspector.describing.words import Kind, Position, Severity
from inspector.records import UNDECIDED, Cursor, Decision, HistoryFilter, Records
from inspector.records.embeddings import COMPARED
from inspector.results import Verdict
from tests.campaigns.report import BENCHMARKS, machine, say, write_between
from tests.campaigns.seeding import (
    NOW,
    OLD_MODEL,
    RARE_CAMERA,
    RARE_KIND,
    RARE_LINE,
    RARE_TEXT,
    SPAN,
    TEXT,
    database_bytes,
    seed_embeddings,
    seed_inspections,
)
from tests.services import postgres_server, running

MOST_S = 1.0
SIMILAR_PRODUCT = "gasket-1"
DIMENSION = 320
"""Of an embedding by the default encoder."""
ROWS = 1_000_000
TIMES = 9
FIRST_WEEK = NOW - SPAN + timedelta(days=7)

FILTERS: dict[str, HistoryFilter] = {
    "all frames": HistoryFilter(),
    "verdict reject": HistoryFilter(verdicts=(Verdict.REJECT,)),
    "verdict reject or unsure": HistoryFilter(verdicts=(Verdict.REJECT, Verdict.UNSURE)),
    "verdict pass": HistoryFilter(verdicts=(Verdict.PASS,)),
    "a product": HistoryFilter(products=("bottle-3",)),
    "two products": HistoryFilter(products=("bottle-3", "gasket-1")),
    "a line": HistoryFilter(lines=("line-3",)),
    "a line with few frames": HistoryFilter(lines=(RARE_LINE,)),
    "a camera": HistoryFilter(cameras=("cam-3-3",)),
    "a camera with few frames": HistoryFilter(cameras=(RARE_CAMERA,)),
    "a camera that never saw the product": HistoryFilter(cameras=("cam-1-1",), products=("gasket-2",)),
    "a kind": HistoryFilter(kinds=(Kind.SCRATCH,)),
    "a kind with few frames": HistoryFilter(kinds=(RARE_KIND,)),
    "a place": HistoryFilter(places=(Position.UPPER_LEFT,)),
    "a model": HistoryFilter(model_versions=("00000000000bbb03",)),
    "a model of the first days": HistoryFilter(model_versions=(OLD_MODEL,)),
    "the last day": HistoryFilter(since=NOW - timedelta(days=1)),
    "the first week": HistoryFilter(until=FIRST_WEEK),
    "undecided": HistoryFilter(review=UNDECIDED),
    "undecided rejects of the first week": HistoryFilter(
        review=UNDECIDED, verdicts=(Verdict.REJECT,), until=FIRST_WEEK
    ),
    "reviewed as true defect": HistoryFilter(review=Decision.TRUE_DEFECT),
    "reviewed as false reject": HistoryFilter(review=Decision.FALSE_REJECT),
    "reviewed as missed": HistoryFilter(review=Decision.MISSED),
    "search: scratch upper left severe": HistoryFilter(
        kinds=(Kind.SCRATCH,), places=(Position.UPPER_LEFT,), severities=(Severity.SEVERE,)
    ),
    "search: words in many sentences": HistoryFilter(texts=(TEXT,)),
    "search: words in few sentences": HistoryFilter(texts=(RARE_TEXT,)),
    "search: words in no sentence": HistoryFilter(texts=("no such words",)),
    "line, product, rejects, kind, words, first week": HistoryFilter(
        verdicts=(Verdict.REJECT,),
        lines=("line-2",),
        products=("gasket-2",),
        kinds=(Kind.CRACK,),
        texts=(TEXT,),
        until=FIRST_WEEK,
    ),
}


@dataclass(frozen=True)
class Answers:
    """Median seconds until one filter's first page, next page, the page before that again, and count."""

    first: float
    older: float
    newer: float
    count: float

    def __str__(self) -> str:
        return " / ".join(_ms(seconds) for seconds in (self.first, self.older, self.newer, self.count))

    @property
    def worst(self) -> float:
        """The slowest of them."""
        return max(self.first, self.older, self.newer, self.count)


@dataclass(frozen=True)
class Measured:
    """What one database took: seconds of seeding, and median seconds of each question."""

    seeding: float
    choices: float
    filters: dict[str, Answers]
    similar: float
    compared: int
    bytes_each: float


def measure(url: str, rows: int) -> Measured:
    """Seed a database and ask it everything."""
    seeding = _seconds(lambda: seed_inspections(url, rows))
    say(f"{rows:,} inspections in {seeding:.0f} s")
    with Records.open(url) as records:
        choices = _median(records.history.choices)
        say(f"choices: {_ms(choices)}")
        filters = {}
        for name, wanted in FILTERS.items():
            filters[name] = _answers(records, wanted)
            say(f"{name}: {filters[name]}")
        similar, compared, bytes_each = _similar(url, records)
        say(f"frames similar to one, compared with {compared:,}: {_ms(similar)}, {bytes_each:.0f} bytes each")
    return Measured(seeding, choices, filters, similar, compared, bytes_each)


def _similar(url: str, records: Records) -> tuple[float, int, float]:
    """Seconds until the frames like the newest one of a product, how many were compared, bytes of each."""
    before = database_bytes(url)
    seeded = seed_embeddings(url, SIMILAR_PRODUCT, COMPARED + 1, DIMENSION)
    bytes_each = (database_bytes(url) - before) / seeded
    [newest] = records.history.page(HistoryFilter(products=(SIMILAR_PRODUCT,)), 1)
    found = records.embeddings.similar_to(newest.frame_id, limit=FRAMES)
    assert found is not None
    took = _median(lambda: records.embeddings.similar_to(newest.frame_id, limit=FRAMES))
    return took, found.compared, bytes_each


def _answers(records: Records, wanted: HistoryFilter) -> Answers:
    first = look_back(records, wanted)
    # Where there is only one page, its own end is asked for.
    behind = first.older or (Cursor.of(first.frames[-1]) if first.frames else Cursor(NOW, ""))
    second = look_back(records, wanted, before=behind)
    before = Cursor.of(second.frames[0]) if second.frames else behind
    return Answers(
        first=_median(lambda: look_back(records, wanted)),
        older=_median(lambda: look_back(records, wanted, before=behind)),
        newer=_median(lambda: look_back(records, wanted, after=before)),
        count=_median(lambda: records.history.count(wanted, at_most=COUNTED)),
    )


def _median(ask: Callable[[], object]) -> float:
    return statistics.median(_seconds(ask) for _ in range(TIMES))


def _seconds(ask: Callable[[], object]) -> float:
    begin = time.perf_counter()
    ask()
    return time.perf_counter() - begin


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """URLs of an empty database of each kind, by its name."""
    with tempfile.TemporaryDirectory() as folder, running(postgres_server()) as server:
        yield {"SQLite": f"sqlite:///{Path(folder)}/inspector.db", "PostgreSQL": server.create_database()}


def table(measured: dict[str, Measured], rows: int) -> str:
    """The figures in Markdown."""
    names = list(measured)
    head = [
        f"{machine()} {rows:,} inspections of {SPAN.days} days in each database; medians of {TIMES}.",
        "Of each filter: first page / older page / newer page / count up to "
        f"{COUNTED:,}, with the reviews of the frames shown.",
        "",
        f"| what | {' | '.join(names)} | wanted |",
        f"|---|{'---|' * len(names)}---|",
    ]
    wanted = f"≤ {1000 * MOST_S:.0f} ms each"
    body = [("what can be chosen", [(_ms(one.choices), one.choices) for one in measured.values()])]
    for name in FILTERS:
        answers = [one.filters[name] for one in measured.values()]
        body.append((name, [(str(answer), answer.worst) for answer in answers]))
    compared = next(iter(measured.values())).compared
    similar = [(_ms(one.similar), one.similar) for one in measured.values()]
    body.append((f"frames similar to one, of {compared:,} with {DIMENSION} numbers each", similar))
    lines = [
        f"| {name} | {' | '.join(_marked(text, worst) for text, worst in cells)} | {wanted} |"
        for name, cells in body
    ]
    sizes = " | ".join(f"{one.bytes_each:.0f} bytes" for one in measured.values())
    seeding = " | ".join(f"{one.seeding:.0f} s" for one in measured.values())
    stored = f"| an embedding in the database, with its index | {sizes} | |"
    return "\n".join([*head, *lines, stored, f"| writing the {rows:,} inspections | {seeding} | |"])


def _marked(text: str, worst: float) -> str:
    return text if worst <= MOST_S else f"{text} **(missed)**"


def missed(measured: dict[str, Measured]) -> list[str]:
    """What took too long."""
    found = []
    for name, one in measured.items():
        found += [f"{name}: what can be chosen"] if one.choices > MOST_S else []
        found += [f"{name}: similar frames"] if one.similar > MOST_S else []
        found += [f"{name}: {what}" for what, answers in one.filters.items() if answers.worst > MOST_S]
    return found


def main() -> None:
    """Measure by the words of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="with fewer, no document is written")
    rows = parser.parse_args().rows
    measured = {}
    with databases() as urls:
        for name, url in urls.items():
            say(f"## {name}")
            measured[name] = measure(url, rows)
    if rows >= ROWS:
        write_between(BENCHMARKS, "bench-dashboard", table(measured, rows))
    slow = missed(measured)
    say(f"missed: {'; '.join(slow)}" if slow else "all reached")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
