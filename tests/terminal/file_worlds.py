"""Small file systems on which a real program and a tool of the kernel are run side by side and compared whole:
both streams, their order, the exit status and every file, link, directory and mode afterwards.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from real_programs import Tally

from nextstate.domains.terminal.kernel.files import Dir, File, Files, Link, Seen, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.alone import ALONE
from nextstate.domains.terminal.kernel.tools.base import Call, Out

World = Mapping[str, "str | bytes | int"]
"""Relative paths to content. ``dir/``: a directory; ``a -> b``: a link; ``chmod a``: a mode, given at last."""

PLAIN: World = {
    "a.txt": "alpha\nbeta\n",
    "b.txt": "bravo\n",
    "c.py": "print('c')\n",
    "README.md": "# title\n\ntext\n",
    "empty": "",
    "run.sh": "#!/bin/sh\necho hi\n",
    ".hidden": "h\n",
    "d/one.txt": "1\n",
    "d/two.py": "22\n",
    "d/sub/deep.txt": "deep\n",
    "d/sub/.dot": ".\n",
    "e/": "",
    "notes old/x y.txt": "spaced\n",
    "it's": "quote\n",
    "link -> a.txt": "",
    "dlink -> d": "",
    "broken -> nowhere": "",
    "loop -> loop": "",
    "chmod run.sh": 0o755,
    "chmod b.txt": 0o600,
}
"""What a working directory looks like, with every kind of entry in it."""


VERSIONS = {"coreutils": "9.1", "find": "4.9.0", "file": "5.44", "gzip": "1.12"}


@dataclass(frozen=True)
class Case:
    line: str
    stdin: str | None = ""
    world: World = field(default_factory=lambda: PLAIN)
    umask: int = 0o022
    locale: str = "C.UTF-8"
    before: tuple[str, ...] = ()
    """What is run first, on both sides; it must be determined too."""

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line)


def lay(world: World, place: Path) -> None:
    """Makes a world on the disk."""
    place.mkdir(parents=True)
    for name, content in world.items():
        if isinstance(content, int):
            (place / name.removeprefix("chmod ")).chmod(content)
        elif " -> " in name:
            link, target = name.split(" -> ")
            (place / link).symlink_to(target)
        else:
            path = place / name
            (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
            if not name.endswith("/"):
                path.write_bytes(content if isinstance(content, bytes) else content.encode())


def known(world: World, place: Path) -> Tree:
    """The same world as a tree whose working directory is known whole."""
    start = Tree(Files({"/": Dir()}), root=os.geteuid() == 0)
    start.put(str(place), Dir(Seen.ALL))
    for name, content in world.items():
        path = f"{place}/{name}"
        if isinstance(content, int):
            start.chmod(f"{place}/{name.removeprefix('chmod ')}", content)
        elif " -> " in name:
            start.symlink(name.split(" -> ")[1], path.split(" -> ")[0])
        else:
            missing = [p for p in Path(path).parents if not start.exists(str(p))]
            for parent in reversed(missing):
                start.mkdir(str(parent))
            if name.endswith("/"):
                start.mkdir(path.rstrip("/"))
            else:
                start.write(path, content if isinstance(content, bytes) else content.encode())
    return Tree(start.commit(), root=start.root)


def environment(case: Case) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": "/root", "LC_ALL": case.locale}


def real(case: Case, place: Path, *, joined: bool = False) -> tuple[str, str, int]:
    for line in case.before:
        words = shlex.split(line)
        subprocess.run(words, cwd=place, env=environment(case), umask=case.umask, capture_output=True, timeout=20)
    done = subprocess.run(
        case.words,
        input=(case.stdin or "").encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if joined else subprocess.PIPE,
        cwd=place,
        env=environment(case),
        umask=case.umask,
        timeout=20,
    )
    out, err = done.stdout.decode("utf-8", "replace"), (done.stderr or b"").decode("utf-8", "replace")
    return out, err, done.returncode


def computed(case: Case, place: Path, facts: Mapping[str, str]) -> tuple[Out, Tree]:
    tree = known(case.world, place)
    words = case.words

    def run(argv: list[str], stdin: str | None) -> Out:
        tool: Callable[[Call], Out] | None = ALONE.get(argv[0]) or TOOLS.get(argv[0])
        if tool is None:
            raise Undetermined(f"{argv[0]} is no tool")
        return tool(call(argv, stdin))

    def call(argv: list[str], stdin: str | None) -> Call:
        return Call(
            argv[0], tuple(argv[1:]), stdin, str(place), environment(case), tree,
            umask=case.umask, facts=dict(facts), run=run, user=pwd.getpwuid(os.geteuid()).pw_name,
        )  # fmt: skip

    for line in case.before:
        TOOLS[shlex.split(line)[0]](call(shlex.split(line), ""))
    out = TOOLS[words[0]](call(words, case.stdin))
    if out.varied:
        raise Undetermined("times and owners")
    return out, tree


def walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything below a directory as it was left; afterwards all of it may be read and removed."""
    for path in sorted(folder.iterdir()):
        info = path.lstat()
        yield path, info
        if stat.S_ISDIR(info.st_mode):
            path.chmod(0o700)
            yield from walk(path)


