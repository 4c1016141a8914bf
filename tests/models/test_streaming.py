"""Replies that are heard while they are written: from endpoints that stream, that do not, and from the engine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from nextstate.models.base import heard
from nextstate.models.chat import ChatModel, ChatOptions, completion, streamed
from nextstate.models.endpoint import Patience
from nextstate.models.fake_endpoint import FakeEndpoint
from nextstate.models.local_engine import Engine
from nextstate.types import Outcome

from .conftest import Played
from .worlds import domain_of, query

ANSWER = "<predicted_observation>\na file, another file\n</predicted_observation>"


@contextmanager
def listening() -> Iterator[list[str]]:
    pieces: list[str] = []
    token = heard.set(pieces.append)
    try:
        yield pieces
    finally:
        heard.reset(token)


def model_at(url: str, tries: int = 1) -> ChatModel:
    async def no_pause(seconds: float) -> None:
        return None

    return ChatModel(
        "fake", url, options=ChatOptions(patience=Patience(tries=tries)), domain_of=domain_of, sleep=no_pause
    )


def event_stream(*events: Any, done: bool = True, ends: str = "\n\n") -> web.Response:
    lines = [f"data: {json.dumps(event)}" for event in events] + (["data: [DONE]"] if done else [])
    return web.Response(text="".join(line + ends for line in lines), content_type="text/event-stream")


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


async def test_a_listener_hears_the_reply_in_pieces_and_the_prediction_is_the_same() -> None:
    async with FakeEndpoint(lambda body: ANSWER) as server:
        model = model_at(server.url)
        unheard = await model.predict(query("ls"))
        with listening() as pieces:
            prediction = await model.predict(query("ls"))
        await model.aclose()
    assert pieces[0] == ""
    assert len(pieces) > 5
    assert "".join(pieces) == ANSWER
    assert (prediction.observation, prediction.reply) == (unheard.observation, unheard.reply)
    assert prediction.usage.prompt_tokens == unheard.usage.prompt_tokens > 0


async def test_where_nobody_listens_nothing_is_streamed() -> None:
    bodies: list[Any] = []
    async with FakeEndpoint(lambda body: bodies.append(body) or ANSWER) as server:  # type: ignore[func-returns-value]
        model = model_at(server.url)
        await model.predict(query("ls"))
        await model.aclose()
    assert "stream" not in bodies[0]


async def test_an_endpoint_that_refuses_streams_is_asked_again_without_and_not_bothered_later(
    played: Played,
) -> None:
    asked: list[bool] = []

    async def handle(request: web.Request) -> web.Response:
        body = await request.json()
        asked.append("stream" in body)
        if "stream" in body:
            return web.json_response({"error": "unknown field stream"}, status=400)
        return web.json_response({"choices": [{"message": {"content": ANSWER}, "finish_reason": "stop"}]})

    played.answers = [handle]
    model = model_at(played.base)
    with listening() as pieces:
        first = await model.predict(query("ls"))
        second = await model.predict(query("ls"))
    await model.aclose()
    assert first.observation == second.observation == "a file, another file"
    assert asked == [True, False, False]
    assert pieces == []


async def test_an_endpoint_that_ignores_the_wish_to_stream_is_understood(played: Played) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response({"choices": [{"message": {"content": ANSWER}, "finish_reason": "stop"}]})

    played.answers = [handle]
    model = model_at(played.base)
    with listening():
        assert (await model.predict(query("ls"))).outcome is Outcome.OK
    await model.aclose()


async def test_a_stream_that_breaks_off_is_tried_again_and_the_reply_begins_anew(played: Played) -> None:
    answers = [event_stream(piece("<predicted_obs"), done=False), event_stream(piece(ANSWER, "stop"))]

    async def handle(request: web.Request) -> web.Response:
        return answers.pop(0)

    played.answers = [handle]
    model = model_at(played.base, tries=2)
    with listening() as pieces:
        prediction = await model.predict(query("ls"))
    await model.aclose()
    assert prediction.observation == "a file, another file"
    assert pieces == ["", "<predicted_obs", "", ANSWER]


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([{"error": {"message": "out of memory"}}], Outcome.PROVIDER_ERROR),
        ([], Outcome.PROVIDER_ERROR),
        ([{"choices": "none"}, 3], Outcome.PROVIDER_ERROR),
        ([piece("<predicted_observation>\nhalf", "length")], Outcome.CUT_OFF),
        ([piece("", "content_filter")], Outcome.REFUSED),
        ([{"choices": [{"delta": None}]}, piece("", "stop")], Outcome.EMPTY),
    ],
)
async def test_what_goes_wrong_in_a_stream_has_a_name(events: list[Any], outcome: Outcome, played: Played) -> None:
    async def handle(request: web.Request) -> web.Response:
        return event_stream(*events)

    played.answers = [handle]
    model = model_at(played.base)
    with listening():
        assert (await model.predict(query("ls"))).outcome is outcome
    await model.aclose()


async def test_lines_may_end_in_either_way_and_comments_keep_the_connection_open(played: Played) -> None:
    async def handle(request: web.Request) -> web.Response:
        text = f": waiting\r\n\r\nevent: chunk\r\ndata:{json.dumps(piece(ANSWER, 'stop'))}\r\n\r\ndata: [DONE]\r\n\r\n"
        return web.Response(text=text, content_type="text/event-stream")

    played.answers = [handle]
    model = model_at(played.base)
    with listening():
        assert (await model.predict(query("ls"))).observation == "a file, another file"
    await model.aclose()


@given(st.lists(st.text(max_size=5), max_size=6))
async def test_a_completion_cut_into_pieces_is_whole_again(texts: list[str]) -> None:
    async def events() -> AsyncIterator[dict[str, Any]]:
        for text in texts:
            yield piece(text)
        yield piece("", "stop")
        yield {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}

    pieces: list[str] = []
    said = completion(await streamed(events(), pieces.append))
    assert said.text == "".join(pieces) == "".join(texts).encode("utf-8", "replace").decode()
    assert (said.finish, said.usage.prompt_tokens) == ("stop", 3)


async def test_the_engine_tells_each_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    class Prefixes:
        async def prepare(self, prompt: object) -> None: ...
        def evaluated(self, prompt: object) -> None: ...

    async def events(self: object, body: object) -> AsyncIterator[dict[str, Any]]:
        for text, finish in (("fi", None), ("le\n", None), ("$ ", "stop")):
            yield {"choices": [{"text": text, "finish_reason": finish}]}

    monkeypatch.setattr(Engine, "_events", events)
    engine = Engine.__new__(Engine)
    engine._prefixes, engine._turn = Prefixes(), (None, None)  # type: ignore[assignment]  # a stand-in without weights
    with listening() as pieces:
        said = await engine.generate({"prompt": [1]})
    assert said.text == "file\n$ "
    assert pieces == ["", "fi", "le\n", "$ "]
