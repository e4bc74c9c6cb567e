"""Who is at the page, and what they may do. Asked anew for every drawing and every write.

A person signs in by a local account, or by the identity provider that Streamlit's `[auth]` secrets name
(OIDC); the provider says who it is, and the account of that e-mail address says what they may do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboard.context import records, settings
from inspector.errors import AccountError
from inspector.records import Account, Role

_ACCOUNT: Final = "signed-in-account"


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
        account = records().accounts.get(provided)
        role = account.role if account is not None else settings().dashboard.provided_role
        return Visitor(provided, Role(role), account)
    kept: Account | None = st.session_state.get(_ACCOUNT)
    if kept is not None:
        account = records().accounts.get(kept.name)
        # Another password, or another account of the same name, ends what began with the one before.
        if account is not None and account.password_hash == kept.password_hash:
            return Visitor(account.name, account.role, account)
        del st.session_state[_ACCOUNT]
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
    """Remember for this visit who it is."""
    st.session_state[_ACCOUNT] = account


def sign_out() -> None:
    """Forget who it is."""
    st.session_state.pop(_ACCOUNT, None)
    if provider_name():
        st.logout()


def provider_name() -> str | None:
    """What the identity provider calls the visitor, their e-mail address if it tells one; None: not by it."""
    user = st.user
    if not user.get("is_logged_in"):
        return None
    name = user.get("email") or user.get("preferred_username") or user.get("sub")
    return str(name) if name else None


def has_provider() -> bool:
    """Whether an identity provider is set up."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False
