"""Runs a sed script over its input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.reading import MAX_OUT
from nextstate.domains.terminal.kernel.tools.regex import Found, Pattern
from nextstate.domains.terminal.kernel.tools.sed_script import Address, Command, Kind
from nextstate.domains.terminal.kernel.tools.sed_text import Part

MAX_STEPS = 2_000_000
"""Commands carried out; a script that needs more may never end."""


class Panic(Exception):
    """sed ends at once with a message."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the input; ``ended``: it has its end; ``number`` counts from 1."""

    text: str
    ended: bool
    number: int
    name: str


class Sink:
    """Something sed writes to; it adds the end that a last line lacked before it writes more."""

    def __init__(self, end: str) -> None:
        self.end = end
        self.pieces: list[str] = []
        self.missing = False
        self.size = 0

    def write(self, text: str) -> None:
        if self.missing:
            self.pieces.append(self.end)
            self.missing = False
        self.size += len(text)
        if self.size > MAX_OUT:
            raise Undetermined("a long output")
        self.pieces.append(text)

    def line(self, text: str, ended: bool = True) -> None:
        self.write(text + self.end if ended else text)
        self.missing = not ended

    def text(self) -> str:
        return "".join(self.pieces)


class Machine:
    """The state of a run. ``out`` takes what is printed; ``sinks`` the files of ``w``."""

    def __init__(
        self,
        commands: list[Command],
        *,
        quiet: bool,
        end: str,
        width: int,
        read: Callable[[str], str | None],
        sink: Callable[[str], Sink],
        to_bytes: Callable[[str], str],
    ) -> None:
        self.commands = commands
        self.quiet = quiet
        self.end = end
        self.width = width
        self.read = read
        self.sink = sink
        self.bytes = to_bytes
        self.out = Sink(end)
        self.space, self.ended = "", True
        self.hold, self.hold_ended = "", True
        self.ahead: Line | None = None
        self.trouble: Panic | None = None
        self.line = Line("", True, 0, "-")
        self.queue: list[Callable[[], None]] = []
        self.active: dict[int, int | None] = {}
        """Ranges that have begun: the command's index, and the line that ends it (``None``: an expression does)."""
        self.over: set[int] = set()
        """Ranges that have ended; one that begins with a line number does not begin again."""
        self.last_used: Pattern | None = None
        self.rests: dict[str, list[str]] = {}
        self.replaced = False
        self.steps = 0
        self.code = 0

    # -- input ----------------------------------------------------------------------------------------------

    def run(self, lines: Iterator[Line]) -> bool:
        """Runs over one stream of lines; returns whether to go on with the next stream."""
        self.lines = lines
        self.look_ahead()
        self.active.clear()
        self.over.clear()
        for at, command in enumerate(self.commands):
            if command.first is not None and command.first.kind is Kind.LINE and command.first.number == 0:
                self.active[at] = None
        fresh = True
        while True:
            if fresh and not self.advance():
                return True
            ending = self.cycle()
            if ending == "again":
                self.flush()
                fresh = False
                continue
            fresh = True
            if ending in ("end", "stop", "quit") and not self.quiet:
                self.out.line(self.space, self.ended)
            if ending != "abort":
                self.flush()
            if ending == "quit":
                self.out.write("")
            if ending in ("stop", "quit", "abort"):
                return ending == "stop"

    def advance(self, join: bool = False) -> bool:
        """Takes the next line; ``False`` at the end."""
        if self.trouble is not None:
            raise self.trouble
        if self.ahead is None:
            return False
        self.line = self.ahead
        self.look_ahead()
        self.space = self.space + self.end + self.line.text if join else self.line.text
        self.ended = self.line.ended
        self.replaced = False
        return True

    def look_ahead(self) -> None:
        """Fetches the line after this one; what goes wrong with it shows when it is asked for."""
        try:
            self.ahead = next(self.lines, None)
        except Panic as trouble:
            self.ahead, self.trouble = None, trouble

    @property
    def last(self) -> bool:
        """Whether no line follows."""
        if self.trouble is not None:
            raise Undetermined("whether a line is the last before a file that cannot be read")
        return self.ahead is None

    def flush(self) -> None:
        """Prints what ``a``, ``r`` and ``R`` left for the end of the cycle."""
        for action in self.queue:
            action()
        self.queue.clear()

    # -- addresses ------------------------------------------------------------------------------------------

    def selected(self, at: int, command: Command) -> bool:
        if command.first is None:
            return True
        if command.second is None:
            return self.fits(command.first)
        if at in self.active:
            return self.inside(at, command)
        if command.first.kind is Kind.LINE:
            if at in self.over or self.line.number < command.first.number:
                return False
        elif not self.fits(command.first):
            return False
        return self.begins(at, command.first, command.second)

    def begins(self, at: int, first: Address, second: Address) -> bool:
        """What may be the first line of a range; whether more will follow is noted."""
        number = self.line.number
        end: int | None = None
        if second.kind is Kind.LINE:
            end = second.number
        elif second.kind is Kind.PLUS:
            end = number + second.number
        elif second.kind is Kind.MULTIPLE:
            end = (number // second.number + 1) * second.number if second.number else number
        if (end is None and not (second.kind is Kind.LAST and self.last)) or (end is not None and end > number):
            self.active[at] = end
            return True
        self.over.add(at)
        return first.kind is not Kind.LINE or number == first.number or end is None or number <= end

    def inside(self, at: int, command: Command) -> bool:
        end = self.active[at]
        assert command.second is not None
        if end is None and not self.fits(command.second):
            return True
        if end is None or self.line.number >= end:
            del self.active[at]
            self.over.add(at)
        return end is None or self.line.number <= end or command.second.kind is not Kind.LINE

    def fits(self, address: Address) -> bool:
        number = self.line.number
        if address.kind is Kind.LINE:
            return number == address.number
        if address.kind is Kind.LAST:
            return self.last
        if address.kind is Kind.STEP:
            if address.step == 0:
                return number == address.number
            return number >= address.number and (number - address.number) % address.step == 0
        if address.kind is Kind.MATCH:
            return self.pattern(address.pattern).matches(self.space)
        raise Undetermined("an odd address")

    def pattern(self, pattern: Pattern | None) -> Pattern:
        """The pattern itself, or the last one used for an empty expression."""
        if pattern is None:
            pattern = self.last_used
        if pattern is None:
            raise Panic("-e expression #1, char 0: no previous regular expression", 1)
        self.last_used = pattern
        return pattern

    # -- commands -------------------------------------------------------------------------------------------

    def cycle(self) -> str:
        """Runs the commands on the pattern space; how it ended.

        ``end``, ``next`` (nothing is printed), ``again`` (nothing is read), ``stop`` (no input), ``quit``, ``abort``.
        """
        at, commands = 0, self.commands
        while at < len(commands):
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise Undetermined("a script that may never end")
            command = commands[at]
            if self.selected(at, command) == command.negate:
                at = command.target if command.name == "{" else at
                at += 1
                continue
            name = command.name
            if name == "s":
                self.substitute(command)
            elif name in "bTt":
                at = self.jump(command, at)
            elif name not in "{}:":
                ending = self.carry_out(name, command, at)
                if ending:
                    return ending
            at += 1
        return "end"

    def jump(self, command: Command, at: int) -> int:
        if command.name == "b":
            return command.target
        replaced, self.replaced = self.replaced, False
        return command.target if replaced == (command.name == "t") else at

    def carry_out(self, name: str, command: Command, at: int) -> str:
        """One command; returns how the cycle ends, or nothing."""
        if name in "dDnNqQc":
            return self.move(name, command, at)
        if name in "gGhHx":
            self.exchange(name)
        elif name in "p=lPFi":
            self.show(name, command)
        elif name in "arR":
            self.later(name, command)
        elif name in "wW":
            sink = self.sink(command.path or "")
            if name == "w":
                sink.line(self.space, self.ended)
            else:
                self.first_line(sink)
        elif name == "y":
            self.space = self.space.translate(command.table)
        elif name == "z":
            self.space = ""
        return ""

    def move(self, name: str, command: Command, at: int) -> str:
        if name == "d":
            return "next"
        if name == "D":
            if self.end not in self.space:
                return "next"
            self.space = self.space.split(self.end, 1)[1]
            return "again"
        if name == "c":
            if at not in self.active:
                self.out.write(command.text)
            return "next"
        if name == "n":
            if self.last:
                return "stop"
            if not self.quiet:
                self.out.line(self.space, self.ended)
            self.flush()
            self.advance()
            return ""
        if name == "N":
            if self.last:
                return "stop"
            self.flush()
            self.advance(join=True)
            return ""
        self.code = command.number or 0
        return "quit" if name == "q" else "abort"

    def exchange(self, name: str) -> None:
        if name == "g":
            self.space, self.ended = self.hold, self.hold_ended
        elif name == "G":
            self.bounded(self.space, self.hold)
            self.space += self.end + self.hold
            self.ended |= self.hold_ended
        elif name == "h":
            self.hold, self.hold_ended = self.space, self.ended
        elif name == "H":
            self.bounded(self.space, self.hold)
            self.hold += self.end + self.space
            self.hold_ended |= self.ended
        else:
            self.space, self.hold = self.hold, self.space
            self.ended, self.hold_ended = self.hold_ended, self.ended

    def bounded(self, *texts: str) -> None:
        if sum(map(len, texts)) > MAX_OUT:
            raise Undetermined("a long line")

    def show(self, name: str, command: Command) -> None:
        if name == "p":
            self.out.line(self.space, self.ended)
        elif name == "P":
            self.first_line(self.out)
        elif name == "=":
            self.out.write(f"{self.line.number}\n")
        elif name == "F":
            self.out.write(f"{self.line.name}\n")
        elif name == "i":
            self.out.write(command.text)
        else:
            width = self.width if command.number is None else command.number
            if width == 1:
                raise Undetermined("lines of one character")
            self.out.write(unambiguous(self.bytes(self.space), width) + "\n")

    def first_line(self, sink: Sink) -> None:
        first, newline, _ = self.space.partition(self.end)
        sink.line(first, bool(newline) or self.ended)

    def later(self, name: str, command: Command) -> None:
        if name == "a":
            self.queue.append(lambda: self.out.write(command.text) if command.text else None)
            return
        path = command.path or ""
        if name == "r":
            self.queue.append(lambda: self.insert(self.read(path)))
            return
        if path not in self.rests:
            records = (self.read(path) or "").split(self.end)
            last = records.pop()
            self.rests[path] = ([last] if last else []) + [record + self.end for record in reversed(records)]
        if self.rests[path]:
            line = self.rests[path].pop()
            self.queue.append(lambda: self.out.write(line))

    def insert(self, text: str | None) -> None:
        if text:
            self.out.write(text)

    # -- substitution ---------------------------------------------------------------------------------------

    def substitute(self, command: Command) -> None:
        pattern = self.pattern(command.pattern)
        text, pieces, at, count, done, size = self.space, [], 0, 0, False, 0
        for found in pattern.each(text):
            count += 1
            if count < command.nth:
                continue
            pieces.append(text[at : found.start])
            pieces.append(filled(command.parts, found))
            at, done, size = found.end, True, size + len(pieces[-1])
            if size > MAX_OUT:
                raise Undetermined("a long line")
            if not command.everywhere:
                break
        if not done:
            return
        self.space = "".join(pieces) + text[at:]
        if len(self.space) > MAX_OUT:
            raise Undetermined("a long line")
        self.replaced = True
        if command.shows:
            self.out.line(self.space, self.ended)
        if command.path is not None:
            self.sink(command.path).line(self.space, self.ended)


def filled(parts: tuple[Part, ...], found: Found) -> str:
    """The replacement for one match."""
    if len(parts) == 1 and parts[0].group < 0 and not parts[0].mode and not parts[0].once:
        return parts[0].text
    pieces, pending = [], ""
    for part in parts:
        once = part.once or pending
        pending = ""
        for text in (part.text, found.group(part.group) if part.group >= 0 else ""):
            if text:
                pieces.append(cased(text, part.mode, once))
                once = ""
        pending = once if part.group >= 0 else ""
    return "".join(pieces)


def cased(text: str, mode: str, once: str) -> str:
    if not mode and not once:
        return text
    if not text.isascii():
        raise Undetermined("the case of letters beyond ASCII")
    if mode:
        text = text.upper() if mode == "U" else text.lower()
    if once:
        text = (text[0].upper() if once == "u" else text[0].lower()) + text[1:]
    return text


_SHOWN = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\"}


def unambiguous(text: str, width: int) -> str:
    """The pattern space (its bytes) as ``l`` shows it."""
    lines, now = [], ""
    for ch in text:
        shown = _SHOWN.get(ch) or (ch if " " <= ch <= "~" else f"\\{ord(ch):03o}")
        if width > 1 and len(now) + len(shown) > width - 1:
            lines.append(now + "\\")
            now = ""
        now += shown
    return "\n".join([*lines, now + "$"])
