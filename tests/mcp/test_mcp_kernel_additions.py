"""Changes whose new values earlier results showed, with the rule that an earlier change taught."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp_kernel_worlds import after, call, said

from nextstate.types import Setup

PLANTS = {"PL31": (40, 12), "PL32": (50, 15), "PL33": (60, 21), "PL34": (70, 26), "PL35": (33, 14), "PL36": (44, 16)}
"""The prices of plants in the sizes large and small."""


def shelf(*plants: str, month: str = "2031-05", left: int = 9, status: str = "fresh") -> tuple[str, str]:
    found = [
        {
            "code": plant,
            "house": f"H{plant[-1]}x",
            "status": status,
            "left": {"large": 9, "small": left},
            "prices": {"large": PLANTS[plant][0], "small": PLANTS[plant][1]},
        }
        for plant in plants
    ]
    return call("search_plants", month=month), json.dumps(found)


def bed(name: str, plants: list[str], owners: int, paid: str = "card_91", size: str = "large") -> dict[str, Any]:
    return {
        "bed_id": name,
        "size": size,
        "plants": [{"code": one, "month": "2031-05", "price": 100 + PLANTS[one][0], "house": "old"} for one in plants],
        "owners": [{"first": f"Owner {number}"} for number in range(owners)],
        "payments": [{"card_id": paid, "amount": 900}],
    }


def read(one: dict[str, Any]) -> tuple[str, str]:
    return call("get_bed", bed_id=one["bed_id"]), json.dumps(one)


def given(one: dict[str, Any], **changed: Any) -> dict[str, Any]:
    plants = [{"code": plant["code"], "month": plant["month"]} for plant in one["plants"]]
    card = one["payments"][0]["card_id"]
    return {"bed_id": one["bed_id"], "size": "small", "plants": plants, "card_id": card} | changed


def changed(one: dict[str, Any]) -> dict[str, Any]:
    """The bed after a change to small plants: each owner is paid back the difference; the size is not shown anew."""
    plants = [
        {"code": old["code"], "month": old["month"], "price": PLANTS[old["code"]][1], "house": f"H{old['code'][-1]}x"}
        for old in one["plants"]
    ]
    less = sum(new["price"] - old["price"] for new, old in zip(plants, one["plants"], strict=True))
    entry = {"card_id": one["payments"][0]["card_id"], "amount": less * len(one["owners"])}
    return {**one, "plants": plants, "payments": [*one["payments"], entry]}


FIRST, SECOND = bed("BD11", ["PL31", "PL32"], 2), bed("BD12", ["PL33", "PL34"], 3, "card_95")
SEEN = (read(FIRST), read(SECOND))
TAUGHT = (call("update_bed", **given(FIRST)), json.dumps(changed(FIRST)))


def answer(*turns: tuple[str, str], **arguments: Any) -> Any:
    text = said(after(Setup(), *turns), "update_bed", **given(SECOND, **arguments))
    return None if text is None else json.loads(text)


def test_a_change_is_made_from_the_cells_that_a_search_showed_and_the_rule_of_an_earlier_one() -> None:
    assert answer(*SEEN, shelf(*PLANTS), TAUGHT) == changed(SECOND)


def test_a_change_is_unknown_where_its_new_values_were_not_shown() -> None:
    assert answer(*SEEN, shelf("PL31", "PL32", "PL33"), TAUGHT) is None
    assert answer(*SEEN, shelf("PL31", "PL32"), shelf("PL33", "PL34", month="2031-06"), TAUGHT) is None


def test_the_first_change_is_unknown() -> None:
    assert answer(*SEEN, shelf(*PLANTS)) is None


def test_a_rule_that_fits_only_by_one_of_several_counts_is_not_applied_where_they_differ() -> None:
    single = bed("BD13", ["PL35", "PL36"], 1)
    taught = (call("update_bed", **given(single)), json.dumps(changed(single)))
    assert answer(read(single), *SEEN, shelf(*PLANTS), taught) is None
    assert answer(read(single), *SEEN, shelf(*PLANTS), taught, TAUGHT) == changed(SECOND)


def test_an_amount_that_no_difference_gives_teaches_nothing() -> None:
    off = changed(FIRST)
    off["payments"][-1]["amount"] -= 1
    assert answer(*SEEN, shelf(*PLANTS), (TAUGHT[0], json.dumps(off))) is None


@pytest.mark.parametrize(
    "arguments",
    [
        {"size": "large"},
        {"card_id": "card_91"},
        {"plants": [{"code": "PL33", "month": "2031-05"}]},
        {"plants": [{"code": code, "month": "2031-05"} for code in ("PL33", "PL34", "PL31")]},
        {"plants": []},
        {"bed_id": "BD99"},
    ],
)
def test_a_change_that_stands_to_its_thing_in_another_way_is_unknown(arguments: dict[str, Any]) -> None:
    assert answer(*SEEN, shelf(*PLANTS), TAUGHT, **arguments) is None


@pytest.mark.parametrize("other", [{"left": 2}, {"status": "sold out"}])
def test_an_item_that_may_not_be_had_is_unknown(other: dict[str, Any]) -> None:
    assert answer(*SEEN, shelf("PL31", "PL32"), shelf("PL33", "PL34", **other), TAUGHT) is None


def test_cells_that_a_write_may_have_changed_are_not_used() -> None:
    write = (call("water_plant", code="PL33"), '{"code": "PL33", "done": true}')
    assert answer(*SEEN, shelf(*PLANTS), write, TAUGHT) is None


def test_a_change_that_costs_more_may_be_refused() -> None:
    dear = {**SECOND, "plants": [{**one, "price": 1} for one in SECOND["plants"]]}
    assert answer(read(FIRST), read(dear), shelf(*PLANTS), TAUGHT) is None


def test_a_change_in_which_nothing_is_completed_is_left_to_plain_changes() -> None:
    one = {**FIRST, "note": "old", "serial": 1}
    turns = (
        read(one),
        (call("update_bed", bed_id="BD11", note="new"), json.dumps({**one, "note": "new", "serial": 2})),
    )
    assert said(after(Setup(), *turns), "update_bed", bed_id="BD11", note="other") is None
