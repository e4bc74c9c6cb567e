"""Files that the settings name: are they there, and who can read those that hold secrets."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from inspector.doctor.checking import secrets_of
from inspector.doctor.finding import Finding, State
from inspector.settings import Settings


def check_files(settings: Settings, config: Path | None) -> Iterator[Finding]:
    """Every named file; that of the settings itself too.

    Args:
        settings: as read.
        config: the file they come from; None: defaults and environment alone.
    """
    tls = settings.mqtt.tls
    named: dict[str, Path | None] = {
        "mqtt.tls.ca_file": tls.ca_file,
        "mqtt.tls.certificate": tls.certificate,
        "mqtt.tls.key": tls.key,
        "describing.adapter": settings.describing.adapter,
        "dashboard.training_config": settings.dashboard.training_config,
        "report.font": settings.report.font,
        **{f"edge.folders {one.line}/{one.camera}": one.path for one in settings.edge.folders},
    }
    missing = {key: path for key, path in named.items() if path is not None and not path.exists()}
    for key, path in missing.items():
        yield Finding(State.PROBLEM, f"{key} names {path}", "there is no such file", "Correct the setting")
    if not missing:
        count = sum(path is not None for path in named.values())
        yield Finding(State.OK, f"all {count} files that the settings name are there")
    model = settings.describing.language_model
    if settings.describing.enabled and not model.exists():
        why = f"describing.language_model {model} is not there"
        remedy = "Make it with `inspector prepare-llm` if other sentences are wanted"
        yield Finding(State.NOT_APPLICABLE, "no language model: templates write the sentences", why, remedy)
    secret: dict[str, Path | None] = {"mqtt.tls.key": tls.key}
    if config is not None and any(one in config.read_text(encoding="utf-8") for one in secrets_of(settings)):
        secret["the settings file holds a password and"] = config
    for key, holder in secret.items():
        if holder is None or not holder.exists():
            continue
        mode = stat.S_IMODE(holder.stat().st_mode)
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            why = f"{holder} has mode {mode:04o}"
            yield Finding(State.WARNING, f"{key} can be read by every user", why, f"chmod 600 {holder}")
