"""Products in the real page with the real worker: taught, compared, promoted, rolled back; and by whom."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.limits_panel import what_flips
from dashboard.uploads import LARGEST_MB, Kept, keep_uploads
from inspector.bundle import Bundle
from inspector.calibration import limits_by_hand, write_calibrated
from inspector.errors import DashboardError
from inspector.frames import encode_png
from inspector.records import JobKind, JobState, Role, Stage, StoredFlip, StoredPreview
from inspector.registry import Registry
from inspector.results import Verdict
from tests.dashboard.app_pages import html, open_app, sign_in, text
from tests.dashboard.line import Line, seconds
from tests.dashboard.people import person
from tests.inspector.records.examples import NOON, inspection
from tests.tiny_bundle import tiny_part, write_tiny_bundle


class File:
    """An uploaded file."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self._data = name, data

    def getvalue(self) -> bytes:
        return self._data


def good(seed: int) -> File:
    return File(f"{seed}.png", encode_png(tiny_part(seed)))


@pytest.fixture
def page(line: Line, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    settings = line.config.read_text() + f'[registry]\nurl = "{line.data_dir.parent}/store"\n'
    uploads = f'[dashboard]\nuploads_dir = "{line.data_dir.parent}/uploads"'
    line.config.write_text(settings.replace("[dashboard]", uploads))
    return open_app(line.config, monkeypatch)


def stages(page: AppTest) -> dict[str, str]:
    return dict(re.findall(r'data-version="([^"]+)" data-stage="([^"]+)"', html(page)))


def as_engineer(page: AppTest, line: Line) -> AppTest:
    person(line.records, "eve", Role.ENGINEER)
    return sign_in(page, "account", "eve").switch_page("views/products.py").run()


def registry(line: Line) -> Registry:
    return Registry(line.records, f"{line.data_dir.parent}/store")


def two_models(line: Line, tmp_path: Path) -> tuple[Bundle, Bundle]:
    """The line's bundle, which judges, and a candidate with a higher limit."""
    active = write_tiny_bundle(tmp_path / "active")
    limits = limits_by_hand(active.manifest.limits, 1.5 * active.manifest.limits.reject)
    candidate = write_calibrated(active, limits, tmp_path / "candidate", created_at=NOON)
    for bundle in (active, candidate):
        registry(line).add(bundle.path, by="eve")
    registry(line).promote("washer", active.version, by="eve", why="first")
    return active, candidate


def preview(active: str, candidate: str, **changes: Any) -> StoredPreview:
    values: dict[str, Any] = {
        "product": "washer",
        "active": active,
        "candidate": candidate,
        "made_at": NOON,
        "frames": 20,
        "reasons": (),
        "flips": (),
    }
    return StoredPreview(**(values | changes))


def test_uploads_are_checked_one_by_one_and_their_names_are_no_paths(tmp_path: Path) -> None:
    files = [
        good(1),
        File("../../evil.png", encode_png(tiny_part(2))),
        good(1),
        File("notes.txt", b"no picture"),
        File("cut.png", encode_png(tiny_part(3))[:500]),
        File("huge.png", b"x" * (LARGEST_MB * 1_000_000 + 1)),
        File("empty.png", b""),
    ]
    kept = keep_uploads(files, tmp_path / "uploads", "washer", by="e/../ve", at=NOON)
    assert kept.pictures == 2
    assert kept.sizes_px == ((160, 160),)
    assert [name for name, _ in kept.refused] == ["1.png", "notes.txt", "cut.png", "huge.png", "empty.png"]
    assert "was given before" in kept.refused[0][1]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.name for path in written) == ["0000.png", "0001.png"]
    assert all(path.parent == kept.folder for path in written)
    assert kept.folder.parent == tmp_path / "uploads" / "washer"


@pytest.mark.parametrize("product", ["", "../up", "a/b", ".", "x" * 65])
def test_a_product_that_could_be_no_folder_is_refused(tmp_path: Path, product: str) -> None:
    with pytest.raises(DashboardError, match="cannot be named so"):
        keep_uploads([good(1)], tmp_path / "uploads", product, by="eve", at=NOON)
    assert not (tmp_path / "uploads").exists()


def test_what_another_limit_would_flip_is_counted() -> None:
    judged = [
        inspection("a", score=1.0, verdict=Verdict.PASS),
        inspection("b", score=1.3, verdict=Verdict.PASS),
        inspection("c", score=1.6, verdict=Verdict.REJECT),
        inspection("d", score=9.0, verdict=Verdict.REJECT),
    ]
    assert what_flips(judged, 1.2) == (1, 0)
    assert what_flips(judged, 1.6) == (0, 1)
    assert what_flips(judged, 10.0) == (0, 2)


def test_an_empty_plant_says_how_to_begin(page: AppTest) -> None:
    page.run().switch_page("views/products.py").run()
    assert "No product yet" in text(page)


