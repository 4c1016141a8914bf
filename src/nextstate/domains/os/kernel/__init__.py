"""The desktop kernel: what a step of mouse and keyboard shows, where the screens so far determine it.

Each module answers one kind of step and says ``None`` where it is no matter of it: `idle` (nothing changes), `menus`,
`windows`, `fields` (typed text), `grid` (spreadsheets), `keypad`, `switches` (check boxes), `repeats` (what was done
before, done again). A reason (a text) is a refusal.
"""

from __future__ import annotations

from dataclasses import replace

from nextstate.domain import Determined, Unknown
from nextstate.domains.os import grammar, table
from nextstate.domains.os.kernel import carets, fields, grid, idle, keypad, menus, repeats, switches, windows
from nextstate.domains.os.kernel.facts import facts, known
from nextstate.domains.os.kernel.state import Pad, Rule, State, focus_may_move, focus_moved
from nextstate.domains.os.steps import Button, Click, Hold, Hotkey, Keys, Move, Scroll, Step
from nextstate.domains.os.table import Table
from nextstate.errors import ActionError
from nextstate.types import Action, Observation, Setup

MAX_WORK = 20_000
"""Steps of one action times rows (or hundreds of characters) of the screen beyond which nothing is computed."""


class OsKernel:
    """The computable part of a desktop; see :class:`~nextstate.domain.Kernel`."""

    def open(self, setup: Setup) -> State:
        """The state at the first screen."""
        screen = setup.initial_state
        found = table.read(screen)
        return State(screen, found, pad=keypad.first(found) if found else Pad(open=True))

    def step(self, state: State, action: Action, answers: tuple[str, ...] = ()) -> Determined | Unknown:
        """The screen after ``action``, or why it is not determined."""
        try:
            steps = grammar.parse(action)
        except ActionError as error:
            return Unknown("the action does not parse", str(error)[:500])
        rows = len(state.table.rows) if state.table else 0
        if len(steps) > 1 and len(steps) * max(rows, len(state.screen) // 100) > MAX_WORK:
            return Unknown("an action of too many steps for a screen of this size")
        for one in steps:
            here = state.table
            _, found = decide(state, one)
            if isinstance(found, str):
                return Unknown(found, facts(state, one, None if here is None else hit_by(state, here, one)))
            state = learn(state, one, found)
        return Determined(state.screen, state)

    def facts(self, state: State) -> str:
        """What is known, in words."""
        return known(state)

    def absorb(self, state: State, action: Action, observation: Observation, answers: tuple[str, ...] = ()) -> State:
        """The state after ``observation`` was shown."""
        shown = table.read(observation)
        try:
            steps = grammar.parse(action)
        except ActionError:
            steps = ()
        if state.table is None or shown is None:
            return State(observation, shown, pad=Pad(open=True), held=_held(state.held, steps))
        if len(steps) == 1:
            return learn(state, steps[0], shown)
        found = self.step(state, action)
        known: State = found.state if isinstance(found, Determined) else state
        if isinstance(found, Determined) and found.observation == observation:
            return known
        return _lost(state, steps, shown)


def decide(state: State, one: Step) -> tuple[str, Table | str]:
    """The rule that answers a step, and the screen after it or the reason of a refusal."""
    here = state.table
    if here is None:
        return "none", "the screen is no table that can be read"
    hit = hit_by(state, here, one)
    for name, rule in RULES:
        found = rule(state, here, one, hit)
        if found is not None:
            return name, found
    return "none", _kind(here, one, hit)


def hit_by(state: State, here: Table, one: Step) -> int | None:
    """The number of the row that a step points at."""
    if not isinstance(one, Click | Move | Scroll | Button):
        return None
    point = _point(state, one)
    return None if point is None else here.hit(*point)


def _point(state: State, one: Click | Move | Scroll | Button) -> tuple[int, int] | None:
    x, y = state.pointer or (None, None)
    if isinstance(one, Move) and one.relative:
        return None if x is None or y is None else (x + (one.x or 0), y + (one.y or 0))
    x, y = x if one.x is None else one.x, y if one.y is None else one.y
    return None if x is None or y is None else (x, y)


def _stateless(state: State, here: Table, one: Step, hit: int | None) -> str | None:
    return None if here.stated else "the screen does not show states"


def _focus(state: State, here: Table, one: Step, hit: int | None) -> Table | None:
    """A click on an enabled text takes the focus; what had it is no part of a list."""
    if not isinstance(one, Click) or one.button != "left" or one.clicks != 1 or hit is None:
        return None
    takes = here.rows[hit].tag == "text" and here.in_active_window(hit)
    return focus_moved(here, hit) if takes and focus_may_move(here) else None


def _kind(here: Table, one: Step, hit: int | None) -> str:
    if isinstance(one, Click):
        what = "a click" if one.button == "left" and one.clicks == 1 else "another click"
        return f"{what} on a {here.rows[hit].tag}" if hit is not None else f"{what} where nothing is known to be"
    if isinstance(one, Hotkey):
        return "a keyboard shortcut"
    if isinstance(one, Keys):
        return "a key outside a text field" if len(one.keys) == 1 else "text typed outside a text field"
    return "buttons or keys are held"


RULES: tuple[tuple[str, Rule], ...] = (
    ("idle", idle.step),
    ("states", _stateless),
    ("menus", menus.step),
    ("disabled", idle.disabled),
    ("windows", windows.step),
    ("repeats", repeats.step),
    ("keypad", keypad.step),
    ("switches", switches.step),
    ("grid", grid.step),
    ("fields", fields.step),
    ("focus", _focus),
)
"""The rules in order; the first that does not say ``None`` decides."""


def learn(state: State, one: Step, shown: Table) -> State:
    """The state after one step showed ``shown``."""
    before = state.table
    if before is None:
        return State(shown.text, shown, pad=Pad(open=True))
    hit = hit_by(state, before, one)
    known = carets.learn(state, before, shown, one, hit)
    return replace(
        known,
        screen=state.screen if shown is before else shown.text,
        table=shown,
        menus=menus.learn(state, before, shown, one, hit),
        opened=menus.opened(state, before, shown, one, hit),
        windows=windows.learn(state, before, shown, one, hit),
        switches=switches.learn(state, before, shown, one, hit),
        pad=keypad.learn(state, before, shown, one, hit),
        editing=grid.learn(state, before, one),
        pointer=_point(state, one) if isinstance(one, Click | Move | Scroll | Button) else state.pointer,
        held=_held(state.held, (one,)),
        last=repeats.learn(before, shown, one),
    )


def _held(held: frozenset[str], steps: tuple[Step, ...]) -> frozenset[str]:
    for one in steps:
        if isinstance(one, Hold | Button):
            name = one.key if isinstance(one, Hold) else one.button
            held = held | {name} if one.down else held - {name}
    return held


def _lost(state: State, steps: tuple[Step, ...], shown: Table) -> State:
    """The state after several steps whose screens in between were not seen."""
    return replace(
        state,
        screen=shown.text,
        table=shown,
        menus=(),
        windows=(),
        caret=None,
        clipboard=None,
        pointer=None,
        held=_held(state.held, steps),
        pad=Pad(open=True),
        editing=True,
        last=None,
    )
