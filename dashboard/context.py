"""What every page needs: the settings the command was given, and one connection to the records."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from pathlib import Path

import streamlit as st
from sqlalchemy import make_url

from dashboard.clock import zone_of
from inspector.records import Records
from inspector.settings import Settings, load_settings

CONFIG_OPTION = "--config"


@dataclass(frozen=True, slots=True)
class Moment:
    """The time that one drawing of a page takes as now, and the zone it is told in."""

    now: datetime
    zone: tzinfo


def settings() -> Settings:
    """The settings of the file that `inspector dashboard` passed on, read once.

    Raises:
        SettingsError: the file is missing or wrong.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument(CONFIG_OPTION, type=Path, default=None)
    return _load(parser.parse_known_args(sys.argv[1:])[0].config)


@lru_cache(maxsize=4)
def _load(path: Path | None) -> Settings:
    return load_settings(path)


def moment() -> Moment:
    """Now, in the zone of the browser that is being answered."""
    return Moment(now=datetime.now(UTC), zone=zone_of(st.context.timezone))


def records() -> Records:
    """The records, connected once for all visitors.

    Raises:
        RecordsError: the database cannot be reached; nothing is kept, so the next call tries again.
    """
    url = settings().database.url
    return _open(url, _file_identity(url))


def central() -> Records:
    """The records that the registry is in: the plant's, where there are some, else `records`.

    Raises:
        RecordsError: the database cannot be reached; nothing is kept, so the next call tries again.
    """
    url = settings().registry_database
    return _open(url, _file_identity(url))


def _file_identity(url: str) -> int | None:
    """Number of an SQLite file's inode: an open connection would go on reading a file that was replaced."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    try:
        return Path(parsed.database).stat().st_ino
    except OSError:
        return None


@st.cache_resource(show_spinner=False, max_entries=2, on_release=Records.close)
def _open(url: str, identity: int | None) -> Records:  # noqa: ARG001 - part of the cache's key
    return Records.open(url)


def forget_records() -> None:
    """Drop the connection after an error, so that the next call opens the database anew."""
    _open.clear()
