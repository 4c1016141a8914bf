"""The OpenAI-compatible surface over HTTP: models, completions, streams, sessions, errors, and being evaluated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextstate import domain as domains
from nextstate.domain import Domain
from nextstate.errors import UsageError
from nextstate.models.base import heard, refused
from nextstate.models.chat import ChatModel, ChatOptions
from nextstate.models.endpoint import Patience
from nextstate.models.fake_endpoint import FakeEndpoint
from nextstate.models.fakes import Scripted
from nextstate.models.grounded import KernelModel
from nextstate.models.render import messages
from nextstate.models.served import ServedModel
from nextstate.models.spec import build
from nextstate.serve.catalogue import Catalogue
from nextstate.serve.openai.known import Known
from nextstate.serve.testing import echo, served, service_of
from nextstate.sim.quota import Quota
from nextstate.sim.scenario import Scenario
from nextstate.types import Origin, Outcome, Prediction, Query, Setup, Trajectory, Usage, WorldModel

TAGGED = "<predicted_observation>\n{}\n</predicted_observation>"
ASK: dict[str, Any] = {"model": "scripted/terminal", "messages": [{"role": "user", "content": "ls"}]}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def post(http: aiohttp.ClientSession, base: str, body: Any) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with http.post(f"{base}/v1/chat/completions", data=data) as response:
        return response.status, json.loads(await response.read())


async def chunks(http: aiohttp.ClientSession, base: str, body: Mapping[str, Any]) -> list[Any]:
    """The objects of a stream, whose last event must be ``[DONE]``."""
    async with http.post(f"{base}/v1/chat/completions", json=body) as response:
        assert response.content_type == "text/event-stream"
        lines = [line for line in (await response.text()).split("\n") if line.startswith("data: ")]
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


async def test_models_are_listed_and_found_alone_and_with_each_domain(http: aiohttp.ClientSession) -> None:
    async with served(surfaces=["rest", "openai"]) as base:
        listed = await (await http.get(f"{base}/v1/models")).json()
        names = [one["id"] for one in listed["data"]]
        assert names == ["scripted"]
        assert {one["object"] for one in listed["data"]} == {"model"}
        one = await (await http.get(f"{base}/v1/models/scripted/terminal")).json()
        assert (one["id"], one["object"]) == ("scripted/terminal", "model")
        missing = await http.get(f"{base}/v1/models/script")
        assert missing.status == 404
        assert "did you mean 'scripted'" in (await missing.json())["error"]["message"]


async def test_a_user_message_is_an_action_and_the_reply_is_worded_as_the_domain_words_it(
    http: aiohttp.ClientSession,
) -> None:
    async with served(surfaces=["openai"]) as base:
        status, said = await post(http, base, ASK)
    assert status == 200
    assert said["object"] == "chat.completion"
    assert said["choices"][0]["message"]["content"] == TAGGED.format("0: ls")
    assert said["choices"][0]["finish_reason"] == "stop"
    assert said["usage"] == {
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "total_tokens": 0,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert said["nextstate"] == {"origin": "model", "outcome": "ok", "domain": "terminal", "model": "scripted"}


async def test_the_set_up_reaches_the_kernel_with_its_facts(http: aiohttp.ClientSession) -> None:
    setup = {"facts": {"cwd": "/home/dev", "files": {"/home/dev/a": "text\n"}, "complete": ["/home/dev"]}}
    body = {
        "model": "kernel",
        "messages": [{"role": "user", "content": "cat b a"}],
        "nextstate": {
            "domain": "terminal",
            "setup": setup,
            "form": "observation",
            "history": [{"action": "echo more > b", "observation": "", "meta": {}}],
        },
    }
    async with served(models={"kernel": KernelModel()}, surfaces=["openai"]) as base:
        _, said = await post(http, base, body)
    assert said["choices"][0]["message"]["content"] == "more\ntext\n"
    assert said["nextstate"]["origin"] == "computed"


async def test_a_scenario_of_the_catalogue_is_a_set_up(http: aiohttp.ClientSession) -> None:
    example = domains.find("terminal").examples()[0]
    body = {
        "messages": [{"role": "user", "content": example.turns[0].action}],
        "nextstate": {"scenario": f"terminal/{example.id}", "form": "observation"},
    }
    async with served(models={"kernel": KernelModel()}, surfaces=["openai"]) as base:
        _, said = await post(http, base, body)
        assert said["choices"][0]["message"]["content"] == example.turns[0].observation
        status, wrong = await post(http, base, {**body, "nextstate": {"scenario": "terminal/nothing-of-this-kind"}})
    assert (status, wrong["error"]["type"]) == (400, "invalid_request_error")


async def test_a_tool_call_without_a_result_is_answered_with_the_result_itself(http: aiohttp.ClientSession) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "read", "arguments": '{"path": "/a"}'}}
    body = {
        "model": "scripted/mcp",
        "tools": [{"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}],
        "messages": [{"role": "user", "content": "Read it."}, {"role": "assistant", "tool_calls": [call]}],
    }
    async with served(surfaces=["openai"]) as base:
        _, said = await post(http, base, body)
    assert said["choices"][0]["message"]["content"] == '0: {"name": "read", "arguments": {"path": "/a"}}'


async def test_a_session_is_stepped_by_the_last_message(http: aiohttp.ClientSession) -> None:
    service = service_of()
    await service.sessions.create("local", Scenario("terminal", Setup()), id="mine")
    await service.sessions.create("another", Scenario("terminal", Setup()), id="theirs")
    body = {**ASK, "nextstate": {"session": "mine", "form": "observation"}}
    async with served(service, surfaces=["openai"]) as base:
        first = (await post(http, base, body))[1]
        more = [*ASK["messages"], {"role": "assistant", "content": "-"}, {"role": "user", "content": "pwd"}]
        second = (await post(http, base, {**body, "messages": more}))[1]
        assert (await post(http, base, {**body, "nextstate": {"session": "theirs"}}))[0] == 404
        await service.sessions.close("local", "mine")
        status, ended = await post(http, base, body)
    assert [one["choices"][0]["message"]["content"] for one in (first, second)] == ["0: ls", "1: pwd"]
    assert (second["nextstate"]["session"], second["nextstate"]["turn"]) == ("mine", 1)
    assert (status, ended["error"]["code"], ended["error"]["ending"]) == (409, "session_ended", "closed")


PREDICTIONS = [
    Prediction(Outcome.OK, "a\n", Origin.COMPUTED, usage=Usage(5, 2, 1)),
    Prediction(Outcome.OK, "", Origin.MODEL, reasoning="Nothing is printed."),
    Prediction(Outcome.UNTAGGED, reply="words", detail="no block"),
    Prediction(Outcome.EMPTY),
    Prediction(Outcome.CUT_OFF, reply="<predicted_observation>\nhal"),
    refused("the kernel does not know"),
    Prediction(Outcome.PROVIDER_ERROR, detail="no connection"),
]


async def no_pause(seconds: float) -> None:
    return None


def client(base: str, name: str = "scripted/terminal", domain_of: Any = domains.find) -> ChatModel:
    options = ChatOptions(patience=Patience(tries=1))
    return ChatModel(name, base, options=options, domain_of=domain_of, sleep=no_pause)


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=lambda one: str(one.outcome))
@pytest.mark.parametrize("listened", [False, True])
async def test_every_outcome_of_the_world_model_is_the_outcome_of_its_client(
    prediction: Prediction, listened: bool
) -> None:
    query = Query("terminal", Setup(), (), "ls")
    async with served(models={"scripted": Scripted(lambda query: prediction)}, surfaces=["openai"]) as base:
        model = client(base)
        token = heard.set((lambda piece: None) if listened else None)
        seen = await model.predict(query)
        heard.reset(token)
        await model.aclose()
    assert (seen.outcome, seen.observation) == (prediction.outcome, prediction.observation)
    assert (seen.usage, seen.reasoning) == (prediction.usage, prediction.reasoning)
    if prediction.outcome is Outcome.REFUSED:
        assert seen.detail == prediction.detail


async def same(model: WorldModel, domain: Domain, most: int = 4) -> int:
    """Asks ``model`` each turn of the domain's examples, by itself and through a server: how many it answered."""
    answered = 0
    async with served(models={"scripted": model}, surfaces=["openai"]) as base:
        through = client(base, "scripted")
        for example in domain.examples()[:most]:
            for index, turn in enumerate(example.turns[:12]):
                query = Query(domain.name, example.setup, example.turns[:index], turn.action)
                direct, seen = await model.predict(query, seed=index), await through.predict(query, seed=index)
                assert (seen.outcome, seen.observation) == (direct.outcome, direct.observation)
                answered += seen.outcome is Outcome.OK
        await through.aclose()
    return answered


