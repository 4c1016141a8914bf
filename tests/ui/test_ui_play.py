"""The view of play, driven as people drive it: begin, act, fork, instruct, take back, come again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conftest import Opened


def start(page: Any, scenario: str = "terminal/example-files-and-text", model: str = "grounded") -> str:
    """Begin a scenario and return the id of the session."""
    page.evaluate("address => { location.hash = address; }", f"#/play?scenario={scenario}")
    page.wait_for_selector("#start")
    page.locator('[aria-pressed="true"]', has_text=scenario.split("/")[1]).wait_for()
    page.get_by_label("World model").select_option(model)
    page.click("#start")
    page.wait_for_selector(".composer")
    return str(page.url.split("/")[-1])


def act(page: Any, action: str) -> Any:
    """Type an action and return the card of its turn."""
    turns = page.locator(".turn:not(.pending)").count()
    page.fill(".composer-line", action)
    page.press(".composer-line", "Enter")
    page.locator(".turn:not(.pending)").nth(turns).wait_for()
    return page.locator(".turn").nth(turns)


def test_one_plays_and_sees_who_answered_and_why(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        computed = act(page, "echo hello > a.txt; cat a.txt")
        assert computed.locator(".plain-text").inner_text() == "hello"
        assert computed.locator(".badge").inner_text() == "computed"
        predicted = act(page, "uname -a")
        assert "plain: uname -a" in predicted.inner_text()
        assert predicted.locator(".badge").inner_text() == "model"
        assert "Not computed: " in predicted.locator(".turn-why").inner_text()
        assert " ms" in predicted.locator(".turn-meta").inner_text()
        assert "computed: hello" in page.evaluate("document.getElementById('said').textContent") or "model: plain" in (
            page.evaluate("document.getElementById('said').textContent")
        )


def test_what_the_kernel_knows_stands_beside_the_turns(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        page.get_by_role("tab", name="Facts").click()
        act(page, "mkdir work && cd work")
        page.locator(".side").get_by_text("/home/dev/work").first.wait_for()


def test_a_fork_goes_its_own_way_and_both_stand_in_the_tree(opened: Opened, site: str) -> None:
    with opened(site) as page:
        first = start(page)
        act(page, "pwd")
        act(page, "echo one")
        page.get_by_role("button", name="Fork after this turn").first.click()
        page.wait_for_url(lambda url: first not in url)
        page.get_by_text("forked from another session").wait_for()
        assert page.locator(".turn").count() == 1
        act(page, "echo two")
        page.get_by_role("tab", name="Branches").click()
        tree = page.get_by_role("list", name="Branches")
        tree.get_by_text("echo one").wait_for()
        assert tree.get_by_text("echo two").count() == 1
        assert tree.get_by_text("pwd").count() == 1
        tree.get_by_text("echo one").click()
        page.wait_for_url(lambda url: first in url)
        page.locator(".turn").nth(1).get_by_text("echo one").wait_for()
        assert page.locator(".turn").count() == 2


def test_another_instruction_holds_for_the_turns_that_follow(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page, model="grounded")
        assert "plain: uname -a" in act(page, "uname -a").inner_text()
        page.get_by_role("tab", name="Instruction").click()
        page.get_by_label("Simulation instruction").fill("all is slow")
        page.get_by_role("button", name="Use from here on").click()
        page.get_by_text("The instruction holds from here on.").wait_for()
        assert "all is slow: uname -r" in act(page, "uname -r").inner_text()


def test_a_turn_that_is_taken_back_can_be_changed_and_sent_again(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        act(page, "echo one")
        page.get_by_role("button", name="Take back").click()
        page.locator(".turn").wait_for(state="detached")
        assert page.locator(".composer-line").input_value() == "echo one"


def test_a_reload_and_a_link_open_the_session_again(opened: Opened, site: str) -> None:
    with opened(site) as page:
        id = start(page)
        act(page, "echo kept")
        page.reload()
        page.locator(".turn").get_by_text("kept", exact=True).wait_for()
        page.goto(f"{site}/#/sessions")
        page.locator(f'a[href="#/play/{id}"]').click()
        page.locator(".turn").get_by_text("kept", exact=True).wait_for()


def test_the_history_is_under_the_arrow_keys(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        act(page, "echo one")
        act(page, "echo two")
        line = page.locator(".composer-line")
        line.fill("draft")
        for expected in ("echo two", "echo one"):
            line.press("ArrowUp")
            assert line.input_value() == expected
        line.press("ArrowDown")
        line.press("ArrowDown")
        assert line.input_value() == "draft"


def test_a_wrong_action_stays_in_the_line_with_what_to_do(opened: Opened, site: str) -> None:
    with opened(site, expected=("422",)) as page:
        start(page, "android/android-settings")
        page.fill(".composer-line", '{"action_type": "clik", "index": 1}')
        page.press(".composer-line", "Enter")
        alert = page.locator(".composer [role=alert]")
        alert.wait_for()
        assert "click" in alert.inner_text()
        assert "The session is unchanged" in alert.inner_text()
        assert "clik" in page.locator(".composer-line").input_value()


def test_a_world_of_tools_is_played_by_a_form_made_from_its_schema(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page, "mcp/mcp-notes-changes")
        page.get_by_role("combobox", name="Tool").select_option("create_note")
        form = page.locator(".form-fields")
        page.get_by_role("button", name="Send").first.click()
        page.locator(".composer [role=alert]").get_by_text("title is required").wait_for()
        form.get_by_label("title *").fill("Milk")
        form.get_by_label("tags").fill('["shop"]')
        page.get_by_role("tab", name="JSON").click()
        sent = json.loads(page.locator(".composer-line").input_value())
        assert sent == {"name": "create_note", "arguments": {"title": "Milk", "tags": ["shop"]}}
        page.get_by_role("tab", name="Form").click()
        assert form.get_by_label("title *").input_value() == "Milk"
        form.get_by_label("title *").press("Enter")
        page.locator(".turn").get_by_text("create_note").first.wait_for()
        page.locator(".turn .badge").wait_for()


def test_tools_of_ones_own_become_a_world(opened: Opened, site: str) -> None:
    with opened(site) as page:
        page.get_by_role("tab", name="Your own tools").click()
        assert page.locator("#start").is_disabled()
        page.get_by_label("Tools (JSON)").fill("[{")
        page.get_by_text("This is not JSON").wait_for()
        page.get_by_label("Tools (JSON)").fill(
            json.dumps(
                {"tools": [{"type": "function", "function": {"name": "ring", "parameters": {"type": "object"}}}]}
            )
        )
        page.get_by_text("1 tool: ring").wait_for()
        page.get_by_label("Initial state").fill("A bell.")
        page.click("#start")
        page.wait_for_selector(".composer")
        page.get_by_role("button", name="Send").first.click()
        page.locator(".turn:not(.pending)").get_by_text("ring").first.wait_for()
        page.get_by_role("tab", name="Set-up").click()
        page.locator(".side").get_by_text("A bell.").wait_for()


def test_a_trajectory_can_be_downloaded_and_an_agent_connected(opened: Opened, site: str) -> None:
    with opened(site) as page:
        id = start(page)
        act(page, 'echo "it\'s"')
        with page.expect_download() as caught:
            page.get_by_role("button", name="Download").click()
        row = json.loads(Path(caught.value.path()).read_text("utf-8"))
        assert [turn["action"] for turn in row["turns"]] == ['echo "it\'s"']
        page.get_by_role("button", name="Connect").click()
        dialog = page.get_by_role("dialog")
        assert f"{site}/s/{id}/mcp" in dialog.inner_text()
        assert f"{site}/#/play/{id}" in dialog.inner_text()
        for name, command in (("curl", ["bash", "-c"]), ("Python", [sys.executable, "-c"])):
            code = dialog.get_by_label(name, exact=True).text_content()
            ran = subprocess.run([*command, code], capture_output=True, text=True, timeout=20, check=False)
            assert "it's" in ran.stdout, ran.stderr


def test_a_snapshot_is_frozen_and_a_closed_session_can_be_forked(opened: Opened, site: str) -> None:
    with opened(site) as page:
        start(page)
        act(page, "echo one")
        page.get_by_role("button", name="Snapshot").click()
        page.get_by_text("A snapshot is kept").wait_for()
        page.get_by_role("button", name="Close").click()
        page.get_by_text("This session has ended (closed)").wait_for()
        assert not page.locator(".composer").is_visible()
        page.get_by_role("button", name="Fork and go on").click()
        page.locator(".composer").wait_for()
        page.goto(f"{site}/#/sessions")
        page.locator(".sessions .badge", has_text="snapshot").first.wait_for()
