"""Words that a language model must not write, found while it writes.

A token says little about the word that it begins: " left" may become "left" or "leftover". So the model
writes on until a banned word is complete, then goes back to the word's first token and takes another one
there. That costs a few tokens where a banned word is tempting, and leaves every other word possible.
"""

from __future__ import annotations

import re
from collections.abc import Collection

LETTER = r"0-9A-Za-zÀ-ÖØ-öø-ɏ"
"""What continues a word. Chinese has no spaces: there, a banned word is one wherever it stands."""


class BannedWords:
    """Finds the first banned word of a text.

    Args:
        words: words or phrases; capitalisation does not matter, nor does the kind of space in a phrase.
    """

    def __init__(self, words: Collection[str]) -> None:
        cleaned = sorted({" ".join(word.split()) for word in words} - {""}, key=len, reverse=True)
        self._pattern: re.Pattern[str] | None = None
        if cleaned:
            alternatives = "|".join(r"\s+".join(map(re.escape, word.split(" "))) for word in cleaned)
            self._pattern = re.compile(rf"(?<![{LETTER}])(?:{alternatives})(?![{LETTER}])", re.IGNORECASE)

    def start_in(self, text: str, *, ended: bool) -> int | None:
        """Where the first banned word begins, as an index into `text`; None where there is none.

        Args:
            text: what was written so far.
            ended: nothing follows. Otherwise a letter may, so that a word at the very end is not complete.
        """
        if self._pattern is None:
            return None
        for match in self._pattern.finditer(text):
            could_go_on = re.fullmatch(rf"[{LETTER}]", text[match.end() - 1]) is not None
            if ended or match.end() < len(text) or not could_go_on:
                return match.start()
        return None
