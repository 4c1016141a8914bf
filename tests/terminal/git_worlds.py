"""Sessions of git commands and changes of files, run by the real git and by the kernel's tool.

The tool goes first and prints blanks for the hashes and dates that no history determines; steps that it leaves
undetermined are not taken. Then the real programs take the same steps, all in one shell script, and what they show must
fit: both streams, the exit status and, in the end, every file.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from real_programs import Tally

from nextstate.domains.terminal.kernel import blanks
from nextstate.domains.terminal.kernel.files import Absent, Dir, File, Files, FsError, Link, Seen, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.base import Call, Out

CONTEXT = 12
"""Steps that are told before a wrong one."""
NO_SYSTEM = {"GIT_CONFIG_NOSYSTEM": "1"}
"""For the real git only: this machine's own configuration is none of the world's."""


@dataclass(frozen=True)
class Write:
    """A step that writes a file; ``mode`` is given when it is set; no content removes the file."""

    path: str
    content: bytes | None
    mode: int | None = None


@dataclass(frozen=True)
class Git:
    line: str
    cwd: str = ""
    stdin: str | None = ""

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line)


Step = Write | Git


@dataclass
class Session:
    """``env`` are variables beside the usual ones."""

    steps: list[Step]
    env: dict[str, str] = field(default_factory=dict)


class Player:
    """The kernel's side of one session."""

    def __init__(self, top: str, env: dict[str, str], version: str) -> None:
        known = Tree(Files({"/": Dir()}), root=False)
        known.put(top, Dir(Seen.ALL))
        self.files, self.top, self.env, self.version = known.commit(), top, env, version

    def tree(self) -> Tree:
        return Tree(self.files, root=False)

    def write(self, step: Write) -> None:
        tree, path = self.tree(), f"{self.top}/{step.path}"
        missing = [str(above) for above in Path(path).parents if not tree.exists(str(above))]
        for above in reversed(missing):
            tree.mkdir(above)
        if step.content is None:
            tree.remove(path)
        else:
            tree.write(path, step.content)
            if step.mode is not None:
                tree.chmod(path, step.mode)
        self.files = tree.commit()

    def call(self, step: Git, variant: int | None = None) -> Out:
        name, *args = step.words
        tree = self.tree()
        out = TOOLS[name](
            Call(
                name,
                tuple(args),
                step.stdin,
                f"{self.top}/{step.cwd}".rstrip("/"),
                self.env,
                tree,
                user="dev",
                facts={"git": self.version},
                blanks=variant is None,
                variant=variant or 0,
            )
        )
        if variant is None:
            self.files = tree.commit()
        return out


def environment(home: str, extra: dict[str, str]) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8", "TERM": "dumb", **extra}


def version() -> str:
    if shutil.which("git") is None:
        pytest.skip("git is not installed, so nothing can be compared")
    return subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]


def compare(sessions: list[Session], folder: Path, *, joined: bool = False) -> Tally:
    """Plays all sessions both ways; ``joined``: both streams go to one pipe."""
    number, tally = version(), Tally()
    if not number.startswith("2.39."):
        pytest.skip(f"git is {number}, not the 2.39 that is computed")
    script = ["umask 022"]
    played = []
    for index, session in enumerate(sessions):
        top = folder / f"s{index}" / "home"
        top.mkdir(parents=True)
        player = Player(str(top), environment(str(top), session.env), number)
        played.append((player, session, top, _play(player, session, top, script, tally, joined)))
    (folder / "run.sh").write_text("\n".join(script) + "\n")
    subprocess.run(["bash", str(folder / "run.sh")], check=False, timeout=300, env={"PATH": "/usr/bin:/bin"})
    for player, session, top, expected in played:
        _judge(player, session, top, expected, tally, joined)
    return tally


