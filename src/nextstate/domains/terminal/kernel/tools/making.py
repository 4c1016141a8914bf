"""Programs that make files and directories: `mkdir`, `rmdir`, `touch`, `truncate`."""

from __future__ import annotations

import posixpath
import re
from datetime import datetime

from nextstate.domains.terminal.kernel.files import Dir, Errno, File, FsError, Link, Seen, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.modes import read_mode
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.wording import Report, coreutils, locate, quoteaf, why

MKDIR = grammar("m:pv", {"mode=": "m", "parents": "p", "verbose": "v"}, other="Z", other_long="context[=]")
RMDIR = grammar("pv", {"parents": "p", "verbose": "v", "ignore-fail-on-non-empty": "ignore"}, other_long="path")
TOUCH = grammar(
    "acd:fhmr:t:",
    {"no-create": "c", "date=": "d", "reference=": "r", "no-dereference": "h", "time=": "time"},
)
TRUNCATE = grammar("cr:s:", {"no-create": "c", "reference=": "r", "size=": "s"}, other="o", other_long="io-blocks")


@tool(MKDIR)
def mkdir(call: Call, options: Options) -> Out:
    if not options.operands:
        raise wrong_usage(call, "missing operand")
    report, mode = Report(call), _mkdir_mode(call, options)
    if mode is None:
        report.fail(f"invalid mode {call.quote(options.last('m') or '')}")
        return report.out()
    for operand in options.operands:
        steps = re.findall(r"/*[^/]+(?:/*$)?", operand) if options.has("p") and operand else [operand]
        made = ""
        for step in steps:
            made += step
            if not _make(call, options, report, made, mode, last=made == operand):
                break
    return report.out()


def _mkdir_mode(call: Call, options: Options) -> int | None:
    text = options.last("m")
    if text is None:
        return 0o777 & ~call.umask
    change = read_mode(text)
    if change is None:
        return None
    mode = change(0o777, True, call.umask)
    if mode & 0o7000 or (not text.isdigit() and not coreutils(call, since=(9, 1))):
        raise Undetermined("mkdir with special bits or symbols")
    return mode


def _make(call: Call, options: Options, report: Report, operand: str, mode: int, *, last: bool) -> bool:
    """Makes one directory of a path; says whether to go on."""
    try:
        path = locate(call, operand)
        if options.has("p") and _is_there(call, path, last, options.has("v")):
            return True
        call.tree.mkdir(path.rstrip("/"), mode if last else 0o777 & ~call.umask | 0o300)
    except FsError as error:
        if options.has("p") and error.errno is Errno.LOOP:
            raise Undetermined("mkdir -p of links that go in circles") from None
        report.fail(f"cannot create directory {call.quote(operand)}: {why(error)}")
        return False
    if options.has("v"):
        report.say(f"created directory {quoteaf(call, operand)}\n", named=True)
    return True


def _is_there(call: Call, path: str, last: bool, verbose: bool) -> bool:
    """Whether a directory of ``mkdir -p`` is there already. One that was never shown is there afterwards."""
    tree = call.tree
    try:
        node = tree.lookup(path)
    except Undetermined:
        real = tree.parent_for(path)
        if verbose:
            raise
        tree.delta[real] = Dir(Seen.NOTHING)
        return True
    if isinstance(node, File) and not last:
        raise FsError(Errno.NOTDIR, path)
    if isinstance(node, Thing):
        raise Undetermined(f"{path} may be a file or a directory")
    return isinstance(node, Dir)


@tool(RMDIR)
def rmdir(call: Call, options: Options) -> Out:
    if not options.operands:
        raise wrong_usage(call, "missing operand")
    report = Report(call)
    for operand in options.operands:
        steps = [operand]
        while options.has("p") and posixpath.dirname(steps[-1].rstrip("/")).rstrip("/"):
            steps.append(posixpath.dirname(steps[-1].rstrip("/")).rstrip("/"))
        for at, step in enumerate(steps):
            if not _unmake(call, options, report, step, at > 0):
                break
    return report.out()


def _unmake(call: Call, options: Options, report: Report, operand: str, is_parent: bool) -> bool:
    if options.has("v"):
        report.say(f"removing directory, {quoteaf(call, operand)}\n", named=True)
    try:
        path = locate(call, operand)
        _refuse_odd(call, operand, path)
        call.tree.remove(path.rstrip("/"))
    except FsError as error:
        if error.errno is Errno.NOTEMPTY and options.has("ignore"):
            return False
        what = "failed to remove directory" if is_parent else "failed to remove"
        report.fail(f"{what} {quoteaf(call, operand)}: {why(error)}")
        return False
    return True


def _refuse_odd(call: Call, operand: str, path: str) -> None:
    last = operand.rstrip("/").rpartition("/")[2]
    if last in ("", ".", ".."):
        raise Undetermined("rmdir of a directory named by dots")
    node = call.tree.get(path.rstrip("/"), follow=False)
    if isinstance(node, Link) and operand.endswith("/"):
        raise Undetermined("rmdir of a link with a slash")
    if isinstance(node, File | Link):
        raise FsError(Errno.NOTDIR, path)
    if isinstance(node, Dir) and not call.tree.allowed(node.mode, 0o400):
        raise Undetermined(f"what {operand} holds")
    real = call.tree.resolve(path)
    if any(call.tree.entry(posixpath.join(real, name)) is not None for name in call.tree.children(real)):
        raise FsError(Errno.NOTEMPTY, path)


