"""`make chaos`: kills, broker restarts and an absent central database while frames flow.

The last line is `sent=… stored=… lost=0 doubled=0`; the exit code is 1 where it is not, or where what is
stored here, in the centre, as evidence and told at the broker differs in anything.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.campaigns.audit import Audit, audit
from tests.campaigns.box import BROKER, Box, BoxSettings
from tests.campaigns.cameras import CameraProcess, Script
from tests.campaigns.harm import Blow, Harm, blows
from tests.campaigns.observer import Observer
from tests.campaigns.parts import PRODUCT, mixed_pictures, trained_bundle
from tests.campaigns.report import BENCHMARKS, CampaignError, await_true, machine, say, write_between
from tests.campaigns.rows import count_rows, count_waiting
from tests.services import MosquittoServer, PostgresServer, mosquitto_server, postgres_server, running

AWAY_S, AWAY_SHARE = 120.0, 0.3
"""How long the central database is away; in a short campaign, for this share of it."""
SETTLE_S = 900.0
LOOK_S = 0.01


@dataclass
class Fight:
    """A campaign's parts while it runs, and what was done to them.

    Attributes:
        away_s: how long the central database will be away.
        kills_under_load: kills before the camera had sent its last frame.
        kills_at_work: those that hit a box which was serving; the others hit one that was starting.
        restarts: of the broker.
    """

    box: Box
    broker: MosquittoServer
    postgres: PostgresServer
    camera: CameraProcess
    away_s: float
    kills_under_load: int = 0
    kills_at_work: int = 0
    restarts: int = 0
    back_at: float | None = None

    def run(self, planned: Sequence[Blow]) -> None:
        """Do all harm, each at its moment."""
        began = time.monotonic()
        for blow in planned:
            while not self.camera.is_done and self.camera.sent < blow.frame:
                self._bring_back()
                time.sleep(LOOK_S)
            time.sleep(blow.delay_s)
            self._bring_back()
            self._strike(blow.harm)
            say(f"{time.monotonic() - began:7.1f} s  {self.camera.sent:6} sent  {blow.harm}")

    def _strike(self, harm: Harm) -> None:
        if harm is Harm.KILL:
            self.kills_at_work += bool(self.box.health())
            self.kills_under_load += not self.camera.is_done
            self.box.kill()
            self.box.start()
        elif harm is Harm.BROKER:
            self.broker.stop()
            self.broker.start()
            self.restarts += 1
        else:
            self.postgres.stop()
            self.back_at = time.monotonic() + self.away_s

    def _bring_back(self, *, at_once: bool = False) -> None:
        if self.back_at is not None and (at_once or time.monotonic() >= self.back_at):
            self.back_at = None
            self.postgres.start()
            say("           the central database is back")

    def settle(self) -> None:
        """Wait until all is stored, copied and told."""
        frames = self.camera.script.frames
        await_true(lambda: self.camera.is_done, "the broker has confirmed each frame", SETTLE_S)
        while self.back_at is not None:
            self._bring_back()
            time.sleep(LOOK_S)
        await_true(lambda: count_rows(self.box.database) >= frames, "a row for each frame", SETTLE_S)
        await_true(lambda: not count_waiting(self.box.database), "an empty outbox", SETTLE_S)


def campaign(words: argparse.Namespace, folder: Path) -> tuple[Audit, Fight]:
    """Run a campaign in a folder; what was found, and what was done."""
    away_s = min(AWAY_S, AWAY_SHARE * words.frames / words.rate)
    planned = blows(
        frames=words.frames,
        kills=words.kills,
        broker_restarts=words.broker_restarts,
        rate_per_s=words.rate,
        seed=words.seed,
    )
    bundle = trained_bundle()
    with running(mosquitto_server(BROKER)) as broker, running(postgres_server()) as postgres:
        url = postgres.create_database()
        prefix = f"chaos-{words.seed}"
        script = Script(broker.port, PRODUCT, mixed_pictures(), words.frames, prefix, words.rate)
        box = Box(BoxSettings(folder, broker.port, bundle, threads=1, central=url))
        try:
            box.start()
            box.await_ready()
            with Observer(broker.port) as observer, CameraProcess(script) as camera:
                fight = Fight(box, broker, postgres, camera, away_s)
                fight.run(planned)
                try:
                    fight.settle()
                    await_true(
                        lambda: len(observer.results) >= words.frames, "a result of each frame", SETTLE_S
                    )
                except CampaignError as error:
                    say(str(error))  # the audit says what is missing
                box.end()
                return audit(box, url, script, observer), fight
        finally:
            box.close()


def paragraph(words: argparse.Namespace, found: Audit, fight: Fight) -> str:
    """What the document says."""
    return f"""
{machine()} {found.sent:,} frames at {words.rate:g} a second, seed {words.seed}.

- The edge process was killed {words.kills} times by `kill -9`: {fight.kills_under_load} times before the last
  frame was sent, {fight.kills_at_work} times while it served, else while it started.
- mosquitto was restarted {fight.restarts} times, PostgreSQL was away for {fight.away_s:.0f} s.
- {found.stored:,} rows at the box, {found.central:,} in the centre, {found.told:,} results told
  ({found.told_again:,} more were told again), {found.rejects:,} rejects with their evidence,
  {found.described:,} of them with a sentence in both databases.
- {"; ".join(found.findings) or "All of that agrees."}

```
{found.line()}
```
"""


def main() -> None:
    """Run a campaign by the words of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--broker-restarts", type=int, default=10)
    parser.add_argument("--rate", type=float, default=10.0, help="frames a second")
    parser.add_argument("--seed", type=int, default=0, help="decides every moment")
    parser.add_argument("--keep", type=Path, help="folder for the box, kept afterwards")
    parser.add_argument("--no-document", action="store_true", help="leave docs/benchmarks.md as it is")
    words = parser.parse_args()
    with TemporaryDirectory(prefix="inspector-chaos-") as temporary:
        folder = Path(temporary)
        if words.keep is not None:
            folder = words.keep.absolute()
            folder.mkdir(parents=True)
        found, fight = campaign(words, folder)
    text = paragraph(words, found, fight)
    say(text.partition("```\nsent")[0])
    if not words.no_document:
        write_between(BENCHMARKS, "chaos", text)
    say(found.line())
    sys.exit(0 if found.is_clean else 1)


if __name__ == "__main__":
    main()
