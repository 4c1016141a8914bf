"""Runs an awk program on its input."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.awk.functions import Functions
from nextstate.domains.terminal.kernel.tools.awk.lexer import unescape
from nextstate.domains.terminal.kernel.tools.awk.parser import Node, Program
from nextstate.domains.terminal.kernel.tools.awk.texts import Texts
from nextstate.domains.terminal.kernel.tools.awk.values import (
    UNSET,
    Numeric,
    Unset,
    Value,
    compare,
    formatted,
    from_input,
    number,
    text,
    truth,
)

MAX_STEPS = 300_000
MAX_OUTPUT = 1_000_000
"""Characters of one text, and of all that is printed."""
MAX_STORED = 100_000_000
"""Characters that were stored before the last one went into an array."""
ORDERS: tuple[Callable[[list[str]], list[str]], ...] = (
    lambda keys: keys,
    lambda keys: keys[1:] + keys[:1],
    lambda keys: keys[::-1],
)
"""Orders in which ``for (key in array)`` may go: which one it is, is not determined."""


class Next(Exception):
    """``next``"""


class NextFile(Exception):
    """``nextfile``"""


class Exit(Exception):
    """``exit``"""


class Break(Exception):
    """``break``"""


class Continue(Exception):
    """``continue``"""


class Return(Exception):
    """``return``"""

    def __init__(self, value: Value) -> None:
        self.value = value


@dataclass(slots=True)
class Outcome:
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    files: dict[str, tuple[bool, list[str]]] = field(default_factory=dict)
    """Path to (append, what was printed)."""
    code: int = 0
    looped: bool = False
    """Whether a ``for in`` went over more than one key."""


class Machine(Functions):
    """One run. ``inputs`` yields ``(name, text)`` of the operands or ``(None, assignment)``."""

    def __init__(self, program: Program, texts: Texts, env: dict[str, str], *, mawk: bool, order: int) -> None:
        self.program = program
        self.texts = texts
        self.mawk = mawk
        self.order = ORDERS[order]
        self.out = Outcome()
        self.steps = self.size = self.stored = 0
        self.variables: dict[str, Value] = {
            "FS": " ", "OFS": " ", "ORS": "\n", "RS": "\n", "NR": 0.0, "FNR": 0.0, "SUBSEP": "\x1c", "CONVFMT": "%.6g",
            "OFMT": "%.6g", "FILENAME": "", "RSTART": 0.0, "RLENGTH": -1.0,
        }  # fmt: skip
        self.arrays: dict[str, dict[str, Value]] = {"ENVIRON": {k: from_input(v) for k, v in env.items()}}
        self.frames: list[dict[str, Value | dict[str, Value]]] = []
        self.record = ""
        self.fields: list[str] | None = []
        self.active: set[int] = set()

    # -- running --------------------------------------------------------------------------------------------

    def run(self, inputs: Callable[[], Iterator[tuple[str | None, str]]]) -> Outcome:
        try:
            for block in self.program.begin:
                self.statement(block)
            if self.program.rules or self.program.end:
                for name, content in inputs():
                    if name is None:
                        variable, _, value = content.partition("=")
                        self.assign_text(variable, value)
                    else:
                        self.file(name, content)
        except Exit:
            pass
        try:
            for block in self.program.end:
                self.statement(block)
        except Exit:
            pass
        return self.out

    def file(self, name: str, content: str) -> None:
        self.variables["FILENAME"], self.variables["FNR"] = name, 0.0
        try:
            for record in self.texts.records(content, text(self.variables["RS"])):
                self.variables["NR"] = number(self.variables["NR"]) + 1
                self.variables["FNR"] = number(self.variables["FNR"]) + 1
                self.set_record(record)
                self.rules()
        except NextFile:
            pass

    def rules(self) -> None:
        try:
            for index, (pattern, until, action) in enumerate(self.program.rules):
                if self.selected(index, pattern, until):
                    if action is None:
                        self.emit(self.record + text(self.variables["ORS"]))
                    else:
                        self.statement(action)
        except Next:
            pass

    def selected(self, index: int, pattern: Node | None, until: Node | None) -> bool:
        if pattern is None:
            return True
        if until is None:
            return truth(self.value(pattern))
        if index not in self.active and not truth(self.value(pattern)):
            return False
        self.active.add(index)
        if truth(self.value(until)):
            self.active.discard(index)
        return True

    def assign_text(self, name: str, value: str) -> None:
        """``-v name=value`` or an operand ``name=value``."""
        self.set_variable(name, from_input(unescape(value)))

    # -- records and fields ---------------------------------------------------------------------------------

    def set_record(self, record: str) -> None:
        self.record, self.fields = record, None

    def split_fields(self) -> list[str]:
        if self.fields is None:
            self.fields = self.texts.split(self.record, text(self.variables["FS"]), self.variables["RS"] == "")
        return self.fields

    def field_value(self, index: int) -> Value:
        if index < 0:
            raise Undetermined("a negative field")
        if index == 0:
            return from_input(self.record)
        fields = self.split_fields()
        return from_input(fields[index - 1]) if index <= len(fields) else UNSET

    def set_field(self, index: int, value: Value) -> None:
        if index == 0:
            self.set_record(self.text(value))
            return
        fields = self.split_fields()
        if index < 0 or index > 10_000:
            raise Undetermined("a strange field")
        fields += [""] * (index - len(fields))
        fields[index - 1] = self.text(value)
        self.rebuild()

    def rebuild(self) -> None:
        self.record = text(self.variables["OFS"]).join(self.fields or [])

    # -- statements -----------------------------------------------------------------------------------------

    def statement(self, node: Node) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Undetermined("an awk program that runs long")
        getattr(self, f"do_{node[0]}")(*node[1:])

    def do_block(self, body: list[Node]) -> None:
        for node in body:
            self.statement(node)

    def do_expr(self, node: Node) -> None:
        self.value(node)

    def do_if(self, test: Node, then: Node, otherwise: Node | None) -> None:
        if truth(self.value(test)):
            self.statement(then)
        elif otherwise is not None:
            self.statement(otherwise)

    def do_while(self, test: Node, body: Node) -> None:
        while truth(self.value(test)) and self.once(body):
            pass

    def do_do(self, body: Node, test: Node) -> None:
        while self.once(body) and truth(self.value(test)):
            pass

    def do_for(self, start: Node | None, test: Node | None, step: Node | None, body: Node) -> None:
        if start:
            self.statement(start)
        while (test is None or truth(self.value(test))) and self.once(body):
            if step:
                self.statement(step)

    def do_forin(self, name: str, array: str, body: Node) -> None:
        table = self.array(array)
        if len(table) > 1:
            self.out.looped = True
        for key in self.order(list(table)):
            self.set_variable(name, from_input(key))
            if not self.once(body):
                break

    def once(self, body: Node) -> bool:
        """Runs a loop's body; false after ``break``."""
        try:
            self.statement(body)
        except Continue:
            return True
        except Break:
            return False
        return True

    def do_next(self) -> None:
        raise Next

    def do_nextfile(self) -> None:
        raise NextFile

    def do_break(self) -> None:
        raise Break

    def do_continue(self) -> None:
        raise Continue

    def do_exit(self, value: Node | None) -> None:
        if value is not None:
            self.out.code = int(number(self.value(value))) & 255
        raise Exit

    def do_return(self, value: Node | None) -> None:
        raise Return(UNSET if value is None else self.value(value))

    def do_delete(self, name: str, subscript: list[Node] | None) -> None:
        if subscript is None:
            self.array(name).clear()
        else:
            self.array(name).pop(self.key(subscript), None)

    def do_print(self, values: list[Node], target: Node | None) -> None:
        ofmt = text(self.variables["OFMT"])
        shown = [text(self.value(value), ofmt, mawk=self.mawk) for value in values] if values else [self.record]
        self.emit(text(self.variables["OFS"]).join(shown) + text(self.variables["ORS"]), target)

    def do_printf(self, values: list[Node], target: Node | None) -> None:
        if not values:
            raise Undetermined("an awk syntax error")
        form, *rest = [self.value(value) for value in values]
        self.emit(formatted(self.text(form), rest, mawk=self.mawk), target)

    def emit(self, shown: str, target: Node | None = None) -> None:
        self.size += len(shown)
        if self.size > MAX_OUTPUT:
            raise Undetermined("an awk program that prints a lot")
        if target is None:
            self.out.stdout.append(shown)
            return
        sign, where = target[0], self.text(self.value(target[1]))
        if sign == "|":
            raise Undetermined("a program that awk starts")
        if where == "/dev/stderr":
            self.out.stderr.append(shown)
        elif where in ("/dev/stdout", "-"):
            self.out.stdout.append(shown)
        else:
            self.out.files.setdefault(where, (sign == ">>", []))[1].append(shown)

    # -- expressions ----------------------------------------------------------------------------------------

    def value(self, node: Node) -> Value:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Undetermined("an awk program that runs long")
        made: Value = getattr(self, f"of_{node[0]}")(*node[1:])
        if isinstance(made, str) and len(made) > MAX_OUTPUT:
            raise Undetermined("a long text in awk")
        return made

    def text(self, value: Value) -> str:
        return text(value, text(self.variables["CONVFMT"]), mawk=self.mawk)

    def of_const(self, literal: str) -> Value:
        return float(literal)

    def of_string(self, literal: str) -> Value:
        return literal

    def of_regex(self, pattern: str) -> Value:
        return float(self.texts.matches(pattern, self.record, constant=True))

    def of_paren(self, node: Node) -> Value:
        return self.value(node)

    def of_var(self, name: str) -> Value:
        if name == "NF":
            return float(len(self.split_fields()))
        if name == "FILENAME" and not self.variables["FILENAME"]:
            raise Undetermined("how this awk names its standard input")
        frame = self.frames[-1] if self.frames else {}
        found = frame.get(name) if name in frame else self.variables.get(name, UNSET)
        if isinstance(found, dict) or (name not in frame and name in self.arrays):
            raise Undetermined("an array used as a value")
        return found  # type: ignore[return-value]

    def of_index(self, name: str, subscript: list[Node]) -> Value:
        return self.array(name).setdefault(self.key(subscript), UNSET)

    def of_field(self, index: Node) -> Value:
        return self.field_value(int(number(self.value(index))))

    def of_assign(self, operator: str, target: Node, right: Node) -> Value:
        value = self.value(right)
        if operator:
            value = self.arithmetic(operator, number(self.value(target)), number(value))
        return self.store(target, value)

    def store(self, target: Node, value: Value) -> Value:
        if isinstance(value, str):
            self.stored += len(value)
            if len(value) > MAX_OUTPUT or (target[0] == "index" and self.stored > MAX_STORED):
                raise Undetermined("long texts in awk")
        if target[0] == "var":
            self.set_variable(target[1], value)
        elif target[0] == "index":
            self.array(target[1])[self.key(target[2])] = value
        elif target[0] == "field":
            self.set_field(int(number(self.value(target[1]))), value)
        else:
            raise Undetermined("an awk syntax error")
        return value

    def set_variable(self, name: str, value: Value) -> None:
        if self.frames and name in self.frames[-1]:
            self.frames[-1][name] = value
        elif name == "NF":
            fields = self.split_fields()
            count = int(number(value))
            if not 0 <= count <= 10_000:
                raise Undetermined("a strange number of fields")
            self.fields = fields[:count] + [""] * (count - len(fields))
            self.rebuild()
        elif name in self.arrays:
            raise Undetermined("an array used as a value")
        else:
            self.variables[name] = value

    def of_cond(self, test: Node, yes: Node, no: Node) -> Value:
        return self.value(yes if truth(self.value(test)) else no)

    def of_or(self, left: Node, right: Node) -> Value:
        return float(truth(self.value(left)) or truth(self.value(right)))

    def of_and(self, left: Node, right: Node) -> Value:
        return float(truth(self.value(left)) and truth(self.value(right)))

    def of_not(self, node: Node) -> Value:
        return float(not truth(self.value(node)))

    def of_in(self, subscript: list[Node], name: str) -> Value:
        return float(self.key(subscript) in self.array(name))

    def of_match(self, left: Node, right: Node) -> Value:
        subject = self.text(self.value(left))
        return float(self.texts.matches(self.pattern(right), subject, constant=right[0] == "regex"))

    def pattern(self, node: Node) -> str:
        return str(node[1]) if node[0] == "regex" else self.text(self.value(node))

    def of_compare(self, sign: str, left: Node, right: Node) -> Value:
        order = compare(self.value(left), self.value(right), mawk=self.mawk)
        return float(
            {"<": order < 0, "<=": order <= 0, "==": order == 0, "!=": order != 0, ">": order > 0, ">=": order >= 0}[
                sign
            ]
        )

    def of_concat(self, left: Node, right: Node) -> Value:
        return self.text(self.value(left)) + self.text(self.value(right))

    def of_arith(self, sign: str, left: Node, right: Node) -> Value:
        first = number(self.value(left))
        return self.arithmetic(sign, first, number(self.value(right)))

    def arithmetic(self, sign: str, left: float, right: float) -> float:
        if right == 0 and sign in "/%":
            raise Undetermined("a division by zero in awk")
        try:
            if sign == "%":
                return math.fmod(left, right)
            if sign == "^":
                result = left**right
                if isinstance(result, complex):
                    raise Undetermined("a root of a negative number")
                return float(result)
            return {"+": left + right, "-": left - right, "*": left * right}[sign] if sign != "/" else left / right
        except OverflowError:
            raise Undetermined("a number that is too large") from None

    def of_negate(self, node: Node) -> Value:
        value = number(self.value(node))
        return 0.0 if value == 0 else -value

    def of_number(self, node: Node) -> Value:
        return number(self.value(node))

    def of_pre(self, sign: str, target: Node) -> Value:
        return self.store(target, number(self.value(target)) + (1 if sign == "+" else -1))

    def of_post(self, sign: str, target: Node) -> Value:
        before = number(self.value(target))
        self.store(target, before + (1 if sign == "+" else -1))
        return before

    def of_call(self, name: str, arguments: list[Node]) -> Value:
        if name not in self.program.functions or len(self.frames) > 200:
            raise Undetermined(f"{name} of awk")
        names, body = self.program.functions[name]
        frame: dict[str, Value | dict[str, Value]] = {}
        for index, parameter in enumerate(names):
            given = arguments[index] if index < len(arguments) else None
            if given is not None and given[0] == "var" and uses_as_array(body, parameter):
                frame[parameter] = self.array(given[1])
            else:
                frame[parameter] = UNSET if given is None else self.value(given)
        self.frames.append(frame)
        try:
            self.statement(body)
        except Return as result:
            return result.value
        finally:
            self.frames.pop()
        return UNSET

    def of_builtin(self, name: str, arguments: list[Node]) -> Value:
        return getattr(self, f"fn_{name}")(*arguments)  # type: ignore[no-any-return]

    # -- arrays ---------------------------------------------------------------------------------------------

    def array(self, name: str) -> dict[str, Value]:
        if self.frames and name in self.frames[-1]:
            found = self.frames[-1][name]
            if isinstance(found, Unset):
                found = self.frames[-1][name] = {}
            if not isinstance(found, dict):
                raise Undetermined("a value used as an array")
            return found
        if name in self.variables:
            raise Undetermined("a value used as an array")
        return self.arrays.setdefault(name, {})

    def key(self, subscript: list[Node]) -> str:
        return text(self.variables["SUBSEP"]).join(self.text(self.value(node)) for node in subscript)


def uses_as_array(node: object, name: str) -> bool:
    """Whether a function's body uses its parameter ``name`` as an array."""
    if isinstance(node, tuple) and node:
        if node[0] in ("index", "delete") and node[1] == name:
            return True
        if node[0] in ("forin", "in") and node[2] == name:
            return True
        if node[0] == "builtin" and node[1] == "split" and node[2][1:2] == [("var", name)]:
            return True
    return isinstance(node, tuple | list) and any(uses_as_array(part, name) for part in node)


__all__ = ["Machine", "Numeric", "Outcome"]
