"""Which paths of a repository the operands of a command choose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.git.ignoring import translated
from nextstate.domains.terminal.kernel.tools.git.words import fatal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nextstate.domains.terminal.kernel.tools.git.place import Place


@dataclass(frozen=True, slots=True)
class Spec:
    """One operand: ``text`` as typed, ``path`` in the repository (empty: all of it), and whether a slash ends it."""

    text: str
    path: str
    slash: bool
    pattern: re.Pattern[str] | None

    def matches(self, path: str) -> bool:
        """Whether a file, or a directory whose path ends in a slash, is chosen."""
        if self.path == "" or path.startswith(f"{self.path}/"):
            return True
        if path.rstrip("/") == self.path:
            return path.endswith("/") or not self.slash
        return self.pattern is not None and self.pattern.fullmatch(path) is not None

    def leads(self, directory: str) -> bool:
        """Whether something below a directory (its path ends in a slash) may be chosen."""
        return self.pattern is not None or self.path.startswith(directory) or self.matches(directory)


@dataclass(frozen=True, slots=True)
class Pathspec:
    """Without operands everything is chosen."""

    specs: tuple[Spec, ...]

    @staticmethod
    def of(place: Place, operands: Iterable[str]) -> Pathspec:
        return Pathspec(tuple(_spec(place, operand) for operand in operands))

    def __bool__(self) -> bool:
        return bool(self.specs)

    def matches(self, path: str) -> bool:
        return not self.specs or any(spec.matches(path) for spec in self.specs)

    def leads(self, directory: str) -> bool:
        return any(spec.leads(directory) for spec in self.specs)

    def unmatched(self, paths: Iterable[str]) -> Iterator[Spec]:
        """The operands that choose none of the paths."""
        known = list(paths)
        return (spec for spec in self.specs if not any(spec.matches(path) for path in known))


def _spec(place: Place, operand: str) -> Spec:
    if operand.startswith(":") or "\\" in operand or "//" in operand:
        raise Undetermined(f"the pathspec {operand}")
    path = place.inside(operand)
    if path is None:
        raise fatal(f"{operand}: '{operand}' is outside repository at '{place.top}'")
    pattern = translated(path, whole=False) if re.search(r"[*?\[]", operand) else None
    if pattern is not None and re.search(r"[*?\[]", place.prefix):
        raise Undetermined(f"the pathspec {operand}")
    return Spec(operand, path, operand.endswith(("/", "/.")), pattern)
