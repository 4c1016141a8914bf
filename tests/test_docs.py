"""Documents are executed: what a page shows is what its commands print.

A page that holds the line ``<!-- executed -->`` promises that each of its ``console`` and ``python`` blocks runs, in
order, in an empty folder, and prints what stands there (``...`` stands for anything). ``python tests/test_docs.py``
writes the outputs anew; look at the difference before committing it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from nextstate.cli import parser
from nextstate.record.sandbox import why_no_bubblewrap

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MARK = "<!-- executed -->"
FENCE = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"\n+```output\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENVIRONMENT = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "HOME": os.environ.get("HOME", "/"),
    "COLUMNS": "100",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "TERM": "dumb",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One command or program of a page, and where in the page its output stands."""

    argv: tuple[str, ...]
    start: int
    end: int


def executed() -> list[Path]:
    return [page for page in PAGES if MARK in page.read_text("utf-8").splitlines()]


def steps(text: str) -> list[Step]:
    found: list[Step] = []
    for block in FENCE.finditer(text):
        if block[1] == "console":
            found += console_steps(block[2], block.start(2))
        else:
            output = OUTPUT.match(text, block.end())
            span = output.span(1) if output else (block.end(), block.end())
            found.append(Step((sys.executable, "-c", block[2]), *span))
    return found


def console_steps(body: str, offset: int) -> list[Step]:
    """Lines that begin with ``$`` are commands, ``>`` continues one, the rest is what it prints."""
    found: list[Step] = []
    command, start, at = "", offset, offset
    for line in [*body.splitlines(keepends=True), "$ "]:
        if line.startswith("$ ") and command:
            found.append(Step(("bash", "-c", command), start, at))
        if line.startswith("$ "):
            command, start = line[2:], at + len(line)
        elif line.startswith("> ") and start == at:
            command, start = command + line[2:], at + len(line)
        at += len(line)
    return found


def output_of(step: Step, folder: str) -> str:
    done = subprocess.run(
        step.argv,
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{step.argv[-1]}ended with status {done.returncode}:\n{done.stdout}"
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def stop(folder: Path) -> None:
    """End what the commands of a page left running; they write its number to a file that ends in ``.pid``."""
    for file in folder.glob("*.pid"):
        with contextlib.suppress(ProcessLookupError, ValueError):
            number = int(file.read_text())
            os.kill(number, signal.SIGTERM)
            subprocess.run(["tail", "-f", "--pid", str(number), os.devnull], timeout=30, check=True)  # until it is gone


VARIES = re.compile(r"( *\.\.\.|[\d.,]+(?= m?s\b))")


def agrees(shown: str, printed: str) -> bool:
    """Whether ``printed`` is what is ``shown``, where ``...`` and how long something took may be anything."""
    parts = VARIES.split(shown)
    pattern = "".join(".*?" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


@pytest.mark.parametrize("page", executed(), ids=lambda page: page.name)
def test_the_commands_of_a_page_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    if "nextstate record" in text and page.name != "cli.md" and (reason := why_no_bubblewrap()):
        pytest.skip(f"{page.name} records a shell session, and {reason}")
    try:
        for step in steps(text):
            shown, printed = text[step.start : step.end], output_of(step, str(tmp_path))
            assert agrees(shown, printed), f"{step.argv[-1]}printed\n{printed}\nbut {page.name} shows\n{shown}"
    finally:
        stop(tmp_path)


@pytest.mark.parametrize(
    ("shown", "printed", "agree"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a ... c\n", "a b b\nb c\n", True),
        ("a ... c\n", "a b d\n", False),
        ("|    ... |\n", "| 1,234.5 |\n", True),
        ("-- computed, 0.7 ms\n", "-- computed, 12.3 ms\n", True),
        ("-- computed, 0.7 ms\n", "-- model, 0.7 ms\n", False),
        ("7 turns\n", "8 turns\n", False),
    ],
)
def test_only_what_varies_may_differ(shown: str, printed: str, agree: bool) -> None:
    assert agrees(shown, printed) is agree


def test_the_readme_and_the_command_line_page_are_executed() -> None:
    assert {"README.md", "cli.md"} <= {page.name for page in executed()}


def help_commands() -> list[str]:
    """``nextstate --help`` and the same for every command below it."""

    def below(name: str, one: argparse.ArgumentParser) -> list[str]:
        choices = [action.choices for action in one._actions if isinstance(action.choices, dict)]
        children = [(f"{name} {word}", child) for words in choices for word, child in words.items()]
        return [f"$ {name} --help", *(line for child in children for line in below(*child))]

    return below("nextstate", parser())


def test_every_command_has_its_help_on_the_command_line_page() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert [line for line in help_commands() if f"{line}\n" not in page] == []


def tree_lines() -> list[str]:
    text = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"^```text\nsrc/nextstate/\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert block, "the README has no tree of src/nextstate"
    return [line.split()[0] for line in block[1].splitlines()]


def test_the_tree_in_the_readme_is_the_tree_on_disk() -> None:
    source = ROOT / "src" / "nextstate"
    listed = tree_lines()
    assert [name for name in listed if not (source / name).exists()] == []
    on_disk = {path.name for path in source.iterdir() if not path.name.startswith("_") and path.name != "py.typed"}
    assert on_disk == {name.split("/")[0] for name in listed}


LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_and_files_lead_somewhere(page: Path) -> None:
    assert [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()] == []


def rewrite(page: Path) -> None:
    """Write the outputs of ``page`` anew where they no longer agree."""
    text = page.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        try:
            printed = [(step, output_of(step, folder)) for step in steps(text)]
        finally:
            stop(Path(folder))
    for step, output in reversed(printed):
        if not agrees(text[step.start : step.end], output):
            text = text[: step.start] + output + text[step.end :]
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    for one in executed():
        rewrite(one)
