"""When the same call shows the same again."""

from __future__ import annotations

import pytest
from mcp_kernel_worlds import LIBRARY, after, book, call, said, unknown

from nextstate.types import Setup

NONE = Setup()
READ = (call("get_user", user_id="u_17"), '{"name": "Heron", "plan": "free"}')


def test_the_same_read_shows_the_same_again() -> None:
    assert said(after(NONE, READ), "get_user", user_id="u_17") == READ[1]


def test_the_order_of_arguments_does_not_matter() -> None:
    state = after(NONE, (call("find_route", start="A", end="B"), "12 km"))
    assert said(state, "find_route", end="B", start="A") == "12 km"


@pytest.mark.parametrize(
    "write",
    [
        call("update_user", user_id="u_17", plan="pro"),
        call("charge_card", user="u_17"),
        call("run_sql", query="DELETE FROM users"),
        call("frobnicate"),
        call("transfer", sender="u_3", receiver="u_17"),
    ],
)
def test_a_write_that_may_have_changed_it_makes_it_unknown(write: str) -> None:
    state = after(NONE, READ, (write, "ok"))
    found = unknown(state, "get_user", user_id="u_17")
    assert found.reason == "another call may have changed what the call shows"
    assert "Heron" in found.facts


@pytest.mark.parametrize(
    "write",
    [
        call("update_user", user_id="u_99", plan="pro"),
        call("get_weather", city="Oslo"),
        call("delete_users", user_ids=["u_4", "u_5"]),
    ],
)
def test_a_write_of_something_else_leaves_it_as_it_was(write: str) -> None:
    assert said(after(NONE, READ, (write, "done")), "get_user", user_id="u_17") == READ[1]


def test_a_write_that_failed_changed_nothing() -> None:
    state = after(NONE, READ, (call("update_user", user_id="u_17", plan="gold"), "Error: no such plan"))
    assert said(state, "get_user", user_id="u_17") == READ[1]


def test_a_list_is_unknown_after_any_write_of_its_service() -> None:
    state = after(NONE, (call("list_users"), "[]"), (call("create_team", team="Reds"), "done"))
    assert said(state, "list_users") is None


def test_a_write_of_another_server_leaves_a_list_as_it_was() -> None:
    state = after(NONE, (call("crm.list_users"), "[]"), (call("wiki.create_page", title="Reds"), "done"))
    assert said(state, "crm.list_users") == "[]"


def test_a_program_may_change_another_server() -> None:
    state = after(
        NONE, (call("files.list_directory", path="/a"), "b"), (call("shell.run_command", command="rm /a/b"), "")
    )
    assert said(state, "files.list_directory", path="/a") is None


def test_a_write_below_a_path_may_change_what_is_shown_of_it() -> None:
    read = (call("get_folder_info", path="/home/red"), "3 files")
    assert said(
        after(NONE, read, (call("write_file", path="/home/blue/x", content="q"), "ok")),
        "get_folder_info",
        path="/home/red",
    )
    assert not said(
        after(NONE, read, (call("write_file", path="/home/red/x", content="q"), "ok")),
        "get_folder_info",
        path="/home/red",
    )


@pytest.mark.parametrize("name", ["get_current_time", "get_random_number", "read_latest_news", "take_screenshot"])
def test_what_changes_by_itself_is_never_repeated(name: str) -> None:
    assert said(after(NONE, (call(name), "42")), name) is None


def test_a_tool_that_once_showed_something_else_for_no_reason_is_not_trusted() -> None:
    first, second = (call("get_quote"), "Seize the day."), (call("get_quote"), "Know thyself.")
    assert said(after(NONE, first), "get_quote") == "Seize the day."
    assert said(after(NONE, first, second), "get_quote") is None


def test_a_failure_is_repeated_unless_it_may_pass() -> None:
    pay = call("pay_invoice", invoice_id="in_4")
    assert said(after(NONE, (pay, "Error: balance is not enough")), "pay_invoice", invoice_id="in_4")
    assert not said(after(NONE, (pay, "Error: request timed out")), "pay_invoice", invoice_id="in_4")


def test_a_write_is_not_repeated() -> None:
    state = after(Setup(tools=LIBRARY), (call("add_book", title="Ferns"), book(1)))
    assert said(state, "add_book", title="Ferns") is None


def test_an_action_that_is_no_call_may_have_done_anything() -> None:
    assert said(after(NONE, READ, ("click(3)", "done")), "get_user", user_id="u_17") is None


@pytest.mark.parametrize(
    "between",
    [
        call("query", sql="DELETE FROM users"),
        call("fetch", url="http://x.test/u", method="POST"),
        call("get_or_create", of="u"),
    ],
)
def test_what_only_seems_to_read_may_have_changed_everything(between: str) -> None:
    select = (call("query", sql="SELECT 1"), "[1]")
    assert said(after(NONE, select), "query", sql="SELECT 1") == "[1]"
    assert said(after(NONE, select, (between, "ok")), "query", sql="SELECT 1") is None
