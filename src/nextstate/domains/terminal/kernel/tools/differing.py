"""diff and cmp."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Dir, Errno, File, FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.diff_lines import Change, changes
from nextstate.domains.terminal.kernel.tools.grep import fits
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, tool, wrong_usage
from nextstate.domains.terminal.kernel.tools.reading import Printer, opened, raw
from nextstate.domains.terminal.kernel.tools.wording import locate, ordered

HINT = "{name}: Try '{name} --help' for more information.\n"
DIFF = grammar(
    "0123456789abdiL:NqrsuU:wx:Z",
    {
        "text": "a", "ignore-space-change": "b", "minimal": "d", "ignore-case": "i", "label=": "L", "new-file": "N",
        "brief": "q", "recursive": "r", "report-identical-files": "s", "unified[=]": "unified",
        "ignore-all-space": "w", "exclude=": "x", "ignore-trailing-space": "Z", "normal": "normal", "color[=]": "color",
    },
    other="BC:cD:eEfF:hHI:lnpPS:tTvW:X:y",
    other_long="ignore-blank-lines context[=] ifdef= ed show-function-line= forward-ed speed-large-files"
    " ignore-matching-lines= paginate rcs show-c-function starting-file= expand-tabs initial-tab width= exclude-from="
    " side-by-side changed-group-format= from-file= horizon-lines= ignore-file-name-case inhibit-hunk-merge"
    " ignore-tab-expansion left-column line-format= new-group-format= new-line-format= no-dereference"
    " no-ignore-file-name-case old-group-format= old-line-format= palette= sdiff-merge-assist strip-trailing-cr"
    " suppress-blank-empty suppress-common-lines tabsize= to-file= unchanged-group-format= unchanged-line-format="
    " unidirectional-new-file",
    code=2,
    hint=HINT,
)  # fmt: skip
NO_END = "\\ No newline at end of file\n"


def lines_of(text: str) -> list[str]:
    """Lines with their newlines."""
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def shown(sign: str, line: str) -> str:
    return sign + line if line.endswith("\n") else f"{sign}{line}\n{NO_END}"


def span(start: int, count: int, joint: str = ",") -> str:
    """A range of lines in the normal format."""
    return f"{start}" if count <= 1 else f"{start}{joint}{start + count - 1}"


def normal(old: list[str], new: list[str], found: list[Change]) -> str:
    pieces: list[str] = []
    for change in found:
        letter = "c" if change.deleted and change.inserted else "d" if change.deleted else "a"
        left = span(change.start + (change.deleted > 0), change.deleted)
        right = span(change.at + (change.inserted > 0), change.inserted)
        pieces.append(f"{left}{letter}{right}\n")
        pieces += [shown("< ", line) for line in old[change.start : change.start + change.deleted]]
        if letter == "c":
            pieces.append("---\n")
        pieces += [shown("> ", line) for line in new[change.at : change.at + change.inserted]]
    return "".join(pieces)


def unified(old: list[str], new: list[str], found: list[Change], context: int) -> str:
    """The hunks of the unified format."""
    hunks: list[list[Change]] = []
    for change in found:
        if hunks and change.start - (hunks[-1][-1].start + hunks[-1][-1].deleted) <= 2 * context:
            hunks[-1].append(change)
        else:
            hunks.append([change])
    return "".join(hunk(old, new, group, context) for group in hunks)


def hunk(old: list[str], new: list[str], group: list[Change], context: int) -> str:
    first, last = group[0], group[-1]
    before = min(context, first.start, first.at)
    after = min(context, len(old) - last.start - last.deleted)
    start, end = first.start - before, last.start + last.deleted + after
    begin, stop = first.at - before, last.at + last.inserted + after
    pieces = [f"@@ -{counted(start, end)} +{counted(begin, stop)} @@\n"]
    at = start
    for change in group:
        pieces += [shown(" ", line) for line in old[at : change.start]]
        at = change.start + change.deleted
        pieces += [shown("-", line) for line in old[change.start : at]]
        pieces += [shown("+", line) for line in new[change.at : change.at + change.inserted]]
    pieces += [shown(" ", line) for line in old[at:end]]
    return "".join(pieces)


def counted(start: int, end: int) -> str:
    count = end - start
    return f"{start + 1}" if count == 1 else f"{start + (count > 0)},{count}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a comparison; ``text`` is ``None`` for a directory, ``missing`` one that is not there."""

    name: str
    path: str
    text: str | None
    missing: bool = False


