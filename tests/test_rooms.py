"""The house rule: rooms depend on `inspector`, never back and never sideways; the light base stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer

from inspector.cli import COMMAND_GROUP

HOUSE = Path(__file__).parent.parent
ROOMS = ("inspector", "edge", "training", "dashboard")
ALLOWED = {room: {room, "inspector"} for room in ROOMS}
HEAVY = ("torch", "torchvision", "anomalib", "lightning", "streamlit", "onnx", "sklearn", "timm")
"""Modules of the extras, which a box beside a line does not have."""


def files(room: str) -> list[Path]:
    return sorted((HOUSE / room).rglob("*.py"))


def imported_modules(source: str, package: str) -> Iterator[tuple[int, str]]:
    """Line and full name of every module a file imports, wherever in the file the import stands.

    Args:
        source: Python source text.
        package: package the file is in, to which relative imports refer.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            )
            yield node.lineno, ".".join(part for part in (base, node.module) if part)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names = (argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant))
            yield from ((node.lineno, str(name)) for name in names)


def imports_of(file: Path) -> list[tuple[int, str]]:
    package = ".".join(file.relative_to(HOUSE).parent.parts)
    return list(imported_modules(file.read_text(encoding="utf-8"), package))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_no_room_but_the_core(room: str) -> None:
    assert files(room)
    wrong = [
        f"{file.relative_to(HOUSE)}:{line} imports {module}"
        for file in files(room)
        for line, module in imports_of(file)
        if module.partition(".")[0] in set(ROOMS) - ALLOWED[room]
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ["inspector", "edge", "dashboard"])
def test_torch_is_imported_in_training_only(room: str) -> None:
    wrong = [
        f"{file.relative_to(HOUSE)}:{line} imports {module}"
        for file in files(room)
        for line, module in imports_of(file)
        if module.partition(".")[0] in ("torch", "torchvision", "anomalib", "lightning")
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import torch", "torch"),
        ("import torch.nn as nn", "torch.nn"),
        ("from torch.nn import functional", "torch.nn"),
        ("def run():\n    import torch", "torch"),
        ("if TYPE_CHECKING:\n    from training.encoders import x", "training.encoders"),
        ("from ..training import x", "training"),
        ("from .queue import x", "edge.outbox.queue"),
        ("importlib.import_module('torch')", "torch"),
    ],
)
def test_the_rule_sees_every_way_to_import(source: str, module: str) -> None:
    package = "edge.outbox" if "..training" not in source else "edge"
    assert module in [name for _, name in imported_modules(source, package)]


@pytest.mark.parametrize("room", ["inspector", "edge"])
def test_importing_all_of_a_light_room_loads_nothing_heavy(room: str) -> None:
    modules = [
        ".".join(file.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__")
        for file in files(room)
        # Alembic runs these inside a migration; they cannot be imported on their own.
        if "migrations" not in file.parts
    ]
    script = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)"
    assert loaded_by(script, HEAVY) == []


def test_starting_the_command_line_loads_no_network_and_no_page() -> None:
    script = (
        "from inspector.cli import main\ntry: main(['--help'])\nexcept SystemExit as end: assert not end.code"
    )
    assert loaded_by(script, (*HEAVY, "onnxruntime", "cv2", "sqlalchemy")) == []


def test_every_room_registers_its_commands() -> None:
    app = typer.Typer()
    for entry in entry_points(group=COMMAND_GROUP):
        before = len(app.registered_commands) + len(app.registered_groups)
        entry.load()(app)
        assert len(app.registered_commands) + len(app.registered_groups) > before, entry.name


def loaded_by(script: str, modules: tuple[str, ...]) -> list[str]:
    """Which of some modules a fresh interpreter has loaded after running a script."""
    script = f"import sys\n{script}\nprint(*[name for name in {modules!r} if name in sys.modules])"
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1].split()
