"""The grammar of jq programs: text to a tree of tuples whose first part is the kind.

What only some versions accept is undetermined, as is every syntax error.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeAlias

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.jq.values import number

Node: TypeAlias = tuple[Any, ...]

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|\#[^\n]*)
      | (?P<num>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<field>\.[A-Za-z_][A-Za-z_0-9]*)
      | (?P<var>\$[A-Za-z_][A-Za-z_0-9]*)
      | (?P<format>@[a-z0-9]+)
      | (?P<word>[A-Za-z_][A-Za-z_0-9]*)
      | (?P<quote>")
      | (?P<op>\?//|//=|\|=|\+=|-=|\*=|/=|%=|==|!=|<=|>=|//|\.\.|[][(){}.,:;|=<>+*/%?-])""",
    re.VERBOSE,
)
_KEYWORDS = frozenset(
    "def if then elif else end as reduce foreach try catch label import include and or __loc__".split()
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"'}
_LEVELS = ({"//"}, {"=", "|=", "+=", "-=", "*=", "/=", "%=", "//="}, {"or"}, {"and"},
           {"==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/", "%"})  # fmt: skip
_RIGHT, _NONASSOC = {0}, {1, 4}
ID: Node = ("id",)


@lru_cache(256)
def parse(text: str) -> Node:
    """The tree of a program; an empty one is ``.``."""
    parser = Parser(tokens(text, 0)[0])
    if parser.kind == "end":
        return ID
    node = parser.pipe()
    parser.expect_end()
    return node


def tokens(text: str, at: int, *, nested: bool = False) -> tuple[list[tuple[str, Any]], int]:
    """The tokens from ``at`` on; those of an interpolation (``nested``) end at its closing parenthesis."""
    found: list[tuple[str, Any]] = []
    depth = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Undetermined("jq: a syntax error")
        kind, at = str(match.lastgroup), match.end()
        if kind == "quote":
            parts, at = string(text, at)
            found.append(("str", parts))
        elif kind != "space":
            if nested and match[0] in "()":
                depth += 1 if match[0] == "(" else -1
                if depth < 0:
                    return [*found, ("end", "")], at
            found.append((kind, match[0]))
    if nested:
        raise Undetermined("jq: a syntax error")
    return [*found, ("end", "")], at


def string(text: str, at: int) -> tuple[list[Any], int]:
    """The pieces of a string that begins at ``at``: texts and trees in turn, and where it ends."""
    parts: list[Any] = [""]
    while at < len(text) and text[at] != '"':
        if text[at] != "\\":
            parts[-1] += text[at]
            at += 1
        elif text[at + 1 : at + 2] == "(":
            inner, at = tokens(text, at + 2, nested=True)
            parser = Parser(inner)
            parts += [parser.pipe(), ""]
            parser.expect_end()
        elif text[at + 1 : at + 2] == "u":
            match = re.compile(r"(?:\\u[0-9a-fA-F]{4})+").match(text, at)
            if match is None:
                raise Undetermined("jq: an escape that is wrong")
            units = bytes.fromhex(match[0].replace("\\u", ""))
            try:
                parts[-1] += units.decode("utf-16-be")
            except UnicodeDecodeError:
                raise Undetermined("jq: half of a surrogate pair") from None
            at = match.end()
        else:
            if text[at + 1 : at + 2] not in _ESCAPES or at + 1 >= len(text):
                raise Undetermined("jq: an escape that is wrong")
            parts[-1] += _ESCAPES[text[at + 1]]
            at += 2
    if at >= len(text):
        raise Undetermined("jq: a string without an end")
    return parts, at + 1


class Parser:
    """Recursive descent with the precedences of jq."""

    def __init__(self, found: list[tuple[str, Any]]) -> None:
        self.tokens = found
        self.at = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def text(self) -> Any:
        return self.tokens[self.at][1]

    def peek(self, *texts: str) -> bool:
        return self.kind in ("op", "word") and self.text in texts

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.take(text):
            raise Undetermined(f"jq: a syntax error near {self.text!r}")

    def next(self, kind: str) -> Any:
        if self.kind != kind:
            raise Undetermined(f"jq: a syntax error near {self.text!r}")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def expect_end(self) -> None:
        self.next("end")

    def pipe(self) -> Node:
        if self.peek("def"):
            name, params, body = self.definition()
            return ("def", name, params, body, self.pipe())
        if self.take("label"):
            name = self.next("var")
            self.need("|")
            return ("label", name, self.pipe())
        left = self.comma()
        if self.take("|"):
            return ("pipe", left, self.pipe())
        return left

    def definition(self) -> tuple[str, tuple[str, ...], Node]:
        self.need("def")
        name = self.next("word")
        params: list[str] = []
        if self.take("("):
            params.append(self.next("var" if self.kind == "var" else "word"))
            while self.take(";"):
                params.append(self.next("var" if self.kind == "var" else "word"))
            self.need(")")
        self.need(":")
        body = self.pipe()
        self.need(";")
        return name, tuple(params), body

    def comma(self) -> Node:
        left = self.binary(0)
        while self.take(","):
            left = ("comma", left, self.binary(0))
        return left

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek(*_LEVELS[level]):
            op = self.text
            self.at += 1
            right = self.binary(level if level in _RIGHT else level + 1)
            left = (
                "alt" if op == "//" else "assign" if level == 1 else op if op in ("and", "or") else "bin",
                op,
                left,
                right,
            )
            if level in _RIGHT | _NONASSOC:
                break
        if level in _NONASSOC and self.peek(*_LEVELS[level]):
            raise Undetermined("jq: a syntax error")
        return left

    def unary(self) -> Node:
        if self.take("-"):
            return ("neg", self.postfix())
        return self.postfix()

    def postfix(self) -> Node:
        """A term; `reduce`, `if` and the like are terms only since 1.7, so nothing may be attached to them."""
        if self.peek("reduce", "foreach", "if", "try"):
            node = self.control()
            if self.kind in ("field", "str") or self.peek("[", ".", "as", "?"):
                raise Undetermined("jq: versions differ in what may follow here")
            return node
        term = self.term()
        if self.take("as"):
            pattern = self.pattern()
            if self.peek("?//"):
                raise Undetermined("jq: alternative patterns")
            self.need("|")
            return ("as", term, pattern, self.pipe())
        return term

    def control(self) -> Node:
        word = self.next("word")
        if word == "if":
            return self.condition()
        if word == "try":
            body = self.attempt()
            return ("try", body, self.attempt() if self.take("catch") else None)
        source = self.term()
        self.need("as")
        pattern = self.pattern()
        self.need("(")
        parts = [self.pipe()]
        while self.take(";"):
            parts.append(self.pipe())
        self.need(")")
        if not (len(parts) == 2 or (word == "foreach" and len(parts) == 3)):
            raise Undetermined("jq: a syntax error")
        return (word, source, pattern, *parts)

    def attempt(self) -> Node:
        if self.peek("reduce", "foreach", "if", "try", "-"):
            raise Undetermined("jq: what try holds")
        return self.term()

    def condition(self) -> Node:
        test = self.pipe()
        self.need("then")
        then = self.pipe()
        if self.take("elif"):
            return ("if", test, then, self.condition())
        self.need("else")
        other = self.pipe()
        self.need("end")
        return ("if", test, then, other)

    def pattern(self) -> Node:
        if self.kind == "var":
            return ("$", self.next("var"))
        if self.take("["):
            parts = [self.pattern()]
            while self.take(","):
                parts.append(self.pattern())
            self.need("]")
            return ("array", parts)
        self.need("{")
        pairs: list[tuple[Any, Node | None, str | None]] = []
        while True:
            pairs.append(self.pattern_pair())
            if not self.take(","):
                break
        self.need("}")
        return ("object", pairs)

    def pattern_pair(self) -> tuple[Any, Node | None, str | None]:
        if self.kind == "var":
            name = self.next("var")
            if self.peek(":"):
                raise Undetermined("jq: a pattern that binds twice")
            return ("lit", name[1:]), ("$", name), None
        if self.kind == "word":
            key: Node = ("lit", self.next("word"))
        elif self.kind == "str":
            key = text_node(self.next("str"), None)
        else:
            self.need("(")
            key = self.pipe()
            self.need(")")
        self.need(":")
        return key, self.pattern(), None

    def term(self) -> Node:
        node = self.primary()
        while True:
            if self.kind == "field":
                node = ("index", node, ("lit", self.next("field")[1:]))
            elif self.peek(".") and self.tokens[self.at + 1][0] == "str":
                self.at += 1
                node = ("index", node, text_node(self.next("str"), None))
            elif self.take("["):
                node = self.bracket(node)
            elif self.take("?"):
                node = ("try", node, None)
            else:
                return node

    def bracket(self, node: Node) -> Node:
        if self.take("]"):
            return ("iter", node)
        if self.take(":"):
            end = self.pipe()
            self.need("]")
            return ("slice", node, None, end)
        start = self.pipe()
        if self.take(":"):
            last = None if self.peek("]") else self.pipe()
            self.need("]")
            return ("slice", node, start, last)
        self.need("]")
        return ("index", node, start)

    def primary(self) -> Node:
        kind = self.kind
        if kind == "num":
            return ("lit", number(self.next("num")))
        if kind == "str":
            return text_node(self.next("str"), None)
        if kind == "format":
            name = self.next("format")
            return text_node(self.next("str"), name) if self.kind == "str" else ("format", name)
        if kind == "field":
            return ("index", ID, ("lit", self.next("field")[1:]))
        if kind == "var":
            return ("var", self.next("var"))
        if kind == "word":
            return self.call()
        if self.take(".."):
            return ("call", "recurse", ())
        if self.take("."):
            return ("index", ID, text_node(self.next("str"), None)) if self.kind == "str" else ID
        if self.take("("):
            node = self.pipe()
            self.need(")")
            return ("group", node)
        if self.take("["):
            if self.take("]"):
                return ("array", None)
            node = self.pipe()
            self.need("]")
            return ("array", node)
        self.need("{")
        return self.object()

    def call(self) -> Node:
        name = self.next("word")
        if name in _KEYWORDS:
            raise Undetermined(f"jq: a syntax error near {name}")
        if name == "break":
            return ("break", self.next("var"))
        args: list[Node] = []
        if self.take("("):
            args.append(self.pipe())
            while self.take(";"):
                args.append(self.pipe())
            self.need(")")
        if not args and name in ("null", "true", "false"):
            return ("lit", {"null": None, "true": True, "false": False}[name])
        return ("call", name, tuple(args))

    def object(self) -> Node:
        pairs: list[tuple[Node, Node]] = []
        if self.take("}"):
            return ("object", pairs)
        while True:
            pairs.append(self.pair())
            if not self.take(","):
                break
        self.need("}")
        return ("object", pairs)

    def pair(self) -> tuple[Node, Node]:
        if self.kind == "var":
            name = self.next("var")
            if name == "$__loc__":
                raise Undetermined("jq: a place in the program")
            return ("lit", name[1:]), ("var", name)
        if self.kind == "word":
            key: Node = ("lit", self.next("word"))
        elif self.kind == "str":
            key = text_node(self.next("str"), None)
        elif self.take("("):
            key = self.pipe()
            self.need(")")
            self.need(":")
            return key, self.value()
        else:
            raise Undetermined("jq: a syntax error in an object")
        if self.take(":"):
            return key, self.value()
        if key[0] == "lit" and key[1] in _KEYWORDS:
            raise Undetermined("jq: a keyword as a field")
        return key, ("index", ID, key)

    def value(self) -> Node:
        """What a key maps to: terms joined by ``|`` only (later versions allow more)."""
        left: Node = ("neg", self.value_term()) if self.take("-") else self.value_term()
        return ("pipe", left, self.value()) if self.take("|") else left

    def value_term(self) -> Node:
        if self.peek("reduce", "foreach", "if", "try", "def", "-"):
            raise Undetermined("jq: versions differ in what an object may hold")
        return self.term()


def text_node(parts: list[Any], form: str | None) -> Node:
    """A string: a literal, or pieces to be put together (by a format)."""
    return ("lit", parts[0]) if len(parts) == 1 else ("text", form, parts)
