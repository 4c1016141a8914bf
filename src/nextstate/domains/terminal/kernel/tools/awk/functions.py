"""The functions that awk has built in."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.awk.values import Value, formatted, from_input, number, text

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.awk.parser import Node
    from nextstate.domains.terminal.kernel.tools.awk.texts import Texts


class Functions:
    """What a machine calls by name: ``fn_length``, ``fn_substr``, ..."""

    mawk: bool
    texts: Texts
    record: str
    variables: dict[str, Value]
    arrays: dict[str, dict[str, Value]]
    frames: list[dict[str, Value | dict[str, Value]]]

    def value(self, node: Node) -> Value:
        raise NotImplementedError

    def text(self, value: Value) -> str:
        raise NotImplementedError

    def array(self, name: str) -> dict[str, Value]:
        raise NotImplementedError

    def pattern(self, node: Node) -> str:
        raise NotImplementedError

    def store(self, target: Node, value: Value) -> Value:
        raise NotImplementedError

    def plain(self, node: Node) -> str:
        """A text whose bytes are its characters (awks differ in what a character is)."""
        found = self.text(self.value(node))
        if not found.isascii():
            raise Undetermined("characters beyond ASCII in awk")
        return found

    def fn_length(self, node: Node | None = None) -> Value:
        if node is not None and node[0] == "var" and self.is_array(node[1]):
            return float(len(self.array(node[1])))
        shown = self.record if node is None else self.text(self.value(node))
        if not shown.isascii():
            raise Undetermined("characters beyond ASCII in awk")
        return float(len(shown))

    def is_array(self, name: str) -> bool:
        if self.frames and name in self.frames[-1]:
            return isinstance(self.frames[-1][name], dict)
        return name in self.arrays

    def fn_substr(self, subject: Node, start: Node, length: Node | None = None) -> Value:
        shown, first = self.plain(subject), number(self.value(start))
        count = number(self.value(length)) if length is not None else float(len(shown) + 1)
        if first < 1 or first != int(first) or count != int(count):
            raise Undetermined("a strange substr")
        return shown[int(first) - 1 : max(0, int(first) - 1 + int(count))]

    def fn_index(self, subject: Node, wanted: Node) -> Value:
        shown, sought = self.plain(subject), self.plain(wanted)
        if not sought:
            raise Undetermined("the place of nothing")
        return float(shown.find(sought) + 1)

    def fn_split(self, subject: Node, array: Node, separator: Node | None = None) -> Value:
        shown = self.text(self.value(subject))
        if separator is None:
            parts = self.texts.split(shown, text(self.variables["FS"]), False)
        elif separator[0] == "regex":
            parts = self.texts.split_by(separator[1], shown, constant=True)
        else:
            parts = self.texts.split(shown, self.text(self.value(separator)), False)
        table = self.array(array[1])
        table.clear()
        for index, part in enumerate(parts, 1):
            table[str(index)] = from_input(part)
        return float(len(parts))

    def fn_sub(self, pattern: Node, replacement: Node, target: Node = ("field", ("const", "0"))) -> Value:
        return self.substitute(pattern, replacement, target, every=False)

    def fn_gsub(self, pattern: Node, replacement: Node, target: Node = ("field", ("const", "0"))) -> Value:
        return self.substitute(pattern, replacement, target, every=True)

    def substitute(self, pattern: Node, replacement: Node, target: Node, *, every: bool) -> Value:
        by, subject = self.text(self.value(replacement)), self.text(self.value(target))
        result, count = self.texts.substituted(
            self.pattern(pattern), by, subject, every=every, constant=pattern[0] == "regex"
        )
        if count:
            self.store(target[1] if target[0] == "paren" else target, result)
        return float(count)

    def fn_match(self, subject: Node, pattern: Node) -> Value:
        place = self.texts.place(self.pattern(pattern), self.plain(subject), constant=pattern[0] == "regex")
        self.variables["RSTART"] = float(place[0] + 1) if place else 0.0
        self.variables["RLENGTH"] = float(place[1] - place[0]) if place else -1.0
        return self.variables["RSTART"]

    def fn_sprintf(self, form: Node, *values: Node) -> Value:
        return formatted(self.text(self.value(form)), [self.value(value) for value in values], mawk=self.mawk)

    def fn_tolower(self, subject: Node) -> Value:
        return self.plain(subject).lower()

    def fn_toupper(self, subject: Node) -> Value:
        return self.plain(subject).upper()

    def fn_int(self, node: Node) -> Value:
        return float(int(number(self.value(node))))

    def fn_sqrt(self, node: Node) -> Value:
        return self.real(math.sqrt, node)

    def fn_exp(self, node: Node) -> Value:
        return self.real(math.exp, node)

    def fn_log(self, node: Node) -> Value:
        return self.real(math.log, node)

    def fn_sin(self, node: Node) -> Value:
        return self.real(math.sin, node)

    def fn_cos(self, node: Node) -> Value:
        return self.real(math.cos, node)

    def fn_atan2(self, y: Node, x: Node) -> Value:
        return math.atan2(number(self.value(y)), number(self.value(x)))

    def real(self, function: Callable[[float], float], node: Node) -> float:
        try:
            return function(number(self.value(node)))
        except (ValueError, OverflowError):
            raise Undetermined("a number that is not finite") from None
