"""Practice sessions: what agents type into a terminal, recorded from a real bash.

    python benchmarks/terminal_sessions.py --seeds 0-79 --out tests/fixtures/terminal.jsonl.zst

Seeds 0 to 79 are the fixture, on which results are reported; whoever develops a kernel or a prompt uses seeds from 1000
on. The commands were written without looking at what any kernel can do. A share of them asks for what no kernel can
know: clocks, processes, the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nextstate.data.store import write
from nextstate.record.terminal import record_commands
from nextstate.types import Source, Trajectory
from practice import code, running, shell, text
from practice.kit import Kit
from practice.system import OPENINGS, SURPRISES

SURPRISE_RATE = 0.1
JOIN_RATE = 0.12
"""How often two steps are typed as one action."""
PEOPLE = (("dev", "box"), ("dev", "box"), ("dev", "box"), ("sam", "web01"), ("ana", "lab-7"), ("ci", "runner"))
FAMILIES = ((text.EPISODES, 0.36), (shell.EPISODES, 0.2), (running.EPISODES, 0.18), (code.EPISODES, 0.26))


@dataclass(frozen=True, slots=True)
class Practice:
    """What is typed, and the files that exist before."""

    seed: int
    commands: tuple[str, ...]
    files: dict[str, str]
    user: str
    host: str


def generate(seed: int) -> Practice:
    """The practice session of a seed: three to five episodes, at least ten commands."""
    kit = Kit(seed)
    commands = [kit.pick(*OPENINGS)] if kit.random.random() < 0.6 else []
    used: set[str] = set()
    while len(commands) < 10 or (len(used) < 3 and len(commands) < 16):
        episodes, weights = zip(*FAMILIES, strict=True)
        episode = kit.random.choice(kit.random.choices(episodes, weights)[0])
        if episode.__name__ not in used:
            used.add(episode.__name__)
            steps = episode(kit)
            commands += steps if episode is running.failures else _joined(kit, steps)
            if episode in (code.git, running.places, running.failures) and kit.random.random() < 0.85:
                commands.append(kit.pick("cd", "cd ~", "cd ~ && pwd", "cd $HOME; ls"))
    return Practice(seed, tuple(_surprised(kit, commands)), dict(kit.files), *kit.random.choice(PEOPLE))


def _joined(kit: Kit, steps: list[str]) -> list[str]:
    """The steps, some of them joined to their predecessor, as an agent in a hurry types them."""
    out = steps[:1]
    for step in steps[1:]:
        plain = "<<" not in out[-1] + step and "\n" not in out[-1] + step
        if plain and kit.random.random() < JOIN_RATE:
            out[-1] += kit.pick(" && ", "; ", "\n", '; echo "---"; ') + step
        else:
            out.append(step)
    return out


def _surprised(kit: Kit, commands: list[str]) -> Iterator[str]:
    for command in commands:
        yield command
        if kit.random.random() < SURPRISE_RATE:
            yield kit.pick(*SURPRISES)


async def record(seed: int) -> Trajectory:
    """Type the session of ``seed`` into a real bash."""
    practice = generate(seed)
    source = Source(dataset="nextstate practice", licence="Apache-2.0", row=str(seed))
    return await record_commands(
        practice.commands,
        id=f"practice-{seed:04d}",
        files=practice.files,
        cwd=f"/home/{practice.user}",
        user=practice.user,
        host=practice.host,
        sandbox="bubblewrap",
        source=source,
    )


async def record_all(seeds: range, at_once: int = 2) -> list[Trajectory]:
    """All sessions, in the order of their seeds."""
    gate = asyncio.Semaphore(at_once)

    async def one(seed: int) -> Trajectory:
        async with gate:
            return await record(seed)

    return list(await asyncio.gather(*map(one, seeds)))


def summary(trajectories: list[Trajectory]) -> str:
    turns = [turn for trajectory in trajectories for turn in trajectory.turns]
    empty = sum(not turn.observation for turn in turns)
    endings = Counter(str(trajectory.meta["ending"]) for trajectory in trajectories)
    return f"{len(trajectories)} trajectories, {len(turns)} turns, {empty} empty observations, endings {dict(endings)}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Record practice sessions from a real bash.")
    parser.add_argument("--seeds", default="0-79", help="first-last, both included (default 0-79)")
    parser.add_argument("--out", type=Path, required=True, help="a .jsonl or .jsonl.zst file")
    args = parser.parse_args()
    first, _, last = args.seeds.partition("-")
    started = time.perf_counter()
    trajectories = asyncio.run(record_all(range(int(first), int(last or first) + 1)))
    write(args.out, trajectories)
    print(f"{summary(trajectories)}, {time.perf_counter() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
