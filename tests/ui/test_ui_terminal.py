"""A session of a world of plain actions seen as a terminal: typed into, interrupted, lost and found again."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from nextstate.models.base import heard
from nextstate.models.fakes import Scripted
from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys
from nextstate.serve.testing import service_of
from nextstate.sim.limits import Limits
from nextstate.types import Origin, Outcome, Prediction

from .conftest import models, running
from .test_ui_access import PALE, UNNAMED, WRONG_REFERENCES
from .test_ui_hostile import BAD, harmless
from .test_ui_play import act, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nextstate.types import Query

    from .conftest import Opened

SOCKETS = """window.sockets = [];
window.WebSocket = class extends WebSocket { constructor(...given) { super(...given); window.sockets.push(this); } };"""
"""Keeps the sockets of a page at hand, so that a test can cut them."""
SIZES = """() => [document.documentElement.scrollWidth,
  document.querySelector(".term-log").scrollWidth - document.querySelector(".term-log").clientWidth]"""

AT_THE_END = """() => { const log = document.querySelector(".term-log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 8; }"""


class Held:
    """Begins an answer, and gives it when it is told to."""

    name = "held"

    def __init__(self) -> None:
        self.go_on = threading.Event()

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        if (listener := heard.get()) is not None:
            listener("<predicted_observation>\nbegun")
        await asyncio.to_thread(self.go_on.wait, 20)
        return Prediction(Outcome.OK, f"done {query.action}", Origin.MODEL, model=self.name)


@pytest.fixture
def held_site() -> Iterator[tuple[str, Held]]:
    held = Held()
    with running(service_of({"held": held})) as address:
        yield address, held
        held.go_on.set()


def terminal(page: Any) -> Any:
    """The terminal of the session that is played, connected."""
    page.get_by_role("tab", name="Terminal").click()
    page.locator(".term-status", has_text="connected").wait_for()
    return page.locator(".terminal")


def enter(page: Any, line: str) -> Any:
    """Type a line and return its turn, answered."""
    turns = page.locator(".term-turn:not(.pending)").count()
    page.fill(".composer-line", line)
    page.press(".composer-line", "Enter")
    page.locator(".term-turn:not(.pending)").nth(turns).wait_for()
    return page.locator(".term-turn").nth(turns)


def test_lines_are_answered_and_who_answered_is_told_at_the_prompt(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        act(page, "echo from a card")
        terminal(page)
        assert page.locator(".term-turn").inner_text().split() == [
            "$",
            "echo",
            "from",
            "a",
            "card",
            "from",
            "a",
            "card",
        ]
        computed = enter(page, "mkdir work && cd work && pwd")
        assert computed.locator(".plain-text").inner_text() == "/home/dev/work"
        assert "Computed exactly" in computed.get_by_role("img", name="computed").get_attribute("title")
        assert "computed: /home/dev/work" in page.locator("#said").inner_text()
        page.locator(".side").get_by_text("/home/dev/work").first.wait_for()
        predicted = enter(page, "uname -a")
        assert "Not computed: " in predicted.get_by_role("img", name="model").get_attribute("title")
        assert page.get_by_role("group", name="Who answered").inner_text().split() == [
            "computed",
            "recorded",
            "retrieved",
            "model",
        ]
        assert page.locator(".composer-line").input_value() == ""


def test_the_cards_show_the_turns_that_the_terminal_took_and_the_choice_is_kept(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        terminal(page)
        enter(page, "echo one")
        enter(page, "uname -a")
        page.get_by_role("tab", name="Cards").click()
        page.locator(".turn").nth(1).wait_for()
        page.locator(".turn .turn-why").wait_for()
        assert page.locator(".turn .action-text").all_inner_texts() == ["echo one", "uname -a"]
        assert page.locator(".turn .badge").all_inner_texts() == ["computed", "model"]
        act(page, "echo three")
        terminal(page)
        page.reload()
        page.locator(".term-turn").nth(2).wait_for()
        assert page.locator(".term-command").all_inner_texts() == ["echo one", "uname -a", "echo three"]


def test_the_history_is_under_the_arrow_keys_and_no_mouse_is_needed(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        act(page, "echo a card")
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        page.locator(".term-status", has_text="connected").wait_for()
        assert page.evaluate("document.activeElement.matches('.terminal .composer-line')")
        page.keyboard.type("echo one")
        page.keyboard.press("Enter")
        page.locator(".term-turn:not(.pending)").nth(1).wait_for()
        page.keyboard.type("draft")
        line = page.locator(".composer-line")
        for key, expected in (("Up", "echo one"), ("Up", "echo a card"), ("Down", "echo one"), ("Down", "draft")):
            page.keyboard.press(f"Arrow{key}")
            assert line.input_value() == expected
        page.keyboard.press("Control+c")
        assert line.input_value() == ""
        page.keyboard.press("Control+l")
        assert page.locator(".term-turn").count() == 0
        page.get_by_role("button", name="Show 2 earlier").click()
        assert page.locator(".term-turn").count() == 2
        page.keyboard.press("t")
        page.locator(".turn").nth(1).wait_for()


def test_several_lines_that_are_pasted_run_as_one_command_or_one_by_one(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        terminal(page)
        line = page.locator(".composer-line")
        line.focus()
        page.keyboard.insert_text("cat > a.txt <<E\nx\nE")
        page.get_by_text("3 lines: Enter sends them as one command.").wait_for()
        line.press("Enter")
        page.locator(".term-turn:not(.pending)").wait_for()
        assert page.locator(".term-many").inner_text() == ""
        page.keyboard.insert_text("cat a.txt\n\necho two\necho three")
        assert page.locator(".term-turn").count() == 1
        line.press("Control+Enter")
        page.locator(".term-turn:not(.pending)").nth(3).wait_for()
        assert page.locator(".term-turn").nth(0).locator(".term-command").inner_text() == "cat > a.txt <<E\nx\nE"
        assert page.locator(".term-turn .plain-text").all_inner_texts() == ["x", "two", "three"]
        assert line.input_value() == ""


def test_what_is_hostile_stands_there_as_text(opened: Opened) -> None:
    world = Scripted(
        lambda query: (
            Prediction(Outcome.PROVIDER_ERROR, detail=BAD, model="bad") if query.action == "fail" else BAD + "\nnext"
        )
    )
    with running(service_of({"bad": world})) as address, opened(address) as page:
        start(page, model="bad")
        terminal(page)
        turn = enter(page, "cat " + BAD.replace("\x00", ""))
        shown = turn.inner_text()
        assert "</script><script>window.ran=1</script><img src=x" in shown
        assert "\\u202egnp.\\u2066\\x00\\x1b[31m\\x1b]0;t\\x07\\u200b" in shown
        assert not set(shown) & set(BAD[-20:]) - {char for char in BAD[-20:] if char.isprintable()}
        assert turn.locator(".plain-text").inner_text().endswith("\nnext")
        failed = enter(page, "fail")
        assert "<img src=x onerror=" in failed.locator(".term-words").inner_text()
        assert "The session is unchanged" in failed.inner_text()
        assert page.locator(".composer-line").input_value() == "fail"
        assert page.title().endswith("nextstate")
        harmless(page)


def test_a_long_output_is_in_the_page_only_where_it_is_seen(opened: Opened) -> None:
    lines = "".join(f"{n:05d} a line of a listing\n" for n in range(10_000))
    with running(service_of({"large": Scripted(lambda query: lines)})) as address, opened(address) as page:
        start(page, model="large")
        terminal(page)
        box = enter(page, "ls").get_by_role("region")
        box.evaluate("box => { box.scrollTop = box.scrollHeight; }")
        box.get_by_text("09999 a line").wait_for()
        assert box.locator(".row").count() < 200
        enter(page, "ls")
        page.fill(".composer-line", "one\ntwo\nthree")
        page.wait_for_function(AT_THE_END)
        page.locator(".term-log").evaluate("log => { log.scrollTop = 0; }")
        page.wait_for_function("document.querySelector('.term-log').scrollTop === 0")
        assert page.evaluate(AT_THE_END) is False


def test_the_answer_is_seen_while_it_comes_and_can_be_interrupted(opened: Opened, held_site: tuple[str, Held]) -> None:
    address, held = held_site
    with opened(address) as page:
        start(page, model="held")
        terminal(page)
        page.fill(".composer-line", "sleep 1\necho waits")
        page.press(".composer-line", "Control+Enter")
        page.locator(".term-preview").get_by_text("begun").wait_for()
        page.locator(".term-status", has_text="held answers; 1 line waits").wait_for()
        page.keyboard.press("Control+c")
        page.locator(".term-words", has_text="Interrupted.").wait_for()
        page.locator(".term-status", has_text="connected").wait_for()
        refused = enter(page, "echo next")
        assert "a step" in refused.locator(".term-words").inner_text()
        assert page.locator(".composer-line").input_value() == "echo next"
        held.go_on.set()
        page.wait_for_function(
            "async id => (await (await fetch(`/v1/sessions/${id}`)).json()).turns === 1", arg=page.url.split("/")[-1]
        )
        page.press(".composer-line", "Enter")
        page.locator(".term-turn", has_text="done echo next").wait_for()
        page.locator(".term-turn", has_text="done sleep 1").wait_for()
        assert page.locator(".term-turn").count() == 2


def test_a_lost_socket_is_told_and_opened_again_and_no_line_is_lost(
    opened: Opened, held_site: tuple[str, Held], browser: Any
) -> None:
    address, held = held_site
    context = browser.new_context()
    context.add_init_script(SOCKETS)
    with opened(address, context=context) as page:
        start(page, model="held")
        terminal(page)
        page.fill(".composer-line", "one\ntwo")
        page.press(".composer-line", "Control+Enter")
        page.locator(".term-preview").get_by_text("begun").wait_for()
        page.evaluate("sockets.at(-1).close()")
        page.locator(".term-words", has_text="The connection was lost before the answer came.").wait_for()
        assert "no connection" in page.locator(".term-status").inner_text()
        held.go_on.set()
        page.locator(".term-status", has_text="connected").wait_for()
        assert "two" in page.locator(".composer-line").input_value()
        page.wait_for_function(
            "async id => (await (await fetch(`/v1/sessions/${id}`)).json()).turns === 1", arg=page.url.split("/")[-1]
        )
        page.fill(".composer-line", "three")
        page.press(".composer-line", "Enter")
        page.locator(".term-turn", has_text="done three").wait_for()
        page.locator(".term-turn", has_text="done one").wait_for()
        assert page.evaluate("sockets.filter(one => one.readyState < 2).length") == 1
        page.get_by_role("tab", name="Cards").click()
        page.locator(".turn").nth(1).wait_for()
        assert page.evaluate("sockets.filter(one => one.readyState < 2).length") == 0
    context.close()


def test_a_server_that_is_gone_is_told_and_the_line_stays(opened: Opened) -> None:
    server = running(service_of(models()))
    address = server.__enter__()
    with opened(address, expected=("ERR_", "WebSocket")) as page:
        start(page)
        terminal(page)
        server.__exit__(None, None, None)
        page.locator(".term-status", has_text="no connection; again in").wait_for()
        page.fill(".composer-line", "pwd")
        page.press(".composer-line", "Enter")
        page.get_by_text("There is no connection to the session; the line stays here.").wait_for()
        assert page.locator(".composer-line").input_value() == "pwd"


def test_a_key_opens_the_socket_and_stands_in_no_address(opened: Opened, browser: Any, tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    secret = keys.new("ann")
    with running(service_of(models(), gate=Gate(keys))) as address:
        context = browser.new_context(http_credentials={"username": "ann", "password": secret})
        with opened(address, context=context) as page:
            page.locator("#key-button").click()
            page.get_by_label("Key").last.fill(secret)
            page.get_by_role("button", name="Use this key").click()
            urls: list[str] = []
            page.on("websocket", lambda socket: urls.append(socket.url))
            start(page)
            terminal(page)
            assert enter(page, "echo in").locator(".plain-text").inner_text() == "in"
            assert len(urls) == 1
            assert secret not in urls[0]
        with opened(address, expected=("401", "WebSocket"), context=context) as page:
            page.evaluate("key => sessionStorage.setItem('nextstate.key', key)", secret)
            page.reload()
            start(page)
            page.get_by_role("tab", name="Terminal").wait_for()
            page.locator(".term-status", has_text="connected").wait_for()
            keys.revoke("ann")
            page.fill(".composer-line", "pwd")
            page.press(".composer-line", "Enter")
            page.get_by_text("The server does not take this key.").wait_for()
        context.close()


def test_an_ending_is_told_in_words_and_leaves_no_line(opened: Opened) -> None:
    with running(service_of(models(), limits=Limits(turns=2))) as address, opened(address) as page:
        start(page)
        terminal(page)
        enter(page, "echo one")
        enter(page, "echo two")
        page.locator(".term-words", has_text="This session has ended").wait_for()
        page.get_by_role("button", name="Fork and go on").wait_for()
        assert not page.locator(".composer").is_visible()


def test_a_turn_is_taken_back_and_shown_from_the_branches_in_the_terminal_too(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        terminal(page)
        enter(page, "echo one")
        enter(page, "echo two")
        page.get_by_role("button", name="Take back").click()
        page.locator(".term-turn", has_text="echo two").wait_for(state="detached")
        assert page.locator(".composer-line").input_value() == "echo two"
        page.get_by_role("tab", name="Branches").click()
        page.get_by_role("list", name="Branches").get_by_text("echo one").click()
        page.locator(".term-turn", has_text="echo one").wait_for()


@pytest.mark.parametrize("name", ["mcp/mcp-notes-changes", "android/android-settings"])
def test_worlds_of_tools_and_of_screens_have_no_terminal(opened: Opened, site: str, name: str) -> None:
    with opened(site) as page:
        start(page, name)
        assert page.get_by_role("tab", name="Terminal").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (320, "light")])
def test_the_terminal_is_named_legible_and_no_wider_than_the_screen(
    opened: Opened, site: str, width: int, scheme: str
) -> None:
    with opened(site, width=width, scheme=scheme) as page:
        start(page)
        terminal(page)
        enter(page, "echo " + "a-long-word" * 30)
        enter(page, "uname -a")
        page.fill(".composer-line", "one\ntwo")
        page.get_by_role("button", name="Send one by one").wait_for()
        wide, hidden = page.evaluate(SIZES)
        assert wide <= width
        assert hidden <= 0
        assert page.evaluate(UNNAMED) == []
        assert page.evaluate(WRONG_REFERENCES) == []
        assert page.evaluate(PALE) == []
