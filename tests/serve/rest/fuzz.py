"""Thousands of made-up requests against a live server of scripted worlds: no answer of 500, no hang, no growth.

Needs schemathesis (4 or newer) in an environment of its own:

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install schemathesis
    .venv/bin/python tests/serve/rest/fuzz.py /tmp/fuzz/bin/schemathesis [EXAMPLES]

Prints one JSON object and ends with status 1 where something was found.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

GROWTH = 60 * 2**20
"""Bytes by which the memory of the server may be larger after the last round than after the first."""
SESSION = "fuzzed"
HERE = Path(__file__)
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
CONFIG = f"""
request-timeout = 10.0
request-retries = 0
[parameters]
"path.id" = "{SESSION}"
"""


async def serve() -> None:
    """Serve a session that is there from the beginning, and say where."""
    from nextstate.serve.testing import served, service_of

    service = service_of()
    await service.sessions.create("local", service.catalogue.find(service.catalogue.default("terminal")), id=SESSION)
    async with served(service, surfaces=("rest",)) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


def resident(pid: int) -> int:
    """Bytes of memory of a process, on Linux."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


def statuses(url: str) -> dict[str, int]:
    """How many answers of each status the server counted."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    found = [line.split('"') for line in lines if line.startswith("nextstate_requests_total{")]
    return {status: int(float(count.strip("} "))) for _, status, count in found}


def rounds(program: str, url: str, examples: int, pid: int) -> tuple[list[int], list[int]]:
    """The exit statuses of three rounds, the first with ids made up, and the memory after each."""
    ended, memory = [], []
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(CONFIG, "utf-8")
        for number in range(3):
            command = [program, *(["--config-file", str(config)] if number else []), "run", f"{url}/openapi.json"]
            command += ["--checks", ",".join(CHECKS), "--mode", "all", "--seed", str(number), "--max-examples"]
            command += [str(examples), "--continue-on-failure", "--suppress-health-check", "all"]
            done = subprocess.run(command, cwd=folder, stdout=sys.stderr, check=False)
            ended.append(done.returncode)
            memory.append(resident(pid))
    return ended, memory


def main(program: str, examples: int = 100) -> int:
    with subprocess.Popen([sys.executable, str(HERE), "--serve"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            ended, memory = rounds(program, url, examples, server.pid)
            counted = statuses(url)
        finally:
            server.terminate()
    broken = sum(count for status, count in counted.items() if status >= "500")
    report = {"requests": sum(counted.values()), "statuses": counted, "rounds": ended, "memory": memory}
    print(json.dumps(report))
    return int(broken > 0 or any(ended) or memory[-1] - memory[0] > GROWTH)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        asyncio.run(serve())
    else:
        sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
