"""Measurements behind every figure in the documents; `make bench` runs them."""
