"""Tokens put in order: places joined from their words, clauses parted, and what is denied set aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from inspector.describing.reading.lexicon import Cell, Tag, Token

JOINERS = frozenset({Tag.STOP, Tag.COMMA, Tag.AND})
LOOKS = frozenset({Tag.SIZE, Tag.SHAPE, Tag.CONTRAST})
NOUNS = frozenset({Tag.KIND, Tag.DEFECT})
BETWEEN_PLACE_WORDS = frozenset({Tag.FILLER, Tag.DEFINITE, Tag.BESIDE, Tag.AREA})


@dataclass(slots=True)
class Clause:
    """Tokens between two of comma, "and", full stop.

    Attributes:
        joiners: what stands before it.
        tokens: what it says; without what it denies, after `assertions`.
    """

    joiners: set[Tag]
    tokens: list[Token] = field(default_factory=list)

    @property
    def starts_sentence(self) -> bool:
        """A full stop, colon or semicolon stands before it, or nothing."""
        return Tag.STOP in self.joiners

    def has(self, *tags: Tag) -> bool:
        """Whether a token with one of the tags is in it."""
        return any(token.tag in tags for token in self.tokens)


@dataclass(slots=True)
class Denials:
    """What a sentence says is not there.

    Attributes:
        everything: it says that there is no defect at all.
        kinds: kinds that are not there.
    """

    everything: bool = False
    kinds: list[str] = field(default_factory=list)


def clauses(tokens: Iterable[Token]) -> list[Clause]:
    """Part tokens into clauses, places joined; clauses without tokens are left out."""
    found = [Clause({Tag.STOP})]
    for token in _resolved(_places_joined(tokens)):
        if token.tag not in JOINERS:
            found[-1].tokens.append(token)
        elif found[-1].tokens:
            found.append(Clause({token.tag}))
        else:
            found[-1].joiners.add(token.tag)
    return [clause for clause in found if clause.tokens]


def assertions(said: Sequence[Clause]) -> tuple[list[Clause], Denials]:
    """Take what is denied out of clauses: "no crack but a scratch" says a scratch, and denies a crack."""
    denials = Denials()
    kept = []
    everything: list[bool] = []  # of the running sentence
    covered = False
    for clause in said:
        if clause.starts_sentence:
            denials.everything |= any(everything)
            everything, covered = [], False
        asserted: list[Token] = []
        for number, part in enumerate(_split_at_but(clause.tokens)):
            if number:
                everything, covered = [], False
            told, denied = ([], part) if covered and _continues(part) else _split_at_not(part)
            if any(token.tag == Tag.GOOD for token in denied):
                told, denied = [*told, Token(Tag.DEFECT, "not good")], []
            asserted += told
            covered = bool(denied)
            everything.append(_denies_everything(denied))
            if not any(token.tag == Tag.POSITION for token in denied):
                denials.kinds += [str(token.meaning) for token in denied if token.tag == Tag.KIND]
        kept.append(Clause(clause.joiners, asserted))
    denials.everything |= any(everything)
    return [clause for clause in kept if clause.tokens], denials


def _places_joined(tokens: Iterable[Token]) -> list[Token]:
    """The words "upper" and "left" become one place, also with words such as "side of the" between them."""
    joined: list[Token] = []
    last: int | None = None  # of the place that may go on
    for token in tokens:
        if token.tag == Tag.POSITION and last is not None:
            cell = _together(joined[last].meaning, token.meaning)
            if cell is not None:
                joined[last] = replace(joined[last], text=f"{joined[last].text} {token.text}", meaning=cell)
                del joined[last + 1 :]
                continue
        joined.append(token)
        if token.tag == Tag.POSITION:
            last = len(joined) - 1
        elif token.tag not in BETWEEN_PLACE_WORDS:
            last = None
    return joined


def _together(first: object, second: object) -> Cell | None:
    """The cell that both describe; None where they describe different ones."""
    if not isinstance(first, Cell) or not isinstance(second, Cell):
        return None
    for one, other in zip(first, second, strict=True):
        if one is not None and other is not None and one != other:
            return None
    return Cell(*(other if one is None else one for one, other in zip(first, second, strict=True)))


def _resolved(tokens: Sequence[Token]) -> list[Token]:
    """Decide what depends on the words before: "a dark area" is a defect, "the left area" is a place."""
    resolved: list[Token] = []
    for token in tokens:
        before = [earlier.tag for earlier in resolved if earlier.tag != Tag.FILLER][-2:]
        if token.tag == Tag.AREA:
            is_noun = bool(before) and before[-1] in LOOKS | {Tag.ARTICLE, Tag.COUNT, Tag.UNKNOWN_KIND}
            resolved.append(replace(token, tag=Tag.DEFECT if is_noun else Tag.FILLER))
        elif token.tag == Tag.KIND and before == [Tag.BESIDE, Tag.DEFINITE]:
            resolved.append(replace(token, tag=Tag.WORD))
        else:
            resolved.append(token)
    return resolved


def _split_at_but(tokens: Sequence[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.tag == Tag.BUT:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _split_at_not(part: list[Token]) -> tuple[list[Token], list[Token]]:
    """What is told and what is denied: all after "not", or, where only words follow, all before it too."""
    place = next((index for index, token in enumerate(part) if token.tag == Tag.NOT), None)
    if place is None:
        return part, []
    before, after = part[:place], part[place + 1 :]
    if any(token.tag in NOUNS | {Tag.GOOD} for token in after):
        return before, after
    if any(token.tag in NOUNS for token in before):
        return [], [*before, *after]
    return before, after


def _continues(part: Sequence[Token]) -> bool:
    """Whether "no" before a comma covers this too: "no scratches, dents"; but not "no dents, a scratch"."""
    starts = bool(part) and part[0].tag in NOUNS | LOOKS
    return starts and not any(token.tag == Tag.POSITION for token in part)


def _denies_everything(denied: Sequence[Token]) -> bool:
    """Whether "no ..." is about any defect anywhere, and not about other ones, or one place."""
    tags = {token.tag for token in denied}
    return Tag.DEFECT in tags and not tags & {Tag.MORE, Tag.POSITION}