@pytest.mark.parametrize("name", ["mcp", "os", "search", "swe", "terminal", "web"])
async def test_a_client_of_the_server_evaluates_as_the_model_behind_it(name: str) -> None:
    def answer(query: Query) -> str:
        told = json.dumps([query.setup.initial_state, query.setup.instruction, len(query.setup.tools)])
        return f"{told} {[(turn.action, turn.observation) for turn in query.history]} {query.action}"[-3_000:]

    domain = domains.find(name)
    model = Scripted(answer if not domain.screens else lambda query: domain.before(query))
    assert await same(model, domain, most=2) > 3


@pytest.mark.parametrize("name", ["android", "search", "terminal"])
async def test_a_kernel_behind_the_server_computes_the_same_for_scenarios_of_the_catalogue(name: str) -> None:
    assert await same(KernelModel(), domains.find(name)) > 5


async def test_the_scenario_that_messages_tell_of_is_named_and_others_get_no_facts(http: aiohttp.ClientSession) -> None:
    example = domains.find("terminal").examples()[0]
    query = Query("terminal", example.setup, (), example.turns[0].action)
    async with served(models={"kernel": KernelModel()}, surfaces=["openai"]) as base:
        asked = {"model": "kernel", "messages": messages(domains.find("terminal"), query)}
        _, known = await post(http, base, asked)
        strange = replace(query, setup=replace(query.setup, initial_state="Another machine."))
        _, other = await post(http, base, {**asked, "messages": messages(domains.find("terminal"), strange)})
    assert known["nextstate"]["scenario"] == f"terminal/{example.id}"
    assert "scenario" not in other["nextstate"]


