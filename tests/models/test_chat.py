"""A chat endpoint that works, and the many ways in which one does not."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from nextstate.errors import UsageError
from nextstate.models.chat import ChatModel, ChatOptions, completion
from nextstate.models.endpoint import EndpointError, Patience, address
from nextstate.types import Outcome, Prediction, Usage

from .conftest import Handler, Played
from .worlds import PLAIN, domain_of, query

KEY = "sk-very-secret"
NOW = 1_700_000_000.0
ANSWER = "<predicted_observation>\nfile\n\n</predicted_observation>"


class Sleeps(list[float]):
    """Notes how long the client would have slept."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)
        await asyncio.sleep(0)  # others have their turn, as in a real pause


def says(content: Any, *, finish: str = "stop", usage: Any = None, **message: Any) -> Handler:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.json_response({"choices": [choice], "usage": usage})

    return handler


def fails(status: int, body: str = "", **headers: str) -> Handler:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers=named)

    return handler


async def hangs(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def streams_for_ever(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 65536)


async def breaks_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"{")
    assert request.transport is not None
    request.transport.close()
    return response


def model(
    url: str, sleeps: Sleeps | None = None, *, name: str = "m", key: str | None = KEY, **options: Any
) -> ChatModel:
    patience = options.pop("patience", Patience(tries=3))
    return ChatModel(
        name,
        url,
        api_key=key,
        options=ChatOptions(patience=patience, **options),
        domain_of=domain_of,
        sleep=Sleeps() if sleeps is None else sleeps,
        now=lambda: NOW,
    )


async def ask(played: Played, *answers: Handler, **options: Any) -> Prediction:
    """The prediction of a fresh model on a server that plays ``answers``."""
    played.answers = list(answers)
    asked = model(played.base, **options)
    try:
        return await asked.predict(query("ls", ("pwd", "/\n")), seed=7)
    finally:
        await asked.aclose()


async def test_an_answer_is_read_and_its_tokens_are_counted(played: Played) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}}
    prediction = await ask(played, says(ANSWER, usage=usage))
    assert (prediction.outcome, prediction.observation) == (Outcome.OK, "file\n")
    assert prediction.usage == Usage(9, 8, 4)
    assert prediction.model == f"chat:m@{played.base}"
    assert prediction.seconds > 0


async def test_the_request_is_bounded_seeded_and_cold(played: Played) -> None:
    await ask(played, says(ANSWER), max_tokens=50)
    body = played.bodies[0]
    assert (body["model"], body["temperature"], body["seed"], body["max_tokens"]) == ("m", 0.0, 7, 50)
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    assert played.requests[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_extra_fields_are_merged_and_none_takes_a_field_out(played: Played) -> None:
    await ask(played, says(ANSWER), extra={"max_tokens": None, "max_completion_tokens": 9})
    assert "max_tokens" not in played.bodies[0]
    assert played.bodies[0]["max_completion_tokens"] == 9


async def test_the_key_may_come_from_the_environment(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTSTATE_API_KEY", "from-env")
    await ask(played, says(ANSWER), key=None)
    assert played.requests[0].headers["Authorization"] == "Bearer from-env"


async def test_without_a_key_none_is_sent(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEXTSTATE_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "meant for another address")
    await ask(played, says(ANSWER), key=None)
    assert "Authorization" not in played.requests[0].headers


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_in_a_field_of_its_own_is_kept_apart(played: Played, field: str) -> None:
    prediction = await ask(played, says(ANSWER, **{field: "hm"}))
    assert (prediction.reasoning, prediction.reply, prediction.observation) == ("hm", ANSWER, "file\n")


async def test_reasoning_in_the_content_is_taken_off(played: Played) -> None:
    prediction = await ask(played, says("<think>hm</think>" + ANSWER))
    assert (prediction.reasoning, prediction.observation) == ("hm", "file\n")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (says("no tags"), Outcome.UNTAGGED),
        (says(""), Outcome.EMPTY),
        (says(None), Outcome.EMPTY),
        (says({"strange": 1}), Outcome.EMPTY),
        (says("<predicted_observation>\nfi", finish="length"), Outcome.CUT_OFF),
        (says("", finish="length", reasoning_content="hm"), Outcome.CUT_OFF),
        (says(None, refusal="I won't"), Outcome.REFUSED),
        (says("", finish="content_filter"), Outcome.REFUSED),
        (says([{"type": "text", "text": ANSWER}]), Outcome.OK),
        (says(ANSWER, usage={"prompt_tokens": "many", "prompt_tokens_details": 3}), Outcome.OK),
        (says("\ud800" + ANSWER), Outcome.OK),
    ],
)
async def test_replies_have_named_outcomes(played: Played, answer: Handler, outcome: Outcome) -> None:
    prediction = await ask(played, answer)
    assert prediction.outcome is outcome
    prediction.reply.encode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>\n<b>Bad\x00 gateway</b>", "not JSON: <html> <b>Bad gateway</b>"),
        ("", "not JSON: nothing"),
        ("[" * 200_000, "not JSON: [[["),
        ("[1]", "not a JSON object: [1]"),
        ('{"choices": []}', "no chat completion: it has the fields ['choices']"),
        ('{"choices": [{"message": "hi"}]}', "no chat completion"),
        ('{"choices": 3}', "no chat completion"),
        ('{"error": {"message": "overloaded"}}', "overloaded"),
    ],
)
async def test_garbage_is_a_provider_error_that_quotes_it(played: Played, body: str, said: str) -> None:
    prediction = await ask(played, fails(200, body))
    assert prediction.outcome is Outcome.PROVIDER_ERROR
    assert said in prediction.detail
    assert len(prediction.detail) < 400
    assert len(played.bodies) == 1


