"""A report as HTML: one file that needs nothing else, or its body alone for the page."""

from __future__ import annotations

import base64
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from dashboard.report.sheet import Bars, Paragraph, Sheet, Table

_TESTS: Final = {"paragraph": Paragraph, "table": Table, "bars": Bars}


def document(sheet: Sheet) -> str:
    """The report as a whole document, pictures inside; it asks for nothing from elsewhere."""
    return _environment().get_template("document.html").render(sheet=sheet)


def body(sheet: Sheet) -> str:
    """The report as one element with its style, to be put into a page."""
    return _environment().get_template("body.html").render(sheet=sheet)


@cache
def _environment() -> Environment:
    # Everything is escaped, whatever a template is called: names and notes come from people and machines.
    environment = Environment(
        loader=PackageLoader("dashboard.report", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode("ascii")
    for name, kind in _TESTS.items():
        environment.tests[name] = lambda block, kind=kind: isinstance(block, kind)
    return environment
