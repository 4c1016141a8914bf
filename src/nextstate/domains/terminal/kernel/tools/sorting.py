"""sort and uniq."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from nextstate.domains.terminal.kernel.files import Errno, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, tool
from nextstate.domains.terminal.kernel.tools.reading import cooked, joined, only_bytewise, opened, raw, split_at
from nextstate.domains.terminal.kernel.tools.sort_keys import Key, check, inherited, measure, parse_key, part, textual
from nextstate.domains.terminal.kernel.tools.wording import locate, quotef

SORT = grammar(
    "bdfghiMnrVcCk:mo:st:uzS:",
    {
        "ignore-leading-blanks": "b", "dictionary-order": "d", "ignore-case": "f", "general-numeric-sort": "g",
        "human-numeric-sort": "h", "ignore-nonprinting": "i", "month-sort": "M", "numeric-sort": "n", "reverse": "r",
        "version-sort": "V", "check[=]": "check", "key=": "k", "merge": "m", "output=": "o", "stable": "s",
        "field-separator=": "t", "unique": "u", "zero-terminated": "z", "sort=": "sort", "buffer-size=": "S",
        "parallel=": "parallel",
    },
    other="RT:",
    other_long="debug random-sort random-source= temporary-directory= files0-from= batch-size= compress-program=",
    code=2,
)  # fmt: skip
_WORDS = {"general-numeric": "g", "human-numeric": "h", "month": "M", "numeric": "n", "version": "V"}


def stop(message: str, code: int = 2) -> Stop:
    return Stop(Out(stderr=f"sort: {message}\n", code=code))


class Order:
    """How lines are ordered: keys one after the other, then the whole line."""

    def __init__(self, call: Call, options: Options) -> None:
        self.call = call
        self.tab = separator(call, options)
        common = self.common(options)
        keys = [inherited(parse_key(call, text), common) for text in options.values("k")]
        if not keys and (common.flags - {"r"} or common.skips_start):
            keys = [common]
        for key in keys:
            check(key)
        self.keys = keys
        self.reverse = "r" in common.flags
        self.unique = options.has("u")
        self.last_resort = not (options.has("s") or self.unique)

    def common(self, options: Options) -> Key:
        flags = {key for key, _ in options.given if key in "dfghiMnrV"}
        for word in options.values("sort"):
            if word not in _WORDS:
                raise Undetermined(f"sort --sort={word}")
            flags.add(_WORDS[word])
        blanks = options.has("b")
        return Key(flags=frozenset(flags), skips_start=blanks, skips_end=blanks)

    def passes(self) -> list[tuple[Callable[[str], Any], bool]]:
        """What is compared, the most important first: a function of the line, and whether it is turned round."""
        found: list[tuple[Callable[[str], Any], bool]] = [
            (self.reader(key), "r" in key.flags) for key in self.keys
        ]  # fmt: skip
        if self.last_resort or not self.keys:
            found.append((lambda line: line, self.reverse))
        return found

    def reader(self, key: Key) -> Callable[[str], Any]:
        value = measure(key)
        if key.word is None and key.last_word is None and not key.skips_start and not key.char:
            return value
        return lambda line: value(part(line, key, self.tab))

    def check_locale(self, lines: list[str]) -> None:
        """Refuses what the locale may order otherwise."""
        if self.call.bytewise:
            return
        if any("," in line for line in lines):
            raise Undetermined("thousands separators are a matter of the locale")
        for key in self.keys:
            if textual(key):
                only_bytewise(self.call, [part(line, key, self.tab) for line in lines])
        if self.last_resort or not self.keys:
            only_bytewise(self.call, lines)

    def sorted(self, lines: list[str]) -> list[str]:
        self.check_locale(lines)
        passes = self.passes()
        for value, reverse in reversed(passes):
            lines = sorted(lines, key=value, reverse=reverse)
        return self.without_equals(lines)

    def compare(self, left: str, right: str) -> int:
        for value, reverse in self.passes():
            first, second = value(left), value(right)
            if first != second:
                return 1 if (first > second) != reverse else -1
        return 0

    def without_equals(self, lines: list[str]) -> list[str]:
        if not self.unique:
            return lines
        kept: list[str] = []
        values = [value for value, _ in self.passes()]
        last = None
        for line in lines:
            now = [value(line) for value in values]
            if not kept or now != last:
                kept.append(line)
            last = now
        return kept

    def merged(self, files: list[list[str]]) -> list[str]:
        if len(files) > 16:
            raise Undetermined("many files to merge")
        self.check_locale([line for lines in files for line in lines])
        return self.without_equals(list(heapq.merge(*files, key=cmp_to_key(self.compare))))

    def disorder(self, lines: list[str]) -> int | None:
        """The index of the first line that is out of order."""
        self.check_locale(lines)
        for at in range(1, len(lines)):
            if self.compare(lines[at - 1], lines[at]) > (-1 if self.unique else 0):
                return at
        return None


def separator(call: Call, options: Options) -> str | None:
    tab = None
    for text in options.values("t"):
        if not text:
            raise stop("empty tab")
        now = "\0" if text == "\\0" else raw(text)
        if len(now) > 1:
            raise stop(f"multi-character tab {call.quote(text)}")
        if tab not in (None, now):
            raise stop("incompatible tabs")
        tab = now
    return tab


def inputs(call: Call, operands: tuple[str, ...], *, creates: bool = False) -> list[str]:
    """The raw texts of all operands; the first that cannot be read ends the program. ``creates``: ``-o`` is given."""
    texts = []
    for operand in operands:
        text = opened(call, operand)
        if isinstance(text, Errno) and text is not Errno.ISDIR:
            raise stop(f"cannot read: {quotef(call, operand)}: {text.value}")
        texts.append(text)
    for operand, text in zip(operands, texts, strict=True):
        if isinstance(text, Errno) and creates:
            raise Undetermined("an output that is created before a directory is read")
        if isinstance(text, Errno):
            raise stop(f"read failed: {quotef(call, operand)}: {text.value}")
    if operands.count("-") > 1:
        raise Undetermined("standard input twice")
    return [raw(text) for text in texts if isinstance(text, str)]


@tool(SORT)
def sort(call: Call, options: Options) -> Out:
    if "check" in dict(options.given) and options.last("check") not in (None, "quiet", "silent", "diagnose-first"):
        raise Undetermined("sort --check")
    if any(operand.startswith("+") for operand in options.operands) or any(
        not re.fullmatch(r"\d+[%bKMG]?", text) for text in options.values("S", "parallel")
    ):
        raise Undetermined("an old key or an odd number")
    order = Order(call, options)
    end = "\0" if options.has("z") else "\n"
    operands = options.operands or ("-",)
    checking = options.chosen("c", "C", "check")
    if checking is not None:
        return checked(call, options, order, operands, end)
    texts = [split_at(text, end) for text in inputs(call, operands, creates=options.last("o") is not None)]
    if options.has("m"):
        lines = order.merged(texts)
    else:
        lines = order.sorted([line for text in texts for line in text])
    result = cooked(joined(lines, end))
    target = options.last("o")
    return Out(result) if target is None else written(call, target, result)


def written(call: Call, target: str, text: str) -> Out:
    if target.endswith("/"):
        raise Undetermined("an output with a slash behind it")
    try:
        call.tree.write(locate(call, target), text.encode(), mode=0o666 & ~call.umask)
    except FsError as error:
        raise stop(f"open failed: {quotef(call, target)}: {error.errno.value}") from None
    return Out()


def checked(call: Call, options: Options, order: Order, operands: tuple[str, ...], end: str) -> Out:
    if len(operands) > 1:
        raise stop(f"extra operand '{operands[1]}' not allowed with -c")
    if options.has("o"):
        raise Undetermined("sort -c with -o")
    text = opened(call, operands[0])
    if isinstance(text, Errno):
        if text is Errno.ISDIR:
            raise Undetermined("sort -c of a directory")
        raise stop(f"open failed: {quotef(call, operands[0])}: {text.value}")
    lines = split_at(raw(text), end)
    at = order.disorder(lines)
    if at is None:
        return Out()
    quiet = options.chosen("c", "C", "check") == "C" or options.last("check") in ("quiet", "silent")
    message = f"sort: {operands[0]}:{at + 1}: disorder: {cooked(lines[at])}\n"
    return Out(stderr="" if quiet else message, code=1)


UNIQ = grammar(
    "cdDf:is:uw:z",
    {"count": "c", "repeated": "d", "all-repeated[=]": "D", "skip-fields=": "f", "ignore-case": "i", "skip-chars=": "s",
     "unique": "u", "check-chars=": "w", "zero-terminated": "z", "group[=]": "group"},
    other="0123456789",
)  # fmt: skip
_SKIPPED = re.compile(r"[ \t\n]*[^ \t\n]*")


def small_number(options: Options, key: str, what: str) -> int | None:
    text = options.last(key)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text):
        if not re.fullmatch(r"[A-Za-z]+|-[0-9]+", text):
            raise Undetermined(f"uniq with {text!r}")
        raise Stop(Out(stderr=f"uniq: {text}: invalid number of {what}\n", code=1))
    return int(text)


def groups_of(call: Call, options: Options, lines: list[str]) -> list[list[str]]:
    """Runs of lines that count as equal."""
    fields = small_number(options, "f", "fields to skip") or 0
    chars = small_number(options, "s", "bytes to skip") or 0
    width = small_number(options, "w", "bytes to compare")
    fold = options.has("i")

    def compared(line: str) -> str:
        at = 0
        for _ in range(fields):
            match = _SKIPPED.match(line, at)
            at = match.end() if match else at
        at = min(len(line), at + chars)
        text = line[at:] if width is None else line[at : at + width]
        return "".join(ch.upper() if "a" <= ch <= "z" else ch for ch in text) if fold else text

    groups: list[list[str]] = []
    last = None
    for line in lines:
        now = compared(line)
        if now == last:
            groups[-1].append(line)
        else:
            if last is not None and not call.bytewise and not (now.isascii() and last.isascii()):
                raise Undetermined("which texts are equal is a matter of the locale")
            groups.append([line])
        last = now
    return groups


def grouped(groups: list[list[str]], method: str) -> list[str]:
    """All lines of the groups with empty lines between or around them."""
    lines: list[str] = []
    for number, group in enumerate(groups):
        if method in ("prepend", "both") or (method == "separate" and number):
            lines.append("")
        lines += group
        if method == "append":
            lines.append("")
    if method == "both" and groups:
        lines.append("")
    return lines


@tool(UNIQ)
def uniq(call: Call, options: Options) -> Out:
    if any(operand.startswith("+") for operand in options.operands):
        raise Undetermined("an old option of uniq")
    if len(options.operands) > 2:
        message = f"uniq: extra operand {call.quote(options.operands[2])}\nTry 'uniq --help' for more information.\n"
        return Out(stderr=message, code=1)
    if options.has("D") and options.has("c"):
        message = "uniq: printing all duplicated lines and repeat counts is meaningless\n"
        return Out(stderr=message + "Try 'uniq --help' for more information.\n", code=1)
    method = options.last("D", "group") or ("separate" if options.has("group") else "none")
    if options.has("group") and (options.has("c", "d", "D", "u") or method not in (
        "separate", "prepend", "append", "both")):  # fmt: skip
        raise Undetermined("uniq --group with something else")
    if options.has("D") and (method not in ("none", "prepend", "separate") or options.has("u")):
        raise Undetermined("uniq -D with something else")
    end = "\0" if options.has("z") else "\n"
    operand = options.operands[0] if options.operands else "-"
    for key, what in (("f", "fields to skip"), ("s", "bytes to skip"), ("w", "bytes to compare")):
        small_number(options, key, what)
    text = opened(call, operand)
    if text is Errno.ISDIR:
        return Out(stderr=f"uniq: error reading '{operand}'\n", code=1)
    if isinstance(text, Errno):
        return Out(stderr=f"uniq: {quotef(call, operand)}: {text.value}\n", code=1)
    groups = groups_of(call, options, split_at(raw(text), end))
    if options.has("group"):
        lines = grouped(groups, method)
    elif options.has("D"):
        lines = grouped([group for group in groups if len(group) > 1], method)
    else:
        once, more = not options.has("d"), not options.has("u")
        shown = [group for group in groups if (once if len(group) == 1 else more)]
        lines = [f"{len(group):7d} {group[0]}" if options.has("c") else group[0] for group in shown]
    result = cooked(joined(lines, end))
    if len(options.operands) < 2 or options.operands[1] == "-":
        return Out(result)
    try:
        call.tree.write(locate(call, options.operands[1]), result.encode(), mode=0o666 & ~call.umask)
    except FsError as error:
        return Out(stderr=f"uniq: {quotef(call, options.operands[1])}: {error.errno.value}\n", code=1)
    return Out()


TOOLS = {"sort": sort, "uniq": uniq}