async def test_an_endless_body_is_given_up(played: Played) -> None:
    prediction = await ask(played, streams_for_ever, patience=Patience(max_body=100_000))
    assert prediction.outcome is Outcome.PROVIDER_ERROR
    assert "longer than 100000 bytes" in prediction.detail


async def test_a_slow_endpoint_times_out_by_name(played: Played) -> None:
    prediction = await ask(played, hangs, patience=Patience(read=0.05, tries=2))
    assert prediction.outcome is Outcome.PROVIDER_ERROR
    assert prediction.detail.startswith("gave up after 2 tries: timed out")
    assert "(2 times)" in prediction.detail


async def test_a_body_that_drips_for_ever_times_out_in_total(played: Played) -> None:
    async def drips(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    prediction = await ask(played, drips, patience=Patience(total=0.1, read=5, tries=1))
    assert "timed out" in prediction.detail


async def test_an_endpoint_that_is_down_is_named() -> None:
    sleeps = Sleeps()
    down = model("http://127.0.0.1:1/v1", sleeps)
    prediction = await down.predict(query("ls"))
    await down.aclose()
    assert prediction.outcome is Outcome.PROVIDER_ERROR
    assert "gave up after 3 tries" in prediction.detail
    assert "127.0.0.1:1" in prediction.detail
    assert len(sleeps) == 2
    assert 0 < sleeps[0] < sleeps[1] * 1.1


@pytest.mark.parametrize("first", [fails(429), fails(500, "oops"), fails(503), fails(408), breaks_off])
async def test_what_may_pass_is_tried_again(played: Played, first: Handler, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        prediction = await ask(played, first, says(ANSWER))
    assert prediction.outcome is Outcome.OK
    assert len(played.bodies) == 2
    assert "trying again" in caplog.text


@pytest.mark.parametrize(
    ("header", "wait"),
    [("7", 7.0), ("0", 0.0), ("1.5", 1.5), (formatdate(NOW + 42, usegmt=True), 42.0), (formatdate(NOW - 5), 0.0)],
)
async def test_a_wait_that_is_asked_for_is_kept(played: Played, header: str, wait: float) -> None:
    sleeps = Sleeps()
    await ask(played, fails(429, Retry_After=header), says(ANSWER), sleeps=sleeps)
    assert sleeps == [wait]


@pytest.mark.parametrize("header", ["soon", "-3", "9" * 30 + "x", "Mon, 99 Foo 2020"])
async def test_an_unreadable_wait_is_replaced_by_our_own(played: Played, header: str) -> None:
    sleeps = Sleeps()
    await ask(played, fails(429, Retry_After=header), says(ANSWER), sleeps=sleeps)
    assert 0 < sleeps[0] < 1


async def test_a_wait_that_is_too_long_is_not_waited_for(played: Played) -> None:
    sleeps = Sleeps()
    prediction = await ask(played, fails(429, "slow down", Retry_After="3600"), sleeps=sleeps)
    assert sleeps == []
    assert prediction.detail == "HTTP 429: slow down; it asks to wait 3600 s, which is too long"


async def test_giving_up_names_all_that_was_tried(played: Played) -> None:
    prediction = await ask(played, fails(500, "a"), fails(500, "a"), fails(503, "b"))
    assert prediction.detail == "gave up after 3 tries: HTTP 500: a (2 times); then HTTP 503: b"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (fails(400, "bad field"), "HTTP 400: bad field"),
        (fails(401, "who?"), "check the key"),
        (fails(404, "no model"), "check the address and the model's name"),
        (fails(400, "This model's maximum context length is 4096 tokens"), "set max_chars"),
        (fails(400, '{"code": "context_length_exceeded"}'), "set max_chars"),
        (fails(429, '{"code": "insufficient_quota"}'), "insufficient_quota"),
        (fails(307, Location="https://elsewhere/v1"), "redirected to https://elsewhere/v1"),
    ],
)
async def test_what_will_not_pass_is_asked_once(played: Played, answer: Handler, said: str) -> None:
    prediction = await ask(played, answer)
    assert prediction.outcome is Outcome.PROVIDER_ERROR
    assert said in prediction.detail
    assert len(played.bodies) == 1


