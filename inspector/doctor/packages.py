"""Python and the packages: what this installation's extras ask for, and what is there."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from inspector.doctor.finding import Finding, State
from inspector.settings import Settings

_INSTALL = "Run: pip install 'inspector{}'"


def check_packages(_settings: Settings) -> Iterator[Finding]:
    """Python, the base, and every extra that is installed.

    An extra counts as installed where more than half of its packages are there: some come with others.
    """
    about = metadata("inspector")
    wanted = about["Requires-Python"] or ""
    here = platform.python_version()
    if SpecifierSet(wanted).contains(here, prereleases=True):
        yield Finding(State.OK, f"Python {here}")
    else:
        yield Finding(State.PROBLEM, f"Python {here} does not do", f"{wanted} is needed", "Install that one")
    needs = [Requirement(text) for text in requires("inspector") or ()]
    for extra in ("", *(about.get_all("Provides-Extra") or ())):
        yield _extra(extra, [need for need in needs if _belongs(need, extra)])


def _belongs(need: Requirement, extra: str) -> bool:
    if need.marker is None:
        return not extra
    is_of_base = need.marker.evaluate({"extra": ""})
    return is_of_base if not extra else need.marker.evaluate({"extra": extra}) and not is_of_base


def _extra(extra: str, needs: list[Requirement]) -> Finding:
    missing, wrong = [], []
    for need in needs:
        try:
            found = version(need.name)
        except PackageNotFoundError:
            missing.append(need.name)
            continue
        if not need.specifier.contains(found, prereleases=True):
            wrong.append(f"{need.name} is {found}, {need.specifier} is needed")
    name = f"the extra {extra}" if extra else "the base"
    remedy = _INSTALL.format(f"[{extra}]" if extra else "")
    if extra and len(missing) * 2 >= len(needs):
        return Finding(State.NOT_APPLICABLE, f"{name} is not installed", "", "")
    if _is_replaced(missing):
        missing.remove("onnxruntime")
    if missing or wrong:
        why = "; ".join([*(f"{one} is not installed" for one in missing), *wrong])
        return Finding(State.PROBLEM, f"packages of {name} do not fit", why, remedy)
    return Finding(State.OK, f"{len(needs)} packages of {name} fit")


def _is_replaced(missing: list[str]) -> bool:
    """Whether ONNX Runtime is there by its build for GPUs, which has another name and the same module."""
    if "onnxruntime" not in missing:
        return False
    try:
        version("onnxruntime-gpu")
    except PackageNotFoundError:
        return False
    return True
