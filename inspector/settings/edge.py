"""Settings of the service beside the line."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from inspector.bundle import PRODUCT_PATTERN
from inspector.messages import NAME_PATTERN
from inspector.settings.section import Section


class CameraSettings(Section):
    """One camera, the product in front of it and the bundle that judges it."""

    line: str = Field(title="Line", pattern=NAME_PATTERN)
    camera: str = Field(title="Camera", pattern=NAME_PATTERN)
    product: str = Field(title="Product", pattern=PRODUCT_PATTERN)
    bundle: Path | None = Field(
        None,
        title="Bundle",
        description="Folder that `inspector train` wrote; without one, the model topic names a bundle",
    )
    mm_per_px: float | None = Field(
        None,
        title="Millimetres a pixel",
        description="Width of a pixel on the part, for sizes in millimetres; without it, shares of the part",
        gt=0,
        allow_inf_nan=False,
    )


class FolderSettings(Section):
    """A folder that is watched for a camera's pictures."""

    line: str = Field(title="Line", pattern=NAME_PATTERN)
    camera: str = Field(title="Camera", pattern=NAME_PATTERN)
    path: Path = Field(title="Path", description="Folder, watched with its sub-folders")
    done: Literal["move", "delete"] = Field(
        "move",
        title="Done",
        description="What becomes of a recorded file: moved to done/ in the folder, or deleted",
    )
    settle_s: float = Field(
        1.0, title="Settled", description="Seconds without change after which a file is whole", ge=0, le=3600
    )
    poll_s: float = Field(0.5, title="Poll", description="Seconds between looks", ge=0.05, le=3600)


class VideoSettings(Section):
    """A live video that pictures are taken from."""

    line: str = Field(title="Line", pattern=NAME_PATTERN)
    camera: str = Field(title="Camera", pattern=NAME_PATTERN)
    url: str = Field(
        title="URL",
        description="rtsp://…, http://…, or the number of a camera at this machine, such as 0",
        min_length=1,
    )
    frames_per_s: float = Field(1.0, title="Rate", description="Pictures a second", gt=0, le=1000)


class EvidenceSettings(Section):
    """Which pictures are kept."""

    pass_share: float = Field(
        0.05, title="Share of passes", description="Share of passed frames whose picture is kept", ge=0, le=1
    )
    keep_days: int | None = Field(
        90,
        title="Days",
        description="Days that pictures are kept; without it, as long as there is room",
        ge=1,
    )
    largest_gb: float | None = Field(
        20.0, title="Room", description="Gigabytes of pictures on the box; the oldest passes go first", gt=0
    )
    embeddings: bool = Field(
        True,
        title="Embeddings",
        description="Record what kept frames look like to the network, so that alike ones can be found",
    )
    quarantine_days: int | None = Field(
        30, title="Quarantine", description="Days that broken frames are kept; without it, for ever", ge=1
    )
    url: str | None = Field(
        None,
        title="Remote store",
        description="fsspec URL, such as s3://bucket/box-1, that pictures are brought to",
        pattern=r"^[a-z0-9+.-]+://.+",
    )


class DiskSettings(Section):
    """When the data folder's disk is taken for full."""

    low_mb: int = Field(
        2000, title="Low", description="Megabytes of free space below which kept passes are removed", ge=1
    )
    full_mb: int = Field(
        500, title="Full", description="Megabytes of free space below which no frame is taken", ge=0
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.full_mb >= self.low_mb:
            raise ValueError(f"full_mb ({self.full_mb}) must be below low_mb ({self.low_mb})")
        return self


class HealthSettings(Section):
    """Where the box tells how it is: `/health` and `/metrics`."""

    enabled: bool = Field(True, title="Enabled")
    host: str = Field("127.0.0.1", title="Host", description="Address to listen on; 0.0.0.0 for the network")
    port: int = Field(9464, title="Port", description="0 takes any free port", ge=0, le=65535)


class WatchdogSettings(Section):
    """When a stage of the pipeline is taken for stuck."""

    limit_s: float = Field(
        60.0,
        title="Limit",
        description="Seconds with one batch after which a stage is restarted",
        gt=0,
        le=3600,
    )


class DriftSettings(Section):
    """Whether the box watches for changes in its cameras' frames."""

    enabled: bool = Field(True, title="Enabled")
    learn_frames: int = Field(
        200,
        title="Frames to learn from",
        description="Passed frames that are taken for usual, where the bundle does not say what is",
        ge=50,
        le=10_000,
    )


class ModelSettings(Section):
    """Where bundles come from that are named on the model topic, and what they must keep."""

    registry: str | None = Field(
        None,
        title="Registry",
        description="Folder or fsspec URL with <product>/<version>/, for requests that name no source",
    )
    protocols: tuple[str, ...] = Field(
        ("file", "http", "https", "s3", "gs", "gcs", "az", "abfs", "sftp", "smb"),
        title="Protocols",
        description="fsspec protocols that a bundle may be fetched by",
    )
    largest_mb: int = Field(
        2048,
        title="Largest",
        description="Megabytes of a bundle; a larger one is refused",
        ge=1,
        le=1_000_000,
    )
    follow: bool = Field(
        False,
        title="Follow the registry",
        description="Take what is promoted there, without a request on the model topic",
    )
    budget_ms: float | None = Field(
        None,
        title="Latency budget",
        description="Median milliseconds from a decoded frame to its verdict; a slower model is refused",
        gt=0,
        allow_inf_nan=False,
    )


class EdgeSettings(Section):
    """The service beside the line."""

    box: str = Field(
        "box-1", title="Box", description="Name of this box, unique on its site", pattern=NAME_PATTERN
    )
    data_dir: Path = Field(Path("var/box-1"), title="Data folder", description="Evidence and quarantine")
    queue_size: int = Field(
        48, title="Queue", description="Frames taken from the broker and not yet recorded", ge=1, le=1000
    )
    batch_budget_ms: float = Field(
        200.0,
        title="Batch budget",
        description="Milliseconds that the forward pass of frames scored together may take",
        gt=0,
        le=60_000,
    )
    evidence: EvidenceSettings = Field(EvidenceSettings(), title="Evidence")
    disk: DiskSettings = Field(DiskSettings(), title="Disk")
    health: HealthSettings = Field(HealthSettings(), title="Health")
    watchdog: WatchdogSettings = Field(WatchdogSettings(), title="Watchdog")
    shared_group: str | None = Field(
        None,
        title="Shared group",
        description="Boxes with the same group split the frames of their cameras (shared subscription)",
        pattern=NAME_PATTERN,
    )
    topic_filter: str | None = Field(
        None,
        title="Topic filter",
        description="Subscribe to this filter, and not to each camera: inspector/v1/plant-1/+/+/frame/#",
        min_length=1,
        max_length=512,
    )
    trusted_keys: tuple[Path, ...] = Field(
        (),
        title="Trusted keys",
        description="Public keys of who trains; bundles that none of them signed are refused",
    )
    allow_unsigned: bool | None = Field(
        None,
        title="Allow unsigned",
        description="Bundles without a signature may judge; by default only where no key is trusted",
    )
    drift: DriftSettings = Field(DriftSettings(), title="Drift")
    models: ModelSettings = Field(ModelSettings(), title="Models")
    cameras: tuple[CameraSettings, ...] = Field((), title="Cameras")
    folders: tuple[FolderSettings, ...] = Field((), title="Folders")
    videos: tuple[VideoSettings, ...] = Field((), title="Videos")
