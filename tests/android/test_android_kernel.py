from __future__ import annotations

import json
from typing import Any

import pytest

from nextstate.domain import Determined, Unknown
from nextstate.domains.android import codec
from nextstate.domains.android.kernel import AndroidKernel
from nextstate.types import Setup

KERNEL = AndroidKernel()


def tags(*elements: str) -> str:
    """A screen in tags: ``i:`` an input, ``c:`` and ``C:`` a box, off and on, ``p:`` a text, else a button."""
    lines = []
    for number, element in enumerate((*elements, "go back")):
        kind, _, label = element.rpartition(":")
        tag = {"i": "input", "c": "checkbox", "C": "checkbox", "p": "p"}.get(kind, "button")
        state = f" checked={kind == 'C'}" if tag == "checkbox" else ""
        lines.append(f"<{tag} id={number}{state}>{label}</{tag}>")
    return "\n".join(lines)


def click(index: int) -> dict[str, Any]:
    return {"action_type": "click", "index": index}


BACK: dict[str, Any] = {"action_type": "navigate_back"}
MAIN = tags("i:Search", "More options", "Milk", "Bread")
MENU = tags("Settings", "About")
SETTINGS = tags("p:Settings", "Font size", "c:Sounds", "Delete everything")
SIZES = tags("c:Small", "C:Large")
SURE = tags("p:Are you sure?", "No", "Yes")
RENAME = tags("p:Rename", "i:Title", "Cancel", "OK")
MILK = tags("p:Milk", "p:one litre")


def after(first: str, *turns: tuple[dict[str, Any], str]) -> Any:
    state = KERNEL.open(Setup(initial_state=first))
    for action, shown in turns:
        state = KERNEL.absorb(state, json.dumps(action), shown)
    return state


def step(state: Any, action: dict[str, Any]) -> Determined | Unknown:
    return KERNEL.step(state, json.dumps(action))


def shown(state: Any, action: dict[str, Any]) -> str:
    found = step(state, action)
    assert isinstance(found, Determined), found
    return found.observation


def reason(state: Any, action: dict[str, Any]) -> str:
    found = step(state, action)
    assert isinstance(found, Unknown), found
    return found.reason


IN_SETTINGS = ((click(1), MENU), (click(0), SETTINGS))


def test_what_is_not_for_the_device_changes_nothing() -> None:
    for action in ({"action_type": "status", "goal_status": "complete"}, {"action_type": "answer", "text": "42"}):
        assert shown(after(MAIN), action) == MAIN


def test_a_number_beyond_the_screen_has_no_effect_and_one_left_out_is_unknown() -> None:
    assert shown(after(MAIN), click(9)) == MAIN
    assert reason(after('1 Button "a"\n4 Button "b"'), click(2)) == "the element with the number is not shown"
    assert reason(after('1 Button "a"\n1 Button "b"'), click(1)) == "two elements have the number"


def test_back_closes_what_lies_over_a_page_and_menus_close_behind_a_choice() -> None:
    assert shown(after(MAIN, *IN_SETTINGS), BACK) == MAIN
    assert shown(after(MAIN, *IN_SETTINGS, (click(1), SIZES)), BACK) == SETTINGS
    assert shown(after(MAIN, (click(1), MENU)), BACK) == MAIN


def test_a_dialog_is_cancelled_to_the_page_below_through_all_that_lies_between() -> None:
    assert shown(after(MAIN, *IN_SETTINGS, (click(3), SURE)), click(1)) == SETTINGS
    assert shown(after(MAIN, (click(1), MENU), (click(1), SURE)), click(1)) == MAIN
    assert reason(after(MAIN, *IN_SETTINGS, (click(3), SURE)), click(2)) == "what an element leads to"


def test_back_is_unknown_where_it_may_only_close_the_keyboard() -> None:
    assert reason(after(MAIN, (click(2), RENAME)), BACK) == "BACK may only close the keyboard"


def test_back_to_a_page_that_was_never_come_back_to_is_unknown() -> None:
    deeper = after(MAIN, (click(2), MILK), (click(1), tags("p:Price", "p:One euro")))
    assert reason(deeper, BACK) == "whether the screen below is still there"


