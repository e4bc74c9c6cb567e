"""`make bench-edge`: the box beside the bare network, under swaps of its model, and under malformed frames.

Prints each figure; the exit code is 1 where one is not what it must be.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from inspector.frames import encode_png, read_frame, resize
from tests.campaigns.bench_latency import Latency, Scorer, latencies
from tests.campaigns.bench_load import Load, full_speed, imports_torch
from tests.campaigns.bench_swaps import Swaps, swaps_under_load
from tests.campaigns.box import running_box
from tests.campaigns.malformed import KINDS, SITE_FILTER
from tests.campaigns.malformed_check import Aftermath, send_malformed
from tests.campaigns.parts import good_pictures, good_pngs, trained_bundle
from tests.campaigns.report import BENCHMARKS, machine, say, write_between
from training.benchmarks.rows import Row

MOST_RATIO, LEAST_SHARE, MOST_IDLE_MB = 1.5, 0.7, 600.0
SWAP_LOAD = 0.5
"""While models are swapped, frames come at most at this share of the scorer's own rate."""
SWAP_S = 8.0
"""And at most so fast that each swap has so many seconds: all of them are to happen under load."""
SMALL_PX = 256
"""Side of the picture that malformed frames are made of: their number counts, not their size."""


@dataclass(frozen=True)
class Size:
    """How much is done."""

    rounds: int
    frames: int
    lossless_frames: int
    swap_frames: int
    swaps: int
    malformed: int


FULL = Size(rounds=400, frames=5000, lossless_frames=1000, swap_frames=2000, swaps=12, malformed=20_000)
QUICK = Size(rounds=80, frames=200, lossless_frames=100, swap_frames=200, swaps=2, malformed=3 * len(KINDS))


def latency_rows(measured: list[Latency], best: Latency) -> list[Row]:
    """From bytes to verdict."""
    rows = []
    for one in measured:
        found = f"{one.verdict_ms:.1f} / {one.forward_ms:.1f} ms a frame = {one.ratio:.2f}"
        is_judged = one in (measured[0], best)
        name = f"bytes to verdict ÷ bare forward, batch {one.batch}{' (the fastest)' if one is best else ''}"
        rows.append(
            Row(name, found, f"≤ {MOST_RATIO}" if is_judged else "", not is_judged or one.ratio <= MOST_RATIO)
        )
    return rows


def rate_row(what: str, load: Load, *, is_judged: bool) -> Row:
    """How fast the box was."""
    found = f"{load.frames_per_s:.1f} / {load.alone_per_s:.1f} frames a second = {100 * load.share:.0f} %"
    wanted = f"≥ {100 * LEAST_SHARE:.0f} %" if is_judged else ""
    return Row(what, found, wanted, not is_judged or load.share >= LEAST_SHARE)


def load_rows(load: Load) -> list[Row]:
    """Full speed, and memory."""
    has_torch = imports_torch()
    return [
        Row(
            f"{load.frames:,} frames at full speed",
            f"{load.rows:,} rows, {load.ids:,} ids",
            "one row each",
            load.rows == load.ids == load.frames,
        ),
        rate_row("rate ÷ the scorer's own", load, is_judged=True),
        Row(
            "memory, idle / after the load",
            f"{load.idle_mb:.0f} / {load.loaded_mb:.0f} MB",
            f"idle ≤ {MOST_IDLE_MB:.0f} MB",
            load.idle_mb <= MOST_IDLE_MB,
        ),
        Row("torch", "imported" if has_torch else "not imported", "not imported", not has_torch),
    ]


def swap_rows(swaps: Swaps) -> list[Row]:
    """Hot swaps, and refusals."""
    by_version = ", ".join(f"{count:,}" for count in swaps.by_version.values())
    found = f"{swaps.rows:,} rows, {swaps.changes} changes of version ({by_version} frames)"
    if swaps.findings:
        found = "; ".join(swaps.findings)
    what = f"{swaps.swaps} swaps under load, {swaps.frames:,} frames"
    rows = [Row(what, found, "one row each, by one of the two versions", not swaps.findings)]
    return rows + [
        Row(f"a bundle with {what}", f"refused: {why}", "refused", True)
        for what, why in swaps.refusals.items()
    ]


def malformed_rows(after: Aftermath) -> list[Row]:
    """Malformed frames."""
    frames, kept = sum(after.sent.values()), sum(after.codes.values())
    codes = ", ".join(f"{code} {count:,}" for code, count in after.codes.most_common())
    found = f"same process; {kept:,} in quarantine ({codes}), {after.judged:,} judged"
    if after.surprises:
        found = f"{len(after.surprises)} surprises: {'; '.join(after.surprises[:5])}"
    what = f"{frames:,} malformed frames of {len(after.sent)} kinds"
    return [Row(what, found, "no crash, each counted and kept with its reason", not after.surprises)]


def measure(size: Size, wanted: str) -> list[Row]:
    """Measure; each part is told as soon as it is known.

    Args:
        size: how much is done.
        wanted: name of the only part, or `all`.
    """
    bundle = trained_bundle()
    rows: list[Row] = []

    def tell(part: list[Row]) -> None:
        rows.extend(part)
        say("\n".join(map(str, part)))

    scorer = Scorer(bundle)
    measured = latencies(scorer, size.rounds)
    best = min(measured, key=lambda one: one.forward_ms)
    if wanted in ("all", "latency"):
        tell(latency_rows(measured, best))
    if wanted in ("all", "load"):
        tell(load_rows(full_speed(bundle, scorer, best.batch, size.frames, good_pictures())))
        lossless = full_speed(bundle, scorer, best.batch, size.lossless_frames, good_pngs())
        tell([rate_row("the same with PNG frames", lossless, is_judged=False)])
    if wanted in ("all", "swaps"):
        rate_per_s = min(SWAP_LOAD * 1000 / best.forward_ms, size.swap_frames / (SWAP_S * size.swaps))
        tell(swap_rows(swaps_under_load(bundle, size.swap_frames, size.swaps, rate_per_s)))
    if wanted in ("all", "malformed"):
        image = resize(read_frame(good_pictures()[0]).image, SMALL_PX, SMALL_PX)
        with running_box(bundle, topic_filter=SITE_FILTER) as (box, port):
            tell(malformed_rows(send_malformed(box, port, encode_png(image), size.malformed, seed=0)))
    return rows


def main() -> None:
    """Measure by the words of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few frames; no document is written")
    parser.add_argument("--only", choices=("all", "latency", "load", "swaps", "malformed"), default="all")
    words = parser.parse_args()
    rows = measure(QUICK if words.quick else FULL, words.only)
    if not words.quick and words.only == "all":
        head = [machine(), "", "| what | found | wanted |", "|---|---|---|"]
        write_between(BENCHMARKS, "bench-edge", "\n".join([*head, *map(str, rows)]))
    missed = [row.what for row in rows if not row.is_reached]
    say(f"missed: {'; '.join(missed)}" if missed else "all reached")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
