"""The check between a sentence and the facts: true sentences pass, wrong ones never."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.describing.check import Contradiction, Fact, check_sentence
from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.words import Contrast, Kind, Position, Severity, Shape, Size
from inspector.results import Verdict

PASS = Facts(Verdict.PASS, 0, ())
UNSURE = Facts(Verdict.UNSURE, 0, ())
SCRATCH = RegionFacts(
    position=Position.UPPER_LEFT,
    near=(Position.LEFT,),
    box_px=(10, 10, 40, 60),
    centre_px=(30, 20),
    area_px=200,
    area_fraction=0.02,
    size=Size.MEDIUM,
    shape=Shape.ELONGATED,
    contrast=Contrast.DARKER,
    severity=Severity.CLEAR,
    kind=Kind.SCRATCH,
    kind_probability=0.8,
)
SPOT = replace(
    SCRATCH,
    position=Position.RIGHT,
    near=(),
    area_fraction=0.003,
    size=Size.SMALL,
    shape=Shape.ROUND,
    contrast=Contrast.BRIGHTER,
    kind=Kind.UNKNOWN,
)
STAIN = replace(SCRATCH, position=Position.BOTTOM, near=(), kind=Kind.STAIN, contrast=Contrast.SIMILAR)


def reject(*regions: RegionFacts, count: int | None = None) -> Facts:
    return Facts(Verdict.REJECT, len(regions) if count is None else count, regions)


def wrong(sentence: str, facts: Facts) -> list[str]:
    return [contradiction.fact.value for contradiction in check_sentence(sentence, facts)]


@pytest.mark.parametrize(
    "sentence",
    [
        "One defect: a thin dark scratch at the upper left, about 2 % of the part.",
        "There is a small scuff in the top-left corner.",
        "A dark mark at the upper-left, not a crack.",
        "One large, elongated defect on the left side.",
        "The part has one scratch. It runs from the upper left down the left side and covers 3 %.",
    ],
)
def test_a_true_free_sentence_passes(sentence: str) -> None:
    assert check_sentence(sentence, reject(SCRATCH)) == ()


@pytest.mark.parametrize(
    ("sentence", "facts"),
    [
        ("No defect found.", ["presence"]),
        ("The picture cannot be judged.", ["presence"]),
        ("No defect found. A scratch at the upper left.", ["presence"]),
        ("A scratch at the top.", ["position"]),
        ("A scratch at the lower right.", ["position"]),
        ("A scratch from the upper left to the centre.", ["position"]),
        ("A crack at the upper left.", ["kind"]),
        ("A mark of unknown kind at the upper left.", ["kind"]),
        ("A dark mark at the upper left, not a scratch.", ["kind"]),
        ("A tiny scratch at the upper left.", ["size"]),
        ("A bright scratch at the upper left.", ["contrast"]),
        ("A round scratch at the upper left.", ["shape"]),
        ("A scratch at the upper left, about 5 %.", ["amount"]),
        ("A scratch at the upper left, less than 0.9 %.", ["amount"]),
        ("A scratch at the upper left, more than 5 %.", ["amount"]),
        ("A scratch at the upper left, 4 mm long.", ["amount"]),
        ("Two scratches: one at the upper left, one at the left.", ["count"]),
        ("Scratches at the upper left.", ["count"]),
        ("A scratch at the upper left and a stain at the right.", ["count"]),
        ("Two bright cracks at the top.", ["count", "position", "kind", "contrast"]),
    ],
)
def test_a_wrong_sentence_about_one_scratch_is_told_what_is_wrong(sentence: str, facts: list[str]) -> None:
    assert wrong(sentence, reject(SCRATCH)) == facts


@pytest.mark.parametrize(
    ("sentence", "facts"),
    [
        ("Two defects: a scratch at the upper left and a spot at the right.", []),
        ("Two defects: a spot at the right and a scratch at the upper left.", []),
        ("Two defects, the worst is a scratch at the upper left.", []),
        ("A bright spot of unknown kind at the right and a dark scratch at the left.", []),
        ("Two defects: a scratch at the right and a spot at the upper left.", ["kind"]),
        ("Two defects: a scratch at the upper left and a dent at the right.", ["kind"]),
        ("Two dark marks: one at the upper left, one at the right.", ["contrast"]),
        ("A scratch at the upper left.", ["count"]),
        ("Several defects, one at the upper left.", ["count"]),
        ("Two marks at the left.", ["position"]),
    ],
)
def test_each_described_defect_has_to_fit_a_region_of_its_own(sentence: str, facts: list[str]) -> None:
    assert wrong(sentence, reject(SCRATCH, SPOT)) == facts


@pytest.mark.parametrize(
    ("sentence", "facts"),
    [
        ("Several defects, the worst is a scratch at the upper left.", []),
        ("Many defects: a scratch at the upper left; and many more.", []),
        ("Three defects: a scratch at the upper left; and two more.", []),
        ("Four defects: a scratch at the upper left; and three more.", ["count"]),
        ("A scratch at the upper left, a spot at the right and a stain at the bottom.", []),
        ("Three defects, one of them a stain at the bottom.", ["position", "kind"]),
    ],
)
def test_of_several_defects_the_worst_have_to_be_described(sentence: str, facts: list[str]) -> None:
    assert wrong(sentence, reject(SCRATCH, SPOT, STAIN)) == facts


@pytest.mark.parametrize(
    "sentence",
    [
        "A scratch at the upper left.",
        "The picture cannot be judged.",
        "No crack, dark spot at the left.",
        "The part is good but for a mark at the left.",
        "Not good.",
        "Upper left.",
        "No defect found. Upper left, about 2 %.",
    ],
)
def test_a_pass_never_gets_a_defect_sentence(sentence: str) -> None:
    assert check_sentence(sentence, PASS) != ()


@pytest.mark.parametrize(
    "sentence", ["No defect found.", "The part looks good.", "There are no scratches or dents."]
)
def test_a_pass_gets_a_sentence_without_a_defect(sentence: str) -> None:
    assert check_sentence(sentence, PASS) == ()
    assert wrong(sentence, UNSURE) == ["presence"]


def test_a_reject_without_a_place_needs_none() -> None:
    assert check_sentence("There is a defect.", reject(count=0)) == ()
    assert wrong("No defect found.", reject(count=0)) == ["presence"]


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("", "nothing is said"),
        (" \t ", "nothing is said"),
        ("A scratch at the upper left. " * 20, "580 characters"),
        ("A scratch\x07 at the upper left.", "cannot be printed"),
        ("A scratch\nat the upper left.", "cannot be printed"),
        ("A scr\ufffdtch at the upper left.", "cannot be printed"),
        ("A scratch at the the the upper left.", "repeats 'the'"),
        ("A scratch at the left, at the left, at the left.", "repeats 'at the left'"),
        ("Hello.", "does not say whether"),
        ("The upper left.", "'upper left' could be compared"),
        ("A scratch.", "does not say where"),
        ("A scratch at the upper left, score 3.2.", "'3.2' could be compared"),
        ("Seven dents at the upper left.", "more than 6"),
    ],
)
def test_what_cannot_be_read_is_a_contradiction(sentence: str, reason: str) -> None:
    (contradiction,) = check_sentence(sentence, reject(SCRATCH))
    assert contradiction.fact == Fact.UNREADABLE
    assert reason in str(contradiction)


def test_chinese_loops_are_found_without_spaces() -> None:
    (contradiction,) = check_sentence("左侧有划痕有划痕有划痕。", reject(SCRATCH), "zh")
    assert contradiction.fact == Fact.UNREADABLE


def test_a_scaled_products_millimetres_are_compared() -> None:
    facts = reject(replace(SCRATCH, length_mm=12, area_mm2=9))
    assert check_sentence("A scratch at the upper left, 10 mm long.", facts) == ()
    assert wrong("A scratch at the upper left, 30 mm long.", facts) == ["amount"]
    assert check_sentence("A scratch at the upper left, about 9 mm².", facts) == ()
    assert wrong("A scratch at the upper left, about 90 mm².", facts) == ["amount"]


def test_a_products_own_kind_is_not_the_kind_it_resembles() -> None:
    facts = reject(replace(SCRATCH, kind="blowhole"))
    assert check_sentence("A blowhole at the upper left.", facts) == ()
    assert wrong("A hole at the upper left.", facts) == ["kind"]


@pytest.mark.parametrize(
    ("contradiction", "text"),
    [
        (
            Contradiction(Fact.POSITION, "top", "left"),
            "position: the sentence says top, measured is left",
        ),
        (Contradiction(Fact.UNREADABLE, "nothing is said"), "unreadable: nothing is said"),
    ],
)
def test_a_contradiction_reads_as_a_sentence(contradiction: Contradiction, text: str) -> None:
    assert str(contradiction) == text
