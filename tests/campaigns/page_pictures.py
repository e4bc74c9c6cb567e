"""`python -m tests.campaigns.page_pictures`: a screenshot of each page of the dashboard, for the documents.

The line is drawn (washers, some with a blot), so that the pictures may be published.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from selenium.webdriver.common.keys import Keys

from edge.health import Health, HealthServer
from edge.metrics import Metrics
from edge.problems import Problem
from inspector.calibration import limits_by_hand, write_calibrated
from inspector.drift.channels import DriftKind, What
from inspector.messages import CameraTopic
from inspector.preview.making import make_preview
from inspector.records import Decision, JobKind, Review, Role, StoredAlarm
from inspector.registry import Registry
from inspector.settings import HealthSettings, load_settings
from tests.dashboard.browser import TABLET_PX, chromium, show_at
from tests.dashboard.line import Line
from tests.dashboard.people import PASSWORD, person
from tests.dashboard.visit import Visit, visiting
from tests.tiny_bundle import write_tiny_bundle

PAGES: Final = {
    "live": ("/", ".card-facts"),
    "review": ("/review", ".review-head"),
    "overview": ("/overview", "table.figures"),
    "history": ("/history", ".past-row"),
    "products": ("/products", ".bundle"),
    "health": ("/health", ".alarm"),
    "shift report": ("/report", ".shift-report"),
    "account": ("/account", ".notice"),
}
"""Name of the file, the page's address, and what is on it when it is drawn."""
FRAMES: Final = 60
DEFECTIVE_EVERY: Final = 6
LENIENT: Final = 14
"""Factor on the limit of the candidate, which lets some of the drawn blots pass."""
_SETTLE_S: Final = 2.0
_KINDS: Final = ("stain", "hole", "contamination")


def main(
    output: Annotated[Path, typer.Option(help="Folder of the pictures.")] = Path("docs/images/pages"),
) -> None:
    """Draw a line, sign in, and take a picture of every page."""
    output.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with Line(folder / "line") as line, chromium(folder / "profile", "Europe/Berlin") as browser:
            _fill(line, folder)
            with _box(line), visiting(browser, line, folder / "line") as visit:
                show_at(browser, TABLET_PX)
                _sign_in(visit)
                for name, (address, ready) in PAGES.items():
                    visit.open(address)
                    visit.see(ready)
                    time.sleep(_SETTLE_S)
                    path = output / f"{name.replace(' ', '-')}.png"
                    browser.save_screenshot(str(path))
                    typer.echo(str(path))


def _fill(line: Line, folder: Path) -> None:
    """Frames of half a day with reviews, two models and a comparison of them, and a job."""
    person(line.records, "eve", Role.ENGINEER)
    start = datetime.now(UTC) - timedelta(minutes=2 * FRAMES)
    for number in range(FRAMES):
        is_bad = number % DEFECTIVE_EVERY == DEFECTIVE_EVERY - 1
        at = start + timedelta(minutes=2 * number)
        stored = line.inspect(f"frame-{number:03d}", defect=is_bad, at=at)
        if is_bad:
            kind = _KINDS[number // DEFECTIVE_EVERY % len(_KINDS)]
            line.describe(stored, kind=(kind, 0.8))
        if is_bad and number < FRAMES // 2:
            line.records.reviews.add(
                Review(stored.frame_id, Decision.TRUE_DEFECT, "eve", at + timedelta(minutes=1), kind="stain")
            )
    text = line.config.read_text(encoding="utf-8") + f'[registry]\nurl = "{folder}/store"\n'
    line.config.write_text(text, encoding="utf-8")
    active = write_tiny_bundle(folder / "active")
    limits = limits_by_hand(active.manifest.limits, LENIENT * active.manifest.limits.reject)
    candidate = write_calibrated(active, limits, folder / "candidate", created_at=start)
    registry = Registry(line.records, f"{folder}/store")
    for bundle in (active, candidate):
        registry.add(bundle.path, by="eve")
    registry.promote("washer", active.version, by="eve", why="first")
    make_preview(active.path, candidate.path, load_settings(line.config), last=FRAMES)
    number = line.records.jobs.ask(JobKind.TRAIN, "washer", {}, by="eve", at=start)
    line.records.jobs.take("worker", at=start)
    line.records.jobs.cancel(number, by="eve", at=start)


@contextmanager
def _box(line: Line) -> Iterator[None]:
    """A box's own server of health and figures, filled with the line's frames and a lamp that fades."""
    metrics, topic = Metrics("box-1"), CameraTopic("plant-7", "line-1", "cam-1")
    for record in line.records.latest(limit=FRAMES):
        metrics.inspected(record)
    metrics.watch_queue("score", lambda: 0)
    metrics.watch_queue("store", lambda: 1)
    metrics.watch_outbox("broker", lambda: 0, lambda: 0)
    metrics.watch_disk(line.data_dir)
    metrics.drift_steps(
        topic, {What.BRIGHTNESS: -2.4, What.SCORE: 0.3, What.SHARPNESS: -0.1, What.SHIFT_X: 0.2}
    )
    health = Health("box-1", lambda: datetime.now(UTC))
    alarm = Problem("the picture is 20 % darker", "lamp, aperture or exposure", "Clean or replace the lamp")
    health.add("drift", lambda: alarm)
    now = datetime.now(UTC)
    line.records.drift.add(
        StoredAlarm(
            site="plant-7",
            line="line-1",
            camera="cam-1",
            box="box-1",
            product="washer",
            model_version=line.records.latest(limit=1)[0].model_version,
            since=now - timedelta(minutes=9),
            detected_at=now,
            kind=DriftKind.CAMERA,
            what=What.BRIGHTNESS,
            sentence="the picture is 20 % darker: lamp, aperture or exposure",
            suggestion="Clean or replace the lamp, or set the exposure until brightness is 91 of 255 again",
            before=91,
            after=72,
            frames_before=("frame-050",),
            frames_after=("frame-058", "frame-059"),
        )
    )
    with HealthServer(HealthSettings(port=0), health, metrics) as server:
        while server.port is None:
            time.sleep(0.05)
        text = line.config.read_text(encoding="utf-8")
        boxes = f'[dashboard]\nboxes = ["http://127.0.0.1:{server.port}"]'
        line.config.write_text(text.replace("[dashboard]", boxes), encoding="utf-8")
        yield


def _sign_in(visit: Visit) -> None:
    visit.open("/account")
    visit.see("[class*='st-key-sign-in-name'] input").send_keys("eve")
    visit.one("[class*='st-key-sign-in-password'] input").send_keys(PASSWORD, Keys.TAB)
    visit.press(".stFormSubmitButton button")
    visit.see(".notice")


if __name__ == "__main__":
    typer.run(main)
