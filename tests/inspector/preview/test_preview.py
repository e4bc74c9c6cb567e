"""What a candidate would change is seen before it does: flips, with pictures, and reasons against it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import Bundle, load_bundle
from inspector.calibration import write_calibrated
from inspector.cli import main
from inspector.frames import encode_png
from inspector.inspecting import Inspector, load_inspector
from inspector.preview.comparing import Comparison, Truth, compare
from inspector.preview.policy import false_reject_bound, reasons_against
from inspector.preview.report import write_report
from inspector.preview.trials import gather, stored_trials
from inspector.records import Records
from inspector.results import Verdict
from inspector.settings import Settings
from tests.inspector.records.examples import NOON as NOW
from tests.inspector.records.examples import inspection
from tests.tiny_bundle import tiny_part, write_tiny_bundle

GOOD, BAD = 6, 4


@pytest.fixture(scope="module")
def active(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("active") / "washer")


def moved(bundle: Bundle, factor: float, output: Path) -> Bundle:
    """The same network by another limit."""
    limits = bundle.manifest.limits
    limits = limits.model_copy(update={"reject": limits.reject * factor, "normals": 1000})
    return write_calibrated(bundle, limits, output, created_at=NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A box that has stored good and defective parts."""
    folder = tmp_path / "box/evidence"
    folder.mkdir(parents=True)
    settings = Settings(
        database={"url": f"sqlite:///{tmp_path}/inspector.db"}, edge={"data_dir": tmp_path / "box"}
    )
    with Records.open(settings.database.url) as records:
        for number in range(GOOD + BAD):
            name = f"frame-{number}"
            (folder / f"{name}.png").write_bytes(encode_png(tiny_part(number, defect=number >= GOOD)))
            records.add(
                inspection(
                    frame_id=name,
                    product="washer",
                    inspected_at=NOW + timedelta(seconds=number),
                    evidence=f"evidence/{name}.png",
                    evidence_map=None,
                )
            )
    return settings


def compared(
    active: Bundle, candidate: Bundle, settings: Settings, truths: dict[str, Truth] | None = None
) -> tuple[Comparison, Inspector, Inspector]:
    before, after = load_inspector(active.path), load_inspector(candidate.path)
    with Records.open(settings.database.url) as records:
        stored = stored_trials(records.latest(), settings.edge.data_dir, truths)
        golden = gather(active, candidate, settings, last=0)
        return compare(before, after, [*golden, *stored]), before, after