class Diff:
    def __init__(self, call: Call, options: Options) -> None:
        self.call = call
        self.options = options
        self.printer = Printer(call, buffers=True)
        self.code = 0
        self.labels = options.values("L")
        self.context = context_of(call, options)
        self.recursive = options.has("r")

    def entry(self, operand: str) -> Entry | Errno:
        if operand == "-":
            return Entry("-", "-", self.call.input())
        try:
            path = locate(self.call, operand)
            if self.call.tree.is_dir(path):
                return Entry(operand, path, None)
        except FsError as error:
            return error.errno
        text = opened(self.call, operand)
        return text if isinstance(text, Errno) else Entry(operand, path, text)

    def top(self, operands: tuple[str, ...]) -> Out:
        left, right = self.entry(operands[0]), self.entry(operands[1])
        both = list(zip(operands, (left, right), strict=True))
        if any(isinstance(found, Errno) for _, found in both):
            if self.options.has("N"):
                raise Undetermined("diff -N of a file that is not there")
            for operand, found in both:
                if isinstance(found, Errno):
                    self.printer.error(f"{operand}: {found.value}", 2)
            return self.printer.out()
        assert isinstance(left, Entry) and isinstance(right, Entry)
        if (left.text is None) != (right.text is None):
            return self.inside(left, right)
        if left.text is None:
            self.folders(left, right)
        else:
            self.files(left, right, header="")
        out = self.printer.out()
        return Out(out.stdout, out.stderr, max(out.code, self.code), out.merged)

    def inside(self, left: Entry, right: Entry) -> Out:
        """A file and a directory: the file of the same name in the directory."""
        folder, other = (left, right) if left.text is None else (right, left)
        if other.name == "-":
            raise Undetermined("standard input and a directory")
        operand = folder.name.rstrip("/") + "/" + posixpath.basename(other.name.rstrip("/"))
        names = (operand, right.name) if folder is left else (left.name, operand)
        return self.top(names)

    # -- directories ----------------------------------------------------------------------------------------

    def folders(self, left: Entry, right: Entry) -> None:
        try:
            names = set(self.call.tree.names(left.path)), set(self.call.tree.names(right.path))
        except FsError:
            raise Undetermined("a directory that cannot be read") from None
        every = names[0] | names[1]
        skipped = self.options.values("x")
        for name in ordered(self.call, [n for n in every if not any(fits(n, glob) for glob in skipped)]):
            if name in names[0] and name in names[1]:
                self.pair(self.below(left, name), self.below(right, name))
            else:
                self.only(left if name in names[0] else right, right if name in names[0] else left, name,
                          swapped=name not in names[0])  # fmt: skip

    def below(self, folder: Entry, name: str) -> Entry:
        path = posixpath.join(folder.path, name)
        shown_name = folder.name + ("" if folder.name.endswith("/") else "/") + name
        node = self.call.tree.get(path, follow=False)
        if isinstance(node, Dir):
            return Entry(shown_name, path, None)
        text = opened(self.call, path) if isinstance(node, File) else Errno.INVAL
        if isinstance(text, Errno):
            raise Undetermined("something that is neither file nor directory")
        return Entry(shown_name, path, text)

    def pair(self, left: Entry, right: Entry) -> None:
        if left.text is None and right.text is None:
            if self.recursive:
                self.folders(left, right)
            else:
                self.printer.write(f"Common subdirectories: {left.name} and {right.name}\n")
        elif left.text is None or right.text is None:
            words = [kind(left), kind(right)]
            self.printer.write(f"File {left.name} is a {words[0]} while file {right.name} is a {words[1]}\n")
            self.code = max(self.code, 1)
        else:
            self.files(left, right, header=self.header(left, right))

    def only(self, folder: Entry, other: Entry, name: str, *, swapped: bool) -> None:
        if self.options.has("N"):
            found = self.below(folder, name)
            if found.text is None:
                raise Undetermined("a directory that only one side has, under -N")
            empty = Entry(other.name.rstrip("/") + "/" + name, other.path, "", missing=True)
            pair = (empty, found) if swapped else (found, empty)
            self.files(*pair, header=self.header(*pair))
            return
        self.printer.write(f"Only in {folder.name}: {name}\n")
        self.code = max(self.code, 1)

    def header(self, left: Entry, right: Entry) -> str:
        """The line before the difference of two files in directories: the command that shows it."""
        words = ["diff", *self.typed(), left.name, right.name]
        for word in words:
            if not re.fullmatch(r"[A-Za-z0-9_./+,:@%-]+", word):
                raise Undetermined("how a name is quoted")
        return " ".join(words) + "\n"

    def typed(self) -> list[str]:
        """The options as they were typed."""
        words = list(self.call.args)
        for operand in self.options.operands:
            words.remove(operand)
        return [word for word in words if word != "--"]

    # -- files ----------------------------------------------------------------------------------------------

    def files(self, left: Entry, right: Entry, header: str) -> None:
        one, other = left.text or "", right.text or ""
        if one == other and not (left.missing or right.missing):
            if self.options.has("s"):
                self.printer.write(f"Files {left.name} and {right.name} are identical\n")
            return
        loose = self.options.has("b", "i", "w", "Z")
        if self.options.has("q") and not loose:
            self.printer.write(f"Files {left.name} and {right.name} differ\n")
            self.code = max(self.code, 1)
            return
        if not self.options.has("a") and ("\0" in one or "\0" in other):
            if max(len(one), len(other)) > 4000:
                raise Undetermined("a large binary file")
            self.printer.write(f"Binary files {left.name} and {right.name} differ\n")
            self.code = max(self.code, 1)
            return
        self.compare(left, right, lines_of(one), lines_of(other), header)

    def compare(self, left: Entry, right: Entry, old: list[str], new: list[str], header: str) -> None:
        context = self.context or 0
        found = changes(self.canonical(old), self.canonical(new), context)
        if not found:
            if self.options.has("s"):
                self.printer.write(f"Files {left.name} and {right.name} are identical\n")
            return
        self.code = max(self.code, 1)
        if self.options.has("q"):
            self.printer.write(f"Files {left.name} and {right.name} differ\n")
        elif self.context is None:
            self.printer.write(header + normal(old, new, found))
        else:
            if len(self.labels) < 2:
                raise Undetermined("the times of the files in the header")
            names = f"--- {self.labels[0]}\n+++ {self.labels[1]}\n"
            self.printer.write(header + names + unified(old, new, found, context))

    def canonical(self, lines: list[str]) -> list[str]:
        """The lines as they are compared."""
        if not self.options.has("b", "i", "w", "Z"):
            return lines
        if any(not line.endswith("\n") or not line.isascii() for line in lines):
            raise Undetermined("a loose comparison of a last line without its end, or beyond ASCII")
        if self.options.has("i"):
            lines = [line.lower() for line in lines]
        if self.options.has("w"):
            lines = [re.sub(r"[ \t\v\f\r\n]+", "", line) for line in lines]
        elif self.options.has("b"):
            lines = [re.sub(r"[ \t\v\f\r]+", " ", re.sub(r"[ \t\v\f\r]*\n", "\n", line)) for line in lines]
        elif self.options.has("Z"):
            lines = [re.sub(r"[ \t\v\f\r]*\n", "\n", line) for line in lines]
        return lines


