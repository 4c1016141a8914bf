"""The scripted chat server: deterministic, counted, slow and broken on demand."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
import pytest

from nextstate.errors import UsageError
from nextstate.models.chat import ChatEndpoint, ChatOptions
from nextstate.models.endpoint import Patience
from nextstate.models.fake_endpoint import FakeEndpoint, request_hash
from nextstate.types import Outcome

ASK = [{"role": "system", "content": "Be a shell."}, {"role": "user", "content": "ls"}]


async def complete(server: FakeEndpoint, name: str = "fake", tries: int = 1, messages: Any = ASK) -> Any:
    async def no_wait(seconds: float) -> None:
        waits.append(seconds)

    waits: list[float] = []
    model = ChatEndpoint(name, server.url, options=ChatOptions(patience=Patience(tries=tries)), sleep=no_wait)
    try:
        return await model.complete(messages), waits
    finally:
        await model.aclose()


async def test_equal_questions_get_equal_replies_and_other_ones_do_not() -> None:
    async with FakeEndpoint() as server:
        (first, _), (second, _) = await complete(server), await complete(server)
        other, _ = await complete(server, messages=[{"role": "user", "content": "pwd"}])
    assert first.text == second.text != other.text
    assert first.text.startswith("<predicted_observation>\n") and first.outcome is Outcome.OK


async def test_a_judge_is_known_by_its_name() -> None:
    async with FakeEndpoint() as server:
        reply, _ = await complete(server, "some-judge")
    marks = json.loads(reply.text)
    assert len(marks) == 5 and all(1 <= mark <= 5 for mark in marks.values())


async def test_a_function_may_give_the_replies() -> None:
    async with FakeEndpoint(lambda body: body["messages"][-1]["content"].upper()) as server:
        assert (await complete(server))[0].text == "LS"


async def test_calls_are_counted_by_request_and_the_counts_have_an_address() -> None:
    async with FakeEndpoint() as server:
        for _ in range(3):
            await complete(server)
        async with aiohttp.ClientSession() as session, session.get(server.url.removesuffix("v1") + "counts") as reply:
            counts = await reply.json()
        async with aiohttp.ClientSession() as session, session.get(server.url + "/models") as reply:
            assert [one["id"] for one in (await reply.json())["data"]] == ["fake", "fake-judge"]
    assert counts["requests"] == {request_hash(ASK): {"received": 3, "answered": 3}}
    assert (counts["calls"], counts["answered"], counts["most_at_once"]) == (3, 3, 1)


async def test_every_call_takes_its_latency_and_calls_wait_together() -> None:
    async with FakeEndpoint(latency=0.05) as server:
        started = time.perf_counter()
        await asyncio.gather(*(complete(server) for _ in range(8)))
        assert 0.05 <= time.perf_counter() - started < 0.05 * 8
        assert server.most_at_once == 8


@pytest.mark.parametrize(
    ("failure", "said"),
    [("429", "HTTP 429"), ("500", "HTTP 500"), ("torn", "Client"), ("malformed", "not JSON")],
)
async def test_failures_are_played_and_counted(failure: Any, said: str) -> None:
    async with FakeEndpoint(failures={failure: 1.0}) as server:
        reply, _ = await complete(server)
        assert reply.outcome is Outcome.PROVIDER_ERROR and said in reply.detail
        assert server.failed == {failure: 1} and server.answered.total() == 0


async def test_a_busy_answer_says_how_long_to_wait() -> None:
    async with FakeEndpoint(failures={"429": 1.0}, retry_after=7) as server:
        _, waits = await complete(server, tries=3)
    assert waits == [7.0, 7.0]


async def test_failures_are_drawn_by_request_and_attempt_so_a_run_can_be_repeated() -> None:
    async def played() -> list[Outcome]:
        async with FakeEndpoint(failures={"500": 0.5}, seed=3) as server:
            asked = [[{"role": "user", "content": str(n)}] for n in range(20)]
            return [(await complete(server, messages=one))[0].outcome for one in asked]

    first = await played()
    assert first == await played() and len(set(first)) == 2


async def test_what_an_earlier_request_began_with_counts_as_cached() -> None:
    async with FakeEndpoint() as server:
        first, _ = await complete(server, messages=[{"role": "user", "content": "a" * 400}])
        longer = [{"role": "user", "content": "a" * 400}, {"role": "assistant", "content": "b" * 400}]
        second, _ = await complete(server, messages=longer)
    assert (first.usage.prompt_tokens, first.usage.cached_tokens) == (100, 0)
    assert (second.usage.prompt_tokens, second.usage.cached_tokens) == (200, 100)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"messages": []}', b'{"messages": [1]}', b"[" * 100_000])
async def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    async with FakeEndpoint() as server, aiohttp.ClientSession() as session:
        async with session.post(server.url + "/chat/completions", data=body) as reply:
            assert reply.status == 400
        assert server.received.total() == 0


def test_an_unknown_failure_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="did you mean 'malformed'"):
        FakeEndpoint(failures={"malformd": 1.0})  # type: ignore[dict-item]  # what the error is for


async def test_it_runs_as_a_program_that_says_its_address_first() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "nextstate.models.fake_endpoint", "--fail", "500:0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    try:
        async with aiohttp.ClientSession() as session, session.get(url + "/models") as reply:
            assert reply.status == 200
    finally:
        process.terminate()
        await process.communicate()
