"""Reads of things that a result, a write or the facts showed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp_kernel_worlds import BOOK, LIBRARY, NUMBER, TEXT, WHOLE, after, book, call, said, tool, unknown

from nextstate.types import Setup

SETUP = Setup(tools=LIBRARY)
SEEN = (call("get_book", book_id=1), book(1))


def test_what_was_created_is_read_as_its_result_showed_it() -> None:
    state = after(SETUP, (call("add_book", title="Ferns"), book(4, "Ferns")))
    assert json.loads(said(state, "get_book", book_id=4) or "") == json.loads(book(4, "Ferns"))


def test_another_thing_is_not_answered() -> None:
    state = after(SETUP, (call("add_book", title="Ferns"), book(4, "Ferns")))
    assert unknown(state, "get_book", book_id=5).reason == "what the call reads was not shown before"


def test_a_thing_in_a_list_is_read_where_it_has_all_the_fields_that_the_read_shows() -> None:
    listed = (call("list_books"), f"[{book(7)}, {book(8, 'Mosses')}]")
    assert json.loads(said(after(SETUP, SEEN, listed), "get_book", book_id=8) or "")["title"] == "Mosses"
    short = (call("list_books"), '[{"id": 8, "title": "Mosses"}]')
    assert said(after(SETUP, SEEN, short), "get_book", book_id=8) is None


def test_a_read_shows_what_a_later_write_showed() -> None:
    moved = (call("move_book", book_id=1, shelf="C3"), book(1, shelf="C3"))
    assert json.loads(said(after(SETUP, SEEN, moved), "get_book", book_id=1) or "")["shelf"] == "C3"


def test_a_write_that_shows_only_what_it_changed_is_applied() -> None:
    moved = (call("move_book", book_id=1, shelf="C3"), '{"id": 1, "shelf": "C3"}')
    assert json.loads(said(after(SETUP, SEEN, moved), "get_book", book_id=1) or "") == json.loads(book(1, shelf="C3"))


def test_a_write_that_only_says_that_all_went_well_makes_a_thing_unknown() -> None:
    moved = (call("move_book", book_id=1, shelf="C3"), '{"id": 1, "shelf": "success"}')
    assert said(after(SETUP, SEEN, moved), "get_book", book_id=1) is None
    assert said(after(SETUP, SEEN, (call("move_book", book_id=1, shelf="C3"), "ok")), "get_book", book_id=1) is None


def test_a_thing_with_a_time_of_change_is_unknown_after_a_partial_result() -> None:
    first = (call("get_task", task_id=3), '{"id": 3, "state": "new", "updated_at": "2026-01-01"}')
    write = (call("set_state", task_id=3, state="open"), '{"id": 3, "state": "open"}')
    assert said(after(Setup(), first, write), "get_task", task_id=3) is None


def test_what_was_removed_is_not_read() -> None:
    assert said(after(SETUP, SEEN, (call("remove_book", book_id=1), "removed")), "get_book", book_id=1) is None


def test_a_wrapped_result_is_written_in_its_wrapping() -> None:
    get = (call("get_book", book_id=1), json.dumps({"result": json.loads(book(1))}))
    made = (call("create_book", title="Ferns"), json.dumps({"result": json.loads(book(2, "Ferns"))}))
    assert json.loads(said(after(Setup(), get, made), "get_book", book_id=2) or "") == json.loads(made[1])


def test_json_is_written_as_the_tool_wrote_it() -> None:
    get = (call("get_book", book_id=1), json.dumps(json.loads(book(1)), indent=2))
    made = (call("create_book", title="Ferns"), book(2, "Ferns"))
    assert said(after(Setup(), get, made), "get_book", book_id=2) == json.dumps(json.loads(book(2, "Ferns")), indent=2)


FACTS = {
    "initial_config": {
        "Shop": {
            "goods": {"P-1": {"price": 3.5, "stock": 2}, "P-2": {"price": 9.0, "stock": 0}},
            "tickets": [{"id": 31, "state": "open"}],
            "owner": {"name": "Heron", "balance": 70.5},
            "watch_list": ["P-1"],
            "tank_level": 10.5,
            "post_counter": 6,
            "posts": [{"id": 4}, {"id": 5}],
            "author": "heron",
        }
    }
}
GOODS = {"type": "object", "properties": {"price": {"type": "number"}, "stock": {"type": "integer"}}}


def _shop(*tools: object) -> Setup:
    return Setup(tools=tools, facts=FACTS)  # type: ignore[arg-type]  # tools


def test_a_thing_of_the_facts_is_found_by_its_key() -> None:
    state = after(_shop(tool("get_goods", {"code": TEXT}, GOODS)))
    assert said(state, "get_goods", code="P-2") == '{"price": 9.0, "stock": 0}'
    assert said(state, "get_goods", code="P-3") is None


def test_a_thing_of_the_facts_is_found_by_its_id_in_the_collection_that_the_tool_speaks_of() -> None:
    state = after(_shop(tool("get_ticket", {"ticket_id": WHOLE}, BOOK)))
    assert said(state, "get_ticket", ticket_id=31) == '{"id": 31, "state": "open"}'


def test_a_thing_of_the_facts_is_unknown_after_a_write_of_it() -> None:
    state = after(_shop(tool("get_goods", {"code": TEXT}, GOODS)), (call("sell_goods", code="P-2"), "sold"))
    assert said(state, "get_goods", code="P-2") is None


def test_a_read_without_arguments_is_found_by_the_names_of_its_fields() -> None:
    output = {"type": "object", "properties": {"watchlist": {"type": "array"}}}
    state = after(_shop(tool("get_watchlist", {}, output)))
    assert said(state, "get_watchlist") == '{"watchlist": ["P-1"]}'
    assert (
        said(after(_shop(tool("get_watchlist", {}, output)), (call("sell_goods", code="P-2"), "sold")), "get_watchlist")
        is None
    )


def test_what_a_write_of_the_list_showed_is_read_again() -> None:
    output = {"type": "object", "properties": {"watchlist": {"type": "array"}}}
    write = (call("add_to_watchlist", good="P-9"), '{"watchlist": ["P-1", "P-9"]}')
    assert said(after(_shop(tool("get_watchlist", {}, output)), write), "get_watchlist") == write[1]


def test_adding_to_a_list_of_the_facts_shows_the_longer_list() -> None:
    output = {"type": "object", "properties": {"watchlist": {"type": "array"}}}
    state = after(_shop(tool("add_to_watchlist", {"good": TEXT}, output)))
    assert said(state, "add_to_watchlist", good="P-2") == '{"watchlist": ["P-1", "P-2"]}'
    assert said(state, "add_to_watchlist", good="P-1") is None


def test_an_additional_amount_is_added_within_the_limits_that_are_told() -> None:
    output = {"type": "object", "properties": {"tankLevel": {"type": "number"}}}
    more = {"type": "number", "description": "Litres; this is the additional amount."}
    state = after(_shop(tool("fill_tank", {"litres": more}, output, "Fills the tank, which holds 40 litres.")))
    assert said(state, "fill_tank", litres=4) == '{"tankLevel": 14.5}'
    assert said(state, "fill_tank", litres=30) is None


def test_something_is_created_of_its_arguments_under_the_next_number() -> None:
    names = ("id", "author", "text", "tags")
    output = {"type": "object", "properties": {name: {} for name in names}}
    arguments = {"text": TEXT, "tags": {"type": "array", "default": []}}
    setup = _shop(tool("create_post", arguments, output))
    assert json.loads(said(after(setup), "create_post", text="Hello") or "") == {
        "id": 6, "author": "heron", "text": "Hello", "tags": [],
    }  # fmt: skip
    assert said(after(setup, (call("login_author", author="blue"), "ok")), "create_post", text="Hello") is None


@pytest.mark.parametrize("posts", [[], [{"id": 4}], [{"id": 6}], [{"id": "five"}], None])
def test_a_counter_is_the_next_number_only_where_the_last_one_stands_beside_it(posts: Any) -> None:
    output = {"type": "object", "properties": {"id": {}, "text": {}}}
    facts = {"initial_config": {"post_counter": 6, "posts": posts, "author": "heron"}}
    setup = Setup(tools=(tool("create_post", {"text": TEXT}, output),), facts=facts)
    assert said(after(setup), "create_post", text="Hello") is None


def test_a_result_against_the_output_schema_is_not_said() -> None:
    strict = {**GOODS, "properties": {"price": {"type": "string"}, "stock": {"type": "integer"}}}
    assert said(after(_shop(tool("get_goods", {"code": TEXT}, strict))), "get_goods", code="P-2") is None


def test_fields_that_a_tool_shows_are_told_as_they_were_last_known() -> None:
    output = {"type": "object", "properties": {"tankLevel": {}, "pressure": {}}}
    setup = _shop(tool("check_tank", {"deep": {"type": "boolean", "default": False}}, output))
    assert "tanklevel 10.5" in unknown(after(setup), "check_tank", deep=True).facts
    state = after(setup, (call("fill_tank", litres=2), '{"tank_level": 12.5}'))
    assert "tanklevel 12.5" in unknown(state, "check_tank", deep=True).facts


PRICES = {"type": "object", "properties": {"price": WHOLE, "weight": WHOLE}}
SHOP = Setup(
    tools=(
        tool("get_fruit", {"fruit": TEXT}, PRICES),
        tool("add_to_basket", {"item": TEXT}, {"properties": {"basket": {"type": "array"}}}),
    ),
    facts={"fruits": {"PLUM": {"price": 3, "weight": 9}, "pear": {"price": 4, "weight": 8}}},
)


def test_a_thing_that_does_not_bear_its_name_is_read_from_the_facts_a_second_time_too() -> None:
    state = after(SHOP, (call("get_fruit", fruit="PLUM"), '{"price": 3, "weight": 9}'))
    assert json.loads(said(state, "get_fruit", fruit="pear") or "") == {"price": 4, "weight": 8}
    odd = after(SHOP, (call("get_fruit", fruit="PLUM"), '{"cost": 3}'))
    assert said(odd, "get_fruit", fruit="pear") is None


def test_a_write_of_a_list_of_its_own_leaves_the_things_that_stand_in_it() -> None:
    added = (call("add_to_basket", item="PLUM"), '{"basket": ["PLUM"]}')
    assert json.loads(said(after(SHOP, added), "get_fruit", fruit="PLUM") or "") == {"price": 3, "weight": 9}
    vague = (call("add_to_basket", item="PLUM"), '{"result": "done"}')
    assert said(after(SHOP, vague), "get_fruit", fruit="PLUM") is None


def test_what_was_removed_from_a_list_of_the_facts_is_no_longer_in_it() -> None:
    output = {"type": "object", "properties": {"watchlist": {"type": "array"}}}
    setup = _shop(tool("get_watchlist", {}, output), tool("add_to_watchlist", {"good": TEXT}, output))
    removed = (call("remove_good_from_watchlist", good="P-1"), "The good P-1 was removed")
    assert said(after(setup, removed), "get_watchlist") == '{"watchlist": []}'
    assert said(after(setup, removed), "add_to_watchlist", good="P-2") == '{"watchlist": ["P-2"]}'
    other = (call("remove_good_from_watchlist", good="P-7"), "The good P-7 was removed")
    assert said(after(setup, other), "get_watchlist") is None


def test_a_write_that_shows_just_what_it_names_changes_nothing_else() -> None:
    account = {"type": "object", "properties": {"owner": TEXT, "money": NUMBER}}
    facts = {"shop": {"account": {"owner": "Ada", "money": 5.5}, "watch_list": ["P-1"]}}
    setup = Setup(tools=(tool("get_account", {}, account), tool("add_to_watchlist", {"good": TEXT})), facts=facts)
    listed = (call("add_to_watchlist", good="P-9"), '{"watchlist": ["P-1", "P-9"]}')
    assert json.loads(said(after(setup, listed), "get_account") or "") == {"owner": "Ada", "money": 5.5}
    paid = (call("add_to_watchlist", good="P-9"), '{"fee": 2}')
    assert said(after(setup, paid), "get_account") is None


def test_a_quantity_is_filled_after_writes_that_do_not_speak_of_it() -> None:
    more = {"type": "number", "description": "Litres, in addition to what is in the tank."}
    output = {"type": "object", "properties": {"tankLevel": NUMBER}}
    setup = _shop(tool("fill_tank", {"litres": more}, output, "Fills the tank, which holds 40 litres."))
    assert said(after(setup, (call("set_sign", sign="open"), "set")), "fill_tank", litres=4) == '{"tankLevel": 14.5}'
    assert said(after(setup, (call("set_tank", litres=3), "set")), "fill_tank", litres=4) is None


def test_a_login_with_the_secret_of_the_facts_succeeds() -> None:
    output = {"type": "object", "properties": {"known": {"type": "boolean", "description": "True if logged in."}}}
    login = tool("login", {"user_name": TEXT, "pass_word": TEXT, "password": TEXT}, output)
    plain = tool("login", {"username": TEXT, "password": TEXT}, output)
    facts = {"club": {"username": "ada", "password": "p4"}}
    state = after(Setup(tools=(plain,), facts=facts))
    assert said(state, "login", username="ada", password="p4") == '{"known": true}'
    assert said(state, "login", username="ada", password="p5") is None
    assert said(after(Setup(tools=(login,), facts=facts)), "login", user_name="a", pass_word="b", password="c") is None


def test_a_call_that_was_refused_changes_nothing() -> None:
    read = (call("show_goods", code="P-1"), '{"code": "P-1", "stock": 4}')
    setup = Setup(tools=(tool("show_goods", {"code": TEXT}),))
    refused = (call("mystery"), "Unknown tool: mystery")
    assert said(after(setup, read, refused), "show_goods", code="P-1") == read[1]
    assert said(after(setup, read, (call("mystery"), "fine")), "show_goods", code="P-1") is None


def test_a_list_stays_when_a_shown_thing_of_another_kind_that_is_not_in_it_is_changed() -> None:
    read = (call("search_trains", start="Ulm"), '[{"train_number": "T7", "seats": 4}]')
    setup = Setup(tools=(tool("search_trains", {"start": TEXT}), tool("cancel_booking", {"booking_id": TEXT})))
    cancelled = {"booking_id": "B-1", "train_number": "T9", "guest": "Ada", "status": "cancelled"}
    away = (call("cancel_booking", booking_id="B-1"), json.dumps(cancelled))
    assert said(after(setup, read, away), "search_trains", start="Ulm") == read[1]
    same = (call("cancel_booking", booking_id="B-1"), json.dumps(cancelled | {"train_number": "T7"}))
    assert said(after(setup, read, same), "search_trains", start="Ulm") is None
