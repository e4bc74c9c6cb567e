"""The command line, from words to files, output and exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint, version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from inspector import cli
from inspector.bundle import Bundle, load_bundle
from inspector.errors import InspectorError
from inspector.frames import encode_png
from tests.tiny_bundle import tiny_part, write_tiny_bundle

LINE_FIELDS = {
    "image",
    "product",
    "model_version",
    "score",
    "limit",
    "verdict",
    "reason",
    "regions",
    "latency_ms",
}


class Outcome:
    """What a command printed and its exit code."""

    def __init__(self, code: int, stdout: str, stderr: str) -> None:
        self.code, self.stdout, self.stderr = code, stdout, stderr


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_command(*words: object) -> Outcome:
        with pytest.raises(SystemExit) as end:
            cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        assert end.value.code is None or isinstance(end.value.code, int)
        return Outcome(end.value.code or 0, captured.out, captured.err)

    return run_command


@pytest.fixture(autouse=True)
def only_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other rooms test their own commands."""
    monkeypatch.setattr(cli, "entry_points", lambda **_: [])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_score_writes_one_line_a_picture(run: Any, bundle: Bundle, pictures: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.jsonl"
    outcome = run("score", bundle.path, pictures, "--output", output)
    assert outcome.code == 0
    assert "7 pictures: 4 pass, 3 reject, 0 unsure" in outcome.stderr
    results = lines(output)
    assert [Path(line["image"]).relative_to(pictures).parts[0] for line in results] == ["blot"] * 3 + [
        "good"
    ] * 4
    for line in results:
        assert set(line) == LINE_FIELDS
        assert (line["product"], line["model_version"]) == ("washer", bundle.version)
        assert line["verdict"] == ("reject" if "blot" in line["image"] else "pass")
        assert (line["score"] > line["limit"]) == (line["verdict"] == "reject") == bool(line["regions"])
        assert line["latency_ms"] > 0
        for region in line["regions"]:
            assert set(region) == {"box_px", "centre_px", "area_px", "area_fraction", "peak_score"}


def test_score_writes_maps_in_the_pictures_own_size(
    run: Any, bundle: Bundle, pictures: Path, tmp_path: Path
) -> None:
    (pictures / "wide.png").write_bytes(encode_png(tiny_part(0)[:100]))
    output, maps = tmp_path / "results.jsonl", tmp_path / "maps"
    assert run("score", bundle.path, pictures, "--output", output, "--maps", maps).code == 0
    for line in lines(output):
        name = Path(line["image"]).relative_to(pictures).with_suffix(".npy")
        assert line["map"] == str(maps / name)
        anomaly_map = np.load(maps / name)
        assert anomaly_map.dtype == np.float32
        assert anomaly_map.shape == ((100, 160) if "wide" in line["image"] else (160, 160))
    assert len(list(maps.rglob("*.npy"))) == 8


def test_a_picture_that_cannot_be_read_is_unsure_with_the_reason(
    run: Any, bundle: Bundle, pictures: Path, tmp_path: Path
) -> None:
    (pictures / "cut.png").write_bytes(encode_png(tiny_part(0))[:5000])
    output = tmp_path / "results.jsonl"
    outcome = run("score", bundle.path, pictures, "--output", output, "--maps", tmp_path / "maps", "--json")
    assert outcome.code == 0
    assert "Warning" in outcome.stderr
    assert "cut.png: the picture is truncated" in outcome.stderr
    counts = {"pictures": 8, "passed": 4, "rejected": 3, "unsure": 1, "unreadable": 1}
    assert json.loads(outcome.stdout) == counts
    (line,) = [line for line in lines(output) if line["image"].endswith("cut.png")]
    assert set(line) == LINE_FIELDS
    assert (line["verdict"], line["score"], line["regions"]) == ("unsure", None, [])
    assert "truncated" in line["reason"]


def test_score_fails_where_no_picture_can_be_read(run: Any, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    output = tmp_path / "results.jsonl"
    outcome = run("score", bundle.path, tmp_path / "bad.png", "--output", output)
    assert outcome.code == 1
    assert "no picture could be scored: none of the 1 files could be read" in outcome.stderr
    assert [line["verdict"] for line in lines(output)] == ["unsure"]


def test_score_prints_lines_on_standard_output(run: Any, bundle: Bundle, pictures: Path) -> None:
    outcome = run("score", bundle.path, pictures / "good", "--output", "-", "--json")
    assert [json.loads(line)["verdict"] for line in outcome.stdout.splitlines()] == ["pass"] * 4
    assert json.loads(outcome.stderr)["pictures"] == 4


def test_score_keeps_what_stands_there_unless_told(
    run: Any, bundle: Bundle, pictures: Path, tmp_path: Path
) -> None:
    output, maps = tmp_path / "results.jsonl", tmp_path / "maps"
    words = ("score", bundle.path, pictures / "good", "--output", output, "--maps", maps)
    assert run(*words).code == 0
    output.write_text("mine")
    refused = run(*words)
    assert refused.code == 1
    assert "already exists" in refused.stderr
    assert output.read_text() == "mine"
    (maps / "stale.npy").touch()
    assert run(*words, "--overwrite").code == 0
    assert len(lines(output)) == len(list(maps.iterdir())) == 4
    (maps / "notes.txt").write_text("mine")
    refused = run(*words, "--overwrite")
    assert refused.code == 1
    assert "it holds notes.txt" in refused.stderr
    assert (maps / "notes.txt").read_text() == "mine"


def test_a_run_that_fails_half_way_leaves_nothing(
    run: Any, bundle: Bundle, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full_disk)
    before = sorted(tmp_path.rglob("*"))
    outcome = run("score", bundle.path, pictures, "--output", tmp_path / "out", "--maps", tmp_path / "maps")
    assert outcome.code == 1
    assert "No space left" in outcome.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("score", "nowhere", "{pictures}", "--output", "out"),
            "nowhere cannot be used: there is no such folder",
        ),
        (("score", "{bundle}", "nowhere", "--output", "out"), "nowhere cannot be scored"),
        (("score", "{bundle}", "{empty}", "--output", "out"), "no pictures found"),
        (("score", "{bundle}", "{pictures}", "--output", "{empty}"), "is a folder"),
        (("score", "{bundle}", "{pictures}", "--output", "{bundle}/manifest.json/x"), "cannot be written"),
        (("show", "nowhere"), "nowhere cannot be used"),
        (("calibrate", "{bundle}", "--output", "out"), "Give either --normal or --limit"),
        (("calibrate", "{bundle}", "--output", "out", "--normal", "x", "--limit", "1"), "Give either"),
        (("calibrate", "{bundle}", "--output", "out", "--normal", "{empty}"), "holds no pictures"),
        (("calibrate", "{bundle}", "--output", "out", "--normal", "nowhere"), "no such folder"),
        (("calibrate", "{bundle}", "--output", "{bundle}", "--limit", "1"), "already exists"),
        (("calibrate", "{bundle}", "--output", "out", "--limit", "nan"), "is no limit"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_1(
    run: Any,
    bundle: Bundle,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    words: tuple[str, ...],
    message: str,
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    outcome = run(*(word.format(bundle=bundle.path, pictures=pictures, empty=empty) for word in words))
    assert outcome.code == 1
    assert message in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert outcome.stdout == ""
    assert list(empty.iterdir()) == []


def test_a_bundle_edited_by_hand_is_refused_by_every_command(
    run: Any, bundle: Bundle, pictures: Path, tmp_path: Path
) -> None:
    edited = Path(shutil.copytree(bundle.path, tmp_path / "edited"))
    manifest = edited / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"washer"', '"gasket"'))
    for words in (
        ("show", edited),
        ("score", edited, pictures, "--output", tmp_path / "out"),
        ("calibrate", edited, "--limit", 1, "--output", tmp_path / "out"),
    ):
        outcome = run(*words)
        assert outcome.code == 1
        assert "was edited after it was written" in outcome.stderr
    assert not (tmp_path / "out").exists()


def test_show_tells_a_person_what_a_bundle_is(run: Any, bundle: Bundle) -> None:
    outcome = run("show", bundle.path)
    assert outcome.code == 0
    words = " ".join(outcome.stdout.replace("│", " ").split())
    facts = ("washer", bundle.version, "64 x 64 px", "at most 5.00% of good", "40 normals", "SHA-256")
    for fact in facts:
        assert fact in words, fact


def test_show_tells_a_machine_what_a_bundle_is(run: Any, bundle: Bundle) -> None:
    facts = json.loads(run("show", bundle.path, "--json").stdout)
    assert facts["product"] == "washer"
    assert facts["version"] == bundle.version
    assert facts["limits"]["reject"] == bundle.manifest.limits.reject
    assert facts["promised_false_reject_rate"] == bundle.manifest.limits.false_reject_rate
    assert facts["verified"] is True
    assert facts["size_bytes"] == bundle.size_bytes


def test_calibrate_writes_a_bundle_that_judges_by_the_new_limit(
    run: Any, bundle: Bundle, pictures: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    outcome = run("calibrate", bundle.path, "--normal", pictures / "good", "--output", new, "--json")
    assert outcome.code == 0
    assert "promise a false-reject rate of 20.00% only; 5.00% needs 19" in outcome.stderr
    result = json.loads(outcome.stdout)
    assert result["before"]["version"] == bundle.version
    assert result["after"]["version"] == load_bundle(new).version
    assert result["after"]["normals"] == 4
    assert result["promised_false_reject_rate"] == pytest.approx(0.2)
    output = tmp_path / "out.jsonl"
    assert run("score", new, pictures / "good", "--output", output).code == 0
    # The limit is the highest of the very scores it was made of.
    assert (
        max(line["score"] for line in lines(output)) == result["after"]["reject"] == lines(output)[0]["limit"]
    )


def test_calibrate_by_hand_says_what_was_what_is_and_what_flips(
    run: Any, bundle: Bundle, tmp_path: Path
) -> None:
    outcome = run("calibrate", bundle.path, "--limit", "1000", "--output", tmp_path / "new")
    assert outcome.code == 0
    was, becomes, where = outcome.stdout.splitlines()
    assert was.startswith("was: scores above")
    assert "at most 5.00% of good parts" in was
    assert becomes.startswith("is:  scores above 1000 are rejected; set by hand")
    assert str(tmp_path / "new") in where
    assert "golden frame golden/defect-002.png was reject, it is pass now" in outcome.stderr


def test_calibrate_in_place_needs_overwrite(run: Any, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "washer")
    words = ("calibrate", bundle.path, "--limit", "7", "--output", bundle.path)
    assert run(*words).code == 1
    assert load_bundle(bundle.path) == bundle
    assert run(*words, "--overwrite").code == 0
    assert load_bundle(bundle.path).manifest.limits.reject == 7


def test_version_and_help(run: Any) -> None:
    assert run("--version").stdout.split() == ["inspector", version("inspector")]
    text = run("--help").stdout
    assert all(command in text for command in ("score", "show", "calibrate"))


@pytest.mark.parametrize("words", [("nonsense",), ("score",), ("show", "--nonsense")])
def test_wrong_usage_is_exit_code_2(run: Any, words: tuple[str, ...]) -> None:
    assert run(*words).code == 2


def test_the_installed_command_runs(bundle: Bundle) -> None:
    command = [sys.executable, "-m", "inspector.cli", "show", str(bundle.path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["product"] == "washer"


def room(name: str, function: str) -> EntryPoint:
    return EntryPoint(name=name, value=f"{__name__}:{function}", group=cli.COMMAND_GROUP)


def register_lathe(app: typer.Typer) -> None:
    """A room of the tests, registered as the real ones are."""

    @app.command()
    def turn() -> None:
        raise InspectorError("lathe [1] is jammed", "a chip is in it", "Remove the chip")

    @app.command()
    def learn() -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch.nn")

    @app.command()
    def stumble() -> None:
        raise ModuleNotFoundError("No module named 'nonsense'", name="nonsense")


@pytest.fixture
def lathe(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = [room("lathe", "register_lathe"), EntryPoint("broken", "no_such_room.commands:register", "")]
    monkeypatch.setattr(cli, "entry_points", lambda group: {cli.COMMAND_GROUP: rooms}[group])


@pytest.mark.usefixtures("lathe")
def test_a_rooms_command_runs_and_its_error_is_a_sentence_and_exit_code_1(run: Any) -> None:
    outcome = run("turn")
    assert outcome.code == 1
    assert outcome.stderr.splitlines()[-1] == "lathe [1] is jammed: a chip is in it. Remove the chip."


@pytest.mark.usefixtures("lathe")
def test_a_room_that_cannot_be_imported_is_named_and_breaks_no_other(run: Any, bundle: Bundle) -> None:
    outcome = run("show", bundle.path)
    assert outcome.code == 0
    assert "The commands of broken are left out: No module named 'no_such_room'." in outcome.stderr


@pytest.mark.usefixtures("lathe")
def test_a_missing_extra_is_named_with_how_to_install_it(run: Any) -> None:
    outcome = run("learn")
    assert outcome.code == 1
    assert "inspector learn needs the train extra" in outcome.stderr
    assert "pip install 'inspector[train]'" in outcome.stderr


def test_what_the_disk_refuses_is_a_sentence_and_exit_code_1(
    run: Any, bundle: Bundle, tmp_path: Path
) -> None:
    occupied = tmp_path / "a-file"
    occupied.write_text("not a folder")
    outcome = run("calibrate", bundle.path, "--limit", "3", "--output", occupied / "bundle")
    assert outcome.code == 1
    assert str(occupied) in outcome.stderr
    assert "cannot be used" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert occupied.read_text() == "not a folder"


@pytest.mark.usefixtures("lathe")
def test_an_unexpected_error_is_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError, match="nonsense"):
        cli.main(["stumble"])
