"""`make check-security`: tries what must not succeed at the broker of docker/mosquitto, for docs/security.md.

The exit code is 1 where something succeeded, or was refused without a word in the broker's log.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from inspector.results import Verdict
from tests.campaigns.plant import Identities, SecuredMosquitto
from tests.campaigns.report import say, write_between
from tests.campaigns.secured_line import BAD, GOOD, Seen, watch_line
from tests.campaigns.tries import TRIES, Outcome, Scene
from tests.services import running
from tests.tiny_bundle import write_tiny_bundle

DOCUMENT = Path(__file__).parents[2] / "docs/security.md"
HEADER = "| tried | what happened | the broker's log |\n|---|---|---|"


def main() -> int:
    """Try everything, print and write the table."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        say("mosquitto is not installed; run: make services")
        return 1
    failed = []
    rows = [HEADER]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        identities = Identities(folder)
        with running(SecuredMosquitto(Path(program), identities.authority)) as broker:
            scene = Scene(broker, identities)
            for one in TRIES:
                outcome = one.do(scene)
                say(f"{'refused' if outcome.is_refused else 'LET IN'}: {one.what}: {outcome.happened}")
                if not (outcome.is_refused and outcome.logged):
                    failed.append(one.what)
                rows.append(row(one.what, outcome))
            bundle = write_tiny_bundle(folder / "bundle").path
            seen = watch_line(scene, folder, bundle)
        rows += line_rows(seen)
    write_between(DOCUMENT, "check-security", "\n".join(rows))
    for what in failed:
        say(f"NOT AS IT MUST BE: {what}")
    return 1 if failed else 0


def row(what: str, outcome: Outcome) -> str:
    """A line of the table; numbers that change with each run are left out."""
    logged = re.sub(r"0A[0-9A-F]{6}:", "", outcome.logged.strip())
    logged = re.sub(r"127\.0\.0\.1(:\d+)?", "ADDRESS", logged)
    logged = re.sub(r" \((d0|p5)[^)]*\).*$", "", re.sub(r"\(d0.*?'(.*?)'.*", r"on \1", logged))
    return f"| {what} | {outcome.happened} | {f'`{logged}`' if logged else 'nothing'} |"


def line_rows(seen: Seen) -> list[str]:
    """What a real box made of its camera, and of messages that were sent again or forged."""
    passed, rejected = seen.verdicts.count(Verdict.PASS), seen.verdicts.count(Verdict.REJECT)
    forged = re.sub(r"line-1\.cam-1-\S+", "ID", seen.forged.partition(":")[0])
    judged = f"{passed} of {GOOD} passed, {rejected} of {BAD} rejected"
    return [
        f"| **right**: a camera's {GOOD} good and {BAD} defective parts, judged by its box | {judged} |  |",
        f"| a frame is sent again as it was, by its own camera | {seen.after_replay} records of"
        f" {GOOD + BAD} frames: recorded once, its result is told again |  |",
        f"| another picture under a used id, by its own camera | unsure: {forged} |  |",
        "| an old picture under a new id, by its own camera |"
        f" **let in**: judged as a new frame ({seen.under_new_id}) |  |",
    ]


if __name__ == "__main__":
    sys.exit(main())
