"""What is wrong with a part, in words.

`facts` measures a frame, `templates` builds a sentence from the facts, and `check` reads any sentence back
and compares it with them. `words` is the vocabulary; `writing` and `reading` hold the tables of each
language.
"""
