"""Drift: pictures that are not any more what the model has learned, told before verdicts go wrong.

Kept free of imports: the statistics are taken of every frame, the rest runs beside the line's work.
"""
