"""The benchmark of many sessions runs and prints what it promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "sessions.py"


def test_the_benchmark_compares_sessions_with_real_shells_in_one_run() -> None:
    small = ["--model", "scripted", "--sessions", "30", "--turns", "3", "--shells", "2", "--json"]
    done = subprocess.run([sys.executable, str(SCRIPT), *small], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert (result["simulated"]["steps"], result["bash"]["steps"]) == (90, 6)
    assert result["answered"] == 1.0
    assert result["bash"]["kib_per_session"] > 0
    assert set(result["ratio"]) == {"steps_per_second", "memory_of_a_session", "start_of_a_session"}
