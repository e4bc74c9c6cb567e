from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from edge.evidence import EvidenceStore
from edge.files import picture_suffix
from inspector.durability import write_durably
from inspector.errors import MessageError
from inspector.results import Verdict

DAY = date(2026, 1, 31)
IDS = [f"frame-{number}" for number in range(2000)]


def test_rejects_and_unsure_frames_are_always_kept(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, pass_share=0)
    assert all(store.wants(verdict, "a") for verdict in (Verdict.REJECT, Verdict.UNSURE))
    assert not any(store.wants(Verdict.PASS, frame_id) for frame_id in IDS)


def test_a_share_of_the_passes_is_kept_the_same_ones_each_time(tmp_path: Path) -> None:
    kept = [frame_id for frame_id in IDS if EvidenceStore(tmp_path, 0.05).wants(Verdict.PASS, frame_id)]
    assert 60 < len(kept) < 140
    assert all(EvidenceStore(tmp_path, 0.05).wants(Verdict.PASS, frame_id) for frame_id in kept)
    assert all(EvidenceStore(tmp_path, 1).wants(Verdict.PASS, frame_id) for frame_id in IDS)


def test_the_cameras_bytes_are_kept_as_they_came_with_the_map_beside_them(
    tmp_path: Path, bad_jpeg: bytes
) -> None:
    anomaly_map = np.linspace(0, 12, 64, dtype=np.float32).reshape(8, 8)
    kept = EvidenceStore(tmp_path, 0).keep(
        frame_id="a:1",
        product="washer",
        verdict=Verdict.REJECT,
        day=DAY,
        data=bad_jpeg,
        anomaly_map=anomaly_map,
    )
    assert kept.picture == "evidence/2026-01-31/reject/washer/a=1.jpg"
    assert (tmp_path / kept.picture).read_bytes() == bad_jpeg
    assert kept.anomaly_map == "evidence/2026-01-31/reject/washer/a=1.npz"
    with np.load(tmp_path / kept.anomaly_map) as arrays:
        assert arrays["anomaly_map"].dtype == np.float16
        np.testing.assert_allclose(arrays["anomaly_map"], anomaly_map, rtol=1e-3)


def test_a_score_beyond_float16_stays_finite(tmp_path: Path, good_png: bytes) -> None:
    store = EvidenceStore(tmp_path, 0)
    kept = store.keep(
        frame_id="a",
        product="p",
        verdict=Verdict.REJECT,
        day=DAY,
        data=good_png,
        anomaly_map=np.full((2, 2), 1e6, np.float32),
    )
    assert kept.anomaly_map is not None
    with np.load(tmp_path / kept.anomaly_map) as arrays:
        assert np.isfinite(arrays["anomaly_map"]).all()


@pytest.mark.parametrize("frame_id", ["../../etc/passwd", "..", "a/b", "/a", "a\\b", "a\n", ".hidden", ""])
def test_no_id_leads_out_of_the_folder(tmp_path: Path, frame_id: str) -> None:
    with pytest.raises(MessageError):
        EvidenceStore(tmp_path, 0).keep(
            frame_id=frame_id, product="p", verdict=Verdict.REJECT, day=DAY, data=b"x"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_cut_off_write_leaves_no_file_of_that_name_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    final = tmp_path / "folder" / "a.jpg"
    write_durably(final, b"whole")
    # What a crash in the middle of a later write leaves behind:
    (final.parent / ".a.jpg.tmp").write_bytes(b"ha")
    assert final.read_bytes() == b"whole"
    write_durably(final, b"whole again")
    assert [path.name for path in final.parent.iterdir()] == ["a.jpg"]
    assert final.read_bytes() == b"whole again"


@pytest.mark.parametrize(
    ("head", "suffix"),
    [
        (b"\xff\xd8\xff\xe0", ".jpg"),
        (b"\x89PNG\r\n\x1a\n", ".png"),
        (b"RIFF\0\0\0\0WEBP", ".webp"),
        (b"RIFF\0\0\0\0WAVE", ".bin"),
        (b"", ".bin"),
        (b"hello", ".bin"),
    ],
)
def test_the_ending_follows_the_content(head: bytes, suffix: str) -> None:
    assert picture_suffix(head) == suffix
