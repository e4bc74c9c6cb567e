"""The cookie of a visit: set by a ticket that is good once, out of the reach of scripts."""

from __future__ import annotations

from datetime import timedelta

from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.visit_cookie import ROUTE, TICKET_S, TICKETS, Tickets, Wish


class Clock:
    """Seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_is_good_once_and_not_for_long() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    wish = Wish("token")
    ticket = tickets.issue(wish)
    assert tickets.is_open(ticket)
    assert tickets.take(ticket) == wish
    assert not tickets.is_open(ticket)
    assert tickets.take(ticket) is None
    late = tickets.issue(wish)
    clock.now = TICKET_S
    assert tickets.take(late) is None


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    with TestClient(Starlette(routes=[ROUTE])) as client:
        ticket = {"X-Inspector-Ticket": TICKETS.issue(Wish("secret", timedelta(hours=1)))}
        answer = client.post("/visit", headers=ticket)
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("inspector_visit=secret; ")
        assert {"HttpOnly", "Max-Age=3600", "Path=/", "SameSite=strict"} == set(cookie.split("; ")[1:])
        assert client.post("/visit", headers=ticket).status_code == 403
        over_https = {
            "X-Inspector-Ticket": TICKETS.issue(Wish("secret", timedelta(hours=1))),
            "X-Forwarded-Proto": "https",
        }
        assert "Secure" in client.post("/visit", headers=over_https).headers["set-cookie"].split("; ")
        assert client.post("/visit").status_code == 403
