"""The WebSocket terminal: lines in, what they show out, and nothing that steers a terminal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.models.base import heard, refused
from nextstate.models.fakes import Scripted
from nextstate.serve import pty
from nextstate.serve.service import Service
from nextstate.serve.testing import served, service_of
from nextstate.sim.limits import Limits
from nextstate.sim.scenario import Scenario
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Turn

PLAIN = Scenario("terminal", Setup("A box."), (Turn("echo a", "a\n", {"origin": "recorded"}),))


@asynccontextmanager
async def connected(service: Service, sid: str = "mine") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        served(service, surfaces=["pty"]) as base,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{base}/s/{sid}/terminal") as socket,
    ):
        yield socket


async def told(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next frame of a kind; those before it are dropped."""
    async with asyncio.timeout(5):
        while (frame := json.loads((await socket.receive()).data))["type"] != kind:
            pass
    return dict(frame)


async def send(socket: aiohttp.ClientWebSocketResponse, line: str) -> None:
    await socket.send_str(json.dumps({"type": "line", "text": line}))


async def test_the_past_is_shown_then_lines_are_answered_in_their_order() -> None:
    service = service_of()
    await service.sessions.create("local", PLAIN, id="mine")
    async with connected(service) as socket:
        past = await told(socket, "turn")
        ready = await told(socket, "ready")
        await send(socket, "ls")
        await send(socket, "cat <<E\nx\nE")
        first, second = await told(socket, "turn"), await told(socket, "turn")
    assert (past["action"], past["text"], past["origin"], past["past"]) == ("echo a", "a\n", "recorded", True)
    assert (ready["turns"], ready["domain"], ready["model"], ready["state"]) == (1, "terminal", "scripted", "A box.")
    assert (first["index"], first["text"], first["past"]) == (1, "1: ls", False)
    assert (second["text"], second["origin"]) == ("2: cat <<E\nx\nE", "model")


async def test_nothing_that_steers_a_terminal_comes_out() -> None:
    hostile = "\x1b]0;owned\x07\x1b[2Jtext\r\nnext\r\x9b31m\u202e\x00 ü"
    service = service_of({"scripted": Scripted(lambda query: hostile)})
    setup = Setup("\x1b[31mred")
    await service.sessions.create("local", Scenario("terminal", setup, (Turn("\x1b", hostile),)), id="mine")
    async with connected(service) as socket:
        frames = [await told(socket, "turn"), await told(socket, "ready")]
        await send(socket, "ls")
        frames.append(await told(socket, "turn"))
    assert frames[2]["text"] == "\\x1b]0;owned\\x07\\x1b[2Jtext\nnext\\x0d\\x9b31m\\u202e\\x00 ü"
    texts = [value for frame in frames for value in frame.values() if isinstance(value, str)]
    assert all(char.isprintable() or char in "\n\t" for text in texts for char in text)


@given(st.text())
def test_a_neutral_text_holds_nothing_but_what_is_printed(text: str) -> None:
    assert all(char.isprintable() or char in "\n\t" for char in pty.neutral(text))
    if text.isprintable():
        assert pty.neutral(text) == text


async def test_a_step_that_fails_is_told_and_the_session_goes_on() -> None:
    answers: list[str | Prediction] = [refused("not known"), "fine"]
    service = service_of({"scripted": Scripted(lambda query: answers.pop(0))})
    await service.sessions.create("local", PLAIN, id="mine")
    async with connected(service) as socket:
        await send(socket, "a")
        error = await told(socket, "error")
        await send(socket, "b")
        assert (await told(socket, "turn"))["text"] == "fine"
    assert (error["code"], error["outcome"]) == ("step_failed", "refused")
    assert "not known" in error["message"]


async def test_the_end_of_a_session_is_told() -> None:
    service = service_of()
    await service.sessions.create("local", Scenario("terminal", Setup()), limits=Limits(turns=1), id="mine")
    async with connected(service) as socket:
        await send(socket, "a")
        assert (await told(socket, "ended"))["ending"] == "turn_limit"
        await send(socket, "b")
        assert (await told(socket, "error"))["code"] == "session_ended"


