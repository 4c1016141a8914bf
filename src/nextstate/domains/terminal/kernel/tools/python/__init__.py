"""``python3``: small deterministic programs, run by an interpreter of our own.

The program's text is data: it is parsed by `ast` and walked node by node, with Python's own numbers, texts, lists and
classes as values, so that what they do and show is exact. What a program can reach is listed (`access`, `library`),
what it may spend is bounded (`limits`), its files are the tree of the step, and whatever depends on the clock, on
chance, on addresses, on hash seeds or on the order of a directory is undetermined.
"""

from __future__ import annotations

from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool


def python3(call: Call) -> Out:
    from nextstate.domains.terminal.kernel.tools.python.command import run  # loaded when a program is run

    return run(call)


TOOLS: dict[str, Tool] = {"python3": python3, "python": python3}
