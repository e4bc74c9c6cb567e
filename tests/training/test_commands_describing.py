"""`inspector train-kinds` and `inspector train-adapter` as a person types them.

That an adapter is made, and made again by the command in its manifest, is tested in `adapter/test_training`.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import typer
from typer.testing import CliRunner

from inspector.describing.kinds import KINDS_MANIFEST, KindsManifest, load_kind_reader
from inspector.describing.words import Language
from inspector.errors import OutputExistsError, TrainingError
from training import commands_describing
from training.kinds.fitting import KindSettings


class FewDefects(KindSettings):
    """As the command's settings, with smaller numbers by default."""

    surfaces: int = 4
    defects: int = 20
    epochs: int = 1


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setattr("training.kinds.fitting.KindSettings", FewDefects)
    app = typer.Typer()
    commands_describing.register(app)
    return app


def test_kinds_are_made_and_said_how_good_they_are(app: typer.Typer, tmp_path: Path) -> None:
    output = tmp_path / "kinds"
    result = CliRunner().invoke(app, ["train-kinds", "--output", str(output), "--seed", "3"])
    assert result.exit_code == 0, result.output
    assert f"Kinds {output}" in result.stdout
    assert "accuracy on painted defects 0." in result.stdout
    load_kind_reader(folder=output)
    manifest = KindsManifest.model_validate_json((output / KINDS_MANIFEST).read_bytes())
    assert (manifest.command, manifest.seed) == ("inspector train-kinds --seed 3", 3)


@pytest.mark.parametrize("command", ["train-kinds", "train-adapter"])
def test_an_existing_output_is_an_error_and_stays(app: typer.Typer, tmp_path: Path, command: str) -> None:
    (tmp_path / "note").write_text("mine")
    refused = CliRunner().invoke(app, [command, "--output", str(tmp_path)])
    assert isinstance(refused.exception, OutputExistsError)
    assert (tmp_path / "note").read_text() == "mine"


def test_a_language_model_that_is_not_there_is_an_error_and_leaves_nothing(
    app: typer.Typer, tmp_path: Path
) -> None:
    words = ["train-adapter", "--output", str(tmp_path / "adapter"), "--language-model", str(tmp_path / "no")]
    refused = CliRunner().invoke(app, words)
    assert isinstance(refused.exception, TrainingError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        ["train-kinds", "--seed", "-1"],
        ["train-adapter", "--seed", "-1"],
        ["train-adapter", "--steps", "0"],
        ["train-adapter", "--examples", "99"],
        ["train-adapter", "--language", "fr"],
    ],
)
def test_a_wrong_value_is_a_usage_error(app: typer.Typer, tmp_path: Path, wrong: list[str]) -> None:
    result = CliRunner().invoke(app, [*wrong, "--output", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["train-kinds", "train-adapter"])
def test_the_output_is_not_left_to_chance(app: typer.Typer, command: str) -> None:
    assert CliRunner().invoke(app, [command]).exit_code == 2


def test_the_command_offers_every_language() -> None:
    assert {language.value for language in commands_describing._Language} == set(get_args(Language))