class Waiting:
    """Says a piece, and then waits to be let go."""

    name = "waiting"

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        (heard.get() or print)("")
        (heard.get() or print)("tot\x1b")
        await self.go.wait()
        return Prediction(Outcome.OK, "total", Origin.MODEL)


async def test_what_is_heard_is_told_and_an_interrupt_ends_the_waiting() -> None:
    waiting = Waiting()
    service = service_of({"waiting": waiting})
    await service.sessions.create("local", Scenario("terminal", Setup()), id="mine")
    async with connected(service) as socket:
        for _ in range(3):
            await send(socket, "ls")
        deltas = [await told(socket, "delta"), await told(socket, "delta")]
        await socket.send_str('{"type": "interrupt"}')
        assert (await told(socket, "interrupted"))["turns"] == 0
        waiting.go.set()
        await socket.send_str('{"type": "interrupt"}')
        await send(socket, "pwd")
        frame = json.loads((await socket.receive()).data)
    assert [(one["text"], one["reset"]) for one in deltas] == [("", True), ("tot\\x1b", False)]
    assert frame["type"] in ("turn", "delta", "error")


async def test_more_lines_than_may_wait_are_refused() -> None:
    waiting = Waiting()
    service = service_of({"waiting": waiting})
    await service.sessions.create("local", Scenario("terminal", Setup()), id="mine")
    async with connected(service) as socket:
        for number in range(pty.WAITING + 4):
            await send(socket, f"echo {number}")
        assert (await told(socket, "error"))["code"] == "busy"
        waiting.go.set()


@pytest.mark.parametrize(
    ("scenario", "owner", "code"),
    [
        (Scenario("terminal", Setup()), "another", pty.NOT_FOUND),
        (Scenario("android", Setup()), "local", pty.UNFIT),
        (Scenario("mcp", domains.find("mcp").examples()[0].setup), "local", pty.UNFIT),
    ],
)
async def test_sessions_that_a_terminal_cannot_show_are_refused_with_a_reason(
    scenario: Scenario, owner: str, code: int
) -> None:
    service = service_of()
    await service.sessions.create(owner, scenario, id="mine")
    async with connected(service) as socket:
        assert (await told(socket, "error"))["message"]
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == code


@pytest.mark.parametrize("frame", ["", "[]", "{", '{"type": "line"}', '{"type": "line", "text": 3}', "[" * 50, b"ls"])
async def test_a_bad_frame_is_told_and_the_terminal_goes_on(frame: str | bytes) -> None:
    service = service_of()
    await service.sessions.create("local", Scenario("terminal", Setup()), id="mine")
    async with connected(service) as socket:
        await (socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_str(frame))
        assert (await told(socket, "error"))["code"] == "bad_request"
        await send(socket, "ls")
        assert (await told(socket, "turn"))["text"] == "0: ls"


def test_only_so_much_of_the_past_is_shown() -> None:
    assert pty._first([Turn("a", "b")] * 500) == 300
    assert pty._first([Turn("a", "b" * 1_500_000)] * 5) == 3
    assert pty._first([]) == 0


frames = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=20),
    st.dictionaries(st.sampled_from(["type", "text", "x"]), st.none() | st.integers() | st.text(max_size=8)).map(
        json.dumps
    ),
)


async def test_whatever_frames_come_the_terminal_still_answers() -> None:
    drawn: list[str | bytes] = []

    @given(frames)
    @settings(max_examples=60, deadline=None)
    def draw(frame: str | bytes) -> None:
        drawn.append(frame)

    draw()
    service = service_of()
    await service.sessions.create("local", Scenario("terminal", Setup()), id="mine")
    async with connected(service) as socket:
        await told(socket, "ready")
        for frame in drawn:
            await (socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_str(frame))
            assert json.loads((await socket.receive()).data)["type"] in ("error", "turn")
        await send(socket, "the last")
        while (shown := await told(socket, "turn"))["action"] != "the last":
            pass
    assert shown["text"].endswith("the last")
