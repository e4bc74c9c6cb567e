"""The words of a report: none is missing in any language, and each is filled in alike."""

from __future__ import annotations

import re
import string
from typing import get_args

import pytest

from dashboard.report.languages import WORDS, texts
from dashboard.report.phrases import LONGEST, clip, percent, times
from dashboard.report.tallies import ReviewTally
from dashboard.report.words import counted
from inspector.describing.words import Language
from inspector.records import Decision, DecisionCount
from inspector.results import Verdict

ENGLISH, CHINESE = texts(WORDS["en"]), texts(WORDS["zh"])
SAME_IN_BOTH = {"none", "median"}
"""Signs and numbers."""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_language_of_the_descriptions_has_a_report() -> None:
    assert set(WORDS) == set(get_args(Language))


@pytest.mark.parametrize("name", list(ENGLISH))
def test_no_text_is_missing_in_chinese(name: str) -> None:
    for english, chinese in zip(ENGLISH[name], CHINESE[name], strict=True):
        assert english.strip()
        assert chinese.strip()
        assert fields(english) | {"n"} == fields(chinese) | {"n"}
        if name not in SAME_IN_BOTH:
            without_names = re.sub(r"{\w+}", "", chinese)
            assert not re.search("[A-Za-z]", without_names)
            assert chinese != english
            assert name == "separator" or re.search("[\u4e00-\u9fff]", chinese)


def test_one_and_many_have_forms_of_their_own() -> None:
    words = WORDS["en"]
    assert counted(words.waiting_frames, 1) == "1 frame waits for a review."
    assert counted(words.waiting_frames, 1200) == "1,200 frames wait for a review."


def test_a_text_from_the_records_is_one_line_that_fits_and_turns_nothing_around() -> None:
    assert clip("two\nlines\x00 and\ta \u202emark") == "two lines and a mark"
    long = clip("word " * 500)
    assert len(long) <= LONGEST
    assert long.endswith("word…")


def test_numbers_without_meaning_are_dashes() -> None:
    words = WORDS["en"]
    assert percent(None, words) == words.none
    assert times(1.0, 0.0, words) == times(1.0, float("nan"), words) == words.none
    assert times(3.0, 2.0, words) == "1.5"
    assert percent(0.0213, words) == "2.1 %"


@pytest.mark.parametrize(
    ("verdict", "decision", "changed"),
    [
        (Verdict.REJECT, None, {"waiting": 3}),
        (Verdict.UNSURE, None, {"waiting": 3}),
        (Verdict.PASS, None, {}),
        (Verdict.REJECT, Decision.WITHDRAWN, {"waiting": 3}),
        (Verdict.REJECT, Decision.SKIPPED, {"done": 3, "skipped": 3}),
        (Verdict.REJECT, Decision.TRUE_DEFECT, {"done": 3, "true_defects": 3}),
        (Verdict.REJECT, Decision.FALSE_REJECT, {"done": 3, "false_rejects": 3}),
        (Verdict.UNSURE, Decision.FALSE_REJECT, {"done": 3}),
        (Verdict.PASS, Decision.MISSED, {"done": 3, "missed": 3}),
    ],
)
def test_only_what_says_the_truth_about_a_verdict_is_in_the_rates(
    verdict: Verdict, decision: Decision | None, changed: dict[str, int]
) -> None:
    tally = ReviewTally.of([DecisionCount("line-1", "washer", verdict, decision, 3)])
    nothing = dict.fromkeys(("done", "waiting", "true_defects", "false_rejects", "missed", "skipped"), 0)
    assert tally == ReviewTally(**(nothing | changed))
