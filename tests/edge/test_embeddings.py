"""What a kept frame looks like to the network is stored with its inspection, and copied to the plant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inspector.frames import encode_png, read_frame
from inspector.inspecting import load_inspector
from inspector.records import Destination, Records, StoredEmbedding
from tests.edge.rig import PipelineRig
from tests.edge.test_relay import BOTH, Box
from tests.inspector.records.examples import inspection
from tests.services import MosquittoServer
from tests.tiny_bundle import tiny_part


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as opened:
        yield opened


def test_kept_frames_have_the_networks_embedding_and_others_have_none(
    tmp_path: Path, records: Records, bundle: Path
) -> None:
    inspector = load_inspector(bundle)
    pictures = {"bad": encode_png(tiny_part(1, True)), "good": encode_png(tiny_part(1))}
    with PipelineRig(tmp_path, records, inspector) as rig:
        for frame_id, data in pictures.items():
            rig.send(data, frame_id)
        rig.send(b"no picture", "broken")
        rig.await_finished(3)
    # The rig keeps no picture of a pass.
    [(frame_id, kept)] = records.embeddings.of(["bad", "good", "broken"]).items()
    (tmp_path / "bad.png").write_bytes(pictures["bad"])
    wanted = inspector.inspect(read_frame(tmp_path / "bad.png")).embedding
    assert frame_id == "bad"
    assert kept.network == inspector.bundle.manifest.files["scorer.onnx"][:16]
    np.testing.assert_allclose(kept.vector, wanted / np.linalg.norm(wanted), atol=1e-3)


def test_a_box_that_shall_not_stores_none(tmp_path: Path, records: Records, bundle: Path) -> None:
    with PipelineRig(tmp_path, records, load_inspector(bundle), with_embeddings=False) as rig:
        rig.send(encode_png(tiny_part(1, True)), "bad")
        rig.await_finished(1)
    assert records.get("bad") is not None
    assert records.embeddings.of(["bad"]) == {}


def test_embeddings_are_copied_to_the_plants_database(tmp_path: Path, mosquitto: MosquittoServer) -> None:
    url = f"sqlite:///{tmp_path}/plant.db"
    with Box(tmp_path, mosquitto.port, url) as box:
        embedding = StoredEmbedding.of("net-1", np.array([3, 4], np.float32))
        box.records.add_all([inspection("a"), inspection("b")], BOTH, {"a": embedding})
        box.relays.notify()
        box.await_empty(Destination.CENTRAL)
    with Records.open(url) as central:
        copied = central.embeddings.of(["a", "b"])
        assert central.get("b") is not None
    assert list(copied) == ["a"]
    assert copied["a"].network == "net-1"
    np.testing.assert_allclose(copied["a"].vector, [0.6, 0.8], atol=1e-3)
