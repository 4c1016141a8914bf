"""What the viewers are shown in tests: recordings with texts that would like to be more than text, and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.serve.catalogue import Catalogue
from nextstate.types import Setup, Source, Tool, Trajectory, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOSTILE = (
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"
    '</pre></textarea></script><svg onload="window.pwned = 1"><b>bold</b> &amp; &lt;i&gt; ${1+1} {{7*7}} '
    "javascript:alert(1) "
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \u202egnp.exe\u202c \u2066x\u2069 \u200bzero\ufeff \x00"
)
"""Markup, scripts, templates, escape sequences of terminals, characters that turn the direction or are not seen."""


def told(name: str, pairs: Sequence[tuple[str, str]], **rest: object) -> Trajectory:
    """A recording of a terminal."""
    turns = tuple(Turn(action, observation) for action, observation in pairs)
    value = {"setup": Setup("A shell on a small machine."), "source": Source("own", licence="Apache-2.0"), **rest}
    return Trajectory(name, "terminal", turns=turns, **value)  # type: ignore[arg-type]  # what the caller gives


def hostile() -> Trajectory:
    """Every text of it is :data:`HOSTILE`, also its name and the names of its keys."""
    turns = tuple(
        Turn(HOSTILE, HOSTILE, {HOSTILE: HOSTILE, "origin": HOSTILE, "exit_code": 1} if n else {}) for n in range(3)
    )
    setup = Setup(HOSTILE, (Tool(HOSTILE, HOSTILE, {"title": HOSTILE}),), instruction=HOSTILE, facts={HOSTILE: HOSTILE})
    return Trajectory(f"hostile {HOSTILE}", "terminal", setup, turns, Source(HOSTILE, HOSTILE, HOSTILE), {"m": HOSTILE})


def recordings() -> list[Trajectory]:
    """Six short recordings, one that was simulated, and the hostile one."""
    found = [told(f"made-{n}", [(f"echo {n} {k}", f"{n} {k}\n") for k in range(8)]) for n in range(6)]
    failing = Turn("cat nowhere", "cat: nowhere: No such file or directory\n", {"exit_code": 1})
    found[0] = told("made-0", [("pwd", "/home/dev\n"), ("ls needle", "needle\n")])
    found[1] = Trajectory("made-1", "terminal", found[1].setup, (failing,), found[1].source)
    origins = ("computed", "model", "recorded")
    mixed = tuple(Turn(f"step {n}", f"shown {n}\n", {"origin": name}) for n, name in enumerate(origins))
    simulated = Trajectory("mixed", "terminal", Setup("Simulated."), mixed, Source(simulated_by="some-model"))
    return [*found, simulated, hostile()]


def catalogue(*more: Iterable[Trajectory]) -> Catalogue:
    """The recordings as ``made/ID``, and ``more``; without the domains' examples."""
    every = [*recordings(), *(one for part in more for one in part)]
    return Catalogue({f"made/{one.id}": one for one in every})
