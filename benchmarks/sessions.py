"""Many simulated sessions in one process, beside real shells that step the same commands.

    python benchmarks/sessions.py [--model kernel|scripted] [--sessions 1000] [--turns 10] [--shells 50] [--json]

Every session lives through the same kind of work with its own texts; all sessions are alive at once and take turns. The
alternative in the same run is one real ``bash`` process for each session, fed over a pipe. Memory of the
simulated side is the growth of this process; memory of a shell is its proportional set size. A step of the
simulated side that the model refuses is counted too; the share that was answered is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import platform
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate import domain as domains
from nextstate.errors import StepFailed
from nextstate.eval.stats import percentile
from nextstate.models.fakes import Scripted
from nextstate.models.grounded import KernelModel
from nextstate.sim import Session
from nextstate.types import Setup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.types import Json, WorldModel

WORK = (
    "mkdir -p job{n} && cd job{n}",
    "for i in 1 2 3; do echo line $i of {n}; done > notes.txt",
    "cat notes.txt",
    "x=$((37 * {n})); echo $x",
    "grep -c line notes.txt",
    "sed -i s/line/row/ notes.txt && head -n 1 notes.txt",
    "sort -r notes.txt | head -n 2",
    "wc -l < notes.txt",
    "cat missing-{n}.txt",
    "cd .. && ls job{n}",
)
END = "__end_of_step__"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one side cost; a step is one command, from asking to its whole output."""

    what: str
    sessions: int
    steps: int
    seconds: float
    steps_per_second: float
    p50_ms: float
    p95_ms: float
    kib_per_session: float
    start_ms_per_session: float


def main() -> None:
    arguments = parser().parse_args()
    simulated, answered = asyncio.run(simulate(arguments.model, arguments.sessions, arguments.turns))
    real = asyncio.run(run_shells(arguments.shells, arguments.turns))
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "answered": answered,
        "simulated": asdict(simulated),
        "bash": asdict(real),
        "ratio": {
            "steps_per_second": round(simulated.steps_per_second / real.steps_per_second, 2),
            "memory_of_a_session": round(simulated.kib_per_session / real.kib_per_session, 3),
            "start_of_a_session": round(simulated.start_ms_per_session / real.start_ms_per_session, 4),
        },
    }
    print(json.dumps(result, indent=2) if arguments.json else told(result))


def parser() -> argparse.ArgumentParser:
    one = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    one.add_argument("--model", choices=("kernel", "scripted"), default="kernel")
    one.add_argument("--sessions", type=int, default=1000)
    one.add_argument("--turns", type=int, default=10)
    one.add_argument("--shells", type=int, default=50, help="real bash processes to compare with")
    one.add_argument("--json", action="store_true")
    return one


def commands(number: int, turns: int) -> list[str]:
    """The commands of one session; it starts the work anew, in another folder, when it has done it all."""
    return [WORK[k % len(WORK)].format(n=f"{number}x{k // len(WORK)}") for k in range(turns)]


async def simulate(model: str, count: int, turns: int) -> tuple[Measured, float]:
    """``count`` sessions at once; also returns the share of steps that were answered."""
    terminal = domains.find("terminal")
    world: WorldModel = KernelModel() if model == "kernel" else Scripted(lambda query: f"{query.action}\n")
    facts: dict[str, Json] = {"user": "dev", "host": "box", "cwd": "/home/dev", "env": {"HOME": "/home/dev"}}
    facts |= {"files": {}, "complete": ["/home/dev"]}
    setup = Setup(initial_state="An empty home directory.", facts=facts)
    await live(Session(world, terminal, setup), 0, min(turns, len(WORK)))  # imports and caches are warm from here on
    gc.collect()
    before, started = resident_kib(), time.perf_counter()
    sessions = [Session(world, terminal, setup) for _ in range(count)]
    made = time.perf_counter() - started
    lives = await asyncio.gather(*(live(one, number, turns) for number, one in enumerate(sessions, 1)))
    seconds = time.perf_counter() - started
    gc.collect()
    grown = resident_kib() - before
    waits = [wait for found in lives for wait in found]
    answered = sum(len(one.history) for one in sessions) / len(waits)
    return measured(f"nextstate sessions, {model}", count, waits, seconds, grown / count, made / count), answered


