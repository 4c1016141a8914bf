"""What HTML alone determines is computed; whatever a page may do beyond it is left to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_screens import FORM, screen

from nextstate.domain import Determined, Unknown
from nextstate.domains.web import page
from nextstate.domains.web.kernel import WebKernel
from nextstate.types import Setup

if TYPE_CHECKING:
    from collections.abc import Callable

    from nextstate.domain import State
    from nextstate.types import Json


def changed(found: Determined | Unknown) -> list[str]:
    """The lines that are new against :data:`FORM`, without their indentation."""
    assert isinstance(found, Determined), found.reason
    before = screen().split("\n")
    return [line.strip() for line in found.observation.split("\n") if line not in before]


def test_typing_sets_the_value_the_text_below_the_focus_and_the_name_of_the_cell(
    kernel: WebKernel, opened: Callable[..., State]
) -> None:
    assert changed(kernel.step(opened(), "fill('7', \"it's\")")) == [
        '[5] cell "Name it\'s"',
        "[7] textbox 'Name' value=\"it's\", focused",
        'StaticText "it\'s"',
    ]


def test_what_was_typed_is_cleared_again(kernel: WebKernel, opened: Callable[..., State]) -> None:
    typed = kernel.step(opened(), "fill('a3', 'Rome')")
    assert isinstance(typed, Determined)
    assert changed(kernel.step(typed.state, "clear('a3')")) == [
        "RootWebArea 'Ask', url='http://desk.example/ask'",
        "RootWebArea 'Map', focused, url='http://desk.example/map'",
        "[a3] textbox 'Place', focused",
    ]


def test_a_tick_changes_and_takes_the_focus(kernel: WebKernel, opened: Callable[..., State]) -> None:
    for action in ("click('13')", "press('13', 'Space')", "press('13', ' ')"):
        assert changed(kernel.step(opened(), action)) == ["[13] checkbox 'Copy', focused, checked='true'"]


def test_a_radio_button_clears_the_one_before(kernel: WebKernel, opened: Callable[..., State]) -> None:
    assert changed(kernel.step(opened(), "click('16')")) == [
        "[15] radio 'Small', checked='false'",
        "[16] radio 'Large', focused, checked='true'",
    ]


def test_a_choice_leaves_the_focus_where_it_was(kernel: WebKernel, opened: Callable[..., State]) -> None:
    assert changed(kernel.step(opened(), "select_option('10', 'Blue')")) == [
        "[8] cell 'Colour Blue'",
        "[10] combobox 'Colour' value='Blue', hasPopup='menu', expanded=False",
        "[11] option 'Red', selected=False",
        "[12] option 'Blue', selected=True",
    ]


def test_several_calls_are_done_in_order(kernel: WebKernel, opened: Callable[..., State]) -> None:
    found = kernel.step(opened(), "click('13')\nclick('13')\nfocus('17')")
    assert changed(found) == ["[17] button 'Send', focused"]


def test_calls_after_one_that_fails_are_not_done(kernel: WebKernel, opened: Callable[..., State]) -> None:
    found = kernel.step(opened(), "click('All')\nclick('13')")
    assert isinstance(found, Determined)
    assert found.observation == screen(error='ValueError: Could not find element with bid "All"')


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("click('All')", 'ValueError: Could not find element with bid "All"'),
        ("fill('999', 'x')", 'ValueError: Could not find element with bid "999"'),
        ("tab_focus(4)", "IndexError: list index out of range"),
    ],
)
def test_a_failure_is_reported_as_the_environment_reports_it(
    kernel: WebKernel, opened: Callable[..., State], action: str, error: str
) -> None:
    found = kernel.step(opened(), action)
    assert isinstance(found, Determined)
    assert found.observation == screen(error=error)


def test_an_error_is_gone_with_the_next_screen(kernel: WebKernel, opened: Callable[..., State]) -> None:
    found = kernel.step(opened(screen(error="IndexError: list index out of range")), "noop()")
    assert isinstance(found, Determined)
    assert found.observation == screen()


@pytest.mark.parametrize(
    "action",
    ["click('17')", "fill('7', 'two\\nlines')", "fill('18', 'x')", "select_option('10', 'red')", "press('7', 'Enter')",
     "click('21')", "goto('http://desk.example/new')", "go_back()", "click('19', modifiers=['Control'])",
     "mouse_click(3, 4)", "hover('12')", "dblclick('2')"],
)  # fmt: skip
def test_what_the_page_decides_is_left_to_a_model_with_the_facts(
    kernel: WebKernel, opened: Callable[..., State], action: str
) -> None:
    found = kernel.step(opened(), action)
    assert isinstance(found, Unknown)
    assert found.reason
    assert "http://desk.example/ask" in found.facts
    assert len(found.facts) <= 2_000


def test_a_site_that_is_not_declared_plain_must_prove_itself(kernel: WebKernel, opened: Callable[..., State]) -> None:
    state = opened(facts={})
    assert isinstance(kernel.step(state, "click('13')"), Unknown)
    ticked = screen(
        FORM.replace("[13] checkbox 'Copy', checked='false'", "[13] checkbox 'Copy', focused, checked='true'")
    )
    state = kernel.absorb(state, "click('13')", ticked)
    found = kernel.step(state, "click('13')")
    assert isinstance(found, Determined)
    assert "[13] checkbox 'Copy', focused, checked='false'" in found.observation
    assert isinstance(kernel.step(state, "click('16')"), Unknown), "nothing is known of another element"


def test_what_changed_nothing_is_no_evidence(kernel: WebKernel, opened: Callable[..., State]) -> None:
    state = kernel.absorb(opened(facts={}), "noop()", screen())
    state = kernel.absorb(state, "select_option('10', 'Red')", screen())
    assert isinstance(kernel.step(state, "select_option('10', 'Blue')"), Unknown)


def test_a_link_is_followed_once_it_has_led_there_and_pages_have_looked_the_same(
    kernel: WebKernel, opened: Callable[..., State]
) -> None:
    home = screen(HOME, "http://desk.example/", "Home")
    state = opened(facts={})
    for _ in range(2):
        assert isinstance(kernel.step(state, "click('19')"), Unknown)
        state = kernel.absorb(state, "click('19')", home)
        state = kernel.absorb(state, "click('4')", screen())
    found = kernel.step(state, "click('19')")
    assert isinstance(found, Determined)
    assert found.observation == home


def test_a_tab_that_was_left_while_it_was_loading_is_not_shown_as_it_was(
    kernel: WebKernel, opened: Callable[..., State]
) -> None:
    busy = FORM.replace("focused, url='http://desk.example/ask'", "focused, busy=1, url='http://desk.example/ask'")
    state = opened(screen(busy), facts={})
    beside = screen().replace(" (active tab)", "").replace("\n\n# Current page", f"{BLANK_TAB}\n\n# Current page", 1)
    blank = beside.partition("Tree\n\n")[0] + "Tree\n\nRootWebArea '', focused, url='about:blank'"
    state = kernel.absorb(state, "new_tab()", blank)
    assert isinstance(kernel.step(state, "tab_focus(0)"), Unknown)


BLANK_TAB = "\n\nTab 1 (active tab)\n  Title: \n  URL: about:blank"


def test_a_rule_that_was_wrong_on_a_site_is_not_believed_again(kernel: WebKernel, opened: Callable[..., State]) -> None:
    state = kernel.absorb(opened(), "click('13')", screen(FORM.replace("'Ask us'", "'Thanks'")))
    assert isinstance(kernel.step(state, "click('13')"), Unknown)


def test_the_same_failing_action_fails_the_same_way_again(kernel: WebKernel, opened: Callable[..., State]) -> None:
    failure = screen(error="TimeoutError: Locator.click: Timeout 500ms exceeded.")
    state = kernel.absorb(opened(facts={}), "click('16')", failure)
    found = kernel.step(state, "click('16')")
    assert isinstance(found, Determined)
    assert found.observation == failure


def test_a_page_may_still_be_loading_after_a_click(kernel: WebKernel, opened: Callable[..., State]) -> None:
    state = kernel.absorb(opened(facts={}), "click('17')", screen(FORM.replace("'Ask us'", "'Wait'")))
    found = kernel.step(state, "scroll(0, 200)")
    assert isinstance(found, Unknown)
    assert "loading" in found.reason


HOME = "RootWebArea 'Home', focused, url='http://desk.example/'\n\t[4] link 'Ask', url='http://desk.example/ask'"


def test_a_page_that_was_loaded_before_is_loaded_again_and_left_by_going_back(
    kernel: WebKernel, opened: Callable[..., State]
) -> None:
    home = screen(HOME, "http://desk.example/", "Home")
    state = kernel.absorb(opened(), "click('19')", home)
    back = kernel.step(state, "go_back()")
    assert isinstance(back, Determined)
    assert back.observation == screen()
    again = kernel.step(back.state, "go_forward()")
    assert isinstance(again, Determined)
    assert again.observation == home
    by_link = kernel.step(again.state, "click('4')")
    assert isinstance(by_link, Determined)
    assert by_link.observation == screen()


def test_a_form_that_was_filled_in_may_be_restored_by_going_back(
    kernel: WebKernel, opened: Callable[..., State]
) -> None:
    typed = kernel.step(opened(), "fill('7', 'x')")
    assert isinstance(typed, Determined)
    state = kernel.absorb(typed.state, "click('19')", screen(HOME, "http://desk.example/", "Home"))
    assert isinstance(kernel.step(state, "go_back()"), Unknown)


def test_pages_are_not_believed_after_a_form_was_sent(kernel: WebKernel, opened: Callable[..., State]) -> None:
    sent = screen("RootWebArea 'Sent', focused, url='http://desk.example/sent'", "http://desk.example/sent", "Sent")
    state = kernel.absorb(opened(), "click('17')", sent)
    assert isinstance(kernel.step(state, "goto('http://desk.example/ask')"), Unknown)


def test_a_declared_page_is_known_before_it_was_shown(kernel: WebKernel) -> None:
    pages: Json = {"http://desk.example/": {"title": "Home", "tree": HOME}}
    facts: dict[str, Json] = {"plain": ["http://desk.example/"], "pages": pages}
    found = kernel.step(kernel.open(Setup(initial_state=screen(), facts=facts)), "click('19')")
    assert isinstance(found, Determined)
    assert found.observation == screen(HOME, "http://desk.example/", "Home")


def test_tabs_are_opened_shown_and_closed(kernel: WebKernel, opened: Callable[..., State]) -> None:
    new = kernel.step(opened(), "new_tab()")
    assert isinstance(new, Determined)
    assert new.observation.endswith("RootWebArea '', focused, url='about:blank'")
    first = kernel.step(new.state, "tab_focus(0)")
    assert isinstance(first, Determined)
    assert first.observation.endswith(FORM)
    closed = kernel.step(new.state, "tab_close()")
    assert isinstance(closed, Determined)
    assert closed.observation == screen()


def test_an_id_that_stands_twice_is_not_touched(kernel: WebKernel, opened: Callable[..., State]) -> None:
    found = kernel.step(opened(screen(f"{FORM}\n\t[7] textbox 'Other'")), "fill('7', 'x')")
    assert isinstance(found, Unknown)
    assert "more than once" in found.reason


def test_a_screen_of_another_form_is_left_to_a_model(kernel: WebKernel, opened: Callable[..., State]) -> None:
    for text in (
        "",
        "URL: http://localhost/\n\n[1] RootWebArea 'Shop' focused: True",
        "\udc80",
        screen("\t[1] link 'x"),
    ):
        assert isinstance(kernel.step(opened(text), "click('1')"), Unknown)


def test_a_million_nodes_are_not_looked_at(kernel: WebKernel, opened: Callable[..., State]) -> None:
    state = opened(screen("\n".join(["[1] button 'x'"] * 1_000_000)))
    assert isinstance(kernel.step(state, "click('1')"), Unknown)


LITERALS = st.text(st.characters(codec="utf-8"), max_size=12).map(repr)
NODES = st.builds(
    page.Node,
    st.integers(0, 6),
    st.sampled_from(("", "1", "a2", "aB3")),
    st.sampled_from(("link", "StaticText", "generic", "Iframe")),
    LITERALS,
    st.just("") | LITERALS,
    st.lists(st.sampled_from(("focused", "checked='true'", "level=2", "url='http://x/'")), max_size=3).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(NODES, min_size=1, max_size=20))
def test_a_page_is_read_as_it_is_written(nodes: list[page.Node]) -> None:
    made = page.Page((page.Tab("Title", "http://x/"),), 0, tuple(nodes))
    assert page.parse(made.text()) == made
    assert page.parse(made.text("Error: x")) == made
