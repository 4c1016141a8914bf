"""grep, egrep and fgrep."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass, replace

from nextstate.domains.terminal.kernel.files import Dir, Errno, FsError, Link, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.grep_lines import Looks, Search
from nextstate.domains.terminal.kernel.tools.grep_patterns import (
    Matcher,
    Nothing,
    RegexError,
    expressions,
    fixed,
    perl,
)
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, tool
from nextstate.domains.terminal.kernel.tools.reading import Printer, cooked, opened, raw, split_at

USAGE = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n"
GREP = grammar(
    "0123456789A:B:C:D:EFGHILPRUabcd:e:f:hilm:noqrsvwxyzZ",
    {
        "basic-regexp": "G", "extended-regexp": "E", "fixed-regexp": "F", "fixed-strings": "F", "perl-regexp": "P",
        "after-context=": "A", "before-context=": "B", "context=": "C", "byte-offset": "b", "text": "a", "count": "c",
        "exclude=": "exclude", "include=": "include", "exclude-dir=": "exclude-dir", "file=": "f",
        "files-with-matches": "l", "files-without-match": "L", "group-separator=": "group", "colour[=]": "color",
        "no-group-separator": "no-group", "ignore-case": "i", "no-ignore-case": "no-i", "label=": "label",
        "line-buffered": "U", "line-number": "n", "max-count=": "m", "no-filename": "h", "no-messages": "s",
        "null": "Z", "null-data": "z", "only-matching": "o", "quiet": "q", "silent": "q", "recursive": "r",
        "dereference-recursive": "R", "regexp=": "e", "invert-match": "v", "with-filename": "H", "word-regexp": "w",
        "line-regexp": "x", "color[=]": "color", "directories=": "d", "devices=": "D",
    },
    other="TXuV",
    other_long="binary-files= exclude-from= initial-tab unix-byte-offsets binary",
    code=2,
    hint=USAGE,
)  # fmt: skip


def patterns_of(call: Call, options: Options) -> tuple[list[str], tuple[str, ...]]:
    """The patterns and the files."""
    texts: list[str] = []
    for key, value in options.given:
        if key == "e":
            texts += (value or "").split("\n")
        elif key == "f":
            text = opened(call, value or "")
            if isinstance(text, Errno):
                raise Stop(Out(stderr=f"grep: {value}: {text.value}\n", code=2))
            texts += split_at(text)
    if options.has("e", "f"):
        return texts, options.operands
    if not options.operands:
        raise Stop(Out(stderr=USAGE, code=2))
    return options.operands[0].split("\n"), options.operands[1:]


def notation_of(options: Options, kind: str) -> str:
    """The letter of the notation; ``kind`` is that of egrep and fgrep."""
    chosen = {key for key, _ in options.given if key in "EFGP"} | set(kind)
    if len(chosen) > 1:
        raise Stop(Out(stderr="grep: conflicting matchers specified\n", code=2))
    return chosen.pop() if chosen else "G"


def matcher_of(call: Call, options: Options, texts: list[str], kind: str) -> Matcher:
    fold = options.chosen("i", "y", "no-i") in ("i", "y")
    word, whole = options.has("w") and not options.has("x"), options.has("x")
    if not texts:
        return Nothing()
    if kind == "P":
        if len(texts) > 1:
            raise Undetermined("several Perl expressions")
        return perl(call, texts[0], fold=fold, word=word, whole=whole)
    if any("\0" in text for text in texts):
        raise Undetermined("a pattern with a NUL")
    try:
        if kind == "F":
            return fixed(call, texts, fold=fold, word=word, whole=whole)
        return expressions(call, texts, extended=kind == "E", fold=fold, word=word, whole=whole)
    except RegexError as error:
        if len(texts) > 1 or fold or word or whole:
            raise Undetermined(f"how this is reported: {error}") from None
        raise Stop(Out(stderr=f"grep: {error}\n", code=2)) from None


def number(options: Options, *keys: str) -> int | None:
    """A context length or a count."""
    text = options.last(*keys)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,9}", text):
        if not re.fullmatch(r"[A-Za-z]\w*", text):
            raise Undetermined(f"the number {text!r}")
        what = "invalid max count" if keys == ("m",) else f"{text}: invalid context length argument"
        raise Stop(Out(stderr=f"grep: {what}\n", code=2))
    return int(text)


def looks_of(call: Call, options: Options) -> Looks:
    digits = ""
    for key, _ in options.given:
        digits = digits + key if key.isdecimal() else digits
    if digits and not re.search(rf"(^|\0)-[a-zA-Z]*{digits}", "\0".join(call.args)):
        raise Undetermined("context lengths given in pieces")
    both = int(digits) if digits else number(options, "C")
    after, before = number(options, "A"), number(options, "B")
    group: str | None = "--"
    if options.has("group", "no-group"):
        group = options.last("group", "no-group")
    return Looks(
        numbers=options.has("n"),
        offsets=options.has("b"),
        names_end="\0" if options.has("Z") else None,
        only=options.has("o"),
        count=options.has("c"),
        listing=options.chosen("l", "L"),
        quiet=options.has("q"),
        most=number(options, "m"),
        before=(both or 0) if before is None else before,
        after=(both or 0) if after is None else after,
        context=both is not None or after is not None or before is not None,
        group=group,
        invert=options.has("v"),
        text=options.has("a", "U"),
        end="\0" if options.has("z") else "\n",
    )


@dataclass(frozen=True, slots=True)
class Filters:
    """``--include`` and its kind; the last one that matches decides."""

    files: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]

    def skips(self, name: str, *, folder: bool, typed: bool) -> bool:
        rules = [("exclude", glob) for glob in self.folders] if folder else list(self.files)
        for kind, glob in reversed(rules):
            if any(fits(part, glob) for part in (tails(name) if typed else [name])):
                return kind == "exclude"
        return bool(rules) and rules[0][0] == "include"


def tails(name: str) -> list[str]:
    """The name and what stands after each of its slashes."""
    return [name, *(name[at + 1 :] for at, ch in enumerate(name) if ch == "/")]


def fits(name: str, glob: str) -> bool:
    if "\\" in glob or "[^" in glob or "[[" in glob or "[!]" in glob or "[]" in glob:
        raise Undetermined(f"the pattern {glob}")
    return fnmatch.fnmatchcase(name, glob)


class Run:
    """One run of grep over all its files."""

    def __init__(self, call: Call, options: Options, matcher: Matcher, looks: Looks, recursive: str | None) -> None:
        self.call = call
        self.options = options
        self.recursive = recursive
        self.printer = Printer(call)
        self.search = Search(looks, matcher, self.printer, utf8=call.utf8)
        self.filters = Filters(
            tuple((key, value or "") for key, value in options.given if key in ("include", "exclude")),
            tuple((value or "").rstrip("/") or "/" for value in options.values("exclude-dir")),
        )
        self.found = False
        self.failed = False
        self.mixed = 0
        """How many files below directories printed something; the order of two is not determined."""

    def over(self, operands: tuple[str, ...]) -> Out:
        many = len(operands) > 1
        for operand in operands:
            if operand == "-":
                self.file("-", many)
            else:
                self.operand(operand, many)
            if self.found and self.search.looks.quiet:
                return Out(stderr=self.printer.out().stderr)
        out = self.printer.out()
        code = 2 if self.failed else 0 if self.found else 1
        return Out(out.stdout, out.stderr, code, out.merged, unordered=self.mixed > 1)

    def operand(self, operand: str, many: bool) -> None:
        try:
            path = self.call.path(operand)
            folder = self.call.tree.is_dir(path)
            if not folder:
                self.call.tree.get(path)
        except FsError as error:
            self.fail(operand, error.errno)
            return
        if not self.filters.skips(operand.rstrip("/") or "/", folder=folder, typed=True):
            if folder and self.recursive:
                self.folder(operand, operand, path)
            elif folder and self.options.last("d") == "skip":
                return
            else:
                self.file(operand, many)

    def folder(self, shown: str, operand: str, path: str) -> None:
        """Everything below a directory; ``shown`` is the prefix of its names."""
        try:
            names = self.call.tree.names(path)
        except FsError as error:
            self.fail(shown, error.errno)
            return
        prefix = shown if not shown or shown.endswith("/") else shown + "/"
        for name in names:
            below = posixpath.join(path, name)
            kind = self.kind(below)
            if kind is None or self.filters.skips(name, folder=kind == "folder", typed=False):
                continue
            if kind == "folder":
                self.folder(prefix + name, operand, below)
            else:
                before = self.printer.size, len(self.printer.pieces)
                self.file(prefix + name, not self.options.has("h"), path=below)
                self.mixed += before != (self.printer.size, len(self.printer.pieces))
            if self.found and self.search.looks.quiet:
                return

    def kind(self, path: str) -> str | None:
        """``file``, ``folder``, or ``None`` for what a recursion passes over."""
        node = self.call.tree.lookup(path, follow=False)
        if isinstance(node, Link):
            if self.recursive == "r":
                return None
            raise Undetermined("a symbolic link under grep -R")
        if isinstance(node, Thing) or node is None:
            raise Undetermined(f"{path} may be a file or a directory")
        return "folder" if isinstance(node, Dir) else "file"

    def file(self, operand: str, named: bool, path: str | None = None) -> None:
        if self.options.chosen("H", "h"):
            named = self.options.chosen("H", "h") == "H"
        text = opened(self.call, path or operand)
        if isinstance(text, Errno):
            self.fail(operand, text)
            if text is Errno.ISDIR:
                self.found |= self.search.file("", operand if named else None, operand)
            return
        if not self.call.utf8 and not operand.isascii():
            raise Undetermined("a name that is not ASCII in this locale")
        name = self.options.last("label") or "(standard input)" if operand == "-" else operand
        content = text if self.call.utf8 else raw(text)
        self.found |= self.search.file(content, name if named else None, name)

    def fail(self, operand: str, errno: Errno) -> None:
        self.failed = True
        if not self.options.has("s"):
            self.printer.error(f"{operand}: {errno.value}", 2)


def made(kind: str) -> Tool:
    """grep, or one of its names that choose a notation."""

    @tool(GREP)
    def grep(call: Call, options: Options) -> Out:
        if "GREP_COLORS" in call.env or "GREP_COLOR" in call.env:
            raise Undetermined("colours of grep")
        if options.has("color") and options.last("color") not in (None, "never", "auto", "no", "none", "tty"):
            raise Undetermined("colours of grep")
        if options.last("d") not in (None, "skip", "read", "recurse") or options.has("D"):
            raise Undetermined("grep -d or -D")
        notation = notation_of(options, kind)
        looks = looks_of(call, options)
        texts, operands = patterns_of(call, options)
        matcher = matcher_of(call, options, texts, notation)
        if options.has("z"):
            raise Undetermined("grep -z")
        recursive = options.chosen("r", "R") or ("r" if options.last("d") == "recurse" else None)
        if looks.most == 0 and not looks.listing:
            return Out(code=1)
        runner = Run(call, options, matcher, looks, recursive)
        if recursive and not operands:
            runner.folder("", "", call.cwd)
            out = runner.over(())
        else:
            out = runner.over(operands or ("-",))
        return out if call.utf8 else _cooked(out)

    def run(call: Call) -> Out:
        return grep(replace(call, name="grep") if kind else call)

    return run


def _cooked(out: Out) -> Out:
    def plain(text: str) -> str:
        return cooked(text) if not text.isascii() and all(ord(ch) < 256 for ch in text) else text

    return Out(plain(out.stdout), out.stderr, out.code, None if out.merged is None else plain(out.merged),
               out.unordered)  # fmt: skip


TOOLS = {"grep": made(""), "egrep": made("E"), "fgrep": made("F")}
