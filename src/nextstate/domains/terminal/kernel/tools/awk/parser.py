"""An awk program as nested tuples: ``(kind, ...)`` for expressions and statements (grammar: POSIX awk)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.awk.lexer import Token, tokens

Node: TypeAlias = tuple[Any, ...]


@dataclass(slots=True)
class Program:
    begin: list[Node] = field(default_factory=list)
    rules: list[tuple[Node | None, Node | None, Node | None]] = field(default_factory=list)
    """``(pattern, end of a range, action)``; no action prints the record."""
    end: list[Node] = field(default_factory=list)
    functions: dict[str, tuple[list[str], Node]] = field(default_factory=dict)


def parse(text: str) -> Program:
    """The program, or :class:`Undetermined`: how awks word their syntax errors differs."""
    return _Parser(tokens(text)).program()


class _Parser:
    def __init__(self, stream: list[Token]) -> None:
        self.stream = stream
        self.at = 0

    # -- helpers --------------------------------------------------------------------------------------------

    @property
    def now(self) -> Token:
        return self.stream[self.at]

    def is_(self, *texts: str) -> bool:
        return self.now.kind in ("op", "keyword") and self.now.text in texts

    def take(self, *texts: str) -> bool:
        if self.is_(*texts):
            self.at += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.take(text):
            raise Undetermined("an awk syntax error")

    def lines(self) -> None:
        while self.now.kind == "newline":
            self.at += 1

    def separators(self) -> None:
        while self.now.kind == "newline" or self.is_(";"):
            self.at += 1

    # -- the program ----------------------------------------------------------------------------------------

    def program(self) -> Program:
        made = Program()
        self.separators()
        while self.now.kind != "end":
            self.item(made)
            self.separators()
        return made

    def item(self, made: Program) -> None:
        if self.take("function"):
            name = self.now.text
            self.at += 1
            self.need("(")
            names = []
            while not self.take(")"):
                names.append(self.now.text)
                self.at += 1
                self.take(",")
            self.lines()
            made.functions[name] = (names, self.block())
        elif self.take("BEGIN"):
            made.begin.append(self.block())
        elif self.take("END"):
            made.end.append(self.block())
        else:
            pattern = until = None
            if not self.is_("{"):
                pattern = self.expression()
                if self.take(","):
                    self.lines()
                    until = self.expression()
            made.rules.append((pattern, until, self.block() if self.is_("{") else None))

    def block(self) -> Node:
        self.need("{")
        body = []
        self.separators()
        while not self.take("}"):
            body.append(self.statement())
            self.separators()
        return ("block", body)

    # -- statements -----------------------------------------------------------------------------------------

    def ended(self) -> None:
        """The end of a simple statement."""
        if self.now.kind == "newline" or self.is_(";"):
            self.at += 1
        elif not (self.is_("}") or self.now.kind == "end"):
            raise Undetermined("an awk syntax error")

    def body(self) -> Node:
        self.lines()
        if self.take(";"):
            return ("block", [])
        return self.statement()

    def statement(self) -> Node:
        if self.is_("{"):
            return self.block()
        for word, rule in (("if", self.if_), ("while", self.while_), ("do", self.do), ("for", self.for_)):
            if self.take(word):
                return rule()
        made = self.simple()
        self.ended()
        return made

    def simple(self) -> Node:
        for word in ("next", "nextfile", "break", "continue"):
            if self.take(word):
                return (word,)
        for word in ("exit", "return"):
            if self.take(word):
                empty = self.now.kind in ("newline", "end") or self.is_(";", "}")
                return (word, None if empty else self.expression())
        if self.take("delete"):
            name = self.now.text
            self.at += 1
            return ("delete", name, self.subscript() if self.is_("[") else None)
        if self.is_("print", "printf"):
            return self.print_()
        return ("expr", self.expression())

    def if_(self) -> Node:
        self.need("(")
        test = self.expression()
        self.need(")")
        then = self.body()
        mark = self.at
        self.separators()
        if self.take("else"):
            return ("if", test, then, self.body())
        self.at = mark
        return ("if", test, then, None)

    def while_(self) -> Node:
        self.need("(")
        test = self.expression()
        self.need(")")
        return ("while", test, self.body())

    def do(self) -> Node:
        body = self.body()
        self.separators()
        self.need("while")
        self.need("(")
        test = self.expression()
        self.need(")")
        self.ended()
        return ("do", body, test)

    def for_(self) -> Node:
        self.need("(")
        ahead = self.stream[self.at : self.at + 4]
        if len(ahead) == 4 and ahead[1].text == "in" and ahead[3].text == ")" and ahead[0].kind == "name":
            self.at += 4
            return ("forin", ahead[0].text, ahead[2].text, self.body())
        start = None if self.is_(";") else self.simple()
        self.need(";")
        self.lines()
        test = None if self.is_(";") else self.expression()
        self.need(";")
        self.lines()
        step = None if self.is_(")") else self.simple()
        self.need(")")
        return ("for", start, test, step, self.body())

    def print_(self) -> Node:
        word = self.now.text
        self.at += 1
        values: list[Node] = []
        if not (self.now.kind in ("newline", "end") or self.is_(";", "}", ">", ">>", "|")):
            values = self.printed()
        target: Node | None = None
        for sign in (">", ">>", "|"):
            if self.take(sign):
                target = (sign, self.concatenation())
                if self.is_("?", "<", ">", "=="):
                    raise Undetermined("a redirection of awk that is a longer expression")
                break
        return (word, values, target)

    def printed(self) -> list[Node]:
        """What print prints; ``>`` is a redirection unless it stands in parentheses."""
        if self.is_("("):
            mark = self.at
            self.at += 1
            values = self.arguments(")")
            self.need(")")
            if self.now.kind in ("newline", "end") or self.is_(";", "}", ">", ">>", "|"):
                return values
            self.at = mark
        values = [self.expression(greater=False)]
        while self.take(","):
            self.lines()
            values.append(self.expression(greater=False))
        return values

    def arguments(self, end: str) -> list[Node]:
        values: list[Node] = []
        self.lines()
        while not self.is_(end):
            values.append(self.expression())
            self.lines()
            if not self.take(","):
                break
            self.lines()
        return values

    # -- expressions, from the loosest to the tightest ------------------------------------------------------

    def expression(self, *, greater: bool = True) -> Node:
        left = self.ternary(greater)
        for sign in ("=", "+=", "-=", "*=", "/=", "%=", "^="):
            if self.is_(sign) and left[0] in ("var", "index", "field"):
                self.at += 1
                self.lines()
                return ("assign", sign[:-1], left, self.expression(greater=greater))
        return left

    def ternary(self, greater: bool) -> Node:
        test = self.either(greater)
        if not self.take("?"):
            return test
        self.lines()
        yes = self.expression(greater=greater)
        self.lines()
        self.need(":")
        self.lines()
        return ("cond", test, yes, self.expression(greater=greater))

    def either(self, greater: bool) -> Node:
        left = self.both(greater)
        while self.take("||"):
            self.lines()
            left = ("or", left, self.both(greater))
        return left

    def both(self, greater: bool) -> Node:
        left = self.member(greater)
        while self.take("&&"):
            self.lines()
            left = ("and", left, self.member(greater))
        return left

    def member(self, greater: bool) -> Node:
        left = self.match(greater)
        while self.take("in"):
            left = ("in", [left] if left[0] != "group" else left[1], self.now.text)
            self.at += 1
        return left

    def match(self, greater: bool) -> Node:
        left = self.comparison(greater)
        while self.is_("~") or (self.is_("!") and self.stream[self.at + 1].text == "~"):
            negated = self.take("!")
            self.need("~")
            left = ("match", left, self.comparison(greater))
            left = ("not", left) if negated else left
        return left

    def comparison(self, greater: bool) -> Node:
        left = self.concatenation()
        for sign in ("<", "<=", "==", "!=", ">=", *((">",) if greater else ())):
            if self.take(sign):
                return ("compare", sign, left, self.concatenation())
        return left

    def concatenation(self) -> Node:
        left = self.sum()
        while self.starts_value():
            left = ("concat", left, self.sum())
        return left

    def starts_value(self) -> bool:
        if self.now.kind in ("number", "string", "name", "call", "function", "regex"):
            return True
        return self.is_("$", "(", "++", "--") or (self.is_("!") and self.stream[self.at + 1].text != "~") or False

    def sum(self) -> Node:
        left = self.product()
        while self.is_("+", "-"):
            sign = self.now.text
            self.at += 1
            left = ("arith", sign, left, self.product())
        return left

    def product(self) -> Node:
        left = self.unary()
        while self.is_("*", "/", "%"):
            sign = self.now.text
            self.at += 1
            left = ("arith", sign, left, self.unary())
        return left

    def unary(self) -> Node:
        if self.take("!"):
            return ("not", self.unary())
        if self.take("-"):
            return ("negate", self.unary())
        if self.take("+"):
            return ("number", self.unary())
        return self.power()

    def power(self) -> Node:
        left = self.postfix()
        if self.take("^"):
            right = self.unary() if self.is_("-", "+", "!") else self.power()
            return ("arith", "^", left, right)
        return left

    def postfix(self) -> Node:
        made = self.primary()
        if made[0] in ("var", "index", "field"):
            for sign in ("++", "--"):
                if self.take(sign):
                    return ("post", sign[0], made)
        return made

    def primary(self) -> Node:
        token = self.now
        if token.kind in ("number", "string", "regex"):
            self.at += 1
            return (token.kind if token.kind != "number" else "const", token.text)
        if token.kind == "function":
            return self.builtin()
        if token.kind == "call":
            self.at += 1
            self.need("(")
            values = self.arguments(")")
            self.need(")")
            return ("call", token.text, values)
        if token.kind == "name":
            self.at += 1
            return ("index", token.text, self.subscript()) if self.is_("[") else ("var", token.text)
        for sign in ("++", "--"):
            if self.take(sign):
                return ("pre", sign[0], self.primary())
        if self.take("$"):
            return ("field", self.primary() if not self.is_("-", "!") else self.unary())
        if self.take("("):
            return self.group()
        raise Undetermined("an awk syntax error, or getline")

    def group(self) -> Node:
        values = self.arguments(")")
        self.need(")")
        if len(values) == 1 and not (self.is_("in") and values[0][0] == "group"):
            return ("paren", values[0])
        if self.is_("in") and values:
            return ("group", values)
        raise Undetermined("an awk syntax error")

    def subscript(self) -> list[Node]:
        self.need("[")
        values = self.arguments("]")
        self.need("]")
        return values

    def builtin(self) -> Node:
        name = self.now.text
        self.at += 1
        if not self.is_("("):
            if name == "length":
                return ("builtin", name, [])
            raise Undetermined("an awk syntax error")
        self.need("(")
        values = self.arguments(")")
        self.need(")")
        return ("builtin", name, values)
