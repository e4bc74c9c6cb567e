"""Health: a real box's own words, one that is away, alarms and who may answer them."""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.boxes import box_addresses, percentile, read_box
from dashboard.rates import DayRate, day_rates
from inspector.drift.channels import DriftKind, What
from inspector.records import Decision, Review, Role, StoredAlarm
from inspector.settings import load_settings
from tests.dashboard.app_pages import html, open_app, sign_in, text
from tests.dashboard.line import Line
from tests.dashboard.people import person
from tests.services import HOST, free_port


def alarm(sentence: str = "the picture is 20 % darker") -> StoredAlarm:
    now = datetime.now(UTC)
    return StoredAlarm(
        site="plant-7",
        line="line-1",
        camera="cam-1",
        box="box-1",
        product="washer",
        model_version="0123456789abcdef",
        since=now,
        detected_at=now,
        kind=DriftKind.CAMERA,
        what=What.BRIGHTNESS,
        sentence=sentence,
        suggestion="Clean or replace the lamp",
        before=91,
        after=72,
        frames_before=("a",),
        frames_after=("b", "c"),
    )


@pytest.fixture
def page(line: Line, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    away = f'[dashboard]\nboxes = ["http://{HOST}:{free_port()}/"]'
    line.config.write_text(line.config.read_text().replace("[dashboard]", away))
    return open_app(line.config, monkeypatch)


def test_a_percentile_lies_inside_its_bucket() -> None:
    buckets = {0.01: 50.0, 0.02: 90.0, 0.05: 100.0, math.inf: 100.0}
    assert percentile(buckets, 0.5) == pytest.approx(0.01)
    assert percentile(buckets, 0.7) == pytest.approx(0.015)
    assert percentile(buckets, 0.99) == pytest.approx(0.047)
    assert percentile({0.01: 0.0, math.inf: 4.0}, 0.5) == pytest.approx(0.01)
    assert math.isnan(percentile({math.inf: 0.0}, 0.5))


def test_a_box_that_is_away_is_told_with_what_to_do(page: AppTest) -> None:
    page.run().switch_page("views/health.py").run()
    assert "Does not answer" in text(page)
    assert "correct boxes under [dashboard]" in text(page)


@pytest.mark.parametrize("answer", ["", "{}", "[]", '{"box": 3}', "<html>"])
def test_what_is_no_box_is_away_and_no_error(answer: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    server = HTTPServer((HOST, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert read_box(f"http://{HOST}:{server.server_port}").status == "away"
    finally:
        server.shutdown()


def test_without_names_the_box_of_this_machine_is_asked(line: Line) -> None:
    assert box_addresses(load_settings(line.config)) == ("http://127.0.0.1:9464",)


def test_an_alarm_is_shown_and_an_engineer_says_that_it_is_mended(page: AppTest, line: Line) -> None:
    key = line.records.drift.add(alarm())
    page.run().switch_page("views/health.py").run()
    assert "the picture is 20 % darker" in text(page)
    assert "Clean or replace the lamp." in text(page)
    assert not [button for button in page.button if str(button.key).startswith("mended-")]
    person(line.records, "eve", Role.ENGINEER)
    sign_in(page, "account", "eve")
    page.switch_page("views/health.py").run()
    page.button(key=f"usual-{key}").click().run()
    assert "dealt with by eve, usual now" in text(page)
    stored = line.records.drift.get(key)
    assert stored is not None
    assert (stored.acknowledged_by, stored.is_normal_now) == ("eve", True)


def test_false_rejects_are_counted_by_day_of_the_frame() -> None:
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
    decided = [
        (days[0], Decision.FALSE_REJECT),
        (days[0] + timedelta(hours=23), Decision.TRUE_DEFECT),
        (days[1], Decision.FALSE_REJECT),
        (days[1], Decision.SKIPPED),
        (days[2], Decision.FALSE_REJECT),
    ]
    assert day_rates(decided, days) == [DayRate(days[0], 2, 1), DayRate(days[1], 1, 1)]


def test_the_rate_of_false_rejects_is_drawn_once_there_are_reviews(page: AppTest, line: Line) -> None:
    page.run().switch_page("views/health.py").run()
    assert "was reviewed" in text(page)
    for number, decision in enumerate((Decision.FALSE_REJECT, Decision.TRUE_DEFECT)):
        line.inspect(f"bad-{number}", defect=True, at=datetime.now(UTC))
        line.records.reviews.add(Review(f"bad-{number}", decision, "anna", datetime.now(UTC)))
    st.cache_resource.clear()
    page.run()
    assert "14 days: 1 of 2" in text(page)


def test_markup_in_an_alarm_is_text(page: AppTest, line: Line) -> None:
    line.records.drift.add(alarm("<script>x</script>"))
    page.run().switch_page("views/health.py").run()
    drawn = html(page)
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn
