"""The house around the rooms: documents name what exists, releases are pinned, no machine shows through."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rich.console import Console

from inspector.cli import COMMAND_GROUP, build_app

HOUSE = Path(__file__).parent.parent
DOCUMENTS = [
    "README.md",
    "CHANGELOG.md",
    *(f"docs/{file.name}" for file in sorted((HOUSE / "docs").glob("*.md"))),
]
UNPINNED = {"tensorrt"}
"""Depends on the box's driver, and has no release that installs everywhere."""
SHIPPED, MOST_SHIPPED_BYTES = Path("inspector/describing/default_adapter"), 3_000_000
"""Where the package's only network of more than a megabyte is."""


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def constraints() -> dict[str, str]:
    lines = (HOUSE / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): release for name, release in pairs}


@cache
def tracked_files() -> list[Path]:
    if not (HOUSE / ".git").exists():
        pytest.skip("not a git working copy")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, check=True, text=True
    ).stdout
    return [HOUSE / name for name in listed.split("\0") if name and (HOUSE / name).is_file()]


def direct_requirements() -> Iterator[Requirement]:
    table = project()["project"]
    for texts in (table["dependencies"], *table["optional-dependencies"].values()):
        yield from map(Requirement, texts)


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def command_names() -> set[str]:
    group = typer.main.get_command(build_app(list(entry_points(group=COMMAND_GROUP)), Console(stderr=True)))
    return set(getattr(group, "commands", {}))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(name: str) -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)\b", code_of(HOUSE / name)))
    assert named <= make_targets()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_a_document_names_exists(name: str) -> None:
    named = set(re.findall(r"\binspector ([a-z]+(?:-[a-z]+)*)\b", code_of(HOUSE / name)))
    assert named <= command_names()


def code_of(document: Path) -> str:
    """What a document sets as code: blocks of shell, and spans."""
    text = document.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_links_to_exists(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (HOUSE / name).read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not ((HOUSE / name).parent / link).exists()] == []


def test_the_readme_names_the_two_commands() -> None:
    text = (HOUSE / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "inspector train --product" in text
    assert "docs/images/gasket.png" in text


def test_the_makefile_has_the_targets_of_the_house_and_explains_them() -> None:
    wanted = {
        "install",
        "install-gpu",
        "demo",
        "test",
        "lint",
        "format",
        "types",
        "bench",
        "services",
        "clean",
        "help",
    }
    assert wanted <= make_targets()
    shown = subprocess.run(["make", "help"], cwd=HOUSE, capture_output=True, check=True, text=True).stdout
    for target in wanted:
        assert re.search(rf"^  make {target} +\w", shown, re.MULTILINE), target


def test_the_extras_are_those_of_the_design() -> None:
    assert {"train", "dashboard", "postgresql", "gpu", "demo", "dev"} <= set(
        project()["project"]["optional-dependencies"]
    )


def test_the_light_base_asks_for_nothing_heavy() -> None:
    base = {canonicalize_name(Requirement(text).name) for text in project()["project"]["dependencies"]}
    assert not base & {"torch", "torchvision", "anomalib", "streamlit", "transformers", "onnx", "scipy"}


def test_constraints_pin_every_direct_dependency_to_a_release_it_allows() -> None:
    for requirement in direct_requirements():
        name = canonicalize_name(requirement.name)
        if name in UNPINNED:
            continue
        assert name in constraints(), f"{name} is not in constraints.txt"
        assert requirement.specifier.contains(constraints()[name], prereleases=True), requirement


def test_constraints_are_plain_releases() -> None:
    for line in (HOUSE / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line), line
    assert all(Version(release).local is None for release in constraints().values())
    assert "inspector" not in constraints()


def test_no_tracked_file_shows_the_machine_it_was_written_on() -> None:
    # Spelled in pieces, so that this file does not name what it forbids.
    folders = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"))
    places = re.compile(rf"(?<![\w.~-])/(?:{folders})/[\w.-]+")
    registries = re.compile(
        "|".join(("extra-ind" + "ex", "ind" + "ex-url", "find-" + "links", r"\+c" + r"pu\b"))
    )
    found = []
    for file in tracked_files():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        for pattern in (places, registries):
            found += [f"{file.relative_to(HOUSE)}: {match.group()}" for match in pattern.finditer(text)]
    assert found == []


def test_no_tracked_file_is_huge_or_made_by_a_tool() -> None:
    sizes = {file.relative_to(HOUSE): file.stat().st_size for file in tracked_files()}
    huge = {file: size for file, size in sizes.items() if size > 1_000_000}
    assert [
        str(file) for file, size in huge.items() if file.parent != SHIPPED or size > MOST_SHIPPED_BYTES
    ] == []
    assert [
        str(file)
        for file in sizes
        if file.parts[0] in {"var", "build", ".venv"} or "__pycache__" in file.parts
    ] == []


def test_the_changelog_knows_this_version() -> None:
    assert f"## [{project()['project']['version']}]" in (HOUSE / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("script", "shell"), [("run", "bash"), ("venv", "sh"), ("services", "sh")])
def test_the_scripts_are_valid_and_can_be_run(script: str, shell: str) -> None:
    path = HOUSE / ".ci" / script
    assert os.access(path, os.X_OK)
    subprocess.run([shell, "-n", str(path)], check=True)


def test_the_checks_end_with_the_tests() -> None:
    lines = (HOUSE / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert "set -euo pipefail" in lines
    assert lines[-1].startswith("make ")
    assert lines[-1].endswith(" test")


def test_pre_commit_takes_its_configuration() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(HOUSE / ".pre-commit-config.yaml")]
    subprocess.run(command, check=True)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the house's recipe in which everything is installed already."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(HOUSE / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    for age, name in enumerate((".created", ".installed-demo", ".installed-test")):
        stamp = tmp_path / ".venv" / name
        stamp.touch()
        os.utime(stamp, (4e9 + age, 4e9 + age))
    return tmp_path


def planned(folder: Path, target: str) -> str:
    return subprocess.run(
        ["make", "-n", target], cwd=folder, capture_output=True, check=True, text=True
    ).stdout


def test_a_second_call_installs_nothing(installed: Path) -> None:
    for target in ("install", "install-test", "demo", "test", "lint"):
        assert "pip" not in planned(installed, target)


def test_a_changed_dependency_is_installed(installed: Path) -> None:
    os.utime(installed / "pyproject.toml", (5e9, 5e9))
    assert "install --quiet --no-compile -c constraints.txt" in planned(installed, "demo")


def test_the_demo_can_be_given_an_end(installed: Path) -> None:
    command = ["make", "-n", "demo", "DEMO_SECONDS=60"]
    shown = subprocess.run(command, cwd=installed, capture_output=True, check=True, text=True).stdout
    assert shown.strip().endswith("-m inspector demo --seconds 60")


def test_the_image_copies_what_is_there() -> None:
    for line in (HOUSE / "docker/edge.Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY "):
            assert all((HOUSE / name).exists() for name in line.split()[1:-1]), line
