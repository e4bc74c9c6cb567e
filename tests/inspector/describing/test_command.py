"""`inspector describe`, from pictures to sentences: by templates, and by the language model."""

from __future__ import annotations

import inspect
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from inspector import cli
from inspector.bundle import Bundle
from inspector.commands_describe import LANGUAGE_MODEL
from inspector.describing.check import check_sentence
from inspector.describing.describer import Describer
from inspector.describing.description import describe
from inspector.describing.reading import Presence, read_sentence
from inspector.frames import encode_png, read_frame
from inspector.inspecting import Inspector
from inspector.settings import DescribingSettings
from tests.tiny_adapter import write_tiny_adapter
from training.commands_language_model import prepare_llm


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["describe", *map(str, words)])
    return int(end.value.code or 0)


def run_templates(*words: object) -> int:
    """Without the language model that a person may have prepared where the tests run."""
    return run(*words, "--templates")


def test_a_defect_gets_a_sentence_and_a_good_part_none(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_templates(bundle.path, pictures) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert len(lines) == 7
    for line in lines:
        if line.startswith("blot/"):
            assert ": reject. One defect: " in line
        else:
            assert line.endswith(": pass. No defect found.")


def test_json_has_facts_sentence_and_source(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_templates(bundle.path, pictures / "blot", "--json", "--mm-per-px", "0.5") == 0
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
    assert run_templates(bundle.path, pictures / "blot" / "000.png", "--language", "zh", "--json") == 0
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
    assert run_templates(bundle.path, pictures / "good") == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 4
    assert "broken.png" in captured.err
    assert run_templates(bundle.path, broken) == 1
    assert "no picture could be described" in capsys.readouterr().err


@pytest.mark.parametrize("width", ["0", "-1", "nan", "inf"])
def test_a_pixel_without_width_is_refused(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str], width: str
) -> None:
    assert run_templates(bundle.path, pictures, "--mm-per-px", width) == 2
    assert "millimetres above 0" in capsys.readouterr().err


def test_without_a_language_model_templates_write_and_a_warning_says_how_to_make_one(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "none"
    assert run(bundle.path, pictures / "blot", "--json", "--language-model", folder) == 0
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.out.splitlines()]
    assert [line["source"] for line in lines] == ["template"] * 3
    assert captured.err.count("Warning:") == 1
    assert f"`inspector prepare-llm --output {folder}`" in captured.err
    assert "--templates" in captured.err


def test_a_language_model_that_is_damaged_is_an_error_and_no_sentence(
    bundle: Bundle,
    pictures: Path,
    capsys: pytest.CaptureFixture[str],
    tiny_language_model_folder: Path,
    tmp_path: Path,
) -> None:
    folder = Path(shutil.copytree(tiny_language_model_folder, tmp_path / "model"))
    (folder / "embeddings.npy").write_bytes(b"no numbers")
    assert run(bundle.path, pictures, "--language-model", folder) == 1
    captured = capsys.readouterr()
    assert "embeddings.npy is damaged" in captured.err
    assert "inspector prepare-llm" in captured.err
    assert captured.out == ""


def test_a_language_model_that_does_not_fit_the_adapter_is_refused_with_both_numbers(
    bundle: Bundle,
    pictures: Path,
    capsys: pytest.CaptureFixture[str],
    tiny_language_model_folder: Path,
    tmp_path: Path,
) -> None:
    adapter = write_tiny_adapter(tmp_path / "adapter", 48)
    words = ("--language-model", tiny_language_model_folder, "--adapter", adapter)
    assert run(bundle.path, pictures, *words) == 1
    error = capsys.readouterr().err
    assert "a hidden size of 48" in error
    assert "this one has 64" in error
    assert "inspector train-adapter" in error


def test_what_a_language_model_wrote_in_vain_is_shown_as_rejected(
    bundle: Bundle,
    pictures: Path,
    capsys: pytest.CaptureFixture[str],
    tiny_language_model_folder: Path,
    tmp_path: Path,
) -> None:
    adapter = write_tiny_adapter(tmp_path / "adapter", 64)
    words = ("--language-model", tiny_language_model_folder, "--adapter", adapter, "--json")
    assert run(bundle.path, pictures, *words) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 7
    for line in lines:
        assert line["source"] == "template"
        assert (line["verdict"] == "reject") == bool(line["rejected_sentence"])


def test_the_language_model_writes_about_rejects_and_about_nothing_else(
    bundle: Bundle, pictures: Path, capsys: pytest.CaptureFixture[str], language_model_folder: Path
) -> None:
    (pictures / "blank.png").write_bytes(encode_png(np.zeros((160, 160, 3), np.uint8)))
    assert run(bundle.path, pictures, "--json", "--language-model", language_model_folder) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = [json.loads(line) for line in captured.out.splitlines()]
    assert sorted(line["verdict"] for line in lines) == ["pass"] * 4 + ["reject"] * 3 + ["unsure"]
    for line in lines:
        position = line["facts"]["regions"][0]["position"] if line["facts"]["regions"] else None
        if line["verdict"] == "reject":
            assert line["source"] in {"llm", "llm-retry"}
            assert (line["rejected_sentence"] is None) == (line["source"] == "llm")
            assert read_sentence(line["sentence"], "en").positions[0] == position
        else:
            assert (line["source"], line["rejected_sentence"], line["facts"]["count"]) == (
                "template",
                None,
                0,
            )
            expected = Presence.NO_DEFECT if line["verdict"] == "pass" else Presence.UNSURE
            assert read_sentence(line["sentence"], "en").presence == expected


def test_the_language_model_is_looked_for_where_it_is_prepared() -> None:
    assert DescribingSettings().language_model == LANGUAGE_MODEL
    made = inspect.signature(prepare_llm).parameters["output"].default
    assert made == LANGUAGE_MODEL