def test_back_at_the_bottom_is_unknown() -> None:
    assert reason(after(MAIN), BACK) == "what lies below was not shown"


def test_a_page_that_replaces_another_in_place_is_not_above_it() -> None:
    tab = tags("i:Search", "More options", "Milk", "Butter")
    assert reason(after(MAIN, (click(3), tab)), BACK) == "what lies below was not shown"


def test_a_box_on_a_page_is_switched_and_back_again() -> None:
    state = after(MAIN, *IN_SETTINGS)
    on = shown(state, click(2))
    assert on == SETTINGS.replace("checked=False", "checked=True")
    assert shown(after(MAIN, *IN_SETTINGS, (click(2), on)), click(2)) == SETTINGS


def test_a_page_is_opened_again_as_it_was_left() -> None:
    on = SETTINGS.replace("checked=False", "checked=True")
    turns = (*IN_SETTINGS, (click(1), SIZES), (BACK, SETTINGS), (click(2), on), (click(1), SIZES))
    assert shown(after(MAIN, *turns), BACK) == on


def test_a_choice_in_a_list_is_not_a_box() -> None:
    assert reason(after(MAIN, *IN_SETTINGS, (click(1), SIZES)), click(0)) == "what an element leads to"


def test_typed_text_stands_in_the_input_and_a_search_is_unknown() -> None:
    state = after(MAIN, (click(2), RENAME))
    assert shown(state, {"action_type": "input_text", "index": 1, "text": "Oats"}) == RENAME.replace("Title", "Oats")
    assert reason(state, {"action_type": "input_text", "index": 1, "text": "a</input>"}) == "what typing changes"
    assert reason(after(MAIN), {"action_type": "input_text", "index": 0, "text": "Oats"}) == "what typing changes"


def test_a_touch_of_an_input_shows_nothing_new_in_tags() -> None:
    assert shown(after(MAIN, (click(2), RENAME)), click(1)) == RENAME


def test_the_same_action_leads_to_the_same_screen_until_something_is_written() -> None:
    once = ((click(2), MILK), (BACK, MAIN))
    assert shown(after(MAIN, *once), click(2)) == MILK
    assert reason(after(MAIN, *once), click(3)) == "what an element leads to"
    renamed = (*once, (click(3), RENAME), (click(3), MAIN))
    assert reason(after(MAIN, *renamed), click(2)) == "it led there before something was changed"


def test_a_cancelled_dialog_wrote_nothing() -> None:
    assert shown(after(MAIN, (click(2), MILK), (BACK, MAIN), (click(3), SURE), (click(1), MAIN)), click(2)) == MILK


def test_the_same_menu_over_another_page_is_another_place() -> None:
    other = tags("p:Groceries", "More options", "Eggs")
    turns = ((click(1), MENU), (click(1), MILK), (BACK, MAIN), (click(2), other), (click(1), MENU))
    assert reason(after(MAIN, *turns), click(1)) == "what an element leads to"


LAUNCHER = 'package org.example.launcher\n0 TextView "Notes" clickable [0,0][9,9]'
NOTES = 'package org.example.notes\n0 TextView "Notes"\n1 EditText "Title" focused editable\n2 Switch "Sync" checkable'
BAR = '\npackage com.android.systemui\n9 TextView "10:12" id=clock'


def test_home_shows_the_launcher_as_it_was_and_what_an_app_opens_with_is_unknown() -> None:
    turns = ((click(0), NOTES), ({"action_type": "navigate_home"}, LAUNCHER))
    state = after(LAUNCHER, *turns)
    assert reason(state, click(0)) == "what an application opens with"
    assert reason(after(LAUNCHER), {"action_type": "open_app", "app_name": "Notes"}) == "what an application opens with"
    assert shown(after(LAUNCHER, (click(0), NOTES)), {"action_type": "navigate_home"}) == LAUNCHER
    assert reason(after(NOTES), {"action_type": "navigate_home"}) == "the home screen was not shown"


