"""Free sentences read back into facts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.describing.reading import Amount, Bound, Count, Presence, Unit, read_sentence
from inspector.describing.reading.tokens import LEXICONS
from inspector.describing.words import Contrast, Kind, Language, Position, Shape, Size
from tests.inspector.describing.random_facts import LANGUAGES


@pytest.mark.parametrize(
    ("sentence", "presence"),
    [
        ("One defect: a scratch at the left.", "a defect"),
        ("Dark scratch, upper left.", "a defect"),
        ("The part is cracked at the bottom.", "a defect"),
        ("Something is wrong.", "not said"),
        ("", "not said"),
        ("No defect found.", "no defect"),
        ("No defects were found on the bottle.", "no defect"),
        ("There are no visible defects.", "no defect"),
        ("The part is free of defects.", "no defect"),
        ("A part without scratches.", "no defect"),
        ("A defect-free part.", "no defect"),
        ("The tile looks good.", "no defect"),
        ("Defects were not found.", "no defect"),
        ("0 defects.", "no defect"),
        ("No scratches, dents or stains.", "no defect"),
        ("The part is not good.", "a defect"),
        ("The part isn't flawless: a dent at the top.", "a defect"),
        ("No defects except a chip at the top.", "a defect"),
        ("No crack, but a dent at the top.", "a defect"),
        ("A dent at the top. No other defects.", "a defect"),
        ("No defect found. A dent at the top.", "a defect and no defect"),
        ("The part is good, with a dent at the top.", "a defect and no defect"),
        ("No crack, dark spot at the left.", "a defect"),
        ("No defect at the upper left.", "not said"),
        ("A scratch at the upper left is not visible.", "not said"),
        ("The picture cannot be judged.", "unsure"),
        ("It is unclear whether there is a defect.", "unsure"),
        ("A mark at the left, though its cause is unclear.", "a defect"),
    ],
)
def test_presence(sentence: str, presence: str) -> None:
    assert read_sentence(sentence).presence == presence


@pytest.mark.parametrize(
    ("place", "positions"),
    [
        ("at the upper left", ["upper left"]),
        ("in the top-left corner", ["upper left"]),
        ("in the upper-left corner", ["upper left"]),
        ("in the left upper corner", ["upper left"]),
        ("at the top of the left side", ["upper left"]),
        ("at the left near the top", ["upper left"]),
        ("on the left-hand side", ["left"]),
        ("on the left", ["left"]),
        ("in the middle of the left edge", ["left"]),
        ("left of centre", ["left"]),
        ("in the middle", ["centre"]),
        ("near the center", ["centre"]),
        ("at the top", ["top"]),
        ("along the upper edge", ["top"]),
        ("at the top centre", ["top"]),
        ("at the bottom right edge", ["lower right"]),
        ("in the lower right-hand corner", ["lower right"]),
        ("in the lower right area", ["lower right"]),
        ("from the upper left to the lower right", ["upper left", "lower right"]),
        ("from left to right", ["left", "right"]),
        ("at the left and at the bottom", ["left", "bottom"]),
        ("in the upper half of the part", ["top"]),
        ("at the left, not at the right", ["left"]),
        ("at the bright side", []),
    ],
)
def test_positions(place: str, positions: list[str]) -> None:
    assert list(read_sentence(f"A scratch {place}.").positions) == positions


@pytest.mark.parametrize(
    ("noun", "kind"),
    [
        ("a scratch", Kind.SCRATCH),
        ("a scuff", Kind.SCRATCH),
        ("a scratch mark", Kind.SCRATCH),
        ("a scratch-like mark", Kind.SCRATCH),
        ("a fracture", Kind.CRACK),
        ("a hairline crack", Kind.CRACK),
        ("an indentation", Kind.DENT),
        ("a pinhole", Kind.HOLE),
        ("a smudge", Kind.STAIN),
        ("foreign material", Kind.CONTAMINATION),
        ("a spot of contamination", Kind.CONTAMINATION),
        ("a piece of dirt", Kind.CONTAMINATION),
        ("a missing piece", Kind.MISSING_PART),
        ("a chip", Kind.BROKEN_EDGE),
        ("a chipped edge", Kind.BROKEN_EDGE),
        ("a printing error", Kind.MISPRINT),
        ("a bend", Kind.DEFORMATION),
        ("discoloration", Kind.COLOUR_CHANGE),
        ("a change in texture", Kind.TEXTURE_CHANGE),
        ("a mark, possibly a scratch,", Kind.SCRATCH),
        ("a mark which looks like a crack", Kind.CRACK),
        ("a scratch, not a crack,", Kind.SCRATCH),
        ("a scratch beside the hole", Kind.SCRATCH),
        ("a spot of unknown kind", Kind.UNKNOWN),
        ("an unidentified mark", Kind.UNKNOWN),
    ],
)
def test_kinds(noun: str, kind: Kind) -> None:
    read = read_sentence(f"One defect: {noun} at the left.")
    assert read.kinds == (kind,)
    assert read.count == Count(1, 1)
    assert read.positions == ("left",)


@pytest.mark.parametrize("noun", ["a defect", "an anomaly", "a mark", "a dark area", "spots", "damage"])
def test_general_nouns_are_defects_of_no_kind(noun: str) -> None:
    read = read_sentence(f"There is {noun} at the left.")
    assert read.presence == Presence.DEFECT
    assert read.kinds == ()


@pytest.mark.parametrize(
    ("sentence", "least", "most"),
    [
        ("A scratch at the left.", 1, 1),
        ("Dark scratch at the left.", 1, 1),
        ("Scratches at the left.", 2, None),
        ("Two scratches at the left.", 2, 2),
        ("2 defects at the left.", 2, 2),
        ("A couple of scratches at the left.", 2, 2),
        ("Several scratches at the left.", 3, None),
        ("Many defects: a dent at the left; a hole at the top; and many more.", 3, None),
        ("A scratch at the left and a dent at the right.", 2, 2),
        ("A scratch and a dent at the right.", 2, 2),
        ("Two scratches at the left and a dent at the right.", 3, 3),
        ("Two scratches: one at the left, one at the right.", 2, 2),
        ("Three dark spots: at the left, at the top and at the right.", 3, 3),
        ("A dent at the left, and two more.", 3, 3),
        ("A dent at the left and one more at the right.", 2, 2),
        ("A dent at the left, another dent at the right.", 2, 2),
        ("Three defects: a dent at the left; a hole at the top; and one more.", 3, 3),
        ("Three defects: a dent at the left; a hole at the top.", 3, 3),
        ("Three defects, the worst is a dent at the left.", 3, 3),
        ("One defect was found. It is a scratch at the left. It is small.", 1, 1),
        ("A defect at the left: a dark scratch.", 1, 1),
        ("There is a defect at the left. The defect is a scratch.", 1, 1),
        ("A scratch at the left covers a small area.", 1, 1),
        ("One scratch at the left. The scratch is dark.", 1, 1),
    ],
)
def test_counts(sentence: str, least: int, most: int | None) -> None:
    assert read_sentence(sentence).count == Count(least, most)


@pytest.mark.parametrize(
    "sentence",
    [
        "One defect: a dent at the left; a hole at the top.",
        "Two defects: a dent at the left; a hole at the top; and one more.",
        "Two defects: a dent at the left; a hole at the top; a stain at the right.",
    ],
)
def test_a_number_that_the_sentence_itself_contradicts_allows_nothing(sentence: str) -> None:
    count = read_sentence(sentence).count
    assert count is not None
    assert not any(count.allows(number) for number in range(10))


@pytest.mark.parametrize(
    ("sentence", "places"),
    [
        ("A scratch at the left and a stain at the right.", {"scratch": ["left"], "stain": ["right"]}),
        (
            "At the left there is a scratch and at the right there is a stain.",
            {"scratch": ["left"], "stain": ["right"]},
        ),
        ("At the left, a scratch; at the right, a stain.", {"scratch": ["left"], "stain": ["right"]}),
        ("A scratch. A stain at the right.", {"scratch": [], "stain": ["right"]}),
        ("A scratch, dark and small, at the left.", {"scratch": ["left"]}),
        ("Upper left: a scratch.", {"scratch": ["upper left"]}),
        ("The left side shows a scratch.", {"scratch": ["left"]}),
        ("A scratch covers a part, at the left.", {"scratch": ["left"]}),
    ],
)
def test_places_belong_to_the_defect_they_are_said_of(sentence: str, places: dict[str, list[str]]) -> None:
    mentions = read_sentence(sentence).mentions
    assert {mention.kinds[0]: list(mention.positions) for mention in mentions} == places


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("A tiny dark scratch at the left.", {Size.TINY, Contrast.DARKER}),
        ("A very small, round, black spot at the left.", {Size.TINY, Shape.ROUND, Contrast.DARKER}),
        ("A large bright elongated stain.", {Size.LARGE, Contrast.BRIGHTER, Shape.ELONGATED}),
        ("A medium-sized off-colour ring-like mark.", {Size.MEDIUM, Contrast.OTHER_COLOUR, Shape.RING_LIKE}),
        ("A scratch at the left. It is small and faint.", {Size.SMALL, Contrast.SIMILAR}),
        ("A stain that is darker than its surroundings.", {Contrast.DARKER}),
        ("Two irregular, diffuse stains.", {Shape.IRREGULAR, Shape.DIFFUSE}),
    ],
)
def test_looks(sentence: str, words: set[str]) -> None:
    (mention,) = read_sentence(sentence).mentions
    assert {*mention.sizes, *mention.shapes, *mention.contrasts} == words


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("about 2 % of the part", Amount(2, Unit.PERCENT)),
        ("2% of the surface", Amount(2, Unit.PERCENT)),
        ("covering two percent", Amount(2, Unit.PERCENT)),
        ("less than 0.1 %", Amount(0.1, Unit.PERCENT, Bound.LESS)),
        ("over 5 per cent", Amount(5, Unit.PERCENT, Bound.MORE)),
        ("0,3 %", Amount(0.3, Unit.PERCENT)),
        ("covering half of the part", Amount(50, Unit.PERCENT)),
        ("covering a quarter of the part", Amount(25, Unit.PERCENT)),
        ("12 mm long", Amount(12, Unit.MM)),
        ("about 3.5 square millimetres", Amount(3.5, Unit.MM2)),
        ("4 mm²", Amount(4, Unit.MM2)),
    ],
)
def test_amounts(words: str, amount: Amount) -> None:
    read = read_sentence(f"A scratch at the left, {words}.")
    assert read.amounts == (amount,)
    assert read.count == Count(1, 1)
    assert read.unread == ()


@pytest.mark.parametrize(
    ("sentence", "unread"),
    [
        ("A scratch at the left, score 3.2.", ("3.2",)),
        ("A scratch at the left, 40 wide.", ("40",)),
        ("A scratch at the left. There are two of them.", ("two",)),
        ("A red scratch at the left.", ("red",)),
        ("Scratches at the left, and everywhere.", ("everywhere",)),
        ("A scratch at the left 有裂纹.", ("有裂纹",)),
        ("Upper left.", ("upper left",)),
    ],
)
def test_claims_that_it_cannot_account_for_are_named(sentence: str, unread: tuple[str, ...]) -> None:
    assert read_sentence(sentence).unread == unread


def test_denied_kinds_are_kept_apart() -> None:
    read = read_sentence("A scratch at the left, not a crack. No dents at the right.")
    assert read.kinds == ("scratch",)
    assert read.denied_kinds == ("crack",)


@pytest.mark.parametrize("written", ["edge chip", "Edge-Chip", "edge chips"])
def test_a_products_own_kinds_go_before_the_languages_words(written: str) -> None:
    read = read_sentence(f"There are {written} at the left.", kinds=["edge_chip"])
    assert read.kinds == ("edge_chip",)
    assert read.positions == ("left",)


@pytest.mark.parametrize("part", ["left bracket", "crack tester", "Two-Part Lid", "M8 nut"])
def test_the_parts_name_says_nothing_about_a_defect(part: str) -> None:
    read = read_sentence(f"A scratch at the top, about 2 % of the {part}.", part=part)
    assert (read.kinds, read.positions, read.count) == (("scratch",), ("top",), Count(1, 1))
    assert read.unread == ()


def test_a_part_that_is_called_like_a_place_is_known_after_a_share() -> None:
    read = read_sentence("A scratch at the left, about 2 % of the top.", part="top")
    assert read.positions == ("left",)
    assert read_sentence("A scratch at the top.", part="top").positions == ("top",)


@pytest.mark.parametrize("language", LEXICONS)
def test_every_lexicon_knows_every_kind_cell_and_look(language: str) -> None:
    lexicon = LEXICONS[language]
    assert set(lexicon.kinds) == set(Kind) - {Kind.UNKNOWN}
    assert set(lexicon.sizes) == set(Size)
    assert set(lexicon.shapes) == set(Shape)
    assert set(lexicon.contrasts) == set(Contrast)
    assert set(lexicon.bounds) == set(Bound)
    assert set(lexicon.units) == set(Unit)


@given(st.text(max_size=80), LANGUAGES)
def test_any_text_is_read(text: str, language: Language) -> None:
    read = read_sentence(text, language)
    assert set(read.positions) <= set(Position)


def test_a_language_without_a_lexicon_is_refused() -> None:
    with pytest.raises(ValueError, match="no lexicon for 'de', only for en, zh"):
        read_sentence("Ein Kratzer links.", "de")  # type: ignore[arg-type]
