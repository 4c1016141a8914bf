"""The real ``adb`` and ``adbutils`` against sessions of a device world."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from nextstate import domain as domains
from nextstate.models.fakes import Replay
from nextstate.models.grounded import Grounded
from nextstate.serve import adb
from nextstate.serve.testing import service_of
from nextstate.sim.scenario import Scenario
from nextstate.sim.sessions import Sessions

EXAMPLE = domains.find("android").examples()[0]


@dataclass(frozen=True, slots=True)
class Served:
    """A server of one device, answered from a recording."""

    sessions: Sessions
    port: int

    async def actions(self) -> list[str]:
        return [turn.action for turn in (await self.sessions.trajectory("local", "notes")).turns]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    service = service_of({"replay": Grounded(Replay(domains.find("android").examples()))})
    await service.sessions.create("local", Scenario("android", EXAMPLE.setup), id="notes")
    async with adb.listening(service.sessions, "local", ["notes"], port=0) as port:
        yield Served(service.sessions, port)
    await service.sessions.aclose()


async def command(port: int, *words: str) -> tuple[str, str, int]:
    """What the real ``adb`` prints on both its outputs, and its status."""
    process = await asyncio.create_subprocess_exec(
        "adb",
        "-P",
        str(port),
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        out, error = await process.communicate()
    return out.decode(), error.decode(), process.returncode or 0


@pytest.mark.skipif(shutil.which("adb") is None, reason="no adb; install it (apt-get install adb)")
async def test_the_real_adb_sees_and_uses_a_device(served: Served, tmp_path: Path) -> None:
    port = served.port
    assert "sim-notes\tdevice" in (await command(port, "devices"))[0]
    assert "model:Simulated" in (await command(port, "devices", "-l"))[0]
    assert (await command(port, "wait-for-device"))[2] == 0
    assert await command(port, "get-state") == ("device\n", "", 0)
    assert await command(port, "shell", "wm", "size") == ("Physical size: 1080x2400\n", "", 0)
    out, error, status = await command(port, "shell", "echo out; nosuch")
    assert (out, status) == ("out\n", 127)
    assert "nosuch: inaccessible or not found" in error
    assert (await command(port, "shell", "am", "start", "-n", "org.example.notes/.Main"))[2] == 0
    assert "org.example.notes" in (await command(port, "shell", "dumpsys window | grep mCurrentFocus"))[0]
    assert "hierchary dumped" in (await command(port, "shell", "uiautomator", "dump"))[0]
    assert (await command(port, "pull", "/sdcard/window_dump.xml", str(tmp_path / "dump.xml")))[2] == 0
    assert (tmp_path / "dump.xml").read_text().startswith("<?xml")
    out, _, _ = await command(port, "exec-out", "uiautomator", "dump", "/dev/tty")
    assert out.startswith((tmp_path / "dump.xml").read_text())
    assert (await command(port, "push", __file__, "/sdcard/x"))[2] == 1
    assert "without pixels" in (await command(port, "shell", "screencap", "-p"))[1]
    assert (await command(port, "-s", "other", "shell", "ls"))[2] == 1
    assert await served.actions() == [EXAMPLE.turns[0].action]


async def test_adbutils_sees_and_uses_a_device(served: Served, client: Callable[..., Awaitable[str]]) -> None:
    seen = json.loads(await client("adb", str(served.port), script="adb_client"))
    assert (seen["version"], seen["serial"], seen["features"]) == (41, "sim-notes", "shell_v2")
    assert seen["listed"] == [["sim-notes", "device"]]
    assert (seen["size"], seen["model"], seen["screen_on"]) == ([1080, 2400], "Simulated", True)
    assert (seen["first"], seen["opened"]) == ("org.example.launcher", "org.example.notes")
    assert (seen["v1"], seen["v2"]) == (1, "out\n")
    assert seen["dump"].startswith("<?xml")
    assert seen["files"] == ["uidump.xml"]
    assert "FAIL" in seen["pushed"]
    actions = await served.actions()
    assert actions[0] == EXAMPLE.turns[0].action
    assert json.loads(actions[1])["action_type"] == "click"
