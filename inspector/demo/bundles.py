"""The demo's two bundles: trained once, and again only when something that decides them has changed."""

from __future__ import annotations

import hashlib

from inspector.bundle import load_bundle
from inspector.demo.children import Children
from inspector.demo.pictures import Stamp
from inspector.demo.plan import DemoProduct
from inspector.errors import BundleError
from inspector.frames import image_files


def is_trained(product: DemoProduct, code: str) -> bool:
    """Whether the product has a valid bundle that this code made of these pictures."""
    if not _stamp(product, code).matches():
        return False
    try:
        return load_bundle(product.bundle).product == product.name
    except BundleError:
        return False


def train(product: DemoProduct, children: Children, code: str) -> None:
    """Train the product's bundle by `inspector train`.

    Raises:
        DemoError: training failed.
        DemoStopped: the demo was asked to end.
    """
    children.run_inspector(
        f"train-{product.name}",
        "train",
        "--product",
        product.name,
        "--normal",
        str(product.normals),
        "--output",
        str(product.bundle),
        "--overwrite",
    )
    _stamp(product, code).write()


def _stamp(product: DemoProduct, code: str) -> Stamp:
    digest = hashlib.sha256()
    for picture in image_files(product.normals):
        digest.update(picture.name.encode() + picture.read_bytes())
    content: dict[str, object] = {"code": code, "product": product.name, "normals": digest.hexdigest()}
    return Stamp(product.bundle.with_name(f"{product.name}.made-by.json"), content)
