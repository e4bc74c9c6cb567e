"""A sentence read back into facts."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from inspector.describing.positions import position_at
from inspector.describing.reading.clauses import Clause, Denials, assertions, clauses
from inspector.describing.reading.drafts import ONE, Draft, read_drafts
from inspector.describing.reading.lexicon import Cell, Tag, Token
from inspector.describing.reading.tokens import Vocabulary, tokenise, vocabulary
from inspector.describing.reading.values import Amount, Count, Mention, Presence, ReadFacts
from inspector.describing.words import Contrast, Kind, Language, Position, Shape, Size

MIDDLE = 1


def read_sentence(
    sentence: str, language: Language = "en", kinds: Collection[str] = (), part: str | None = None
) -> ReadFacts:
    """Read what a sentence says about defects; words that the lexicon does not know are passed over.

    Args:
        sentence: free text, for instance a language model's.
        language: which lexicon reads it.
        kinds: the product's own kinds of defects; `Kind` is always known.
        part: what the part is called: its words say nothing about a defect.

    Raises:
        ValueError: there is no lexicon for this language.
    """
    own = tuple(dict.fromkeys(kind for kind in kinds if kind not in tuple(Kind)))
    words = vocabulary(language, own, part)
    tokens = tokenise(sentence, words)
    said, denials = assertions(clauses(tokens))
    drafts = read_drafts(said)
    described, stated = _without_headings(_merged(drafts.found))
    return ReadFacts(
        presence=_presence(said, denials, drafts.found),
        count=_count(described, drafts.others, stated),
        mentions=tuple(mention for draft in described for mention in _mentions(draft)),
        denied_kinds=tuple(denials.kinds),
        unread=(*drafts.unread, *_foreign(tokens, words)),
    )


def _count(described: Sequence[Draft], others: Count | None, stated: Sequence[Count]) -> Count | None:
    """What is described, with the others that are only counted, and what headings state, at once."""
    count: Count | None = None
    for draft in described:
        count = draft.count if count is None else count.plus(draft.count)
    if count is None:
        return None
    if others is not None:
        count = count.plus(others)
    elif stated:
        count = Count(count.least, None)
    for number in stated:
        count = count.both(number)
    return count


def _merged(found: Sequence[Draft]) -> list[Draft | Count]:
    """Nouns that speak of the same defect become one: "a mark at the left, a dark scratch".

    A number before them is kept apart: "One defect: a dent; a hole" says one, and describes two.
    """
    merged: list[Draft | Count] = []
    last: Draft | None = None
    for draft in found:
        if last is not None and _speak_of_the_same(last, draft):
            if last.stated is not None:
                merged.append(last.stated)
            last.tokens += draft.tokens
        else:
            merged.append(draft)
            last = draft
    return merged


def _speak_of_the_same(first: Draft, second: Draft) -> bool:
    if second.apart or first.count != ONE or second.count != ONE:
        return False
    if first.generic and not (first.has(Tag.POSITION) and second.has(Tag.POSITION)):
        return True
    return second.generic and not second.has(Tag.POSITION)


def _without_headings(merged: Sequence[Draft | Count]) -> tuple[list[Draft], list[Count]]:
    """The described defects, and the numbers that headings state: "Two scratches: one at the left, ..."."""
    stated = [number for number in merged if isinstance(number, Count)]
    drafts = [draft for draft in merged if isinstance(draft, Draft)]
    described: list[Draft] = []
    shared: list[Token] = []
    for index, draft in enumerate(drafts):
        heads = draft.count != ONE and not draft.has(Tag.POSITION)
        if heads and index + 1 < len(drafts) and not drafts[index + 1].apart:
            shared = [replace(token, plural=False) for token in draft.tokens if token.tag != Tag.COUNT]
            if draft.stated is not None:
                stated.append(draft.stated)
        else:
            draft.tokens += [token for token in shared if token not in draft.tokens]
            described.append(draft)
    return described, stated


def _mentions(draft: Draft) -> list[Mention]:
    """One mention; or, where several defects are in several places, one for each place."""
    named = [_position(token.meaning) for token in draft.tokens if isinstance(token.meaning, Cell)]
    positions = list(dict.fromkeys(named))
    if draft.count != ONE and len(positions) > 1:
        return [_mention(draft, ONE, [position]) for position in positions]
    return [_mention(draft, draft.count, positions)]


def _mention(draft: Draft, count: Count, positions: Sequence[Position]) -> Mention:
    kinds = [
        Kind.UNKNOWN.value if token.tag == Tag.UNKNOWN_KIND else str(token.meaning)
        for token in draft.tokens
        if token.tag in {Tag.KIND, Tag.UNKNOWN_KIND}
    ]
    meanings = [token.meaning for token in draft.tokens]
    return Mention(
        count=count,
        kinds=tuple(dict.fromkeys(kinds)),
        positions=tuple(positions),
        sizes=tuple(dict.fromkeys(meaning for meaning in meanings if isinstance(meaning, Size))),
        shapes=tuple(dict.fromkeys(meaning for meaning in meanings if isinstance(meaning, Shape))),
        contrasts=tuple(dict.fromkeys(meaning for meaning in meanings if isinstance(meaning, Contrast))),
        amounts=tuple(dict.fromkeys(meaning for meaning in meanings if isinstance(meaning, Amount))),
    )


def _position(cell: Cell) -> Position:
    return position_at(
        MIDDLE if cell.row is None else cell.row, MIDDLE if cell.column is None else cell.column
    )


def _presence(said: Sequence[Clause], denials: Denials, found: Sequence[Draft]) -> Presence:
    good = any(clause.has(Tag.GOOD) for clause in said)
    if any(clause.has(Tag.UNSURE) for clause in said) and all(
        draft.generic and not draft.has(Tag.POSITION) for draft in found
    ):
        return Presence.UNSURE
    if found:
        return Presence.BOTH if good or denials.everything else Presence.DEFECT
    return Presence.NO_DEFECT if good or denials.everything or denials.kinds else Presence.NOT_SAID


def _foreign(tokens: Sequence[Token], words: Vocabulary) -> list[str]:
    """Words in letters of another language: what they claim cannot be checked."""
    return [
        token.text
        for token in tokens
        if token.tag == Tag.WORD
        and token.text not in words.entries
        and any(char.isalpha() and re.match(words.lexicon.foreign, char) for char in token.text)
    ]
