"""A product's reject limit, changed on the line: what was asked for, kept over restarts and new models."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from inspector.bundle import Bundle, Limits
from inspector.calibration import limits_by_hand
from inspector.durability import write_durably
from inspector.errors import ModelSourceError
from inspector.model_messages import LimitsSetMessage

LIMITS_NAME: Final = "limits.json"


class KeptLimits(BaseModel):
    """What was asked for last, as it is on disk.

    Attributes:
        request: what was asked.
        request_sha256: hash of the message; the broker may deliver it again.
        changed_at: when.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    request: LimitsSetMessage
    request_sha256: str
    changed_at: AwareDatetime


class ProductLimits:
    """One product's changed limit. Used by one thread.

    Args:
        folder: the product's folder among the box's models.
        product: its name.
    """

    def __init__(self, folder: Path, product: str) -> None:
        self._path, self._product = folder / LIMITS_NAME, product
        self.kept: KeptLimits | None = None

    def restore(self) -> str:
        """Read what an earlier run has kept; returns what is wrong with it, as a clause, or nothing."""
        try:
            kept = KeptLimits.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return ""
        except (OSError, ValidationError) as error:
            why = "it is damaged" if isinstance(error, ValidationError) else str(error)
            return f"{LIMITS_NAME} of {self._product} cannot be read, {why}"
        if kept.request.product != self._product:
            return f"{LIMITS_NAME} of {self._product} is that of {kept.request.product}"
        self.kept = kept
        return ""

    def keep(self, request: LimitsSetMessage, request_sha256: str, now: datetime) -> None:
        """Keep a request, on disk when this returns. It is in force from then on.

        Raises:
            ModelSourceError: the disk cannot be written; what was kept stays.
        """
        kept = KeptLimits(request=request, request_sha256=request_sha256, changed_at=now)
        try:
            write_durably(self._path, kept.model_dump_json(indent=2).encode() + b"\n")
        except OSError as error:
            raise ModelSourceError(
                f"the limit of {self._product} cannot be kept",
                error.strerror or str(error),
                "Free or repair the disk of edge.data_dir, and send it again",
            ) from error
        self.kept = kept

    def limits_of(self, bundle: Bundle) -> Limits | None:
        """What decides instead of a bundle's own limits; None: these."""
        if self.kept is None or self.why_not(bundle):
            return None
        request, own = self.kept.request, bundle.manifest.limits
        if request.reject is None and request.sensitivity is None:
            return None
        reject = own.reject if request.reject is None else request.reject
        return limits_by_hand(own, reject / (request.sensitivity or 1.0))

    def why_not(self, bundle: Bundle) -> str:
        """Why the kept request does not apply to a bundle, as one clause; empty where it does."""
        if self.kept is None:
            return ""
        request, own = self.kept.request, bundle.manifest.limits
        if request.model_version not in {None, bundle.version}:
            return f"it was set for bundle {request.model_version}, and {bundle.version} is active"
        if request.sensitivity is not None and request.reject is None and own.reject <= 0:
            return f"the limit of bundle {bundle.version}, {own.reject:.6g}, is not above zero: give a limit"
        return ""
