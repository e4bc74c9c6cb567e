"""The check held against random facts: what a template says of them passes, and any other fact is caught."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from inspector.describing.check import check_sentence
from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Contrast, Kind, Language, Position, Shape, Size
from inspector.describing.writing.rules import SPELLED_OUT
from inspector.results import Verdict
from tests.inspector.describing.random_facts import (
    ALL_FACTS,
    LANGUAGES,
    OWN_KINDS,
    PARTS,
    region_facts,
    rejects,
)


def reject(*regions: RegionFacts) -> Facts:
    return Facts(Verdict.REJECT, len(regions), regions)


def wrong(sentence: str, facts: Facts) -> list[str]:
    return [contradiction.fact.value for contradiction in check_sentence(sentence, facts)]


@given(ALL_FACTS, LANGUAGES, PARTS)
def test_a_template_never_contradicts_the_facts_it_was_built_from(
    facts: Facts, language: Language, part: str | None
) -> None:
    sentence = describe_by_template(facts, language, part)
    assert check_sentence(sentence, facts, language, kinds=OWN_KINDS, part=part) == ()


def caught(told: Facts, facts: Facts, language: Language) -> bool:
    """Whether a template that is built from other facts contradicts these."""
    return bool(check_sentence(describe_by_template(told, language), facts, language, kinds=OWN_KINDS))


def with_region(facts: Facts, index: int, region: RegionFacts) -> Facts:
    regions = facts.regions
    return replace(facts, regions=(*regions[:index], region, *regions[index + 1 :]))


def indexes(facts: Facts) -> st.SearchStrategy[int]:
    return st.integers(0, min(SPELLED_OUT, len(facts.regions)) - 1)


@given(rejects(least=1), LANGUAGES, st.data())
def test_a_wrong_position_is_always_caught(facts: Facts, language: Language, data: st.DataObject) -> None:
    index = data.draw(indexes(facts))
    true = {cell for region in facts.regions[:SPELLED_OUT] for cell in (region.position, *region.near)}
    assume(len(true) < len(Position))
    position = data.draw(st.sampled_from([cell for cell in Position if cell not in true]))
    told = with_region(facts, index, replace(facts.regions[index], position=position))
    assert caught(told, facts, language)


@given(rejects(least=1), LANGUAGES, st.data())
def test_a_wrong_kind_is_always_caught(facts: Facts, language: Language, data: st.DataObject) -> None:
    index = data.draw(indexes(facts))
    kind = data.draw(st.sampled_from([kind.value for kind in Kind]) | st.sampled_from(OWN_KINDS))
    assume(kind != facts.regions[index].kind)
    told = with_region(facts, index, replace(facts.regions[index], kind=kind))
    assert caught(told, facts, language)


@given(rejects(least=1), st.integers(1, 9), LANGUAGES)
def test_a_wrong_count_is_always_caught(facts: Facts, count: int, language: Language) -> None:
    assume(facts.regions)
    assume(count != facts.count)
    assert caught(replace(facts, count=count, regions=facts.regions[:count]), facts, language)


@given(rejects(most=2), LANGUAGES)
def test_many_is_caught_where_there_are_one_or_two(facts: Facts, language: Language) -> None:
    assume(facts.regions)
    assert caught(replace(facts, count=32), facts, language)


@given(ALL_FACTS, ALL_FACTS, LANGUAGES)
def test_a_wrong_presence_is_always_caught(told: Facts, facts: Facts, language: Language) -> None:
    assume(told.verdict != facts.verdict)
    assert caught(told, facts, language)


@given(region_facts(), st.floats(0.01, 0.3), st.sampled_from([0.3, 3]), LANGUAGES)
def test_a_share_that_is_wrong_by_a_factor_of_three_is_always_caught(
    region: RegionFacts, area_fraction: float, factor: float, language: Language
) -> None:
    region = replace(region, area_fraction=area_fraction, length_mm=None)
    told = replace(region, area_fraction=factor * area_fraction)
    assert caught(reject(told), reject(region), language)


FREE_SENTENCES = (
    "There is {a_look} {kind} in the {place} of the part.",
    "{A_look} {kind} was found at the {place}.",
    "One {look} {kind} is visible at the {place} side.",
    "The part shows {a_look} {kind} near the {place}.",
    "The {place} of the part has {a_look} {kind}.",
    "At the {place}, {a_look} {kind} can be seen.",
    "In the {place} area there is {a_look} {kind}, and nowhere else.",
    "Defect found: {kind}, {look}, {place}.",
    "One defect was found. It is {a_look} {kind}. It is located at the {place}.",
    "A defect is visible at the {place}: {a_look} {kind}.",
    "A single {kind} at the {place}; it is {look}.",
    "{A_look} mark, most likely a {kind}, at the {place}.",
    "The inspection shows one {look} {kind}, located in the {place} region of the frame.",
    "A {kind} that is {look} runs along the {place} edge.",
    "We see {a_look} {kind} close to the {place} corner.",
)
PLACES = {
    Position.UPPER_LEFT: ("upper left", "top-left", "top left-hand"),
    Position.TOP: ("top", "upper middle"),
    Position.UPPER_RIGHT: ("upper right", "top-right"),
    Position.LEFT: ("left", "left-hand", "middle left"),
    Position.CENTRE: ("centre", "center", "middle"),
    Position.RIGHT: ("right", "centre right"),
    Position.LOWER_LEFT: ("lower left", "bottom-left"),
    Position.BOTTOM: ("bottom", "lower centre"),
    Position.LOWER_RIGHT: ("lower right", "bottom right-hand"),
}
LOOKS = {
    Contrast.DARKER: "dark",
    Contrast.BRIGHTER: "bright",
    Contrast.OTHER_COLOUR: "off-colour",
    Contrast.SIMILAR: "faint",
}
PLAIN_KINDS = (Kind.SCRATCH, Kind.CRACK, Kind.DENT, Kind.HOLE, Kind.STAIN, Kind.MISPRINT, Kind.DEFORMATION)


def free_sentence(pattern: str, place: str, size: Size, contrast: Contrast, kind: Kind) -> str:
    look = f"{size}, {LOOKS[contrast]}" if "is {look}" not in pattern else f"{size} and {LOOKS[contrast]}"
    return pattern.format(look=look, a_look=f"a {look}", A_look=f"A {look}", kind=kind, place=place)


@given(region_facts(), st.sampled_from(FREE_SENTENCES), st.sampled_from(PLAIN_KINDS), st.data())
def test_a_free_sentence_passes_where_it_is_true_and_is_caught_where_not(
    region: RegionFacts, pattern: str, kind: Kind, data: st.DataObject
) -> None:
    region = replace(region, kind=kind, near=(), shape=Shape.IRREGULAR)
    position = region.position
    place = data.draw(st.sampled_from(PLACES[position]))
    sentence = free_sentence(pattern, place, region.size, region.contrast, kind)
    assert check_sentence(sentence, reject(region)) == ()
    assert wrong(sentence, Facts(Verdict.PASS, 0, ())) == ["presence"]
    assert wrong(sentence, reject(region, region)) == ["count"]
    elsewhere = data.draw(st.sampled_from([cell for cell in Position if cell != position]))
    assert wrong(sentence, reject(replace(region, position=elsewhere))) == ["position"]
    other = data.draw(st.sampled_from([other for other in Kind if other != kind]))
    assert wrong(sentence, reject(replace(region, kind=other))) == ["kind"]


@given(st.text(max_size=500), ALL_FACTS, LANGUAGES)
def test_any_text_is_checked(text: str, facts: Facts, language: Language) -> None:
    assert isinstance(check_sentence(text, facts, language), tuple)
