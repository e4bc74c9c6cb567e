"""Reading a sentence back into facts: words to tokens, tokens to defects, by a lexicon for each language."""

from inspector.describing.reading.sentences import read_sentence
from inspector.describing.reading.values import Amount, Bound, Count, Mention, Presence, ReadFacts, Unit

__all__ = ["Amount", "Bound", "Count", "Mention", "Presence", "ReadFacts", "Unit", "read_sentence"]
