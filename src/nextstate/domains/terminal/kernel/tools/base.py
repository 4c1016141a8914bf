"""What a tool of the kernel is: a function from a call to what the real program prints, or `Undetermined`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from nextstate.domains.terminal.kernel.files import Undetermined

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.files import Tree


@dataclass(frozen=True, slots=True)
class Out:
    """What a program printed. ``stdout`` and ``stderr`` are text; ``code`` is its exit status.

    When both streams go to one place, errors come first (a program buffers its standard output when that is no
    terminal), unless ``merged`` gives the true order (``cat`` writes as it reads).
    """

    stdout: str = ""
    stderr: str = ""
    code: int = 0
    merged: str | None = None
    unordered: bool = False
    """The lines are right but their order is not determined (a directory's order, a hash table's)."""
    varied: bool = False
    """Parts of the output are not determined and were filled in by the call's ``variant`` (times, owners)."""

    @property
    def both(self) -> str:
        return self.stderr + self.stdout if self.merged is None else self.merged


VARIANTS = 3


def _no_programs(args: list[str], stdin: str | None) -> Out:
    raise Undetermined(f"{args[0]} would be started by another program")


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation of a program: expanded arguments, standard input (``None``: none was given), surroundings."""

    name: str
    args: tuple[str, ...]
    stdin: str | None
    cwd: str
    env: Mapping[str, str]
    tree: Tree
    umask: int = 0o022
    user: str = "user"
    host: str = "host"
    facts: Mapping[str, str] = field(default_factory=dict)
    """Versions of programs that are known to be installed (``facts['tools']`` of the set-up)."""
    variant: int = 0
    """Which of `VARIANTS` ways to fill in what is not determined: what comes out the same in all of them is."""
    blanks: bool = False
    """Whether `blanks` stand for what is not determined, instead of one of the variants."""
    prefix: str = "bash: line 1: "
    """What messages of the shell's own commands begin with."""
    run: Callable[[list[str], str | None], Out] = field(default=_no_programs)
    """Runs another program: ``run(argv, stdin)``; for ``xargs``, ``find -exec``, ``env``."""
    piped: bool | None = None
    """Whether standard input is a pipe (or another thing without a size) instead of a file; ``None``: not known."""
    columns: int = 0
    """The width of the terminal at which the program runs; 0: there is none."""

    def path(self, operand: str) -> str:
        """The absolute path of an operand (not normalised: a trailing slash and ``..`` keep their meaning)."""
        if not operand:
            raise Undetermined("an empty path")
        return operand if operand.startswith("/") else posixpath.join(self.cwd, operand)

    @property
    def utf8(self) -> bool:
        """Whether the locale is a UTF-8 one (quotation marks and character counts depend on it)."""
        value = self.env.get("LC_ALL") or self.env.get("LC_CTYPE") or self.env.get("LANG") or "C"
        return value.upper().replace("-", "").endswith("UTF8")

    @property
    def bytewise(self) -> bool:
        """Whether texts are ordered by their bytes (the C locales); otherwise order is a matter of the locale."""
        value = self.env.get("LC_ALL") or self.env.get("LC_COLLATE") or self.env.get("LANG") or "C"
        return value.split(".")[0] in ("C", "POSIX")

    def quote(self, text: str) -> str:
        """The GNU ``quote()`` of messages: ‘text’ in a UTF-8 locale, 'text' otherwise."""
        if any(not ch.isprintable() or ch in "‘’" or (ord(ch) > 126 and not self.utf8) for ch in text):
            raise Undetermined(f"how a message quotes {text!r}")
        text = text.replace("\\", "\\\\")
        return f"‘{text}’" if self.utf8 else "'" + text.replace("'", "\\'") + "'"

    def read_text(self, operand: str) -> str:
        """The text of a file operand or, for ``-``, of standard input; bytes that are no UTF-8 are undetermined."""
        if operand == "-":
            return self.input()
        return decode(self.tree.read(self.path(operand)), operand)

    def input(self) -> str:
        """Standard input as text; a program that would wait for a terminal is undetermined."""
        if self.stdin is None:
            raise Undetermined(f"{self.name} reads from the terminal")
        return self.stdin


Tool: TypeAlias = Callable[[Call], Out]


def decode(content: bytes, what: str) -> str:
    """UTF-8 text, or :class:`Undetermined`."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Undetermined(f"{what} is not UTF-8 text") from None