@pytest.mark.parametrize("status", [200, 401, 500])
async def test_the_key_is_never_shown(played: Played, status: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        prediction = await ask(played, fails(status, f"your key {KEY} is wrong"))
    assert "your key *** is wrong" in prediction.detail
    assert KEY not in caplog.text
    assert KEY not in repr(vars(model(played.base)))


async def test_a_server_that_speaks_no_http_is_named() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xff no http\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        asked = model(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        prediction = await asked.predict(query("ls"))
        await asked.aclose()
    assert prediction.outcome is Outcome.PROVIDER_ERROR
    assert "gave up after 3 tries" in prediction.detail


async def test_no_more_calls_run_at_once_than_allowed(played: Played) -> None:
    running = peak = 0

    async def counts(request: web.Request) -> web.StreamResponse:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await asyncio.sleep(0.002)
        running -= 1
        return await says(ANSWER)(request)

    played.answers = [counts]
    asked = model(played.base, patience=Patience(concurrency=3))
    predictions = await asyncio.gather(*(asked.predict(query(f"echo {index}")) for index in range(12)))
    await asked.aclose()
    assert {prediction.outcome for prediction in predictions} == {Outcome.OK}
    assert peak == 3


async def test_a_pause_keeps_its_place_so_that_a_busy_endpoint_is_not_pressed(played: Played) -> None:
    played.answers = [fails(429), says(ANSWER)]
    asked = model(played.base, patience=Patience(concurrency=1))
    await asyncio.gather(asked.predict(query("first")), asked.predict(query("second")))
    await asked.aclose()
    order = [body["messages"][-1]["content"] for body in played.bodies]
    assert order == ["Action: first", "Action: first", "Action: second"]


async def test_connections_are_kept_between_calls(played: Played) -> None:
    played.answers = [says(ANSWER)]
    asked = model(played.base)
    for _ in range(3):
        await asked.predict(query("ls"))
    await asked.aclose()
    assert len(played.requests) == 3
    assert len(played.peers) == 1


async def test_a_cancelled_call_is_cancelled(played: Played) -> None:
    arrived = asyncio.Event()

    async def waits(request: web.Request) -> web.StreamResponse:
        arrived.set()
        return await hangs(request)

    played.answers = [waits]
    asked = model(played.base)
    task = asyncio.create_task(asked.predict(query("ls")))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asked.aclose()


async def test_an_unknown_domain_is_refused_by_name(played: Played) -> None:
    asked = model(played.base)
    prediction = await asked.predict(query("ls", domain="plane"))
    assert prediction.outcome is Outcome.REFUSED
    assert "did you mean 'plain'?" in prediction.detail
    assert played.bodies == []


async def test_a_variant_of_the_world_prompt_is_asked_by_name(played: Played) -> None:
    played.answers = [says(ANSWER), says(ANSWER)]
    for variant in ("", "long"):
        asked = model(played.base, prompt=variant)
        await asked.predict(query("ls"))
        await asked.aclose()
    usual, long = (body["messages"][0]["content"] for body in played.bodies)
    assert (usual, long) == (PLAIN.prompt, PLAIN.prompts["long"])


async def test_a_variant_that_the_domain_does_not_have_is_refused_by_name(played: Played) -> None:
    prediction = await model(played.base, prompt="lang").predict(query("ls"))
    assert prediction.outcome is Outcome.REFUSED
    assert "did you mean 'long'?" in prediction.detail


async def test_a_budget_bounds_the_prompt(played: Played) -> None:
    played.answers = [says(ANSWER)]
    asked = model(played.base, max_chars=2000)
    await asked.predict(query("ls", *[("cat f", "x" * 500)] * 40))
    await asked.aclose()
    assert sum(len(message["content"]) for message in played.bodies[0]["messages"]) <= 2000


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/", "http://h:1/v1/chat/completions"),
        ("http://h", "http://h/v1/chat/completions"),
        ("https://h/a+b/chat/completions", "https://h/a+b/chat/completions"),
        ("https://h/d?api-version=1", "https://h/d/chat/completions?api-version=1"),
    ],
)
def test_addresses_are_completed(url: str, full: str) -> None:
    assert address(url, "/chat/completions") == full


@pytest.mark.parametrize("url", ["", "h:1/v1", "ftp://h", "http://", "http://h:port/", "http://[::1", "http://u:p@h/"])
def test_what_is_no_address_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="address") as error:
        ChatModel("m", url)
    assert "u:p" not in str(error.value)


def test_what_may_change_an_answer_changes_the_fingerprint() -> None:
    made: list[Callable[[], ChatModel]] = [
        lambda: model("http://h"),
        lambda: model("http://h", temperature=0.5),
        lambda: model("http://h", max_tokens=9),
        lambda: model("http://h", prompt="long"),
        lambda: model("http://h", extra={"top_p": 0.5}),
        lambda: model("http://h", name="n"),
    ]
    assert len({make().fingerprint for make in made}) == len(made)
    assert made[0]().fingerprint == model("http://h", patience=Patience(tries=9)).fingerprint


def test_a_completion_without_a_choice_is_an_error() -> None:
    with pytest.raises(EndpointError, match="fields"):
        completion(json.loads('{"object": "list", "data": []}'))
