"""The pictures behind the verdicts: every reject, everything unsure, and a share of the passes.

Layout under the box's data folder::

    evidence/<date>/<verdict>/<product>/<frame id>.jpg    the camera's own bytes, never encoded again
    evidence/<date>/<verdict>/<product>/<frame id>.npz    `anomaly_map`: float16 [h, w], the network's size

The date is that of the verdict by the box's clock: a camera with a wrong clock must not decide how long its
pictures are kept. Colons of a frame id are equals signs in the file's name. Files of an earlier version lie
without the verdict's folder.

With a remote store, records name a file by its URL there from the beginning. It is written here first, so
that no verdict waits for a network, and `edge.evidence_mover` brings it there.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.files import file_name, picture_suffix
from inspector.durability import write_durably
from inspector.evidence import EVIDENCE_FOLDER
from inspector.messages import check_frame_id
from inspector.results import Verdict


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """Where a frame's evidence is: paths relative to the data folder, or URLs; None where it was not kept."""

    picture: str | None = None
    anomaly_map: str | None = None


class EvidenceStore:
    """Keeps evidence on the box's disk.

    Args:
        data_dir: the box's data folder.
        pass_share: share of passed frames that are kept, 0..1.
        remote: URL of the store that everything is brought to afterwards; None: it stays here.
    """

    def __init__(self, data_dir: Path, pass_share: float, *, remote: str | None = None) -> None:
        self._data_dir, self._pass_share = data_dir, pass_share
        self._prefix = "" if remote is None else f"{remote.rstrip('/')}/"

    def wants(self, verdict: Verdict, frame_id: str) -> bool:
        """Whether the evidence of a frame with this verdict is kept.

        A pass is drawn by the hash of its id, so that a frame that is delivered twice is decided once.
        """
        if verdict is not Verdict.PASS:
            return True
        digest = hashlib.sha256(b"evidence of a pass\0" + frame_id.encode()).digest()
        return int.from_bytes(digest[:8]) < self._pass_share * 2**64

    def keep(
        self,
        *,
        frame_id: str,
        product: str,
        verdict: Verdict,
        day: date,
        data: bytes,
        anomaly_map: NDArray[np.float32] | None = None,
    ) -> KeptEvidence:
        """Store a frame's bytes and its map; when this returns, both are on disk under their names.

        Args:
            frame_id: identity of the frame.
            product: product of the camera.
            verdict: what was decided; it says how long the evidence is kept.
            day: date of the verdict in UTC.
            data: the encoded picture as the camera sent it.
            anomaly_map: float32 `[h, w]`, where the frame was scored.

        Raises:
            MessageError: the id could not be a file name.
            OSError: the disk cannot be written.
        """
        folder = Path(EVIDENCE_FOLDER) / day.isoformat() / verdict.value / product
        stem = file_name(check_frame_id(frame_id))
        picture = folder / f"{stem}{picture_suffix(data)}"
        write_durably(self._data_dir / picture, data)
        if anomaly_map is None:
            return KeptEvidence(self._prefix + picture.as_posix())
        scores = folder / f"{stem}.npz"
        write_durably(self._data_dir / scores, encode_map(anomaly_map))
        return KeptEvidence(self._prefix + picture.as_posix(), self._prefix + scores.as_posix())


def encode_map(anomaly_map: NDArray[np.float32]) -> bytes:
    """A float32 `[h, w]` map as the bytes of a compressed ``.npz`` of float16: three digits, a few kB."""
    largest = float(np.finfo(np.float16).max)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, anomaly_map=np.clip(anomaly_map, -largest, largest).astype(np.float16))
    return buffer.getvalue()
