"""Where in a statement the engine finds an error: its own answer is not to be had from Python, so it is found anew."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import Undetermined

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.sqlite.shell import Shell

_NONE = re.compile(
    r"no such (table|index|view|trigger|module|collation)|incomplete input|table .* has (\d+ columns|no column)|"
    r"\d+ values for \d+ columns|\w+ (ORDER|GROUP) BY term out of range|duplicate column name|row value misused|"
    r"SELECTs to the left and right|cannot modify|use DROP|UNIQUE constraint|all VALUES must have|"
    r"file is not a database|cannot (start|commit|rollback)|table \S+ may not be|no tables specified|"
    r"sub-select returns|index .* already exists|view .* already exists|no such savepoint"
)
"""Messages without a place."""
_NAMED = re.compile(
    r"(?:no such function: |ambiguous column name: |no such column: |misuse of aggregate(?: function|:) |"
    r"wrong number of arguments to function |misuse of window function )(\S+?)(?:\(\))?\Z"
)
_CREATED = re.compile(r"table (\S+) already exists\Z")
_QUOTED = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.S)


def place(shell: Shell, statement: str, message: str) -> int | None:
    """The offset of the error in characters; ``None`` when the message has none."""
    strange = re.match(r'unrecognized token: "(.*)"\Z', message, re.S)
    if strange and strange[1][:1] in "'\"[`" and statement.count(strange[1]) == 1:
        return statement.index(strange[1])
    near = strange or re.match(r'near "(.*)": syntax error\Z', message, re.S)
    if near:
        return _of_token(shell, statement, near[1], message)
    if _NONE.match(message):
        return None
    named = _NAMED.match(message) or _CREATED.match(message)
    if named is None:
        raise Undetermined(f"the place of the error {message!r}")
    return _of_name(statement, named[1], message)


def _of_token(shell: Shell, statement: str, token: str, message: str) -> int:
    """The first place at which the statement, cut off behind the token, gives the same error."""
    at = statement.find(token)
    tried = 0
    while at >= 0 and tried < 20:
        if shell.complaint(statement[: at + len(token)] + " ") == message:
            return at
        at = statement.find(token, at + 1)
        tried += 1
    raise Undetermined("the place of a syntax error")


def _of_name(statement: str, name: str, message: str) -> int | None:
    """The one place where a name stands."""
    text = _QUOTED.sub(lambda found: " " * len(found[0]), statement)
    places = [found.start() for found in re.finditer(rf"(?<![\w.\"\[`]){re.escape(name)}(?![\w\"\]`])", text, re.I)]
    quoted = re.search(rf"[\"\[`]{re.escape(name)}[\"\]`]", text, re.I)
    if quoted and not places:
        places = [quoted.start()]
    elif quoted:
        raise Undetermined("which of several places is wrong")
    if len(places) > 1 and "ambiguous" in message and _simple(text):
        places = places[:1]
    if len(places) != 1:
        raise Undetermined("which of several places is wrong")
    if re.match(r"\s*(update|insert|replace)\b", text, re.I) and "no such column" in message:
        where = re.search(r"\bwhere\b", text, re.I)
        if where is None or places[0] < where.start():
            return _in_change(text, places[0], name)
    if re.match(r"\s*(create|alter)\b", text, re.I) and "already exists" not in message:
        raise Undetermined("the place of an error in a definition")
    return places[0]


def _simple(text: str) -> bool:
    """Whether names are looked up in the order in which they stand."""
    return len(re.findall(r"\bselect\b", text, re.I)) == 1 and not re.search(r"\bhaving\b", text, re.I)


def _in_change(text: str, at: int, name: str) -> int | None:
    """A column that is to be set has no place; one in the value has."""
    if re.match(r"\s*=", text[at + len(name) :]) and re.search(r"(?:\bset|,)\s*\Z", text[:at], re.I):
        return None
    if re.match(r"\s*update\b", text, re.I):
        return at
    raise Undetermined("the place of an error in values")
