"""tr, which works on bytes in every locale."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.reading import cooked, raw

TR = grammar(
    "cCdst",
    {"complement": "c", "delete": "d", "squeeze-repeats": "s", "truncate-set1": "t"},
    permute=False,
)
_ESCAPES = {"\\": "\\", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ALL = [chr(code) for code in range(256)]
_TESTS = {
    "alpha": "[A-Za-z]", "digit": "[0-9]", "alnum": "[A-Za-z0-9]", "upper": "[A-Z]", "lower": "[a-z]",
    "space": r"[ \t-\r]", "blank": r"[ \t]", "punct": r"[!-/:-@\[-`{-~]", "print": "[ -~]", "graph": "[!-~]",
    "cntrl": r"[\x00-\x1f\x7f]", "xdigit": "[0-9A-Fa-f]",
}  # fmt: skip
CLASSES = {name: [ch for ch in _ALL if re.fullmatch(test, ch)] for name, test in _TESTS.items()}


@dataclass(slots=True)
class Set:
    """The characters of an operand in order, and what it was made of."""

    chars: list[str] = field(default_factory=list)
    cases: dict[int, str] = field(default_factory=dict)
    """Where an ``upper`` or ``lower`` begins."""
    classes: list[str] = field(default_factory=list)
    fills: list[int] = field(default_factory=list)
    """Where a repetition of unlimited length stands (its character is in ``chars`` once)."""
    equal: bool = False
    ends_in_class: bool = False
    warning: str = ""


def stop(message: str) -> Stop:
    return Stop(Out(stderr=f"tr: {message}\n", code=1))


class _Reader:
    """Reads one operand."""

    def __init__(self, call: Call, text: str) -> None:
        self.call = call
        self.set = Set()
        self.marks = list(self.unescaped(raw(text)))

    def unescaped(self, text: str) -> list[tuple[str, bool]]:
        """Characters, and whether a backslash stood before them."""
        marks: list[tuple[str, bool]] = []
        at = 0
        while at < len(text):
            if text[at] != "\\":
                marks.append((text[at], False))
                at += 1
                continue
            octal = re.compile(r"[0-7]{1,3}").match(text, at + 1)
            if octal:
                if int(octal[0], 8) > 255:
                    raise Undetermined("an ambiguous octal escape")
                marks.append((chr(int(octal[0], 8)), True))
                at = octal.end()
            elif at + 1 == len(text):
                self.set.warning = "tr: warning: an unescaped backslash at end of string is not portable\n"
                marks.append(("\\", False))
                at += 1
            else:
                marks.append((_ESCAPES.get(text[at + 1], text[at + 1]), True))
                at += 2
        return marks

    def plain(self, at: int) -> str:
        """The character at ``at`` when no backslash stood before it."""
        return self.marks[at][0] if at < len(self.marks) and not self.marks[at][1] else ""

    def read(self) -> Set:
        at = 0
        while at < len(self.marks):
            at = self.construct(at) if self.plain(at) == "[" else self.character(at)
        return self.set

    def character(self, at: int) -> int:
        self.set.ends_in_class = False
        ch = self.marks[at][0]
        if self.plain(at + 1) == "-" and at + 2 < len(self.marks):
            last = self.marks[at + 2][0]
            if ch > last:
                if not (ch + last).isalnum() or not (ch + last).isascii():
                    raise Undetermined("a reversed range of odd characters")
                raise stop(f"range-endpoints of '{ch}-{last}' are in reverse collating sequence order")
            self.set.chars += [chr(code) for code in range(ord(ch), ord(last) + 1)]
            return at + 3
        self.set.chars.append(ch)
        return at + 1

    def construct(self, at: int) -> int:
        kind = self.plain(at + 1)
        if kind in (":", "=") and kind:
            end = next((k for k in range(at + 2, len(self.marks) - 1)
                        if self.plain(k) == kind and self.plain(k + 1) == "]"), None)  # fmt: skip
            if end is not None:
                return self.named(at, kind, end)
        if self.plain(at + 2) == "*":
            end = next((k for k in range(at + 3, len(self.marks)) if self.plain(k) == "]"), None)
            if end is not None:
                return self.repeat(at, end)
        return self.character(at)

    def named(self, at: int, kind: str, end: int) -> int:
        name = "".join(ch for ch, _ in self.marks[at + 2 : end])
        if not name:
            raise stop(
                "missing character class name '[::]'" if kind == ":" else "missing equivalence class character '[==]'"
            )
        self.set.ends_in_class = kind == ":"
        if kind == "=":
            if len(name) > 1:
                if not name.isalnum() or not name.isascii():
                    raise Undetermined("an odd equivalence class")
                raise stop(f"{name}: equivalence class operand must be a single character")
            self.set.equal = True
            self.set.chars.append(name)
        elif name in CLASSES:
            if name in ("upper", "lower"):
                self.set.cases[len(self.set.chars)] = name
            self.set.classes.append(name)
            self.set.chars += CLASSES[name]
        elif name.startswith("*"):
            raise Undetermined("an odd repetition")
        else:
            raise stop(f"invalid character class {self.call.quote(name)}")
        return end + 2

    def repeat(self, at: int, end: int) -> int:
        digits = "".join(ch for ch, _ in self.marks[at + 3 : end])
        allowed = "01234567" if digits.startswith("0") else "0123456789"
        if not set(digits) <= set(allowed):
            if not digits.isalnum() or not digits.isascii():
                raise Undetermined("an odd repetition")
            raise stop(f"invalid repeat count {self.call.quote(digits)} in [c*n] construct")
        number = int(digits or "0", 8 if digits.startswith("0") else 10)
        if number > 100_000:
            raise Undetermined("a long repetition")
        self.set.ends_in_class = False
        if not number:
            self.set.fills.append(len(self.set.chars))
        self.set.chars += [self.marks[at + 1][0]] * (number or 1)
        return end + 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with every byte."""

    delete: frozenset[str]
    change: dict[int, str]
    squeeze: frozenset[str]


