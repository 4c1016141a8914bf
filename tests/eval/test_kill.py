"""``kill -9`` in the middle of an evaluation, then the same command again: nothing is asked twice, nothing is lost.

The endpoint lives in the test and answers a request only when the process may live on, so "asked" is exact: a row that
was under way when the process died was asked and never answered, and must be asked again; a row that is in the
folder must never be.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from nextstate.data import store
from plugged import PLUGIN, write_metadata

from .worlds import episodes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ROWS = 500


class Endpoint:
    """Plays an OpenAI-compatible endpoint; at request ``strike_at`` the asking process gets the signal ``blow``."""

    def __init__(self) -> None:
        self.base = ""
        self.asked: Counter[str] = Counter()
        self.strike_at: int | None = None
        self.blow = signal.SIGKILL
        self.process: asyncio.subprocess.Process | None = None

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        row = re.findall(r"row \d+-\d+", body["messages"][-1]["content"])[-1]
        self.asked[row] += 1
        if self.asked.total() == self.strike_at and self.process is not None:
            self.process.send_signal(self.blow)
        text = "<predicted_observation>\nnoted\n</predicted_observation>"
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    played = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", played.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    played.base = f"http://{host}:{port}/v1"
    yield played
    await runner.cleanup()


async def command(endpoint: Endpoint, folder: Path) -> tuple[int, bytes, bytes]:
    """Run the real command line until it ends; returns status, standard output and standard error."""
    argv = ["-m", "nextstate", "eval", "--model", f"chat:fake@{endpoint.base}", "--data", str(folder / "data.jsonl")]
    endpoint.process = await asyncio.create_subprocess_exec(
        sys.executable, *argv, "--out", str(folder / "run"), "--json",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PLUGIN), str(folder)])},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await endpoint.process.communicate()
    assert endpoint.process.returncode is not None
    return endpoint.process.returncode, out, err


def prepare(folder: Path) -> None:
    """500 rows: the notes of 50 episodes, each with a text of its own."""
    store.write(folder / "data.jsonl", (replace(one, turns=one.turns[::2]) for one in episodes(50, 20)))
    write_metadata(folder)


def finished(folder: Path) -> list[str]:
    """The rows in the folder, by the text that the endpoint sees; whole lines only."""
    lines = (folder / "run" / "rows.jsonl").read_bytes().split(b"\n")[:-1]
    rows = [json.loads(line) for line in lines]
    return [f"row {row['trajectory'].removeprefix('desk-')}-{2 * row['turn']}" for row in rows]


@pytest.mark.parametrize("strike_at", [3, 237])
async def test_after_kill_9_no_finished_row_is_asked_again_and_none_is_lost(
    endpoint: Endpoint, tmp_path: Path, strike_at: int
) -> None:
    prepare(tmp_path)
    endpoint.strike_at = strike_at
    status, _, _ = await command(endpoint, tmp_path)
    assert status == -signal.SIGKILL
    kept, asked_before = finished(tmp_path), endpoint.asked
    assert len(kept) == len(set(kept)) < ROWS
    assert 0 <= asked_before.total() - len(kept) <= 8

    endpoint.strike_at, endpoint.asked = None, Counter()
    status, out, err = await command(endpoint, tmp_path)
    assert status == 0, err
    everything = {f"row {episode}-{turn}" for episode in range(50) for turn in range(0, 20, 2)}
    assert endpoint.asked == Counter(everything - set(kept))
    assert sorted(finished(tmp_path)) == sorted(everything)
    assert json.loads(out)["n"] == ROWS


async def test_an_interrupt_from_the_keyboard_leaves_a_run_that_goes_on(endpoint: Endpoint, tmp_path: Path) -> None:
    prepare(tmp_path)
    endpoint.strike_at, endpoint.blow = 100, signal.SIGINT
    status, _, err = await command(endpoint, tmp_path)
    assert status == 130, err
    assert b"Traceback" not in err
    kept = finished(tmp_path)
    assert 80 <= len(kept) < ROWS

    endpoint.strike_at, endpoint.asked = None, Counter()
    status, out, _ = await command(endpoint, tmp_path)
    assert (status, json.loads(out)["n"]) == (0, ROWS)
    assert endpoint.asked.keys().isdisjoint(kept)
    assert endpoint.asked.total() == ROWS - len(kept)
