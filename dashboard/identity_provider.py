"""The secrets by which people sign in at an identity provider, looked at before the page is served."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from inspector.errors import DashboardError

_NEEDED: Final = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_CALLBACK: Final = "/oauth2callback"
_SHORTEST_SECRET: Final = 32
_GUIDE: Final = "See docs/signing-in.md"


def check_secrets(path: Path) -> None:
    """Make sure that people can sign in by what a file says.

    Raises:
        DashboardError: the file cannot be read, its `[auth]` lacks something, or authlib is not installed.
    """
    what = f"nobody can sign in by {path}"
    try:
        auth = tomllib.loads(path.read_text(encoding="utf-8")).get("auth")
    except OSError as error:
        raise DashboardError(what, f"it cannot be read ({error.strerror})", _GUIDE) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DashboardError(what, f"it is no TOML file ({error})", _GUIDE) from error
    if not isinstance(auth, dict):
        raise DashboardError(what, "it has no section [auth]", _GUIDE)
    if missing := [name for name in _NEEDED if not (isinstance(auth.get(name), str) and auth[name])]:
        raise DashboardError(what, f"[auth] lacks {', '.join(missing)}", _GUIDE)
    if urlsplit(auth["redirect_uri"]).path != _CALLBACK:
        raise DashboardError(
            what, f"redirect_uri is {auth['redirect_uri']}", f"Let it be the page's address and {_CALLBACK}"
        )
    if len(auth["cookie_secret"]) < _SHORTEST_SECRET:
        raise DashboardError(
            what, "who guesses cookie_secret is anybody", f"Take {_SHORTEST_SECRET} random characters or more"
        )
    if find_spec("authlib") is None:
        raise DashboardError(
            what, "authlib is not installed", "Install the extra: pip install 'inspector[oidc]'"
        )
