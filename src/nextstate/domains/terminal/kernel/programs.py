"""Names of programs that a machine may have: calling one of them is not "command not found" for certain."""

from __future__ import annotations

from importlib.resources import files

PROGRAMS: frozenset[str] = frozenset((files(__package__ or "") / "programs.txt").read_text("utf-8").split())
