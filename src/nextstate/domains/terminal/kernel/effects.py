"""What a program that was not computed may have changed.

Knowledge of a file may only be kept when the program cannot have touched it. Programs that are not known here may have
changed everything below the working directory.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import (
    PROGRAM_DIRS,
    Absent,
    Dir,
    File,
    Forgotten,
    FsError,
    Seen,
    Undetermined,
    normal,
)

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.files import Tree
    from nextstate.domains.terminal.kernel.tools.base import Call

CONSTANT = frozenset("whoami id hostname uname arch nproc groups logname getconf locale".split())
"""Programs whose answer does not depend on files."""
VOLATILE = frozenset(
    """date ps top htop free uptime w who last vmstat iostat df sleep mktemp shuf curl wget ping ss netstat lsof
    time watch dmesg journalctl ip ifconfig systemctl service nvidia-smi""".split()
)
"""Programs whose answer may differ from one call to the next."""
_READS = CONSTANT | frozenset(
    """date ps top htop free uptime w who last df file which type man less more tree sleep printenv env tput clear stty
    tty ls cat head tail wc grep egrep fgrep stat du md5sum sha1sum sha224sum sha256sum sha384sum sha512sum cksum
    strings
    nm objdump readelf ldd lscpu lsblk findmnt mount lsof ss netstat ping curl host dig nslookup ip ifconfig systemctl
    journalctl apt-cache dpkg-query info apropos whereis locate vmstat iostat diff cmp comm join sort uniq cut tr awk
    gawk mawk jq yq bc dc xxd od hexdump base64 base32 seq expr basename dirname realpath readlink nl tac rev fold fmt
    column paste test [ yes factor numfmt getent shuf kill pgrep cal id sed find timeout nice perl sleep umask history
    lsb_release ulimit rg ag ack printf echo true false pwd time watch dmesg nohup factor tsort look""".split()
)
"""Programs that change no file, unless an argument says so (`_WRITE_ARGUMENT`)."""
_WRITE_ARGUMENT = {
    "sed": re.compile(r"-[a-zA-Z]*i|--in-place|(?:^|[;}\s/])w\s"),
    "sort": re.compile(r"-o|--output"),
    "find": re.compile(r"-(?:exec|ok|delete|fprint|fls)"),
    "awk": re.compile(r">\s*\"|\|\s*\"|\bsystem\b"),
    "perl": re.compile(r"-[a-zA-Z]*i|open|unlink|rename|system|`|mkdir"),
    "curl": re.compile(r"-[a-zA-Z]*[oO]|--output|--remote-name"),
    "tree": re.compile(r"-o"),
    "timeout": re.compile(r"\b(?:rm|mv|cp|tee|touch|mkdir|make|git|pip|npm|bash|sh|python3?)\b"),
    "nice": re.compile(r"\b(?:rm|mv|cp|tee|touch|mkdir|make|git|pip|npm|bash|sh|python3?)\b"),
}
_WRITE_ARGUMENT["gawk"] = _WRITE_ARGUMENT["mawk"] = _WRITE_ARGUMENT["awk"]
_WRAPPERS = frozenset("timeout nice nohup env time watch stdbuf setsid ionice sudo".split())
"""Programs that start the program that their arguments name."""
_CHANCE = re.compile(r"\b(?:s?rand|sys|local|gm)?time\b|\bs?rand\b|\bsystime\b|\$\$|\b(?:keys|values|each)\b")
_ASKS_ONLY = frozenset(
    {"--version", "-V", "-v", "--help", "version", "list", "show", "freeze", "search", "help", "info"}
)
_ON_OPERANDS = frozenset(
    "mkdir touch rm mv cp rmdir ln chmod chown chgrp tee sed truncate sort install patch zip sqlite3".split()
)
"""Programs that change only what their operands name."""
_NEW_NAMES = frozenset("split csplit mktemp gcc cc g++ gzip gunzip bzip2 xz".split())
"""Programs that make files beside the known ones; known contents stay, listings do not."""
_GIT_INSIDE = frozenset(
    """init add commit status log diff show branch tag config remote rev-parse blame ls-files describe reflog notes
    fetch push gc fsck shortlog grep cat-file hash-object ls-tree rev-list help version""".split()
)
"""git commands that change nothing outside `.git`."""
_WRITING_CODE = re.compile(
    r"open\([^)]*['\"][rwax+b]*[wax+]|write|os\.(?:re|mk|sy|po|un|ch|rm|sym|link|trunc)|shutil|subprocess|Path|sqlite3|"
    r"tarfile|zipfile|tempfile|exec|import_module"
)
_SILENT_CHANGES = frozenset({"mkdir", "touch", "rm", "mv", "cp", "rmdir"})
"""What these did when they said nothing is learned from their operands (`learn`)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What may have changed: these paths with everything below, and the listings of these folders."""

    paths: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()


NOTHING = Reach()


def _name(call: Call) -> str:
    """A program of the system by its name; another one by its path."""
    folder, _, name = call.name.rpartition("/")
    return name if not folder or folder in PROGRAM_DIRS else call.name


def _inner(call: Call) -> Call | None:
    """The call that a program makes which only starts another one."""
    if _name(call) not in _WRAPPERS:
        return None
    left = list(call.args)
    while left and (left[0].startswith("-") or "=" in left[0] or re.fullmatch(r"[\d.]+[smhd]?", left[0])):
        left.pop(0)
    return replace(call, name=left[0], args=tuple(left[1:])) if left else None


def restless(call: Call) -> bool:
    """Whether a program may show something else when it is called again although nothing changed."""
    name, inner = _name(call), _inner(call)
    if inner is not None and restless(inner):
        return True
    if name in ("perl", "awk", "gawk", "mawk"):
        return any(_CHANCE.search(arg) for arg in call.args) or (name == "perl" and call.args[:1] == ())
    return name in VOLATILE


def reach(call: Call) -> Reach:
    """What a call may have changed, judged by its name and arguments."""
    inner = _inner(call)
    if inner is not None:
        return reach(inner)
    name = _name(call)
    if name == "perl" and not any(re.match(r"-\w*[enE]", arg) for arg in call.args):
        return Reach((call.cwd,))  # a script
    operands = tuple(normal(call.path(arg)) for arg in call.args if arg and arg[0] != "-" and len(arg) < 4096)
    if name in ("python3", "python"):
        return _python(call)
    if name == "git":
        inside = call.args[:1] and (call.args[0] in _GIT_INSIDE or call.args[0].startswith("-"))
        return Reach((posixpath.join(call.cwd, ".git"),)) if inside else Reach((call.cwd,))
    if name in _READS:
        writes = _WRITE_ARGUMENT.get(name)
        if writes is None or not any(writes.search(arg) for arg in call.args):
            return NOTHING
    if call.args and (call.args[0] in _ASKS_ONLY or call.args[-1] in ("--version", "--help", "-V")):
        return NOTHING
    if name == "tar":
        return _tar(call)
    if name in _ON_OPERANDS:
        return Reach(_existing(call, operands))
    if name in _NEW_NAMES:
        return Reach((), (call.cwd, "/tmp", *operands))
    return Reach((call.cwd, *operands))


def _existing(call: Call, operands: tuple[str, ...]) -> tuple[str, ...]:
    """The operands that are (or become) files; a script or a mode among them is none."""
    creates = call.name in ("touch", "mkdir", "cp", "mv", "ln", "tee", "install", "zip", "sqlite3", "truncate")
    return tuple(path for path in operands if creates or not isinstance(call.tree.entry(path), Absent))


def _tar(call: Call) -> Reach:
    letters = call.args[0].lstrip("-") if call.args else ""
    operands = [arg for arg in call.args[1:] if not arg.startswith("-")]
    if "t" in letters:
        return NOTHING
    if "c" in letters and "f" in letters and operands:
        return Reach((normal(call.path(operands[0])),))
    return Reach((call.cwd,))


def _python(call: Call) -> Reach:
    """Python code that names nothing that writes changes nothing but compiled modules."""
    caches = (call.cwd,)
    if call.args[:1] == ("-m",) and call.args[1:2] and call.args[1] in ("unittest", "pytest", "py_compile", "doctest"):
        return Reach((), caches)
    texts = [*call.args, call.stdin or ""]
    for arg in call.args:
        try:
            texts.append(call.tree.read(call.path(arg)).decode("utf-8", "replace"))
            break
        except (FsError, Undetermined):
            continue
    else:
        if "-c" not in call.args and not call.stdin:
            return Reach((call.cwd,))
    if call.args[:1] == ("-m",) or any(_WRITING_CODE.search(text) for text in texts):
        return Reach((call.cwd,))
    folders = {posixpath.dirname(normal(call.path(arg))) for arg in call.args if arg.endswith(".py")}
    return Reach((), tuple({*caches, *folders})) if any("import" in text for text in texts) else NOTHING


def changes(call: Call) -> bool:
    """Whether a program that was not computed may have changed anything."""
    return reach(call) != NOTHING


def forget(tree: Tree, call: Call, shown: str) -> None:
    """Forgets whatever a program that was not computed may have changed."""
    may = reach(call)
    if call.name in _SILENT_CHANGES and not shown.strip():
        return
    for path in may.paths:
        _forget_below(tree, path)
    for path in may.listings:
        here = tree.entry(path)
        if isinstance(here, Dir):
            tree.delta[path] = Dir(Seen.NOTHING, here.mode)
    fresh = call.name == "git" and call.args[:1] == ("init",) and len([arg for arg in call.args if arg[0] != "-"]) == 1
    if fresh and "fatal" not in shown:
        tree.put(posixpath.join(call.cwd, ".git"), Dir())


def _forget_below(tree: Tree, path: str) -> None:
    for table in (tree.files.entries, tree.delta):
        for below in [name for name in table if name.startswith(path.rstrip("/") + "/")]:
            old = tree.entry(below)
            tree.delta[below] = Dir(Seen.NOTHING, old.mode) if isinstance(old, Dir) else Forgotten()
    here = tree.entry(path)
    if isinstance(here, Dir):
        tree.delta[path] = Dir(Seen.NOTHING, here.mode)
    elif isinstance(here, File) or here is None or isinstance(tree.entry(posixpath.dirname(path)), Dir):
        tree.forget(path)