def exit_code(words: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


def test_a_bundle_flips_nothing_against_itself(active: Bundle, settings: Settings) -> None:
    comparison, _, after = compared(active, active, settings)
    assert len(comparison.frames) == len(active.manifest.golden) + GOOD + BAD
    assert comparison.flips == ()
    assert reasons_against(comparison, after.limits.model_copy(update={"normals": 1000})) == ()


def test_a_laxer_limit_misses_confirmed_defects_and_golden_ones(
    active: Bundle, settings: Settings, tmp_path: Path
) -> None:
    truths = {f"frame-{number}": Truth.DEFECTIVE for number in range(GOOD, GOOD + BAD)}
    candidate = moved(active, 100, tmp_path / "lax")
    comparison, _, after = compared(active, candidate, settings, truths)
    assert comparison.directions() == {"reject -> pass": BAD + 1}
    golden, misses = reasons_against(comparison, after.limits)
    assert re.match(r"1 golden frames \(golden/defect-002.png\) judged wrongly", golden)
    assert misses.startswith(f"{BAD} confirmed defects (")
    assert misses.endswith("would no longer be rejected")


def test_a_stricter_limit_rejects_good_parts_beyond_the_target(
    active: Bundle, settings: Settings, tmp_path: Path
) -> None:
    truths = {f"frame-{number}": Truth.GOOD for number in range(GOOD)}
    comparison, _, after = compared(active, moved(active, 0.2, tmp_path / "strict"), settings, truths)
    assert comparison.directions()["pass -> reject"] >= GOOD
    reasons = " ".join(reasons_against(comparison, after.limits))
    assert "golden frames" in reasons
    assert f"{GOOD + 2} of {GOOD + 2} good parts would be rejected" in reasons


def test_a_limit_from_too_few_normals_is_a_reason(active: Bundle, settings: Settings) -> None:
    comparison, _, after = compared(active, active, settings)
    few = after.limits.model_copy(update={"normals": 20, "false_reject_rate": 0.01})
    assert reasons_against(comparison, few) == (
        "its limit can promise 4.8 % false rejects, not 1 %: it needs 79 more normals",
    )


@pytest.mark.parametrize(("rejected", "good"), [(0, 10), (1, 10), (5, 10), (10, 10), (3, 1000)])
def test_the_bound_is_below_the_share_and_holds_in_repeated_draws(rejected: int, good: int) -> None:
    bound = false_reject_bound(rejected, good)
    assert 0 <= bound <= rejected / good
    if rejected:
        draws = np.random.default_rng(0).binomial(good, bound, 20_000)
        assert np.mean(draws >= rejected) == pytest.approx(0.05, abs=0.01)


def test_a_picture_that_is_gone_or_broken_is_told_and_ends_nothing(
    active: Bundle, settings: Settings
) -> None:
    evidence = settings.edge.data_dir / "evidence"
    (evidence / "frame-0.png").unlink()
    (evidence / "frame-1.png").write_bytes(b"text")
    comparison, _, _ = compared(active, active, settings)
    assert {name for name, _ in comparison.unreadable} == {"frame-0", "frame-1"}
    assert len(comparison.frames) == len(active.manifest.golden) + GOOD + BAD - 2


def test_bundles_of_two_products_are_not_compared(active: Bundle, tmp_path: Path) -> None:
    other = write_tiny_bundle(tmp_path / "bottle", "bottle")
    with pytest.raises(ValueError, match="bottle is not compared with washer"):
        compare(load_inspector(active.path), load_inspector(other.path), [])


def test_the_report_shows_each_flip_with_its_pictures_and_escapes_names(
    active: Bundle, settings: Settings, tmp_path: Path
) -> None:
    comparison, before, after = compared(active, moved(active, 100, tmp_path / "lax"), settings)
    reasons = reasons_against(comparison, after.limits)
    write_report(comparison, [*reasons, "<script>"], before, after, tmp_path / "out/r.html", written_at=NOW)
    text = (tmp_path / "out/r.html").read_text()
    assert text.count('<figure class="card">') == BAD + 1
    assert text.count("data:image/jpeg;base64,") == 3 * (BAD + 1)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "http" not in text


def test_the_command_tells_the_flips_and_ends_with_1_where_something_is_against_it(
    active: Bundle, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "inspector.toml"
    config.write_text(
        f'[database]\nurl = "{settings.database.url}"\n[edge]\ndata_dir = "{settings.edge.data_dir}"\n'
    )
    candidate = moved(active, 100, tmp_path / "lax")
    words = ["preview", str(active.path), str(candidate.path), "--config", str(config)]
    assert exit_code([*words, "--json", "--output", str(tmp_path / "report.html")]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["frames"] == len(active.manifest.golden) + GOOD + BAD
    assert {flip["after"] for flip in said["flips"]} == {Verdict.PASS.value}
    assert said["reasons"]
    assert (tmp_path / "report.html").is_file()
    with Records.open(settings.database.url) as records:
        [kept] = records.previews.latest("washer")
        assert records.previews.latest("bottle") == []
    assert (kept.active, kept.candidate) == (active.version, candidate.version)
    assert (list(kept.reasons), kept.frames) == (said["reasons"], said["frames"])
    told = [(flip["name"], flip["before"], flip["after"], flip["score_after"]) for flip in said["flips"]]
    assert [(one.frame, one.before, one.after, one.score_after) for one in kept.flips] == told
    same = moved(active, 1, tmp_path / "same")
    assert exit_code([*words[:2], str(same.path), *words[3:]]) == 0
    assert "Nothing speaks against it" in capsys.readouterr().out
    assert load_bundle(active.path).version == active.version