def test_scenarios_that_tell_the_same_with_other_facts_are_not_guessed_between() -> None:
    def recorded(name: str, facts: dict[str, Any]) -> Trajectory:
        return Trajectory(name, "terminal", Setup("A box.", facts=facts), ())

    one, other = recorded("a", {"cwd": "/a"}), recorded("b", {"cwd": "/b"})
    assert Known(Catalogue({"x/a": one, "x/b": other})).find("terminal", Setup("A box.")) is None
    assert Known(Catalogue({"x/a": one})).find("terminal", Setup("A box.")) == ("x/a", one.setup)
    assert Known(Catalogue({"x/a": one})).find("mcp", Setup("A box.")) is None
    assert Known(Catalogue({"x/a": replace(one, setup=Setup())})).find("terminal", Setup()) is None


@pytest.mark.parametrize("name", ["android", "mcp", "os", "search", "swe", "terminal", "web"])
async def test_a_kernel_asked_in_full_through_the_server_is_the_kernel(name: str) -> None:
    """Also with the facts of the set-ups, which no message holds."""
    kernel, answered = KernelModel(), 0
    async with served(models={"kernel": kernel}, surfaces=["openai"]) as base:
        through = ServedModel("kernel", base, patience=Patience(tries=1))
        for example in domains.find(name).examples()[:2]:
            for index, turn in enumerate(example.turns[:12]):
                query = Query(name, example.setup, example.turns[:index], turn.action, notes="a note")
                direct, seen = await kernel.predict(query), await through.predict(query)
                assert replace(seen, model="", seconds=0) == replace(direct, model="", seconds=0)
                answered += seen.outcome is Outcome.OK
        await through.aclose()
    assert answered > 3


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=lambda one: str(one.outcome))
async def test_asked_in_full_every_outcome_comes_back(prediction: Prediction) -> None:
    query = Query("terminal", Setup(), (), "ls")
    async with served(models={"scripted": Scripted(lambda query: prediction)}, surfaces=["openai"]) as base:
        through = ServedModel("scripted", base, patience=Patience(tries=1))
        seen = await through.predict(query, seed=3)
        await through.aclose()
    assert (seen.outcome, seen.observation, seen.origin) == (
        prediction.outcome,
        prediction.observation,
        prediction.origin,
    )
    assert (seen.usage, seen.reply) == (prediction.usage, prediction.reply)
    assert prediction.detail in seen.detail


