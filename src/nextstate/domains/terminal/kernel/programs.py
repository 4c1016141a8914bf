"""Names of programs that a machine may have: calling one of them is not "command not found" for certain."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from bashkit import Bash

PROGRAMS: frozenset[str] = frozenset((files(__package__ or "") / "programs.txt").read_text("utf-8").split())
_KEYWORDS = frozenset(
    "if then else elif fi for while until do done case esac in select function time { } ! [[ ]] coproc".split()
)


@cache
def bashkit_commands() -> frozenset[str]:
    """The commands that bashkit has built in."""
    return frozenset(Bash().execute_sync("compgen -c").stdout.split()) - _KEYWORDS