def kind(entry: Entry) -> str:
    return "directory" if entry.text is None else "regular file" if entry.text else "regular empty file"


def context_of(call: Call, options: Options) -> int | None:
    """Lines of context, or ``None`` for the normal format."""
    digits = "".join(key for key, _ in options.given if key.isdecimal())
    styles = {key for key, _ in options.given if key in ("u", "U", "unified", "normal")}
    if digits or ("normal" in styles and len(styles) > 1):
        raise Undetermined("an old form of context")
    if not styles or styles == {"normal"}:
        return None
    lengths = options.values("U", "unified")
    for text in lengths:
        if not re.fullmatch(r"\d{1,6}", text):
            raise wrong_usage(call, f"invalid context length '{text}'", 2, HINT)
    return max([int(text) for text in lengths] + ([3] if len(lengths) < sum(
        key in ("u", "U", "unified") for key, _ in options.given) else []))  # fmt: skip


@tool(DIFF)
def diff(call: Call, options: Options) -> Out:
    operands = options.operands
    if len(operands) < 2:
        last = operands[-1] if operands else call.args[-1] if call.args else call.name
        raise wrong_usage(call, f"missing operand after '{last}'", 2, HINT)
    if len(operands) > 2:
        raise wrong_usage(call, f"extra operand '{operands[2]}'", 2, HINT)
    if len(options.values("L")) > 2 or options.last("color") not in (None, "never", "auto"):
        raise Undetermined("labels or colours of diff")
    return Diff(call, options).top(operands)


