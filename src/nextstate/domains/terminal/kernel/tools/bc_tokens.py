"""Splits the input of bc into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|\\\n|/\*.*?\*/|\#[^\n]*)|(?P<number>[0-9A-F]+\.?[0-9A-F]*|\.[0-9A-F]+)"
    r"|(?P<name>[a-z][a-z0-9_]*)|(?P<string>\"[^\"]*\")"
    r"|(?P<sign>\+\+|--|\+=|-=|\*=|/=|%=|\^=|==|<=|>=|!=|&&|\|\||[-+*/%^=<>!(){}\[\];,.\n])",
    re.DOTALL,
)
_WORDS = frozenset("if else while for print quit halt break continue".split())
_REFUSED = frozenset("define auto return read limits warranty void random".split())


class Wrong(Exception):
    """A syntax error; ``line``: the line that is reported."""

    def __init__(self, line: int) -> None:
        super().__init__(f"(standard_in) {line}: syntax error")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    line: int


def tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise Undetermined(f"{text[at]!r} in bc")
        if match.lastgroup == "name" and match[0] in _REFUSED:
            raise Undetermined(f"{match[0]} in bc")
        at = match.end()
        if match.lastgroup != "blank":
            number = line + 1 if match[0] == "\n" else line
            kind = "word" if match[0] in _WORDS else match.lastgroup
            found.append(Token(kind, match[0], number))
        line += match[0].count("\n")
    return [*found, Token("end", "", line)]


def printed(text: str) -> str:
    """A string of ``print`` with its escapes."""
    known = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "q": '"', "r": "\r", "t": "\t", "\\": "\\"}

    def one(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise Undetermined("an escape in a string of bc")
        return known[match[1]]

    return re.sub(r"\\(.)", one, text, flags=re.DOTALL)
