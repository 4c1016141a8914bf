"""A screen as programs with ``adb`` see it, and the actions that their commands are."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.data.sources import uiautomator
from nextstate.domains.android import DOMAIN, device, screen
from nextstate.errors import ActionError

LAUNCHER = """package org.example.launcher
1 TextView "Notes" desc="Notes" clickable focusable [76,1873][249,2068]
2 TextView "Settings" desc="Settings" clickable focusable [328,1873][501,2068]
package com.android.systemui
4 TextView "09:41" desc="09:41" id=clock [50,1][148,128]"""
FORM = """package org.example.notes
0 FrameLayout clickable [0,0][1080,600]
1 EditText "Title" hint="Title" id=title clickable editable focusable focused [0,100][1080,200]
2 EditText "Body" id=body clickable editable focusable [0,200][1080,400]"""
FRACTIONS = """package a.b
0 Button "Go" clickable [0.1,0.2][0.5,0.4]"""
TAGS = "<input id=0>Search</input>\n<p id=1>No items</p>\n<button id=2>go back</button>"


def act(shown: str, *words: str) -> Any:
    action = device.act(shown, words)
    if action is not None:
        DOMAIN.validate(action)
    return None if action is None else json.loads(action)


@pytest.mark.parametrize(
    ("shown", "command", "action"),
    [
        (LAUNCHER, "input tap 100 1900", {"action_type": "click", "index": 1}),
        (LAUNCHER, "input touchscreen -d 0 tap 100.5 1900", {"action_type": "click", "index": 1}),
        (LAUNCHER, "input tap 100 1000", {"action_type": "click", "x": 100, "y": 1000}),
        (FORM, "input tap 10 150", {"action_type": "click", "index": 1}),
        (LAUNCHER, "input swipe 400 1900 402 1901 900", {"action_type": "long_press", "index": 2}),
        (LAUNCHER, "input swipe 400 1900 400 1900", {"action_type": "click", "index": 2}),
        (LAUNCHER, "input swipe 500 1800 500 600 300", {"action_type": "swipe", "direction": "up"}),
        (LAUNCHER, "input swipe 100 500 900 600", {"action_type": "swipe", "direction": "right"}),
        (FORM, "input text Buy%smilk", {"action_type": "input_text", "index": 1, "text": "Buy milk"}),
        (LAUNCHER, "input text x", {"action_type": "input_text", "text": "x"}),
        (LAUNCHER, "input keyevent KEYCODE_BACK", {"action_type": "navigate_back"}),
        (LAUNCHER, "input keyevent home", {"action_type": "navigate_home"}),
        (LAUNCHER, "input keyevent 66", {"action_type": "keyboard_enter"}),
        (LAUNCHER, "input keyevent 82", None),
        (LAUNCHER, "am start -n org.example.notes/.Main", {"action_type": "open_app", "app_name": "Notes"}),
        (FORM, "am start org.example.notes/.Main", {"action_type": "open_app", "app_name": "notes"}),
        (FORM, "am start -a android.intent.action.VIEW -d https://a.b/c", None),
        (FORM, "monkey -p com.android.settings 1", {"action_type": "open_app", "app_name": "settings"}),
        (FORM, "am force-stop org.example.notes", None),
        (FORM, "ls", None),
        (FRACTIONS, "input tap 300 700", {"action_type": "click", "index": 0}),
        (FRACTIONS, "input tap 540 2160", {"action_type": "click", "x": 0.5, "y": 0.9}),
        (TAGS, "input tap 100 300", {"action_type": "click", "index": 2}),
        (TAGS, "input tap 100 150", None),
    ],
)
def test_a_command_of_the_shell_is_an_action(shown: str, command: str, action: Any) -> None:
    assert act(shown, *command.split()) == action


@pytest.mark.parametrize(
    "command", ["input", "input tap 1", "input tap a b", "input swipe 1 2", "input text", "input fly"]
)
def test_wrong_usage_is_told_as_the_program_tells_it(command: str) -> None:
    with pytest.raises(ActionError, match="Error: "):
        device.act(LAUNCHER, tuple(command.split()))


def test_a_dump_of_every_golden_screen_is_read_back_as_the_same_elements() -> None:
    for example in DOMAIN.examples():
        for turn in example.turns[:6]:
            shown = [
                (one.kind.split(".")[-1], one.text, one.description, one.hint, one.bounds, one.flags - {"editable"})
                for one in screen.read(turn.observation).elements
            ]
            dumped = [
                (one.class_name.split(".")[-1], one.text, one.description, one.hint, one.bounds, one.flags)
                for _, one in uiautomator.nodes(device.dump(turn.observation))
            ]
            assert dumped == [(*row[:5], row[5] - {"invisible"}) for row in shown]


def test_where_a_node_of_a_dump_is_touched_its_element_is_touched() -> None:
    for shown in (LAUNCHER, FORM, FRACTIONS, TAGS):
        for view, box in device.boxes(screen.read(shown)):
            action = act(shown, "input", "tap", str(int(box[0]) + 1), str(int(box[3]) - 1))
            if view.flags & screen.TOUCHABLE and action is not None:
                assert action["index"] == view.number


def test_sizes_and_the_app_in_front_are_told() -> None:
    assert device.size(LAUNCHER) == device.size(TAGS) == device.size("") == (1080, 2400)
    assert device.size('0 View "x" [0,0][1440,3040]') == (1440, 3040)
    assert (device.front(LAUNCHER), device.front(TAGS)) == ("org.example.launcher", "")


@given(st.text(max_size=60))
def test_any_text_on_a_screen_makes_a_dump_that_is_xml(text: str) -> None:
    shown = f"package a\n0 TextView {json.dumps(text)} id=x [0,0][10,10]"
    (node,) = ET.fromstring(device.dump(shown)).findall(".//node[@resource-id='a:id/x']")
    assert len(node.attrib["text"]) == len(screen.read(shown).elements[0].text)


@given(st.text(max_size=200), st.lists(st.text(max_size=8), max_size=5))
def test_any_screen_and_command_have_an_action_or_none(shown: str, words: list[str]) -> None:
    ET.fromstring(device.dump(shown))
    try:
        act(shown, "input", *words)
        act(shown, "am", "start", *words)
        act(shown, *words)
    except ActionError:
        pass
