"""Usable by everybody: labels, contrast, keys, small screens, and the key of a server that wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys
from nextstate.serve.testing import service_of

from .conftest import models, running
from .test_ui_play import act, start

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Opened

ROUTES = ("#/play", "#/compare", "#/sessions")

UNNAMED = """() => [...document.querySelectorAll(
    "button, a[href], input, select, textarea, iframe, dialog, [role=region], nav, aside")]
  .filter((node) => node.checkVisibility() && node.tabIndex !== -2)
  .filter((node) => !(node.getAttribute("aria-label") || node.title || node.textContent.trim() || node.labels?.length
    || document.getElementById(node.getAttribute("aria-labelledby"))))
  .map((node) => node.outerHTML.slice(0, 200))"""
"""Elements that a screen reader could not name."""

WRONG_REFERENCES = """() => ["for", "aria-labelledby", "aria-describedby", "aria-controls"].flatMap((name) =>
  [...document.querySelectorAll(`[${name}]`)].filter((node) => !document.getElementById(node.getAttribute(name)))
    .map((node) => name + " " + node.outerHTML.slice(0, 200)))
  .concat([...document.querySelectorAll("[id]")].map((node) => node.id)
    .filter((id, n, all) => all.indexOf(id) !== n))"""

PALE = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (text) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return { r, g, b, a: a / 255 }; };
  const light = ({ r, g, b }) => [r, g, b].map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, n) => sum + one * [0.2126, 0.7152, 0.0722][n], 0);
  const paper = (node) => { for (let at = node; at; at = at.parentElement) {
    const back = rgb(getComputedStyle(at).backgroundColor); if (back.a > 0.99) return back; } return rgb("white"); };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !node.checkVisibility()) continue;
    if (node.closest(":disabled, .visually-hidden, .skip, noscript")) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(paper(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.push(text.data.slice(0, 40) + " " + ((a + 0.05) / (b + 0.05)).toFixed(2));
  }
  return found;
}"""
"""Texts whose contrast with what lies under them is less than 4.5 (WCAG 2.2, 1.4.3)."""


def played(page: Any) -> None:
    start(page)
    act(page, "echo hello")
    act(page, "uname -a")
    page.get_by_role("tab", name="Branches").click()
    page.get_by_role("list", name="Branches").get_by_text("uname").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("route", [*ROUTES, "played"])
def test_everything_has_a_name_and_every_text_a_contrast(opened: Opened, site: str, route: str, scheme: str) -> None:
    with opened(site, "#/play" if route == "played" else route, scheme=scheme) as page:
        if route == "played":
            played(page)
        assert page.evaluate(UNNAMED) == []
        assert page.evaluate(WRONG_REFERENCES) == []
        assert page.evaluate(PALE) == []
        assert page.locator("h1").count() == 1
        assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("route", [*ROUTES, "played"])
def test_nothing_is_wider_than_a_phone(opened: Opened, site: str, route: str, width: int) -> None:
    with opened(site, "#/play" if route == "played" else route, width=width) as page:
        if route == "played":
            played(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_one_plays_with_the_keyboard_alone(opened: Opened, site: str) -> None:
    with opened(site, "#/sessions") as page:
        page.keyboard.press("g")
        page.keyboard.press("p")
        page.locator("#start").wait_for()
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "start":
                break
        assert page.evaluate("document.activeElement.matches(':focus-visible')")
        page.keyboard.press("Enter")
        page.wait_for_selector(".composer")
        page.keyboard.press("/")
        page.keyboard.type("echo by hand")
        page.keyboard.press("Enter")
        page.locator(".turn:not(.pending)").get_by_text("by hand", exact=True).wait_for()
        assert page.evaluate("document.activeElement.matches('.composer-line')")
        page.keyboard.press("Escape")
        page.keyboard.press("f")
        page.get_by_text("forked from another session").wait_for()
        page.keyboard.press("u")
        page.locator(".turn").wait_for(state="detached")
        page.keyboard.press("Escape")
        page.keyboard.press("2")
        assert page.evaluate("document.activeElement.textContent") == "Branches"
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.textContent") == "Instruction"


def test_the_list_of_keys_is_under_the_question_mark(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog")
        assert "Take back the last turn" in dialog.inner_text()
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")


def test_every_stop_of_the_tab_key_can_be_seen(opened: Opened, site: str) -> None:
    with opened(site) as page:
        played(page)
        page.evaluate("document.activeElement.blur()")
        unseen = []
        for _ in range(70):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                """() => { const node = document.activeElement;
                const box = node.getBoundingClientRect(), style = getComputedStyle(node);
                const seen = node === document.body || (box.width > 1 && style.outlineStyle !== "none");
                return seen ? "" : node.outerHTML; }"""
            )
            unseen += [seen] if seen else []
        assert unseen == []


def test_the_theme_is_kept(opened: Opened, site: str) -> None:
    with opened(site) as page:
        for title in ("Theme: as the system", "Theme: light"):
            page.get_by_role("button", name=title).click()
        page.reload()
        page.get_by_role("button", name="Theme: dark").wait_for()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 20, 23)"


def test_a_key_of_the_server_is_asked_for_kept_in_the_tab_and_sent(
    opened: Opened, browser: Any, tmp_path: Path
) -> None:
    keys = Keys(tmp_path / "keys.json")
    secret = keys.new("ann")
    with running(service_of(models(), gate=Gate(keys))) as address:
        known = browser.new_context(http_credentials={"username": "ann", "password": secret})
        with opened(address, expected=("401",), context=known) as page:
            page.locator("#key-button").click()
            page.get_by_label("Key").last.fill("wrong")
            page.get_by_role("button", name="Use this key").click()
            page.goto(f"{address}/#/sessions")
            page.get_by_text("The server does not take this key.").wait_for()
            page.get_by_label("Key").last.fill(secret)
            page.get_by_role("button", name="Use this key").click()
            page.get_by_text("No sessions yet.").wait_for()
            assert page.evaluate("sessionStorage.getItem('nextstate.key')") == secret
            assert secret not in page.evaluate("JSON.stringify(localStorage)")
            start(page)
            act(page, "pwd")
            page.get_by_role("button", name="Connect").click()
            assert secret not in page.get_by_role("dialog").inner_text()
            assert "$NEXTSTATE_KEY" in page.get_by_role("dialog").inner_text()
        known.close()


def test_a_server_that_is_gone_is_told_in_words(opened: Opened, site: str) -> None:
    with opened(site, expected=("ERR_",)) as page:
        start(page)
        page.context.set_offline(True)
        page.fill(".composer-line", "pwd")
        page.press(".composer-line", "Enter")
        page.locator(".composer [role=alert]").get_by_text("The server cannot be reached.").wait_for()
        assert page.locator(".composer-line").input_value() == "pwd"
        page.context.set_offline(False)
        act(page, "pwd")
