"""What programs do otherwise when they are used at a terminal: `ls` prints columns, `rm` and `mv` ask, `clear` clears.

A line at a terminal also has commands whose outcome hangs on more than files, see :func:`hindrance`.
"""

from __future__ import annotations

import posixpath
import re

from nextstate.domains.terminal.kernel import lexis
from nextstate.domains.terminal.kernel.files import File, FsError, Undetermined
from nextstate.domains.terminal.kernel.pane import CLEAR, cells
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.listing import LS, Item, _Ls
from nextstate.domains.terminal.kernel.tools.options import Options, tool
from nextstate.domains.terminal.kernel.tools.wording import quoteaf

IN_ORDER = frozenset("ls cat grep egrep fgrep rm cp mv mkdir rmdir touch chmod find head tail wc stat readlink".split())
"""Programs whose messages come in their true place among what they print: GNU's ``error`` flushes the output first."""

_SPECIAL = frozenset(" !\"$&()*;<=>?[\\^`|'")


@tool(LS)
def ls(call: Call, options: Options) -> Out:
    return _InColumns(call, options).run()


class _InColumns(_Ls):
    def print(self, items: list[Item]) -> None:
        if self.options.has("Q", "q", "f") or "COLUMNS" in self.call.env:
            raise Undetermined("how ls shows names at a terminal")
        if not items or self.long:
            super().print(items)
            return
        names = [(self.quoted(item.name), item.name, self.mark(item)) for item in self.arranged(items)]
        if self.options.has("1"):
            lines = [quoted + mark for quoted, _, mark in names]
        else:
            some = any(quoted != name for quoted, name, _ in names)
            padded = [(" " if some and quoted == name else "") + quoted + mark for quoted, name, mark in names]
            lines = columns(padded, self.call.columns)
        self.report.say("".join(f"{line}\n" for line in lines))

    def quoted(self, name: str) -> str:
        """A name as ``ls`` quotes it at a terminal: where a shell would need it."""
        if any(not ch.isprintable() for ch in name):
            raise Undetermined(f"how ls shows {name!r}")
        special = name[:1] in ("#", "~") or name in ("{", "}") or any(ch in _SPECIAL for ch in name)
        return quoteaf(self.call, name) if special and not self.options.has("N") else name

    def shown(self, name: str) -> str:
        """The name of a directory above what it holds; a colon is quoted there."""
        return quoteaf(self.call, name) if ":" in name and not self.options.has("N") else self.quoted(name)