CMP = grammar(
    "bln:s",
    {"print-bytes": "b", "verbose": "l", "bytes=": "n", "quiet": "s", "silent": "s"},
    other="ci:v",
    other_long="ignore-initial=",
    code=2,
    hint=HINT,
)


@tool(CMP)
def cmp(call: Call, options: Options) -> Out:
    operands = options.operands
    if not operands:
        raise wrong_usage(call, f"missing operand after '{call.args[-1] if call.args else call.name}'", 2, HINT)
    if len(operands) > 2:
        raise Undetermined("cmp that skips bytes")
    names = (*operands, "-")[:2]
    if names == ("-", "-"):
        raise Undetermined("standard input twice")
    silent = options.has("s")
    limit = options.last("n")
    if limit is not None and not re.fullmatch(r"\d{1,12}", limit):
        raise Undetermined(f"cmp -n {limit}")
    texts: list[str] = []
    for name in names:
        text = opened(call, name)
        if isinstance(text, Errno):
            raise Stop(Out(stderr="" if silent and text is Errno.NOENT else f"cmp: {name}: {text.value}\n", code=2))
        texts.append(raw(text))
    if limit is not None:
        texts = [text[: int(limit)] for text in texts]
    locale = call.env.get("LC_ALL") or call.env.get("LC_MESSAGES") or call.env.get("LANG") or "C"
    return compared(names, texts, options, "char" if locale in ("C", "POSIX") else "byte")


def compared(names: tuple[str, ...], texts: list[str], options: Options, unit: str) -> Out:
    one, other = texts
    if one == other:
        return Out()
    if options.has("s"):
        return Out(code=1)
    size = min(len(one), len(other))
    differing = [at for at in range(size) if one[at] != other[at]]
    if options.has("l"):
        return every_byte(names, texts, differing, options)
    if differing:
        at = differing[0]
        line = one.count("\n", 0, at) + 1
        bytes_ = f" is {octal(one[at])} {octal(other[at])}" if options.has("b") else ""
        word = "byte" if bytes_ else unit
        return Out(f"{names[0]} {names[1]} differ: {word} {at + 1}, line {line}{bytes_}\n", code=1)
    return Out(stderr=end_of(names, texts, size, verbose=False), code=1)


def end_of(names: tuple[str, ...], texts: list[str], size: int, *, verbose: bool) -> str:
    """The message for the file that ends first."""
    shorter = 0 if len(texts[0]) < len(texts[1]) else 1
    if not size:
        return f"cmp: EOF on {names[shorter]} which is empty\n"
    if verbose:
        return f"cmp: EOF on {names[shorter]} after byte {size}\n"
    text = texts[shorter]
    lines = text.count("\n")
    where = f"line {lines}" if text.endswith("\n") else f"in line {lines + 1}"
    return f"cmp: EOF on {names[shorter]} after byte {size}, {where}\n"


def octal(ch: str) -> str:
    """A byte as ``-b`` shows it."""
    if not " " <= ch <= "~":
        raise Undetermined("how a byte is shown")
    return f"{ord(ch):3o} {ch}"


def every_byte(names: tuple[str, ...], texts: list[str], differing: list[int], options: Options) -> Out:
    if options.has("b") or options.has("n"):
        raise Undetermined("cmp -l with bytes")
    if "-" in names:
        raise Undetermined("the size of standard input, which sets the width of the numbers")
    width = len(str(min(len(text) for text in texts)))
    rows = [f"{at + 1:{width}d} {ord(texts[0][at]):3o} {ord(texts[1][at]):3o}\n" for at in differing]
    size = min(map(len, texts))
    ends = "" if len(texts[0]) == len(texts[1]) else end_of(names, texts, size, verbose=True)
    return Out("".join(rows), ends, 1)


TOOLS = {"cmp": cmp, "diff": diff}
