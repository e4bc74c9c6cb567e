"""Settings: one `inspector.toml`; each key also by environment (`INSPECTOR_MQTT__HOST` for `[mqtt] host`)."""

from inspector.settings.edge import (
    CameraSettings,
    DiskSettings,
    DriftSettings,
    EdgeSettings,
    EvidenceSettings,
    FolderSettings,
    HealthSettings,
    ModelSettings,
    VideoSettings,
    WatchdogSettings,
)
from inspector.settings.loading import Settings, load_settings
from inspector.settings.report import ReportSettings
from inspector.settings.shared import (
    CentralSettings,
    DashboardSettings,
    DatabaseSettings,
    DescribingSettings,
    EngineSettings,
    MqttSettings,
    RegistrySettings,
    SigningSettings,
    TlsSettings,
)

__all__ = [
    "CameraSettings",
    "CentralSettings",
    "DashboardSettings",
    "DatabaseSettings",
    "DescribingSettings",
    "DiskSettings",
    "DriftSettings",
    "EdgeSettings",
    "EngineSettings",
    "EvidenceSettings",
    "FolderSettings",
    "HealthSettings",
    "ModelSettings",
    "MqttSettings",
    "RegistrySettings",
    "ReportSettings",
    "Settings",
    "SigningSettings",
    "TlsSettings",
    "VideoSettings",
    "WatchdogSettings",
    "load_settings",
]
