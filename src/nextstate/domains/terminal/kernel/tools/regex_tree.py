"""The tree of a regular expression, what is known of it, and its form in Python's notation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from math import log2
from typing import TypeAlias

from nextstate.domains.terminal.kernel.files import Undetermined

WORD = "A-Za-z0-9_À-ÖØ-öø-ʸͰ-\u1fff\u2c00-\u2dff\u3005-\u3007\u3031-\u3035\u303b-\ud7ff"
"""The members of ``\\w``, for use in a Python bracket; texts with doubtful ones are refused before matching."""


class At(Enum):
    """Places that an expression can ask for."""

    START = "line start"
    END = "line end"
    TEXT_START = "text start"
    TEXT_END = "text end"
    EDGE = "word edge"
    NO_EDGE = "no word edge"
    WORD_START = "word start"
    WORD_END = "word end"
    AFTER_NO_WORD = "no word character before"
    BEFORE_NO_WORD = "no word character behind"


@dataclass(frozen=True, slots=True)
class Chars:
    """One character; ``python`` is a Python expression for it. ``classed``: it depends on character classes."""

    python: str
    classed: bool = False
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    at: At
    wide: str = WORD


@dataclass(frozen=True, slots=True)
class Row:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    number: int
    node: Node


@dataclass(frozen=True, slots=True)
class Repeat:
    node: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Back:
    """A back-reference."""

    number: int


Node: TypeAlias = Chars | Place | Row | Either | Group | Repeat | Back
EMPTY = Row(())


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a tree."""

    steady: bool
    """Python's greedy match is the longest: a row of single characters, each with any repetition.

    (Take two ways to read a text with such a row. For every character choose the earlier item of the two: that is a
    way again, as long as the longer of the two, and the greedy one already has every item as early as it can be.)
    """
    backward: bool
    tangled: bool
    """A repetition inside another one, in which backtracking may take exponentially long."""
    placed: bool
    """A repetition (of more than one round) holds a place."""
    stars: int
    """Repetitions without an end; one inside a repetition with an end counts as often as that one may go round."""
    bits: float
    """The logarithm of the ways to choose the rounds and branches of all other repetitions, to base 2."""
    looks_ahead: bool
    """The tree asks for places whose answer depends on what follows."""
    ends: bool
    """A match always ends where the text ends."""
    classed: bool
    cased: bool


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Row(items):
            return items
        case Either(branches):
            return branches
        case Group(_, inner) | Repeat(inner, _, _):
            return (inner,)
    return ()


def traits(node: Node) -> Traits:
    parts = list(walk(node))
    chars = [part for part in parts if isinstance(part, Chars)]
    places = {part.at for part in parts if isinstance(part, Place)}
    return Traits(
        steady=steady(node),
        backward=any(isinstance(part, Back) for part in parts),
        tangled=any(isinstance(part, Repeat) and tangled(part) for part in parts),
        placed=any(
            isinstance(part, Repeat) and part.most != 1 and any(isinstance(inner, Place) for inner in walk(part.node))
            for part in parts
        ),
        stars=int(spread(node)[0]),
        bits=spread(node)[1],
        looks_ahead=bool(places - {At.START, At.TEXT_START, At.AFTER_NO_WORD}),
        ends=ends(node),
        classed=any(part.classed for part in chars) or bool(places - {At.START, At.END, At.TEXT_START, At.TEXT_END}),
        cased=any(part.cased for part in chars),
    )


def steady(node: Node) -> bool:
    match node:
        case Chars() | Place():
            return True
        case Row(items):
            return all(steady(item) for item in items)
        case Group(_, inner):
            return steady(inner)
        case Repeat(inner, least, most):
            return single(inner) or (least == most and steady(inner))
    return False


def single(node: Node) -> bool:
    return isinstance(node, Chars) or (isinstance(node, Group) and single(node.node))


