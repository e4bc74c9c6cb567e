"""Signing in and out, one's own password, and, for admins, everybody's accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import streamlit as st

from dashboard.accounts import make_account, reset_password
from dashboard.context import records, settings
from dashboard.language import _
from dashboard.notices import draw_and_recover
from dashboard.sign_in import ROLE_NAMES, ROLES, show_new_password, show_sign_in, show_signed_in
from dashboard.telling import Told, attempt, show_told
from dashboard.visitors import require, visitor
from inspector.records import Role


def main() -> None:
    """Draw the page."""
    draw_and_recover(_draw, retry_s=max(settings().dashboard.refresh_s, 1.0))


def _draw() -> None:
    who = visitor()
    if not who.name or who.must_choose_password:
        show_sign_in(_("Sign in"))
        return
    show_signed_in(who)
    if who.account is not None:
        with st.expander(_("Take another password")):
            show_new_password(who, _("Your next password"))
    if who.may(Role.ADMIN):
        _show_accounts(who.name)


def _show_accounts(me: str) -> None:
    st.subheader(_("Accounts"))
    show_told()
    for account in records().accounts.all():
        with st.container(horizontal=True, vertical_alignment="center", key=f"account-{account.name}"):
            note = _("one-time password") if account.is_temporary else ""
            st.html(f"<b>{escape(account.name)}</b> <small>{note}</small>")
            st.selectbox(
                _("Role of {name}").format(name=account.name),
                [role.value for role in Role],
                index=list(Role).index(account.role),
                format_func=lambda role: _(ROLE_NAMES[Role(role)]),
                key=f"role-{account.name}",
                label_visibility="collapsed",
                disabled=account.name == me,
                on_change=_set_role,
                args=(account.name,),
            )
            st.button(_("New password"), key=f"reset-{account.name}", on_click=_reset, args=(account.name,))
            st.button(
                _("Remove"),
                key=f"remove-{account.name}",
                on_click=_remove,
                args=(account.name,),
                disabled=account.name == me,
            )
    with st.form("add-account", clear_on_submit=True):
        st.text_input(_("Name of a new account"), key="add-name", max_chars=64)
        st.selectbox(
            _("Role"),
            [role.value for role in Role],
            index=1,
            format_func=lambda role: f"{_(ROLE_NAMES[Role(role)])}: {_(ROLES[Role(role)])}",
            key="add-role",
        )
        st.form_submit_button(_("Add"), on_click=_add)


def _add() -> None:
    name, role = st.session_state["add-name"].strip(), Role(st.session_state["add-role"])

    def add() -> Told:
        by = require(Role.ADMIN).name
        return _password(name, make_account(records(), name, role, by=by, at=datetime.now(UTC)))

    attempt(add)


def _reset(name: str) -> None:
    def reset() -> Told:
        by = require(Role.ADMIN).name
        return _password(name, reset_password(records(), name, by=by, at=datetime.now(UTC)))

    attempt(reset)


def _set_role(name: str) -> None:
    role = Role(st.session_state[f"role-{name}"])

    def set_role() -> str:
        by = require(Role.ADMIN).name
        records().accounts.set_role(name, role, by=by, at=datetime.now(UTC))
        return _("{name} is {role}.").format(name=name, role=_(ROLE_NAMES[role]))

    attempt(set_role)


def _remove(name: str) -> None:
    def remove() -> str:
        by = require(Role.ADMIN).name
        records().accounts.remove(name, by=by, at=datetime.now(UTC))
        return _("{name} is removed.").format(name=name)

    attempt(remove)


def _password(name: str, password: str) -> Told:
    text = _(
        "One-time password of {name}. It is shown once: hand it over, the first sign-in asks for another."
    ).format(name=name)
    return Told(text, secret=password)


main()
