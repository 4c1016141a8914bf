"""The beginnings and ends of files: head and tail."""

from __future__ import annotations

import re
from collections.abc import Callable

from nextstate.domains.terminal.kernel.files import Errno, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, parse, wrong_usage
from nextstate.domains.terminal.kernel.tools.reading import Printer, cooked, opened, raw
from nextstate.domains.terminal.kernel.tools.wording import quoteaf

_COUNT = re.compile(r"[ \t]*\+?(\d+)(b|[kKmMGTP](?:i?B)?)?")
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_DIGITS = "0123456789"

HEAD = grammar(
    f"c:n:qvz{_DIGITS}",
    {"bytes=": "c", "lines=": "n", "quiet": "q", "silent": "q", "verbose": "v", "zero-terminated": "z"},
)
TAIL = grammar(
    "c:n:qvz",
    {"bytes=": "c", "lines=": "n", "quiet": "q", "silent": "q", "verbose": "v", "zero-terminated": "z"},
    other="fFs:",
    other_long="follow[=] max-unchanged-stats= pid= retry sleep-interval=",
)


def count(call: Call, text: str, what: str) -> int:
    """A number with an optional multiplier; a wrong one ends the program."""
    match = _COUNT.fullmatch(text)
    if match is None:
        if not re.fullmatch(r"[A-Za-z.]*|\d+[A-Zac-z.]\w*|\d*\.\d*|[-+].*", text) or text[:1] == "0":
            raise Undetermined(f"{call.name} with {text!r} {what}")
        raise Stop(Out(stderr=f"{call.name}: invalid number of {what}: {call.quote(text)}\n", code=1))
    number = int(match[1]) * unit(match[2] or "")
    if number >= 2**63:
        raise Undetermined("a huge number")
    return number


def unit(suffix: str) -> int:
    """What a multiplier such as ``K``, ``kB`` or ``MiB`` stands for."""
    if suffix in ("", "b"):
        return 512 if suffix else 1
    base = 1000 if suffix.endswith("B") and "i" not in suffix else 1024
    return int(base ** _POWERS[suffix[0].upper()])


def first_part(text: str, number: int, end: str) -> str:
    """The first ``number`` records, or all but the last ``-number``."""
    records = text.split(end)
    last = records.pop()
    pieces = [record + end for record in records] + ([last] if last else [])
    return "".join(pieces[:number])


def last_part(text: str, number: int, end: str) -> str:
    """The last ``number`` records."""
    at = len(text)
    if number and text.endswith(end):
        at -= 1
    for _ in range(number):
        at = text.rfind(end, 0, at)
        if at < 0:
            return text
    return text[at + 1 :] if number else ""


def from_record(text: str, number: int, end: str) -> str:
    """Everything from record ``number`` (counted from 1) on."""
    at = 0
    for _ in range(number - 1):
        at = text.find(end, at) + 1
        if not at:
            return ""
    return text[at:]


def show(call: Call, options: Options, operands: tuple[str, ...], cut: Callable[[str], str], *, trivial: bool) -> Out:
    """Each operand's part under its header."""
    chosen = options.chosen("q", "v")
    headed = chosen == "v" or (chosen is None and len(operands) > 1)
    printer, used = Printer(call), False
    between = ""
    for operand in operands or ("-",):
        text = "" if used and operand == "-" else opened(call, operand)
        used |= operand == "-"
        if isinstance(text, Errno) and text is not Errno.ISDIR:
            printer.error(f"cannot open {quoteaf(call, operand)} for reading: {text.value}")
            continue
        if headed:
            printer.write(f"{between}==> {'standard input' if operand == '-' else operand} <==\n")
            between = "\n"
        if isinstance(text, str):
            printer.write(cut(text))
        elif trivial:
            raise Undetermined("nothing of a directory")
        else:
            printer.error(f"error reading {quoteaf(call, operand)}: {text.value}")
    return printer.out()


