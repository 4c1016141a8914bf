"""sed: its options, its files, and editing in place."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from nextstate.domains.terminal.kernel.files import Errno, File, FsError, Link, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, Stop, grammar, parse
from nextstate.domains.terminal.kernel.tools.reading import Printer, cooked, opened, raw
from nextstate.domains.terminal.kernel.tools.regex import Pattern, Syntax, compiled
from nextstate.domains.terminal.kernel.tools.sed_run import Line, Machine, Panic, Sink
from nextstate.domains.terminal.kernel.tools.sed_script import Script, ScriptError, Source

SED = grammar(
    "bsnrzuEe:f:l:i::",
    {
        "quiet": "n", "silent": "n", "expression=": "e", "file=": "f", "in-place[=]": "i", "line-length=": "l",
        "regexp-extended": "E", "separate": "s", "unbuffered": "u", "null-data": "z", "zero-terminated": "z",
        "binary": "b",
    },
    other_long="debug follow-symlinks posix sandbox",
)  # fmt: skip


class Run:
    """One run of sed."""

    def __init__(self, call: Call, options: Options) -> None:
        self.call = call
        self.options = options
        self.operands = options.operands
        self.printer = Printer(call, buffers=True)
        self.end = "\0" if options.has("z") else "\n"
        self.files: dict[str, Sink] = {}
        script = self.script()
        self.machine = Machine(
            script.commands,
            quiet=options.has("n") or script.quiet,
            end=self.end,
            width=self.width(),
            read=self.read,
            sink=self.sink,
            to_bytes=raw if call.utf8 else str,
        )
        self.standard = self.machine.out
        self.errors = Sink(self.end)
        for command in script.commands:
            if command.path is not None and command.name in "swW":
                self.sink(command.path)

    def text(self, text: str) -> str:
        """A text as the script sees it: in a locale that is not UTF-8, its bytes."""
        return text if self.call.utf8 else raw(text)

    def width(self) -> int:
        value = self.options.last("l") or "70"
        if not value.isdecimal() or len(value) > 6:
            raise Undetermined("sed -l")
        return int(value)

    def script(self) -> Script:
        sources = [(key, value or "") for key, value in self.options.given if key in "ef"]
        if not sources:
            if not self.operands:
                raise Undetermined("the usage of sed")
            sources = [("e", self.operands[0])]
            self.operands = self.operands[1:]
        extended = self.options.has("E", "r")
        syntax = Syntax.EXTENDED if extended else Syntax.BASIC

        def compile_(text: str, fold: bool, lines: bool) -> Pattern:
            if self.options.has("z") and (lines or "^" in text or "$" in text):
                raise Undetermined("line starts with sed -z")
            return compiled(self.call, cooked(text) if not self.call.utf8 else text, syntax, fold=fold, lines=lines)

        script = Script(compile_, extended=extended)
        try:
            for number, source in enumerate(self.sources(sources)):
                script.read(source, first=number == 0)
            script.finish()
            if self.options.has("z") and any(command.name in "aic" for command in script.commands):
                raise Undetermined("added texts under sed -z")
        except ScriptError:
            if any(command.path is not None and command.name in "swW" for command in script.commands):
                raise Undetermined("a wrong script that has already made files") from None
            raise
        return script

    def sources(self, given: list[tuple[str, str]]) -> list[Source]:
        found: list[Source] = []
        count = 0
        for key, value in given:
            if key == "f":
                text = opened(self.call, value)
                if isinstance(text, Errno):
                    raise Panic(f"couldn't open file {value}: {text.value}", 4)
                if text.startswith("#!") and "\n" not in text:
                    raise Undetermined("a script without commands")
                found.append(Source(self.text(text.removesuffix("\n")), value, is_file=True))
                continue
            count += 1
            before = found[-1] if found and not found[-1].is_file else None
            if before is not None and (len(before.text) - len(before.text.rstrip("\\"))) % 2:
                before.text += "\n" + self.text(value)
            else:
                found.append(Source(self.text(value), str(count), is_file=False))
        return found

    # -- files ----------------------------------------------------------------------------------------------

    def sink(self, name: str) -> Sink:
        if name == "/dev/stdout":
            return self.standard
        if name == "/dev/stderr":
            return self.errors
        if not name.isascii():
            raise Undetermined("a file name that is no ASCII")
        return self.files.setdefault(name, Sink(self.end))

    def read(self, name: str) -> str | None:
        """The text for ``r``; a missing file is nothing."""
        if name in self.files or name == "/dev/stdin" or not name.isascii():
            raise Undetermined(f"reading {name}")
        text = opened(self.call, self.call.path(name))
        if text is Errno.ISDIR:
            raise Panic(f"read error on {name}: {text.value}", 4)
        return None if isinstance(text, Errno) else self.text(text)

    def lines(self, operands: tuple[str, ...]) -> Iterator[Line]:
        """All lines of some operands, read as they are asked for."""
        number, used = 0, False
        for operand in operands:
            text = "" if used and operand == "-" else opened(self.call, operand)
            used |= operand == "-"
            if text is Errno.ISDIR:
                raise Panic(f"read error on {operand}: {text.value}", 4)
            if isinstance(text, Errno):
                self.printer.error(f"can't read {operand}: {text.value}", 2)
                continue
            records = self.text(text).split(self.end)
            last = records.pop()
            for record in records:
                number += 1
                yield Line(record, True, number, operand)
            if last:
                number += 1
                yield Line(last, False, number, operand)

    def over_files(self) -> None:
        operands = self.operands or ("-",)
        if self.options.has("i"):
            for operand in operands:
                if not self.in_place(operand):
                    return
        elif self.options.has("s"):
            for operand in operands:
                if not self.machine.run(self.lines((operand,))):
                    return
        else:
            self.machine.run(self.lines(operands))

    def in_place(self, operand: str) -> bool:
        """Edits one file; returns whether to go on."""
        if operand == "-":
            raise Undetermined("sed -i of standard input")
        path = self.call.path(operand)
        try:
            node = self.call.tree.get(path, follow=False)
            if isinstance(node, Link):
                raise Undetermined("sed -i of a symbolic link")
            if self.call.tree.is_dir(path):
                raise Panic(f"couldn't edit {operand}: not a regular file", 4)
            before = self.call.tree.read(path)
            self.call.tree.parent_for(path)
        except FsError as error:
            if error.errno is not Errno.NOENT:
                raise Undetermined("sed -i of a file that may not be edited") from None
            self.printer.error(f"can't read {operand}: {error.errno.value}", 2)
            return True
        if not isinstance(node, File) or not self.call.tree.allowed(node.mode, 0o200):
            raise Undetermined("sed -i of a file that may not be written")
        self.machine.out = Sink(self.end)
        on = self.machine.run(self.lines((operand,)))
        self.backup(operand, path, before)
        self.call.tree.write(path, self.cooked(self.machine.out.text()).encode())
        return on

    def backup(self, operand: str, path: str, content: bytes) -> None:
        suffix = self.options.last("i")
        if not suffix:
            return
        if "/" in suffix:
            raise Undetermined("a backup in another directory")
        folder, name = posixpath.split(path)
        target = suffix.replace("*", name) if "*" in suffix else name + suffix
        self.call.tree.write(posixpath.join(folder, target), content)

    def cooked(self, text: str) -> str:
        return text if self.call.utf8 else cooked(text)

    def finish(self) -> Out:
        for name, sink in self.files.items():
            path = self.call.path(name)
            try:
                self.call.tree.write(path, self.cooked(sink.text()).encode(), mode=0o666 & ~self.call.umask)
            except FsError as error:
                raise Undetermined(f"sed cannot write {name}: {error.errno.value}") from None
        if self.errors.pieces and self.standard.pieces:
            raise Undetermined("both streams of sed")
        self.printer.write(self.cooked(self.standard.text()))
        out = self.printer.out()
        code = self.machine.code or out.code
        return Out(out.stdout, out.stderr + self.cooked(self.errors.text()), code, out.merged)


def sed(call: Call) -> Out:
    try:
        options = parse(call, SED)
    except Stop:
        raise Undetermined("the usage of sed") from None
    try:
        run = Run(call, options)
    except (ScriptError, Panic) as error:
        if not all(arg.isascii() for arg in call.args):
            raise Undetermined("which byte of a script beyond ASCII is reported") from None
        return Out(stderr=f"sed: {error}\n", code=error.code)
    try:
        run.over_files()
    except Panic as error:
        run.printer.error(str(error), error.code)
        if options.has("i"):
            raise Undetermined("sed -i that stopped half way") from None
        out = run.finish()
        return Out(out.stdout, out.stderr, error.code, out.merged)
    return run.finish()


TOOLS = {"sed": sed}