def spread(node: Node, rounds: int = 1) -> tuple[int, float]:
    """The stars of a node that is gone through ``rounds`` times, and the bits that its other choices hold."""
    stars, bits = 0, 0.0
    match node:
        case Either(branches):
            bits = rounds * log2(len(branches))
        case Repeat(_, _, None):
            stars = rounds
        case Repeat(_, least, most) if most is not None:
            bits = rounds * log2(most - least + 1)
            rounds = min(rounds * max(most, 1), 10_000)
    inner = [spread(child, rounds) for child in children(node)]
    return min(stars + sum(one for one, _ in inner), 10_000), bits + sum(one for _, one in inner)


def tangled(repeat: Repeat) -> bool:
    if repeat.most is not None and repeat.most <= 16:
        return False
    return any(isinstance(part, Either) or (isinstance(part, Repeat) and part.most != part.least) for part in
               walk(repeat.node))  # fmt: skip


def ends(node: Node) -> bool:
    match node:
        case Place(at):
            return at in (At.END, At.TEXT_END)
        case Row(items):
            return bool(items) and ends(items[-1])
        case Either(branches):
            return all(ends(branch) for branch in branches)
        case Group(_, inner):
            return ends(inner)
    return False


def nullable(node: Node) -> bool:
    """Whether the node may match nothing."""
    match node:
        case Chars():
            return False
        case Row(items):
            return all(nullable(item) for item in items)
        case Either(branches):
            return any(nullable(branch) for branch in branches)
        case Group(_, inner):
            return nullable(inner)
        case Repeat(inner, least, _):
            return least == 0 or nullable(inner)
    return True


def clear_groups(node: Node, *, repeated: bool = False) -> bool:
    """Whether both engines put the same text in every group.

    They may differ when a group is skipped in a later round of a repetition, or when a round matches nothing.
    """
    match node:
        case Group(_, inner):
            return clear_groups(inner, repeated=repeated)
        case Row(items):
            return all(clear_groups(item, repeated=repeated) for item in items)
        case Either(branches):
            return not any(holds_group(branch) for branch in branches) if repeated else (
                all(clear_groups(branch) for branch in branches)
            )  # fmt: skip
        case Repeat(inner, _, most):
            if not holds_group(inner):
                return True
            again = most is None or most > 1
            if repeated or (again and nullable(inner)):
                return False
            return clear_groups(inner, repeated=again)
    return True


def holds_group(node: Node) -> bool:
    return any(isinstance(part, Group) for part in walk(node))


def python(node: Node, lines: bool = False) -> str:
    """The tree in Python's notation; ``lines``: line ends are places inside the text too."""
    match node:
        case Chars(text):
            return text
        case Place(at, wide):
            return _place(at, wide, lines)
        case Row(items):
            return "".join(python(item, lines) for item in items)
        case Either(branches):
            return "(?:" + "|".join(python(branch, lines) for branch in branches) + ")"
        case Group(_, inner):
            return "(" + python(inner, lines) + ")"
        case Back(number):
            return f"(?:\\{number})"
        case Repeat(inner, least, most):
            return _repeated(inner, least, most, lines)
    raise AssertionError(node)


_COUNTS = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}


def _repeated(inner: Node, least: int, most: int | None, lines: bool) -> str:
    if most is not None and most > 1000:
        raise Undetermined("a repetition with a large count")
    body = python(inner, lines)
    body = body if isinstance(inner, Chars | Group) else f"(?:{body})"
    count = _COUNTS.get((least, most))
    return body + (f"{{{least},{'' if most is None else most}}}" if count is None else count)


def _place(at: At, word: str, lines: bool) -> str:
    behind, ahead = f"(?<=[{word}])", f"(?=[{word}])"
    no_behind, no_ahead = f"(?<![{word}])", f"(?![{word}])"
    return {
        At.START: "(?m:^)" if lines else r"\A",
        At.END: r"(?=\n|\Z)" if lines else r"\Z",
        At.TEXT_START: r"\A",
        At.TEXT_END: r"\Z",
        At.EDGE: f"(?:{behind}{no_ahead}|{no_behind}{ahead})",
        At.NO_EDGE: f"(?:{behind}{ahead}|{no_behind}{no_ahead})",
        At.WORD_START: no_behind + ahead,
        At.WORD_END: behind + no_ahead,
        At.AFTER_NO_WORD: no_behind,
        At.BEFORE_NO_WORD: no_ahead,
    }[at]
