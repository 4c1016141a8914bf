"""Promises of the kernel as a whole: pure, bounded, never raising."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_kernel_worlds import KERNEL, LIBRARY, after, book, call, said, unknown

from nextstate.domain import Determined
from nextstate.domains.mcp.kernel import words
from nextstate.domains.mcp.kernel.said import MAX_FACTS
from nextstate.domains.mcp.kernel.words import Effect
from nextstate.types import Setup

ACTIONS = st.sampled_from(
    [
        call("get_book", book_id=1),
        call("get_book"),
        call("add_book", title="Ferns"),
        call("move_book", book_id=1, shelf="B2"),
        call("remove_book", book_id=1),
        call("list_books"),
        call("nothing"),
        "no call",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=60), st.sampled_from([book(1), f"[{book(1)}]", "Error: no book 1", "ok", "null", "{}"])
)
SETUP = Setup(tools=LIBRARY)


@given(st.lists(st.tuples(ACTIONS, TEXTS), max_size=8), ACTIONS)
def test_any_history_is_absorbed_and_the_same_state_gives_the_same_answer(
    turns: list[tuple[str, str]], action: str
) -> None:
    state = after(SETUP, *turns)
    first = _said(KERNEL.step(state, action))
    KERNEL.absorb(KERNEL.absorb(state, action, "ok"), action, "Error: no")
    assert _said(KERNEL.step(state, action)) == first
    assert _said(KERNEL.step(after(SETUP, *turns), action)) == first


def _said(found: object) -> tuple[str, str]:
    return (found.observation, "") if isinstance(found, Determined) else (found.reason, found.facts)  # type: ignore[attr-defined]  # Unknown


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([{"id": number, "name": f"n{number}", "values": [1, 2]} for number in range(25_000)]),
        json.dumps({f"key{number}": f"value_{number}" for number in range(40_000)}),
        "x" * 1_000_000,
        "a/b/c 17_x\n" * 90_000,
        "[" * 100_000,
        '{"a":' * 50_000,
        json.dumps(["x/y"] * 200_000),
        "1" * 1_000_000,
        '{"id": 1e999}',
    ],
    ids=range(9),
)
def test_a_large_result_takes_bounded_time(text: str) -> None:
    started = time.perf_counter()
    state = after(Setup(), (call("list_all", of="x/y"), text), (call("update_x", id=5), text))
    for action in (call("list_all", of="x/y"), call("update_x", id=6), call("get_x", id=7)):
        KERNEL.step(state, action)
    assert time.perf_counter() - started < 4


def test_a_history_of_thousands_of_calls_takes_bounded_time() -> None:
    started = time.perf_counter()
    state = after(SETUP, *((call("add_book", title=f"Vol. {number}"), book(number)) for number in range(2_000)))
    assert json.loads(said(state, "get_book", book_id=1_900) or "")["id"] == 1_900
    said(state, "move_book", book_id=3, shelf="B2")
    assert time.perf_counter() - started < 4


def test_facts_are_bounded() -> None:
    state = after(
        SETUP, (call("get_book", book_id=1), book(1, "long " * 5_000)), (call("remove_book", book_id=1), "removed")
    )
    found = unknown(state, "get_book", book_id=1)
    assert 0 < len(found.facts) <= MAX_FACTS
    assert "deleted or moved away" in found.facts


def test_an_action_that_is_no_call_is_unknown() -> None:
    found = KERNEL.step(KERNEL.open(SETUP), "click(3)")
    assert not isinstance(found, Determined)
    assert found.reason == "the action is not the call of a tool"


def test_reasons_hold_no_values() -> None:
    state = after(SETUP, (call("remove_book", book_id=77), "gone fishing"))
    reasons = {
        unknown(state, "get_book", book_id=77).reason,
        unknown(state, "remove_book", book_id=77).reason,
        unknown(state, "list_books").reason,
        unknown(state, "frobnicate", it=77).reason,
    }
    assert len(reasons) == 4
    assert not any("77" in reason or "book" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("name", "description", "effect"),
    [
        ("get_user", "", Effect.READ),
        ("crm.list_users", "", Effect.SEEK),
        ("getCurrentTime", "", Effect.VOLATILE),
        ("createInvoice", "", Effect.CREATE),
        ("delete_all_rows", "", Effect.DELETE),
        ("run_query", "", Effect.UNKNOWN),
        ("invoice", "Returns the invoice with this number.", Effect.READ),
        ("invoice", "The invoice.", Effect.UNKNOWN),
    ],
)
def test_what_a_tool_does_is_told_by_its_name_or_else_its_description(
    name: str, description: str, effect: Effect
) -> None:
    assert words.effect(name, description) is effect


def test_tools_whose_descriptions_begin_alike_are_of_one_service() -> None:
    from nextstate.types import Tool

    tools = [
        Tool(name, f"Part of the {of}. Tool: it {name}s things.")
        for name, of in (("mend", "shop"), ("sell", "shop"), ("fly", "sky"))
    ]
    found = words.profiles(tools)
    assert found["mend"].service == found["sell"].service != ""
    assert found["fly"].service == ""


def test_facts_tell_a_number_whose_form_is_not_known() -> None:
    found = unknown(after(Setup()), "calculate", expression="2 * 21")
    assert found.reason == "how the tool writes a number was not shown"
    assert "42.0" in found.facts


def test_facts_tell_what_is_known_of_a_thing_and_what_may_have_changed_it() -> None:
    state = after(SETUP, (call("get_book", book_id=1), book(1)), (call("move_book", book_id=1, shelf="C3"), "ok"))
    facts = unknown(state, "get_book", book_id=1).facts
    assert "Orchids" in facts
    assert "since then move_book may have changed it" in facts
