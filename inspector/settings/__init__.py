"""Settings: one `inspector.toml`; each key also by environment (`INSPECTOR_MQTT__HOST` for `[mqtt] host`)."""

from inspector.settings.edge import (
    CameraSettings,
    DiskSettings,
    EdgeSettings,
    EvidenceSettings,
    FolderSettings,
    HealthSettings,
    ModelSettings,
    VideoSettings,
    WatchdogSettings,
)
from inspector.settings.loading import Settings, load_settings
from inspector.settings.shared import (
    CentralSettings,
    DashboardSettings,
    DatabaseSettings,
    DescribingSettings,
    EngineSettings,
    MqttSettings,
    TlsSettings,
)

__all__ = [
    "CameraSettings",
    "CentralSettings",
    "DashboardSettings",
    "DatabaseSettings",
    "DescribingSettings",
    "DiskSettings",
    "EdgeSettings",
    "EngineSettings",
    "EvidenceSettings",
    "FolderSettings",
    "HealthSettings",
    "ModelSettings",
    "MqttSettings",
    "Settings",
    "TlsSettings",
    "VideoSettings",
    "WatchdogSettings",
    "load_settings",
]
