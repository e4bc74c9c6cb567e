"""The review queue, run by Streamlit without a browser: what waits, what a decision does, who may decide."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from streamlit.testing.v1 import AppTest

from dashboard.accounts import make_account
from inspector.records import Decision, Review, Role
from tests.dashboard.app_pages import html, sign_in, text
from tests.dashboard.line import Line, dark_frame, seconds
from tests.dashboard.people import PASSWORD, person


def review_page(page: AppTest, name: str, password: str = PASSWORD) -> AppTest:
    return sign_in(page, "review", name, password)


def shown(page: AppTest) -> str | None:
    found = re.search(r'class="review-head" data-frame-id="([^"]*)"', html(page))
    return found.group(1) if found else None


def press(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def test_nobody_decides_without_signing_in(page: AppTest, line: Line) -> None:
    line.inspect("bad", defect=True)
    page.run().switch_page("views/review.py").run()
    assert "Decisions need an operator" in text(page)
    assert shown(page) is None
    assert not [button for button in page.button if str(button.key).startswith("decide-")]


def test_a_wrong_password_and_a_viewer_get_no_further(page: AppTest, line: Line) -> None:
    person(line.records, "vic", Role.VIEWER)
    assert "do not belong together" in text(review_page(page, "vic", "wrong password"))
    assert "You are vic, viewer" in text(review_page(page, "vic"))
    assert shown(page) is None


def test_rejects_come_first_and_each_decision_brings_the_next(page: AppTest, line: Line) -> None:
    person(line.records, "anna", Role.OPERATOR)
    first = line.inspect("bad-1", defect=True)
    line.inspect("dark", image=dark_frame(), at=first.inspected_at + seconds(2))
    line.inspect("good", at=first.inspected_at + seconds(3))
    line.inspect("bad-2", defect=True, at=first.inspected_at + seconds(1))
    review_page(page, "anna")
    assert "Waiting: 2 reject, 1 unsure" in text(page)
    assert shown(page) == "bad-2"
    page.selectbox(key="kind-bad-2").select("dent")
    page.text_input(key="note-bad-2").input("on the rim")
    press(page, "decide-true_defect")
    assert "frame bad-2: defective" in text(page)
    assert shown(page) == "bad-1"
    press(page, "decide-false_reject")
    assert shown(page) == "dark"
    press(page, "decide-skipped")
    assert "Nothing is waiting" in text(page)
    stored = line.records.reviews.latest(["bad-1", "bad-2", "dark", "good"])
    assert {name: (one.decision, one.reviewer) for name, one in stored.items()} == {
        "bad-2": (Decision.TRUE_DEFECT, "anna"),
        "bad-1": (Decision.FALSE_REJECT, "anna"),
        "dark": (Decision.SKIPPED, "anna"),
    }
    assert (stored["bad-2"].kind, stored["bad-2"].note) == ("dent", "on the rim")


def test_the_evidence_stands_beside_a_good_part(page: AppTest, line: Line) -> None:
    person(line.records, "anna", Role.OPERATOR)
    line.inspect("bad", defect=True)
    # The line's bundle is where a box keeps what it has fetched.
    version = line.records.latest(limit=1)[0].model_version
    place = line.data_dir / "models" / "washer" / version
    place.parent.mkdir(parents=True)
    place.symlink_to(line.data_dir.parent / "bundle")
    review_page(page, "anna")
    panels = next(one.value for one in page.html if 'class="comparison"' in one.value)
    assert panels.count("<img") == 4
    assert "This part" in panels
    assert "Good part" in panels


def test_a_model_that_is_gone_is_told_in_its_place(page: AppTest, line: Line) -> None:
    person(line.records, "anna", Role.OPERATOR)
    line.inspect("bad", defect=True)
    assert "are not on this machine" in text(review_page(page, "anna"))
    assert shown(page) == "bad"


def test_undo_brings_the_frame_back_and_keeps_what_was_said(page: AppTest, line: Line) -> None:
    person(line.records, "anna", Role.OPERATOR)
    first = line.inspect("bad-1", defect=True)
    line.inspect("bad-2", defect=True, at=first.inspected_at + seconds(1))
    review_page(page, "anna")
    assert page.button(key="undo").disabled
    press(page, "decide-true_defect")
    assert shown(page) == "bad-1"
    press(page, "undo")
    assert "frame bad-2: taken back" in text(page)
    assert shown(page) == "bad-2"
    assert [one.decision for one in line.records.reviews.of("bad-2")] == [
        Decision.WITHDRAWN,
        Decision.TRUE_DEFECT,
    ]
    press(page, "decide-false_reject")
    assert line.records.reviews.latest(["bad-2"])["bad-2"].decision is Decision.FALSE_REJECT


def test_a_decision_of_somebody_else_in_the_meantime_stays_and_is_told(page: AppTest, line: Line) -> None:
    person(line.records, "anna", Role.OPERATOR)
    line.inspect("bad", defect=True)
    review_page(page, "anna")
    theirs = Review("bad", Decision.FALSE_REJECT, "bert", datetime.now(UTC))
    line.records.reviews.decide(theirs, None)
    press(page, "decide-true_defect")
    assert "Not stored. bad: bert has decided false_reject in the meantime" in text(page)
    assert line.records.reviews.of("bad") == [theirs]


def test_a_right_that_is_taken_away_counts_at_once(page: AppTest, line: Line) -> None:
    person(line.records, "boss", Role.ADMIN)
    person(line.records, "anna", Role.OPERATOR)
    line.inspect("bad", defect=True)
    review_page(page, "anna")
    line.records.accounts.set_role("anna", Role.VIEWER, by="boss", at=datetime.now(UTC))
    press(page, "decide-true_defect")
    assert "Decisions need an operator" in text(page)
    assert line.records.reviews.of("bad") == []


def test_many_are_decided_at_once(page: AppTest, line: Line) -> None:
    person(line.records, "anna", Role.OPERATOR)
    start = datetime.now(UTC)
    for number in range(4):
        line.inspect(f"bad-{number}", defect=True, at=start + seconds(number))
    review_page(page, "anna")
    page.segmented_control(key="mode").set_value("Many at once").run()
    assert page.button(key="decide-true_defect").disabled
    page.checkbox(key="review-picked-bad-1").check().run()
    page.checkbox(key="review-picked-bad-3").check().run()
    assert "2 of 4 picked" in text(page)
    press(page, "decide-false_reject")
    assert "2 frames: a good part" in text(page)
    assert set(line.records.reviews.latest([f"bad-{n}" for n in range(4)])) == {"bad-1", "bad-3"}
    press(page, "undo")
    assert "Waiting: 4 reject" in text(page)


def test_passed_frames_are_reviewed_as_missed(page: AppTest, line: Line) -> None:
    person(line.records, "anna", Role.OPERATOR)
    line.inspect("good")
    review_page(page, "anna")
    assert "Nothing is waiting" in text(page)
    page.segmented_control(key="queue-of").set_value("Passed").run()
    press(page, "decide-missed")
    assert line.records.reviews.latest(["good"])["good"].decision is Decision.MISSED


def test_a_passed_frame_is_called_missed_on_its_own_page_and_everybody_reads_it(
    page: AppTest, line: Line
) -> None:
    person(line.records, "anna", Role.OPERATOR)
    line.inspect("good")
    review_page(page, "anna").switch_page("views/frame.py")
    page.query_params["frame"] = "good"
    page.run()
    page.selectbox(key="kind-good").select("crack")
    page.text_input(key="note-good").input("<b>hairline</b>")
    press(page, "decide-missed")
    assert line.records.reviews.latest(["good"])["good"].decision is Decision.MISSED
    assert "a missed defect (crack, <b>hairline</b>)" in text(page)
    page.switch_page("views/account.py").run()
    next(button for button in page.button if button.label == "Sign out").click().run()
    page.switch_page("views/frame.py")
    page.query_params["frame"] = "good"
    page.run()
    assert "a missed defect" in text(page)
    assert not [button for button in page.button if str(button.key).startswith("decide-")]


def test_a_one_time_password_is_replaced_first(page: AppTest, line: Line) -> None:
    given = make_account(line.records, "anna", Role.OPERATOR, by="test", at=datetime.now(UTC))
    line.inspect("bad", defect=True)
    review_page(page, "anna", given)
    assert "choose your own" in text(page)
    assert shown(page) is None
    for key, words in (("new-password", PASSWORD), ("new-password-again", "another one")):
        page.text_input(key=key).input(words)
    press(page, "FormSubmitter:new-password-form-Take this password")
    assert "the two differ" in text(page).lower()
    for key in ("new-password", "new-password-again"):
        page.text_input(key=key).input(PASSWORD)
    press(page, "FormSubmitter:new-password-form-Take this password")
    assert shown(page) == "bad"


def test_an_admin_makes_an_account_whose_password_is_shown_once(page: AppTest, line: Line) -> None:
    person(line.records, "boss", Role.ADMIN)
    review_page(page, "boss").switch_page("views/account.py").run()
    page.text_input(key="add-name").input("carl")
    press(page, "FormSubmitter:add-account-Add")
    assert "One-time password of carl" in text(page)
    assert line.records.accounts.get("carl") is not None
    page.run()
    assert "One-time password of carl" not in text(page)
    page.text_input(key="add-name").input("<img src=x>")
    press(page, "FormSubmitter:add-account-Add")
    assert "cannot be the name of an account" in text(page)
    page.selectbox(key="role-carl").select("engineer").run()
    carl = line.records.accounts.get("carl")
    assert carl is not None
    assert carl.role is Role.ENGINEER


def test_where_signing_in_is_required_nobody_looks_without(page: AppTest, line: Line) -> None:
    line.inspect("bad", defect=True)
    line.config.write_text(
        line.config.read_text().replace("[dashboard]", "[dashboard]\nrequire_sign_in = true")
    )
    assert "bad" not in text(page.run())
    assert "Sign in to look" in text(page)
    person(line.records, "vic", Role.VIEWER)
    page.text_input(key="sign-in-name").input("vic")
    page.text_input(key="sign-in-password").input(PASSWORD)
    page.button(key="FormSubmitter:sign-in-form-Sign in").click().run()
    assert 'data-frame-id="bad"' in html(page)


def test_markup_in_names_is_text(page: AppTest, line: Line) -> None:
    person(line.records, "anna", Role.OPERATOR)
    line.inspect("bad", defect=True, product="<script>x</script>", camera="<img src=x onerror=y>")
    review_page(page, "anna")
    drawn = html(page)
    assert "<script>x" not in drawn
    assert "<img src=x" not in drawn
    assert "&lt;script&gt;x&lt;/script&gt;" in drawn
