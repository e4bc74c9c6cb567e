"""Template sentences, in every language."""
# ruff: noqa: RUF001 - Chinese has full-width punctuation

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from inspector.describing.check import check_sentence
from inspector.describing.facts import Facts, RegionFacts, size_of
from inspector.describing.templates import describe_by_template, describe_places, translate
from inspector.describing.words import Contrast, Kind, Language, Position, Severity, Shape, Size
from inspector.describing.writing import chinese, english
from inspector.results import Verdict
from tests.inspector.describing.random_facts import ALL_FACTS, LANGUAGES, PARTS, rejects

SCRATCH = RegionFacts(
    position=Position.UPPER_LEFT,
    box_px=(10, 10, 40, 20),
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
    area_fraction=0.003,
    size=Size.SMALL,
    shape=Shape.ROUND,
    kind=Kind.UNKNOWN,
)
STAIN = replace(
    SCRATCH,
    position=Position.CENTRE,
    area_fraction=0.1,
    size=Size.LARGE,
    shape=Shape.IRREGULAR,
    contrast=Contrast.OTHER_COLOUR,
    kind=Kind.STAIN,
)


def reject(*regions: RegionFacts, count: int | None = None) -> Facts:
    return Facts(Verdict.REJECT, len(regions) if count is None else count, regions)


def with_share(area_fraction: float) -> RegionFacts:
    return replace(SCRATCH, area_fraction=area_fraction, size=size_of(area_fraction))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (reject(SCRATCH), "One defect: a thin dark scratch at the upper left, about 2 % of the part."),
        (
            reject(SPOT),
            "One defect: a round dark spot of unknown kind at the right, about 0.3 % of the part.",
        ),
        (
            reject(SPOT, STAIN),
            "Two defects: a small round dark spot of unknown kind at the right; and "
            "a large irregular off-colour stain at the centre.",
        ),
        (
            reject(SCRATCH, SPOT, STAIN),
            "Three defects: a medium-sized thin dark scratch at the upper left; "
            "a small round dark spot of unknown kind at the right; and one more.",
        ),
        (
            reject(SCRATCH, count=3),
            "Three defects: a medium-sized thin dark scratch at the upper left; and two more.",
        ),
        (
            reject(*[SPOT] * 32),
            "Many defects: a small round dark spot of unknown kind at the right; "
            "a small round dark spot of unknown kind at the right; and many more.",
        ),
        (
            reject(replace(STAIN, kind="orange peel")),
            "One defect: an irregular off-colour orange peel at the centre, about 10 % of the part.",
        ),
        (
            reject(replace(SPOT, kind=Kind.MISSING_PART), SPOT),
            "Two defects: a small missing part at the right; and "
            "a small round dark spot of unknown kind at the right.",
        ),
        (
            reject(replace(STAIN, kind=Kind.COLOUR_CHANGE)),
            "One defect: an irregular colour change at the centre, about 10 % of the part.",
        ),
        (
            reject(replace(STAIN, kind=Kind.CONTAMINATION, shape=Shape.ELONGATED)),
            "One defect: an elongated off-colour spot of contamination at the centre, "
            "about 10 % of the part.",
        ),
        (
            reject(replace(SCRATCH, length_mm=12.4)),
            "One defect: a thin dark scratch at the upper left, about 12 mm long.",
        ),
        (
            reject(replace(SPOT, length_mm=0.04, kind=Kind.HOLE)),
            "One defect: a round dark hole at the right, less than 0.1 mm across.",
        ),
        (
            reject(replace(SCRATCH, kind=Kind.BROKEN_EDGE, contrast=Contrast.SIMILAR)),
            "One defect: an elongated broken edge at the upper left, about 2 % of the part.",
        ),
        (reject(), "A defect was found, but its place is not known."),
        (Facts(Verdict.PASS, 0, ()), "No defect found."),
        (Facts(Verdict.UNSURE, 0, ()), "The picture cannot be judged; a person must look."),
    ],
)
def test_english_says_how_many_and_describes_the_worst(facts: Facts, sentence: str) -> None:
    assert describe_by_template(facts) == sentence


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (reject(SCRATCH), "发现一处缺陷：左上方有一条细长的深色划痕，约占零件面积的 2 %。"),
        (
            reject(with_share(0.0001)),
            "发现一处缺陷：左上方有一条细长的深色划痕，占零件面积不到 0.1 %。",
        ),
        (
            reject(SCRATCH, SPOT, STAIN),
            "发现三处缺陷：左上方有一条中等大小的细长的深色划痕；右侧有一个较小的圆形深色斑点（类型不明）；另有一处。",
        ),
        (
            reject(STAIN, replace(SCRATCH, kind=Kind.BROKEN_EDGE)),
            "发现两处缺陷：中央有一块较大的不规则的异色污渍；左上方有一处中等大小的细长的深色崩边。",
        ),
        (
            reject(*[SPOT] * 10),
            "发现多处缺陷：右侧有一个较小的圆形深色斑点（类型不明）；右侧有一个较小的圆形深色斑点（类型不明）；另有多处。",
        ),
        (reject(replace(SCRATCH, length_mm=12.4)), "发现一处缺陷：左上方有一条细长的深色划痕，长约 12 mm。"),
        (
            reject(replace(SPOT, length_mm=0.04, kind=Kind.HOLE)),
            "发现一处缺陷：右侧有一个圆形深色孔洞，最大尺寸不到 0.1 mm。",
        ),
        (reject(), "发现缺陷，位置不明。"),
        (Facts(Verdict.PASS, 0, ()), "未发现缺陷。"),
        (Facts(Verdict.UNSURE, 0, ()), "图像无法判定，请人工检查。"),
    ],
)
def test_chinese_says_the_same(facts: Facts, sentence: str) -> None:
    assert describe_by_template(facts, "zh") == sentence


