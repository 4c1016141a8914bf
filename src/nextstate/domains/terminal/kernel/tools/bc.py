"""bc: exact arithmetic, variables, conditions and loops; functions and the library of ``-l`` are not computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nextstate.domains.terminal.kernel.files import Errno, Undetermined
from nextstate.domains.terminal.kernel.tools import bc_number as numbers
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.bc_number import ONE, ZERO, Number
from nextstate.domains.terminal.kernel.tools.bc_tokens import Token, Wrong, printed, tokens
from nextstate.domains.terminal.kernel.tools.options import grammar
from nextstate.domains.terminal.kernel.tools.reading import opened, parsed

MAX_STEPS = 50_000
_TESTS: dict[str, Callable[[int], bool]] = {
    "<": lambda c: c < 0, "<=": lambda c: c <= 0, "==": lambda c: c == 0, "!=": lambda c: c != 0,
    ">": lambda c: c > 0, ">=": lambda c: c >= 0,
}  # fmt: skip


class Ended(Exception):
    """``quit`` and ``halt``."""


class Jump(Exception):
    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


Step = Callable[[], None]
Term = Callable[[], Number]


@dataclass(slots=True)
class Place:
    """What an expression can assign to."""

    get: Term
    put: Callable[[Number], None]


@dataclass(slots=True)
class Parsed:
    """An expression; ``quiet`` when it is an assignment, which prints nothing."""

    term: Term
    place: Place | None = None
    quiet: bool = False


@dataclass
class Machine:
    out: list[str] = field(default_factory=list)
    column: int = 0
    vars: dict[str, Number] = field(default_factory=dict)
    arrays: dict[tuple[str, int], Number] = field(default_factory=dict)
    scale: int = 0
    ibase: int = 10
    obase: int = 10
    last: Number = ZERO
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Undetermined("a calculation that may never end")

    def write(self, text: str) -> None:
        for ch in text:
            self.column = 0 if ch == "\n" else self.column + 1
            if self.column == numbers.LINE + 1:
                self.out.append("\\\n")
                self.column = 1
            self.out.append(ch)

    def show(self, number: Number) -> None:
        self.last = number
        self.write(numbers.text_of(number, self.obase))


class Parser:
    """Parses one line (or a block over several) at a time, because constants are read in the base of the moment."""

    def __init__(self, machine: Machine, found: list[Token]) -> None:
        self.m = machine
        self.tokens = found
        self.at = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def sign(self, *texts: str) -> str:
        """Takes the sign that stands here if it is one of ``texts``."""
        if self.now.kind == "sign" and self.now.text in texts:
            self.at += 1
            return self.tokens[self.at - 1].text
        return ""

    def need(self, text: str) -> None:
        if not self.sign(text):
            raise Wrong(self.now.line)

    def run(self) -> None:
        """Reads and carries out one line after the other."""
        while self.now.kind != "end":
            steps: list[Step] = []
            while not self.sign("\n"):
                if self.now.kind == "end":
                    break
                if self.sign(";"):
                    continue
                if self.now.kind == "word" and self.now.text == "quit":
                    raise Ended
                steps.append(self.statement())
                if not (self.now.kind == "end" or self.now.text in (";", "\n")):
                    raise Wrong(self.now.line)
            for step in steps:
                step()

    # -- statements -----------------------------------------------------------------------------------------

    def statement(self) -> Step:
        token = self.now
        if self.sign("{"):
            return self.block()
        if token.kind == "string":
            self.at += 1
            return lambda: self.m.write(token.text[1:-1])
        if token.kind == "word":
            self.at += 1
            return self.worded(token)
        parsed = self.expression()
        if parsed.quiet:
            return lambda: _do(parsed.term)

        def show() -> None:
            self.m.show(parsed.term())
            self.m.write("\n")

        return show

    def block(self) -> Step:
        steps: list[Step] = []
        while not self.sign("}"):
            if self.now.kind == "end":
                raise Undetermined("a block without an end")
            if not self.sign(";", "\n"):
                steps.append(self.statement())

        def run() -> None:
            for step in steps:
                step()

        return run

    def worded(self, token: Token) -> Step:
        if token.text in ("if", "while"):
            self.need("(")
            condition = self.expression().term
            self.need(")")
            body = self.body()
            return self.if_(condition, body) if token.text == "if" else self.loop(condition, body, lambda: None)
        if token.text == "for":
            return self.for_()
        if token.text == "print":
            return self.print()
        if token.text in ("break", "continue"):
            return lambda: _throw(Jump(token.text))
        if token.text == "halt":
            return lambda: _throw(Ended())
        raise Wrong(token.line)

    def body(self) -> Step:
        if self.now.text in ("\n", ";"):
            raise Undetermined("an empty statement of bc")
        return self.statement()

    def if_(self, condition: Term, then: Step) -> Step:
        other: Step = _nothing
        if self.now.kind == "word" and self.now.text == "else":
            self.at += 1
            other = self.body()
        return lambda: then() if condition().digits else other()

    def for_(self) -> Step:
        self.need("(")
        first = self.expression().term
        self.need(";")
        condition = self.expression().term
        self.need(";")
        step = self.expression().term
        self.need(")")
        rounds = self.loop(condition, self.body(), lambda: _do(step))

        def run() -> None:
            first()
            rounds()

        return run

    def loop(self, condition: Term, body: Step, step: Step) -> Step:
        def rounds() -> None:
            while condition().digits:
                self.m.step()
                try:
                    body()
                except Jump as jump:
                    if jump.word == "break":
                        return
                step()

        return rounds

    def print(self) -> Step:
        pieces: list[Step] = []
        while True:
            if self.now.kind == "string":
                text = printed(self.now.text[1:-1])
                self.at += 1
                pieces.append(lambda text=text: self.m.write(text))  # type: ignore[misc]
            else:
                term = self.expression().term
                pieces.append(lambda term=term: self.m.show(term()))  # type: ignore[misc]
            if not self.sign(","):
                break

        def run() -> None:
            for piece in pieces:
                piece()

        return run

    # -- expressions, the loosest binding first -------------------------------------------------------------

    def expression(self) -> Parsed:
        left = self.both()
        while self.sign("||"):
            right = self.both()
            left = Parsed(_truth(lambda a, b: a or b, left.term, right.term))
        return left

    def both(self) -> Parsed:
        left = self.opposite()
        while self.sign("&&"):
            right = self.opposite()
            left = Parsed(_truth(lambda a, b: a and b, left.term, right.term))
        return left

    def opposite(self) -> Parsed:
        if self.sign("!"):
            inner = self.opposite().term
            return Parsed(lambda: ZERO if inner().digits else ONE)
        return self.relation()

    def relation(self) -> Parsed:
        left = self.assignment()
        while sign := self.sign(*_TESTS):
            first, second, test = left.term, self.assignment().term, _TESTS[sign]
            left = Parsed(_relation(first, second, test))
        return left

    def assignment(self) -> Parsed:
        left = self.sum()
        if left.place is None:
            return left
        sign = self.sign("=", "+=", "-=", "*=", "/=", "%=", "^=")
        if not sign:
            return left
        place, right = left.place, self.assignment().term
        compute: Term = right if sign == "=" else self.binary(sign[0], place.get, right)

        def assign() -> Number:
            value = compute()
            place.put(value)
            return value

        return Parsed(assign, quiet=True)

    def sum(self) -> Parsed:
        left = self.product()
        while sign := self.sign("+", "-"):
            left = Parsed(self.binary(sign, left.term, self.product().term))
        return left

    def product(self) -> Parsed:
        left = self.power()
        while sign := self.sign("*", "/", "%"):
            left = Parsed(self.binary(sign, left.term, self.power().term))
        return left

    def power(self) -> Parsed:
        left = self.negative()
        if self.sign("^"):
            return Parsed(self.binary("^", left.term, self.power().term))
        return left

    def negative(self) -> Parsed:
        if self.sign("-"):
            inner = self.negative().term
            return Parsed(lambda: numbers.minus(ZERO, inner()))
        return self.changed()

    def binary(self, sign: str, left: Term, right: Term) -> Term:
        m = self.m
        return {
            "+": lambda: numbers.plus(left(), right()),
            "-": lambda: numbers.minus(left(), right()),
            "*": lambda: numbers.times(left(), right(), m.scale),
            "/": lambda: numbers.over(left(), right(), m.scale),
            "%": lambda: numbers.rest(left(), right(), m.scale),
            "^": lambda: numbers.power(left(), right(), m.scale),
        }[sign]

    def changed(self) -> Parsed:
        """``++`` and ``--`` before or after."""
        if sign := self.sign("++", "--"):
            place = self.operand().place
            if place is None:
                raise Wrong(self.now.line)
            return Parsed(_changed(place, sign, after=False))
        made = self.operand()
        if made.place is not None and (sign := self.sign("++", "--")):
            return Parsed(_changed(made.place, sign, after=True))
        return made

    def operand(self) -> Parsed:
        token = self.now
        self.at += 1
        if token.kind == "number":
            m, text = self.m, token.text
            return Parsed(lambda: numbers.read(text, m.ibase))
        if token.text == "(" and token.kind == "sign":
            inner = self.expression()
            self.need(")")
            return Parsed(inner.term)
        if token.text == "." and token.kind == "sign":
            return Parsed(lambda: self.m.last)
        if token.kind == "name":
            return self.named(token.text)
        raise Wrong(token.line)

    def named(self, name: str) -> Parsed:
        if self.sign("("):
            return self.function(name)
        if self.sign("["):
            index = self.expression().term
            self.need("]")
            return _with_place(self.element(name, index))
        if name in ("scale", "ibase", "obase"):
            return _with_place(self.setting(name))
        if name == "last":
            return Parsed(lambda: self.m.last)
        variables = self.m.vars
        return _with_place(Place(lambda: variables.get(name, ZERO), lambda value: variables.__setitem__(name, value)))

    def element(self, name: str, index: Term) -> Place:
        arrays = self.m.arrays
        return Place(
            lambda: arrays.get((name, index().at(0)), ZERO),
            lambda value: arrays.__setitem__((name, index().at(0)), value),
        )

    def setting(self, name: str) -> Place:
        def put(value: Number) -> None:
            number = value.at(0)
            if not (0 <= number <= 2000 if name == "scale" else 2 <= number <= 16):
                raise Undetermined(f"the {name} {number}")
            setattr(self.m, name, number)

        return Place(lambda: Number(int(getattr(self.m, name))), put)

    def function(self, name: str) -> Parsed:
        argument = self.expression().term
        self.need(")")
        m = self.m
        if name == "sqrt":
            return Parsed(lambda: numbers.root(argument(), m.scale))
        if name == "length":
            return Parsed(lambda: Number(numbers.length(argument())))
        if name == "scale":
            return Parsed(lambda: Number(argument().scale))
        raise Undetermined(f"the function {name} of bc")


def _with_place(place: Place) -> Parsed:
    return Parsed(place.get, place)


def _changed(place: Place, sign: str, *, after: bool) -> Term:
    def run() -> Number:
        before = place.get()
        value = (numbers.plus if sign == "++" else numbers.minus)(before, ONE)
        place.put(value)
        return before if after else value

    return run


def _relation(left: Term, right: Term, test: Callable[[int], bool]) -> Term:
    return lambda: ONE if test(numbers.compare(left(), right())) else ZERO


def _truth(join: Callable[[bool, bool], bool], left: Term, right: Term) -> Term:
    def run() -> Number:
        first, second = bool(left().digits), bool(right().digits)
        return ONE if join(first, second) else ZERO

    return run


def _do(term: Term) -> None:
    term()


def _nothing() -> None:
    return


def _throw(error: Exception) -> None:
    raise error


BC = grammar("lqs", {"mathlib": "l", "quiet": "q", "standard": "s"}, other="hivw", other_long="interactive warn")


def bc(call: Call) -> Out:
    options = parsed(call, BC)
    if options.has("s") or "BC_LINE_LENGTH" in call.env or "POSIXLY_CORRECT" in call.env or "BC_ENV_ARGS" in call.env:
        raise Undetermined("settings of bc")
    text = ""
    for operand in options.operands:
        found = opened(call, operand)
        if isinstance(found, Errno) or operand == "-":
            raise Undetermined("a file of bc that cannot be read")
        text += found
    machine = Machine(scale=20 if options.has("l") else 0)
    text += "" if call.stdin is None and "quit" in text else call.input()
    parser = Parser(machine, tokens(text))
    errors = ""
    try:
        parser.run()
    except Ended:
        pass
    except Wrong as wrong:
        if text.rstrip("\n").count("\n") or options.operands or machine.out or not text.endswith("\n"):
            raise Undetermined("a syntax error among other lines") from None
        errors = f"{wrong}\n"
    except (Jump, RecursionError):
        raise Undetermined("a jump out of nothing, or a deep expression") from None
    return Out("".join(machine.out), errors)


TOOLS = {"bc": bc}
