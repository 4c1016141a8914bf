"""Whatever scenarios, actions, observations, tools and errors hold, the page shows it as text and does nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nextstate.models.fakes import Scripted
from nextstate.serve.catalogue import Catalogue
from nextstate.serve.testing import service_of
from nextstate.types import Outcome, Prediction, Setup, Tool, Trajectory, Turn

from .conftest import running
from .test_ui_play import act

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.types import Query

    from .conftest import Opened

BAD = (
    "</script><script>window.ran=1</script><img src=x onerror='window.ran=1'><svg onload='window.ran=1'>"
    "<a href='javascript:window.ran=1'>x</a>"
    "\"'`${window.ran=1}{{window.ran=1}}\u202egnp.\u2066\x00\x1b[31m\x1b]0;t\x07\u200b"
)
SHOWN = BAD.replace("\u202e", "⟨U+202E⟩").replace("\u2066", "⟨U+2066⟩").replace("\u200b", "⟨U+200B⟩")
SHOWN = SHOWN.replace("\x00", "␀").replace("\x1b", "␛").replace("\x07", "␇")
SCREEN = (
    "# Currently open tabs\n\nTab 0 (active tab)\n  Title: <script>window.ran=1</script>\n  "
    "URL: javascript:window.ran=1\n\n"
    "# Current page Accessibility Tree\n\nRootWebArea '<img src=x onerror=window.ran=1>', focused, url='http://x.example/'\n"
    "\t[5] link '\"><script>window.ran=1</script>', url='javascript:window.ran=1'\n"
    "\t[6] combobox 'c' value='v', hasPopup='menu'\n\t\t[7] option '\"><script>window.ran=1</script>', selected=False"
)


def said(query: Query) -> str | Prediction:
    if "fail" in query.action:
        return Prediction(Outcome.PROVIDER_ERROR, detail=BAD, model=BAD)
    return SCREEN if query.domain == "web" else BAD


@pytest.fixture(scope="module")
def bad_site() -> Iterator[str]:
    tool = Tool(
        BAD, BAD, {"type": "object", "properties": {BAD: {"type": "string", "description": BAD, "enum": [BAD]}}}
    )
    setup = Setup(BAD, (tool,), (), BAD)
    turns = (Turn(json.dumps({"name": BAD, "arguments": {BAD: BAD, "__proto__": {"x": 1}}}), BAD),)
    found = [
        Trajectory(BAD, "mcp", setup, turns),
        Trajectory("plain " + BAD, "terminal", Setup(BAD, (), (), BAD), (Turn("cat " + BAD, BAD),)),
        Trajectory("screen", "web", Setup(SCREEN), (Turn("click('5')", SCREEN),)),
    ]
    catalogue = Catalogue({f"{BAD}/{one.domain}": one for one in found})
    with running(service_of({BAD: Scripted(said), "other": Scripted(said)}, catalogue=catalogue)) as address:
        yield address


def begin(page: Any, domain: str) -> None:
    page.locator(".chip", has_text=domain).click()
    page.click("#start")
    page.wait_for_selector(".composer")


def harmless(page: Any) -> None:
    assert page.evaluate("window.ran") is None
    assert page.evaluate("({}).x") is None
    assert page.locator("#main script, #main img, #main [onerror], #main a[href^=javascript]").count() == 0


def test_a_scenario_whose_every_text_is_hostile_is_played_as_text(opened: Opened, bad_site: str) -> None:
    with opened(bad_site) as page:
        begin(page, "terminal")
        turn = act(page, "echo " + BAD.replace("\x00", ""))
        assert turn.locator(".plain-text").inner_text() == SHOWN
        for tab in ("Facts", "Branches", "Instruction", "Set-up"):
            page.get_by_role("tab", name=tab).click()
            page.locator(".side-part, .side .stack").first.wait_for()
        page.get_by_role("button", name="Connect").click()
        page.get_by_role("dialog").get_by_text("curl").first.wait_for()
        page.keyboard.press("Escape")
        harmless(page)
        assert "<script>" in page.title() or "img" in page.title() or page.title().endswith("nextstate")


def test_hostile_tools_become_a_form_of_texts(opened: Opened, bad_site: str) -> None:
    with opened(bad_site) as page:
        begin(page, "mcp")
        page.locator(".form-fields select").select_option("0")
        page.get_by_role("button", name="Send").first.click()
        turn = page.locator(".turn:not(.pending)").first
        turn.wait_for()
        assert turn.locator(".arguments dd").inner_text() == SHOWN
        page.locator(".chip.code").click() if page.locator(".chip.code").count() else None
        harmless(page)


def test_a_failure_that_is_hostile_is_told_as_text(opened: Opened, bad_site: str) -> None:
    with opened(bad_site, expected=("502",)) as page:
        begin(page, "terminal")
        page.fill(".composer-line", "fail")
        page.press(".composer-line", "Enter")
        alert = page.locator(".composer [role=alert]")
        alert.wait_for()
        assert "<img src=x onerror=" in alert.inner_text()
        harmless(page)


def test_a_hostile_screen_is_drawn_without_running_anything(opened: Opened, bad_site: str) -> None:
    with opened(bad_site) as page:
        begin(page, "web")
        page.wait_for_selector("iframe[data-drawn]")
        screen = page.frame_locator("iframe")
        screen.locator("[data-click]", has_text="<script>").last.click()
        page.locator(".turn:not(.pending)").first.wait_for()
        assert "select_option('6', " in page.locator(".turn").first.inner_text()
        page.locator(".turn iframe[data-drawn]").wait_for()
        assert page.locator("iframe").evaluate("frame => frame.contentWindow.ran") is None
        harmless(page)


PICTURE = (
    "<!doctype html><html><head><meta http-equiv=refresh content='0;url=http://elsewhere.example/'>"
    "<base href='http://x.example/'>"
    "<link rel=stylesheet href='http://elsewhere.example/x.css'>"
    "<style>@import url(http://elsewhere.example/y.css);</style></head>"
    "<body onload='parent.ran=1'><script>parent.ran=1</script><a href='javascript:parent.ran=1'>go</a>"
    "<iframe src=x></iframe>"
    "<form action='http://elsewhere.example/'><button>send</button></form>"
    "<img src='http://elsewhere.example/z.png' onerror='parent.ran=1'>"
    "<p onclick='parent.ran=1' data-click=\"go()\">text</p></body></html>"
)


def test_a_picture_of_a_foreign_domain_runs_and_loads_nothing(opened: Opened, site: str) -> None:
    with opened(site, expected=("Content Security Policy", "sandboxed")) as page:
        page.evaluate(
            """async (html) => {
              const { picture } = await import("/ui/lib/picture.js");
              document.getElementById("main").replaceChildren(picture(html, (action) => { window.acted = action; }));
            }""",
            PICTURE,
        )
        page.wait_for_selector("iframe[data-drawn]")
        screen = page.frame_locator("iframe")
        screen.get_by_text("text").click()
        assert page.evaluate("window.acted") == "go()"
        assert page.evaluate("window.ran") is None
        assert screen.locator("script, meta, link, base, iframe, form, [onclick], [onload], [href]").count() == 0


def test_an_address_that_is_hostile_opens_nothing(opened: Opened, site: str) -> None:
    with opened(site, expected=("404", "400")) as page:
        for route in (
            "#/play/<img src=x onerror=window.ran=1>",
            "#/play/%E0%A4%A",
            "#/__proto__",
            "#/compare/../..",
            "#//",
        ):
            page.goto(f"{site}/{route}")
            page.wait_for_selector("#main [role=alert], #main .view")
        harmless(page)
