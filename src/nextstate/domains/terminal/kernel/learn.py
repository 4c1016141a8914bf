"""What an observation that was not computed teaches, and what an action that was not computed may have changed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel import cuts, effects, lexis, memory
from nextstate.domains.terminal.kernel.compute import Attempt, after, compute, same
from nextstate.domains.terminal.kernel.effort import TOO_MUCH
from nextstate.domains.terminal.kernel.files import (
    Absent,
    Dir,
    File,
    Files,
    FsError,
    Seen,
    Thing,
    Tree,
    Undetermined,
    normal,
)
from nextstate.domains.terminal.kernel.invoke import alone, directory_after, renewed
from nextstate.domains.terminal.kernel.running import Lack
from nextstate.domains.terminal.kernel.shell import HOLE
from nextstate.domains.terminal.kernel.tools.base import Call

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.running import Run
    from nextstate.domains.terminal.kernel.state import State

_ERROR = re.compile(
    r"^(?:[\w./+-]+: )+(?:cannot \w+(?: \w+)? )?['‘]?([^'‘’:\n]+?)['’]?(?: for reading)?: No such file or directory$",
    re.M,
)
_NO_ENTRY = re.compile(r"cd: ([^\n]*): ")
_ENTERS = re.compile(r"(?:^|[\n;&({])[ \t]*cd\s+([\w./-]+)(?=\s*(?:$|[\n;&)}]))")
_MISSING = re.compile(
    r"^(?:[\w./-]+: )(?:(?:line \d+: )?([\w.+-]+): command not found|\d+: ([\w.+-]+): not found)$", re.M
)

HARNESS = frozenset({"Command timed out"})
"""Observations in a recorder's own words: the command ran, but what it did is not known."""


def learn(state: State, action: str, shown: str, answers: tuple[str, ...]) -> State:
    """The state after ``shown`` was seen where the kernel knew nothing or something else."""
    if not lexis.is_unicode(shown):
        return _unread(state, action, answers)
    if cuts.first(shown) is not None:
        return _cut(state, action, shown, answers)
    attempt = _leniently(state, action, answers)
    if attempt.run.reason == TOO_MUCH:
        return bewildered(state)
    if set(_NO_ENTRY.findall(attempt.run.output)) - set(_NO_ENTRY.findall(shown)):
        state = _entered(state, action)
        attempt = _leniently(state, action, answers)
    lacks = _lacks(state, action, attempt.run)
    told = _told(state, action, shown, attempt.run)
    again = compute(told, action, answers)
    harmless = not any(effects.changes(lack.call) for lack in lacks)
    if again.state is not None and harmless and same(again.run.output, shown):
        return again.state
    attempt = _leniently(told, action, answers)
    result = _remembered(aftermath(told, action, shown, attempt), state, action, shown, attempt)
    return result if attempt.state is None else contradicted(result, attempt)


def _cut(state: State, action: str, shown: str, answers: tuple[str, ...]) -> State:
    """The state after an action of whose output a part was left out: it tells nothing of files."""
    known = replace(state, cut=min(len(shown), state.cut or len(shown)))
    attempt = compute(replace(state, cut=None), action, answers)
    if attempt.state is not None and cuts.fits(attempt.run.output, shown):
        return replace(attempt.state, cut=known.cut)
    attempt = _leniently(state, action, answers)
    result = replace(aftermath(known, action, shown, attempt), cut=known.cut)
    result = _remembered(result, state, action, shown, attempt)
    return result if attempt.state is None else contradicted(result, attempt)


def _unread(state: State, action: str, answers: tuple[str, ...]) -> State:
    """The state after an action that showed something that is no text: it tells nothing of files."""
    attempt = _leniently(state, action, answers)
    result = aftermath(state, action, "?", attempt)
    return result if attempt.state is None else contradicted(result, attempt)


def bewildered(state: State) -> State:
    """The state after an action that is too much work to follow: any file and any variable may have changed."""
    files = Files.start({}, (), state.cwd, {})
    seen = MappingProxyType(memory.lasting(state.seen))
    return renewed(replace(state, files=files, seen=seen, exit=None, lost=TOO_MUCH))


def _lacks(state: State, action: str, run: Run) -> list[Lack]:
    """The calls that were not determined, and scripts that a shell ran whose text is not known."""
    tree = Tree(state.files, root=True)
    found = [tree.entry(normal(posixpath.join(state.cwd, name))) for name in lexis.runs_files(action)]
    known = all(isinstance(one, Absent | Dir) or (isinstance(one, File) and one.content is not None) for one in found)
    if known or not run.reason:
        return run.lacks
    return [*run.lacks, Lack(Call("a script", (), None, state.cwd, {}, tree))]


def contradicted(state: State, expected: Attempt) -> State:
    """The state after an action that was computed but showed something else: what it would have done is doubtful."""
    tree = Tree(state.files, root=True)
    for path in expected.tree.delta:
        tree.forget(path)
    names = {name.removeprefix("export ") for name, _ in expected.run.changed_variables}
    return renewed(replace(state, files=tree.commit(), tainted=state.tainted | names, exit=None))