async def live(session: Session, number: int, turns: int) -> list[float]:
    """Seconds of each step. A step that the model does not answer is skipped and still counted."""
    waits: list[float] = []
    for command in commands(number, turns):
        started = time.perf_counter()
        with contextlib.suppress(StepFailed):
            await session.step(command)
        waits.append(time.perf_counter() - started)
        await asyncio.sleep(0)  # the next session's turn
    return waits


async def run_shells(count: int, turns: int) -> Measured:
    """``count`` real bash processes at once, each in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        shells = [await open_shell(Path(folder) / str(number)) for number in range(count)]
        made = time.perf_counter() - started
        try:
            begun, room = time.perf_counter(), asyncio.Semaphore(os.cpu_count() or 1)
            lives = await asyncio.gather(*(drive(one, number, turns, room) for number, one in enumerate(shells, 1)))
            seconds = time.perf_counter() - begun + made
            size = sum(proportional_kib(one.pid) for one in shells) / count
        finally:
            for one in shells:
                one.kill()
                await one.wait()
    return measured(
        "real bash processes", count, [wait for found in lives for wait in found], seconds, size, made / count
    )


async def open_shell(folder: Path) -> asyncio.subprocess.Process:
    folder.mkdir()
    pipe = asyncio.subprocess.PIPE
    shell = await asyncio.create_subprocess_exec(
        "bash", "--norc", "--noprofile", cwd=folder, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    await ask(shell, "true")
    return shell


async def drive(shell: asyncio.subprocess.Process, number: int, turns: int, room: asyncio.Semaphore) -> list[float]:
    """Seconds of each step. ``room`` lets as many shells work at once as there are cores: none waits in line."""
    waits: list[float] = []
    for command in commands(number, turns):
        async with room:
            started = time.perf_counter()
            await ask(shell, command)
            waits.append(time.perf_counter() - started)
    return waits


async def ask(shell: asyncio.subprocess.Process, command: str) -> bytes:
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(f"{command}\necho {END}\n".encode())
    return await shell.stdout.readuntil(f"{END}\n".encode())


def measured(
    what: str, sessions: int, waits: Sequence[float], seconds: float, kib: float, start_seconds: float
) -> Measured:
    return Measured(
        what,
        sessions,
        steps=len(waits),
        seconds=round(seconds, 3),
        steps_per_second=round(len(waits) / seconds, 1),
        p50_ms=round(1000 * (percentile(waits, 0.5) or 0), 3),
        p95_ms=round(1000 * (percentile(waits, 0.95) or 0), 3),
        kib_per_session=round(kib, 2),
        start_ms_per_session=round(1000 * start_seconds, 4),
    )


def resident_kib() -> int:
    """Resident set size of this process, in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def proportional_kib(pid: int) -> int:
    """Proportional set size of a process, in KiB: what it shares is divided among those who share it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise OSError(f"/proc/{pid}/smaps_rollup names no Pss")


def told(result: dict[str, object]) -> str:
    """The result for people."""
    lines = [str(result["machine"])]
    for side in ("simulated", "bash"):
        one = result[side]
        assert isinstance(one, dict)
        lines.append(
            f"{one['what']:<28} {one['sessions']:>5} at once  {one['steps']:>6} steps  "
            f"{one['steps_per_second']:>9,.1f} steps/s  p50 {one['p50_ms']:.2f} ms  p95 {one['p95_ms']:.2f} ms  "
            f"{one['kib_per_session']:>8,.1f} KiB/session  start {one['start_ms_per_session']:.3f} ms"
        )
    ratio = result["ratio"]
    assert isinstance(ratio, dict)
    lines.append(
        f"ratio, simulated to bash: {ratio['steps_per_second']} x the steps/s, {ratio['memory_of_a_session']} x the "
        f"memory, {ratio['start_of_a_session']} x the start; {result['answered']:.1%} of the steps answered"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
