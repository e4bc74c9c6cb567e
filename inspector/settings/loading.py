"""Settings: one `inspector.toml`; each key also by environment (`INSPECTOR_MQTT__HOST` for `[mqtt] host`)."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableVariableError

from inspector.errors import SettingsError
from inspector.messages import NAME_PATTERN
from inspector.settings.edge import EdgeSettings
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
)

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


class Settings(BaseSettings):
    """All settings. Make one with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter=ENV_DELIMITER, extra="forbid", frozen=True
    )

    site: str = Field("plant-1", title="Site", pattern=NAME_PATTERN)
    mqtt: MqttSettings = Field(MqttSettings(), title="MQTT")
    database: DatabaseSettings = Field(DatabaseSettings(), title="Database")
    central: CentralSettings = Field(CentralSettings(), title="Central database")
    registry: RegistrySettings = Field(RegistrySettings(), title="Registry")
    training: SigningSettings = Field(SigningSettings(), title="Training")
    engine: EngineSettings = Field(EngineSettings(), title="Engine")
    edge: EdgeSettings = Field(EdgeSettings(), title="Edge")
    describing: DescribingSettings = Field(DescribingSettings(), title="Describing")
    dashboard: DashboardSettings = Field(DashboardSettings(), title="Dashboard")
    report: ReportSettings = Field(ReportSettings(), title="Shift report")

    @property
    def registry_database(self) -> str:
        """SQLAlchemy URL of the database that the registry is in: the plant's, where there is one."""
        central = self.central.url
        return self.database.url if central is None else central.get_secret_value()

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
