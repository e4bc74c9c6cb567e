"""`inspector render` as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from inspector.errors import OutputExistsError
from inspector.frames import image_files
from training import commands_parts
from training.parts import PartProduct


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    commands_parts.register(app)
    return app


def words(output: Path, *more: str) -> list[str]:
    few = ["--normals", "2", "--test-good", "1", "--per-kind", "1", "--size", "96"]
    return ["render", "--output", str(output), *few, *more]


def test_the_command_writes_a_set_and_says_what(app: typer.Typer, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, words(tmp_path / "set", "--product", "connector"))
    assert result.exit_code == 0, result.output
    assert "10 pictures of connector" in result.output
    assert "missing_part" in result.output
    assert len(image_files(tmp_path / "set/train/good")) == 2


def test_an_existing_output_is_an_error_until_overwrite(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    refused = CliRunner().invoke(app, words(tmp_path / "set"))
    assert isinstance(refused.exception, OutputExistsError)
    assert CliRunner().invoke(app, words(tmp_path / "set", "--overwrite")).exit_code == 0


@pytest.mark.parametrize(
    "wrong", [["--product", "bottle"], ["--normals", "0"], ["--size", "50"], ["--seed", "-1"]]
)
def test_a_wrong_value_is_a_usage_error(app: typer.Typer, tmp_path: Path, wrong: list[str]) -> None:
    result = CliRunner().invoke(app, words(tmp_path / "set", *wrong))
    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_the_command_offers_every_product() -> None:
    assert {product.value for product in commands_parts._Product} == {
        product.value for product in PartProduct
    }
