"""git of the terminal kernel beside the real git: equal wherever it answers, and it answers the common."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from git_worlds import Git, Session, Write, compare

from nextstate.domains.terminal.kernel.files import Files, Tree, Undetermined
from nextstate.domains.terminal.kernel.tools import TOOLS
from nextstate.domains.terminal.kernel.tools.base import Call

if TYPE_CHECKING:
    from pathlib import Path

WHO = (Git("git init -q"), Git("git config user.name Bea"), Git("git config user.email bea@example.org"))
A, B = Write("a.txt", b"one\ntwo\nthree\n"), Write("b.txt", b"beta\n")

SESSIONS = (
    (Git("git init"), Git("git init"), Git("git status"), Git("git log"), Git("git branch"),
     Git("git config user.name")),
    (*WHO, A, Git("git status"), Git("git add a.txt"), Git("git status -s"), Git("git commit -q -m First"),
     Git("git status"), Git("git log --format=%s"), Git("git log --format='%an <%ae>'"),
     Git("git rev-list --count HEAD")),
    (*WHO, A, B, Git("git add ."), Git("git commit -qm First"), Write("a.txt", b"one\n2\nthree\n"), Git("git diff"),
     Git("git diff --stat"), Git("git status --short"), Git("git commit -qam Second"), Git("git log --format=%s"),
     Git("git show HEAD:a.txt"), Git("git ls-files"), Git("git diff HEAD~1 --name-only")),
    (*WHO, A, Git("git add -A"), Git("git commit -qm First"), Git("git checkout -b work"), B, Git("git add b.txt"),
     Git("git commit -qm Beta"), Git("git branch"), Git("git checkout master"), Git("git status"),
     Git("git branch -d nosuch"), Git("git checkout nosuch"), Git("git tag v1"), Git("git tag")),
    (*WHO, Git("git add missing.txt"), Git("git commit -m Nothing"), Git("git rm missing.txt"), Git("git nosuch"),
     Git("git checkout -- missing.txt"), Git("git mv missing.txt b.txt")),
    (*WHO, A, B, Write(".gitignore", b"*.log\nbuild/\n"), Write("x.log", b"log\n"), Write("build/o", b"o\n"),
     Git("git status --short"), Git("git add ."), Git("git commit -qm First"), Git("git rm -q b.txt"),
     Git("git status -s"),
     Git("git restore --staged b.txt"), Git("git status -s"), Git("git mv a.txt c.txt"), Git("git status -s")),
)  # fmt: skip


def test_git_shows_what_the_real_one_shows(tmp_path: Path) -> None:
    compare([Session(list(steps)) for steps in SESSIONS], tmp_path).check(0.8)


def test_git_and_changes_in_any_order_fit_the_real_one(tmp_path: Path) -> None:
    dice = random.Random(7)
    names = ("a.txt", "b.txt", "src/c.py")
    lines = (
        "git status",
        "git status -s",
        "git add .",
        "git add {0}",
        "git commit -qm 'Change {0}'",
        "git diff",
        "git diff --stat",
        "git log --format=%s",
        "git branch",
        "git checkout -q -b work{1}",
        "git checkout master",
        "git ls-files",
        "git rm -q {0}",
        "git restore {0}",
        "git diff --cached --name-only",
        "git rev-parse --abbrev-ref HEAD",
    )

    def step() -> Write | Git:
        name = dice.choice(names)
        if dice.random() < 0.4:
            return Write(name, "".join(f"{dice.choice('abcde')}\n" for _ in range(dice.randint(0, 5))).encode())
        return Git(dice.choice(lines).format(name, dice.randint(0, 3)))

    sessions = [Session([*WHO, *(step() for _ in range(16))]) for _ in range(12)]
    compare(sessions, tmp_path).check(0.7)


def test_git_that_may_start_a_pager_is_refused_at_a_terminal() -> None:
    tree = Tree(Files.start({}, ("/d",), "/d", {}), root=False)
    call = Call("git", ("log",), None, "/d", {"HOME": "/d"}, tree, facts={"git": "2.39.5"}, columns=80)
    with pytest.raises(Undetermined, match="pager"):
        TOOLS["git"](call)
