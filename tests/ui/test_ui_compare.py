"""Two worlds side by side, and the list of sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .test_ui_play import act, start

if TYPE_CHECKING:
    from .conftest import Opened


def test_two_models_answer_the_same_actions_and_the_difference_is_marked(opened: Opened, site: str) -> None:
    with opened(site, "#/compare") as page:
        page.locator(".list").get_by_text("example-git-and-python").click()
        page.get_by_label("World model").first.select_option("grounded")
        page.get_by_label("World model").last.select_option("echo")
        page.click("#start-both")
        page.wait_for_selector(".pair-top")
        page.fill(".composer-line", "echo hello there")
        page.press(".composer-line", "Enter")
        row = page.locator(".pair-row").first
        row.get_by_text("differs").wait_for()
        assert row.locator("del").all_inner_texts() == [] or "hello" not in row.locator("del").inner_text()
        assert "echo of echo" in row.locator("ins").inner_text()
        page.get_by_text("0 of 1 turn is the same on both sides.").wait_for()
        row.get_by_role("button", name="Hide the difference").click()
        assert row.locator(".difference").count() == 0


def test_the_recorded_actions_are_taken_on_both_sides(opened: Opened, site: str) -> None:
    with opened(site, "#/compare") as page:
        page.locator(".chip", has_text="search").click()
        page.locator(".list").get_by_text("example-notes").click()
        page.get_by_label("World model").first.select_option("echo")
        page.get_by_label("World model").last.select_option("echo")
        page.click("#start-both")
        page.get_by_role("button", name="Take the recorded actions (14)").click()
        page.get_by_text("14 of 14 turns are the same on both sides.").wait_for()


def test_a_session_is_compared_with_another_model_from_where_it_began(opened: Opened, site: str) -> None:
    with opened(site) as page:
        id = start(page)
        act(page, "echo one")
        act(page, "echo two")
        page.get_by_role("button", name="Compare").click()
        page.get_by_text("Left is the session you come from").wait_for()
        page.get_by_label("World model").select_option("echo")
        page.click("#start-both")
        page.wait_for_selector(".pair-top")
        assert f"/compare/{id}/" in page.url
        page.get_by_role("button", name="Take the left side's actions on the right (2)").click()
        page.get_by_text("0 of 2 turns are the same on both sides.").wait_for()
        address = page.url
        page.reload()
        page.get_by_text("0 of 2 turns are the same on both sides.").wait_for()
        assert page.url == address


def test_what_one_side_refuses_is_told_with_the_side(opened: Opened, site: str) -> None:
    with opened(site, expected=("409",)) as page:
        left = start(page)
        right = start(page)
        page.get_by_role("button", name="Close").click()
        page.get_by_text("This session has ended (closed)").wait_for()
        page.goto(f"{site}/#/compare/{left}/{right}")
        page.wait_for_selector(".pair-top")
        page.fill(".composer-line", "echo one")
        page.press(".composer-line", "Enter")
        page.locator(".composer [role=alert]").get_by_text("Right: the session has ended").wait_for()
        page.get_by_text("Right has not come this far.").wait_for()


def test_a_session_is_closed_in_the_list(opened: Opened, site: str) -> None:
    with opened(site) as page:
        id = start(page)
        page.goto(f"{site}/#/sessions")
        row = page.locator("tr", has=page.locator(f'a[href="#/play/{id}"]'))
        row.get_by_role("button", name=f"Close the session {id}").click()
        row.get_by_text("ended: closed").wait_for()


def test_a_session_that_does_not_exist_is_told_with_what_to_do(opened: Opened, site: str) -> None:
    with opened(site, expected=("404",)) as page:
        page.goto(f"{site}/#/play/nothing")
        page.get_by_role("alert").get_by_text("there is no session 'nothing'").wait_for()
        page.get_by_role("alert").get_by_text("look under Sessions").wait_for()