def columns(names: list[str], width: int) -> list[str]:
    """Names in as many columns as fit into ``width``, filled downwards, as ``ls -C`` lays them out."""
    sizes = [cells(name) for name in names]
    for count in range(min(len(names), (width + 2) // 3), 0, -1):
        rows = -(-len(names) // count)
        # GNU ls tries a number of columns with the names spread over it, and then fills the columns anew.
        tried = [3] * count
        for index, size in enumerate(sizes):
            at = index // -(-len(names) // count)
            tried[at] = max(tried[at], size + (0 if at == count - 1 else 2))
        if sum(tried) < width or count == 1:
            break
    lines = []
    for row in range(rows):
        line, at = "", 0
        for column, index in enumerate(range(row, len(names), rows)):
            line += " " * (at - cells(line)) + names[index]
            at += tried[column]
        lines.append(line)
    return lines


def asking(name: str) -> Tool:
    """A program that asks at a terminal before it touches a file that may not be written."""

    def run(call: Call) -> Out:
        from nextstate.domains.terminal.kernel.tools import TOOLS

        flags = "".join(arg[1:] for arg in call.args if re.fullmatch(r"-[a-zA-Z]+", arg))
        if call.stdin is None and (set(flags) & set("iI") or any(arg.startswith("--i") for arg in call.args)):
            raise Undetermined(f"{name} asks at the terminal")
        if call.stdin is None and "f" not in flags and not call.tree.root:
            guarded(call)
        return TOOLS[name](call)

    return run


def guarded(call: Call) -> None:
    """Raises :class:`Undetermined` when a file that the call may replace or remove may not be written."""
    operands = [call.path(arg) for arg in call.args if arg and not arg.startswith("-")]
    inside = [posixpath.join(operands[-1], posixpath.basename(path)) for path in operands[:-1]] if operands else []
    for path in [*operands, *inside]:
        try:
            real = call.tree.resolve(path)
        except (FsError, Undetermined):
            continue
        for table in (call.tree.files.entries, call.tree.delta):
            for below, entry in table.items():
                near = below == real or below.startswith(real.rstrip("/") + "/")
                if near and isinstance(entry, File) and not call.tree.allowed(entry.mode, 0o200):
                    raise Undetermined(f"{call.name} asks at the terminal about {below}")


def clear(call: Call) -> Out:
    if call.args or call.env.get("TERM") != "screen":
        raise Undetermined("how this terminal is cleared")
    return Out(CLEAR)


AT_TERMINAL: dict[str, Tool] = {"ls": ls, "rm": asking("rm"), "mv": asking("mv"), "cp": asking("cp"), "clear": clear}

_WORDS = re.compile(
    r"(?:^|[\n;|&({!`]|\b(?:do|then|else|if|while|until|time|exec|sudo|command|builtin|env|nohup)\b)"
    r"[ \t]*(?:\w+=\S*[ \t]+)*"
    r"(alias|unalias|exit|logout|su|sudo|ssh|docker|kubectl|podman|tmux|screen|script|chroot|newgrp|tput|tty|stty|reset|"
    r"tset|top|htop|vi|vim|nano|less|more|man|watch|zsh|dash|ksh|fish|login|passwd|shopt|bind|enable)(?=$|[\s;|&)}<>])"
)
_SHELL = re.compile(r"(?<![\w./-])(?:/bin/|/usr/bin/)?(?:ba)?sh\s*(?:-[a-z]*[ils][a-z]*\b.*)?(?=$|[;|&)}<>\n])")
_PROMPTS = re.compile(r"\bPS[0124]\b|\bPROMPT_\w+|\bHOME=|\bTERM=|\bCOLUMNS\b|\bLINES\b|\bHISTFILE|\bTMOUT\b|\bIFS=")
_ASKS_TERMINAL = re.compile(r"(?:\btest|\[\[?)\s+(?:!\s*)?-t\b|/dev/tty|/dev/std(?:in|out|err)")
_READS = re.compile(r"(?<![\w-])(?:read|mapfile|readarray)(?![\w-])")
_FED = re.compile(r"\|\s*(?:while|read|mapfile|readarray|\{)|\bdone\s*<|<<<|<\s*[\w./\"'$(]")


_LS = re.compile(r"(?<![\w./-])(?:/usr)?(?:/bin/)?ls(?![\w-])")


def hindrance(line: str) -> str | None:
    """Why a command line cannot be computed at a terminal though it could be in a script."""
    bare = lexis.unquoted(line)
    word = _WORDS.search(bare)
    if word:
        return f"{word[1]} at a terminal"
    if _SHELL.search(bare):
        return "a shell at the terminal"
    if _PROMPTS.search(line):
        return "the shell's prompt and surroundings"
    return asks(line)


def asks(text: str) -> str | None:
    """Why a command line or a script hangs on its standard input or output being a terminal."""
    if _ASKS_TERMINAL.search(text):
        return "it asks for the terminal"
    if _READS.search(lexis.unquoted(text)) and not _FED.search(text):
        return "it reads from the terminal"
    return None


def listing(line: str) -> bool | None:
    """Whether ``ls`` in a command line prints to the terminal (``False``: to a pipe or a file; ``None``: not clear)."""
    bare = lexis.unquoted(line)
    stages = [
        (stage, last)
        for stage, last in _stages(bare)
        if re.search(r"(?<![\w./-])(?:/usr)?(?:/bin/)?ls(?![\w-])", stage)
    ]
    if not stages or re.search(r"[(){}`]|\b(?:function|eval|esac)\b|\b(?:done|fi)\s*[^\s;]", bare):
        return None
    found = {last and not re.search(r"(?<!2)>", stage) for stage, last in stages}
    return found.pop() if len(found) == 1 else None


def _stages(bare: str) -> list[tuple[str, bool]]:
    """The commands of a line, each with whether it is the last of its pipeline."""
    found = []
    for pipeline in re.split(r"\n|;|&&|\|\|", bare):
        stages = pipeline.split("|")
        found += [(stage, number == len(stages) - 1) for number, stage in enumerate(stages)]
    return found
