"""Runs a suspect action again with marks in it, and answers the calls that the marks are."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from bashkit import BuiltinResult

from nextstate.domains.terminal.kernel import lexis
from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.redirecting import OPEN, PIPE, RUN, Marked, marked
from nextstate.domains.terminal.kernel.running import Run
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.watching import EARLY, NOWHERE, RACE, Watch, pairs

Builtin: TypeAlias = Callable[[Any], BuiltinResult]
PROGRAMS = frozenset(TOOLS)
ELSEWHERE = "where a redirection that fails is reported"


@dataclass(frozen=True, slots=True)
class Inner:
    """The call of a program behind a mark, in the shape in which bashkit gives calls."""

    name: str
    argv: list[str]
    stdin: str | None
    env: Any
    cwd: str
    fs: Any


class Marks:
    """The marks of one shell. ``tool`` gives the callback of a program."""

    def __init__(self, watch: Watch, tool: Callable[[str], Builtin]) -> None:
        self.watch, self.tool = watch, tool

    def builtins(self) -> dict[str, Builtin]:
        return {OPEN: self._open, RUN: self._run, PIPE: self._pipe}

    def checked(self, run: Run, script: str, functions: frozenset[str], flags: str, again: Callable[[str], Run]) -> Run:
        """``run``, or what a run with marks gives where files that are opened early may matter."""
        bare = lexis.unquoted(script)
        if ">" not in bare and "<" not in bare and not ("tee" in bare and "|" in bare) and not self.watch.suspect:
            return run
        found = marked(script, PROGRAMS, functions, flags)
        if found is not None and self._elsewhere(run, found):
            return _refused(run, ELSEWHERE)
        if not self._doubtful(run, found, bare):
            return run
        if found is None or (found.unmarked and (found.needed or self.watch.missed)):
            return _refused(run, EARLY)
        return self._again(found, again)

    def _elsewhere(self, run: Run, found: Marked) -> bool:
        """Whether a redirection may have failed whose error bashkit reports in its own way."""
        return found.wordy and bool(self.watch.missed or run.shell_errors)

    def _doubtful(self, run: Run, found: Marked | None, bare: str) -> bool:
        """Whether files that are opened early may change what ``run`` gave."""
        if self.watch.suspect:
            return True
        if found is None:
            return run.shell_errors or bare.count(">") > 1
        return found.needed or (found.mixed and bool(self.watch.missed)) or (run.shell_errors and found.marks > 0)

    def _again(self, found: Marked, again: Callable[[str], Run]) -> Run:
        self.watch.marked, self.watch.ahead = True, {}
        try:
            run = again(found.text)
            if self._elsewhere(run, found):
                return _refused(run, ELSEWHERE)
            races = self.watch.races
            if not races or run.reason:
                return run
            late = _effects(run, self.watch)
            self.watch.ahead = races
            other = again(found.text)
            if other.reason is None and _effects(other, self.watch) != late:
                return _refused(other, RACE)
            return other
        finally:
            self.watch.marked, self.watch.ahead = False, {}

    # -- the marks ------------------------------------------------------------------------------------------

    def _open(self, context: Any) -> BuiltinResult:
        status, mode, loop, *words = context.argv
        self._begin(context, mode, loop, words)
        return BuiltinResult(stdout="", stderr="", exit_code=int(status))

    def _begin(self, context: Any, mode: str, loop: str, words: list[str]) -> bool:
        try:
            files = [(operator, _path(context.cwd, target)) for operator, target in pairs(words)]
            return self.watch.begin(mode, files, loop=loop[:1] == "1", errors=loop[1:] == "1")
        except Undetermined as unknown:
            self.watch.note(str(unknown))
            return True

    def _run(self, context: Any) -> BuiltinResult:
        loop, *words = context.argv
        at = words.index("--") if "--" in words else 0
        if at == 0 or at + 1 >= len(words) or words[at + 1] not in TOOLS:
            self.watch.note("an ambiguous redirection")
            return BuiltinResult(stdout="", stderr="", exit_code=1)
        if not self._begin(context, "run", loop, words[:at]):
            return BuiltinResult(stdout="", stderr="", exit_code=1)
        name, *argv = words[at + 1 :]
        return self.tool(name)(Inner(name, argv, context.stdin, context.env, context.cwd, context.fs))

    def _pipe(self, context: Any) -> BuiltinResult:
        number, status, waits = context.argv
        if number.startswith("-"):
            self.watch.leaves()
        else:
            self.watch.enters(number, waits == "1")
        return BuiltinResult(stdout="", stderr="", exit_code=int(status))


def _refused(run: Run, reason: str) -> Run:
    """The run, of which nothing that was written is certain."""
    run.reason, run.trusted = run.reason or reason, {}
    return run


def _path(cwd: str, target: str) -> str:
    if not target:
        raise Undetermined("an ambiguous redirection")
    return target if target in NOWHERE else posixpath.join(cwd, target)


def _effects(run: Run, watch: Watch) -> tuple[object, ...]:
    files = {path: entry for path, entry in watch.tree.delta.items() if not path.startswith("/dev/fd/")}
    return run.output, run.code, run.changed_variables, run.cwd, files
