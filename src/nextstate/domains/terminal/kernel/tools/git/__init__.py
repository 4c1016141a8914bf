"""``git``: repositories that were made and filled in sight. See :mod:`.model` for what is known of one.

Git 2.39 as Debian 12 ships it. Whatever hangs on the time, on other machines or on an editor is left undetermined, but
the hashes of commits stand as blanks (:mod:`nextstate.domains.terminal.kernel.blanks`) in what is otherwise computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.git.branching import branch, tag
from nextstate.domains.terminal.kernel.tools.git.committing import commit
from nextstate.domains.terminal.kernel.tools.git.history import diff, log, rev_list, show
from nextstate.domains.terminal.kernel.tools.git.merging import merge, reset
from nextstate.domains.terminal.kernel.tools.git.place import Request, check
from nextstate.domains.terminal.kernel.tools.git.staging import add, ls_files, mv, restore, rm
from nextstate.domains.terminal.kernel.tools.git.starting import check_ignore, configure, init, remote, rev_parse
from nextstate.domains.terminal.kernel.tools.git.stashing import clean, stash
from nextstate.domains.terminal.kernel.tools.git.status import status
from nextstate.domains.terminal.kernel.tools.git.switching import checkout, switch
from nextstate.domains.terminal.kernel.tools.git.words import Stop

COMMANDS: dict[str, Callable[[Request], Out]] = {
    "add": add, "branch": branch, "check-ignore": check_ignore, "checkout": checkout, "clean": clean, "commit": commit,
    "config": configure, "diff": diff, "init": init, "log": log, "ls-files": ls_files, "merge": merge, "mv": mv,
    "remote": remote, "reset": reset, "restore": restore, "rev-list": rev_list, "rev-parse": rev_parse, "rm": rm,
    "show": show, "stage": add, "stash": stash, "status": status, "switch": switch, "tag": tag,
}  # fmt: skip


_PLAIN = frozenset("add commit init mv reset restore rev-parse rm status".split())
"""Commands that show the same at a terminal (others start a pager, or look at its width)."""


def git(call: Call) -> Out:
    """Nothing is changed when the outcome is undetermined."""
    before = dict(call.tree.delta)
    try:
        return _git(call)
    except (Undetermined, FsError) as failure:
        call.tree.delta.clear()
        call.tree.delta.update(before)
        if isinstance(failure, Undetermined):
            raise
        raise Undetermined(f"how git says {failure}") from None


def _git(call: Call) -> Out:
    check(call)
    args, extra = list(call.args), []
    while args and args[0].startswith("-"):
        option = args.pop(0)
        if option == "-C" and args:
            call = replace(call, cwd=_directory(call, args.pop(0)))
        elif option == "-c" and args and "=" in args[0]:
            key, value = args.pop(0).split("=", 1)
            extra.append((key.lower(), value))
        elif option == "--version" and not args:
            return Out(f"git version {call.facts['git']}\n")
        elif option not in ("--no-pager", "-P"):
            raise Undetermined(f"git {option} is not computed")
    if not args or args[0] not in COMMANDS:
        raise Undetermined(f"git {' '.join(args[:1])} is not computed")
    if any(arg in ("-h", "--help", "--help-all") for arg in args[1:]):
        raise Undetermined("the help of git")
    if call.columns and args[0] not in _PLAIN:
        raise Undetermined("git with a pager, at a terminal")
    request = Request(call, args[0], tuple(args[1:]), tuple(extra))
    try:
        out = COMMANDS[args[0]](request)
    except Stop as stop:
        out = stop.out
    return replace(out, varied=request.varied)


def _directory(call: Call, path: str) -> str:
    if not path:
        return call.cwd
    full = call.path(path)
    if not call.tree.is_dir(full):
        raise Undetermined(f"git -C {path}")
    return call.tree.resolve(full)


TOOLS: dict[str, Tool] = {"git": git}
