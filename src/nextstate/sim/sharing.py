"""What was looked up in one branch of a world stays so in the others.

A world model that makes up the content of a file for one branch must not make up another one where a second branch
looks at the same file. So an action that is known to change nothing (:attr:`nextstate.domain.acts.Act.looks`) is kept
as a fact of its world. A branch that takes the same action is shown the same, if neither branch has done anything since
they parted that may have changed it. What stands on a branch's own path is left to the model and the kernel: looking
twice may show that time has passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.domain import find
from nextstate.domain.acts import related
from nextstate.sim import tree
from nextstate.types import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nextstate.domain import Domain
    from nextstate.domain.acts import Act
    from nextstate.sim.tree import Node, Row, Tree, Write
    from nextstate.types import Action, Turn


def rows(row: Row, mark: bytes, node: Node) -> tuple[Write, ...]:
    """What is to be kept with the turn ``node``, so that other branches find it; nothing where a kernel computed it.

    Whether it is a fact, for its action changes nothing, is only asked when one does.
    """
    if node.turn.meta.get("origin") == Origin.COMPUTED:
        return ()
    return (tree.fact_row(_key(row, mark, node.turn.action), node.key),)


def shown(kept: Tree, row: Row, mark: bytes, action: Action) -> Turn | None:
    """The turn of another branch that shows what ``action`` looks up, where it still holds in this one."""
    if (found := kept.fact(_key(row, mark, action))) is None:
        return None
    domain = find(row.domain)
    act = domain.acts(action)
    if not act.looks:
        return None
    ours, theirs = kept.path(row.head), kept.path(found)
    shared = _shared(ours, theirs)
    if shared == len(theirs):
        return None
    since = [*ours[shared:], *theirs[shared:-1]]
    return theirs[-1].turn if not _touched(domain, act, since) else None


def _shared(ours: list[Node], theirs: list[Node]) -> int:
    """How many turns two branches have in common."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    apart = (index for index, (one, other) in pairs if one.key != other.key)
    return next(apart, min(len(ours), len(theirs)))


def _touched(domain: Domain, act: Act, since: Iterable[Node]) -> bool:
    """Whether one of the turns ``since`` may have changed what ``act`` looks at, or where it looks."""
    return any(_may_touch(act, domain.acts(node.turn.action)) for node in since)


def _may_touch(act: Act, other: Act) -> bool:
    return not other.plain or (act.here and other.moves) or related(act.reads, other.changes)


def _key(row: Row, mark: bytes, action: Action) -> bytes:
    texts = (str(row.seed), row.instruction, action)
    return tree.hashed(b"fact", row.world, mark, *map(tree.encoded, texts))
