"""Episodes to record: the golden examples of the swe domain, and seeded ones to practise on.

``python -m nextstate.record.swe_examples --out FILE`` records the examples again, with ``--practice N`` N other ones.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nextstate.data import store
from nextstate.domain.calls import render
from nextstate.record import command
from nextstate.record.swe import Repository, record
from nextstate.types import Action, Source, Trajectory

OWN = Source("nextstate recordings", licence="Apache-2.0")


@dataclass(frozen=True, slots=True)
class Episode:
    """What to record: the actions on a repository."""

    id: str
    repository: Repository
    actions: tuple[Action, ...]
    fresh_shells: bool = False
    source: Source = field(default=OWN)


CLOCK = '''"""Lengths of time, as people write them."""


def parse(text):
    """Seconds in a text such as 1h30m or 45s."""
    units = {"h": 3600, "m": 60, "s": 1}
    total = 0
    number = ""
    for letter in text:
        if letter.isdigit():
            number += letter
        elif letter in units:
            total = int(number) * units[letter]
            number = ""
        else:
            raise ValueError(f"not a length of time: {text!r}")
    return total


def spell(seconds):
    """A text such as 1h30m for a number of seconds."""
    parts = []
    for name, size in (("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts) or "0s"
'''
TEST = """import unittest

from spans.clock import parse, spell


class Clock(unittest.TestCase):
    def test_one_unit(self):
        self.assertEqual(parse("45s"), 45)

    def test_two_units(self):
        self.assertEqual(parse("1h30m"), 5400)

    def test_spelled(self):
        self.assertEqual(spell(3661), "1h1m1s")


if __name__ == "__main__":
    unittest.main()
