"""A real desktop is recorded, and the kernel is right about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from os_screens import FRAME, NAME, row, screen

from nextstate.domain import Determined, find
from nextstate.domains.os import codec, table
from nextstate.errors import ActionError, UsageError
from nextstate.record import desktop, desktop_input, desktop_script
from nextstate.types import Trajectory

OS = find("os")
needs_desktop = pytest.mark.skipif(desktop.lacking() != "", reason=f"no desktop: {desktop.lacking()}")
ACTIONS = (
    "pyautogui.write('Left-Right <1>!')",
    "pyautogui.hotkey('ctrl', 'a')",
    "pyautogui.write('Bo')",
    "pyautogui.moveTo(500, 700)",
    "pyautogui.press('nokey')",
    "pyautogui.click(212, 176)",
    "pyautogui.press('escape')",
    "pyautogui.click(248, 310)",
    "pyautogui.click(248, 310)\ntime.sleep(0.1)",
)


def right(recorded: Trajectory) -> list[bool]:
    """Whether the kernel was right, for each turn that it answered."""
    assert OS.kernel is not None
    kernel, said = OS.kernel(), []
    state = kernel.open(recorded.setup)
    for turn in recorded.turns:
        found = kernel.step(state, turn.action)
        if isinstance(found, Determined):
            said.append(OS.canonical(found.observation) == OS.canonical(turn.observation))
        state = kernel.absorb(state, turn.action, turn.observation)
    return said


@needs_desktop
async def test_a_desktop_shows_what_was_done_and_the_kernel_is_right_about_it() -> None:
    recorded = await desktop.record(ACTIONS, task="try")
    shown = [turn.observation for turn in recorded.turns]
    assert recorded.setup.initial_state.startswith(table.HEADER_WITH_STATE + "\nframe\tContacts\t")
    assert "text\t\tLeft-Right <1>!\t" in shown[0]
    assert "text\t\tBo\t" in shown[2]
    assert [turn.meta.get("unchanged") is True for turn in recorded.turns[3:5]] == [True, True]
    assert "menu-item\tNew\t" in shown[5]
    assert "menu-item" not in shown[6]
    assert "check-box\tNewsletter\t\tgtk\t\t(199, 293)\t(99, 34)\tchecked,focused" in shown[7]
    assert recorded.meta["task"] == "try"
    assert all(right(recorded))
    assert len(right(recorded)) >= 5


@needs_desktop
async def test_what_does_not_parse_is_not_performed_and_a_program_without_a_window_is_told() -> None:
    async with desktop.desktop() as one:
        with pytest.raises(ActionError, match="did you mean"):
            await one.step("pyautogui.clik(1, 2)")
        assert one.turns == []


@needs_desktop
async def test_a_program_that_does_not_start_is_told_and_nothing_is_left_running() -> None:
    before = _servers()
    with pytest.raises(UsageError, match="does not start"):
        async with desktop.desktop(("/no/such/program",)):
            pass
    assert _servers() <= before


def _servers() -> set[str]:
    return {one.parent.name for one in Path("/proc").glob("[0-9]*/comm") if one.read_text() == "Xvfb\n"}


def test_without_its_programs_a_desktop_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.shutil, "which", lambda name: None)
    assert "Xvfb" in desktop.lacking()
    assert "apt-get install xvfb" in desktop.lacking()


async def test_without_its_programs_a_desktop_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop, "lacking", lambda: "Xvfb missing")
    with pytest.raises(UsageError, match="Xvfb missing"):
        await desktop.record(ACTIONS)


def test_a_display_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError, match=r"cannot be opened|not installed"):
        desktop_input.Input(":65000")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a", "0x61"),
        ("enter", "Return"),
        ("ctrl", "Control_L"),
        ("f5", "F5"),
        ("\u00e9", "0xe9"),
        ("\u0448", "0x1000448"),
    ],
)
def test_a_key_has_the_name_that_the_server_knows(key: str, name: str) -> None:
    assert desktop_input.keysym_name(key) == name
    assert desktop_input.keysym_name("nokey") is None


def test_a_script_names_elements_and_becomes_an_action_with_their_points() -> None:
    here = screen(FRAME, NAME, row("text", "", "(0, 100) (400, 200)"), row("push-button", "Add", "(210, 60) (60, 30)"))
    assert desktop_script.resolved("pyautogui.click({push-button Add})", here) == "pyautogui.click(240, 75)"
    assert desktop_script.resolved("pyautogui.click({text #2 bottom})", here) == "pyautogui.click(200, 292)"
    with pytest.raises(UsageError, match="no element"):
        desktop_script.resolved("pyautogui.click({push-button Sub})", here)
    with pytest.raises(UsageError, match="no table"):
        desktop_script.resolved("pyautogui.click({push-button Add})", "")


@pytest.mark.parametrize("name", desktop_script.SCRIPTS)
def test_every_script_has_its_recorded_example(name: str) -> None:
    example = next(one for one in OS.examples() if one.id == name)
    task, script = desktop_script.SCRIPTS[name]
    assert example.meta.get("task", task) == task
    screens = (example.setup.initial_state, *(turn.observation for turn in example.turns))
    for line, before, turn in zip(script, screens, example.turns, strict=False):
        codec.validate(turn.action)
        assert desktop_script.resolved(line, before) == turn.action
    assert len(example.turns) == len(script)
