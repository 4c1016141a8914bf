"""Runs the real programs and the kernel's tools on the same files, and compares what they print.

Real programs are run by one shell script for many cases, because starting a process from Python costs more than the
program itself.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from nextstate.domains.terminal.kernel.files import File, Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Tool

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/root"}
ROOT_USER = True
"""Tests do not depend on permissions, so both sides may be root."""


@dataclass(frozen=True)
class Case:
    """One invocation: words of the command line and standard input."""

    words: tuple[str, ...]
    stdin: str = ""
    locale: str = "C.UTF-8"
    piped: bool | None = None

    def __str__(self) -> str:
        return f"LC_ALL={self.locale} {shlex.join(self.words)} <<< {self.stdin[:200]!r}"


@dataclass(frozen=True)
class Shown:
    """What came out; ``files`` are the files whose content changed (only where a test asks for them)."""

    stdout: str
    stderr: str
    code: int
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass
class Tally:
    """How many cases were determined, and which were wrong."""

    right: int = 0
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.right / max(1, self.right + len(self.refused) + len(self.wrong))

    def check(self, floor: float) -> None:
        """Fails when anything was wrong or when too little was determined."""
        assert not self.wrong, "\n\n".join(self.wrong[:5]) + f"\n({len(self.wrong)} wrong in all)"
        assert self.share >= floor, f"only {self.share:.3f} determined, e.g.\n" + "\n".join(self.refused[:20])


def case(line: str, stdin: str = "", locale: str = "C.UTF-8") -> Case:
    """A case from a line as one would type it."""
    return Case(tuple(shlex.split(line)), stdin, locale)


def run_real(
    cases: list[Case],
    files: Mapping[str, bytes],
    folder: Path,
    *,
    writes: bool = False,
    environ: str = "",
    merged: bool = False,
    limited: bool = False,
) -> list[Shown]:
    """What the real programs show; with ``writes`` each case gets its own copy of the files.

    ``merged``: both streams go to one pipe and are returned as ``stdout``. ``limited``: programs that never end are
    stopped, which shows as an exit status above 128.
    """
    if not cases:
        return []

    def streams(where: str) -> str:
        return f">{where}.out 2>&1" if merged else f">{where}.out 2>{where}.err"

    for program in {c.words[0] for c in cases}:
        if shutil.which(program) is None:
            pytest.skip(f"the real {program} is not installed, so nothing can be compared")
    before, after = ("(ulimit -t 1 -f 1000; exec env", ")") if limited else ("", "")
    script, places = ["cd " + shlex.quote(str(folder))], []
    results = folder.parent / f"{folder.name}-results"
    results.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(cases):
        place = folder / f"{number}" if writes else folder
        if writes or number == 0:
            lay(files, place)
        places.append(place)
        (results / f"{number}.in").write_bytes(one.stdin.encode())
        where = shlex.quote(f"{results}/{number}")
        source = f"cat {where}.in |" if one.piped else ""
        status = "0" if merged else "${PIPESTATUS[1]}" if one.piped else "$?"
        script.append(
            f"cd {shlex.quote(str(place))}; {source} {before} LC_ALL={one.locale} {environ} {shlex.join(one.words)} "
            f"{streams(where)} {'' if one.piped else f'<{where}.in'} {after}; echo {status} >{where}.code"
        )
    (results / "run.sh").write_text("\n".join(script) + "\n")
    subprocess.run(["bash", str(results / "run.sh")], check=False, timeout=60, env=ENVIRONMENT)
    return [gathered(results / str(number), places[number], files if writes else None) for number in range(len(cases))]


def lay(files: Mapping[str, bytes], place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        target = place / name
        if name.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def sorted_lines(text: str) -> str:
    return "".join(sorted(text.splitlines(keepends=True)))


def gathered(stem: Path, place: Path, before: Mapping[str, bytes] | None) -> Shown:
    def text(ending: str) -> str:
        path = stem.with_name(stem.name + ending)
        return path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else ""

    after: dict[str, bytes] = {}
    if before is not None:
        for path in place.rglob("*"):
            name = str(path.relative_to(place))
            if path.is_file() and before.get(name) != path.read_bytes():
                after[name] = path.read_bytes()
    return Shown(text(".out"), text(".err"), int(text(".code")), after)


def run_tool(
    tool: Tool, one: Case, files: Mapping[str, bytes], *, cwd: str = "/home/dev", writes: bool = False
) -> tuple[Shown, str, bool]:
    """What the tool shows, both streams merged, and whether its lines have no order; raises `Undetermined`."""
    known = Files.start({f"{cwd}/{name}": content for name, content in files.items()}, (cwd,), cwd, {})
    tree = Tree(known, root=ROOT_USER)
    name, *args = one.words
    out = tool(Call(name, tuple(args), one.stdin, cwd, {"LC_ALL": one.locale, "HOME": "/root"}, tree, piped=one.piped))
    changed: dict[str, bytes] = {}
    if writes:
        for path, node in tree.delta.items():
            inside = path.removeprefix(f"{cwd}/")
            if isinstance(node, File) and node.content is not None and files.get(inside) != node.content:
                changed[inside] = node.content
    shown = Shown(sorted_lines(out.stdout) if out.unordered else out.stdout, out.stderr, out.code, changed)
    return shown, (sorted_lines(out.both) if out.unordered else out.both), out.unordered


def compare(
    tools: Mapping[str, Tool],
    cases: Iterable[Case],
    files: Mapping[str, bytes],
    folder: Path,
    *,
    writes: bool = False,
    limited: bool = False,
) -> Tally:
    """Runs every case both ways (cases in which the real program had to be stopped do not count)."""
    cases, tally = list(cases), Tally()
    both: list[tuple[Case, str, bool]] = []
    for one, real in zip(cases, run_real(cases, files, folder / "real", writes=writes, limited=limited), strict=True):
        if real.code > 128:
            continue
        try:
            mine, merged, unordered = run_tool(tools[one.words[0]], one, files, writes=writes)
        except Undetermined as reason:
            tally.refused.append(f"{one}: {reason}")
            continue
        if unordered:
            real = replace(real, stdout=sorted_lines(real.stdout))
        if mine == real:
            tally.right += 1
        else:
            tally.wrong.append(f"{one}\n  real {real}\n  mine {mine}")
        if mine.stdout and mine.stderr:
            both.append((one, merged, unordered))
    reals = run_real([one for one, _, _ in both], files, folder / "merged", writes=writes, merged=True)
    for (one, merged, unordered), real in zip(both, reals, strict=True):
        if merged != (sorted_lines(real.stdout) if unordered else real.stdout):
            tally.wrong.append(f"{one}\n  real both {real.stdout!r}\n  mine both {merged!r}")
    return tally