def _play(
    player: Player, session: Session, top: Path, script: list[str], tally: Tally, joined: bool
) -> list[tuple[Git, Out]]:
    expected: list[tuple[Git, Out]] = []
    results = top.parent / "results"
    results.mkdir()
    for step in session.steps:
        if isinstance(step, Write):
            try:
                player.write(step)
            except (FsError, Undetermined):
                continue
            script.append(_written(step, top))
            continue
        if not isinstance(player.tree().entry(f"{top}/{step.cwd}".rstrip("/")), Dir):
            continue
        try:
            out = player.call(step)
        except Undetermined as reason:
            tally.refused.append(f"{step.line}: {reason}")
            continue
        where = f"{results}/{len(expected)}"
        streams = f">{where}.out 2>&1" if joined else f">{where}.out 2>{where}.err"
        values = " ".join(f"{key}={shlex.quote(value)}" for key, value in {**player.env, **NO_SYSTEM}.items())
        (results / f"{len(expected)}.in").write_text(step.stdin or "")
        place = shlex.quote(f"{top}/{step.cwd}".rstrip("/"))
        script.append(
            f"cd {place} && env -i {values} {shlex.join(step.words)} <{where}.in {streams}; echo $? >{where}.code"
        )
        expected.append((step, out))
    return expected


def _written(step: Write, top: Path) -> str:
    path = shlex.quote(f"{top}/{step.path}")
    if step.content is None:
        return f"rm -f {path}"
    text = step.content.decode("latin-1").replace("\\", "\\\\").replace("%", "%%")
    octal = "".join(ch if 32 <= ord(ch) < 127 and ch != "'" else f"\\{ord(ch):03o}" for ch in text)
    mode = f"; chmod {step.mode:o} {path}" if step.mode is not None else ""
    return f"mkdir -p $(dirname {path}); printf '{octal}' >{path}{mode}"


def _judge(
    player: Player, session: Session, top: Path, expected: list[tuple[Git, Out]], tally: Tally, joined: bool
) -> None:
    """Compares what was shown step by step: a blank that was filled once stays filled."""
    filled: dict[str, str] = {}
    results = top.parent / "results"
    for number, (step, out) in enumerate(expected):
        stem = results / str(number)
        shown = stem.with_suffix(".out").read_bytes().decode("utf-8", "replace")
        errors = "" if joined else stem.with_suffix(".err").read_bytes().decode("utf-8", "replace")
        code = int(stem.with_suffix(".code").read_text())
        mine = (out.both, "", out.code) if joined else (out.stdout, out.stderr, out.code)
        fits = [_fits(text, real, filled) for text, real in zip(mine[:2], (shown, errors), strict=True)]
        if not all(fits) or code != out.code:
            told = session.steps[: session.steps.index(step)] if step in session.steps else session.steps
            before = "\n".join(f"    {earlier}" for earlier in told[-CONTEXT:])
            tally.wrong.append(f"{before}\n  {step.line}\n  real {(shown, errors, code)}\n  mine {mine}")
            return
        tally.right += 1
    complaints = _differences(player, top)
    if complaints:
        lines = "\n".join(f"    {step.line}" for step, _ in expected)
        tally.wrong.append(f"{lines}\n" + "\n".join(complaints))


def _fits(text: str, shown: str, filled: dict[str, str]) -> bool:
    if not blanks.inside(text):
        return text == shown
    found = blanks.fill(text, shown)
    if found is None or text.endswith("\n") != shown.endswith("\n"):
        return False
    for blank, value in found.items():
        old = filled.get(blank, "")
        if not (value.startswith(old) or old.startswith(value)):
            return False
        filled[blank] = max(old, value, key=len)
    return True


def _differences(player: Player, top: Path) -> list[str]:
    """Where the files on the disk are not what the tree says."""
    tree, found = player.tree(), []
    on_disk = {str(path): path for path in top.rglob("*") if ".git" not in path.relative_to(top).parts}
    for name, path in on_disk.items():
        entry = tree.entry(name)
        if path.is_symlink():
            same = isinstance(entry, Link) and entry.target == str(path.readlink())
        elif path.is_dir():
            same = isinstance(entry, Dir)
        else:
            same = isinstance(entry, File) and entry.content == path.read_bytes()
            same = same and isinstance(entry, File) and entry.mode == path.stat().st_mode & 0o777
        if not same:
            found.append(f"{name}: on the disk, {entry} computed")
    for name in player.files.entries:
        inside = name.startswith(f"{top}/") and "/.git" not in name
        if inside and not isinstance(tree.entry(name), Absent) and name not in on_disk:
            found.append(f"{name}: not on the disk, {tree.entry(name)} computed")
    return found
