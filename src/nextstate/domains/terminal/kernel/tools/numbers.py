"""Numbers on the command line: seq, expr, factor."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.options import Stop, wrong_usage
from nextstate.domains.terminal.kernel.tools.regex import RegexError, Syntax, compiled

MAX_DIGITS = 3
"""Digits of a width or a precision."""
MAX_NUMBERS = 200_000
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)")
_FORMAT = re.compile(r"((?:[^%]|%%)*)%([-+ 0#']*)(\d*)(?:\.(\d+))?([fgeE])((?:[^%]|%%)*)")


def seq(call: Call) -> Out:
    separator, padded, form = "\n", False, None
    operands: list[str] = []
    args = list(call.args)
    while args:
        arg = args.pop(0)
        if _NUMBER.fullmatch(arg) or operands:
            operands.append(arg)
        elif arg in ("-w", "--equal-width"):
            padded = True
        elif arg in ("-s", "-f", "--separator", "--format") and args:
            separator, form = (args.pop(0), form) if arg.lstrip("-")[0] == "s" else (separator, args.pop(0))
        elif arg.startswith(("-s", "--separator=")):
            separator = arg.partition("=")[2] if arg.startswith("--") else arg[2:]
        elif arg.startswith("-f"):
            form = arg[2:]
        else:
            raise Undetermined(f"seq {arg}")
    if not operands or len(operands) > 3 or not all(_NUMBER.fullmatch(operand) for operand in operands):
        raise Undetermined("how seq words wrong operands")
    return Out(_sequence(operands, separator, form, padded))


def _sequence(operands: list[str], separator: str, form: str | None, padded: bool) -> str:
    first, step, last = Decimal(1), Decimal(1), Decimal(operands[-1])
    if len(operands) > 1:
        first = Decimal(operands[0])
    if len(operands) == 3:
        step = Decimal(operands[1])
    if step == 0:
        raise Undetermined("a step of zero")
    count = int((last - first) / step) + 1 if (last - first) / step >= 0 else 0
    if count > MAX_NUMBERS:
        raise Undetermined("a very long sequence")
    places = max((len(operand.partition(".")[2]) for operand in (operands[:-1] or ["1"])), default=0)
    if places and any("." in operand for operand in operands[:-1]) and len(operands[-1].partition(".")[2]) > places:
        raise Undetermined("the last number has more places than the others")
    numbers = [first + step * index for index in range(count)]
    if form is not None:
        texts = [_formed(form, number) for number in numbers]
    else:
        texts = [f"{number:.{places}f}" for number in numbers]
        if padded:
            ends = [f"{number:.{places}f}" for number in (first, last)]
            wide = max(map(len, ends))
            texts = [text.zfill(wide) for text in texts]
    return separator.join(texts) + "\n" if texts else ""


def _formed(form: str, number: Decimal) -> str:
    match = _FORMAT.fullmatch(form)
    if match is None or "'" in match[2] or max(len(match[3] or ""), len(match[4] or "")) > MAX_DIGITS:
        raise Undetermined("the format of seq")
    spec = f"%{match[2]}{match[3]}" + (f".{match[4]}" if match[4] is not None else "") + match[5]
    return match[1].replace("%%", "%") + spec % float(number) + match[6].replace("%%", "%")


def factor(call: Call) -> Out:
    words = call.args or tuple(call.input().split())
    if not words or not all(word.isdigit() and int(word) < 10**12 for word in words):
        raise Undetermined("operands of factor")
    return Out("".join(f"{int(word)}:{''.join(f' {prime}' for prime in _primes(int(word)))}\n" for word in words))


def _primes(number: int) -> list[int]:
    found, divisor = [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1 if divisor == 2 else 2
    return [*found, number] if number > 1 else found


class _Expr:
    """``expr``: operators from the loosest: ``|``, ``&``, comparisons, ``+ -``, ``* / %``, ``:``."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.args = list(call.args)

    def now(self) -> str | None:
        return self.args[0] if self.args else None

    def level(self, lower: Callable[[], str], table: dict[str, Callable[[str, str], str]]) -> str:
        left = lower()
        while self.now() in table:
            operator = self.args.pop(0)
            left = table[operator](left, lower())
        return left

    def either(self) -> str:
        return self.level(self.both, {"|": lambda a, b: a if not _null(a) else b if not _null(b) else "0"})

    def both(self) -> str:
        return self.level(self.comparison, {"&": lambda a, b: a if not _null(a) and not _null(b) else "0"})

    def comparison(self) -> str:
        def by(test: Callable[[int], bool]) -> Callable[[str, str], str]:
            return lambda a, b: str(int(test(self.compared(a, b))))

        table = {"<": by(lambda c: c < 0), "<=": by(lambda c: c <= 0), "=": by(lambda c: c == 0)}
        table |= {"==": table["="], "!=": by(lambda c: c != 0), ">": by(lambda c: c > 0), ">=": by(lambda c: c >= 0)}
        return self.level(self.sum, table)

    def compared(self, left: str, right: str) -> int:
        if _whole(left) and _whole(right):
            return (int(left) > int(right)) - (int(left) < int(right))
        if not self.call.bytewise and left != right:
            raise Undetermined("the order of texts in this locale")
        return (left > right) - (left < right)

    def sum(self) -> str:
        return self.level(
            self.product,
            {"+": lambda a, b: str(self.int(a) + self.int(b)), "-": lambda a, b: str(self.int(a) - self.int(b))},
        )

    def product(self) -> str:
        def divided(a: str, b: str, rest: bool) -> str:
            x, y = self.int(a), self.int(b)
            if y == 0:
                raise Stop(Out(stderr="expr: division by zero\n", code=2))
            quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
            return str(x - quotient * y if rest else quotient)

        return self.level(
            self.matched,
            {
                "*": lambda a, b: str(self.int(a) * self.int(b)),
                "/": lambda a, b: divided(a, b, False),
                "%": lambda a, b: divided(a, b, True),
            },
        )

    def int(self, text: str) -> int:
        if not _whole(text):
            raise Stop(Out(stderr="expr: non-integer argument\n", code=2))
        return int(text)

    def matched(self) -> str:
        return self.level(self.primary, {":": self.match})

    def match(self, subject: str, pattern: str) -> str:
        if not subject.isascii() or pattern.startswith(("^", "*")):
            raise Undetermined("a match of expr")
        try:
            compiled_ = compiled(self.call, pattern, Syntax.BASIC)
        except RegexError:
            raise Undetermined("a wrong pattern of expr") from None
        found = compiled_.search(subject)
        at_start = found is not None and found.start == 0
        if compiled_.groups:
            return found.group(1) if found is not None and at_start else ""
        return str(found.end) if found is not None and at_start else "0"

    def primary(self) -> str:
        if not self.args:
            raise Undetermined("how expr words a missing argument")
        word = self.args.pop(0)
        if word == "(":
            value = self.either()
            if self.now() != ")":
                raise Undetermined("how expr words a missing parenthesis")
            self.args.pop(0)
            return value
        if word == "length" and self.args:
            return str(len(self.ascii(self.primary())))
        if word == "substr" and len(self.args) >= 3:
            text, start, count = (self.primary() for _ in range(3))
            if not (_whole(start) and _whole(count)) or int(start) < 1:
                return ""
            return self.ascii(text)[int(start) - 1 : int(start) - 1 + max(0, int(count))]
        if word == "index" and len(self.args) >= 2:
            text, chars = self.ascii(self.primary()), self.primary()
            return str(min((text.find(ch) + 1 for ch in chars if ch in text), default=0))
        if word in ("match", "+", ")"):
            raise Undetermined(f"{word} of expr")
        return word

    def ascii(self, text: str) -> str:
        if not text.isascii():
            raise Undetermined("characters beyond ASCII in expr")
        return text


def _null(text: str) -> bool:
    return text == "" or re.fullmatch(r"-?0+", text) is not None


def _whole(text: str) -> bool:
    return re.fullmatch(r"-?\d+", text) is not None


def expr(call: Call) -> Out:
    if not call.args:
        stop = wrong_usage(call, "missing operand", code=2)
        return stop.out
    machine = _Expr(call)
    try:
        value = machine.either()
    except Stop as stop:
        return stop.out
    if machine.args:
        raise Undetermined("how expr words a syntax error")
    if _whole(value):
        value = str(int(value)) if value != "-0" else value
    return Out(f"{value}\n", code=1 if _null(value) else 0)


TOOLS: dict[str, Tool] = {"seq": seq, "expr": expr, "factor": factor}
