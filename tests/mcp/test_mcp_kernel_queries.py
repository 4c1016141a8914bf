"""Lists, searches and deletions among things that are all known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp_kernel_worlds import TEXT, WHOLE, after, call, said, tool

from nextstate.types import Setup

STAMP: dict[str, Any] = {
    "type": "object",
    "properties": {"id": WHOLE, "motif": TEXT, "land": TEXT, "marks": {"type": "array", "items": TEXT}},
}
PAGE = {
    "$defs": {"Stamp": STAMP},
    "type": "object",
    "properties": {
        "total": WHOLE,
        "stamps": {"type": "array", "items": {"$ref": "#/$defs/Stamp"}},
        "next_page": {"anyOf": [WHOLE, {"type": "null"}]},
    },
}
SPLIT = {
    "type": "object",
    "properties": {name: {"type": "array", "items": WHOLE} for name in ("removed", "missing")},
}
MARK, LIMIT = {"type": "string", "default": ""}, {"type": "integer", "default": 5}
TOOLS = (
    tool("add_stamp", {"motif": TEXT, "land": TEXT}, STAMP),
    tool("list_stamps", {"mark": MARK, "limit": LIMIT}, PAGE, "List stamps."),
    tool("find_stamps", {"query": TEXT, "limit": LIMIT}, PAGE, "Find stamps whose motif or land contains a text."),
    tool("remove_stamps", {"ids": {"type": "array", "items": WHOLE}}, SPLIT, "Remove several stamps."),
    tool("list_stamps_with_doubles", {"doubles": {"type": "boolean", "default": False}}, PAGE, "List stamps."),
    tool("list_recent_stamps", {}, PAGE, "List stamps."),
)
SETUP = Setup(tools=TOOLS)


def _stamp(number: int, motif: str, land: str, *marks: str) -> dict[str, Any]:
    return {"id": number, "motif": motif, "land": land, "marks": list(marks)}


def _page(*stamps: dict[str, Any]) -> dict[str, Any]:
    return {"total": len(stamps), "stamps": list(stamps), "next_page": None}


OWL, FOX = _stamp(1, "Owl", "Norway", "rare"), _stamp(2, "Fox", "Malta")


def _listed(*stamps: dict[str, Any], **arguments: Any) -> tuple[str, str]:
    return call("list_stamps", **arguments), json.dumps(_page(*stamps))


def _added(stamp: dict[str, Any]) -> tuple[str, str]:
    return call("add_stamp", motif=stamp["motif"], land=stamp["land"]), json.dumps(stamp)


def _said(state: Any, name: str, **arguments: Any) -> Any:
    found = said(state, name, **arguments)
    return None if found is None else json.loads(found)


def test_a_search_among_all_things_finds_those_that_hold_the_text() -> None:
    state = after(SETUP, _listed(OWL, FOX))
    assert _said(state, "find_stamps", query="Fox") == _page(FOX)
    assert _said(state, "find_stamps", query="Peru") == _page()


def test_a_search_on_which_ways_of_searching_differ_is_not_known() -> None:
    assert said(after(SETUP, _listed(OWL, FOX)), "find_stamps", query="fox") is None
    assert said(after(SETUP, _listed(OWL, FOX)), "find_stamps", query="Fox Malta") is None


def test_what_a_part_of_a_list_leaves_out_is_not_known() -> None:
    state = after(SETUP, _listed(OWL, mark="rare"))
    assert said(state, "find_stamps", query="Fox") is None
    cut = (call("list_stamps", limit=1), json.dumps({"total": 2, "stamps": [OWL], "next_page": 1}))
    assert said(after(SETUP, cut), "find_stamps", query="Fox") is None


def test_the_first_thing_of_a_kind_is_the_only_one() -> None:
    state = after(SETUP, _added(OWL), _added(FOX))
    assert _said(state, "find_stamps", query="Owl") == _page(OWL)
    assert said(after(SETUP, _added(FOX)), "find_stamps", query="Owl") is None


def test_a_value_of_a_field_chooses_things() -> None:
    state = after(SETUP, _listed(OWL, FOX))
    assert _said(state, "list_stamps", mark="rare") == _page(OWL)


def test_more_things_than_the_limit_are_not_shown() -> None:
    assert said(after(SETUP, _listed(OWL, FOX)), "list_stamps", limit=1) is None


def test_several_things_need_a_list_that_tells_their_order() -> None:
    assert said(after(SETUP, _added(OWL), _added(FOX)), "list_stamps") is None
    elk, cow = _stamp(3, "Elk", "Chile"), _stamp(3, "Cow", "Peru")
    assert _said(after(SETUP, _listed(OWL, FOX), _added(elk)), "list_stamps", limit=4) == _page(OWL, FOX, elk)
    assert said(after(SETUP, _listed(OWL, FOX), _added(cow)), "list_stamps", limit=4) is None  # by number, or by land


def test_a_deletion_tells_which_things_were_there() -> None:
    state = after(SETUP, _listed(OWL, FOX))
    assert _said(state, "remove_stamps", ids=[2, 7]) == {"removed": [2], "missing": [7]}
    gone = (call("remove_stamps", ids=[2]), json.dumps({"removed": [2], "missing": []}))
    assert _said(after(SETUP, _listed(OWL, FOX), gone), "remove_stamps", ids=[2, 1]) == {"removed": [1], "missing": [2]}


def test_the_same_number_twice_in_a_deletion_is_not_known() -> None:
    assert said(after(SETUP, _listed(OWL, FOX)), "remove_stamps", ids=[2, 2]) is None


def test_a_call_that_may_do_anything_leaves_nothing_known() -> None:
    state = after(SETUP, _listed(OWL, FOX), (call("shuffle_album"), "ok"))
    assert said(state, "find_stamps", query="Fox") is None


@pytest.mark.parametrize("name", ["list_stamps_with_doubles", "list_recent_stamps"])
def test_a_list_that_may_pass_things_over_is_not_known(name: str) -> None:
    assert said(after(SETUP, _listed(OWL, FOX)), name) is None
    shown = (call(name), json.dumps(_page(OWL)))
    assert said(after(SETUP, shown), "find_stamps", query="Fox") is None


def test_a_long_session_is_followed_in_bounded_time() -> None:
    many = [_stamp(number, f"Bird {number}", "Chile") for number in range(1, 400)]
    state = after(SETUP, *map(_added, many))
    assert _said(state, "remove_stamps", ids=[399, 400]) == {"removed": [399], "missing": [400]}


PAIR = {
    "type": "object",
    "properties": {
        "rooms": {"type": "array", "items": {"type": "object", "properties": {"name": TEXT, "floor": WHOLE}}},
        "doors": {"type": "array", "items": {"type": "object", "properties": {"from": TEXT, "to": TEXT}}},
    },
}
NAMES = {"type": "array", "items": TEXT, "description": "The names of the rooms to retrieve"}
HOUSE = Setup(
    tools=(
        tool("read_house", {}, PAIR, "Read the whole house."),
        tool("open_rooms", {"names": NAMES}, PAIR, "Open rooms of the house by their names."),
        tool("create_doors", {"doors": {"type": "array"}}, None, "Create doors."),
    )
)


def _house(*doors: dict[str, str]) -> tuple[str, str]:
    rooms = [{"name": "hall", "floor": 0}, {"name": "loft", "floor": 2}]
    return call("read_house"), json.dumps({"rooms": rooms, "doors": list(doors)})


def test_things_are_opened_by_their_names() -> None:
    expected = {"rooms": [{"name": "loft", "floor": 2}], "doors": []}
    assert _said(after(HOUSE, _house()), "open_rooms", names=["loft"]) == expected
    assert _said(after(HOUSE, _house()), "open_rooms", names=["attic"]) == {"rooms": [], "doors": []}


def test_which_things_of_another_kind_belong_to_those_that_are_opened_is_not_known() -> None:
    door = {"from": "hall", "to": "loft"}
    assert said(after(HOUSE, _house(door)), "open_rooms", names=["loft"]) is None
    made = (call("create_doors", doors=[door]), json.dumps([door]))
    assert said(after(HOUSE, _house(), made), "open_rooms", names=["loft"]) is None