"""
PROJECT = {
    "spans/__init__.py": "",
    "spans/clock.py": CLOCK,
    "tests/test_clock.py": TEST,
    "README.md": "# spans\n\nLengths of time, parsed and spelled.\n",
}
AT = "/srv/project"


def _bash(command: str) -> Action:
    return render("bash", {"command": command})


def _read(path: str, offset: int = 0, limit: int = 0) -> Action:
    return render("read", {"path": f"{AT}/{path}"} | ({"offset": offset, "limit": limit} if offset else {}))


def _edit(path: str, old: str, new: str) -> Action:
    return render("edit", {"path": f"{AT}/{path}", "old_string": old, "new_string": new})


def _mended() -> tuple[Action, ...]:
    """A failing test, found, mended and run again."""
    return (
        _bash("ls"),
        render("glob", {"pattern": "**/*.py"}),
        _bash("python3 -m unittest tests.test_clock 2>&1 | tail -n 5"),
        render("grep", {"pattern": "total", "path": f"{AT}/spans"}),
        _read("spans/clock.py"),
        _edit("spans/clock.py", "total = int(number) * units[letter]", "total += int(number) * units[letter]"),
        _read("spans/clock.py", 9, 6),
        _bash("python3 -c 'from spans.clock import parse; print(parse(\"1h30m\"))'"),
        _bash("python3 -m unittest tests.test_clock 2>&1 | tail -n 3"),
        _bash("git status --short && git diff --stat"),
        render("grep", {"pattern": "total", "path": f"{AT}/spans"}),
    )


def _refused() -> tuple[Action, ...]:
    """Edits that do not fit, files that are not there, a program that raises."""
    table = "def heads(rows):\n    return rows[0]\n\n\ndef body(rows):\n    return rows[1:]\n\n\nprint(heads([]))\n"
    return (
        render("write", {"path": f"{AT}/table.py", "content": table}),
        _read("table.py"),
        _edit("table.py", "    return rows", "    return list(rows)"),
        _edit("table.py", "return rows[2:]", "return rows[1:]"),
        _edit("table.py", "return rows[3:]", "return rows[1:]"),
        _read("tables.py"),
        _bash("python3 table.py"),
        _edit("table.py", "    return rows[0]\n", "    return rows[0] if rows else None\n"),
        _bash("python3 table.py"),
        _edit("table.py", "    return rows[1:]\n", "    return rows[1:] if rows else []\n"),
        _read("table.py", 1, 6),
        _bash("cat table.py | wc -l && rm table.py && cat table.py"),
        render("glob", {"pattern": "*.txt"}),
        _bash("python3 tabel.py; echo status $?"),
        _bash("cd tests && pwd"),
        _bash("ls"),
    )


def _fresh() -> tuple[Action, ...]:
    """Only a shell, a new one for every command."""
    return tuple(
        _bash(command)
        for command in (
            "cd spans && ls",
            "pwd",
            "nl -ba spans/clock.py | sed -n '4,18p'",
            "sed -n '12,14p' spans/clock.py",
            "cat <<'EOF' > try.py\nfrom spans.clock import parse\n\n"
            "for text in ('45s', '2h5m', 'soon'):\n    print(text, parse(text))\nEOF",
            "python3 try.py",
            "sed -i '13s/total =/total +=/' spans/clock.py",
            "sed -n '12,14p' spans/clock.py",
            "python3 try.py 2>/dev/null; echo $?",
            "grep -n 'units' spans/clock.py",
            "grep -c missing spans/clock.py",
            "sed 's/total/sum/' spans/clocks.py",
            "rm try.py && ls",
        )
    )


def golden() -> tuple[Episode, ...]:
    """The golden examples of the domain."""
    return (
        Episode("swe-mended", Repository(PROJECT, versioned=True), _mended()),
        Episode("swe-refused", Repository(PROJECT), _refused()),
        Episode("swe-fresh-shells", Repository(PROJECT), _fresh(), fresh_shells=True),
    )


# Practice: seeded episodes of views, edits and commands

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "juniper")


def practice(count: int) -> tuple[Episode, ...]:
    """``count`` episodes of random calls, each from its own seed."""
    return tuple(_episode(seed) for seed in range(count))


def _episode(seed: int) -> Episode:
    chance = random.Random(seed)
    texts = {f"{word}.py": _module(chance) for word in chance.sample(WORDS, 4)}
    files = {f"pack/{name}": text for name, text in texts.items()} | {"notes.txt": "one\ntwo\nthree\n"}
    lines = {f"pack/{name}": text.splitlines() for name, text in texts.items()}
    actions = tuple(_any(chance, lines) for _ in range(18))
    return Episode(f"swe-practice-{seed}", Repository(files), actions)


def _module(chance: random.Random) -> str:
    rows = ["import sys", ""]
    for _ in range(chance.randint(3, 9)):
        name, other = chance.choice(WORDS), chance.choice(WORDS)
        rows += ["", f"def {name}({other}):", f"    total = {other} * {chance.randint(2, 9)}", "    return total", ""]
    return "\n".join(rows) + "\n"


def _any(chance: random.Random, lines: dict[str, list[str]]) -> Action:
    path = chance.choice(sorted(lines))
    made: tuple[Callable[[], Action], ...] = (
        lambda: _read(path),
        lambda: _read(path, chance.randint(1, 12), chance.randint(1, 8)),
        lambda: _changed(chance, path, lines),
        lambda: _changed(chance, path, lines),
        lambda: _bash(f"sed -n '{chance.randint(1, 9)},{chance.randint(9, 20)}p' {path}"),
        lambda: _bash(f"grep -n {chance.choice(WORDS)} {path}"),
        lambda: _bash(f"sed -i '{chance.randint(1, 15)}s/total/sum/' {path}"),
        lambda: render("grep", {"pattern": chance.choice(WORDS), "path": f"{AT}/pack"}),
        lambda: render("glob", {"pattern": f"{chance.choice(WORDS)[0]}*.py", "path": f"{AT}/pack"}),
        lambda: _bash(f"wc -l {path}; head -n 3 {path}"),
        lambda: _bash(f"python3 {path}; echo $?"),
        lambda: render("write", {"path": f"{AT}/pack/extra.py", "content": _module(chance)}),
    )
    return chance.choice(made)()


def _changed(chance: random.Random, path: str, lines: dict[str, list[str]]) -> Action:
    """An edit of a line that was there at the start: it may fit, stand there twice, or be gone."""
    rows = [line for line in lines[path] if line.strip()]
    line = chance.choice(rows)
    new = chance.choice((line.replace("total", "value"), line + "  # seen", f"{line}\n    # {chance.choice(WORDS)}"))
    return _edit(path, line, new)


async def _recorded(episodes: Sequence[Episode]) -> list[Trajectory]:
    return [
        await record(
            one.actions, id=one.id, repository=one.repository, fresh_shells=one.fresh_shells, source=one.source
        )
        for one in episodes
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the golden examples of the swe domain, or seeded episodes."""
    parser = command.parser("swe_examples", main.__doc__)
    parser.add_argument("--practice", type=int, default=0, metavar="N", help="N seeded episodes instead")
    chosen = parser.parse_args(arguments)
    episodes = practice(chosen.practice) if chosen.practice else golden()
    store.write(chosen.out, asyncio.run(_recorded(episodes)))


if __name__ == "__main__":
    main()
