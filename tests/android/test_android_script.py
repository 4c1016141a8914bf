from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextstate.data import store
from nextstate.data.sources import read as read_source
from nextstate.domain import Determined, find
from nextstate.domains.android import codec, screen
from nextstate.domains.android.kernel import AndroidKernel
from nextstate.errors import ActionError
from nextstate.record import android_script
from nextstate.record.android_dump import xml
from nextstate.record.android_script import App, act, named

if TYPE_CHECKING:
    from pathlib import Path


def do(app: App, *labels: str) -> str:
    shown = app.screen
    for label in labels:
        shown = app.step(act("click", index=named(app.device, label)))
    return shown


def texts(shown: str) -> list[str]:
    return [one.label for one in screen.read(shown).elements if one.own]


def test_a_note_is_written_found_again_and_deleted() -> None:
    app = App()
    do(app, "Notes", "New note")
    app.step(act("input_text", index=named(app.device, "Title"), text="Oats"))
    assert "Oats" in texts(do(app, "Save"))
    assert texts(do(app, "Oats"))[0] == "Oats"
    assert "Oats will be gone." in texts(do(app, "Delete"))
    assert texts(do(app, "Cancel"))[0] == "Oats"
    assert "Oats" not in texts(do(app, "Delete", "Delete"))


def test_a_note_is_renamed_everywhere() -> None:
    app = App()
    do(app, "Notes", "Ideas", "Rename")
    app.step(act("input_text", index=named(app.device, "New title"), text="Plans"))
    assert texts(do(app, "OK"))[0] == "Plans"
    app.step(act("navigate_back"))
    assert "Plans" in texts(app.screen)
    assert "Ideas" not in texts(app.screen)


def test_back_closes_the_keyboard_before_anything_else() -> None:
    app = App()
    do(app, "Notes", "New note", "Title")
    before = codec.canonical(app.screen)
    assert codec.canonical(app.step(act("navigate_back"))) == before
    assert texts(app.step(act("navigate_back")))[0] == "Notes"


def test_boxes_choices_and_menus_behave_as_on_a_device() -> None:
    app = App()
    shown = do(app, "Notes", "More options", "Settings", "Show word count")
    assert "checked" in next(line for line in shown.split("\n") if "word count" in line)
    assert "Font size: Large" in texts(do(app, "Font size: Medium", "Large"))
    assert texts(app.step(act("navigate_back")))[0] == "Notes"


def test_an_app_goes_on_where_it_was_left() -> None:
    app = App()
    do(app, "Notes", "Ideas")
    app.step(act("navigate_home"))
    assert texts(app.step(act("open_app", app_name="notes")))[0] == "Ideas"


def test_lists_scroll_to_their_end_and_no_further() -> None:
    app = App()
    do(app, "Settings")
    down = act("scroll", direction="down")
    assert "Account 10" in texts(app.step(down))
    before = codec.canonical(app.screen)
    assert codec.canonical(app.step(down)) == before
    assert "Network" in texts(app.step(act("swipe", direction="down")))


@pytest.mark.parametrize(
    "action",
    [
        act("click", index=99),
        act("click", x=5, y=2399),
        act("open_app", app_name="Camera"),
        act("input_text", index=0, text="x"),
        act("input_text", text="x"),
        act("wait"),
        act("status", goal_status="complete"),
        act("scroll", direction="left"),
    ],
)
def test_what_cannot_be_done_changes_nothing(action: str) -> None:
    app = App()
    before = codec.canonical(app.screen)
    assert codec.canonical(app.step(action)) == before


def test_an_action_that_does_not_parse_is_refused() -> None:
    with pytest.raises(ActionError):
        App().step("click the button")


ACTIONS = st.one_of(
    st.builds(lambda i: act("click", index=i), st.integers(0, 12)),
    st.builds(lambda i, t: act("input_text", index=i, text=t), st.integers(0, 6), st.text(max_size=8)),
    st.builds(lambda i: act("long_press", index=i), st.integers(0, 6)),
    st.sampled_from([act("navigate_back"), act("navigate_home"), act("scroll", direction="down"), act("wait")]),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(ACTIONS, max_size=25))
def test_whatever_is_done_there_is_a_screen_and_every_touchable_element_has_a_number(actions: list[str]) -> None:
    app = App()
    for action in actions:
        try:
            shown = app.step(action)
        except ActionError:
            continue
        view = screen.read(shown)
        assert view.elements
        assert len({one.number for one in view.elements}) == len(view.elements)


def test_the_same_actions_make_the_same_recording() -> None:
    assert list(android_script.episodes(7, 2, 15)) == list(android_script.episodes(7, 2, 15))
    assert list(android_script.episodes(7, 1, 15)) != list(android_script.episodes(8, 1, 15))


def test_dumps_are_what_the_importer_of_dumps_reads(tmp_path: Path) -> None:
    app, steps = App(), [{"action": None, "xml": xml(App().device)}]
    for number in range(6):
        action = act("click", index=number)
        app.step(action)
        steps.append({"action": json.loads(action), "xml": xml(app.device)})
    path = tmp_path / "steps.json"
    path.write_text(json.dumps(steps), "utf-8")
    (found,) = read_source("uiautomator", path)
    assert found.turns[-1].observation == app.screen
    assert found.setup.initial_state == App().screen


def test_the_module_writes_the_golden_examples_again(tmp_path: Path) -> None:
    android_script.main(["--out", str(tmp_path / "examples.jsonl")])
    again = list(store.read(tmp_path / "examples.jsonl"))
    assert [one.turns for one in again] == [one.turns for one in find("android").examples()]
    android_script.main(["--out", str(tmp_path / "more.jsonl"), "--episodes", "2", "--steps", "5"])
    assert [len(one.turns) for one in store.read(tmp_path / "more.jsonl")] == [5, 5]


def test_what_the_kernel_computes_on_random_episodes_is_right() -> None:
    kernel, answered, wrong = AndroidKernel(), 0, []
    for episode in android_script.episodes(11, 12, 40):
        state: Any = kernel.open(episode.setup)
        for number, turn in enumerate(episode.turns):
            found = kernel.step(state, turn.action)
            if isinstance(found, Determined):
                answered += 1
                if codec.canonical(found.observation) != codec.canonical(turn.observation):
                    wrong.append((episode.id, number, turn.action))
            state = kernel.absorb(state, turn.action, turn.observation)
    assert answered > 80
    assert wrong == []
