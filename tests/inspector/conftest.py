"""What the core's tests share: a real bundle, its inspector, and folders of pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.bundle import Bundle
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.frames import encode_png
from inspector.inspecting import Inspector
from tests.tiny_bundle import tiny_part, write_tiny_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle to read; tests that change one write their own."""
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "washer")


@pytest.fixture(scope="session")
def engine(bundle: Bundle) -> OnnxRuntimeEngine:
    return OnnxRuntimeEngine(bundle.scorer_path, threads=1)


@pytest.fixture(scope="session")
def inspector(bundle: Bundle, engine: OnnxRuntimeEngine) -> Inspector:
    return Inspector(bundle, engine)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with four good parts in `good` and three defective ones in `blot`."""
    for kind, defect, count in (("good", False, 4), ("blot", True, 3)):
        folder = tmp_path / "pictures" / kind
        folder.mkdir(parents=True)
        for seed in range(count):
            (folder / f"{seed:03}.png").write_bytes(encode_png(tiny_part(seed, defect)))
    return tmp_path / "pictures"
