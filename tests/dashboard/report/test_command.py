"""`inspector report`, from the words of a person to a file."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from inspector.cli import main
from tests.dashboard.line import Line
from tests.dashboard.report.shift import BEGIN, END, HOSTILE, work, work_with_hostile_names

SPAN = ("--from", BEGIN.isoformat(), "--until", END.isoformat())


class Told:
    """What a call printed, and how it ended."""

    def __init__(self, line: Line, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["report", "--config", str(line.config), *words])
        self.code = ended.value.code
        self.out, self.err = capsys.readouterr()


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    # Times are told in the zone of the settings, whatever the machine's own is.
    monkeypatch.setenv("INSPECTOR_REPORT__ZONE", "Etc/UTC")


def test_html_and_pdf_are_written_by_the_name_of_the_file(
    line: Line, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    work(line)
    page, paper = tmp_path / "new" / "shift.html", tmp_path / "shift.PDF"
    told = Told(line, capsys, *SPAN, "--output", str(page))
    assert (told.code, told.err) == (0, "")
    assert "4 of 20 frames were rejected (20.0 %)." in told.out
    assert f"Report: {page}" in told.out
    assert "4 of 20 frames were rejected" in page.read_text(encoding="utf-8")

    assert Told(line, capsys, *SPAN, "-o", str(paper), "--language", "zh").code == 0
    assert "20" in PdfReader(paper).pages[0].extract_text()
    assert "班次报告" in PdfReader(paper).pages[0].extract_text().replace(" ", "")
    assert sorted(file.name for file in page.parent.iterdir()) == ["shift.html"]


def test_json_holds_the_figures_and_needs_no_file(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    work(line)
    told = Told(line, capsys, *SPAN, "--json")
    assert told.code == 0
    found: dict[str, Any] = json.loads(told.out)
    assert found["total"] == {"frames": 20, "passed": 15, "rejected": 4, "unsure": 1, "reject_rate": 0.2}
    assert found["reviews"]["false_reject_rate"] == 0.5
    assert found["reviews"]["waiting"] == 3
    assert [place["line"] for place in found["places"]] == ["line-1", "line-2"]
    assert sum(each["reject"] for each in found["intervals"]) == 4
    assert {(kind["kind"], kind["frames"]) for kind in found["kinds"]} == {
        ("scratch", 2),
        ("dent", 1),
        (None, 1),
    }
    assert found["drift_alarms"][0]["sentence"] == "the picture is 20 % darker"
    assert found["model_changes"][0]["at"] == "2026-03-04T10:10:00+00:00"
    assert {part["frame"] for part in found["worst"]} == {"bad-0", "bad-2", "bad-3"}
    assert all(part["has_picture"] for part in found["worst"])


def test_lines_products_and_shifts_narrow_the_report(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    work(line)
    now = datetime.now(UTC)
    line.inspect("now", at=now)

    def frames(*words: str) -> int:
        return int(json.loads(Told(line, capsys, "--json", *words).out)["total"]["frames"])

    assert frames(*SPAN, "--line", "line-2") == 5
    assert frames(*SPAN, "--product", "washer", "--product", "other") == 15
    assert frames() == frames("--shift", "this") == 1
    assert frames("--from", (now - timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S")) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "soon"], "--from 'soon' cannot be read: it is neither a date with a time nor a time of"),
        (["--until", "99:99"], "--until '99:99' cannot be read"),
        (
            ["--from", "2026-03-04 14:00", "--until", "2026-03-04 06:00"],
            "the span of the report is empty: it begins at 2026-03-04 14:00 UTC and ends at 2026-03-04 06:00",
        ),
        (["--shift", "noon"], "there is no shift 'noon': the settings have early, late, night."),
        (["--shift", "this", "--from", "06:00"], "the span of the report is given twice"),
        (
            ["--from", "2020-01-01", "--until", "2020-01-02"],
            "nothing was inspected then; the newest frame is of 2026-03-04 10:14 UTC. Choose another --from",
        ),
        (
            [*SPAN, "--line", "line-9"],
            "these lines and products had no frames; there were line-1 / washer, line-2 / gasket.",
        ),
    ],
)
def test_what_cannot_be_reported_is_told_with_why_and_what_to_do(
    line: Line, capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], said: str
) -> None:
    work(line)
    output = tmp_path / "shift.html"
    told = Told(line, capsys, *words, "--output", str(output))
    assert told.code == 1
    assert said in told.err
    assert "Traceback" not in told.err
    assert not output.exists()


def test_an_empty_database_is_told(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(line, capsys, "--json")
    assert told.code == 1
    assert "the database has no frames at all. Check [database] url in the settings." in told.err


def test_a_database_that_cannot_be_opened_is_told(
    line: Line, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line.records.close()
    for file in tmp_path.glob("inspector.db*"):
        file.unlink()
    line.database.mkdir()
    told = Told(line, capsys, "--json")
    assert told.code == 1
    assert f"{line.database} cannot be opened" in told.err


def test_a_file_is_replaced_only_when_that_is_said(
    line: Line, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    work(line)
    output = tmp_path / "shift.html"
    output.write_text("mine", encoding="utf-8")
    told = Told(line, capsys, *SPAN, "--output", str(output))
    assert told.code == 1
    assert "already exists: nothing was overwritten. Choose another --output, or add --overwrite." in told.err
    assert output.read_text(encoding="utf-8") == "mine"
    assert Told(line, capsys, *SPAN, "--output", str(output), "--overwrite").code == 0
    assert "Shift report" in output.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shift.docx", ".docx is no format of a report. Give a name that ends with .html or .pdf."),
        ("shift", "a name without an ending is no format of a report"),
        ("folder.html", "is a folder. Give a file name with --output."),
    ],
)
def test_an_output_that_cannot_be_is_told_before_anything_is_read(
    line: Line, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    told = Told(line, capsys, *SPAN, "--output", str(tmp_path / name))
    assert told.code == 1
    assert said in told.err


def test_no_output_at_all_is_a_wrong_use(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(line, capsys, *SPAN)
    assert told.code == 2
    assert "--output" in told.err


def test_shifts_and_language_are_those_of_the_settings(
    line: Line, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    line.inspect("now", at=now)
    begin = now - timedelta(hours=1)
    settings = line.config.read_text(encoding="utf-8")
    line.config.write_text(
        f'{settings}[report]\nlanguage = "zh"\n[report.shifts]\nfirst = {begin:%H:%M:%S}\n', encoding="utf-8"
    )
    output = tmp_path / "shift.html"
    told = Told(line, capsys, "--shift", "first", "--output", str(output))
    assert (told.code, told.err) == (0, "")
    assert "班次报告" in told.out
    assert "first" in output.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('zone = "Mars/Base"', "the time zone 'Mars/Base' is not known here"),
        ('zone = "../etc/passwd"', "is not known here"),
        ("shifts = {}", "shifts"),
        ('shifts = { a = "06:00", b = "06:00" }', "two shifts begin at the same time"),
        ('shifts = { this = "06:00" }', "no shift can be called 'this'"),
        ('shifts = { a = "06:00Z" }', "the time of a shift has a zone of its own"),
        ('language = "fr"', "language"),
    ],
)
def test_wrong_settings_of_the_report_are_told(
    line: Line,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    said: str,
) -> None:
    monkeypatch.delenv("INSPECTOR_REPORT__ZONE")
    line.config.write_text(
        f"{line.config.read_text(encoding='utf-8')}[report]\n{settings}\n", encoding="utf-8"
    )
    told = Told(line, capsys, *SPAN, "--json")
    assert told.code == 1
    assert said in told.err


def test_hostile_names_are_printed_as_they_are(
    line: Line, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    work_with_hostile_names(line)
    told = Told(line, capsys, *SPAN, "--output", str(tmp_path / "a.html"))
    assert (told.code, told.err) == (0, "")
    assert HOSTILE[:70] in told.out
    found = json.loads(Told(line, capsys, *SPAN, "--json").out)
    assert HOSTILE in {part["frame"] for part in found["worst"]}


def test_a_report_is_made_without_the_server_of_the_page() -> None:
    rooms = "dashboard.commands_report, dashboard.report.gathering, dashboard.report.telling"
    code = (
        f"import sys, {rooms}, dashboard.report.html, dashboard.report.pdf; print('streamlit' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_a_report_changes_nothing_in_the_records(
    line: Line, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    work(line)

    def dump() -> list[str]:
        with sqlite3.connect(line.database) as connection:
            return list(connection.iterdump())

    before = dump()
    assert Told(line, capsys, *SPAN, "--output", str(tmp_path / "a.pdf")).code == 0
    assert dump() == before
