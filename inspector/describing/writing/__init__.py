"""Template sentences: a table of words and the grammar, for each language."""
