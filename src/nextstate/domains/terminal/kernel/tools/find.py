"""`find`. A directory is read in an order that is not determined: then the lines are right, but not their order.

What several ``-exec`` do together may depend on that order, too. So the walk is made twice, forwards and backwards, and
what differs is undetermined.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from nextstate.domains.terminal.kernel.files import Dir, Entry, FsError, Link, Thing, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool
from nextstate.domains.terminal.kernel.tools.find_expression import (
    Both,
    Comma,
    Either,
    Expression,
    Kind,
    Leaf,
    Not,
    Parsed,
    begins_expression,
    read_expression,
)
from nextstate.domains.terminal.kernel.tools.find_tests import Test, Visit, build, printf
from nextstate.domains.terminal.kernel.tools.options import Stop
from nextstate.domains.terminal.kernel.tools.wording import Report, locate, searchable, why

MAX_VISITS = 20_000
MAX_RUNS = 500
"""Programs that one call may start."""


def find(call: Call) -> Out:
    if "POSIXLY_CORRECT" in call.env:
        raise Undetermined("POSIXLY_CORRECT changes find")
    words, follow = list(call.args), "-P"
    while words and words[0] in ("-H", "-L", "-P"):
        follow = words.pop(0)
    if words and (words[0].startswith(("-O", "-D")) or words[0] == "--"):
        raise Undetermined(f"find {words[0]}")
    starts = []
    while words and not begins_expression(words[0]):
        starts.append(words.pop(0))
    try:
        parsed = read_expression(call, words)
    except Stop as stop:
        return stop.out
    before = dict(call.tree.delta)
    walk = _Walk(call, parsed, follow)
    out = walk.run(starts or ["."])
    if walk.depends_on_order:
        after = dict(call.tree.delta)
        _restore(call, before)
        backwards = _Walk(call, parsed, follow, backwards=True).run(starts or ["."])
        if call.tree.delta != after or not alike(out, backwards) or (walk.ended and out != backwards):
            raise Undetermined("what find does depends on the order of a directory")
        _restore(call, after)
    return out


def _restore(call: Call, delta: dict[str, Entry]) -> None:
    call.tree.delta.clear()
    call.tree.delta.update(delta)


def alike(left: Out, right: Out) -> bool:
    """Whether two outputs have the same lines, in whatever order."""
    return left.code == right.code and all(
        sorted(one.split("\n")) == sorted(two.split("\n"))
        for one, two in ((left.stdout, right.stdout), (left.stderr, right.stderr))
    )


class _Quit(Exception):
    """``-quit`` was reached."""


@dataclass(slots=True)
class _Batch:
    """The words that ``-exec ... {} +`` collects."""

    command: tuple[str, ...]
    words: list[str]


class _Walk:
    def __init__(self, call: Call, parsed: Parsed, follow: str, *, backwards: bool = False) -> None:
        self.call, self.tree, self.parsed, self.follow = call, call.tree, parsed, follow
        self.report = Report(call)
        self.backwards = backwards
        self.tests: dict[Leaf, Test] = {}
        self.batches: dict[Leaf, _Batch] = {}
        self.unordered = self.ragged = self.ended = self.pruned = False
        self.visits = self.runs = 0
        self.reason = ""

    @property
    def depends_on_order(self) -> bool:
        """Whether the walk did what may come out otherwise in another order."""
        return self.ended or self.runs > 1 or any(len(batch.words) > 1 for batch in self.batches.values())

    def run(self, starts: list[str]) -> Out:
        try:
            for start in starts:
                self.start(start)
        except _Quit:
            self.ended = True
        for leaf, batch in self.batches.items():
            self.run_batch(leaf, batch)
        if self.unordered and self.ragged:
            raise Undetermined("the order of a directory, in output without lines")
        return self.report.out(unordered=self.unordered)

    def start(self, start: str) -> None:
        try:
            path = locate(self.call, start)
            node = self.tree.get(path, follow=False)
            if self.follow != "-P" and isinstance(node, Link):
                node = self.tree.lookup(path) or node
        except FsError as error:
            self.report.fail(f"{self.call.quote(start)}: {why(error)}")
            return
        self.visit(Visit(start, path, node, 0, start))

    def visit(self, visit: Visit) -> None:
        self.visits += 1
        if self.visits > MAX_VISITS:
            raise Undetermined("find visits too much")
        if isinstance(visit.node, Link) and self.follow == "-L":
            raise Undetermined("find -L of a link")
        self.pruned = False
        if self.parsed.depth_first:
            self.descend(visit)
            self.apply(visit)
        else:
            self.apply(visit)
            if not self.pruned:
                self.descend(visit)

    def apply(self, visit: Visit) -> None:
        if visit.depth >= self.parsed.min_depth:
            self.holds(self.parsed.expression, visit)

    def descend(self, visit: Visit) -> None:
        limit = self.parsed.max_depth
        if limit is not None and visit.depth >= limit:
            return
        if isinstance(visit.node, Thing):
            raise Undetermined(f"{visit.shown} may be a file or a directory")
        if not isinstance(visit.node, Dir):
            return
        try:
            names = self.tree.names(visit.path)
        except FsError as error:
            self.report.fail(f"{self.call.quote(visit.shown)}: {why(error)}")
            return
        if names:
            searchable(self.tree, visit.node.mode)
        speaking = 0
        for name in reversed(names) if self.backwards else names:
            path, said = posixpath.join(visit.path, name), self.report.size
            shown = visit.shown + name if visit.shown.endswith("/") else f"{visit.shown}/{name}"
            self.visit(Visit(shown, path, self.tree.get(path, follow=False), visit.depth + 1, visit.start))
            speaking += self.report.size > said
        self.unordered = self.unordered or speaking > 1

    # -- the expression, with a third value for what is not known -----------------------------------------------

    def holds(self, expression: Expression, visit: Visit) -> bool | None:
        match expression:
            case Leaf():
                return self.leaf(expression, visit)
            case Not(inner):
                value = self.holds(inner, visit)
                return None if value is None else not value
            case Both(left, right):
                return self.joined(left, right, visit, False)
            case Either(left, right):
                return self.joined(left, right, visit, True)
            case Comma(left, right):
                self.holds(left, visit)
                return self.holds(right, visit)

    def joined(self, left: Expression, right: Expression, visit: Visit, deciding: bool) -> bool | None:
        """``left -a right`` (decided by False) or ``left -o right`` (by True)."""
        first = self.holds(left, visit)
        if first is deciding:
            return first
        if first is None and has_effects(right):
            raise Undetermined(self.reason)
        second = self.holds(right, visit)
        return second if first is not None or second is deciding else None

    def leaf(self, leaf: Leaf, visit: Visit) -> bool | None:
        if leaf.kind is not Kind.TEST:
            return self.act(leaf, visit)
        if leaf not in self.tests:
            self.tests[leaf] = build(self.call, leaf)
        value = self.tests[leaf](visit)
        if value is None:
            self.reason = f"find {leaf.name} of {visit.shown} is not known"
        return value

    # -- actions ------------------------------------------------------------------------------------------------

    def act(self, leaf: Leaf, visit: Visit) -> bool:
        match leaf.name:
            case "-print":
                self.report.say(visit.shown + "\n")
            case "-print0":
                self.say(visit.shown + "\0")
            case "-printf":
                self.say(printf(leaf.args[0])(visit))
            case "-prune":
                self.pruned = not self.parsed.depth_first
            case "-quit":
                raise _Quit
            case "-delete":
                return self.delete(visit)
            case "-exec":
                return self.execute([word.replace("{}", visit.shown) for word in leaf.args])
            case _:
                self.batches.setdefault(leaf, _Batch(leaf.args, [])).words.append(visit.shown)
        return True

    def say(self, text: str) -> None:
        self.ragged = self.ragged or not text.endswith("\n")
        self.report.say(text)

    def delete(self, visit: Visit) -> bool:
        if visit.shown == ".":
            return True
        try:
            self.tree.remove(visit.path)
        except FsError as error:
            self.report.fail(f"cannot delete {self.call.quote(visit.shown)}: {why(error)}")
            return False
        return True

    def execute(self, words: list[str]) -> bool:
        self.runs += 1
        if self.runs > MAX_RUNS:
            raise Undetermined("find starts too many programs")
        out = self.call.run(words, None)
        self.ragged = self.ragged or (bool(out.stdout) and not out.stdout.endswith("\n"))
        self.unordered = self.unordered or out.unordered
        self.report.absorb(out)
        return out.code == 0

    def run_batch(self, leaf: Leaf, batch: _Batch) -> None:
        said = self.report.size
        if not self.execute([*batch.command, *batch.words]):
            self.report.code = 1
        if len(batch.words) > 1 and self.report.size > said:
            self.unordered = True


def has_effects(expression: Expression) -> bool:
    if isinstance(expression, Leaf):
        return expression.kind is not Kind.TEST
    if isinstance(expression, Not):
        return has_effects(expression.inner)
    return has_effects(expression.left) or has_effects(expression.right)


TOOLS: dict[str, Tool] = {"find": find}
