"""Programs about paths: `basename`, `dirname`, `readlink`, `realpath`."""

from __future__ import annotations

import posixpath

from nextstate.domains.terminal.kernel.files import Dir, Errno, File, FsError, Link, Thing, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.wording import Report, coreutils, locate, quotef, why

BASENAME = grammar("as:z", {"multiple": "a", "suffix=": "s", "zero": "z"}, permute=False)
DIRNAME = grammar("z", {"zero": "z"})
READLINK = grammar(
    "efmnqsvz",
    {
        "canonicalize": "f", "canonicalize-existing": "e", "canonicalize-missing": "m", "no-newline": "n", "quiet": "q",
        "silent": "q", "verbose": "v", "zero": "z",
    },
)  # fmt: skip
REALPATH = grammar(
    "eLmPqsz",
    {
        "canonicalize-existing": "e", "canonicalize-missing": "m", "physical": "P", "quiet": "q", "strip": "s",
        "no-symlinks": "s", "zero": "z", "relative-to=": "to",
    },
    other_long="logical relative-base=",
)  # fmt: skip


@tool(BASENAME)
def basename(call: Call, options: Options) -> Out:
    many = options.has("a", "s")
    if not options.operands:
        raise wrong_usage(call, "missing operand")
    if not many and len(options.operands) > 2:
        raise wrong_usage(call, f"extra operand {call.quote(options.operands[2])}")
    suffix = options.last("s") or ""
    names = options.operands
    if not many:
        names, suffix = names[:1], "".join(names[1:])
    end = "\0" if options.has("z") else "\n"
    return Out("".join(base_of(name, suffix) + end for name in names))


def base_of(name: str, suffix: str) -> str:
    """The last component; a suffix that is the whole of it stays."""
    base = name.rstrip("/").rpartition("/")[2] if name.strip("/") else name[:1]
    return base.removesuffix(suffix) if suffix and base != suffix else base


@tool(DIRNAME)
def dirname(call: Call, options: Options) -> Out:
    if not options.operands:
        raise wrong_usage(call, "missing operand")
    end = "\0" if options.has("z") else "\n"
    return Out("".join(dir_of(name) + end for name in options.operands))


def dir_of(name: str) -> str:
    """What stands before the last component."""
    if name and not name.strip("/"):
        return "/"
    before, slash, _ = name.rstrip("/").rpartition("/")
    return (before.rstrip("/") or "/") if slash else "."


@tool(READLINK)
def readlink(call: Call, options: Options) -> Out:
    if not options.operands:
        raise wrong_usage(call, "missing operand")
    report, mode = Report(call), options.chosen("e", "f", "m")
    if options.has("n") and len(options.operands) > 1:
        raise Undetermined("readlink -n of many")
    end = "\0" if options.has("z") else "" if options.has("n") else "\n"
    for operand in options.operands:
        try:
            text = canonical(call.tree, locate(call, operand), mode) if mode else _target(call, operand)
            report.say(text + end)
        except FsError as error:
            report.code = 1
            if options.chosen("v", "q", "s") == "v":
                report.fail(f"{quotef(call, operand)}: {why(error)}")
    return report.out()


def _target(call: Call, operand: str) -> str:
    path = locate(call, operand)
    node = call.tree.get(path, follow=False)
    if isinstance(node, Thing):
        raise Undetermined(f"{operand} may be a link")
    if not isinstance(node, Link):
        raise FsError(Errno.INVAL, path)
    return node.target


@tool(REALPATH)
def realpath(call: Call, options: Options) -> Out:
    if not options.operands:
        raise wrong_usage(call, "missing operand")
    report, mode = Report(call), options.chosen("e", "m") or "f"
    base = options.last("to")
    if options.has("s") and (base is not None or mode == "e"):
        raise Undetermined("realpath -s with other options")
    try:
        start = None if base is None else canonical(call.tree, locate(call, base), mode)
        if start is not None and mode == "e" and not call.tree.is_dir(start):
            raise FsError(Errno.NOTDIR, start)
    except FsError as error:
        report.fail(f"{quotef(call, base or '')}: {why(error)}")
        return report.out()
    end = "\0" if options.has("z") else "\n"
    for operand in options.operands:
        try:
            path = locate(call, operand)
            if options.has("s") and not coreutils(call, since=(9, 1)) and not call.tree.exists(path):
                raise Undetermined("realpath -s of what does not exist")
            text = posixpath.normpath(path) if options.has("s") else canonical(call.tree, path, mode)
            report.say((posixpath.relpath(text, start) if start else text) + end)
        except FsError as error:
            if options.has("q"):
                report.code = 1
            else:
                report.fail(f"{quotef(call, operand)}: {why(error)}")
    return report.out()


def canonical(tree: Tree, path: str, mode: str) -> str:
    """The path without links and dots. ``mode`` is that of ``readlink``: all parts must exist (``e``), all but the
    last (``f``), or none (``m``)."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    real, hops = "/", 0
    while parts:
        part = parts.pop(0)
        if part == "..":
            real = posixpath.dirname(real)
            continue
        real = posixpath.join(real, part)
        entry = tree.entry(real)
        if isinstance(entry, Link):
            hops += 1
            if hops > 40:
                raise FsError(Errno.LOOP, path)
            real = "/" if entry.target.startswith("/") else posixpath.dirname(real)
            parts = [p for p in entry.target.split("/") if p not in ("", ".")] + parts
            continue
        if mode != "m":
            _may_go_on(tree, real, path, mode, last=not parts)
        elif entry is None or isinstance(entry, Thing):
            raise Undetermined(f"{real} may be a link")
    return real


def _may_go_on(tree: Tree, real: str, path: str, mode: str, *, last: bool) -> None:
    entry = tree.entry(real)
    if entry is None or isinstance(entry, Thing):
        raise Undetermined(f"{real} may be a link")
    if isinstance(entry, File):
        if not last or path.endswith("/"):
            raise FsError(Errno.NOTDIR, path)
    elif isinstance(entry, Dir):
        if not last and not tree.allowed(entry.mode, 0o100):
            raise FsError(Errno.ACCES, path)
    elif not last or mode == "e":
        raise FsError(Errno.NOENT, path)


TOOLS: dict[str, Tool] = {"basename": basename, "dirname": dirname, "readlink": readlink, "realpath": realpath}
