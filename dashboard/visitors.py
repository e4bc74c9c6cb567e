"""Who is at the page, and what they may do. Asked anew for every drawing and every write.

A person signs in by a local account, or by the identity provider that Streamlit's `[auth]` secrets name
(OIDC); the provider says who it is, and the account of that e-mail address says what they may do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Final

import streamlit as st

from dashboard.context import records, settings
from dashboard.visit_cookie import COOKIE, ask_browser
from inspector.errors import AccountError
from inspector.records import Account, Role

_TOKEN: Final = "visit-token"  # noqa: S105 - name of the place it is kept in


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the page.

    Attributes:
        name: what reviews and the audit log are signed with; empty for somebody unknown.
        role: what they may do; None: not even look.
        account: their account; None for somebody unknown, or known by the identity provider alone.
    """

    name: str
    role: Role | None
    account: Account | None = None

    @property
    def must_choose_password(self) -> bool:
        """They came in by a password that another person knows."""
        return self.account is not None and self.account.is_temporary and not provider_name()

    def may(self, needed: Role) -> bool:
        """Whether they may do what a role may."""
        return self.role is not None and self.role.may(needed) and not self.must_choose_password


def visitor() -> Visitor:
    """Who is at the page being drawn; the account is read now, so that a change of it counts at once.

    Raises:
        RecordsError: the records cannot be reached.
    """
    if provided := provider_name():
        # Only an address that the provider has not called unproven: other names are chosen by their owners.
        account = records().accounts.get(provided) if provided == _proven_email() else None
        role = account.role if account is not None else settings().dashboard.provided_role
        return Visitor(provided, Role(role), account)
    if token := _token():
        account = records().visits.account(token, at=datetime.now(UTC))
        if account is not None:
            return Visitor(account.name, account.role, account)
        st.session_state.pop(_TOKEN, None)
    return Visitor("", None if settings().dashboard.require_sign_in else Role.VIEWER)


def require(needed: Role) -> Visitor:
    """Who is at the page, if they may do this. Every write calls it, whatever the page has shown.

    Raises:
        AccountError: they may not.
        RecordsError: the records cannot be reached.
    """
    who = visitor()
    if who.may(needed):
        return who
    if who.must_choose_password:
        raise AccountError("nothing was changed", "your password is a one-time one", "Choose your own first")
    if who.name:
        raise AccountError(
            "nothing was changed",
            f"{who.name} is {who.role.value if who.role else 'nobody'}, and this needs {needed.value}",
            "Ask an admin",
        )
    raise AccountError("nothing was changed", "nobody is signed in", "Sign in")


def sign_in_as(account: Account) -> None:
    """Begin a visit, and have the browser keep its token.

    Raises:
        RecordsError: the records cannot be written.
    """
    token, lasts = token_urlsafe(32), timedelta(hours=settings().dashboard.visit_hours)
    records().visits.begin(token, account, at=datetime.now(UTC), lasts=lasts)
    st.session_state[_TOKEN] = token
    ask_browser(token, lasts)


def sign_out() -> None:
    """End the visit of this page, and the one that the browser keeps.

    Raises:
        RecordsError: the records cannot be written; the visit goes on.
    """
    tokens: set[str | None] = {st.session_state.get(_TOKEN), st.context.cookies.get(COOKIE)}
    for token in tokens:
        if token is not None:
            records().visits.end(token, at=datetime.now(UTC))
    st.session_state.pop(_TOKEN, None)
    ask_browser(None)
    if provider_name():
        st.logout()


def provider_name() -> str | None:
    """What the identity provider calls the visitor; None: they did not come by it.

    Their e-mail address, else another name with `oidc:` before it: no account can have such a name, so nobody
    signs with the name of another.
    """
    user = st.user
    if not user.get("is_logged_in"):
        return None
    if email := _proven_email():
        return email
    name = user.get("preferred_username") or user.get("sub")
    return f"oidc:{name}" if name else None


def _proven_email() -> str | None:
    """The e-mail address that the provider tells; None where it says itself that nobody has proven it."""
    email = st.user.get("email")
    return str(email) if email and st.user.get("email_verified") is not False else None


def _token() -> str | None:
    """Token of the visit: of this page, else of the cookie that it was loaded with."""
    token: str | None = st.session_state.get(_TOKEN) or st.context.cookies.get(COOKIE)
    return token


def has_provider() -> bool:
    """Whether an identity provider is set up."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False
