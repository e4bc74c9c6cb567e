"""Kinds of defects: their sentences, and the network that compares patches with them."""
