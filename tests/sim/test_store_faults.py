"""What a store does when its file cannot be written, or was damaged, and how its log is kept short."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from nextstate.models.fakes import Scripted
from nextstate.sim import tree
from nextstate.sim.scenario import Scenario
from nextstate.sim.sessions import Sessions
from nextstate.sim.tree import StoreFailed, Tree
from nextstate.types import Setup

ME = "me"
BOX = Scenario("terminal", Setup(initial_state="a box"))


def opened(file: Path) -> Sessions:
    return Sessions({"scripted": Scripted(lambda query: "x" * 1_000)}, Tree(file))


async def test_what_could_not_be_kept_is_told_and_not_charged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = opened(tmp_path / "t.sqlite")
    one = await sessions.create(ME, BOX)
    await sessions.step(ME, one.id, "a")

    def full(connection: object, batch: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(tree, "_commit", full)
        for what in (sessions.step(ME, one.id, "b"), sessions.fork(ME, one.id), sessions.create(ME, BOX)):
            with pytest.raises(StoreFailed, match="disk is full"):
                await what
    spent = sessions.spent(ME)
    assert (spent.sessions, spent.steps) == (1, 1)
    assert (await sessions.step(ME, one.id, "b")).index == 1
    assert (await sessions.view(ME, one.id)).turns == spent.steps == 2
    await sessions.aclose()


async def test_a_damaged_file_is_told_as_such(tmp_path: Path) -> None:
    file = tmp_path / "t.sqlite"
    sessions = opened(file)
    one = await sessions.create(ME, BOX)
    for number in range(40):
        await sessions.step(ME, one.id, f"./run {number}")
    await sessions.aclose()
    whole = file.read_bytes()
    file.write_bytes(whole[: 12 * 4096] + b"\xa5" * (len(whole) - 12 * 4096))
    kept = Tree(file)
    with pytest.raises(StoreFailed, match=r"t\.sqlite cannot be read"):
        for row in kept.sessions(ME, 10):
            kept.path(row.head)
    await kept.aclose()


async def test_the_log_is_cut_once_it_was_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOVE", 100_000)
    sessions = opened(tmp_path / "t.sqlite")
    one = await sessions.create(ME, BOX)
    sizes = []
    for number in range(100):
        await sessions.step(ME, one.id, f"./run {number}")
        if (moving := sessions.tree._moving) is not None:
            await asyncio.wait([moving])
        sizes.append(sessions.tree.log.stat().st_size)
    await sessions.aclose()
    assert max(sizes) < 300_000, sizes
    assert sum(size < 100_000 for size in sizes) > 50, sizes