def _leniently(state: State, action: str, answers: tuple[str, ...]) -> Attempt:
    """The action's run to its end, with holes where something is not determined."""
    return compute(state, action, answers, tree=Tree(state.files, root=state.place.user == "root"), lenient=True)


def _told(state: State, action: str, shown: str, run: Run) -> State:
    """The state with what the observation says about it before the action's own effects."""
    tree = Tree(state.files, root=state.place.user == "root")
    _absences(tree, state, action, shown)
    seen = state.seen
    hole = _fill(run.output, shown)
    columns = state.columns
    if len(run.lacks) == 1 and hole is not None and not run.lacks[0].piped and _in_columns(run.lacks[0].call, hole):
        columns = True
    elif len(run.lacks) == 1 and hole is not None and not run.lacks[0].piped:
        call = run.lacks[0].call
        _teach(tree, call, hole)
        if _steady(action, hole, [call]):
            seen = MappingProxyType({**seen, (call.cwd, call.name, *call.args): hole})
    programs = _programs(state, action, run.called, shown)
    return replace(state, programs=programs, files=tree.commit(), seen=seen, columns=columns)


def _remembered(result: State, state: State, action: str, shown: str, attempt: Attempt) -> State:
    """``result``, with the whole action remembered if it would show the same again."""
    run = attempt.run
    quiet = not (run.changed_variables or attempt.tree.delta or result.lost or result.cwd != state.cwd)
    if not (quiet and run.reason and _steady(action, shown, [lack.call for lack in _lacks(state, action, run)])):
        return result
    if run.called & effects.VOLATILE or lexis.restless(action) or shown.strip() in HARNESS:
        return result
    return replace(result, seen=MappingProxyType({**result.seen, (state.cwd, memory.WHOLE, action): shown}))


_LIVE = re.compile(r"(?<![\w.])/(?:proc|sys|dev)(?![\w.])")
_LISTS_PROC = re.compile(r"\d proc$", re.M)


def _steady(action: str, text: str, calls: list[Call]) -> bool:
    """Whether the calls changed nothing and would show ``text`` again (a machine's own state it would not)."""
    if _LIVE.search(action) or _LISTS_PROC.search(text) or lexis.VOLATILE.search(lexis.expanded(action)):
        return False
    return not any(
        effects.changes(call) or effects.restless(call) or call.cwd.startswith(("/proc", "/sys")) for call in calls
    )


def _entered(state: State, action: str) -> State:
    """Folders that the action enters without a complaint are there."""
    tree = Tree(state.files, root=True)
    for name in _ENTERS.findall(lexis.unquoted(action)):
        path = normal(posixpath.join(state.cwd, name))
        if name[0] not in "~-" and not isinstance(tree.entry(path), Dir | File):
            tree.put(path, Dir())
    return replace(state, files=tree.commit())


def aftermath(state: State, action: str, shown: str, attempt: Attempt) -> State:
    """What may be kept after an action whose effects are only partly known."""
    run, tree = attempt.run, attempt.tree
    for path, entry in list(tree.delta.items()):
        if isinstance(entry, File) and run.trusted.get(path) is not entry:
            tree.delta[path] = File(None, entry.mode)
    for lack in _lacks(state, action, run):
        effects.forget(tree, lack.call, shown)
    result = after(state, action, run, tree, asked=True) if run.snapshot else replace(state, exit=None)
    if run.ended and not alone(state):
        result = replace(result, flags=state.flags, positional=state.positional)
    names = {name for name, value in run.changed_variables if re.fullmatch(r"\w+", name)}
    doubtful = bool(run.reason)
    complaints = set(_NO_ENTRY.findall(run.output)) - set(_NO_ENTRY.findall(shown))
    cwd = directory_after(state, action, _directory(state, action, shown, run))
    result = replace(
        result,
        tainted=state.tainted | names if doubtful else state.tainted,
        cwd=cwd,
        seen=result.seen if not tree.delta else MappingProxyType(memory.lasting(state.seen)),
        lost="the working directory is not known" if complaints else "",
    )
    return renewed(result)


def _directory(state: State, action: str, shown: str, run: Run) -> str:
    """The working directory after the action, as far as it can be told."""
    moved = re.match(r"\s*cd\s+([\w./~-]+)\s*$", action)
    if moved and not shown.strip():
        home = dict(state.place.env).get("HOME", "/root" if state.place.user == "root" else state.cwd)
        target = moved[1].replace("~", home, 1) if moved[1].startswith("~") else moved[1]
        return normal(posixpath.join(state.cwd, target))
    return str(run.cwd)