def test_who_is_no_engineer_looks_and_changes_nothing(page: AppTest, line: Line, tmp_path: Path) -> None:
    active, candidate = two_models(line, tmp_path)
    page.run().switch_page("views/products.py").run()
    assert stages(page) == {active.version: "active", candidate.version: "candidate"}
    assert "Changes need an engineer" in text(page)
    assert not [one for one in page.button if str(one.key).startswith(("promote-", "compare-"))]


def test_a_candidate_judges_only_after_it_was_compared_and_the_way_back_is_one_press(
    page: AppTest, line: Line, tmp_path: Path
) -> None:
    active, candidate = two_models(line, tmp_path)
    as_engineer(page, line)
    page.button(key=f"compare-{candidate.version}").click().run()
    job = line.records.jobs.latest("washer")[0]
    assert (job.kind, job.arguments["candidate"], job.asked_by) == (
        JobKind.PREVIEW,
        candidate.version,
        "eve",
    )
    assert "waits for the worker" in text(page)
    page.button(key=f"cancel-{job.number}").click().run()
    assert "was cancelled" in text(page)
    line.records.previews.add(preview(active.version, candidate.version))
    page.run()
    page.text_input(key=f"why-{candidate.version}").input("new lot")
    page.button(key=f"promote-{candidate.version}").click().run()
    assert stages(page) == {active.version: "retired", candidate.version: "active"}
    told = line.records.audit.latest(subject="washer")[0]
    assert (told.actor, told.action, told.details["why"]) == ("eve", "promote", "new lot")
    page.text_input(key="back-why").input("too many rejects")
    next(b for b in page.button if b.label == "Roll back").click().run()
    assert stages(page) == {active.version: "active", candidate.version: "retired"}
    assert line.records.audit.latest(subject="washer")[0].details["why"] == "too many rejects"


def test_what_speaks_against_a_candidate_needs_a_reason_that_the_audit_log_keeps(
    page: AppTest, line: Line, tmp_path: Path
) -> None:
    active, candidate = two_models(line, tmp_path)
    bad = line.inspect("bad", defect=True)
    flip = StoredFlip("bad", "stored", "defective", Verdict.REJECT, Verdict.PASS, bad.score, bad.score)
    against = "1 confirmed defects (bad) would no longer be rejected"
    line.records.previews.add(preview(active.version, candidate.version, reasons=(against,), flips=(flip,)))
    as_engineer(page, line)
    assert f"Against it: {against}" in text(page)
    assert "1 reject → pass" in text(page)
    assert "known to be defective" in text(page)
    page.button(key=f"promote-{candidate.version}").click().run()
    assert "is not promoted" in text(page)
    assert stages(page)[active.version] == "active"
    page.text_input(key=f"why-{candidate.version}").input("that part was a test")
    page.button(key=f"promote-{candidate.version}").click().run()
    assert stages(page)[candidate.version] == "active"
    told = line.records.audit.latest(subject="washer")[0]
    assert (told.details["against"], told.details["override"]) == ([against], "that part was a test")


def test_a_limit_is_tried_on_the_newest_frames_and_asked_for(
    page: AppTest, line: Line, tmp_path: Path
) -> None:
    two_models(line, tmp_path)
    start = datetime.now(UTC)
    for number in range(3):
        line.inspect(f"good-{number}", at=start + seconds(number))
    line.inspect("bad", defect=True, at=start + timedelta(seconds=5))
    as_engineer(page, line)
    slider = page.slider[0]
    assert "Move it to see what would flip" in text(page)
    slider.set_value(slider.max).run()
    assert "and 1 that were rejected would pass" in text(page)
    next(b for b in page.button if b.label == "Make a candidate with this limit").click().run()
    job = line.records.jobs.latest("washer")[0]
    assert (job.kind, job.state) == (JobKind.CALIBRATE, JobState.WAITING)
    assert job.arguments["reject"] == pytest.approx(slider.max)


def test_reviews_are_learned_when_there_are_some(page: AppTest, line: Line, tmp_path: Path) -> None:
    two_models(line, tmp_path)
    as_engineer(page, line)
    button = next(b for b in page.button if b.label.startswith("Learn from reviews"))
    assert button.disabled
    assert not line.records.jobs.latest()


def test_pictures_that_were_taken_are_counted_and_trained_from(page: AppTest, line: Line) -> None:
    as_engineer(page, line)
    page.selectbox(key="of-product").select("A new product…").run()
    page.text_input(key="new-product").input("washer-2").run()
    root = line.data_dir.parent / "uploads"
    kept: Kept = keep_uploads([good(n) for n in range(12)], root, "washer-2", by="eve", at=NOON)
    page.session_state["uploads-kept"] = kept
    page.run()
    assert "12 pictures can be used (160 × 160 px)" in text(page)  # noqa: RUF001
    assert "They can promise 7.7 %" in text(page)
    next(b for b in page.button if b.label == "Train").click().run()
    job = line.records.jobs.latest("washer-2")[0]
    assert (job.kind, job.arguments["normals"]) == (JobKind.TRAIN, str(kept.folder))
    registered = line.records.bundles.of("washer-2")
    assert not [one for one in registered if one.stage is Stage.ACTIVE]
