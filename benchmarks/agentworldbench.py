"""AgentWorldBench in three stages against a scripted server, beside what a sequential script needs.

    python benchmarks/agentworldbench.py [--rows 2170] [--latency 1.0] [--concurrency 64] [--kills 10] [--json]

Makes a set in the official format (seeded; rows per domain as published: mcp 286, search 458, terminal 354, swe 472,
android, web and os 200 each; up to five rows of a trajectory; histories up to 40 kB), starts the server of
``nextstate.models.fake_endpoint`` in a process of its own and runs ``infer``, ``judge`` and ``score`` as commands. The
ratio is the sum of the latencies of all calls, which is what one call after another needs at least, over the wall time
of the three commands. The named alternative in the same run is such a script: ``--sample`` rows, one call after
another, measured.

``--kills N`` runs the first two stages again in a new folder, kills them with SIGKILL at N random moments, resumes each
time, and checks by the server's counts that every row is there once and that no row which was finished at a kill was
asked again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nextstate.data.sources.agentworldbench import rows_of
from nextstate.eval.agentworldbench import OwnPrompt, index
from nextstate.eval.judge import FULL
from nextstate.models.chat import ChatEndpoint
from nextstate.models.fake_endpoint import request_hash
from nextstate.types import Setup, Trajectory, Turn

COUNTS = {"mcp": 286, "search": 458, "terminal": 354, "swe": 472, "android": 200, "web": 200, "os": 200}
NEXTSTATE = [sys.executable, "-m", "nextstate", "bench", "agentworldbench"]
WORDS = "state window files report value index table budget session record entry account order page change".split()


def main() -> None:
    arguments = parser().parse_args()
    with tempfile.TemporaryDirectory() as made, Served(arguments.latency) as served:
        folder = Path(made)
        write(folder / "data", arguments.rows, arguments.seed)
        result = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "latency_s": arguments.latency,
            "concurrency": arguments.concurrency,
            **measure(folder, served, arguments),
        }
        if arguments.kills:
            result["kills"] = killed(folder, served, arguments)
    print(json.dumps(result, indent=2) if arguments.json else told(result))


def parser() -> argparse.ArgumentParser:
    one = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    one.add_argument("--rows", type=int, default=sum(COUNTS.values()))
    one.add_argument("--latency", type=float, default=1.0)
    one.add_argument("--concurrency", type=int, default=64)
    one.add_argument("--kills", type=int, default=0)
    one.add_argument("--sample", type=int, default=20)
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--json", action="store_true")
    return one


# The made set


def write(folder: Path, rows: int, seed: int) -> None:
    """Files ``{domain}_test.jsonl`` with ``rows`` rows, shared out as in the published set."""
    folder.mkdir()
    draw = random.Random(seed)
    for domain, count in COUNTS.items():
        with (folder / f"{domain}_test.jsonl").open("w", encoding="utf-8") as file:
            left = round(count * rows / sum(COUNTS.values()))
            while left > 0:
                trajectory = made(domain, left, draw)
                last = len(trajectory.turns)
                asked = sorted({1, last, *draw.sample(range(1, last + 1), min(3, last))})[:left]
                left -= len(asked)
                for row in rows_of(trajectory, asked, prompt=prose(draw, 3000)):
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")


def made(domain: str, number: int, draw: random.Random) -> Trajectory:
    """A trajectory of 2 to 16 turns with observations of 0.5 to 2.5 kB: histories up to 40 kB."""
    turns = tuple(
        Turn(f"step {turn}: {prose(draw, 80)}", prose(draw, draw.randint(500, 2500)))
        for turn in range(draw.randint(2, 16))
    )
    return Trajectory(f"{domain}-{number}", domain, Setup(initial_state=prose(draw, 1000)), turns)


def prose(draw: random.Random, characters: int) -> str:
    text = " ".join(draw.choices(WORDS, k=characters // 6))
    return f"{text} {draw.getrandbits(64):x}"


# The server and the commands


@dataclass
class Served:
    """The scripted server in a process of its own."""

    latency: float
    process: subprocess.Popen[str] = field(init=False)
    url: str = ""

    def __enter__(self) -> Served:
        command = [sys.executable, "-m", "nextstate.models.fake_endpoint", "--latency", str(self.latency)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait()

    def counts(self) -> dict[str, Any]:
        """What the server has counted."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/counts") as reply:
            found: dict[str, Any] = json.load(reply)
        return found

    def received(self) -> dict[str, int]:
        """How often each request has come in."""
        return {name: counts["received"] for name, counts in self.counts()["requests"].items()}


def stage(name: str, folder: Path, out: Path, served: Served, concurrency: int) -> list[str]:
    """The command line of a stage."""
    if name == "score":
        return [*NEXTSTATE, "score", str(out), "--json"]
    whom = ["--model", f"chat:fake@{served.url}"] if name == "infer" else ["--judge", f"chat:fake-judge@{served.url}"]
    rest = ["--data", str(folder / "data"), "--out", str(out), "--concurrency", str(concurrency), "--json"]
    return [*NEXTSTATE, name, *whom, *rest]


def run(command: list[str]) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return time.perf_counter() - started, json.loads(said)


