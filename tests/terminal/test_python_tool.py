"""``python3`` as the kernel computes it, against the real one: what it prints, how it ends, what it leaves in files."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nextstate.domains.terminal.kernel.files import File, Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.python import python3

HERE = Path(__file__).parent
FILES = {
    "data.csv": "name,category,price,qty\nwidget,tools,9.99,3\ngadget,toys,24.50,1\n"
    "bolt,tools,0.25,100\nball,toys,5,2\n",
    "config.json": '{\n  "server": {"host": "localhost", "port": 8080},\n  "debug": true,\n  "names": ["a", "b"]\n}\n',
    "notes.txt": "the quick brown fox\njumps over the lazy dog\nthe end\n",
    "app.log": "2024-01-01 10:00:00 INFO start id=1\n2024-01-01 10:00:05 ERROR failed: timeout (code 500)\n"
    "2024-01-01 10:01:00 WARN slow query [12ms]\n2024-01-02 09:00:00 INFO stop\n2024-01-02 09:30:10 ERROR disk full\n",
    "people.jsonl": '{"name": "Ann", "age": 31}\n{"name": "Bob", "age": 25}\n{"name": "Cid", "age": 42}\n',
    "settings.ini": "[db]\nhost = localhost\nport = 5432\n\n[ui]\ntheme = dark\n",
    "mod.py": "NAME = 'mod'\n\n\ndef add(a, b):\n    return a + b\n\n\nclass Thing:\n    def __init__(self, n):\n"
    "        self.n = n\n\n    def double(self):\n        return self.n * 2\n",
    "pkg/__init__.py": "",
    "pkg/helper.py": "from .util import VERSION\n\n\ndef twice(x):\n    return x * 2\n",
    "pkg/util.py": "VERSION = '1.2.3'\n",
    "nums.txt": "5\n3\n9\n1\n",
}
STDIN = "3 4\nhello world\n"
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/home/dev", "LANG": "C.UTF-8", "USER": "dev"}


@dataclass(frozen=True)
class Case:
    """One run of ``python3``; ``files`` lie in its folder beside the common ones."""

    args: tuple[str, ...]
    stdin: str
    files: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"python3 {shlex.join(self.args)}\n{dict(self.files) or ''}{self.stdin if self.args[0] == '-' else ''}"


def snippets() -> list[str]:
    return [text.strip("\n") + "\n" for text in (HERE / "python_snippets.txt").read_text().split("\n#---\n")]


def as_cases(code: str, number: int) -> Iterator[Case]:
    """The same program as an argument, as a file or from standard input."""
    if number % 4 == 3:
        yield Case(("-", "a1", "22"), code)
    elif number % 2:
        yield Case(("-c", code, "a1", "22"), STDIN)
    else:
        yield Case(("prog.py", "a1", "22"), STDIN, (("prog.py", code),))


def real_python() -> str:
    """The path of a real Python 3.11; without one (or run by another version) there is nothing to compare with."""
    found = shutil.which("python3", path="/usr/bin:/usr/local/bin") or ""
    shown = subprocess.run([found, "--version"], capture_output=True, text=True).stdout if found else "none"
    if sys.version_info[:2] != (3, 11) or not shown.startswith("Python 3.11"):
        pytest.skip(f"no real Python 3.11 to compare with: {shown.strip()}, tests run by {sys.version.split()[0]}")
    return found


def mine(case: Case, folder: str, version: str | None) -> tuple[Out, Tree]:
    content = {f"{folder}/{name}": text.encode() for name, text in {**FILES, **dict(case.files)}.items()}
    tree = Tree(Files.start(content, (folder,), folder, {}), root=True)
    facts = {} if version is None else {"python3": version}
    return python3(Call("python3", case.args, case.stdin, folder, ENV, tree, facts=facts)), tree


def run_all(cases: dict[int, Case], program: str, place: Path, redirection: str) -> None:
    """Runs the real program on every case, two at a time, by shell scripts (which start programs fast)."""
    scripts: list[list[str]] = [[], []]
    for number, case in cases.items():
        work = place / str(number) / "w"
        for name, text in {**FILES, **dict(case.files)}.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text)
        (work.parent / "in").write_text(case.stdin)
        line = f"cd {work}; {program} {shlex.join(case.args)} <../in {redirection}; echo $? >../code"
        scripts[number % 2].append(line)
    running = []
    for script in scripts:
        path = place / f"{len(running)}.sh"
        path.write_text("\n".join(script))
        running.append(subprocess.Popen(["bash", str(path)], env=ENV, cwd=place))
    assert all(process.wait(300) is not None for process in running)


def complaint(out: Out, tree: Tree, work: Path) -> str | None:
    """How what was computed differs from what the real program did."""
    above = work.parent
    real = ((above / "out").read_bytes().decode(), (above / "err").read_text(), int((above / "code").read_text()))
    if (out.stdout, out.stderr, out.code) != real:
        return f"real {real}\nmine {(out.stdout, out.stderr, out.code)}"
    on_disk = {str(path): path.read_bytes() for path in work.rglob("*") if path.is_file()}
    for path, content in on_disk.items():
        entry = tree.entry(path)
        if not isinstance(entry, File) or entry.content not in (None, content):
            return f"{path} is {content[:200]!r} on the disk, {entry} computed"
    extra = [p for p, entry in tree.delta.items() if isinstance(entry, File) and p not in on_disk and "/w/" in p]
    return f"{extra} computed, not on the disk" if extra else None


def test_programs_print_and_leave_what_the_real_python_does(tmp_path: Path) -> None:
    program = real_python()
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split()[1]
    programs = [case for number, code in enumerate(snippets()) for case in as_cases(code, number)]
    cases = dict(enumerate(programs))
    run_all(cases, program, tmp_path, ">../out 2>../err")
    wrong, refused, both = [], [], {}
    for number, case in cases.items():
        work = tmp_path / str(number) / "w"
        try:
            out, tree = mine(case, str(work), version)
        except Undetermined as reason:
            refused.append(f"{case}: {reason}")
            continue
        found = complaint(out, tree, work)
        if found:
            wrong.append(f"{case}\n{found}")
        elif out.stdout and out.stderr:
            both[number] = out.both.replace(str(tmp_path), str(tmp_path / "both"))
    (tmp_path / "both").mkdir()
    run_all({number: cases[number] for number in both}, program, tmp_path / "both", ">../out 2>&1")
    for number, text in both.items():
        real = (tmp_path / "both" / str(number) / "out").read_bytes().decode()
        if real != text:
            wrong.append(f"{cases[number]}\nreal {real!r}\nmine {text!r}")
    assert not wrong, "\n\n".join(wrong[:5]) + f"\n{len(wrong)} of {len(cases)} wrong"
    assert len(refused) <= 0.1 * len(cases), f"{len(refused)} of {len(cases)} undetermined\n" + "\n".join(refused)
