"""The cookie by which a page that is loaded anew knows its visitor.

A page of Streamlit is drawn over a web socket, which cannot set a cookie that scripts may not read. So the
page has its browser fetch `/visit` with a ticket that is good once; the answer sets the cookie or clears it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from secrets import token_urlsafe
from threading import Lock
from typing import Final

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

COOKIE: Final = "inspector_visit"
TICKET_S: Final = 60.0
"""Seconds in which a browser has to fetch what a ticket is for."""
_HEADER: Final = "X-Inspector-Ticket"
_PENDING: Final = "visit-ticket"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a ticket is good for.

    Attributes:
        token: to be kept by the browser; None: the cookie is to be cleared.
        lasts: how long the browser keeps it.
    """

    token: str | None
    lasts: timedelta = timedelta(0)


class Tickets:
    """Tickets that are good once and not for long. Safe from several threads.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._open: dict[str, tuple[float, Wish]] = {}

    def issue(self, wish: Wish) -> str:
        """A new ticket, 128 random bits."""
        ticket = token_urlsafe(16)
        with self._lock:
            now = self._clock()
            self._open = {key: entry for key, entry in self._open.items() if entry[0] > now}
            self._open[ticket] = (now + TICKET_S, wish)
        return ticket

    def is_open(self, ticket: str) -> bool:
        """Whether it has neither been taken nor run out."""
        with self._lock:
            return ticket in self._open and self._open[ticket][0] > self._clock()

    def take(self, ticket: str) -> Wish | None:
        """What it is good for; None: nothing, any more."""
        with self._lock:
            until, wish = self._open.pop(ticket, (0.0, None))
            return wish if until > self._clock() else None


TICKETS: Final = Tickets()
"""Those of this process: its pages give them out, and its server takes them."""


def ask_browser(token: str | None, lasts: timedelta = timedelta(0)) -> None:
    """Have the browser keep a token, or forget the one that it keeps, when the page is drawn next."""
    st.session_state[_PENDING] = TICKETS.issue(Wish(token, lasts))


def draw_ticket() -> None:
    """Draw the script that takes the ticket to the server, as long as it is good."""
    ticket = st.session_state.get(_PENDING)
    if ticket is None:
        return
    if not TICKETS.is_open(ticket):
        del st.session_state[_PENDING]
        return
    # A header of our own: another site's page cannot send one without asking this server first.
    fetch = f"fetch('/visit', {{method: 'POST', headers: {{'{_HEADER}': '{ticket}'}}}})"
    st.html(f"<script>{fetch}</script>", unsafe_allow_javascript=True)


def take_ticket(request: Request) -> Response:
    """Answer the browser's fetch by the cookie that its ticket is for."""
    wish = TICKETS.take(request.headers.get(_HEADER, ""))
    if wish is None:
        return Response(status_code=HTTPStatus.FORBIDDEN)
    answer = Response(status_code=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
    # A proxy that ends TLS says so; who makes the header up only spoils their own cookie.
    secure = "https" in (request.url.scheme, request.headers.get("X-Forwarded-Proto", ""))
    if wish.token is None:
        answer.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="strict")
    else:
        seconds = int(wish.lasts.total_seconds())
        answer.set_cookie(
            COOKIE, wish.token, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict"
        )
    return answer


ROUTE: Final = Route("/visit", take_ticket, methods=["POST"])