def _fill(output: str, shown: str) -> str | None:
    """What stood where the computed output has its hole; ``None`` when the rest does not fit."""
    if output.count(HOLE) != 1:
        return None
    before, behind = output.split(HOLE)
    if behind == "" and not shown.endswith("\n") and before == "":
        return shown
    if len(shown) < len(before) + len(behind) or not shown.startswith(before) or not shown.endswith(behind):
        return None
    return shown[len(before) : len(shown) - len(behind)]


_HUSHED = re.compile(r"2>|&>|>&|\|&|\|\||&&")
"""Where it is written, a program may be missing without a word, or was not called at all."""


def _programs(state: State, action: str, called: set[str], shown: str) -> Mapping[str, bool]:
    missing = {name or other for name, other in _MISSING.findall(shown)}
    hushed = missing or _HUSHED.search(lexis.unquoted(action))
    found = {} if hushed else {name: True for name in called if "/" not in name}
    return MappingProxyType({**state.programs, **found, **dict.fromkeys(missing, False)})


def _absences(tree: Tree, state: State, action: str, shown: str) -> None:
    """Paths that an error message called missing (only those that the action spells out)."""
    for name in _ERROR.findall(shown):
        if name not in action or ("/" in name.strip("/") and ".." in name):
            continue
        path = normal(posixpath.join(state.cwd, name))
        if tree.entry(path) is None and not isinstance(tree.entry(posixpath.dirname(path)), File):
            tree.delta[path] = Absent()


def _teach(tree: Tree, call: Call, text: str) -> None:
    """What the output of one program call says about files."""
    options = [arg for arg in call.args if arg.startswith("-") and arg != "-"]
    operands = [arg for arg in call.args if not arg.startswith("-")]
    errors = re.search(rf"^{re.escape(call.name)}: ", text, re.M) is not None
    if errors:
        return
    if call.name == "cat" and not options and len(operands) == 1:
        _content(tree, call.path(operands[0]), text)
    elif call.name == "ls" and set("".join(options)) <= set("-1aAp") and len(operands) <= 1:
        _listing(tree, call.path(operands[0] if operands else "."), text, "".join(options))
    elif not text and call.name in ("mkdir", "touch", "rm", "mv", "cp", "rmdir"):
        _done(tree, call, operands, "".join(options))


_COLUMNS = re.compile(r"\S(?:  +|\t+ *)\S")


def _in_columns(call: Call, text: str) -> bool:
    """Whether `ls` wrote names in columns, as it does at a terminal: its lines are no names."""
    options = "".join(arg for arg in call.args if arg.startswith("-"))
    return call.name == "ls" and not set("1lmx") & set(options) and _COLUMNS.search(text) is not None


def _content(tree: Tree, path: str, text: str) -> None:
    if "\ufffd" in text or len(text) > 1_000_000 or path.startswith(("/proc/", "/sys/", "/dev/")):
        return
    try:
        real = tree.resolve(path)
    except (FsError, Undetermined):
        return
    old = tree.entry(real)
    tree.put(real, File(text.encode(), old.mode if isinstance(old, File) else 0o644))


def _listing(tree: Tree, path: str, text: str, options: str) -> None:
    names = [name for name in text.split("\n") if name not in ("", ".", "..")]
    try:
        real = tree.resolve(path)
    except (FsError, Undetermined):
        return
    if names == [path] or (len(names) == 1 and "/" in names[0].rstrip("/")) or any("'" in name for name in names):
        return
    old = tree.entry(real)
    if isinstance(old, File) or (len(names) == 1 and posixpath.basename(real) == names[0]):
        return
    seen = Seen.ALL if "a" in options or "A" in options else Seen.VISIBLE
    tree.put(real, Dir(seen, old.mode if isinstance(old, Dir) else 0o755))
    listed = [name.rstrip("/") if "p" in options else name for name in names]
    for name in tree.children(real) - set(listed):  # what was only presumed, as a system's usual directories
        if seen is Seen.ALL or not name.startswith("."):
            tree.put(posixpath.join(real, name), Absent())
    for name, child in zip(names, (posixpath.join(real, name) for name in listed), strict=True):
        if tree.entry(child) is None or isinstance(tree.entry(child), Absent):
            tree.put(child, Dir() if "p" in options and name.endswith("/") else Thing())


def _done(tree: Tree, call: Call, operands: list[str], options: str) -> None:
    """A change that went without a word."""
    paths = [normal(call.path(operand)) for operand in operands]
    if any(not isinstance(tree.entry(posixpath.dirname(path)), Dir | None) for path in paths):
        return
    for path in paths if call.name in ("mkdir", "touch", "rm", "rmdir") else paths[:-1]:
        old = tree.entry(path)
        if call.name == "mkdir" and not isinstance(old, Dir):
            tree.put(path, Dir(Seen.NOTHING if "p" in options else Seen.ALL))
        elif call.name == "touch" and old is None:
            tree.put(path, Thing())
        elif call.name in ("rm", "rmdir", "mv"):
            tree.forget(path)
            tree.delta[path] = Absent()
    if call.name in ("mv", "cp") and paths:
        tree.forget(paths[-1])
