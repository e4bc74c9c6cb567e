"""The adapter between score maps and a language model: what it learns from, what it is, and how it learns."""
