"""The defects of a sentence, clause by clause: which words describe which defect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inspector.describing.reading.clauses import LOOKS, NOUNS, Clause
from inspector.describing.reading.lexicon import Tag, Token
from inspector.describing.reading.values import Count

ONE = Count(1, 1)
SEVERAL = Count(2, None)
DESCRIBING = LOOKS | {Tag.POSITION, Tag.AMOUNT, Tag.UNKNOWN_KIND}


@dataclass(slots=True)
class Draft:
    """A defect, or several alike, while its sentence is being read.

    Attributes:
        tokens: all that is said of it.
        apart: it is another one than the defect before: "and", "one more".
    """

    tokens: list[Token]
    apart: bool = False

    def has(self, tag: Tag) -> bool:
        """Whether anything of this sort is said of it."""
        return any(token.tag == tag for token in self.tokens)

    @property
    def stated(self) -> Count | None:
        """The number that is said; None without one."""
        number: Count | None = None
        for token in self.tokens:
            if isinstance(token.meaning, Count):
                number = token.meaning if number is None else number.both(token.meaning)
        return number

    @property
    def count(self) -> Count:
        """How many are meant: as said, or by the noun's form."""
        if self.stated is not None:
            return self.stated
        return SEVERAL if any(token.plural for token in self.tokens) else ONE

    @property
    def generic(self) -> bool:
        """Only called a defect, a spot, a mark."""
        return not self.has(Tag.KIND)


@dataclass(slots=True)
class Drafts:
    """All defects of a sentence.

    Attributes:
        found: the defects in the sentence's order.
        others: how many "more" there are, not described; None where it says nothing of them.
        unread: claims that no fact can confirm, numbers that count nothing, places of nothing.
    """

    found: list[Draft] = field(default_factory=list)
    others: Count | None = None
    unread: list[str] = field(default_factory=list)


def read_drafts(clauses: Sequence[Clause]) -> Drafts:
    """Read clauses, from which denials are taken out, into defects."""
    drafts = Drafts()
    waiting: list[Token] = []
    for index, clause in enumerate(clauses):
        waiting = _ClauseReader(drafts, clause, waiting).read()
        following = clauses[index + 1 :]
        if waiting and not _goes_forward(clause, following, waiting, drafts):
            drafts.found[-1].tokens += waiting
            waiting = []
    if drafts.found:
        drafts.found[-1].tokens += waiting
    else:
        drafts.unread += [token.text for token in waiting if token.tag in {Tag.POSITION, Tag.AMOUNT}]
    return drafts


def _goes_forward(
    clause: Clause, following: Sequence[Clause], waiting: Sequence[Token], drafts: Drafts
) -> bool:
    """Whether words without a noun belong to a noun that follows: "a small, dark scratch", "left: a dent"."""
    if not drafts.found:
        return True
    if waiting[0].tag == Tag.ARTICLE and waiting[-1].tag in LOOKS:
        return True
    if not clause.starts_sentence:
        return False
    for later in following:
        if later.starts_sentence:
            return False
        if later.has(*NOUNS):
            return True
    return False


class _ClauseReader:
    def __init__(self, drafts: Drafts, clause: Clause, waiting: list[Token]) -> None:
        self.drafts = drafts
        self.clause = clause
        self.waiting = waiting
        self.current: Draft | None = None
        # Of the noun to come: it begins with an article or a number; it points back; it says the same again.
        self.begun = self.definite = self.same = False

    def read(self) -> list[Token]:
        """Add the clause's defects to the drafts; returns the words for which it has no noun."""
        for token in self.clause.tokens:
            self._take(token)
        return self._end()

    def _take(self, token: Token) -> None:
        if token.tag in NOUNS:
            self._take_noun(token)
        elif token.tag in DESCRIBING:
            if token.tag not in LOOKS:
                self.definite = False
            if self.current is None or self.begun:
                self.waiting.append(token)
            else:
                self.current.tokens.append(token)
        elif token.tag in {Tag.ARTICLE, Tag.COUNT}:
            self.begun = True
            self.waiting.append(token)
        elif token.tag == Tag.DEFINITE:
            self.definite = True
        elif token.tag == Tag.SAME:
            self.same = True
        elif token.tag == Tag.CLAIM:
            self.drafts.unread.append(token.text)
        elif token.tag == Tag.WORD:
            self.definite = False

    def _take_noun(self, token: Token) -> None:
        found = self.drafts.found
        more = self.clause.has(Tag.MORE)
        if more and token.tag == Tag.DEFECT and not self.clause.has(Tag.POSITION, Tag.KIND):
            self._count_others(plural=token.plural)
            return
        if self.current is not None and not (self.begun or self.definite):
            target = self.current
        elif found and (self.same or self.definite):
            alike = [draft for draft in found if token in draft.tokens]
            target = (alike or found)[-1]
        else:
            target = Draft([], apart=more or (self.current is None and Tag.AND in self.clause.joiners))
            found.append(target)
        target.tokens += [*self.waiting, token]
        self.waiting, self.current = [], target
        self.begun = self.definite = self.same = False

    def _end(self) -> list[Token]:
        counts = any(token.tag == Tag.COUNT for token in self.waiting)
        if self.clause.has(Tag.MORE) and not self.clause.has(*NOUNS, Tag.POSITION):
            self._count_others(plural=False)
        elif counts and any(token.tag == Tag.POSITION for token in self.waiting):
            # "one at the left": a defect without a noun.
            self.drafts.found.append(Draft(self.waiting, apart=Tag.AND in self.clause.joiners))
            self.waiting = []
        elif counts:
            # "the only one" is no number to check, "there are two of them" is.
            self.drafts.unread += [
                token.text for token in self.waiting if token.tag == Tag.COUNT and token.meaning != ONE
            ]
            self.waiting = [token for token in self.waiting if token.tag != Tag.COUNT]
        return self.waiting

    def _count_others(self, *, plural: bool) -> None:
        said = [token.meaning for token in self.waiting if isinstance(token.meaning, Count)]
        number = said[0] if said else Count(2 if plural else 1, None)
        # "many more" may be fewer than many.
        number = number if number.most is not None else Count(1, None)
        self.drafts.others = number if self.drafts.others is None else self.drafts.others.plus(number)
        self.waiting = []