@tool(TOUCH)
def touch(call: Call, options: Options) -> Out:
    if not options.operands:
        raise wrong_usage(call, "missing file operand")
    report = Report(call)
    for text in options.values("d"):
        _check_date(text)
    for stamp in options.values("t"):
        _check_stamp(stamp)
    if options.has("time") and options.last("time") not in ("atime", "access", "use", "mtime", "modify"):
        raise Undetermined("touch --time")
    reference = options.last("r")
    if reference is not None:
        try:
            call.tree.get(locate(call, reference))
        except FsError as error:
            report.fail(f"failed to get attributes of {quoteaf(call, reference)}: {why(error)}")
            return report.out()
    for operand in options.operands:
        _touch(call, options, report, operand)
    return report.out()


def _touch(call: Call, options: Options, report: Report, operand: str) -> None:
    if operand == "-":
        return
    try:
        path = locate(call, operand)
        if call.tree.lookup(path) is None and operand.endswith("/") and not options.has("c"):
            report.fail(f"setting times of {quoteaf(call, operand)}: {Errno.NOENT.value}")
        elif call.tree.lookup(path) is None:
            _touch_absent(call, options, path)
        elif options.has("h"):
            call.tree.get(path, follow=False)
    except FsError as error:
        if options.has("c") and error.errno is Errno.NOENT:
            return
        if error.errno is Errno.NOTDIR and operand.endswith("/"):
            raise Undetermined("touch of a file with a slash") from None
        report.fail(f"cannot touch {quoteaf(call, operand)}: {why(error)}")
    except Undetermined:
        _touch_unknown(call, options, operand)


def _touch_absent(call: Call, options: Options, path: str) -> None:
    if options.has("c"):
        return
    if options.has("h"):
        raise Undetermined("touch -h of what does not exist")
    call.tree.write(path, b"", mode=0o666 & ~call.umask)


def _touch_unknown(call: Call, options: Options, operand: str) -> None:
    """What was never shown exists afterwards, whatever it was before."""
    if options.has("c", "h") or operand.endswith("/"):
        raise Undetermined(f"{operand} was never shown")
    path = call.path(operand)
    real = call.tree.parent_for(call.tree.resolve(path))
    if call.tree.entry(real) is None:
        call.tree.delta[real] = File(None)


def _check_date(text: str) -> None:
    pattern = r"@\d{1,10}|(\d+ (second|minute|hour|day|week|month|year)s? ago)|yesterday|now|today|tomorrow"
    if re.fullmatch(pattern, text):
        return
    try:
        datetime.fromisoformat(text.removesuffix("Z").removesuffix(" UTC"))
    except ValueError:
        raise Undetermined(f"the date {text}") from None
    if not re.fullmatch(r"(19[89]|20[0-2])\d-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?( UTC|Z)?", text):
        raise Undetermined(f"the date {text}")


def _check_stamp(text: str) -> None:
    try:
        datetime.strptime(text.partition(".")[0], "%Y%m%d%H%M")
    except ValueError:
        raise Undetermined(f"the time stamp {text}") from None
    if not re.fullmatch(r"(19[89]|20[0-2])\d{9}(\.[0-5]\d)?", text):
        raise Undetermined(f"the time stamp {text}")


_UNITS = {"": 1, "K": 1024, "k": 1024, "M": 1024**2, "KB": 1000, "kB": 1000, "MB": 1000**2, "KiB": 1024, "MiB": 1024**2}
MAX_SIZE = 1_000_000


@tool(TRUNCATE)
def truncate(call: Call, options: Options) -> Out:
    size, reference = options.last("s"), options.last("r")
    match = re.fullmatch(r"\s*([-+<>/%]?)\s*(\d+)([A-Za-z]*)", size or "+0")
    if match is None or match[3] not in _UNITS or (size and reference):
        raise Undetermined(f"truncate -s {size}")
    if size is None and reference is None:
        raise wrong_usage(call, f"you must specify either {call.quote('--size')} or {call.quote('--reference')}")
    if not options.operands:
        raise wrong_usage(call, "missing file operand")
    relative, amount = match[1], int(match[2]) * _UNITS[match[3]]
    if reference is not None:
        relative, amount = "", len(call.tree.read(locate(call, reference)))
    if amount > MAX_SIZE or (relative in ("/", "%") and not amount):
        raise Undetermined(f"truncate -s {size}")
    report = Report(call)
    for operand in options.operands:
        try:
            _truncate(call, options, operand, relative, amount)
        except FsError as error:
            report.fail(f"cannot open {quoteaf(call, operand)} for writing: {why(error)}")
    return report.out()


def _truncate(call: Call, options: Options, operand: str, relative: str, amount: int) -> None:
    path = locate(call, operand)
    node = call.tree.lookup(path)
    if isinstance(node, Thing):
        raise Undetermined(f"{operand} may be a file or a directory")
    if isinstance(node, Dir):
        raise FsError(Errno.ISDIR, path)
    if node is None and options.has("c"):
        return
    before = node.content if isinstance(node, File) else b""
    if before is None:
        if relative or amount:
            raise Undetermined(f"the size of {operand}")
        before = b""
    size = len(before)
    target = {
        "": amount, "+": size + amount, "-": max(0, size - amount), "<": min(size, amount), ">": max(size, amount),
    }.get(relative)  # fmt: skip
    if target is None:
        target = size // amount * amount if relative == "/" else -(-size // amount) * amount
    call.tree.write(path, before[:target].ljust(target, b"\0"), mode=0o666 & ~call.umask)


TOOLS: dict[str, Tool] = {"mkdir": mkdir, "rmdir": rmdir, "touch": touch, "truncate": truncate}
