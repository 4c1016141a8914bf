"""`xargs`: reads words and runs other programs on them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.find import alike
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.wording import Report

XARGS = grammar(
    "0d:I:i::l::L:n:P:rtx",
    {
        "null": "0", "delimiter=": "d", "replace[=]": "i", "max-lines[=]": "l", "max-args=": "n", "max-procs=": "P",
        "no-run-if-empty": "r", "verbose": "t", "exit": "x",
    },
    other="a:e::E:ops:",
    other_long="arg-file= eof[=] interactive open-tty max-chars= show-limits process-slot-var=",
    permute=False,
)  # fmt: skip
MAX_RUNS = 2000
"""Programs that one call may start."""
MAX_WORDS = 100_000
"""Characters; a longer command line would be split."""
UNMATCHED = "unmatched {} quote; by default quotes are special to xargs unless you use the -0 option"
QUOTES = {"'": "single", '"': "double"}


@dataclass(frozen=True, slots=True)
class Words:
    """What was read: the words of each line, and the message of an error that ended the reading."""

    lines: tuple[tuple[str, ...], ...]
    error: str = ""

    @property
    def all(self) -> list[str]:
        return [word for line in self.lines for word in line]


@tool(XARGS)
def xargs(call: Call, options: Options) -> Out:
    if sum((options.has("n"), options.has("L", "l"), options.has("I", "i"))) > 1:
        raise Undetermined("xargs with options that exclude each other")
    procs = number(call, options, "P", 0) if options.has("P") else 1
    commands, error = plan(call, options)
    if len(commands) > MAX_RUNS or any(sum(map(len, words)) > MAX_WORDS for words in commands):
        raise Undetermined("xargs runs too much")
    if procs == 1 or len(commands) < 2:
        return execute(call, options, commands, error)
    before = dict(call.tree.delta)
    out = execute(call, options, commands, error, unordered=True)
    after = dict(call.tree.delta)
    call.tree.delta.clear()
    call.tree.delta.update(before)
    again = execute(call, options, commands[::-1], error, unordered=True)
    if call.tree.delta != after or not alike(out, again):
        raise Undetermined("what programs do at the same time")
    return out


def number(call: Call, options: Options, letter: str, least: int) -> int:
    text = options.last(letter) or ""
    if not re.fullmatch(r"[-+]?\d+", text):
        raise wrong_usage(call, f'invalid number "{text}" for -{letter} option')
    if int(text) < least:
        raise wrong_usage(call, f"value {text} for -{letter} option should be >= {least}")
    return int(text)


def plan(call: Call, options: Options) -> tuple[list[list[str]], str]:
    """The commands to run, and the error that ends them."""
    command = list(options.operands) or ["echo"]
    count = number(call, options, "n", 1) if options.has("n") else None
    together = 1 if options.has("l") and options.last("l") is None else None
    if options.has("L", "l") and together is None:
        together = number(call, options, options.chosen("L", "l") or "L", 1)
    text = call.input()
    if options.has("I", "i"):
        return replaced(options, command, items(options, text))
    read = items(options, text)
    if not read.all:
        return ([] if options.has("r") or read.error else [command]), read.error
    if together:
        if re.search(r"[ \t]\n", call.input()):
            raise Undetermined("a line that goes on in the next one")
        groups = [read.lines[at : at + together] for at in range(0, len(read.lines), together)]
        return [[*command, *(word for line in group for word in line)] for group in groups], ""
    words, step = read.all, count or len(read.all)
    return [[*command, *words[at : at + step]] for at in range(0, len(words), step)], read.error


def replaced(options: Options, command: list[str], read: Words) -> tuple[list[list[str]], str]:
    mark = options.last("I", "i") or "{}"
    return [[word.replace(mark, line[0]) for word in command] for line in read.lines], read.error


def items(options: Options, text: str) -> Words:
    separator = options.chosen("0", "d")
    if separator is None:
        return split(text, whole_lines=options.has("I", "i"))
    mark = "\0" if separator == "0" else delimiter(options.last("d") or "")
    parts = text.split(mark)
    if parts[-1] == "":
        parts.pop()
    if mark != "\0" and "\0" in text:
        raise Undetermined("binary input of xargs")
    return Words(tuple((part,) for part in parts))


def delimiter(text: str) -> str:
    known = {"\\n": "\n", "\\t": "\t", "\\0": "\0", "\\\\": "\\"}
    if text in known:
        return known[text]
    if len(text) != 1 or not text.isascii():
        raise Undetermined(f"xargs -d {text}")
    return text


def split(text: str, *, whole_lines: bool) -> Words:
    """Words between blanks, with quotes and backslashes; with ``whole_lines`` only newlines end a word."""
    if "\0" in text:
        raise Undetermined("binary input of xargs")
    lines: list[tuple[str, ...]] = []
    line: list[str] = []
    word: str | None = None
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char in "\v\f\r":
            raise Undetermined("odd blanks in the input of xargs")
        if char == "\n":
            if word is not None:
                line.append(word)
            if line:
                lines.append(tuple(line))
            line, word = [], None
        elif char in " \t" and (not whole_lines or word is None):
            if word is not None:
                line.append(word)
            word = None
        elif char in QUOTES:
            end = text.find(char, at)
            if end < 0 or "\n" in text[at:end]:
                if lines or line or word is not None or "\n" not in text[at:]:
                    raise Undetermined("an open quote behind words")
                return Words((), UNMATCHED.format(QUOTES[char]))
            word, at = (word or "") + text[at:end], end + 1
        elif char == "\\":
            if at >= len(text):
                raise Undetermined("a backslash at the end of the input of xargs")
            word, at = (word or "") + text[at], at + 1
        else:
            word = (word or "") + char
    if word is not None:
        if not word:
            raise Undetermined("an empty word at the end of the input of xargs")
        line.append(word)
    return Words((*lines, tuple(line)) if line else tuple(lines))


def execute(call: Call, options: Options, commands: list[list[str]], error: str, *, unordered: bool = False) -> Out:
    report, code = Report(call), 0
    if error:
        report.fail(error)
    for words in commands:
        if options.has("t"):
            report.note(" ".join(map(traced, words)) + "\n")
        out = call.run(words, "")
        report.absorb(out)
        unordered = unordered or out.unordered
        if out.code == 255:
            report.warn(f"{words[0]}: exited with status 255; aborting")
            code = 124
            break
        if out.code in (126, 127):
            raise Undetermined(f"whether {words[0]} was found")
        if out.code:
            code = 123
    report.code = report.code or code
    return report.out(unordered=unordered)


def traced(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_./,+@%-]+", word):
        raise Undetermined(f"how xargs -t quotes {word!r}")
    return word


TOOLS: dict[str, Tool] = {"xargs": xargs}
