"""Importing a library that an encoder needs, late and with a remedy."""

from __future__ import annotations

import importlib
from types import ModuleType

from inspector.errors import TrainingError


def require_package(module: str, pip_name: str, needed_by: str) -> ModuleType:
    """Import a module.

    Late, because only the chosen encoder's library is needed, and most take seconds to import.

    Raises:
        TrainingError: it is not installed; the message names the pip command.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise  # the library itself is there but broken: its own message says more
        raise TrainingError(
            f"encoder {needed_by} cannot be built",
            f"the Python package {pip_name} is not installed",
            f"Install it with `pip install {pip_name}`",
        ) from error