def by_options(call: Call, options: Options, old: str | None, *, tail: bool) -> Callable[[str], str]:
    """What cuts a text; ``old``: the count of the old form with its unit letter."""
    unit_key, value = options.chosen("c", "n"), "10"
    for key, given in options.given:
        if key in "cn":
            value = given or ""
            count(call, value.removeprefix("-"), "bytes" if key == "c" else "lines")
    if old is not None and unit_key is None:
        unit_key, value = ("c" if old.endswith("c") else "n"), old.rstrip("c")
    minus = value.startswith("-")
    number = count(call, value.removeprefix("-"), "bytes" if unit_key == "c" else "lines")
    end = "\0" if options.has("z") else "\n"
    if unit_key == "c":
        return lambda text: cooked(cut_bytes(raw(text), number, tail=tail, minus=minus, plus=value.startswith("+")))
    if not tail:
        if minus:
            return lambda text: first_part(text, -number, end) if number else text
        return lambda text: first_part(text, number, end)
    if value.startswith("+"):
        return lambda text: from_record(text, number, end)
    return lambda text: last_part(text, number, end)


def cut_bytes(text: str, number: int, *, tail: bool, minus: bool, plus: bool) -> str:
    if not tail:
        return text[: max(0, len(text) - number)] if minus else text[:number]
    if plus:
        return text[max(0, number - 1) :]
    return text[max(0, len(text) - number) :]


def head(call: Call) -> Out:
    try:
        return _head(call)
    except Stop as stop:
        return stop.out


def _head(call: Call) -> Out:
    args, old = call.args, None
    if args and (match := re.fullmatch(r"-(\d+)(.*)", args[0])):
        flags = match[2]
        wrong = next((letter for letter in flags if letter not in "cqvzlbkm"), None)
        if wrong is not None:
            raise wrong_usage(call, f"invalid trailing option -- {wrong}")
        if set(flags) & set("bkm"):
            raise Undetermined(f"head {args[0]}")
        old = match[1] + ("c" if "c" in flags.replace("l", "") and "l" not in flags else "")
        if "c" in flags and "l" in flags:
            raise Undetermined(f"head {args[0]}")
        args = tuple(f"-{letter}" for letter in flags if letter in "qvz") + args[1:]
    options = parse(call, HEAD, args)
    digit = next((key for key, _ in options.given if key in _DIGITS), None)
    if digit is not None:
        raise wrong_usage(call, f"invalid trailing option -- {digit}")
    cut = by_options(call, options, old, tail=False)
    trivial = re.search(r"-(c|n)?\+?0|-.*-", " ".join(call.args)) is not None
    return show(call, options, options.operands, cut, trivial=trivial)


def tail(call: Call) -> Out:
    try:
        return _tail(call)
    except Stop as stop:
        return stop.out


def _tail(call: Call) -> Out:
    args, old = call.args, None
    match = re.fullmatch(r"([-+])(\d+)([bcl]?)", args[0]) if args else None
    if match and (len(args) == 1 or (len(args) == 2 and (args[1] == "-" or not args[1].startswith("-")))):
        if match[3] == "b":
            raise Undetermined(f"tail {args[0]}")
        old = match[1].replace("-", "") + match[2] + ("c" if match[3] == "c" else "")
        args = args[1:]
    elif args and args[0].startswith("+") and len(args) < 3:
        raise Undetermined(f"tail {args[0]}")
    pairs = zip(("", *args), args, strict=False)
    digit = next((arg[1] for before, arg in pairs if re.match(r"-\d", arg) and not _takes_value(before)), None)
    if digit is not None and "--" not in args:
        if any(re.match(r"-", arg) and not re.match(r"-[qvz0-9]*$", arg) and not _takes_value(arg) for arg in args):
            raise Undetermined("which of two wrong options is reported")
        raise Stop(Out(stderr=f"tail: option used in invalid context -- {digit}\n", code=1))
    options = parse(call, TAIL, args)
    cut = by_options(call, options, old, tail=True)
    asked = old.rstrip("c") if old and not options.chosen("c", "n") else options.last("c", "n") or "10"
    if not asked.startswith("+") and count(call, asked.removeprefix("-"), "lines") == 0:
        return Out()
    trivial = asked.startswith("+") or options.has("c") or (old or "").endswith("c")
    return show(call, options, options.operands, cut, trivial=trivial)


def _takes_value(arg: str) -> bool:
    return re.fullmatch(r"-[qvz]*[nc]|--lines|--bytes", arg) is not None


TOOLS = {"head": head, "tail": tail}
