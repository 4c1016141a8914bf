"""Refusals that name their cause: what still stands in a later call, and what may have passed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp_kernel_worlds import after, call, said

from nextstate.types import Setup

BULBS, PEARS = {"sku": "BX10", "day": "2031-02-01"}, {"sku": "BX11", "day": "2031-02-02"}
FIGS, NUTS = {"sku": "BX12", "day": "2031-02-03"}, {"sku": "BX13", "day": "2031-02-04"}


def refused(text: str = "Error: crate BX11 cannot be sent on 2031-02-02", **changed: Any) -> tuple[str, str]:
    return call("update_shipment", **_given(**changed)), text


def _given(**changed: Any) -> dict[str, Any]:
    return {"shipment_id": "SH20", "crates": [BULBS, PEARS, FIGS], "size": "large"} | changed


def again(*turns: tuple[str, str], **changed: Any) -> str | None:
    return said(after(Setup(), *turns), "update_shipment", **_given(**changed))


@pytest.mark.parametrize("crates", [[BULBS, PEARS, NUTS], [BULBS, PEARS]])
def test_a_refusal_of_an_item_stands_where_only_items_behind_it_are_others(crates: Any) -> None:
    assert again(refused(), crates=crates) == refused()[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"crates": [NUTS, PEARS, FIGS]},
        {"crates": [BULBS, {**PEARS, "day": "2031-02-09"}, FIGS]},
        {"crates": [PEARS, BULBS, FIGS]},
        {"crates": [BULBS, FIGS]},
        {"crates": [BULBS, PEARS, FIGS, NUTS]},
        {"crates": [BULBS, PEARS, {**FIGS, "day": 3}]},
        {"crates": [BULBS, PEARS, PEARS]},
        {"crates": [BULBS, PEARS, {"sku": "BX12"}]},
        {"size": "small", "crates": [BULBS, PEARS]},
        {"shipment_id": "SH21", "crates": [BULBS, PEARS]},
        {"crates": []},
    ],
)
def test_a_refusal_of_an_item_tells_nothing_of_a_call_that_differs_elsewhere(changed: dict[str, Any]) -> None:
    assert again(refused(), **changed) is None


@pytest.mark.parametrize(
    "text",
    [
        "Error: crate BX11 cannot be sent on 2031-02-05",
        "Error: crates that cannot be sent: BX11",
        "Error: BX11 cannot be sent",
        "Error: crates may not be sent",
        "Error: crate BX11 timed out, try again",
        "Error: crate BX11 or BX12 cannot be sent",
    ],
)
def test_a_refusal_that_does_not_name_one_item_of_the_call_is_not_repeated_for_another_call(text: str) -> None:
    assert again(refused(text), crates=[BULBS, PEARS, NUTS]) is None


def test_a_longer_list_is_refused_alike_where_the_thing_itself_has_one_as_long() -> None:
    held = json.dumps({"shipment_id": "SH20", "owner": "heron", "crates": [NUTS, FIGS, BULBS]})
    seen = (call("get_shipment", shipment_id="SH20"), held)
    first = refused(crates=[BULBS, PEARS])
    assert again(seen, first, crates=[BULBS, PEARS, NUTS]) == first[1]
    assert again(first, crates=[BULBS, PEARS, NUTS]) is None


@pytest.mark.parametrize(
    "between",
    [
        (call("update_shipment", shipment_id="SH20", crates=[BULBS], size="large"), '{"shipment_id": "SH20"}'),
        (call("add_crate", sku="BX11"), '{"sku": "BX11", "free": 4}'),
        (call("run_script", text="x"), "fine"),
    ],
)
def test_a_refusal_of_an_item_is_in_doubt_after_a_write_that_may_have_touched_it(between: tuple[str, str]) -> None:
    assert again(refused(), between, crates=[BULBS, PEARS, NUTS]) is None


MISSING = (call("book_berth", owner="heron_21", card_id="card_41"), "Error: card card_41 not found")
BOOKED = json.dumps({"berth_id": "B9", "owner": "heron_21", "card_id": "card_52", "day": "2031-02-01"})
OTHER = (call("book_berth", owner="heron_21", card_id="card_52"), BOOKED)


def book(*turns: tuple[str, str]) -> str | None:
    return said(after(Setup(), *turns), "book_berth", owner="heron_21", card_id="card_41")


def test_what_was_not_found_is_not_found_after_writes_that_show_all_they_did_without_it() -> None:
    assert book(MISSING, OTHER) == MISSING[1]
    assert book(MISSING, OTHER, (call("cancel_berth", berth_id="B9"), BOOKED)) == MISSING[1]


@pytest.mark.parametrize(
    "between",
    [
        (call("add_card", owner="heron_21", card_id="card_41"), "added"),
        (call("send_card", owner="heron_21"), "card sent to heron"),
        (call("send_card", owner="heron_21"), '{"sent": true, "owner": "heron_21"}'),
        (call("get_owner", owner="heron_21"), '{"owner": "heron_21", "cards": [{"card_id": "card_41"}]}'),
        (call("run_script", text="x"), "fine"),
    ],
)
def test_what_was_not_found_may_be_there_after_a_call_that_shows_it_or_does_not_tell_all(
    between: tuple[str, str],
) -> None:
    assert book(MISSING, OTHER, between) is None


@pytest.mark.parametrize(
    "text",
    ["Error: card not found", "Error: card_41 has no funds", "Error: card card_41 not found, code 404", "Error: 41"],
)
def test_another_refusal_may_have_passed_after_a_write_of_the_same_kind(text: str) -> None:
    assert book((MISSING[0], text), OTHER) is None


OWNER = (
    call("get_owner", owner="heron_21"),
    '{"owner": "heron_21", "cards": {"card_41": {"id": "card_41", "amount": 50}, "card_42": {"id": "card_42"}}}',
)
SHELF = (
    call("search_goods", day="2031-02-01"),
    '[{"code": "BX10", "left": {"small": 9, "large": 8}, "prices": {"small": 11, "large": 23}},'
    ' {"code": "BX11", "left": {"small": 7, "large": 6}, "prices": {"small": 13, "large": 17}}]',
)
SHORT = "Error: it does not add up, the price is 80, but given 30"


def order(**changed: Any) -> dict[str, Any]:
    goods = [{"code": "BX10", "day": "2031-02-01"}, {"code": "BX11", "day": "2031-02-01"}]
    guests = [{"first": "Ada"}, {"first": "Bo"}]
    paid = [{"card_id": "card_41", "amount": 20}, {"card_id": "card_42", "amount": 10}]
    return {"size": "large", "goods": goods, "guests": guests, "paid": paid, "bags": 5} | changed


def paying(one: int, other: int) -> list[dict[str, Any]]:
    return [{"card_id": "card_41", "amount": one}, {"card_id": "card_42", "amount": other}]


def ordered(text: str = SHORT, *before: tuple[str, str], **changed: Any) -> str | None:
    state = after(Setup(), *before, (call("book_goods", **order()), text))
    return said(state, "book_goods", **order(**changed))


def test_a_sum_in_a_refusal_is_made_anew_from_the_arguments() -> None:
    assert ordered(SHORT, OWNER, paid=paying(45, 10)) == SHORT.replace("30", "55")
    assert ordered(SHORT, OWNER, paid=paying(20, 9)) == SHORT.replace("30", "29")


@pytest.mark.parametrize(
    "changed",
    [
        {"paid": paying(70, 10)},
        {"paid": paying(51, 9)},
        {"paid": paying(20, 11)},
        {"paid": paying(20, 0)},
        {"paid": paying(20, 9), "bags": 2},
        {"bags": 2},
        {"size": "small"},
        {"paid": [{"card_id": "card_41", "amount": 25}]},
    ],
)
def test_a_sum_is_left_open_where_the_call_may_pass_or_be_refused_otherwise(changed: dict[str, Any]) -> None:
    assert ordered(SHORT, OWNER, **changed) is None


@pytest.mark.parametrize(
    "text",
    [
        "Error: the price is 80 with a fee, given 30",
        "Error: 3 of 80 is too much, but given 30",
        "Error: the price is 80, but given 31",
        "Error: the price is 80.5, but given 30",
        "Error: the price of BX10 is 80, but given 30",
        "Error: 20, but 20",
    ],
)
def test_numbers_that_are_not_set_against_a_sum_of_the_call_are_left_open(text: str) -> None:
    assert ordered(text, OWNER, paid=paying(20, 9)) is None


def test_what_a_sum_of_shown_cells_did_not_count_is_not_counted_when_there_is_less_of_it() -> None:
    assert ordered(SHORT, SHELF, bags=2) == SHORT
    assert ordered(SHORT, SHELF, bags=6) is None
    assert ordered(SHORT, SHELF, bags=-1) is None
    assert ordered(SHORT.replace("80", "81"), SHELF, bags=2) is None