def measure(folder: Path, served: Served, arguments: argparse.Namespace) -> dict[str, Any]:
    out = folder / "run"
    seconds: dict[str, float] = {}
    for name in ("infer", "judge", "score"):
        seconds[name], report = run(stage(name, folder, out, served, arguments.concurrency))
    calls = served.counts()["answered"]
    wall, latencies = sum(seconds.values()), calls * arguments.latency
    each = asyncio.run(sequential(folder, served, arguments.sample))
    assert report["scored"] == report["rows"] and not any(report["unfinished"].values()), report
    usage = report["usage"]["model"]
    return {
        "rows": report["rows"],
        "calls": calls,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "sum_of_latencies_s": round(latencies, 1),
        "ratio": round(latencies / wall, 1),
        "cached_share_of_prompt": round(usage["cached_tokens"] / usage["prompt_tokens"], 3),
        "sequential": {
            "what": f"one call after another, {arguments.sample} rows measured",
            "seconds_per_call": round(each, 4),
            "ratio": round(each * calls / wall, 1),
        },
    }


async def sequential(folder: Path, served: Served, sample: int) -> float:
    """Seconds per call of a script that asks one row after another."""
    model = ChatEndpoint("fake", served.url)
    entries = list(index([folder / "data"]).entries)[:sample]
    started = time.perf_counter()
    for entry in entries:
        await model.complete(entry.row().messages())
    await model.aclose()
    return (time.perf_counter() - started) / max(len(entries), 1)


# Kills


def killed(folder: Path, served: Served, arguments: argparse.Namespace) -> dict[str, Any]:
    """Kill the first two stages at random moments, half of the times each, and resume them."""
    out, draw = folder / "killed", random.Random(arguments.seed)
    shares = {"infer": (arguments.kills + 1) // 2, "judge": arguments.kills // 2}
    found = {name: strikes(name, kills, folder, out, served, arguments, draw) for name, kills in shares.items()}
    _, report = run(stage("score", folder, out, served, arguments.concurrency))
    assert report["scored"] == report["rows"] == sum(1 for _ in index([folder / "data"]).entries), report
    return found


def strikes(
    name: str, kills: int, folder: Path, out: Path, served: Served, arguments: argparse.Namespace, draw: random.Random
) -> dict[str, int]:
    """Kill a stage ``kills`` times, let it finish, and compare the server's counts with what was finished when."""
    command = stage(name, folder, out, served, arguments.concurrency)
    pace = arguments.rows * arguments.latency / arguments.concurrency / (kills + 1)
    start, struck, asked_before = served.received(), 0, dict[str, int]()
    hashes = requests(name, folder, out)
    for _ in range(kills):
        struck += strike(command, out / name, draw.uniform(0.2, 1.5) * pace)
        time.sleep(arguments.latency + 0.5)  # what was under way is counted by now
        received = served.received()
        asked_before |= {key: received[hashes[key]] for key in keys(out / name) if key not in asked_before}
    run(command)
    received, finished = served.received(), keys(out / name)
    repeated = [key for key, times in asked_before.items() if received[hashes[key]] != times]
    assert not repeated, f"{len(repeated)} finished rows were asked again, as {repeated[0]}"
    assert sorted(finished) == sorted(hashes), "a row is missing or there twice"
    calls = sum(received[one] - start.get(one, 0) for one in set(hashes.values()))
    return {
        "kills": struck,
        "finished_before_a_kill": len(asked_before),
        "of_them_asked_again": len(repeated),
        "rows": len(finished),
        "calls": calls,
        "calls_lost_under_way": calls - len(finished),
    }


def strike(command: list[str], folder: Path, after: float) -> bool:
    """Kill ``command`` so many seconds after its first row; whether it was still at work then."""
    known = len(keys(folder))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and len(keys(folder)) == known:
        time.sleep(0.05)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def keys(folder: Path) -> list[str]:
    """The rows that are finished in a stage's folder; a line that was torn off is none."""
    path = folder / "rows.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line)["key"] for line in lines]


def requests(name: str, folder: Path, out: Path) -> dict[str, str]:
    """The request that each row makes, by the row's key, as the server counts it."""
    bench = index([folder / "data"])
    if name == "infer":
        return {entry.key: request_hash(entry.row().messages()) for entry in bench.entries}
    prompt = OwnPrompt(FULL)
    lines = {line["key"]: line for line in map(json.loads, (out / "infer" / "rows.jsonl").read_bytes().splitlines())}
    asked = {entry.key: prompt.messages(entry.row(), lines[entry.key]["observation"]) for entry in bench.entries}
    return {key: request_hash(messages) for key, messages in asked.items()}


def told(result: dict[str, Any]) -> str:
    """The result for people."""
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in result["seconds"].items())
    lines = [
        f"{result['rows']:,} rows, {result['calls']:,} calls of {result['latency_s']:g} s, concurrency "
        f"{result['concurrency']} ({result['machine']})",
        f"{seconds}; sum of latencies {result['sum_of_latencies_s']:,.0f} s: {result['ratio']:.1f} times faster",
        f"{result['sequential']['what']}: {result['sequential']['seconds_per_call']:.3f} s a call; "
        f"{result['sequential']['ratio']:.1f} times faster than that",
        f"{result['cached_share_of_prompt']:.0%} of the model's prompt was in the prefix cache",
    ]
    for name, found in result.get("kills", {}).items():
        counts = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in found.items())
        lines.append(f"{name}: {counts}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
