"""`inspector describe`, from pictures to sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector import cli
from inspector.bundle import Bundle
from inspector.describing.check import check_sentence
from inspector.describing.describer import Describer
from inspector.describing.description import describe
from inspector.frames import read_frame
from inspector.inspecting import Inspector


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["describe", *map(str, words)])
    return int(end.value.code or 0)


def test_a_defect_gets_a_sentence_and_a_good_part_none(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(bundle.path, pictures) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7
    for line in lines:
        if line.startswith("blot/"):
            assert ": reject. One defect: " in line
        else:
            assert line.endswith(": pass. No defect found.")


def test_json_has_facts_sentence_and_source(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(bundle.path, pictures / "blot", "--json", "--mm-per-px", "0.5") == 0
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        assert set(line) == {
            "image", "verdict", "facts", "sentence", "source", "rejected_sentence", "seconds"
        }  # fmt: skip
        assert (line["verdict"], line["source"], line["rejected_sentence"]) == ("reject", "template", None)
        assert line["facts"]["count"] == len(line["facts"]["regions"])
        region = line["facts"]["regions"][0]
        assert {"position", "box_px", "area_fraction", "shape", "contrast", "kind"} < set(region)
        assert region["area_mm2"] == pytest.approx(region["area_px"] * 0.25)
        assert "mm" in line["sentence"]


def test_chinese_is_written_as_such(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(bundle.path, pictures / "blot" / "000.png", "--language", "zh", "--json") == 0
    assert json.loads(capsys.readouterr().out)["sentence"].startswith("发现一处缺陷")


def test_what_is_said_of_a_frame_does_not_contradict_its_facts(inspector: Inspector, pictures: Path) -> None:
    describer = Describer(inspector.bundle)
    for path in sorted(pictures.rglob("*.png")):
        frame = read_frame(path)
        said = describe(frame, inspector.inspect(frame), describer)
        assert check_sentence(said.sentence, said.facts) == ()


def test_an_unreadable_picture_is_named_and_the_others_are_described(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = pictures / "good" / "broken.png"
    broken.write_bytes(b"no picture")
    assert run(bundle.path, pictures / "good") == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 4
    assert "broken.png" in captured.err
    assert run(bundle.path, broken) == 1
    assert "no picture could be described" in capsys.readouterr().err


@pytest.mark.parametrize("width", ["0", "-1", "nan", "inf"])
def test_a_pixel_without_width_is_refused(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str], width: str
) -> None:
    assert run(bundle.path, pictures, "--mm-per-px", width) == 2
    assert "millimetres above 0" in capsys.readouterr().err
