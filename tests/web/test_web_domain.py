"""The domain keeps its promises; its checks tell right from wrong; its screens can be looked at."""

from __future__ import annotations

import pytest
from web_screens import FORM, screen

from nextstate import conform
from nextstate.domain import edits, find
from nextstate.domains.web.checks import CHECKS
from nextstate.types import Query, Setup, Turn

WEB = find("web")


def test_the_domain_conforms_and_computes_half_of_its_examples() -> None:
    report = conform.check(WEB)
    assert [finding.sentence for finding in report.broken] == []
    assert report.kernel.answered >= report.kernel.turns / 2


def test_the_examples_are_ours_and_small() -> None:
    examples = WEB.examples()
    assert {one.source.dataset for one in examples} == {"nextstate recordings"}
    assert {one.source.licence for one in examples} == {"Apache-2.0"}
    assert sum(len(turn.observation) for one in examples for turn in one.turns) < 150_000


def test_the_examples_hold_failures_and_what_said_so() -> None:
    for one in WEB.examples():
        for place, turn in enumerate(one.turns):
            query = Query("web", one.setup, one.turns[:place], turn.action)
            assert WEB.failed is not None
            assert WEB.failed(query, turn.observation) == turn.meta.get("error", False)
    assert any(turn.meta.get("error") for one in WEB.examples() for turn in one.turns)


def test_the_prompts_hold_the_format_of_the_reply() -> None:
    for prompt in (WEB.prompt, *WEB.prompts.values()):
        assert edits.GUIDE in prompt
        assert "# Error message from last action" in prompt


def asked(action: str, before: str = "") -> Query:
    return Query("web", Setup(initial_state=screen()), (Turn("noop()", before),) if before else (), action)


TWO_TABS = screen().replace("\n\n# Current", "\n\nTab 1\n  Title: Other\n  URL: http://x/\n\n# Current", 1)


@pytest.mark.parametrize(
    ("name", "action", "good", "bad"),
    [
        ("well_formed", "noop()", screen(), screen("no tree at all, but words")),
        ("ids_are_unique", "noop()", screen(), screen(f"{FORM}\n\t[7] button 'Twice'")),
        ("indented_step_by_step", "noop()", screen(), screen(f"{FORM}\n\t\t\t\t\t\t[70] button 'Deep'")),
        ("quiet_actions_keep_the_tabs", "scroll(0, 9)", screen(), TWO_TABS),
        ("tabs_are_counted", "new_tab()", TWO_TABS, screen()),
        ("tabs_are_counted", "tab_close()", screen(), TWO_TABS),
        ("missing_elements_fail", "click('All')", screen(error="ValueError: none"), screen()),
        ("filled_text_is_shown", "fill('7', 'x')", screen(FORM.replace("textbox 'Name'", "textbox 'Name' value='x'")),
         screen(FORM.replace("textbox 'Name'", "textbox 'Name', focused"))),
        ("one_focus", "focus('17')", screen(FORM.replace("'Send'", "'Send', focused")),
         screen(FORM.replace("'Send'", "'Send', focused").replace("'Copy'", "'Copy', focused"))),
        ("no_reply_tags", "noop()", screen(), screen(f"{FORM}\n\t[99] link '</predicted_observation>'")),
    ],
)  # fmt: skip
def test_a_check_holds_on_what_is_right_and_fails_on_what_is_wrong(name: str, action: str, good: str, bad: str) -> None:
    assert CHECKS[name](asked(action), good) is True
    assert CHECKS[name](asked(action), bad) is False


def test_checks_do_not_apply_to_screens_of_another_form() -> None:
    query = Query("web", Setup(initial_state="URL: http://x/\n\n[1] RootWebArea 'x'"), (), "click('1')")
    said = {name: check(query, "URL: http://x/\n\n[1] RootWebArea 'y'") for name, check in CHECKS.items()}
    assert {name for name, holds in said.items() if holds is False} == set()
    assert said["well_formed"] is None


def test_a_picture_shows_tabs_nodes_and_the_error_without_their_markup() -> None:
    assert WEB.picture is not None
    hostile = FORM.replace("Ask us", "<script>alert(1)</script>")
    shown = WEB.picture(screen(hostile, error="TimeoutError: <b>late</b>"))
    assert "http://desk.example/ask" in shown
    assert "&lt;script&gt;" in shown
    assert "&lt;b&gt;late" in shown
    assert "<script" not in shown


def test_a_screen_of_another_form_is_shown_line_by_line() -> None:
    assert WEB.picture is not None
    assert "RootWebArea" in WEB.picture("Tab 0 (current): Shop\n\n[1] RootWebArea 'Shop'")


def test_a_reply_is_the_change_to_the_screen_before() -> None:
    after = screen(FORM.replace("checked='false'", "checked='true'", 1))
    reply = WEB.write(asked("click('13')"), after)
    assert len(reply) < len(after) / 4
    assert WEB.read(asked("click('13')"), reply) == after
