"""Recordings of a scripted Android app, for a machine on which no device can run.

The apps are invented and described as data (`android_apps`); a screen is dumped as uiautomator would (`android_dump`)
and read by the importer of such dumps, so that its text is that of a real recording. What comes of it is named
synthetic wherever it is kept. As an environment::

    app = App()
    app.step('{"action_type": "open_app", "app_name": "Notes"}')     the text of the screen that follows

``python -m nextstate.record.android_script --out FILE`` writes the golden examples of the domain, or, with
``--episodes N``, random episodes.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nextstate.data import store
from nextstate.data.sources import android_screen, uiautomator
from nextstate.domains.android import codec
from nextstate.record import command
from nextstate.record.android_device import Device, moved, touched, typed
from nextstate.record.android_dump import Node, nodes, xml
from nextstate.types import NOTHING, Action, Observation, Setup, Source, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nextstate.domains.android.codec import Act

DATASET = "nextstate scripted app (synthetic)"
"""What recordings of the scripted app say of where they come from."""


class App:
    """The scripted device as an environment."""

    def __init__(self, device: Device | None = None) -> None:
        self.device = device or Device()

    @property
    def screen(self) -> Observation:
        """The text of the screen in front."""
        return look(self.device)

    def step(self, action: Action) -> Observation:
        """Carry out an action and look; raises :class:`~nextstate.errors.ActionError` for one that does not parse."""
        self.device = press(self.device, codec.parse(action))
        return self.screen


def look(device: Device) -> Observation:
    """The text of a device's screen."""
    return android_screen.screen(uiautomator.nodes(xml(device)))


def press(device: Device, act: Act) -> Device:
    """The device after an action."""
    device = replace(device, steps=device.steps + 1)
    node = _node(device, act)
    if act.kind == "input_text":
        if act.index is not None or act.x is not None:
            if node is None or node.item is None or node.item.kind != "field":
                return device
            device = touched(device, node.item, node.row)
        return typed(device, act.text or "", clear=act.clear_text is True)
    if act.kind not in codec.TOUCHES:
        return moved(device, act)
    if node is None:
        return device
    if node.opens:
        return moved(device, replace(act, kind="open_app", app_name=node.opens))
    return touched(device, node.item, node.row, held=act.kind == "long_press") if node.item else device


def _node(device: Device, act: Act) -> Node | None:
    """The node that an action is about: by its number, or the last one that can be touched at a point."""
    found = nodes(device)
    if act.index is not None:
        return found[act.index] if act.index < len(found) else None
    if act.x is None or act.y is None:
        return None
    there = (node for node in reversed(found) if _covers(node, act.x, act.y))
    return next((node for node in there if node.attributes["clickable"] == "true"), None)


def _covers(node: Node, x: float, y: float) -> bool:
    left, top, right, bottom = map(int, re.findall(r"\d+", node.attributes["bounds"]))
    return left <= x < right and top <= y < bottom


def record(name: str, actions: Iterable[Action], device: Device | None = None) -> Trajectory:
    """The trajectory of some actions on a device, from its first screen."""
    app = App(device)
    first, turns = app.screen, []
    for action in actions:
        before = app.screen
        shown = app.step(action)
        same = codec.canonical(before) == codec.canonical(shown)
        turns.append(Turn(action, shown, {"unchanged": True} if same else NOTHING))
    source = Source(DATASET, licence="Apache-2.0", row=name)
    return Trajectory(name, "android", Setup(initial_state=first), tuple(turns), source)


def act(action_type: str, **members: Any) -> Action:
    """The text of an action."""
    return json.dumps({"action_type": action_type} | members, ensure_ascii=False)


def named(device: Device, label: str) -> int:
    """The number of the node with a text or a description; raises :class:`LookupError` when there is none."""
    for number, node in enumerate(nodes(device)):
        if label in (node.attributes["text"], node.attributes["content-desc"]):
            return number
    raise LookupError(f"no node is called {label!r}")


def scripted(name: str, steps: Sequence[str | tuple[str, str] | dict[str, Any]]) -> Trajectory:
    """A trajectory of steps that name elements: a label is clicked, a pair is a label and the text to type there.

    An object is an action, whose ``index`` may be a label as well.
    """
    device, actions = Device(), []
    for step in steps:
        members = _members(step)
        if isinstance(members.get("index"), str):
            members["index"] = named(device, members["index"])
        actions.append(act(**members))
        device = press(device, codec.parse(actions[-1]))
    return record(name, actions)


