"""Screens are drawn, and clicking and typing in the drawing are actions in the words of the domain."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from nextstate import domain as domains
from nextstate.domain.picture import TEXT, Box, Key, page

from .test_ui_play import start

if TYPE_CHECKING:
    from .conftest import Opened

TYPED = 'it\'s "5\\" é\n\u2028😀'
DRAWN = [name for name in domains.names() if domains.find(name).picture]


PLACE = """(frame, text) => {
  const boxes = [...frame.contentDocument.querySelectorAll(".screen .box")], around = frame.getBoundingClientRect();
  const box = boxes.find((one) => one.querySelector(".text").textContent === text).getBoundingClientRect();
  return { x: around.x + box.x, y: around.y + box.y };
}"""
"""Where a box of the drawing is, asked from outside: the browser's driver may put no script into the frame."""


def drawing(page: Any) -> Any:
    page.wait_for_selector("iframe[data-drawn]")
    return page.frame_locator("iframe[data-drawn]")


@pytest.mark.parametrize("name", DRAWN)
def test_every_action_that_a_drawing_offers_is_one_of_its_domain(name: str) -> None:
    domain = domains.find(name)
    assert domain.picture is not None
    offered = []
    for one in domain.examples():
        for screen in (one.setup.initial_state, *(turn.observation for turn in one.turns)):
            offered += re.findall(r' data-(click|fill)="([^"]*)"', domain.picture(screen))
    assert {kind for kind, _ in offered} == {"click", "fill"}
    for _, action in set(offered):
        domain.validate(unescape(action).replace(TEXT, json.dumps(TYPED, ensure_ascii=False)))


def test_an_action_of_a_box_cannot_leave_its_attribute_and_a_long_one_is_left_out() -> None:
    html = page("s", [Box("a", click='"><script>x</script>'), Box("b", click="x" * 2_001)], [Key("k", fill="no text")])
    assert "<script>" not in html
    assert html.count(" data-click=") == 1
    assert " data-fill=" not in html


def test_a_click_in_the_drawing_is_a_step(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page, "web/web-tabs")
        screen = drawing(page)
        screen.locator(".box", has_text="Prices").first.click()
        turn = page.locator(".turn:not(.pending)").first
        turn.wait_for()
        assert "click('10')" in turn.inner_text()
        assert turn.locator(".badge").inner_text() == "model"
        turn.locator("iframe[data-drawn]").wait_for()
        assert page.locator("iframe").count() == 1, "only the last screen is drawn"


def test_typing_into_a_field_of_the_drawing_is_a_step(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page, "web/web-form")
        screen = drawing(page)
        screen.locator("[data-fill]", has_text="E-mail").first.click()
        screen.get_by_label("Text for").fill('it\'s "me"')
        screen.get_by_label("Text for").press("Enter")
        turn = page.locator(".turn:not(.pending)").first
        turn.wait_for()
        assert r"""fill('33', "it's \"me\"")""" in turn.inner_text()
        turn.get_by_role("tab", name="Text").click()
        turn.locator(".turn-shown").get_by_text("textbox 'E-mail'").first.wait_for()  # lines are drawn a moment later
        assert "textbox 'E-mail' value=" in turn.locator(".turn-shown").inner_text().replace('"', "'")


def test_the_drawing_is_worked_by_keys_alone(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page, "android/android-settings")
        screen = drawing(page)
        element = screen.locator("[data-click]", has_text="Settings").last
        element.focus()
        assert '"index": 2' in page.locator(".screen-status").inner_text()
        element.press("Enter")
        page.locator(".turn:not(.pending)").first.wait_for()
        assert '{"action_type": "click", "index": 2}' in page.locator(".turn").first.inner_text()


def test_actions_of_the_whole_screen_stand_above_it(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page, "os/desktop-form")
        screen = drawing(page)
        screen.get_by_role("button", name="Tab", exact=True).click()
        page.locator(".turn:not(.pending)").first.wait_for()
        assert "pyautogui.press('tab')" in page.locator(".turn").first.inner_text()


def test_a_window_under_the_mouse_does_not_cover_what_lies_in_it(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page, "os/desktop-form")
        page.wait_for_selector("iframe[data-drawn]")
        window, box = (page.locator("iframe").evaluate(PLACE, text) for text in ("Contacts", "Add"))
        page.mouse.move(window["x"] + 3, window["y"] + 3)
        page.mouse.move(box["x"] + 5, box["y"] + 5, steps=12)
        page.mouse.down()
        page.mouse.up()
        page.locator(".turn:not(.pending)").first.wait_for()
        assert "pyautogui.click(783, 218)" in page.locator(".turn").first.inner_text()


def test_the_frame_runs_no_script_and_follows_the_theme(opened: Opened, site: str) -> None:
    with opened(site, scheme="dark") as page:
        start(page, "web/web-tabs")
        drawing(page)
        frame = page.locator("iframe")
        assert frame.get_attribute("sandbox") == "allow-same-origin"
        colour = "frame => getComputedStyle(frame.contentDocument.body).backgroundColor"
        assert frame.evaluate(colour) == "rgb(21, 23, 27)"
        page.get_by_role("button", name="Theme: as the system").click()
        assert frame.evaluate(colour) == "rgb(255, 255, 255)"
