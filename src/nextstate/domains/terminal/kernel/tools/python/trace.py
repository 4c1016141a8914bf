"""Tracebacks, as Python 3.11 words and marks them; other versions show them otherwise."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.objects import Builtin, Frame, Function, Module, details, trace_of
from nextstate.domains.terminal.kernel.tools.python.spelling import closest

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

_OURS = __file__.rpartition("/")[0]
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def described(machine: Machine, error: BaseException) -> str:
    """The whole text, with the exceptions that led to this one."""
    if machine.world.minor != 11 or not machine.world.exact:
        raise Undetermined("how this version shows a traceback")
    return _chain(machine, error, [])


def _chain(machine: Machine, error: BaseException, seen: list[BaseException]) -> str:
    seen.append(error)
    before = ""
    cause, context = error.__cause__, error.__context__
    if cause is not None and cause not in seen:
        before = _chain(machine, cause, seen) + CAUSE
    elif cause is None and context not in (None, *seen, machine.outside) and not error.__suppress_context__:
        before = _chain(machine, context, seen) + CONTEXT  # type: ignore[arg-type]
    return before + _one(machine, error)


def _one(machine: Machine, error: BaseException) -> str:
    trace = trace_of(error)
    if trace.foreign or _foreign(error):
        raise Undetermined("a traceback through the library")
    lines = ["Traceback (most recent call last):\n"] if trace.entries else []
    same, last = 0, None
    for frame, node in reversed(trace.entries):
        entry = _entry(frame, node)
        key = (frame.source.shown, getattr(node, "lineno", 0), frame.name)
        same = same + 1 if key == last else 1
        last = key
        if same > 3:
            raise Undetermined("a traceback with repeated lines")
        lines.append(entry)
    return "".join(lines) + final(machine, error)


def _foreign(error: BaseException) -> bool:
    """Whether an exception went through Python code of the standard library."""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith(_OURS):
            return True
        trace = trace.tb_next
    return False


def final(machine: Machine, error: BaseException) -> str:
    """The last line: the kind of exception and its message."""
    if isinstance(error, SyntaxError):
        raise Undetermined("a syntax error that is raised")
    machine.vet(error)
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    text = str(error)
    hint = _hint(machine, error)
    notes = "".join(f"{note}\n" for note in getattr(error, "__notes__", ()))
    return (f"{name}: {text}{hint}\n" if text or hint else f"{name}\n") + notes


# -- one line of the program ----------------------------------------------------------------------------------


def _entry(frame: Frame, node: Any) -> str:
    source = frame.source
    line = _line(node)
    text = f'  File "{source.shown}", line {line}, in {frame.name}\n'
    if source.lines is None or not 0 < line <= len(source.lines):
        return text
    shown = source.lines[line - 1]
    stripped = shown.strip(" \t\f")
    if not stripped:
        return text
    return f"{text}    {stripped}\n{_marks(shown, stripped, node, line)}"


def _line(node: Any) -> int:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.end_lineno != node.lineno:
        raise Undetermined("a call over several lines")
    return int(getattr(node, "lineno", 1))


def _marks(shown: str, stripped: str, node: Any, line: int) -> str:
    """The line that marks what failed, unless it would mark all of it."""
    start = _column(shown, node.col_offset)
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return ""
    primary = secondary = "^"
    left, right = -1, -1
    if node.end_lineno == line:
        end = _column(shown, node.end_col_offset)
        anchors = _anchors(shown[start:end])
        if anchors is not None:
            left, right, primary, secondary = start + anchors[0], start + anchors[1], "^", "~"
    else:
        end = len(shown.rstrip())
    indent = len(shown) - len(shown.lstrip(" \t\f"))
    if end - start == len(shown.rstrip()) - indent and left < 0:
        return ""
    marks = [" "] * start
    for at in range(start, end):
        marks.append(secondary if left >= 0 and not left <= at < right else primary)
    return f"    {''.join(marks[indent:])}\n"


def _column(line: str, offset: int) -> int:
    """Characters for an offset in bytes."""
    return len(line.encode()[:offset].decode("utf-8", "replace"))


def _anchors(segment: str) -> tuple[int, int, str, str] | None:
    """Where the operator of a binary operation or the index of a subscript stands in ``segment``."""
    try:
        tree = ast.parse(segment)
    except SyntaxError:
        return None
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    found = tree.body[0].value
    raw = segment.encode()
    if isinstance(found, ast.BinOp):
        behind = found.left.end_col_offset or 0
        between = raw[behind : found.right.col_offset].decode()
        at = next((n for n, ch in enumerate(between) if not ch.isspace() and ch != ")"), None)
        if at is None:
            return None
        start = len(raw[:behind].decode()) + at
        width = 2 if at + 1 < len(between) and not between[at + 1].isspace() and between[at + 1] != "(" else 1
        return start, start + width, "~", "^"
    if isinstance(found, ast.Subscript):
        start = len(raw[: found.value.end_col_offset or 0].decode())
        end = len(raw[: (found.slice.end_col_offset or 0) + 1].decode())
        while start < len(segment) and segment[start] != "[":
            start += 1
        while end < len(segment) and segment[end - 1] != "]":
            end += 1
        return start, end, "~", "^"
    return None


# -- did you mean ---------------------------------------------------------------------------------------------


def _hint(machine: Machine, error: BaseException) -> str:
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError) and error.name is not None:
        found = _similar_name(machine, error)
    elif isinstance(error, AttributeError) and error.name is not None:
        found = _similar_attribute(error)
    else:
        return ""
    return f". Did you mean: '{found}'?" if found else ""


def _similar_name(machine: Machine, error: NameError) -> str | None:
    entries = trace_of(error).entries
    if not entries:
        return None
    frame = entries[0][0]
    import builtins

    for names in (frame.scope.order, list(frame.globals), list(vars(builtins))):
        found = closest(str(error.name), [name for name in names if isinstance(name, str) and "\0" not in name])
        if found:
            return found
    return None


def _similar_attribute(error: AttributeError) -> str | None:
    value = error.obj
    if isinstance(value, Module):
        known = details(value)
        names = list(value.__dict__) if known.own else dir(known.real)
        return closest(str(error.name), sorted(name for name in names if name != "\0"))
    if isinstance(value, Builtin | Function) or type(value).__module__.startswith(("nextstate", "_io", "pathlib")):
        raise Undetermined("what an attribute's name is similar to")
    return closest(str(error.name), dir(value))
