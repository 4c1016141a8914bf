"""First results of writes, changes learned from an earlier write, and texts and lists after writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp_kernel_worlds import TEXT, WHOLE, after, call, said, tool

from nextstate.types import Setup, Tool


def shape(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


def listed(*states: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(states)}


GATES = (
    tool(
        "lock_gates",
        {"open": {"type": "boolean"}, "gate": {"type": "array", "items": TEXT}},
        shape(gateState=listed("locked", "opened"), remainingOpenedGates=WHOLE),
    ),
    tool(
        "start_pump", {"mode": listed("START", "STOP")}, shape(pumpState=listed("running", "stopped"), waterLevel=WHOLE)
    ),
    tool("fill_water", {"amount": WHOLE}),
    tool("fill_tank", {"amount": WHOLE}, shape(waterLevel=WHOLE)),
)
FACTS = {"initial_config": {"mill": {"waterLevel": 7, "gateStates": {"north": "opened", "south": "opened"}}}}
MILL = Setup(tools=GATES, facts=FACTS)


def test_a_switch_chooses_one_of_two_states_and_the_things_in_a_state_are_counted() -> None:
    shut = said(after(MILL), "lock_gates", open=False, gate=["north"])
    assert json.loads(shut or "") == {"gateState": "locked", "remainingOpenedGates": 1}
    opened = said(after(MILL), "lock_gates", open=True, gate=["north"])
    assert json.loads(opened or "") == {"gateState": "opened", "remainingOpenedGates": 2}
    assert said(after(MILL), "lock_gates", open=False, gate=["west"]) is None


def test_an_option_chooses_the_state_that_is_left_beside_a_value_of_the_facts() -> None:
    started = said(after(MILL), "start_pump", mode="START")
    assert json.loads(started or "") == {"pumpState": "running", "waterLevel": 7}


def test_a_value_is_told_anew_by_a_later_write_and_not_known_after_one_that_may_have_changed_it() -> None:
    filled = (call("fill_tank", amount=2), '{"waterLevel": 9}')
    assert json.loads(said(after(MILL, filled), "start_pump", mode="STOP") or "")["waterLevel"] == 9
    hidden = (call("fill_water", amount=2), "filled")
    assert said(after(MILL, hidden), "start_pump", mode="STOP") is None


def test_a_state_is_not_said_to_be_reached_by_a_tool_that_failed_before() -> None:
    failed = (call("start_pump", mode="STOP"), '{"error": "the gates are open"}')
    assert said(after(MILL, failed), "start_pump", mode="START") is None


JOBS = (
    tool(
        "cancel_job",
        {"job_id": WHOLE},
        shape(job_id=WHOLE, status={"type": "string", "description": "Status of the job"}),
    ),
    tool("drop_job", {"job_id": WHOLE}, shape(job_id=WHOLE, status={"type": "string", "description": "How it went"})),
    tool(
        "get_job",
        {"job_id": WHOLE},
        shape(id=WHOLE, status={"type": "string", "description": '[Enum]: ["Open", "Cancelled", "Dropped"]'}),
    ),
)


@pytest.mark.parametrize(
    ("facts", "turns"),
    [
        ({}, [(call("get_job", job_id=1), '{"id": 1, "status": "Cancelled"}')]),
        ({"initial_config": {"jobs": [{"id": 1, "status": "Cancelled"}]}}, []),
    ],
)
def test_a_verb_chooses_a_state_that_a_read_of_the_kind_lists_once_a_thing_was_seen_in_it(
    facts: Any, turns: Any
) -> None:
    state = after(Setup(tools=JOBS, facts=facts), *turns)
    assert json.loads(said(state, "cancel_job", job_id=3) or "") == {"job_id": 3, "status": "Cancelled"}
    assert said(state, "drop_job", job_id=3) is None


def test_a_state_that_only_another_tool_lists_is_not_believed_unseen() -> None:
    seen = (call("get_job", job_id=1), '{"id": 1, "status": "Open"}')
    assert said(after(Setup(tools=JOBS), seen), "cancel_job", job_id=3) is None


NOTE = shape(id=WHOLE, title=TEXT, body={"type": "string", "default": ""}, tags={"type": "array", "default": []})
NOTES = (
    tool("add_note", {"title": TEXT, "body": {"type": "string", "default": ""}}, NOTE),
    tool("update_note", {"id": WHOLE, "title": {"default": None}, "body": {"default": None}}, NOTE),
    tool("remove_notes", {"ids": {"type": "array"}}),
    tool("list_notes", {}, shape(total=WHOLE, notes={"type": "array", "items": NOTE})),
)
PAD = Setup(tools=NOTES)


def note(number: int, title: str, body: str = "") -> dict[str, Any]:
    return {"id": number, "title": title, "body": body, "tags": []}


def added(number: int, title: str, body: str = "") -> tuple[str, str]:
    return call("add_note", title=title, body=body), json.dumps(note(number, title, body))


def notes(*items: dict[str, Any]) -> tuple[str, str]:
    return call("list_notes"), json.dumps({"total": len(items), "notes": items})


def test_what_is_created_has_the_next_number_and_the_declared_defaults() -> None:
    state = after(PAD, added(1, "Ferns", "green"))
    assert json.loads(said(state, "add_note", title="Mosses") or "") == note(2, "Mosses")
    assert said(after(PAD), "add_note", title="Mosses") is None


def test_what_may_be_refused_since_another_thing_has_its_name_is_not_answered() -> None:
    assert said(after(PAD, added(1, "Ferns")), "add_note", title="Ferns", body="again") is None


def test_an_update_shows_the_thing_with_its_arguments() -> None:
    state = after(PAD, added(1, "Ferns"), added(2, "Mosses"))
    assert json.loads(said(state, "update_note", id=1, body="green") or "") == note(1, "Ferns", "green")
    assert said(state, "update_note", id=5, body="green") is None
    assert said(state, "update_note", id=1, title="Mosses") is None


def test_a_list_is_shown_with_what_was_created_and_without_what_was_removed() -> None:
    state = after(PAD, notes(), added(1, "Ferns"))
    assert json.loads(said(state, "list_notes") or "") == {"total": 1, "notes": [note(1, "Ferns")]}
    shown = notes(note(1, "Mosses"), note(2, "Ferns"), note(3, "Lichens"))
    gone = (call("remove_notes", ids=[2]), "removed")
    state = after(PAD, shown, gone, added(4, "Algae"))
    expected = {"total": 3, "notes": [note(1, "Mosses"), note(3, "Lichens"), note(4, "Algae")]}
    assert json.loads(said(state, "list_notes") or "") == expected


def test_a_list_is_not_answered_where_the_place_of_a_new_thing_is_in_doubt() -> None:
    state = after(PAD, notes(note(1, "Ferns")), added(2, "Algae"))
    assert said(state, "list_notes") is None


def test_a_list_is_not_answered_after_a_write_that_does_not_show_what_it_made() -> None:
    state = after(PAD, notes(note(1, "Ferns")), (call("add_note", title="Algae"), "added"))
    assert said(state, "list_notes") is None


FILED = shape(content=TEXT)
FILES = (
    tool("write_page", {"page": TEXT, "content": TEXT}, FILED, "Write a page."),
    tool("append_page", {"page": TEXT, "content": TEXT}, FILED, "Append to a page."),
    tool(
        "read_page",
        {"page": TEXT, "head": {"type": "integer", "default": None}, "tail": {"default": None}},
        FILED,
        "Read the contents of a page.",
    ),
    tool("get_page_info", {"page": TEXT}, FILED, "Get information about the contents of a page."),
)
BOOKLET = Setup(tools=FILES)
WRITTEN = (call("write_page", page="p.txt", content="one\ntwo\nthree\n"), "written")


def test_a_text_that_was_written_whole_is_read_in_the_manner_of_the_service() -> None:
    assert said(after(BOOKLET, WRITTEN), "read_page", page="p.txt") == "one\ntwo\nthree\n"
    inside = (WRITTEN[0], '{"content": "written"}')
    assert said(after(BOOKLET, inside), "read_page", page="p.txt") == '{"content": "one\\ntwo\\nthree\\n"}'


def test_the_first_lines_of_a_written_text_are_read_where_there_are_more() -> None:
    assert said(after(BOOKLET, WRITTEN), "read_page", page="p.txt", head=2) == "one\ntwo"
    assert said(after(BOOKLET, WRITTEN), "read_page", page="p.txt", head=4) is None
    assert said(after(BOOKLET, WRITTEN), "read_page", page="p.txt", tail=1) is None


def test_a_text_that_was_only_added_to_and_other_facts_of_a_text_are_not_known() -> None:
    more = (call("append_page", page="p.txt", content="four"), "added")
    assert said(after(BOOKLET, WRITTEN, more), "read_page", page="p.txt") is None
    assert said(after(BOOKLET, WRITTEN), "get_page_info", page="p.txt") is None


def order(number: int, *amounts: int, status: str = "") -> str:
    found = {"order_id": number, "payments": [{"card": "c", "amount": one} for one in amounts]}
    return json.dumps(found | {"status": status} if status else found)


CANCELLED = (call("cancel_order", order_id=1), order(1, 5, -5, status="cancelled"))


def test_a_change_that_an_earlier_write_showed_is_made_to_another_thing() -> None:
    state = after(
        Setup(), (call("get_order", order_id=1), order(1, 5)), CANCELLED, (call("get_order", order_id=2), order(2, 8))
    )
    assert json.loads(said(state, "cancel_order", order_id=2) or "") == json.loads(order(2, 8, -8, status="cancelled"))


@pytest.mark.parametrize("known", [order(2, 8, 9), order(2), order(2, 8, status="cancelled")])
def test_a_change_is_not_made_where_the_earlier_one_does_not_tell_how(known: str) -> None:
    state = after(
        Setup(), (call("get_order", order_id=1), order(1, 5)), CANCELLED, (call("get_order", order_id=2), known)
    )
    assert said(state, "cancel_order", order_id=2) is None


TREE = {
    "shelf": {
        "type": "directory",
        "items": {"a.txt": {"type": "file", "text": "one two\nthree"}, "e.txt": {"type": "file", "text": "x\n"}},
    }
}
COUNTED = shape(count=WHOLE, unit=listed("lines", "words", "characters"))
COUNTS: tuple[Tool, ...] = (
    tool(
        "tally",
        {
            "file": TEXT,
            "mode": {"type": "string", "default": "l", "description": "l for lines, w for words, c for characters"},
        },
        COUNTED,
        "Count the lines, words or characters of a file.",
    ),
)


@pytest.mark.parametrize(("mode", "count", "unit"), [("l", 2, "lines"), ("w", 3, "words"), ("c", 13, "characters")])
def test_lines_words_and_characters_of_a_file_are_counted(mode: str, count: int, unit: str) -> None:
    state = after(Setup(tools=COUNTS, facts={"root": TREE}))
    assert json.loads(said(state, "tally", file="a.txt", mode=mode) or "") == {"count": count, "unit": unit}
    assert said(state, "tally", file="e.txt", mode=mode) is None
    assert said(state, "tally", file="none.txt", mode=mode) is None


def test_an_argument_that_is_not_declared_is_passed_over() -> None:
    state = after(BOOKLET, WRITTEN)
    assert said(state, "read_page", page="p.txt", colour="red") == said(state, "read_page", page="p.txt")
