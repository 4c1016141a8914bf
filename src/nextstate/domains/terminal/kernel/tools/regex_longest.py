"""Finds the longest match of a regular expression, which backtracking engines do not look for.

A non-deterministic automaton (after Thompson) whose sets of states are kept, so that most steps are one look-up.
"""

from __future__ import annotations

import re

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools import regex_tree as tree
from nextstate.domains.terminal.kernel.tools.regex_tree import At, Node

MAX_STATES = 4000
MAX_KEPT = 20_000

States = frozenset[int]
Context = tuple[bool, bool, bool, bool]
"""At a line start, at a line end, after a word character, before a word character."""
NO_CONTEXT: Context = (False, False, False, False)


class Longest:
    """An automaton for one tree without back-references; built when it is first used."""

    def __init__(self, node: Node, fold: bool, lines: bool) -> None:
        self.node = node
        self.fold = fold
        self.lines = lines
        self.tests: list[re.Pattern[str] | At | None] = []
        """Per state: the character it takes, the place it needs, or ``None`` for a free move."""
        self.nexts: list[tuple[int, ...]] = []
        self.places = any(isinstance(part, tree.Place) for part in tree.walk(node))
        self.word = re.compile(f"[{next((p.wide for p in tree.walk(node) if isinstance(p, tree.Place)), tree.WORD)}]")
        self.first = -1
        self.closures: dict[tuple[States, Context], States] = {}
        self.moves: dict[tuple[States, str], States] = {}

    def build(self) -> None:
        self.final = self.state(None, ())
        self.first = self.add(self.node, self.final)

    def state(self, test: re.Pattern[str] | At | None, nexts: tuple[int, ...]) -> int:
        if len(self.tests) > MAX_STATES:
            raise Undetermined("a large regular expression")
        self.tests.append(test)
        self.nexts.append(nexts)
        return len(self.tests) - 1

    def add(self, node: Node, then: int) -> int:
        """The state from which ``node`` leads to ``then``."""
        match node:
            case tree.Chars(text):
                return self.state(re.compile(text, re.IGNORECASE if self.fold else 0), (then,))
            case tree.Place(at):
                return self.state(at, (then,))
            case tree.Row(items):
                for item in reversed(items):
                    then = self.add(item, then)
                return then
            case tree.Either(branches):
                return self.state(None, tuple(self.add(branch, then) for branch in branches))
            case tree.Group(_, inner):
                return self.add(inner, then)
            case tree.Repeat(inner, least, most):
                return self.repeat(inner, least, most, then)
        raise AssertionError("back-references have no automaton")

    def repeat(self, inner: Node, least: int, most: int | None, then: int) -> int:
        if most is None:
            loop = self.state(None, ())
            self.nexts[loop] = (self.add(inner, loop), then)
            then = loop
        else:
            for _ in range(most - least):
                then = self.state(None, (self.add(inner, then), then))
        for _ in range(least):
            then = self.add(inner, then)
        return then

    def end(self, text: str, start: int) -> int | None:
        """Where the longest match that begins at ``start`` ends."""
        if self.first < 0:
            self.build()
        states, best = frozenset((self.first,)), None
        for at in range(start, len(text) + 1):
            closed = self.closed(states, self.context(text, at))
            if self.final in closed:
                best = at
            if at == len(text):
                break
            states = self.moved(closed, text[at])
            if not states:
                break
        return best

    def anywhere(self, text: str) -> bool:
        """Whether there is a match at all."""
        if self.first < 0:
            self.build()
        begin = frozenset((self.first,))
        states: States = begin
        for at in range(len(text) + 1):
            closed = self.closed(states | begin, self.context(text, at))
            if self.final in closed:
                return True
            if at < len(text):
                states = self.moved(closed, text[at])
        return False

    def context(self, text: str, at: int) -> Context:
        if not self.places:
            return NO_CONTEXT
        before, after = text[at - 1 : at] if at else "", text[at : at + 1]
        starts = not at or (self.lines and before == "\n")
        ends = not after or (self.lines and after == "\n")
        return (starts, ends, bool(self.word.match(before)), bool(self.word.match(after)))

    def closed(self, states: States, context: Context) -> States:
        """All states that can be reached without a character."""
        key = (states, context)
        found = self.closures.get(key)
        if found is None:
            seen, left = set(states), list(states)
            while left:
                here = left.pop()
                test = self.tests[here]
                if isinstance(test, re.Pattern) or (test is not None and not self.holds(test, context)):
                    continue
                new = [state for state in self.nexts[here] if state not in seen]
                seen.update(new)
                left += new
            found = frozenset(seen)
            if len(self.closures) < MAX_KEPT:
                self.closures[key] = found
        return found

    def holds(self, at: At, context: Context) -> bool:
        starts, ends, behind, ahead = context
        if self.lines and at in (At.TEXT_START, At.TEXT_END):
            raise Undetermined("both kinds of line start in one expression")
        return {
            At.START: starts,
            At.TEXT_START: starts,
            At.END: ends,
            At.TEXT_END: ends,
            At.EDGE: behind != ahead,
            At.NO_EDGE: behind == ahead,
            At.WORD_START: ahead and not behind,
            At.WORD_END: behind and not ahead,
            At.AFTER_NO_WORD: not behind,
            At.BEFORE_NO_WORD: not ahead,
        }[at]

    def moved(self, closed: States, ch: str) -> States:
        key = (closed, ch)
        found = self.moves.get(key)
        if found is None:
            steps: set[int] = set()
            for here in closed:
                test = self.tests[here]
                if isinstance(test, re.Pattern) and test.fullmatch(ch):
                    steps.update(self.nexts[here])
            found = frozenset(steps)
            if len(self.moves) < MAX_KEPT:
                self.moves[key] = found
        return found
