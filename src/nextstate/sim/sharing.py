"""What was looked up in one branch of a world stays so in the others.

A world model that makes up the content of a file for one branch must not make up another one where a second branch
looks at the same file. So an action that is known to change nothing (:attr:`nextstate.domain.acts.Act.looks`) is kept
as a fact of its world. A branch that takes the same action is shown the same, if both branches have only looked since
they parted, and nothing that was made up for this one meanwhile is about the same things: a stale fact is worse than an
answer of its own. That a turn changed something else is no excuse, for links, variables and mounts make one thing of
two names. What stands on a branch's own path is left to the model and the kernel: looking twice may show that time has
passed. Nothing is shared where an instruction is in force, which may give any look a meaning, nor where an observation
is a whole screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.domain import find
from nextstate.domain.acts import related
from nextstate.sim import tree
from nextstate.types import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.domain import Domain
    from nextstate.domain.acts import Act
    from nextstate.sim.tree import Node, Row, Tree, Write
    from nextstate.types import Action, Turn

MAX_APART = 1_000
"""Turns of a branch since it parted from another up to which it is looked at what they did."""


def rows(row: Row, mark: bytes, node: Node) -> tuple[Write, ...]:
    """What is to be kept with the turn ``node``, so that other branches find it.

    Nothing where a kernel computed it, for it would again, or where nothing is shared. Whether it is a fact, for its
    action changes nothing, is only asked when a branch takes the same one.
    """
    if node.turn.meta.get("origin") == Origin.COMPUTED or not _shares(row):
        return ()
    return (tree.fact_row(_key(row, mark, node.turn.action), node.key),)


def shown(kept: Tree, row: Row, mark: bytes, action: Action) -> Turn | None:
    """The turn of another branch that shows what ``action`` looks up, where it still holds in this one."""
    if not _shares(row):
        return None
    domain = find(row.domain)
    if (found := kept.fact(_key(row, mark, action))) is None or not domain.acts(action).looks:
        return None
    if (apart := kept.parted(row.head, found, MAX_APART)) is None or not apart[1]:
        return None
    ours, theirs = apart
    return theirs[-1].turn if _holds(domain, domain.acts(action), ours, theirs) else None


def _shares(row: Row) -> bool:
    """Whether branches of this world share looks at all."""
    return not row.instruction.strip() and not find(row.domain).screens


def _holds(domain: Domain, act: Act, ours: Sequence[Node], theirs: Sequence[Node]) -> bool:
    """Whether ``act``, the last one of ``theirs``, shows the same after ``ours``."""
    since = [*ours, *theirs[:-1]]
    if since and act.follows:
        return False
    if len({node.turn.meta.get("instruction") for node in (*ours, *theirs)}) > 1:
        return False
    if not all(_only_looks(act, domain.acts(node.turn.action)) for node in since):
        return False
    looked = theirs[-1].turn.action
    told = {(node.turn.action, node.turn.observation) for node in theirs}
    return not any(
        turn.action == looked
        or (_made_up(turn) and (turn.action, turn.observation) not in told and related(act.reads, reads))
        for turn, reads in ((node.turn, domain.acts(node.turn.action).reads) for node in ours)
    )


def _made_up(turn: Turn) -> bool:
    return turn.meta.get("origin") != Origin.COMPUTED


def _only_looks(act: Act, other: Act) -> bool:
    """Whether ``other`` leaves what ``act`` shows as it is."""
    return other.plain and not other.changes and not (act.here and other.moves)


def _key(row: Row, mark: bytes, action: Action) -> bytes:
    texts = (str(row.seed), row.instruction, action)
    return tree.hashed(b"fact", row.world, mark, *map(tree.encoded, texts))
