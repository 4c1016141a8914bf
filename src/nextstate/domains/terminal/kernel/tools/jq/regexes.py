"""``test``, ``match``, ``capture``, ``scan``, ``sub``: the part of Oniguruma's language that Python reads alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.jq.values import JqError, Json, brief

_ALIKE = re.compile(
    r"""(?: [^\\()\[\]{}*+?|^$.]              # a plain character
        | \\[dDwWsSbB.\\/\[\](){}*+?|^$"'-] | \\[nrt]
        | \((?!\?) | \(\?: | \(\?<[A-Za-z_]\w*> | \(\?[=!] | \) | \| | \^ | \$ | \.
        | \[\^?(?:[^\]\[\\&^-]|\\[dws.\\/\[\]-]|[A-Za-z0-9]-[A-Za-z0-9]|-(?=\])|(?<=\[)-)+\]
        | (?:[*+?]|\{\d+(?:,\d*)?\})\??(?![*+?{])
    )*""",
    re.VERBOSE,
)
_LIMIT = 20_000


@lru_cache(128)
def compiled(pattern: str, flags: str) -> re.Pattern[str]:
    if not _ALIKE.fullmatch(pattern) or set(flags) - set("gi") or not pattern.isascii():
        raise Undetermined("jq: a regular expression of another kind")
    if re.search(r"\([^()]*[*+][^()]*\)[*+{]", pattern):
        raise Undetermined("jq: a regular expression that may take long")
    try:
        return re.compile(pattern.replace("(?<", "(?P<"), re.IGNORECASE if "i" in flags else 0)
    except re.error:
        raise Undetermined("jq: a regular expression that is wrong") from None


def found(value: Json, pattern: Json, flags: Json) -> list[re.Match[str]]:
    """The matches: all with the flag ``g``, at most one without."""
    if isinstance(pattern, list) and flags is None and 1 <= len(pattern) <= 2:
        pattern, flags = pattern[0], pattern[1] if len(pattern) > 1 else None
    if not isinstance(value, str):
        raise JqError(f"{brief(value)} cannot be matched, as it is not a string")
    if not isinstance(pattern, str) or not (flags is None or isinstance(flags, str)):
        raise Undetermined("jq: a regular expression that is no string")
    regex = compiled(pattern, flags or "")
    if ("\n" in value and re.search(r"[$^]", pattern)) or len(value) > _LIMIT:
        raise Undetermined("jq: anchors in a text of several lines")
    if not value.isascii() and ("\\" in pattern or "i" in (flags or "")):
        raise Undetermined("jq: classes of letters beyond ASCII")
    if "g" not in (flags or ""):
        match = regex.search(value)
        matches = [] if match is None else [match]
    else:
        matches = list(regex.finditer(value))
    if any(each.end() == each.start() for each in matches) and ("g" in (flags or "") or not value):
        raise Undetermined("jq: versions differ in empty matches")
    return matches


def test(value: Json, pattern: Json, flags: Json = None) -> bool:
    if isinstance(value, str) and isinstance(pattern, str) and not flags:
        if "\n" in value and re.search(r"[$^]", pattern):
            raise Undetermined("jq: anchors in a text of several lines")
        regex = compiled(pattern, "")
        if value.isascii() and len(value) < _LIMIT and value:
            return regex.search(value) is not None
    return bool(found(value, pattern, flags))


def captured(each: re.Match[str], number: int, name: str | None) -> Json:
    if each.start(number) < 0 or each.start(number) == each.end(number):
        raise Undetermined("jq: versions differ in empty groups")
    return {"offset": float(each.start(number)), "length": float(each.end(number) - each.start(number)),
            "string": each[number], "name": name}  # fmt: skip


def match(value: Json, pattern: Json, flags: Json = None) -> list[Json]:
    shown = []
    for each in found(value, pattern, flags):
        names = {number: name for name, number in each.re.groupindex.items()}
        if names and len(names) != each.re.groups:
            raise Undetermined("jq: groups with and without names")
        if each.start() == each.end():
            raise Undetermined("jq: versions differ in empty matches")
        groups = [captured(each, number, names.get(number)) for number in range(1, each.re.groups + 1)]
        shown.append({"offset": float(each.start()), "length": float(each.end() - each.start()), "string": each[0],
                      "captures": groups})  # fmt: skip
    return shown


def named(each: re.Match[str]) -> dict[str, Json]:
    if each.re.groups and len(each.re.groupindex) != each.re.groups:
        raise Undetermined("jq: groups without names")
    if any(each.start(name) == each.end(name) for name in each.re.groupindex):
        raise Undetermined("jq: versions differ in empty groups")
    return dict(each.groupdict())


def capture(value: Json, pattern: Json) -> Json:
    matches = found(value, pattern, None)
    if not matches:
        raise Undetermined("jq: no match to capture")
    return named(matches[0])


def scan(value: Json, pattern: Json) -> list[Json]:
    if not isinstance(pattern, str):
        raise Undetermined("jq: a regular expression that is no string")
    return [list(each.groups(default=None)) if each.re.groups else each[0] for each in found(value, pattern, "g")]


def split(value: Json, pattern: Json, flags: Json = None) -> list[Json]:
    pieces, at = [], 0
    matches = found(value, pattern, (flags or "") + "g")
    for each in matches:
        pieces.append(value[at : each.start()])
        at = each.end()
    return [*pieces, value[at:]]


def replaced(value: Json, pattern: Json, replacement: Callable[[Json], Json], flags: Json, *, everywhere: bool) -> str:
    pieces, at = [], 0
    for each in found(value, pattern, (flags or "") + ("g" if everywhere else "")):
        text = replacement(named(each) if each.re.groups else {})
        if not isinstance(text, str):
            raise Undetermined("jq: a replacement that is no string")
        pieces += [value[at : each.start()], text]
        at = each.end()
    return "".join(pieces) + str(value[at:])