@pytest.mark.parametrize(
    ("area_fraction", "amount"),
    [
        (0.00099, "less than 0.1 %"),
        (0.001, "about 0.1 %"),
        (0.0096, "about 1 %"),
        (0.0287, "about 3 %"),
        (1, "about 100 %"),
    ],
)
def test_shares_are_rounded_to_what_an_eye_can_tell(area_fraction: float, amount: str) -> None:
    assert describe_by_template(reject(with_share(area_fraction))).endswith(f", {amount} of the part.")


def test_the_part_is_called_by_its_name() -> None:
    assert describe_by_template(reject(SCRATCH), part="bottle").endswith("about 2 % of the bottle.")
    assert describe_by_template(reject(SCRATCH), "zh", "瓶子").endswith("约占瓶子面积的 2 %。")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("vocabulary", [Position, Size, Shape, Contrast, Severity, Kind])
def test_every_word_of_the_vocabulary_is_in_every_language(
    vocabulary: type[Position], language: Language
) -> None:
    translated = [translate(word, language) for word in vocabulary]
    assert all(word.isascii() == (language == "en") for word in translated)
    assert len(set(translated)) == len(vocabulary)


@pytest.mark.parametrize("nouns", [english.NOUN_OF_UNKNOWN, chinese.NOUN_OF_UNKNOWN], ids=["en", "zh"])
def test_a_defect_of_unknown_kind_has_a_noun_for_every_shape(nouns: dict[Shape, str]) -> None:
    assert set(nouns) == set(Shape)


def test_words_are_translated_and_a_products_own_stay_as_they_are() -> None:
    assert translate(Position.UPPER_LEFT, "en") == "upper left"
    assert translate(Contrast.DARKER, "en") == "darker"
    assert translate(Position.UPPER_LEFT, "zh") == "左上方"
    assert translate(Severity.SEVERE, "zh") == "严重"
    assert translate("blowhole", "zh") == "blowhole"


@given(ALL_FACTS, LANGUAGES, PARTS)
def test_a_sentence_is_short_and_printable(facts: Facts, language: Language, part: str | None) -> None:
    sentence = describe_by_template(facts, language, part)
    assert 5 < len(sentence) < 250
    assert sentence.isprintable()
    assert "  " not in sentence


@pytest.mark.parametrize(
    ("places", "english", "chinese"),
    [
        ([], "A defect was found, but its place is not known.", "发现缺陷，位置不明。"),
        ([Position.UPPER_LEFT], "One defect at the upper left.", "发现一处缺陷：位于左上方。"),
        (
            [Position.TOP, Position.LEFT],
            "Two defects; the worst one is at the top.",
            "发现两处缺陷：最严重的一处位于上方。",
        ),
        (
            [Position.CENTRE] * 10,
            "Many defects; the worst one is at the centre.",
            "发现多处缺陷：最严重的一处位于中央。",
        ),
    ],
)
def test_where_only_places_are_known_only_places_are_said(
    places: list[Position], english: str, chinese: str
) -> None:
    assert (describe_places(places), describe_places(places, "zh")) == (english, chinese)


@given(rejects(least=1), LANGUAGES)
def test_a_sentence_of_places_alone_never_contradicts_what_was_measured(
    facts: Facts, language: Language
) -> None:
    facts = replace(facts, count=len(facts.regions))
    places = [region.position for region in facts.regions]
    assert check_sentence(describe_places(places, language), facts, language) == ()


def test_a_language_without_templates_is_refused() -> None:
    with pytest.raises(ValueError, match="no templates in 'de'"):
        describe_places([], "de")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no templates in 'de', only in en, zh"):
        describe_by_template(reject(SCRATCH), "de")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no words in 'de'"):
        translate(Kind.DENT, "de")  # type: ignore[arg-type]
