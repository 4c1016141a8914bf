"""A real browser is recorded, and the kernel is right about it."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import pytest

from nextstate.domain import Determined, find
from nextstate.domains.web import page
from nextstate.errors import ActionError, UsageError
from nextstate.record import web, web_examples
from nextstate.record.web_site import HOST, Site
from nextstate.types import Trajectory

WEB = find("web")
needs_browser = pytest.mark.skipif(
    shutil.which("chromium") is None or find_spec("playwright") is None,
    reason="chromium or playwright is not installed; run `make system` and install nextstate[web]",
)


def right(recorded: Trajectory) -> list[bool]:
    """Whether the kernel was right, for each turn that it answered."""
    assert WEB.kernel is not None
    kernel, said = WEB.kernel(), []
    state = kernel.open(recorded.setup)
    for turn in recorded.turns:
        found = kernel.step(state, turn.action)
        if isinstance(found, Determined):
            said.append(WEB.canonical(found.observation) == WEB.canonical(turn.observation))
        state = kernel.absorb(state, turn.action, turn.observation)
    return said


async def session(*actions: str, start: str = "/form", seed: int = 5, with_scripts: bool = False) -> Trajectory:
    choose = web_examples.following(actions)
    site = Site(seed, with_scripts=with_scripts)
    facts = {} if with_scripts else web_examples.PLAIN
    return await web.record(choose, id="test", site=site, start=start, facts=facts)


@needs_browser
async def test_a_form_is_filled_in_by_the_browser_as_the_kernel_says() -> None:
    recorded = await session(
        "fill({textbox Your name}, 'Test Customer')",
        "click({checkbox Send me a copy})\nfocus({button Send})",
        "select_option({combobox Subject}, {combobox Subject})",
        "clear({textbox Your name})",
        "click({heading Ask us})",
        "scroll(0, 200)",
    )
    filled, failed = recorded.turns[0].observation, recorded.turns[2]
    assert "textbox 'Your name' value='Test Customer', focused" in filled
    assert failed.meta["error"] is True
    assert "did not find some options" in failed.observation
    assert right(recorded) == [True] * 4 or right(recorded) == [True] * 5


@needs_browser
async def test_tabs_frames_and_errors_are_shown_as_in_the_recordings() -> None:
    recorded = await session(
        "fill({textbox Your address}, 'customer@example.org')",
        "click('All')",
        "new_tab()",
        f"goto('http://{HOST}/nowhere')",
        "tab_focus(0)",
        "tab_focus(5)",
        "tab_close()",
        start="/frame",
    )
    shown = [turn.observation for turn in recorded.turns]
    assert all(page.parse(text) is not None for text in shown)
    assert "\t\t[a] Iframe 'Sign up'\n\t\t\tRootWebArea 'Sign up', focused, url=" in shown[0]
    assert shown[1].endswith(
        '\n\n# Error message from last action\n\nValueError: Could not find element with bid "All"'
    )
    assert shown[2].endswith("RootWebArea '', focused, url='about:blank'")
    assert "Page not found" in shown[3]
    assert shown[5].endswith("IndexError: list index out of range")
    said = right(recorded)
    assert len(said) >= 6
    assert all(said)


@needs_browser
async def test_what_scripts_do_is_recorded_and_not_computed() -> None:
    recorded = await session("select_option({combobox Quantity}, '2')", start="/item/1", with_scripts=True)
    before, after = recorded.setup.initial_state, recorded.turns[0].observation
    price = next(item.price for item in Site(5, with_scripts=True).items if item.number == 1)
    assert f"StaticText '{price}'" in before
    assert f"StaticText '{2 * price}'" in after
    assert right(recorded) == []


@needs_browser
async def test_an_action_that_cannot_be_recorded_is_refused() -> None:
    with pytest.raises(ActionError, match="cannot do upload_file"):
        await session("upload_file('3', 'a.txt')")


def test_a_site_is_the_same_for_the_same_seed_and_answers_unknown_addresses() -> None:
    assert Site(3).items == Site(3).items != Site(4).items
    assert Site(3).respond("GET", "/item/99")[0] == 404
    assert Site(3).respond("GET", "/item/1")[0] == 200


def test_a_site_escapes_what_it_is_sent_and_remembers_the_basket() -> None:
    site = Site(3)
    assert "<b>" not in site.respond("GET", "/search?q=%3Cb%3E")[1]
    assert "&lt;b&gt;" in site.respond("POST", "/basket", "item=%3Cb%3E&count=2")[1]
    assert "Basket (1)" in site.respond("GET", "/")[1]


def test_a_script_names_elements_by_role_and_name() -> None:
    screen = "\t[4] link 'Home'\n\t[a5] tab 'One'\n\t[a6] tab 'Two'"
    choose = web_examples.following(("click({link Home})", "click({tab 1})", "click({link Away})"))
    assert [choose(screen), choose(screen)] == ["click('4')", "click('a6')"]
    with pytest.raises(UsageError, match="no link 'Away' is on the screen; known: Home"):
        choose(screen)
