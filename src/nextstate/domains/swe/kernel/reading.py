"""Command lines that read or change files: what they need to know of a file, and what their output tells of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

MAX_COMMAND = 20_000
"""Characters of a command line that is looked at closely."""
_STEPS = frozenset({"|", "&&", ";", "||"})
READS = frozenset(
    """cat nl head tail sed grep egrep fgrep wc ls find file stat diff cmp sort uniq cut tr awk echo printf true pwd
    which type
    tac rev fold column basename dirname realpath readlink test [ cd tree du md5sum sha1sum sha256sum od xxd hexdump
    expr seq paste comm join rg ag less more strings""".split()
)
"""Programs that change no file by themselves."""
_WRITES = re.compile(
    r"(?:^|\s)-[a-zA-Z]*i|--in-place|-exec|-ok|-delete|-fprint|(?:^|[;}/\s])w\s|system\(|>|--output|\s-o\s"
)
_HOLDERS = frozenset({"cat", "nl", "head", "tail", "sed", "grep", "egrep", "fgrep", "wc"})
"""Programs whose operands are files (behind a script or pattern for some)."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program call of a command line: its words and what stands before it (``|``, ``&&``, ``;`` or nothing)."""

    words: tuple[str, ...]
    before: str = ""

    @property
    def name(self) -> str:
        """The program."""
        return self.words[0]


_CONTINUED = re.compile(r"(&&|\|\||[;|])[ \t]*\\\n")


_QUOTED = re.compile(r"(?<!\\)'[^']*'")


@lru_cache(maxsize=256)
def programs(command: str) -> tuple[Program, ...] | None:
    """The program calls of a plain command line; ``None`` where it has redirections, substitutions or keywords."""
    command = _CONTINUED.sub(r"\1 ", command.strip())
    if len(command) > MAX_COMMAND or re.search(r"`|\$[({\w]|<<|\\\n", _QUOTED.sub("''", command)):
        return None
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;<>()\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    try:
        words = list(lexer)
    except ValueError:
        return None
    return _calls(words)


def _calls(words: list[str]) -> tuple[Program, ...] | None:
    calls: list[Program] = []
    current: list[str] = []
    before = ""
    for word in words:
        step = ";" if word and not word.strip("\n") else word
        if step in _STEPS:
            if not current:
                return None
            calls.append(Program(tuple(current), before))
            current, before = [], step
        elif word and not word.strip("|&;<>()\n"):
            return None
        else:
            current.append(word)
    if current:
        calls.append(Program(tuple(current), before))
    return tuple(calls) if calls and all(call.words[0] for call in calls) else None


def only_reads(command: str) -> bool:
    """Whether the command changes no file, for certain."""
    calls = programs(command)
    if calls is None:
        return False
    return all(call.name in READS and not _WRITES.search(" " + " ".join(call.words[1:])) for call in calls)


def operands(call: Program) -> tuple[str, ...] | None:
    """The files that a call names; ``None`` where that is not clear (a folder, a pattern for names)."""
    if call.name not in _HOLDERS:
        return () if call.name in ("echo", "printf", "true", "cd") else None
    rest, options = _split(call)
    if call.name in ("grep", "egrep", "fgrep"):
        if any(re.match(r"-[a-zA-Z]*[rRfd]|--rec|--include|--file", one) for one in options):
            return None
        rest = rest if any(one.startswith(("-e", "--regexp")) for one in options) else rest[1:]
    elif call.name == "sed":
        rest = rest if any(one.startswith(("-e", "--expression", "-f")) for one in options) else rest[1:]
    return None if any(re.search(r"[*?\[]|/$|^\.$", one) for one in rest) else tuple(rest)


_TAKES = {
    "head": "nc",
    "tail": "nc",
    "grep": "ABCemf",
    "egrep": "ABCemf",
    "fgrep": "ABCemf",
    "sed": "ef",
    "nl": "bwsvilnh",
}


def _split(call: Program) -> tuple[list[str], list[str]]:
    """The operands of a call and its options; an option that takes a value has it behind a space."""
    rest: list[str] = []
    options: list[str] = []
    taking = False
    for word in call.words[1:]:
        if taking:
            options[-1] += f" {word}"
            taking = False
        elif word.startswith("-") and len(word) > 1:
            options.append(word)
            taking = not word.startswith("--") and word[-1] in _TAKES.get(call.name, "")
        else:
            rest.append(word)
    return rest, options


def files_of(command: str) -> tuple[str, ...] | None:
    """All files that a command reads, as it names them; ``None`` where that is not clear."""
    calls = programs(command)
    if calls is None:
        return None
    found: list[str] = []
    for call in calls:
        named = operands(call)
        if named is None or (call.name == "cd" and len(calls) > 1 and calls[0] is not call):
            return None
        found += named
    return tuple(dict.fromkeys(found))


# Commands whose output hangs on places in a file, not on what stands there

_PLACES = re.compile(r"\s*(?:(?:\d+|\$)(?:\s*,\s*(?:\d+|\$|\+\d+))?\s*p\s*;?\s*)+")
_NUMBER = re.compile(r"-n ?\+?\d+|-\d+|-n \+?\d+|--lines=\+?\d+")


def by_place(command: str) -> bool:
    """Whether what the command prints is a matter of line numbers only, whatever stands in the lines."""
    calls = programs(command)
    return calls is not None and all(_places(call) for call in calls)


def _places(call: Program) -> bool:
    rest, options = _split(call)
    if call.name in ("echo", "printf", "true", "cd"):
        return True
    if call.name == "cat":
        return set(options) <= {"-n"}
    if call.name == "nl":
        return options in (["-ba"], ["-b a"])
    if call.name in ("head", "tail"):
        return all(_NUMBER.fullmatch(one) for one in options)
    if call.name == "sed":
        if _in_place(options):
            return edits_in_lines(call) is not None
        return options == ["-n"] and bool(rest) and _PLACES.fullmatch(rest[0]) is not None
    return False


def _in_place(options: list[str]) -> bool:
    return any(one in ("-i", "--in-place") for one in options)


_S = re.compile(r"s([^\s\w\\])((?:(?!\1)[^\\]|\\.)*)\1((?:(?!\1)[^\\]|\\.)*)\1([gI\d]*)", re.S)
_AT = re.compile(r"(?:\d+|\$)(?:\s*,\s*(?:\d+|\$|\+\d+))?\s*")
_ON = re.compile(r"/(?:[^/\\\n]|\\[^\n])*/I?\s*(?:,\s*(?:/(?:[^/\\\n]|\\[^\n])*/I?|\d+|\$|\+\d+)\s*)?")


def edits_in_lines(call: Program) -> bool | None:
    """Of ``sed -i``: true where unknown lines move no line, false where they may; ``None`` where it may print."""
    rest, options = _split(call)
    if not _in_place(options) or set(options) - {"-i", "--in-place"} - {
        one for one in options if one.startswith("-e ")
    }:
        return None
    scripts = [one[3:] for one in options if one.startswith("-e ")] or rest[:1]
    kinds = [_script(script.strip()) for script in scripts]
    return None if not kinds or None in kinds else all(kinds)


def _script(script: str) -> bool | None:
    place = _AT.match(script)
    matching = None if place else _ON.match(script)
    rest = script[place.end() if place else matching.end() if matching else 0 :]
    if (swap := _S.fullmatch(rest.rstrip("; "))) is not None:
        return "\n" not in swap[3] and "\\n" not in swap[3]
    if rest.rstrip("; ") == "d" or re.match(r"[aic](?:\\\n|\\?\s*[^\\\s])", rest):
        return place is not None
    return None


# What an output tells of files

_NUMBERED = re.compile(r" *(\d{1,7})\t(.*)")
_GREPPED = re.compile(r"(\d{1,7})[:-](.*)")
_SELECTS = frozenset({"grep", "egrep", "fgrep", "sed", "head", "tail"})


@dataclass(frozen=True, slots=True)
class Told:
    """Lines of a file by their numbers; ``total`` where they are known to be all up to its end."""

    path: str
    lines: Mapping[int, str]
    total: int | None = None


def told(command: str, output: str) -> Told | None:
    """What the output of a command tells of the one file that it reads."""
    calls = programs(command)
    named = files_of(command)
    if not calls or not named or len(named) != 1:
        return None
    calls = calls[1:] if calls[0].name == "cd" else calls
    if not calls or any(call.before == "|" and index == 0 for index, call in enumerate(calls)):
        return None
    if any(call.before != "|" for call in calls[1:]):
        return None
    if calls[0].name in ("nl", "cat") and _places(calls[0]) and (calls[0].name == "nl" or "-n" in calls[0].words):
        return _numbered(named[0], calls[1:], output)
    if calls[0].name == "cat" and len(calls) > 1:
        calls = calls[1:]
    if len(calls) == 1 and (found := _selected(named[0], calls[0], output)):
        return found
    picks = all(call.name in _SELECTS and not _rewrites(call) for call in calls[1:])
    return _grepped(named[0], calls[0], output) if picks else None


def _numbered(path: str, filters: tuple[Program, ...], output: str) -> Told | None:
    if any(call.name not in _SELECTS or _rewrites(call) for call in filters):
        return None
    lines = [line for line in output.removesuffix("\n").split("\n") if line != "--"]
    found = [_NUMBERED.fullmatch(line) for line in lines]
    if not lines or not all(found):
        return None
    return Told(path, {int(one[1]): one[2] for one in found if one})


def _rewrites(call: Program) -> bool:
    """Whether a filter prints anything but lines as they came in."""
    _, options = _split(call)
    if call.name == "sed":
        return options != ["-n"] or not re.fullmatch(r"[^\n{}]*p", " ".join(_split(call)[0][:1]))
    if call.name in ("grep", "egrep", "fgrep"):
        return any(re.match(r"-[a-zA-Z]*[oncqlLbHZT]|--(?:only|count|line|files|color|colour)", one) for one in options)
    return not all(_NUMBER.fullmatch(one) for one in options)


_RANGE = re.compile(r"(\d+)\s*,\s*(\d+|\$)\s*p;?|(\d+)p;?")


def _selected(path: str, call: Program, output: str) -> Told | None:
    """``sed -n 'a,bp'`` and ``head -n N``: lines from a known place on; fewer than asked for means the end."""
    rest, options = _split(call)
    bounds: tuple[int, int] | None = None
    if call.name == "sed" and options == ["-n"] and rest and (found := _RANGE.fullmatch(rest[0])):
        first = int(found[1] or found[3])
        bounds = (first, 10**9 if found[2] == "$" else int(found[2] or first))
    elif call.name == "head" and len(options) <= 1:
        count = re.fullmatch(r"-n ?(\d+)|-(\d+)|", options[0] if options else "")
        bounds = (1, int(count[1] or count[2] or 10)) if count else None
    if bounds is None or bounds[0] < 1 or not output:
        return None
    lines = output.removesuffix("\n").split("\n")
    asked = bounds[1] - bounds[0] + 1
    if len(lines) > asked or _complains(call, output):
        return None
    total = bounds[0] + len(lines) - 1 if len(lines) < asked else None
    return Told(path, dict(enumerate(lines, bounds[0])), total)


def _grepped(path: str, call: Program, output: str) -> Told | None:
    """``grep -n``: the lines that match, and those around them."""
    if call.name not in ("grep", "egrep", "fgrep"):
        return None
    _, options = _split(call)
    letters = "".join(re.sub(r" .*|\d+", "", one)[1:] for one in options if not one.startswith("--"))
    if "n" not in letters or set(letters) - set("niEFPwvxABCeG") or any(one.startswith("--") for one in options):
        return None
    lines = [line for line in output.removesuffix("\n").split("\n") if line != "--"]
    found = [_GREPPED.fullmatch(line) for line in lines]
    if not output or not all(found):
        return None
    return Told(path, {int(one[1]): one[2] for one in found if one})


def _complains(call: Program, output: str) -> bool:
    return output.startswith(f"{call.name}: ")
