"""The command line of jq: its options, its inputs and what it prints of each result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, decode
from nextstate.domains.terminal.kernel.tools.jq.evaluate import Break, Machine, Scope
from nextstate.domains.terminal.kernel.tools.jq.syntax import parse
from nextstate.domains.terminal.kernel.tools.jq.values import JqError, Json, Reader, Writer, truth
from nextstate.domains.terminal.kernel.tools.jq.wrong_json import Scanner
from nextstate.domains.terminal.kernel.tools.reading import Printer

_LONG = {
    "compact-output": "c", "raw-output": "r", "slurp": "s", "null-input": "n", "exit-status": "e", "sort-keys": "S",
    "join-output": "j", "ascii-output": "a", "raw-input": "R", "monochrome-output": "M", "tab": "tab",
    "from-file": "f",
}  # fmt: skip
_SHORT = frozenset("crsneSjaRMf")
MAX_INPUT = 3_000_000


@dataclass(slots=True)
class Settings:
    """What the options say."""

    flags: set[str] = field(default_factory=set)
    indent: int = 2
    variables: dict[str, Json] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def settings(call: Call) -> Settings:
    """The options; versions differ in what they make of wrong ones."""
    made, args = Settings(), list(call.args)
    while args:
        arg = args.pop(0)
        if arg == "--" or arg == "-" or (arg.startswith("--") and not made_long(call, arg, args, made)):
            raise Undetermined(f"jq {arg}")
        if arg.startswith("--"):
            continue
        if not arg.startswith("-"):
            made.words.append(arg)
        elif set(arg[1:]) <= _SHORT:
            made.flags |= set(arg[1:])
        else:
            raise Undetermined(f"jq {arg}")
    if not made.words:
        raise Undetermined("jq without a program")
    return made


def made_long(call: Call, arg: str, args: list[str], made: Settings) -> bool:
    """Takes a long option with its values; whether it is known."""
    name = arg[2:]
    if name in _LONG:
        made.flags.add(_LONG[name])
    elif name == "indent" and args and args[0].isdigit() and int(args[0]) <= 7:
        made.indent = int(args.pop(0))
        made.flags.discard("tab")
    elif name in ("arg", "argjson", "slurpfile", "rawfile") and len(args) >= 2:
        key, text = args.pop(0), args.pop(0)
        made.variables.setdefault("$" + key, argument(call, name, text))
    else:
        return False
    return True


def argument(call: Call, option: str, text: str) -> Json:
    """The value of a named argument."""
    if option == "arg":
        return text
    try:
        if option != "argjson":
            text = call.read_text(text)
        if option == "rawfile":
            return text
        reader, values = Reader(text), []
        while reader.more():
            values.append(reader.next())
    except (FsError, ValueError):
        raise Undetermined(f"jq --{option} with a wrong value") from None
    if option == "slurpfile":
        return values
    if len(values) != 1:
        raise Undetermined("jq --argjson with a wrong value")
    return values[0]


class Inputs:
    """The values of the files in turn, and where reading is, for messages."""

    def __init__(self, call: Call, operands: list[str], flags: set[str], printer: Printer) -> None:
        self.place = "<unknown>"
        self.bad_file = False
        self.broken = ""
        texts = []
        for operand in operands or ["-"]:
            try:
                text = call.input() if not operands else decode(call.tree.read(call.path(operand)), operand)
            except FsError as error:
                before = "" if call.variant == 1 else "file "
                printer.error(f"error: Could not open {before}{operand}: {error.errno.value}", 2)
                self.bad_file = True
                continue
            texts.append((operand if operands else "<stdin>", text))
        if sum(len(text) for _, text in texts) > MAX_INPUT or (self.bad_file and texts):
            raise Undetermined("jq: much input, or a file that is missing among others")
        self.texts = texts
        self.flags = flags
        self.later = call.variant == 1

    def values(self) -> Iterator[Json]:
        if "R" in self.flags:
            yield from self.lines()
        elif "s" in self.flags:
            everything = list(self.parsed())
            if not self.broken:
                self.end()
                yield everything
        else:
            yield from self.parsed()

    def lines(self) -> Iterator[Json]:
        whole = "".join(text for _, text in self.texts)
        if len(self.texts) > 1 and any(text[-1:] not in ("", "\n") for _, text in self.texts):
            raise Undetermined("jq: a line that spans files")
        if "s" in self.flags:
            yield whole
            return
        for number, line in enumerate(whole.split("\n")[: -1 if whole.endswith("\n") or not whole else None], 1):
            self.place = f"<stdin>:{number}" if len(self.texts) == 1 and self.texts[0][0] == "<stdin>" else ""
            yield line

    def parsed(self) -> Iterator[Json]:
        for at, (name, text) in enumerate(self.texts):
            reader = Reader(text)
            while reader.more():
                try:
                    value = reader.next()
                except ValueError:
                    if len(self.texts) > 1:
                        raise Undetermined("jq: wrong JSON in several files") from None
                    self.broken = Scanner().complaint(text)
                    return
                if not text[reader.at :].strip() and reader.at == len(text) and at + 1 < len(self.texts):
                    raise Undetermined("jq: a value that may span files")
                self.place = self.located(name, text, reader.at)
                yield value
            self.place = self.located(name, text, len(text))

    def located(self, name: str, text: str, at: int) -> str:
        """``name:line`` as it is in messages once the value before ``at`` was read (whole lines are)."""
        if len(self.texts) > 1 or max(map(len, text.split("\n")), default=0) > 1000:
            return ""
        end = text.find("\n", at)
        return f"{name}:{text.count(chr(10)) if end < 0 else text.count(chr(10), 0, end + 1)}"

    def end(self) -> None:
        if self.texts:
            self.place = self.located(*self.texts[-1], len(self.texts[-1][1]))


def environment(call: Call) -> dict[str, Json]:
    if "SHLVL" not in call.env:
        raise Undetermined("the whole environment was never shown")
    return dict(call.env)


def run(call: Call) -> Out:
    """Runs one invocation."""
    try:
        return Run(call).out()
    except RecursionError:
        raise Undetermined("jq: a deep recursion") from None


class Run:
    def __init__(self, call: Call) -> None:
        self.call = call
        self.printer = Printer(call, buffers=True)
        self.options = settings(call)
        flags = self.options.flags
        operands = self.options.words[1:]
        text = self.options.words[0]
        if "f" in flags:
            try:
                text = call.read_text(text)
            except FsError:
                raise Undetermined("jq: a program that cannot be read") from None
        self.node = parse(text)
        indent = (
            None if "c" in flags or self.options.indent == 0 else "\t" if "tab" in flags else " " * self.options.indent
        )
        self.writer = Writer(indent=indent, keys_sorted="S" in flags, ascii_only="a" in flags, later=call.variant == 1)
        lazy = "n" in flags and "input" not in text
        self.inputs = Inputs(call, operands, flags, self.printer) if not lazy else None
        self.values = self.inputs.values() if self.inputs else iter(())
        self.varied = self.inputs is not None and self.inputs.bad_file
        self.status: int | None = None
        named = {**self.options.variables, "$__prog_name": None}
        self.scope = Scope({key: value for key, value in named.items() if key != "$__prog_name"})
        if "$ENV" in text:
            self.scope = self.scope.bind("$ENV", environment(call))

    def out(self) -> Out:
        machine = Machine(self.values, lambda _: environment(self.call))
        for value in [None] if "n" in self.options.flags else self.values:
            machine.unwound = False
            try:
                for result in machine.values(self.node, self.scope, value):
                    self.show(result)
            except JqError as error:
                machine.caught(error)
                self.failed(error)
            except Break:
                raise Undetermined("jq: a break without its label") from None
            else:
                self.printer.code = 0
        return self.ended()

    def show(self, result: Json) -> None:
        flags = self.options.flags
        self.status = 0 if truth(result) else 1
        raw = isinstance(result, str) and flags & {"r", "j"}
        if raw and "a" in flags:
            raise Undetermined("jq -ra")
        self.printer.write(result if raw else self.writer.dump(result))
        if "j" not in flags:
            self.printer.write("\n")

    def failed(self, error: JqError) -> None:
        place = self.inputs.place if self.inputs else "<unknown>"
        if not place or error.later is None:
            raise Undetermined("jq: the words of an error")
        self.varied |= error.later != error.value
        value = error.later if self.call.variant == 1 else error.value
        if not isinstance(value, str):
            text = Writer().dump(value)
            self.printer.error(f"error (at {place}) (not a string): {text}", 5)
        else:
            self.printer.error(f"error (at {place}): {value}", 5)

    def ended(self) -> Out:
        broken = self.inputs.broken if self.inputs else ""
        if broken:
            if "n" in self.options.flags:
                raise Undetermined("jq: input that is no JSON")
            self.printer.pieces.append((True, f"{'jq: ' if self.call.variant == 1 else ''}parse error: {broken}\n"))
            self.varied = True
        out = self.printer.out()
        code = 2 if self.inputs and self.inputs.bad_file else out.code
        if broken:
            code = 2 if self.call.variant == 1 else 4
        if "e" in self.options.flags and code == 0:
            code = 4 if self.status is None else self.status
        return Out(out.stdout, out.stderr, code, out.merged, varied=self.varied or self.writer.loose)