async def test_a_server_of_another_kind_is_told_from_ours() -> None:
    async with FakeEndpoint() as server:
        through = ServedModel("fake", server.url, patience=Patience(tries=1))
        seen = await through.predict(Query("terminal", Setup(), (), "ls"))
        await through.aclose()
    assert seen.outcome is Outcome.PROVIDER_ERROR
    assert "no server of nextstate" in seen.detail


def test_it_is_named_like_every_world_model() -> None:
    assert build("served:kernel@http://127.0.0.1:1/v1").name == "served:kernel@http://127.0.0.1:1/v1"
    with pytest.raises(UsageError, match="write served:NAME@URL"):
        build("served:kernel")


class Slow:
    """Writes in pieces, when it is let."""

    name = "slow"

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.stopped = asyncio.Event()

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        listener = heard.get() or (lambda piece: None)
        for piece in ("", "to", "tal 0"):
            listener(piece)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        return Prediction(Outcome.OK, "total 0", Origin.MODEL, usage=Usage(9, 0, 3))


async def test_a_stream_tells_what_is_heard_and_then_the_certain_text(http: aiohttp.ClientSession) -> None:
    slow = Slow()
    slow.go.set()
    async with served(models={"slow": slow}, surfaces=["openai"]) as base:
        body = {**ASK, "model": "slow/terminal", "stream": True, "stream_options": {"include_usage": True}}
        events = await chunks(http, base, body)
    assert {one["object"] for one in events} == {"chat.completion.chunk"}
    assert [one["nextstate"]["heard"] for one in events if "heard" in one.get("nextstate", {})] == ["", "to", "tal 0"]
    content = "".join(one["choices"][0]["delta"].get("content", "") for one in events if one["choices"])
    assert content == TAGGED.format("total 0")
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert events[-2]["nextstate"]["origin"] == "model"
    assert events[-1]["usage"]["total_tokens"] == 12


async def test_what_is_wrong_with_a_streamed_question_has_a_status(http: aiohttp.ClientSession) -> None:
    async with served(surfaces=["openai"]) as base:
        status, said = await post(http, base, {**ASK, "stream": True, "nextstate": {"session": "none"}})
    assert (status, said["error"]["code"]) == (404, "no_such_session")


async def test_a_model_that_is_no_longer_waited_for_is_stopped(http: aiohttp.ClientSession) -> None:
    slow = Slow()
    async with served(models={"slow": slow}, surfaces=["openai"]) as base:
        body = {**ASK, "model": "slow/terminal", "stream": True}
        async with http.post(f"{base}/v1/chat/completions", json=body) as response:
            await response.content.readline()
        async with asyncio.timeout(5):
            await slow.stopped.wait()


