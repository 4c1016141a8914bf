"""seq, expr, factor, checksums and base64 of the terminal kernel beside the real programs."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from nextstate.domains.terminal.kernel.files import Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.base import Call, Out

if TYPE_CHECKING:
    from pathlib import Path

ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
FILES = {"a.txt": b"alpha\n", "b.txt": b"", "long.txt": b"0123456789" * 30, "sums": b""}
CALLS = (
    *(f"seq {rest}" for rest in ("5", "2 5", "1 2 9", "5 -1 1", "0", "3 1", "-w 8 11", "-s, 4", "-s ' ' 1 3", "0.5 2",
      "1 0.5 3", "1.0 2", "-f %02g 3", "-f 'n%.1f.' 2", "10 -5 -10", "-2 2", "-w 0.5 0.25 1.5", "-w -1 1", "1 1")),
    *(f"expr {rest}" for rest in ("1 + 2", "7 / 2", "-7 / 2", "7 % 3", "-7 % 3", "2 '*' 3 + 1", "5 - 5", "3 '<' 10",
      "abc '<' abd", "abc = abc", "length hello", "substr hello 2 3", "index hello lo", "hello : 'h.*l'",
      "hello : '\\(h.\\)'", "a + 1", "1 / 0", "'(' 1 + 2 ')' '*' 3", "0 '|' 5", "3 '&' 0", "abc : x", "'' '|' no")),
    "expr", "factor 12 97 1", "factor 360",
    "md5sum a.txt", "md5sum a.txt b.txt", "sha256sum a.txt", "sha1sum nofile a.txt", "sha512sum b.txt",
    "base64 a.txt", "base64 long.txt", "base64 -w 0 a.txt", "base64 -w20 long.txt", "base64 nofile", "base64 b.txt",
)  # fmt: skip


def computed(line: str, stdin: str | None = None) -> Out | None:
    import shlex

    name, *args = shlex.split(line)
    tree = Tree(Files.start({f"/d/{n}": c for n, c in FILES.items()}, ("/d",), "/d", {}), root=True)
    try:
        return TOOLS[name](Call(name=name, args=tuple(args), stdin=stdin, cwd="/d", env=ENV, tree=tree))
    except Undetermined:
        return None


def real(line: str, folder: Path, stdin: str = "") -> tuple[str, str, int]:
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    done = subprocess.run(
        ["bash", "-c", line], input=stdin, capture_output=True, text=True, cwd=folder, env=ENV, check=False
    )
    return done.stdout, done.stderr, done.returncode


@pytest.mark.skipif(shutil.which("seq") is None, reason="the real coreutils are missing")
def test_numbers_and_checksums_are_those_of_the_real_programs(tmp_path: Path) -> None:
    answered = 0
    for line in CALLS:
        ours = computed(line)
        if ours is not None:
            answered += 1
            assert (ours.stdout, ours.stderr, ours.code) == real(line, tmp_path), line
    assert answered >= 0.95 * len(CALLS)


def test_what_base64_wrote_it_reads() -> None:
    for text in ("", "a", "hello\n", "ünï\n", "x" * 500):
        coded = computed("base64", text)
        assert coded is not None
        back = computed("base64 -d", coded.stdout)
        assert back is not None
        assert back.stdout == text


def test_checksums_are_checked(tmp_path: Path) -> None:
    listed = real("md5sum a.txt b.txt", tmp_path)[0].replace("b.txt", "a.txt")
    ours = computed("md5sum -c", listed)
    assert ours is not None
    assert (ours.stdout, ours.stderr, ours.code) == real("md5sum -c", tmp_path, listed)


def test_endless_sequences_and_wrong_operands_are_refused() -> None:
    for line in ("seq 1000000000", "seq x", "seq", "seq 1 0 5", "factor x", "base64 -d a.txt"):
        assert computed(line) is None, line
