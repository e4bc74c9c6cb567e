"""Anomalib's models, trained on a product's normals and served as bundles like the product's own model.

One file a model; `registry` finds them by name, `product` makes the bundle.
"""
