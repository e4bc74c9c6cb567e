"""Settings: one `inspector.toml`; each key also by environment (`INSPECTOR_MQTT__HOST` for `[mqtt] host`)."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableVariableError

from inspector.bundle import PRODUCT_PATTERN
from inspector.describing.words import Language
from inspector.errors import SettingsError
from inspector.messages import NAME_PATTERN

ENV_PREFIX = "INSPECTOR_"
ENV_DELIMITER = "__"

_UNKNOWN = "there is no such setting"
# pydantic's words speak of Python's types and of patterns; by type of error, these do not.
_WORDS = {
    "extra_forbidden": _UNKNOWN,
    "missing": "it is missing",
    "model_type": "it must be a section with keys of its own",
    "tuple_type": "it must be a list",
    "string_pattern_mismatch": "it must be 1 to 64 letters, digits, dots, dashes and underscores, the first a"
    " letter or digit",
}


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
        ("CPUExecutionProvider",),
        title="Providers",
        description="ONNX Runtime providers in order of preference",
    )
    threads: int = Field(
        0, title="Threads", description="Threads of one forward pass; 0 takes all cores", ge=0
    )


class CameraSettings(_Section):
    """One camera, the product in front of it and the bundle that judges it."""

    line: str = Field(title="Line", pattern=NAME_PATTERN)
    camera: str = Field(title="Camera", pattern=NAME_PATTERN)
    product: str = Field(title="Product", pattern=PRODUCT_PATTERN)
    bundle: Path = Field(title="Bundle", description="Folder that `inspector train` wrote")
    mm_per_px: float | None = Field(
        None,
        title="Millimetres a pixel",
        description="Width of a pixel on the part, for sizes in millimetres; without it, shares of the part",
        gt=0,
        allow_inf_nan=False,
    )


class EvidenceSettings(_Section):
    """Which pictures are kept."""

    pass_share: float = Field(
        0.05, title="Share of passes", description="Share of passed frames whose picture is kept", ge=0, le=1
    )


class EdgeSettings(_Section):
    """The service beside the line."""

    box: str = Field(
        "box-1", title="Box", description="Name of this box, unique on its site", pattern=NAME_PATTERN
    )
    data_dir: Path = Field(Path("var/box-1"), title="Data folder", description="Evidence and quarantine")
    queue_size: int = Field(
        8, title="Queue", description="Frames taken from the broker and not yet recorded", ge=1, le=1000
    )
    evidence: EvidenceSettings = Field(EvidenceSettings(), title="Evidence")
    cameras: tuple[CameraSettings, ...] = Field((), title="Cameras")


class DescribingSettings(_Section):
    """The sentences that say what is wrong with a rejected part."""

    enabled: bool = Field(True, title="Enabled", description="Describe rejects; without it, verdicts only")
    language: Language = Field("en", title="Language", description="Language of the sentences: en or zh")
    language_model: Path = Field(
        Path("var/language-model"),
        title="Language model",
        description="Folder that `inspector prepare-llm` wrote; without one, templates write the sentences",
    )
    adapter: Path | None = Field(
        None, title="Adapter", description="Folder of another adapter than the one that inspector brings"
    )
    deadline_s: float = Field(
        5.0,
        title="Deadline",
        description="Seconds from the verdict after which the template's sentence stands",
        gt=0,
        le=600,
    )
    threads: int = Field(1, title="Threads", description="Threads of the language model", ge=1)
    providers: tuple[str, ...] = Field(
        ("CPUExecutionProvider",),
        title="Providers",
        description="ONNX Runtime providers of the language model, in order of preference",
    )
    queue_size: int = Field(
        64, title="Queue", description="Rejects that wait for the language model", ge=1, le=10_000
    )


class DashboardSettings(_Section):
    """The page."""

    host: str = Field("127.0.0.1", title="Host", description="Address the page listens on")
    port: int = Field(8501, title="Port", ge=1, le=65535)
    refresh_s: float = Field(
        2.0, title="Refresh", description="Seconds between updates of the live page", ge=0.2, le=3600
    )


class Settings(BaseSettings):
    """All settings. Make one with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter=ENV_DELIMITER, extra="forbid", frozen=True
    )

    site: str = Field("plant-1", title="Site", pattern=NAME_PATTERN)
    mqtt: MqttSettings = Field(MqttSettings(), title="MQTT")
    database: DatabaseSettings = Field(DatabaseSettings(), title="Database")
    engine: EngineSettings = Field(EngineSettings(), title="Engine")
    edge: EdgeSettings = Field(EdgeSettings(), title="Edge")
    describing: DescribingSettings = Field(DescribingSettings(), title="Describing")
    dashboard: DashboardSettings = Field(DashboardSettings(), title="Dashboard")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class asks for these
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, which arrives as arguments."""
        return env_settings, init_settings


def load_settings(path: Path | None = None) -> Settings:
    """Read a TOML file and the environment; relative paths in the file are relative to the working folder.

    Raises:
        SettingsError: the file is missing or not TOML, or a value is unknown or out of range.
    """
    values = _read_toml(path) if path is not None else {}
    # Looked at before pydantic-settings does: it takes keys such as `_env_file` for options of its own, and
    # variables of unknown sections for somebody else's.
    problems = [f"{key}: {_UNKNOWN}" for key in values if key not in Settings.model_fields]
    problems += [f"{name} (environment): {_UNKNOWN}" for name in _unknown_variables(os.environ)]
    settings = None
    try:
        settings = Settings(**{key: value for key, value in values.items() if key in Settings.model_fields})
    except ValidationError as error:
        problems += [_problem(detail, os.environ) for detail in error.errors()]
    except UnreadableVariableError as error:
        problems.append(f"{error}: {error.__cause__} (environment; lists and sections are written as JSON)")
    if settings is None or problems:
        where = f"settings {path}" if path else "the settings in the environment"
        raise SettingsError(f"{where} are wrong", "; ".join(problems), "Correct these keys")
    return settings


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        # Windows' editors begin a file with a byte order mark, which is no TOML.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(
            f"settings {path} cannot be read", "there is no such file", "Give it with --config"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"settings {path} cannot be read", str(error), "Correct the file") from error


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Variables that look like a key in a section, of sections that do not exist.

    Other unknown variables pass: Kubernetes sets INSPECTOR_SERVICE_HOST for a service named inspector.
    """
    for name in environment:
        section, delimiter, _ = name.upper().removeprefix(ENV_PREFIX).partition(ENV_DELIMITER)
        if name.upper().startswith(ENV_PREFIX) and delimiter and section.lower() not in Settings.model_fields:
            yield name


def _problem(detail: ErrorDetails, environment: Mapping[str, str]) -> str:
    """One wrong value, under the name where a person wrote it."""
    keys = [str(part) for part in detail["loc"]]
    name = ".".join(keys)
    variables = {variable.upper(): variable for variable in environment}
    for length in range(len(keys), 0, -1):
        variable = ENV_PREFIX + ENV_DELIMITER.join(keys[:length]).upper()
        if variable in variables:
            rest = "".join(f".{key}" for key in keys[length:])
            name = f"{variables[variable]}{rest} (environment)"
            break
    return f"{name}: {_WORDS.get(detail['type'], detail['msg'])}"
