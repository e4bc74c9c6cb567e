from __future__ import annotations

from io import StringIO

from rich.console import Console

from inspector.progress import step_bars


def shown(*, terminal: bool) -> str:
    text = StringIO()
    console = Console(file=text, force_terminal=terminal, width=100, height=20)
    with step_bars(console) as on_step:
        for done in range(3):
            on_step("Reading pictures", done, 3)
        on_step("Exporting", 0, 1)
    return text.getvalue()


def test_a_terminal_gets_a_bar_with_counts_for_every_step() -> None:
    text = shown(terminal=True)
    assert "Reading pictures" in text
    assert "3/3" in text
    assert "1/1" in text


def test_a_log_gets_one_plain_line_a_step() -> None:
    assert shown(terminal=False) == "Reading pictures\nExporting\n"
