"""Settings: one `inspector.toml`, every key also by environment (`INSPECTOR_MQTT__HOST` for `[mqtt] host`)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from inspector.bundle import PRODUCT_PATTERN
from inspector.errors import SettingsError

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""Names become MQTT topic levels: no slash, no wildcard, no space."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MqttSettings(_Section):
    """The broker that cameras publish to."""

    host: str = Field("127.0.0.1", title="Host", description="Name or address of the broker")
    port: int = Field(1883, title="Port", description="TCP port of the broker", ge=1, le=65535)
    username: str | None = Field(None, title="User name")
    password: SecretStr | None = Field(None, title="Password", description="Better by environment")
    protocol: Literal["auto", "5", "3.1.1"] = Field(
        "auto", title="Protocol", description="auto tries MQTT 5 and falls back to 3.1.1"
    )
    keepalive_s: int = Field(30, title="Keep-alive", description="Seconds between pings", ge=5, le=3600)
    embedded: bool = Field(
        False, title="Embedded broker", description="Start a broker inside the service at this host and port"
    )


class DatabaseSettings(_Section):
    """Where inspections are recorded."""

    url: str = Field(
        "sqlite:///var/inspector.db",
        title="URL",
        description="SQLAlchemy URL; sqlite:///… or postgresql+psycopg://…",
    )


class EngineSettings(_Section):
    """What runs the networks."""

    providers: tuple[str, ...] = Field(
        ("CPUExecutionProvider",), title="Providers", description="ONNX Runtime providers in order of preference"
    )
    threads: int = Field(0, title="Threads", description="Threads of one forward pass; 0 takes all cores", ge=0)


class CameraSettings(_Section):
    """One camera, the product in front of it and the bundle that judges it."""

    line: str = Field(title="Line", pattern=NAME_PATTERN)
    camera: str = Field(title="Camera", pattern=NAME_PATTERN)
    product: str = Field(title="Product", pattern=PRODUCT_PATTERN)
    bundle: Path = Field(title="Bundle", description="Folder that `inspector train` wrote")


class EvidenceSettings(_Section):
    """Which pictures are kept."""

    pass_share: float = Field(
        0.05, title="Share of passes", description="Share of passed frames whose picture is kept", ge=0, le=1
    )


class EdgeSettings(_Section):
    """The service beside the line."""

    box: str = Field("box-1", title="Box", description="Name of this box, unique on its site", pattern=NAME_PATTERN)
    data_dir: Path = Field(Path("var/box-1"), title="Data folder", description="Evidence and quarantine")
    queue_size: int = Field(
        8, title="Queue", description="Frames taken from the broker and not yet recorded", ge=1, le=1000
    )
    evidence: EvidenceSettings = Field(EvidenceSettings(), title="Evidence")
    cameras: tuple[CameraSettings, ...] = Field((), title="Cameras")


class DashboardSettings(_Section):
    """The page."""

    host: str = Field("127.0.0.1", title="Host", description="Address the page listens on")
    port: int = Field(8501, title="Port", ge=1, le=65535)
    refresh_s: float = Field(2.0, title="Refresh", description="Seconds between updates of the live page", ge=0.2)


class Settings(BaseSettings):
    """All settings. Make one with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix="INSPECTOR_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    site: str = Field("plant-1", title="Site", pattern=NAME_PATTERN)
    mqtt: MqttSettings = Field(MqttSettings(), title="MQTT")
    database: DatabaseSettings = Field(DatabaseSettings(), title="Database")
    engine: EngineSettings = Field(EngineSettings(), title="Engine")
    edge: EdgeSettings = Field(EdgeSettings(), title="Edge")
    dashboard: DashboardSettings = Field(DashboardSettings(), title="Dashboard")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, which arrives as arguments."""
        return env_settings, init_settings


def load_settings(path: Path | None = None) -> Settings:
    """Read a TOML file and the environment; relative paths in the file are relative to the working folder.

    Raises:
        SettingsError: the file is missing or not TOML, or a value is unknown or out of range.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SettingsError(
                f"settings {path} cannot be read", "there is no such file", "Give it with --config"
            ) from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"settings {path} cannot be read", str(error), "Correct the file") from error
    try:
        return Settings(**values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()
        )
        where = f"settings {path}" if path else "the settings in the environment"
        raise SettingsError(f"{where} are wrong", problems, "Correct these keys") from error
