"""The campaigns' product: rendered gaskets and their bundle, trained once and kept in `var/campaigns`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from inspector.bundle import load_bundle
from inspector.errors import BundleError
from inspector.frames import encode_jpeg, image_files, read_frame
from tests.campaigns.report import say

PRODUCT = "gasket"
CACHE = Path("var/campaigns").absolute()
NORMALS, TEST_GOOD, PER_KIND = 80, 24, 2
JPEG_QUALITY = 95


def run_inspector(*words: object) -> str:
    """Run a command of `inspector`; what it printed. Raises CalledProcessError where it fails."""
    command = [sys.executable, "-m", "inspector.cli", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def trained_bundle() -> Path:
    """The bundle, which costs what a real one costs."""
    bundle = CACHE / "gasket-bundle"
    try:
        load_bundle(bundle)
    except BundleError:
        say("Training a bundle, once: some minutes.")
        normals = _rendered() / "train/good"
        run_inspector("train", "--product", PRODUCT, "--normal", normals, "--output", bundle, "--overwrite")
    return bundle


def calibrated(bundle: Path, factor: float) -> Path:
    """The same network by another version: its reject limit is multiplied."""
    other = CACHE / f"gasket-bundle-{factor:g}"
    limit = load_bundle(bundle).manifest.limits.reject * factor
    run_inspector("calibrate", bundle, "--limit", limit, "--output", other, "--overwrite")
    return other


def good_pictures() -> Sequence[Path]:
    """Good parts that the training has not seen, as JPEGs: what most cameras send."""
    folder = CACHE / "gasket-jpeg"
    folder.mkdir(parents=True, exist_ok=True)
    for picture in good_pngs():
        target = folder / f"{picture.stem}.jpg"
        if not target.exists():
            target.write_bytes(encode_jpeg(read_frame(picture).image, JPEG_QUALITY))
    return image_files(folder)


def good_pngs() -> Sequence[Path]:
    """The same, without loss: three times dearer to decode."""
    return image_files(_rendered() / "test/good")


def mixed_pictures() -> Sequence[Path]:
    """Good and defective parts in turn, about one in three defective."""
    files = image_files(_rendered() / "test")
    return sorted(files, key=lambda file: (file.stem, file.parent.name))


def _rendered() -> Path:
    folder = CACHE / "gasket"
    if not folder.exists():
        run_inspector(
            *("render", "--output", folder, "--normals", NORMALS),
            *("--test-good", TEST_GOOD, "--per-kind", PER_KIND),
        )
    return folder
