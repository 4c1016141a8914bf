"""The golden examples of the web domain, recorded anew from a real browser.

``python -m nextstate.record.web_examples --out FILE`` makes them again. An action of the scripts below names its
element by role and name (``click({link Prices})``), so that it stays right when the numbers of the elements change.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextstate.data import store
from nextstate.errors import UsageError
from nextstate.record import command
from nextstate.record.web import record
from nextstate.record.web_site import HOST, Site
from nextstate.types import NOTHING, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nextstate.types import Action, Json, Trajectory

PLAIN: Mapping[str, Json] = {"plain": [f"http://{HOST}/"]}
"""The fact that a site without scripts declares."""


@dataclass(frozen=True, slots=True)
class Script:
    """A session to record: which site, where it begins, and what is done."""

    id: str
    seed: int
    start: str
    actions: tuple[Action, ...]
    with_scripts: bool = False


SCRIPTS = (
    Script(
        "web-form",
        1,
        "/form",
        (
            "fill({textbox Your name}, 'Test Customer')",
            'fill({textbox Message}, "It\'s about the desk")',
            "click({checkbox Send me a copy})",
            "click({button Send})",
            "fill({textbox E-mail}, 'customer@example.org')",
            "select_option({combobox Subject}, 'Repair')",
            "press({checkbox Call me back}, 'Space')",
            "click({button Send})",
            "click({link Start})",
        ),
    ),
    Script(
        "web-tabs",
        2,
        "/",
        (
            "click({link Prices})",
            "new_tab()",
            f"goto('http://{HOST}/table')",
            "click({link Price})",
            "go_back()",
            "tab_focus(0)",
            "go_back()",
            "go_forward()",
            "tab_focus(7)",
            "tab_close()",
        ),
    ),
    Script(
        "web-scripts",
        3,
        "/item/1",
        (
            "select_option({combobox Quantity}, '3')",
            "click({checkbox Gift wrap})",
            "click({checkbox Gift wrap})",
            "click({button Add to basket})",
            "scroll(0, 300)",
            "click({link Good to know})",
            "click({tab 1})",
            "click({tab 0})",
            "click({tab 1})",
        ),
        with_scripts=True,
    ),
    Script(
        "web-frame",
        4,
        "/frame",
        (
            "fill({textbox Your address}, 'customer@example.org')\nclick({checkbox Weekly})",
            "click({button Sign up})",
            "click('All')",
            "click({heading Newsletter})",
            "focus({link Prices})",
            "fill({heading Newsletter}, 'x')",
            f"goto('http://{HOST}/nowhere')",
            "send_msg_to_user('The page is gone.')",
        ),
    ),
)

_NODE = re.compile(r"^\t*\[(\w+)\] (\w+) '([^'\n]*)'", re.MULTILINE)
_NAMED = re.compile(r"\{(\w+) ([^}]+)\}")


def following(actions: tuple[Action, ...]) -> Callable[[str], Action | None]:
    """Gives one action after the other, with the numbers that elements have on the screen at hand."""
    rest: Iterator[Action] = iter(actions)

    def choose(screen: str) -> Action | None:
        action = next(rest, None)
        return None if action is None else _NAMED.sub(lambda named: repr(_bid(screen, named[1], named[2])), action)

    return choose


def _bid(screen: str, role: str, name: str) -> str:
    """The id of the node with a role and a name, or with a role and a place among those of the role."""
    nodes = [(str(found[1]), str(found[3])) for found in _NODE.finditer(screen) if found[2] == role]
    if name.isdecimal() and int(name) < len(nodes):
        return nodes[int(name)][0]
    found = [bid for bid, called in nodes if called == name]
    if not found:
        raise UsageError(f"no {role} {name!r} is on the screen; known: {', '.join(called for _, called in nodes)}")
    return found[0]


async def examples() -> list[Trajectory]:
    """Record all :data:`SCRIPTS`."""
    made = []
    for script in SCRIPTS:
        site = Site(script.seed, with_scripts=script.with_scripts)
        source = Source("nextstate recordings", "", "Apache-2.0", script.id)
        facts = NOTHING if script.with_scripts else PLAIN
        choose = following(script.actions)
        made.append(await record(choose, id=script.id, site=site, start=script.start, facts=facts, source=source))
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the golden examples of the web domain."""
    store.write(command.parser("web_examples", main.__doc__).parse_args(arguments).out, asyncio.run(examples()))


if __name__ == "__main__":
    main()