def differences(tree: Tree, place: Path) -> list[str]:
    """Where the files on the disk are not what the tree says."""
    found = []
    on_disk: set[str] = set()
    tree.root = True  # only to look everywhere
    for path, info in walk(place):
        on_disk.add(str(path))
        entry = tree.entry(tree.resolve(str(path.parent)) + "/" + path.name)
        if not _same(entry, path, info):
            found.append(f"{path}: {oct(info.st_mode)} on the disk, {entry} computed")
    for name, entry in tree.delta.items():
        if name.startswith(f"{place}/") and isinstance(entry, File | Dir | Link) and name not in on_disk:
            found.append(f"{name}: not on the disk, {entry} computed")
    return found


def _same(entry: object, path: Path, info: os.stat_result) -> bool:
    if isinstance(entry, Link):
        return stat.S_ISLNK(info.st_mode) and os.readlink(path) == entry.target  # noqa: PTH115 (keeps a slash)
    if isinstance(entry, Dir | File) and entry.mode_known and entry.mode != stat.S_IMODE(info.st_mode):
        return False
    if isinstance(entry, Dir):
        return stat.S_ISDIR(info.st_mode)
    if not isinstance(entry, File):
        return entry is None
    path.chmod(0o600)
    return stat.S_ISREG(info.st_mode) and entry.content in (None, path.read_bytes())


def compare(cases: Iterable[Case], folder: Path, facts: Mapping[str, str] | None = None) -> Tally:
    """Runs every case both ways."""
    tally = Tally()
    for number, case in enumerate(cases):
        if shutil.which(case.words[0]) is None:
            pytest.skip(f"the real {case.words[0]} is not installed, so nothing can be compared")
        place = folder / str(number) / "w"
        try:
            out, tree = computed(case, place, {**VERSIONS, **(facts or {})})
        except Undetermined as reason:
            tally.refused.append(f"{case.line}: {reason}")
            continue
        lay(case.world, place)
        stdout, stderr, code = real(case, place)
        complaints = differences(tree, place)
        mine = (out.stdout, out.stderr, out.code)
        theirs = (stdout, stderr, code)
        if out.unordered:
            mine, theirs = (_sorted(mine[0]), *mine[1:]), (_sorted(theirs[0]), *theirs[1:])
        if mine != theirs:
            complaints.append(f"  real {theirs}\n  mine {mine}")
        elif stdout and stderr and not out.unordered:
            second = folder / str(number) / "again" / "w"
            lay(case.world, second)
            both = real(case, second, joined=True)[0]
            list(walk(second))
            again = both.replace(f"/{number}/again/w", f"/{number}/w")
            if again != out.both:
                complaints.append(f"  real {again!r}\n  mine {out.both!r}")
        if complaints:
            tally.wrong.append(f"{case.line}\n" + "\n".join(complaints))
        else:
            tally.right += 1
    return tally


def _sorted(text: str) -> str:
    return "\n".join(sorted(text.split("\n")))
