"""Notices whether it matters when a redirected file is opened, and opens it when a shell does.

A shell opens the files of redirections before a command runs, bashkit writes them after it. This is the same unless
the command looks at such a file, or lists its folder, or changes it. `Watch` notes every look at a file with its time;
a write to a file that was looked at before makes the run *suspect*. A suspect action is run again with marks
(`redirecting.py`), so that files are opened at their time, and every look between opening and writing is judged here:
the programs' output is written at their end, so that a look at what they wrote themselves is not determined.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from nextstate.domains.terminal.kernel.files import Entry, File, FsError, Undetermined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nextstate.domains.terminal.kernel.files import Tree

FILTERS = frozenset(
    """sort wc head tail cut tr sed nl rev uniq tac paste md5sum sha1sum sha256sum ls find stat du cat fold expand
    comm join od base64 cmp diff column test [ file""".split()
)
"""Programs that read each file at once and write less than a buffer of output when they end."""
BUFFER = 4096
"""Bytes that programs collect before they write to a file or a pipe (BUFSIZ of common file systems)."""
CHECKING = frozenset({"grep", "egrep", "fgrep", "rgrep"})
"""Programs that complain, in words that differ between versions, when a file that they read is their output."""
NOWHERE = ("/dev/null", "/dev/stdout", "/dev/stderr")
EARLY = "the program may read a file that the shell opens for its output"
RACE = "which program of a pipeline is faster"

Result = TypeVar("Result")


@dataclass(slots=True)
class Opened:
    """A file that a mark opened and that was not written yet."""

    mode: str
    """``plain``: looks before the write were made before the shell opened it; ``program``, ``group``: as named."""
    operator: str
    placed: Entry | None
    time: int
    calls: int
    loop: bool
    twice: bool = False


@dataclass(slots=True)
class Pipeline:
    """A pipeline that runs: when it began, whether a part of it waits for input, what was written in it and when."""

    time: int
    waits: bool
    number: str
    writes: list[tuple[str, int, int, bool, bool]] = field(default_factory=list)
    """Path, time of opening, time of writing, whether inside a loop that reads, whether the file was there."""


class Watch:
    """The looks of one run. ``note`` takes the reason why a run is not determined."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.note = note
        self.tree: Tree
        self.marked = False
        """Whether the action has marks."""
        self.ahead: dict[str, set[str]] = {}
        """Files that are opened when a pipeline begins, by the pipeline's number."""
        self.clear()

    def begin_run(self, tree: Tree) -> None:
        """A new run, on these files."""
        self.clear()
        self.tree = tree
        tree.watch = self

    def clear(self) -> None:
        self.time, self.calls, self.doubts = 0, 0, 0
        self.quiet = self.suspect = False
        self.everything: list[int] = []
        self.looks: dict[str, list[int]] = {}
        self.lists: dict[str, list[int]] = {}
        self.reads: list[tuple[int, str]] = []
        self.fed: list[int] = []
        self.names: list[tuple[int, str]] = []
        self.asked: Counter[str] = Counter()
        self.missed: set[str] = set()
        self.open: dict[str, Opened] = {}
        self.pipelines: list[Pipeline] = []
        self.races: dict[str, set[str]] = {}

    # -- what is looked at ----------------------------------------------------------------------------------

    def looked(self, path: str) -> None:
        if not self.quiet:
            _at(self.looks, path, self.time)

    def listed(self, folder: str) -> None:
        if not self.quiet:
            _at(self.lists, folder.rstrip("/") or "/", self.time)

    def read(self, path: str) -> None:
        if not self.quiet:
            self.reads.append((self.time, path))

    def asks(self, path: str, *, there: bool) -> None:
        """The shell asked for a file: it does so once before it writes one, which is no look."""
        self.asked[path] += 1
        if not there:
            self.missed.add(path)

    def settle(self, but: str = "") -> None:
        """Whatever was asked before something else than a write is a look."""
        self.time += 1
        for path, count in self.asked.items():
            if path != but or count > 1:
                self.looked(path)
        self.asked.clear()
        self.time += 1

    def called(self, name: str, fed: bool) -> dict[str, Entry]:
        """A program begins; ``fed``: with something to read. The files as they are before it."""
        self.settle()
        self.calls += 1
        self.names.append((self.time, name))
        if fed:
            self.fed.append(self.time)
        if name == "git":
            self.everything.append(self.time)
        return dict(self.tree.delta)

    def ended(self, name: str, before: dict[str, Entry], fed: bool) -> None:
        """A program has ended: what it changed, another one of its pipeline may have looked at."""
        changed = [path for path, entry in self.tree.delta.items() if before.get(path) is not entry]
        start, self.time = self.time, self.time + 1
        for path in changed:
            there = path in before or path in self.tree.files.entries
            if self.pipelines:
                waits = self.pipelines[-1].waits and name != "tee"
                self.pipelines[-1].writes.append((path, start, start, waits, there))
            elif not self.marked and (fed or name == "tee") and self.seen(path, 0, start, there):
                self.suspect = True
            _at(self.looks, path, start)

    def seen(self, path: str, since: int, until: int, there: bool) -> bool:
        """Whether a file was looked at in a span of time, or its folder listed if it was not ``there``."""
        spans = [self.looks.get(path, []), self.everything]
        if not there:
            spans.append(self.lists.get(posixpath.dirname(path), []))
        return any(bisect_left(times, since) < bisect_left(times, until) for times in spans)

    # -- opening and writing --------------------------------------------------------------------------------

    def begin(self, mode: str, files: list[tuple[str, str]], *, loop: bool, errors: bool) -> bool:
        """Opens files (operators and paths) as a shell does before a command; whether all could be opened.

        ``errors``: the command's errors are redirected. They are written at once, and do not wait for its end.
        """
        self.settle()
        kept = "group" if errors and mode != "plain" else mode
        for operator, path in files:
            try:
                self.quietly(partial(self._open, kept, loop, operator, path))
                if mode == "plain" and (errors or len(files) > 1):
                    self.quietly(partial(self._try, path))
            except FsError:
                if operator != "<" and mode != "run":
                    self.note("a redirection that fails")
                for _, other in files:
                    self.open.pop(self._real(other), None)
                return False
        self.time += 1
        return True

    def _real(self, path: str) -> str:
        try:
            return self.quietly(lambda: self.tree.resolve(path))
        except (FsError, Undetermined):
            return path

    def _open(self, mode: str, loop: bool, operator: str, path: str) -> None:
        if path in NOWHERE:
            return
        if operator == "<":
            self.tree.read(path)
            return
        real = self.tree.resolve(path)
        if mode != "plain":
            self.tree.write(path, b"", append=operator in (">>", "&>>"))
        twice = real in self.open
        self.open[real] = Opened(mode, operator, self.tree.delta.get(real), self.time, self.calls, loop, twice)

    def _try(self, path: str) -> None:
        """Raises what opening a file for output would raise."""
        before = dict(self.tree.delta)
        self.tree.write(path, b"", append=True)
        self.tree.rewind(before)

    def writes(self, path: str, content: bytes) -> None:
        """Judges what the shell is about to write to a file after a command."""
        real = self._real(path)
        self.settle(but=real)
        opened = self.open.pop(real, None)
        self.missed.discard(real)
        there = isinstance(self.quietly(lambda: self.tree.entry(real)), File)
        since = opened.time if opened else 0
        if opened is None:
            if self.seen(real, 0, self.time, there):
                self.suspect = True
                self._refuse(real, EARLY)
        elif opened.twice or not self._harmless(opened, real, content):
            self._refuse(real, EARLY)
        if opened is not None:  # whoever opened it before and has not written it yet must not find it unchanged
            _at(self.looks, real, self.time)
        if self.pipelines:
            start = since if opened else self.time
            before = there if opened is None or opened.mode == "plain" else real in self.tree.files.entries
            loop = opened.loop if opened else self.pipelines[-1].waits
            self.pipelines[-1].writes.append((real, start, self.time, loop, before))
        self.time += 1

    def quietly(self, action: Callable[[], Result]) -> Result:
        """Does something that is no look."""
        before, self.quiet = self.quiet, True
        try:
            return action()
        finally:
            self.quiet = before

    def _refuse(self, real: str, reason: str) -> None:
        if self.marked:
            self.note(reason)
            self.doubts += 1
            self.tree.delta[real] = File(None)

    def _harmless(self, opened: Opened, real: str, content: bytes) -> bool:
        """Whether what was seen of a file between its opening and its writing is what a real program sees."""
        if opened.mode == "plain":
            return True
        if self.tree.delta.get(real) is not opened.placed:
            return False
        if not self.seen(real, opened.time, self.time + 1, there=True):
            return True
        names = {name for time, name in self.names if time >= opened.time}
        if names & CHECKING:
            return False
        appends = opened.operator in (">>", "&>>")
        if appends and "cat" in names:
            return False
        if not content and not appends:
            return True
        if opened.mode == "group" or self.calls - opened.calls != 1 or not names <= FILTERS or len(content) >= BUFFER:
            return False
        read = [path for time, path in self.reads if time >= opened.time]
        fed = any(time >= opened.time for time in self.fed)
        return not read or (not fed and read[0] == real and read.count(real) == 1)

    # -- pipelines ------------------------------------------------------------------------------------------

    def enters(self, number: str, waits: bool) -> None:
        """A pipeline begins: files that its programs may open before others look are opened if `ahead` says so."""
        self.settle()
        for path in sorted(self.ahead.get(number, ())):
            try:
                self.quietly(partial(self.tree.write, path, b""))
            except (FsError, Undetermined):
                self.note(RACE)
        self.pipelines.append(Pipeline(self.time, waits, number))

    def finish(self) -> None:
        """The end of a run: what was only asked for was looked at; every file that a mark opened was written."""
        self.settle()
        self.tree.watch = None
        if self.open:
            self.note("a redirection that is not made as it stands")

    def leaves(self) -> None:
        """A pipeline has ended: which files were looked at by another program than the one that wrote them?"""
        self.settle()
        if not self.pipelines:
            return
        pipeline = self.pipelines.pop()
        for path, opened, written, waits, there in pipeline.writes:
            if waits:
                continue
            if self.seen(path, written + 1, self.time, there):
                self._refuse(path, RACE)
            elif self.seen(path, pipeline.time, opened, there):
                self.races.setdefault(pipeline.number, set()).add(path)
            if sum(other == path for other, *_ in pipeline.writes) > 1:
                self._refuse(path, RACE)
        if self.pipelines:
            self.pipelines[-1].writes += pipeline.writes


def _at(table: dict[str, list[int]], path: str, time: int) -> None:
    times = table.setdefault(path, [])
    if not times or times[-1] != time:
        times.append(time)


def pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    """Operators and targets as a mark names them; anything else means that a target is not one word."""
    if len(words) % 2:
        raise Undetermined("an ambiguous redirection")
    for operator, target in zip(words[::2], words[1::2], strict=True):
        if operator not in (">", ">>", ">|", "<", "&>", "&>>", ">&"):
            raise Undetermined("an ambiguous redirection")
        yield operator, target
