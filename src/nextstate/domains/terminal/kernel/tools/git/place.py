"""Finding the repository around the working directory, its settings, and who commits."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nextstate.domains.terminal.kernel import blanks
from nextstate.domains.terminal.kernel.files import Absent, Dir, Errno, File, FsError, Seen, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call
from nextstate.domains.terminal.kernel.tools.git import config
from nextstate.domains.terminal.kernel.tools.git.model import Person, Repo

SKELETON = ("hooks", "info", "objects", "refs", "refs/heads", "refs/tags", "branches")
"""The directories that ``git init`` makes below ``.git``; what they hold is not written down."""
_ALLOWED = frozenset(
    """GIT_PAGER GIT_EDITOR GIT_TERMINAL_PROMPT GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
    GIT_AUTHOR_DATE GIT_COMMITTER_DATE GIT_ASKPASS GIT_MERGE_AUTOEDIT GIT_SSH_COMMAND GIT_SEQUENCE_EDITOR""".split()
)
_TONGUES = ("C", "POSIX", "en_US", "")


@dataclass(slots=True)
class Place:
    """A repository as one command sees it. ``top`` is its real path; ``prefix`` the working directory below it (empty,
    or with a slash at its end)."""

    call: Call
    top: str
    prefix: str
    repo: Repo
    settings: Mapping[str, str] = field(default_factory=dict)
    varied: bool = False
    """Whether something was shown that hangs on the call's variant."""

    @property
    def tree(self) -> Tree:
        return self.call.tree

    def save(self, repo: Repo) -> None:
        self.repo = repo
        head = None if repo.head is None else f"ref: refs/heads/{repo.head}\n".encode()
        self.tree.put(f"{self.top}/.git/HEAD", File(head, mode_known=True, opaque=repo))

    # -- names of commits -----------------------------------------------------------------------------------

    def _unknown(self, blank: Callable[[int], str], made: Callable[[int, int], str], number: int) -> str:
        self.varied = self.varied or not self.call.blanks
        return blank(self.repo.base + number) if self.call.blanks else made(self.call.variant, self.repo.base + number)

    def short(self, number: int) -> str:
        """The abbreviated hash."""
        return self.long(number)[:7]

    def long(self, number: int) -> str:
        """The hash of a commit or a stash: a blank, or one of the call's variant."""
        return self._unknown(blanks.hash_of, _some_hash, number)

    def date(self, number: int) -> str:
        """The author date as ``git log`` shows it."""
        return self._unknown(blanks.date_of, _some_date, self.repo.commits[number].dated)

    def no_address(self) -> str:
        """The address that git cannot make up; only what is shown tells it."""
        if not self.call.blanks:
            raise Undetermined("whether git can make up an address")
        return blanks.words_of(self.repo.base)

    def inside(self, operand: str) -> str | None:
        """The path of an operand in the repository (empty: all of it), or ``None`` when it lies outside."""
        if operand == "":
            raise Undetermined("an empty path")
        if operand.startswith("/"):
            path = posixpath.normpath(operand)
            if path != self.top and not path.startswith(self.top + "/"):
                if path.startswith(posixpath.dirname(self.call.cwd)) or self.call.cwd != self.tree.resolve(
                    self.call.cwd
                ):
                    raise Undetermined("a path through a symbolic link")
                return None
            return path[len(self.top) + 1 :]
        path = posixpath.normpath(posixpath.join(self.prefix, operand))
        if path == ".." or path.startswith("../"):
            return None
        return "" if path == "." else path


_DIGITS, _LETTERS = str.maketrans("abcdef", "012345"), str.maketrans("0123456789", "abcdefabcd")
_EPOCHS = (1420070400, 1732492799, 1746057599)
"""Seconds at which the days, months and widths of dates differ."""


def _some_hash(variant: int, number: int) -> str:
    """A hash that looks different in every variant: only digits, only letters, both."""
    text = hashlib.sha1(f"{variant} {number}".encode()).hexdigest()
    return (text.translate(_DIGITS), text.translate(_LETTERS), text)[variant]


def _some_date(variant: int, number: int) -> str:
    when = datetime.fromtimestamp(_EPOCHS[variant] + number * 3607, UTC)
    return f"{when:%a %b} {when.day} {when:%H:%M:%S %Y +0000}"


@dataclass(frozen=True, slots=True)
class Request:
    """One command: what follows its name, and the settings given before it (``git -c``)."""

    call: Call
    command: str
    args: tuple[str, ...]
    extra: tuple[tuple[str, str], ...] = ()

    places: list[Place] = field(default_factory=list)

    def place(self) -> Place:
        self.places.append(find(self.call, self.extra))
        return self.places[-1]

    @property
    def varied(self) -> bool:
        return any(place.varied for place in self.places)