def filled(second: Set, length: int) -> None:
    """Makes a repetition of unlimited length as long as it has to be."""
    for at in second.fills[:1]:
        extra = length - len(second.chars)
        if extra < 0:
            del second.chars[at]
            moved = -1
        else:
            second.chars[at:at] = [second.chars[at]] * extra
            moved = extra
        second.cases = {key + (moved if key > at else 0): name for key, name in second.cases.items()}


def translation(first: list[str], one: Set, two: Set, *, complement: bool, truncate: bool) -> dict[int, str]:
    """The map from bytes to bytes; what tr refuses ends the program."""
    if two.equal:
        raise stop("[=c=] expressions may not appear in string2 when translating")
    if any(name not in ("upper", "lower") for name in two.classes):
        raise stop("when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'")
    filled(two, len(first))
    if two.cases and not complement:
        for at in two.cases:
            if at > len(first):
                raise Undetermined("a class beyond the other set")
            if at not in one.cases:
                raise stop("misaligned [:upper:] and/or [:lower:] construct")
    second = list(two.chars)
    if len(first) > len(second) and not truncate:
        if not second:
            raise stop("when not truncating set1, string2 must be non-empty")
        if two.ends_in_class and not (one.ends_in_class and len(first) == len(second)):
            raise stop("when translating with string1 longer than string2,\n"
                       "the latter string must not end with a character class")  # fmt: skip
        second += [second[-1]] * (len(first) - len(second))
    if complement and one.classes and not (len(second) == len(first) and len(set(second)) == 1):
        raise stop("when translating with complemented character classes,\n"
                   "string2 must map all characters in the domain to one")  # fmt: skip
    change: dict[int, str] = {}
    for source, target in zip(first, second, strict=False):
        change[ord(source)] = target
    return change


def squeezed(text: str, chars: frozenset[str]) -> str:
    if not chars:
        return text
    inside = "".join("\\" + ch if ch in "\\]^-[&~|" else ch for ch in sorted(chars))
    return re.sub(f"([{inside}])\\1+", r"\1", text)


@tool(TR)
def tr(call: Call, options: Options) -> Out:
    complement, delete = options.has("c", "C"), options.has("d")
    squeeze, truncate = options.has("s"), options.has("t")
    sets = check_operands(call, options.operands, delete=delete, squeeze=squeeze)
    one = _Reader(call, sets[0]).read()
    two = _Reader(call, sets[1]).read() if len(sets) > 1 else None
    if one.fills:
        raise stop("the [c*] repeat construct may not appear in string1")
    if two is not None and len(two.fills) > 1:
        raise stop("only one [c*] repeat construct may appear in string2")
    first = [ch for ch in _ALL if ch not in set(one.chars)] if complement else one.chars
    text = raw(call.input())
    if two is not None and not delete:
        change = translation(first, one, two, complement=complement, truncate=truncate)
        text = text.translate(change)
    elif two is not None and two.fills:
        raise stop("the [c*] construct may appear in string2 only when translating")
    if delete:
        text = text.translate(dict.fromkeys(map(ord, first)))
    if squeeze:
        text = squeezed(text, frozenset(first if two is None else two.chars))
    warnings = one.warning + (two.warning if two else "")
    return Out(cooked(text), warnings)


def check_operands(call: Call, operands: tuple[str, ...], *, delete: bool, squeeze: bool) -> tuple[str, ...]:
    """The one or two sets; a wrong number of them ends the program."""
    least, most = 1 + (delete == squeeze), 1 + (delete <= squeeze)
    if not operands:
        raise wrong_usage(call, "missing operand")
    if len(operands) < least:
        why = "deleting and squeezing repeats" if squeeze else ""
        line = f"Two strings must be given when {'both ' + why if why else 'translating'}.\n"
        raise wrong_usage(call, f"missing operand after {call.quote(operands[-1])}\n{line}".rstrip("\n"))
    if len(operands) > most:
        line = "\nOnly one string may be given when deleting without squeezing repeats." if most == 1 and len(
            operands) == 2 else ""  # fmt: skip
        raise wrong_usage(call, f"extra operand {call.quote(operands[most])}{line}")
    return operands


TOOLS = {"tr": tr}