async def test_a_step_of_a_session_is_streamed_and_kept_when_nobody_waits(http: aiohttp.ClientSession) -> None:
    slow = Slow()
    service = service_of({"slow": slow})
    await service.sessions.create("local", Scenario("terminal", Setup()), id="mine")
    body = {**ASK, "stream": True, "nextstate": {"session": "mine"}, "model": "slow"}
    async with served(service, surfaces=["openai"]) as base:
        async with http.post(f"{base}/v1/chat/completions", json=body) as response:
            await response.content.readline()
        slow.go.set()
        second = await chunks(http, base, {**body, "messages": [{"role": "user", "content": "pwd"}]})
        trajectory = await service.sessions.trajectory("local", "mine")
    assert [turn.action for turn in trajectory.turns] == ["ls", "pwd"]
    assert second[-1]["nextstate"]["turn"] == 1


async def test_what_is_asked_outside_of_sessions_counts_for_the_quota(http: aiohttp.ClientSession) -> None:
    service = service_of({"scripted": Scripted(lambda query: PREDICTIONS[0])}, quota=lambda owner: Quota(tokens=10))
    async with served(service, surfaces=["openai"]) as base:
        statuses = [(await post(http, base, ASK))[0] for _ in range(3)]
        status, said = await post(http, base, ASK)
    assert statuses == [200, 200, 429]
    assert (status, said["error"]["type"], said["error"]["what"]) == (429, "rate_limit_error", "tokens")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"[]", "object"),
        (b'{"messages": [', "not JSON"),
        ({"messages": []}, "0 messages"),
        ({**ASK, "messages": "hi"}, "messages"),
        ({**ASK, "messages": [{"role": "robot"}]}, "robot"),
        ({**ASK, "n": 2}, "'n'"),
        ({**ASK, "logprobs": True}, "logprobs"),
        ({**ASK, "response_format": {"type": "json_object"}}, "response_format"),
        ({**ASK, "seed": -1}, "seed"),
        ({**ASK, "model": "scriptd/terminal"}, "did you mean"),
        ({**ASK, "model": "scripted/terminl"}, "did you mean 'terminal'"),
        ({**ASK, "model": "scripted"}, "which world"),
        ({**ASK, "nextstate": {"domian": "terminal"}}, "domian"),
        ({**ASK, "nextstate": {"setup": {"tools": 3}}}, "tools"),
        ({**ASK, "nextstate": {"history": [3]}}, "turns"),
        ({**ASK, "nextstate": {"session": "x", "notes": "n"}}, "nextstate.notes is not taken"),
    ],
)
async def test_a_bad_request_is_told_in_the_words_of_openai(body: Any, says: str, http: aiohttp.ClientSession) -> None:
    async with served(surfaces=["openai"]) as base:
        status, said = await post(http, base, body)
    assert status == 400
    assert says in said["error"]["message"]
    assert set(said["error"]) == {"message", "type", "param", "code"}
    assert said["error"]["type"] == "invalid_request_error"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = st.fixed_dictionaries(
    {"messages": st.lists(json_values | st.fixed_dictionaries({"role": st.sampled_from(["user", "tool", "system"])}))},
    optional=dict.fromkeys(("model", "stream", "tools", "nextstate", "seed", "stream_options", "content"), json_values),
)


async def test_whatever_is_sent_is_answered_without_a_server_error(http: aiohttp.ClientSession) -> None:
    async with served(models={"scripted": echo()}, surfaces=["openai"]) as base:
        bodies: list[Any] = []

        @given(json_values | fields)
        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        def collect(body: Any) -> None:
            bodies.append(body)

        collect()
        for body in bodies:
            status, _ = await post(http, base, body)
            assert status in (200, 400, 404, 422), body


def test_a_file_that_is_called_like_a_domain_keeps_its_recordings() -> None:
    one = Trajectory("a", "terminal", Setup("A box."), ())
    assert Catalogue.of({"terminal": [one]}).recorded("terminal/a") is one
