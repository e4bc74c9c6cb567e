"""The panels by which people sign in, choose a password and sign out."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Final, NoReturn

import streamlit as st

from dashboard.accounts import Door, choose_password
from dashboard.context import records
from dashboard.language import N_, _
from dashboard.notices import show_error
from dashboard.visitors import Visitor, has_provider, sign_in_as, sign_out, visitor
from inspector.errors import AccountError, RecordsError
from inspector.records import Role

_FAILED: Final = "sign-in-failed"
ROLES: Final[dict[Role, str]] = {
    Role.VIEWER: N_("looks"),
    Role.OPERATOR: N_("looks and decides reviews"),
    Role.ENGINEER: N_("looks, decides, trains, promotes"),
    Role.ADMIN: N_("does everything, and manages accounts"),
}

ROLE_NAMES: Final[dict[Role, str]] = {
    Role.VIEWER: N_("viewer"),
    Role.OPERATOR: N_("operator"),
    Role.ENGINEER: N_("engineer"),
    Role.ADMIN: N_("admin"),
}


def show_sign_in(why: str) -> None:
    """Draw the form by which somebody signs in, or chooses a password of their own first.

    Args:
        why: what signing in is needed for, one sentence.

    Raises:
        RecordsError: the records cannot be reached.
    """
    who = visitor()
    if who.must_choose_password and who.account is not None:
        show_new_password(who, _("The password you came in by is known to another person: choose your own."))
        return
    if who.name:
        role = _(ROLE_NAMES[who.role]) if who.role is not None else _("nobody")
        more = _("You are {name}, {role}. Ask an admin for more.").format(name=who.name, role=role)
        st.html(f'<div class="notice empty" role="status"><h3>{escape(why)}</h3><p>{escape(more)}</p></div>')
        return
    with st.container(key="sign-in"):
        st.html(f"<h3>{escape(why)}</h3>")
        _tell_failure()
        if has_provider():
            st.button(_("Sign in at your organisation"), on_click=st.login, type="primary", width="stretch")
        with st.form("sign-in-form", border=False):
            st.text_input(_("Name"), key="sign-in-name", autocomplete="username", max_chars=64)
            st.text_input(
                _("Password"),
                key="sign-in-password",
                type="password",
                autocomplete="current-password",
                max_chars=200,
            )
            st.form_submit_button(_("Sign in"), type="primary", width="stretch", on_click=_sign_in)


def show_new_password(who: Visitor, why: str) -> None:
    """Draw the form by which somebody takes another password."""
    with st.container(key="sign-in"):
        st.html(f"<h3>{escape(why)}</h3>")
        _tell_failure()
        with st.form("new-password-form", border=False):
            for key, label in (("new-password", _("New password")), ("new-password-again", _("Once more"))):
                st.text_input(label, key=key, type="password", autocomplete="new-password", max_chars=200)
            st.form_submit_button(
                _("Take this password"),
                type="primary",
                width="stretch",
                on_click=_take_password,
                args=(who,),
            )


def show_signed_in(who: Visitor) -> None:
    """Draw who is signed in, and the way out."""
    role = _(ROLES[who.role]) if who.role is not None else _("may not even look")
    st.html(f'<div class="notice empty" role="status"><h3>{escape(who.name)}</h3><p>{role}</p></div>')
    _tell_failure()
    st.button(_("Sign out"), on_click=_sign_out, icon=":material/logout:")


def _sign_in() -> None:
    name, password = st.session_state["sign-in-name"], st.session_state["sign-in-password"]
    st.session_state["sign-in-password"] = ""
    try:
        sign_in_as(_door().sign_in(records(), name, password))
    except (AccountError, RecordsError) as error:
        st.session_state[_FAILED] = error


def _sign_out() -> None:
    try:
        sign_out()
    except RecordsError as error:
        st.session_state[_FAILED] = error


def _take_password(who: Visitor) -> None:
    first, again = st.session_state["new-password"], st.session_state["new-password-again"]
    st.session_state["new-password"] = st.session_state["new-password-again"] = ""
    try:
        if first != again:
            _refuse_different()
        _take(who, first)
    except (AccountError, RecordsError) as error:
        st.session_state[_FAILED] = error


def _take(who: Visitor, password: str) -> None:
    """Raises AccountError where the account is gone or the password cannot be taken."""
    if who.account is None:
        raise AccountError("no password was taken", "the account is gone", "Sign in again")
    choose_password(records(), who.account, password, at=datetime.now(UTC))
    if (account := records().accounts.get(who.name)) is not None:
        sign_in_as(account)  # the visit goes on, though the hash it began with is another one


def _refuse_different() -> NoReturn:
    raise AccountError("no password was taken", "the two differ", "Type the same one twice")


def _tell_failure() -> None:
    error = st.session_state.pop(_FAILED, None)
    if error is not None:
        show_error(error)


@st.cache_resource(show_spinner=False)
def _door() -> Door:
    return Door()