def check(call: Call) -> None:
    """Raises `Undetermined` where git's version, language or environment is not the one that is computed here."""
    if not call.facts.get("git", "").startswith("2.39."):
        raise Undetermined("git's version is not 2.39")
    tongue = call.env.get("LANGUAGE") or call.env.get("LC_ALL") or call.env.get("LC_MESSAGES") or call.env.get("LANG")
    if (tongue or "").split(".")[0] not in _TONGUES:
        raise Undetermined("the language of git's messages")
    odd = [name for name in call.env if name.startswith("GIT_") and name not in _ALLOWED]
    if odd or "COLUMNS" in call.env or "EMAIL" in call.env:
        raise Undetermined(f"the variable {(*odd, 'COLUMNS', 'EMAIL')[0]}")


def find(call: Call, extra: tuple[tuple[str, str], ...] = ()) -> Place:
    """The repository around the working directory, with ``extra`` settings of the command line."""
    call.tree.get(call.cwd)
    cwd = call.tree.resolve(call.cwd)
    if ".git" in cwd.split("/"):
        raise Undetermined("git inside of .git")
    top = cwd
    while True:
        found = call.tree.entry(posixpath.join(top, ".git"))
        if found is None:
            raise Undetermined(f"whether {top} is a repository")
        if not isinstance(found, Absent):
            break
        if call.tree.entry(posixpath.join(top, "HEAD")) is not None and isinstance(
            call.tree.entry(posixpath.join(top, "objects")), Dir
        ):
            raise Undetermined("a bare repository")
        if top == "/":
            raise Undetermined("how git says that there is no repository")
        top = posixpath.dirname(top)
    repo = stored(call.tree, top)
    text = config.text_of(call, f"{top}/.git/config")
    pairs = [*config.values(config.user_text(call)), *config.values(text), *extra]
    prefix = cwd[len(top.rstrip("/")) + 1 :]
    return Place(call, top, f"{prefix}/" if prefix else "", repo, config.settings(pairs))


def stored(tree: Tree, top: str) -> Repo:
    """The repository at ``top``, if nobody but git changed what is in ``.git``."""
    inside = f"{top}/.git/"
    head = tree.entry(f"{inside}HEAD")
    if not isinstance(head, File) or not isinstance(head.opaque, Repo):
        raise Undetermined(f"what the repository {top} holds")
    mine = {inside + name for name in (*SKELETON, "HEAD", "config")}
    for table in (tree.files.entries, tree.delta):
        for path in table:
            if path.startswith(inside) and path not in mine and not isinstance(tree.entry(path), Absent):
                raise Undetermined(f"what {path} does to the repository")
    if any(not isinstance(tree.entry(inside + name), Dir) for name in SKELETON):
        raise Undetermined("a repository that was tampered with")
    return head.opaque


def create(call: Call, top: str, repo: Repo) -> Place:
    """Makes ``.git``; only `HEAD` and ``config`` in it are known."""
    tree = call.tree
    tree.mkdir(f"{top}/.git", 0o777 & ~call.umask)
    for name in SKELETON:
        tree.put(f"{top}/.git/{name}", Dir(Seen.NOTHING))
    tree.put(f"{top}/.git", Dir(Seen.NOTHING))
    tree.put(f"{top}/.git/config", File(config.FRESH.encode(), mode_known=True))
    place = Place(call, top, "", repo)
    place.save(repo)
    return place


# -- people -------------------------------------------------------------------------------------------------------

_CRUD = "".join(map(chr, range(33))) + ".,:;<>\"\\'"


def person(place: Place, role: str) -> Person | None:
    """The ``AUTHOR`` or ``COMMITTER``; ``None`` when no name and address are configured."""
    env = place.call.env
    name = env.get(f"GIT_{role}_NAME") or place.settings.get("user.name")
    email = env.get(f"GIT_{role}_EMAIL") or place.settings.get("user.email")
    if not name and not email:
        return None
    if not name or not email:
        raise Undetermined("a name or an address that git makes up")
    clean = Person(*(text.strip(_CRUD).translate({10: None, 60: None, 62: None}) for text in (name, email)))
    if not clean.name:
        raise Undetermined("an empty name")
    return clean


def writable(tree: Tree, path: str) -> None:
    """Raises `Undetermined` when the directory ``path`` may not be written."""
    try:
        tree.parent_for(posixpath.join(path, "x"))
    except FsError as failure:
        if failure.errno is Errno.NOENT:
            raise
        raise Undetermined(f"git in {path}, which may not be written") from None
