"""The check between a sentence and the facts: no sentence leaves that says what was not measured."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations

from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.reading import Amount, Bound, Mention, Presence, ReadFacts, Unit, read_sentence
from inspector.describing.words import Contrast, Kind, Language, Shape, Size
from inspector.describing.writing.rules import SPELLED_OUT
from inspector.results import Verdict

__all__ = ["Contradiction", "Fact", "check_sentence", "read_sentence"]

LONGEST_SENTENCE = 400
"""Characters; longer ones nobody reads beside a line."""

LEAST_REPEATS = 3
"""The same words so many times in a row are a language model's loop."""

MOST_DESCRIBED = 6
"""Defects described one by one."""

LARGEST_FACTOR = 2.0
"""Between an amount that is said and the measured one."""

PRESENCE_BY_VERDICT = {
    Verdict.PASS: Presence.NO_DEFECT,
    Verdict.REJECT: Presence.DEFECT,
    Verdict.UNSURE: Presence.UNSURE,
}
OPPOSITES: tuple[frozenset[StrEnum], ...] = (
    frozenset({Contrast.DARKER, Contrast.BRIGHTER}),
    frozenset({Shape.ROUND, Shape.ELONGATED}),
)


class Fact(StrEnum):
    """What a sentence can be wrong about."""

    UNREADABLE = "unreadable"
    PRESENCE = "presence"
    COUNT = "count"
    POSITION = "position"
    KIND = "kind"
    SIZE = "size"
    SHAPE = "shape"
    CONTRAST = "contrast"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that a sentence says and that was not measured.

    Attributes:
        fact: what it is about.
        said: what the sentence says; of an unreadable one, what is wrong with it.
        measured: what was measured; empty for an unreadable sentence.
    """

    fact: Fact
    said: str
    measured: str = ""

    def __str__(self) -> str:
        if self.fact == Fact.UNREADABLE:
            return f"{self.fact}: {self.said}"
        return f"{self.fact}: the sentence says {self.said}, measured is {self.measured}"


def check_sentence(
    sentence: str,
    facts: Facts,
    language: Language = "en",
    *,
    kinds: Collection[str] = (),
    part: str | None = None,
) -> tuple[Contradiction, ...]:
    """Compare a sentence with the facts; empty where the sentence may be shown.

    Each defect that the sentence describes must fit a measured region of its own, in any order, among as many
    of the worst as it describes. A place may be one of the neighbouring cells that the region's box touches,
    a size class the next one, an amount within a factor of two. "Several" is any count from three.

    Args:
        sentence: free text.
        facts: what was measured.
        language: the sentence's language.
        kinds: the product's own kinds of defects.
        part: what the part is called: its words say nothing about a defect.

    Raises:
        ValueError: there is no lexicon for this language.
    """
    if flaw := _flaw(sentence):
        return (Contradiction(Fact.UNREADABLE, flaw),)
    own = (*kinds, *(region.kind for region in facts.regions))
    read = read_sentence(sentence, language, own, part)
    if flaw := _reading_flaw(read, facts):
        return (Contradiction(Fact.UNREADABLE, flaw),)
    expected = PRESENCE_BY_VERDICT[facts.verdict]
    if read.presence != expected:
        return (Contradiction(Fact.PRESENCE, read.presence.value, expected.value),)
    return (*_wrong_count(read, facts), *_wrong_denials(read, facts), *_wrong_mentions(read, facts))


def _flaw(sentence: str) -> str:
    """Why nobody should read the sentence; empty where it looks like one."""
    if not sentence.strip():
        return "nothing is said"
    if len(sentence) > LONGEST_SENTENCE:
        return f"{len(sentence)} characters are more than {LONGEST_SENTENCE}"
    if not sentence.isprintable() or "\N{REPLACEMENT CHARACTER}" in sentence:
        return "it holds characters that cannot be printed"
    words = _words(sentence)
    for length in range(1, len(words) // LEAST_REPEATS + 1):
        for start in range(len(words) - LEAST_REPEATS * length + 1):
            run = words[start : start + LEAST_REPEATS * length]
            if run == run[:length] * LEAST_REPEATS:
                return f"it repeats {' '.join(run[:length])!r}"
    return ""


def _words(sentence: str) -> list[str]:
    """Words and numbers; of Chinese, whose words have no spaces between them, characters."""
    return re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", sentence.lower())


def _reading_flaw(read: ReadFacts, facts: Facts) -> str:
    """Why what was read cannot be compared; empty where it can."""
    if read.unread:
        return f"nothing was measured that {read.unread[0]!r} could be compared with"
    if read.presence == Presence.NOT_SAID:
        return "it does not say whether there is a defect"
    if read.presence == Presence.DEFECT and facts.regions:
        if not read.positions:
            return "it does not say where"
        if len(_one_by_one(read)) > MOST_DESCRIBED:
            return f"it describes more than {MOST_DESCRIBED} defects"
    return ""


def _wrong_count(read: ReadFacts, facts: Facts) -> Iterator[Contradiction]:
    if facts.regions and read.count is not None and not read.count.allows(facts.count):
        yield Contradiction(Fact.COUNT, str(read.count), str(facts.count))


def _wrong_denials(read: ReadFacts, facts: Facts) -> Iterator[Contradiction]:
    described = facts.regions[: max(SPELLED_OUT, len(_one_by_one(read)))]
    for kind in dict.fromkeys(read.denied_kinds):
        if any(region.kind == kind for region in described):
            yield Contradiction(Fact.KIND, f"no {kind}", kind)


def _wrong_mentions(read: ReadFacts, facts: Facts) -> tuple[Contradiction, ...]:
    """The contradictions of the best pairing of described defects and regions."""
    mentions = _one_by_one(read)
    if not mentions or not facts.regions:
        return ()
    regions = facts.regions[: max(SPELLED_OUT, len(mentions))]
    # Where more are described than there are, the count is wrong already; the rest are compared.
    mentions = mentions[: len(regions)]
    wrong = [[tuple(_compare(mention, region)) for region in regions] for mention in mentions]
    best = min(
        permutations(range(len(regions)), len(mentions)),
        key=lambda chosen: sum(len(row[column]) for row, column in zip(wrong, chosen, strict=True)),
    )
    return tuple(
        contradiction for row, column in zip(wrong, best, strict=True) for contradiction in row[column]
    )


def _one_by_one(read: ReadFacts) -> list[Mention]:
    """A mention for each defect: "two scratches at the left" are two of them, "several" at least one."""
    return [
        mention
        for mention in read.mentions
        for _ in range(mention.count.least if mention.count.most is not None else 1)
    ]


def _compare(mention: Mention, region: RegionFacts) -> Iterator[Contradiction]:
    for position in mention.positions:
        if position != region.position and position not in region.near:
            yield Contradiction(Fact.POSITION, position.value, region.position.value)
    for kind in mention.kinds:
        if kind != region.kind:
            yield Contradiction(Fact.KIND, _kind(kind), _kind(region.kind))
    for size in mention.sizes:
        if abs(tuple(Size).index(size) - tuple(Size).index(region.size)) > 1:
            yield Contradiction(Fact.SIZE, size.value, region.size.value)
    for shape in mention.shapes:
        if frozenset({shape, region.shape}) in OPPOSITES:
            yield Contradiction(Fact.SHAPE, shape.value, region.shape.value)
    for contrast in mention.contrasts:
        if frozenset({contrast, region.contrast}) in OPPOSITES:
            yield Contradiction(Fact.CONTRAST, contrast.value, region.contrast.value)
    for amount in mention.amounts:
        yield from _compare_amount(amount, region)


def _compare_amount(amount: Amount, region: RegionFacts) -> Iterator[Contradiction]:
    measured = {
        Unit.PERCENT: 100 * region.area_fraction,
        Unit.MM: region.length_mm,
        Unit.MM2: region.area_mm2,
    }[amount.unit]
    if measured is None:
        yield Contradiction(Fact.AMOUNT, str(amount), f"not in {amount.unit}: the product has no scale")
        return
    too_little = amount.bound != Bound.LESS and amount.value > LARGEST_FACTOR * measured
    too_much = amount.bound != Bound.MORE and measured > LARGEST_FACTOR * amount.value
    if too_little or too_much:
        yield Contradiction(Fact.AMOUNT, str(amount), f"{measured:.2g} {amount.unit}")


def _kind(kind: str) -> str:
    return "an unknown kind" if kind == Kind.UNKNOWN else kind