def _members(step: str | tuple[str, str] | dict[str, Any]) -> dict[str, Any]:
    if isinstance(step, str):
        return {"action_type": "click", "index": step}
    if isinstance(step, tuple):
        return {"action_type": "input_text", "index": step[0], "text": step[1]}
    return dict(step)


BACK = {"action_type": "navigate_back"}
GOLDEN: dict[str, list[str | tuple[str, str] | dict[str, Any]]] = {
    "android-notes": [
        {"action_type": "open_app", "app_name": "Notes"},
        "New note",
        ("Title", "Call the plumber"),
        ("Text", "Before \u201cnoon\u201d, 555-0100"),
        "Save",
        "Call the plumber",
        "Delete",
        "Cancel",
        "Delete",
        {"action_type": "click", "index": "Delete"},
        {"action_type": "long_press", "index": "Ideas"},
        "Cancel",
    ],
    "android-settings": [
        "Notes",
        "More options",
        "Settings",
        "Show word count",
        "Show word count",
        "Font size: Medium",
        BACK,
        "Font size: Medium",
        "Large",
        BACK,
        "More options",
        BACK,
        {"action_type": "navigate_home"},
    ],
    "android-failures": [
        {"action_type": "click", "index": 99},
        {"action_type": "open_app", "app_name": "Calculator"},
        {"action_type": "click", "x": 700, "y": 700},
        "Settings",
        {"action_type": "scroll", "direction": "down"},
        {"action_type": "scroll", "direction": "down"},
        {"action_type": "wait"},
        "Account 9",
        BACK,
        {"action_type": "answer", "text": "There are ten accounts."},
        {"action_type": "status", "goal_status": "complete"},
    ],
}
"""The golden examples: what is done in each, by the labels of elements."""


def golden() -> tuple[Trajectory, ...]:
    """The golden examples of the domain."""
    return tuple(scripted(name, steps) for name, steps in GOLDEN.items())


_WORDS = ("milk", "Paris", "12:30", "a < b", "\u00e9t\u00e9", 'say "hi"', "x" * 40, "two words", "\u4f60\u597d")


def episodes(seed: int, count: int, steps: int) -> Iterator[Trajectory]:
    """Random episodes: ``count`` of ``steps`` actions each, the same for the same seed."""
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")
        device, actions = Device(), []
        for _ in range(steps):
            actions.append(_random(dice, device))
            device = press(device, codec.parse(actions[-1]))
        yield record(f"android-random-{seed}-{number}", actions)


def _random(dice: random.Random, device: Device) -> Action:
    """A random action, most often a touch of something that can be touched."""
    live = [(i, node) for i, node in enumerate(nodes(device)) if node.attributes["clickable"] == "true"]
    fields = [i for i, node in live if node.item is not None and node.item.kind == "field"]
    roll = dice.random()
    if fields and roll < 0.3:
        return act("input_text", index=dice.choice(fields), text=dice.choice(_WORDS))
    if live and roll < 0.72:
        return act("click", index=dice.choice(live)[0])
    if roll < 0.88:
        return act("navigate_back")
    other = (
        act("scroll", direction=dice.choice(codec.DIRECTIONS)),
        act("navigate_home"),
        act("open_app", app_name=dice.choice(("Notes", "Settings", "Camera"))),
        act("long_press", index=dice.randrange(12)),
        act("click", index=dice.randrange(40)),
        act("click", x=dice.randrange(1080), y=dice.randrange(2400)),
        act("wait"),
    )
    return dice.choice(other)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write trajectories to a file: the golden examples, or random episodes."""
    parser = command.parser("android_script", main.__doc__)
    parser.add_argument("--episodes", type=int, default=0, help="how many random episodes, instead of the examples")
    parser.add_argument("--steps", type=int, default=40, help="actions of a random episode")
    parser.add_argument("--seed", type=int, default=0, help="which random episodes")
    chosen = parser.parse_args(arguments)
    random_ones = episodes(chosen.seed, chosen.episodes, chosen.steps)
    store.write(chosen.out, random_ones if chosen.episodes else golden())


if __name__ == "__main__":
    main()
