from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import fsspec
import numpy as np
import pytest

from dashboard.evidence import read_map, read_picture
from edge.evidence import EvidenceStore
from inspector.errors import FrameError
from inspector.frames import encode_png
from inspector.results import Verdict
from tests.tiny_bundle import tiny_part

SCORES = np.linspace(-2, 9, 12, dtype=np.float32).reshape(3, 4)


def keep(data_dir: Path) -> tuple[str, str]:
    kept = EvidenceStore(data_dir, 1.0).keep(
        frame_id="cam:1",
        product="washer",
        verdict=Verdict.REJECT,
        day=date(2026, 3, 4),
        data=encode_png(tiny_part(1)),
        anomaly_map=SCORES,
    )
    assert kept.picture is not None
    assert kept.anomaly_map is not None
    return kept.picture, kept.anomaly_map


def test_what_the_box_keeps_is_read_back(tmp_path: Path) -> None:
    picture, anomaly_map = keep(tmp_path)
    assert np.array_equal(read_picture(picture, tmp_path), tiny_part(1))
    scores = read_map(anomaly_map, tmp_path)
    assert scores.dtype == np.float32
    assert scores == pytest.approx(SCORES, rel=1e-3)


def test_an_absolute_address_is_read_by_fsspec(tmp_path: Path) -> None:
    with fsspec.open("memory://evidence/part.png", "wb") as file:
        file.write(encode_png(tiny_part(2)))
    assert np.array_equal(read_picture("memory://evidence/part.png", tmp_path), tiny_part(2))


@pytest.mark.parametrize("location", ["evidence/gone.jpg", "memory://evidence/gone.jpg"])
def test_a_missing_file_is_named(tmp_path: Path, location: str) -> None:
    with pytest.raises(match=r"gone\.jpg is gone"):
        read_picture(location, tmp_path)


def test_the_remedy_for_a_missing_file_is_the_data_folder(tmp_path: Path) -> None:
    with pytest.raises(match="Check data_dir under \\[edge\\]"):
        read_picture("evidence/gone.jpg", tmp_path)


@pytest.mark.parametrize("location", ["nosuchprotocol://box/a.jpg", "evidence", "evidence/a\0b.jpg"])
def test_what_cannot_be_opened_says_why(tmp_path: Path, location: str) -> None:
    (tmp_path / "evidence").mkdir()
    with pytest.raises(match="cannot be read"):
        read_picture(location, tmp_path)


def test_a_path_cannot_leave_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(encode_png(tiny_part(1)))
    data_dir = tmp_path / "box"
    data_dir.mkdir()
    for location in ("../secret.png", str(tmp_path / "secret.png")):
        with pytest.raises(match="lies outside"):
            read_picture(location, data_dir)


def test_a_damaged_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with pytest.raises(FrameError):
        read_picture("a.jpg", tmp_path)


def as_npz(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zip",
        as_npz(anomaly_map=SCORES)[:-30],
        as_npz(other=SCORES),
        as_npz(anomaly_map=np.zeros(3)),
        as_npz(anomaly_map=np.zeros((0, 4))),
        as_npz(anomaly_map=np.array([{"pickled": "code"}], dtype=object)),
    ],
    ids=["empty", "no zip", "cut off", "other name", "one axis", "no pixels", "pickle"],
)
def test_a_damaged_map_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(match=r"the map a\.npz cannot be read"):
        read_map("a.npz", tmp_path)