def test_screens_are_the_same_whatever_the_clock_says() -> None:
    page = 'package org.example.notes\n0 Button "Next" clickable\n1 Button "More" clickable'
    turns = ((click(0), MILK), (BACK, page + BAR.replace("10:12", "10:13")))
    assert shown(after(page + BAR, *turns), click(0)) == MILK


def test_a_switch_in_lines_is_switched_and_back_is_unknown_while_an_input_has_the_focus() -> None:
    assert shown(after(NOTES), click(2)) == NOTES + " checked"
    quick = NOTES.replace("Sync", "On")
    assert reason(after(quick), click(2)) == "what an element leads to"
    assert reason(after(LAUNCHER, (click(0), NOTES)), BACK) == "what lies below was not shown"
    first = 'package org.example.notes\n0 TextView "First" clickable'
    assert reason(after(first, (click(0), NOTES)), BACK) == "BACK may only close the keyboard"


def test_a_touch_of_the_input_that_the_keyboard_is_out_for_changes_nothing() -> None:
    keyboard = '\npackage org.example.inputmethod\n7 FrameLayout desc="q" clickable'
    typed = NOTES.replace('"Title"', '"Oats"') + keyboard
    assert shown(after(NOTES, ({"action_type": "input_text", "index": 1, "text": "Oats"}, typed)), click(1)) == typed


def test_points_are_touches_of_what_lies_there() -> None:
    page = 'package a\n0 Button "Next" clickable [0,0][50,50]\n1 Button "More" clickable [50,0][90,50]'
    point = {"action_type": "click", "x": 10, "y": 10}
    assert shown(after(page, (point, MILK), (BACK, page)), point) == MILK
    assert reason(after(page), {"action_type": "click", "x": 500, "y": 10}) == "nothing known lies at the point"


def test_a_scroll_that_did_nothing_does_nothing_again() -> None:
    scroll = {"action_type": "scroll", "direction": "down"}
    assert reason(after(MAIN), scroll) == "what scrolling uncovers"
    assert shown(after(MAIN, (scroll, MAIN)), scroll) == MAIN


def test_facts_name_the_element_the_text_and_what_is_known() -> None:
    found = step(after(MAIN, (click(2), RENAME)), {"action_type": "input_text", "index": 1, "text": "a</input>"})
    assert isinstance(found, Unknown)
    assert "<input id=1>Title</input>" in found.facts
    assert "'a</input>'" in found.facts
    again = step(after(MAIN, (click(2), MILK), (BACK, MAIN), (click(3), RENAME), (click(3), MAIN)), click(2))
    assert isinstance(again, Unknown)
    assert "Milk; one litre" in again.facts
    deeper = step(after(MAIN, (click(2), MILK), (click(1), tags("p:Price"))), BACK)
    assert isinstance(deeper, Unknown)
    assert "A screen that may lie below showed: Milk" in deeper.facts


@pytest.mark.parametrize("first", ["", "  \n", "prose"])
def test_without_a_screen_that_can_be_read_nothing_is_computed(first: str) -> None:
    state = after(first)
    assert isinstance(step(state, click(0)), Unknown)
    assert isinstance(KERNEL.step(state, "nonsense"), Unknown)
    later = KERNEL.absorb(state, "nonsense", MAIN)
    assert reason(later, BACK) == "what lies below was not shown"


def test_a_state_is_not_changed_by_what_is_done_with_it() -> None:
    state = after(MAIN, *IN_SETTINGS)
    before = shown(state, BACK)
    KERNEL.absorb(KERNEL.absorb(state, json.dumps(click(2)), MILK), json.dumps(BACK), MAIN)
    assert shown(state, BACK) == before


def test_step_and_absorb_lead_to_the_same_place() -> None:
    state = after(MAIN, *IN_SETTINGS)
    found = step(state, click(2))
    assert isinstance(found, Determined)
    absorbed = KERNEL.absorb(state, json.dumps(click(2)), found.observation)
    for action in (BACK, click(2), click(1)):
        one, other = step(found.state, action), step(absorbed, action)
        assert getattr(one, "observation", one) == getattr(other, "observation", other)


def test_canonical_keys_tell_screens_apart() -> None:
    assert codec.canonical(MAIN) != codec.canonical(SETTINGS)
