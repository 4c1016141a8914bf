"""The tokens of an awk program (POSIX awk, section "Lexical Conventions")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined

KEYWORDS = frozenset(
    """BEGIN END function func if else while for do break continue next nextfile exit return delete in getline print
    printf""".split()
)
FUNCTIONS = frozenset(
    "length substr index split sub gsub match sprintf tolower toupper int sqrt exp log sin cos atan2".split()
)
_UNKNOWN = frozenset(
    """rand srand system close fflush gensub strftime systime mktime asort asorti and or xor compl lshift rshift
    strtonum PROCINFO RT IGNORECASE BINMODE""".split()
)
"""Names whose meaning differs between awks, or whose value is not determined."""

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\\\n|\#[^\n]*)
    |(?P<newline>\n)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<string>"(?:\\.|[^"\\\n])*")
    |(?P<call>[A-Za-z_]\w*(?=\())
    |(?P<name>[A-Za-z_]\w*)
    |(?P<op>\*\*=|\*\*|\+\+|--|\+=|-=|\*=|/=|%=|\^=|==|<=|>=|!=|&&|\|\||>>|[-+*/%^!<>|?:~$=,;(){}\[\]])""",
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/((?:\\.|\[\^?\]?(?:\\.|[^\]\n])*\]|[^/\\\[\n])*)/", re.DOTALL)
_ENDS_VALUE = frozenset({"number", "string", "name", "regex"})


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is one of number, string, regex, name, call, function, keyword, newline, op, end."""

    kind: str
    text: str


def tokens(program: str) -> list[Token]:
    """All tokens; what is no token is left undetermined, since awks word syntax errors in their own ways."""
    found: list[Token] = []
    at = 0
    while at < len(program):
        last = found[-1] if found else Token("newline", "\n")
        if program[at] == "/" and not (last.kind in _ENDS_VALUE or last.text in (")", "]", "$", "++", "--")):
            match = _REGEX.match(program, at)
            if match is None:
                raise Undetermined("an awk syntax error")
            found.append(Token("regex", match[1]))
            at = match.end()
            continue
        match = _TOKEN.match(program, at)
        if match is None:
            raise Undetermined("an awk syntax error")
        at = match.end()
        kind, text = str(match.lastgroup), match[0]
        if kind != "space":
            found.append(_token(kind, text))
    found.append(Token("end", ""))
    return found


def _token(kind: str, text: str) -> Token:
    if kind in ("name", "call"):
        if text in _UNKNOWN:
            raise Undetermined(f"{text} of awk")
        if text in KEYWORDS:
            return Token("keyword", "function" if text == "func" else text)
        if text in FUNCTIONS:
            return Token("function", text)
    if kind == "string":
        return Token("string", unescape(text[1:-1]))
    if text in ("**", "**="):
        raise Undetermined("** of awk")
    return Token(kind, text)


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)


def unescape(text: str) -> str:
    """A string constant's value; escapes that awks read differently keep their backslash only before regex signs."""

    def one(match: re.Match[str]) -> str:
        sign = match[1]
        if sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign[0] in "01234567" and int(sign, 8) < 128:
            return chr(int(sign, 8))
        if sign in ".|+*?()[]{}^$-&":
            return "\\" + sign
        raise Undetermined(f"the escape \\{sign} in awk")

    return _ESCAPE.sub(one, text)
