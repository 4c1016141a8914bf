"""The OpenEnv wire, frame by frame and request by request."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from nextstate import domain
from nextstate.domain import calls
from nextstate.models.fakes import Scripted
from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys
from nextstate.serve.openenv import wire
from nextstate.serve.testing import echo, served, service_of
from nextstate.sim.limits import Limits
from nextstate.sim.quota import Quota

TEXT = f"terminal/{domain.find('terminal').examples()[0].id}"
TOOLED = domain.find("mcp").examples()[0]
TOOLS = f"mcp/{TOOLED.id}"
CALL = calls.parse(TOOLED.turns[0].action)


class Socket:
    """A WebSocket that says one message and hears one."""

    def __init__(self, inner: aiohttp.ClientWebSocketResponse) -> None:
        self.inner = inner

    async def say(self, type: str, data: Any = None) -> dict[str, Any]:
        return await self.raw(json.dumps({"type": type} if data is None else {"type": type, "data": data}))

    async def raw(self, text: str | bytes) -> dict[str, Any]:
        await (self.inner.send_str(text) if isinstance(text, str) else self.inner.send_bytes(text))
        heard: dict[str, Any] = json.loads((await self.inner.receive(timeout=10)).data)
        return heard

    async def step(self, **action: Any) -> dict[str, Any]:
        heard = await self.say("step", action)
        assert heard["type"] == "observation", heard
        found: dict[str, Any] = heard["data"]
        return found

    async def refused(self, type: str, data: Any = None) -> dict[str, Any]:
        heard = await self.say(type, data)
        assert heard["type"] == "error", heard
        found: dict[str, Any] = heard["data"]
        return found


@contextlib.asynccontextmanager
async def talking(**options: Any) -> AsyncIterator[Client]:
    async with served(surfaces=("openenv",), **options) as url, aiohttp.ClientSession() as session:
        yield Client(url, session)


class Client:
    """HTTP and WebSockets of one server."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self.session = url, session

    @contextlib.asynccontextmanager
    async def socket(self, path: str = "/ws") -> AsyncIterator[Socket]:
        async with self.session.ws_connect(self.url + path) as inner:
            yield Socket(inner)

    async def get(self, path: str, status: int = 200) -> Any:
        async with self.session.get(self.url + path) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        async with self.session.post(self.url + path, json=body) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def rpc(self, method: str, path: str = "/mcp", **params: Any) -> Any:
        return await self.post(path, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


async def test_an_episode_over_a_websocket_is_a_session_with_its_provenance() -> None:
    service = service_of()
    async with talking(service=service) as client, client.socket() as socket:
        begun = await socket.say(
            "reset", {"scenario": TEXT, "seed": 5, "episode_id": "mine", "instruction": "Be slow."}
        )
        assert begun["data"]["observation"]["text"] == ""
        assert begun["data"]["reward"] is None and begun["data"]["done"] is False
        shown = await socket.step(text="echo hello")
        assert shown["observation"]["text"] == "0: echo hello"
        told = {"episode_id": "mine", "turn": 0, "origin": "model", "shared": False, "ending": None}
        assert shown["metadata"] == told and shown["observation"]["metadata"] == told
        state = (await socket.say("state"))["data"]
        assert state["step_count"] == 1 and state["seed"] == 5 and state["instruction"] == "Be slow."
        view = await service.sessions.view("local", "mine")
        assert (view.scenario, view.turns, view.seed) == (TEXT, 1, 5)


async def test_a_screen_is_shown_before_the_first_action() -> None:
    example = next(one for name in domain.names() if domain.find(name).screens for one in domain.find(name).examples())
    async with talking() as client, client.socket(f"/openenv/{example.domain}/{example.id}/ws") as socket:
        begun = await socket.say("reset")
        assert begun["data"]["observation"]["text"] == example.setup.initial_state


async def test_a_step_without_a_reset_begins_the_scenario_of_the_path() -> None:
    async with talking() as client, client.socket(f"/openenv/{TEXT}/ws") as socket:
        assert (await socket.step(action="pwd"))["observation"]["text"] == "0: pwd"
        assert (await socket.say("state"))["data"]["scenario"] == TEXT


async def test_tools_are_listed_without_an_episode_and_called_in_one() -> None:
    async with talking() as client, client.socket(f"/openenv/{TOOLS}/ws") as socket:
        listed = (await socket.step(type="list_tools"))["observation"]["tools"]
        assert [one["name"] for one in listed] == [one.name for one in TOOLED.setup.tools]
        assert listed[0]["input_schema"] == dict(TOOLED.setup.tools[0].input_schema)
        assert (await socket.say("state"))["data"]["episode_id"] is None
        shown = await socket.step(type="call_tool", tool_name=CALL.name, arguments=dict(CALL.arguments))
        assert shown["observation"]["result"] == f"0: {calls.render(CALL.name, CALL.arguments)}"
        assert shown["observation"]["error"] is None and shown["metadata"]["turn"] == 0


async def test_what_is_wrong_with_a_call_is_part_of_the_observation() -> None:
    async with talking() as client, client.socket(f"/openenv/{TEXT}/ws") as socket:
        shown = await socket.step(type="call_tool", tool_name="no-such", arguments={})
        assert shown["observation"]["error"]["error_type"] == "invalid_args"
        assert "no-such" in shown["observation"]["error"]["message"]
        assert (await socket.say("state"))["data"]["step_count"] == 0


async def test_an_ending_is_told_by_its_name_and_a_further_step_is_refused() -> None:
    async with talking(limits=Limits(turns=1)) as client, client.socket(f"/openenv/{TEXT}/ws") as socket:
        shown = await socket.step(text="ls")
        assert shown["done"] is True and shown["metadata"]["ending"] == "turn_limit"
        refused = await socket.refused("step", {"text": "ls"})
        assert (refused["code"], refused["reason"]) == ("EXECUTION_ERROR", "session_ended")
        assert refused["ending"] == "turn_limit"


async def test_a_reset_ends_the_episode_that_was_and_close_the_last_one() -> None:
    service = service_of()
    async with talking(service=service) as client:
        async with client.socket(f"/openenv/{TEXT}/ws") as socket:
            await socket.say("reset", {"episode_id": "one"})
            await socket.say("reset", {"episode_id": "two"})
            assert (await service.sessions.view("local", "one")).ending == "closed"
            assert (await service.sessions.view("local", "two")).ending is None
            await socket.inner.send_str('{"type": "close"}')
            assert (await socket.inner.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
        assert (await service.sessions.view("local", "two")).ending == "closed"


async def test_a_connection_that_dies_leaves_an_episode_to_come_back_to() -> None:
    async with talking() as client:
        async with client.socket() as socket:
            await socket.say("reset", {"scenario": TEXT, "episode_id": "kept"})
            await socket.step(text="echo 1")
        async with client.socket("/ws?session_id=kept") as socket:
            assert (await socket.step(text="echo 2"))["observation"]["text"] == "1: echo 2"
        async with client.socket() as socket:
            resumed = await socket.say("reset", {"episode_id": "kept", "resume": True})
            assert resumed["data"]["observation"]["text"] == "1: echo 2"
            assert (await socket.step(text="echo 3"))["metadata"]["turn"] == 2


async def test_a_reset_of_an_episode_that_exists_begins_it_again_as_it_began() -> None:
    async with talking() as client, client.socket() as socket:
        await socket.say("reset", {"scenario": TEXT, "episode_id": "again", "seed": 4})
        await socket.step(text="echo 1")
        begun = await socket.say("reset", {"episode_id": "again", "seed": 4})
        assert begun["data"]["metadata"]["step_count"] == 0
        assert (await socket.step(text="echo 1"))["metadata"]["shared"] is True
        other = await socket.refused("reset", {"episode_id": "again", "seed": 5})
        assert other["code"] == "VALIDATION_ERROR" and "seed 4" in other["message"]


async def test_equal_resets_have_one_world_and_other_seeds_others() -> None:
    counted = iter(range(100))
    lucky = Scripted(lambda query: str(next(counted)))
    async with talking(models={"lucky": lucky}) as client:

        async def first(seed: int) -> str:
            async with client.socket() as socket:
                await socket.say("reset", {"scenario": TEXT, "seed": seed})
                text: str = (await socket.step(text="draw"))["observation"]["text"]
                return text

        assert await first(1) == await first(1) != await first(2)


async def test_what_a_reset_does_not_know_is_named() -> None:
    async with talking() as client, client.socket() as socket:
        begun = await socket.say("reset", {"scenario": TEXT, "prompt": "x", "sed": 1})
        assert begun["data"]["metadata"]["ignored"] == ["prompt", "sed"]
        unknown = await socket.refused("reset", {"scenario": TEXT[:-1]})
        assert unknown["code"] == "VALIDATION_ERROR" and TEXT in unknown["message"]


@pytest.mark.parametrize(
    ("type", "data", "code"),
    [
        ("dance", {}, "UNKNOWN_TYPE"),
        ("step", {"nothing": 1}, "VALIDATION_ERROR"),
        ("step", [], "VALIDATION_ERROR"),
        ("step", {"text": 3}, "VALIDATION_ERROR"),
        ("step", {"type": "call_tool", "tool_name": 3}, "VALIDATION_ERROR"),
        ("step", {"type": "call_tool", "tool_name": "x", "arguments": []}, "VALIDATION_ERROR"),
        ("reset", {"seed": "one"}, "VALIDATION_ERROR"),
        ("reset", {"seed": -1}, "VALIDATION_ERROR"),
        ("reset", {"seed": 2**70}, "VALIDATION_ERROR"),
        ("reset", {"episode_id": "x" * 1_000}, "VALIDATION_ERROR"),
        ("reset", {"model": "none"}, "VALIDATION_ERROR"),
        ("reset", {"episode_id": "none", "resume": True}, "SESSION_ERROR"),
    ],
)
async def test_a_message_that_does_not_fit_is_told_by_the_code_of_the_wire(type: str, data: Any, code: str) -> None:
    async with talking() as client, client.socket() as socket:
        assert (await socket.refused(type, data))["code"] == code
        assert (await socket.say("state"))["type"] == "state"


async def test_frames_that_are_no_messages_are_told_and_the_conversation_goes_on() -> None:
    broken: list[str | bytes] = [
        "",
        "{",
        "nan",
        "\x00",
        b"\xff\xfe",
        '{"type": "step", "data": "\\ud800"}',
    ]
    strange = ["[]", "3", '{"type": 3}', "null"]
    async with talking() as client, client.socket() as socket:
        for text in broken:
            assert (await socket.raw(text))["data"]["code"] == "INVALID_JSON"
        for text in strange:
            assert (await socket.raw(text))["data"]["code"] == "VALIDATION_ERROR"
        assert (await socket.raw(b'{"type": "state"}'))["type"] == "state"


def test_a_frame_that_is_nested_too_deep_is_told() -> None:
    with pytest.raises(wire.Broken, match="nested too deep"):
        wire.frame('{"type": "step", "data": ' + "[" * 100_000)


def test_what_has_no_utf_8_and_what_has_more_than_64_bits_is_written_all_the_same() -> None:
    assert json.loads(wire.encode({"a": "\ud800", "b": 2**70})) == {"a": "\ufffd", "b": 2**70}


async def test_a_session_that_is_not_there_is_told_and_the_connection_closed() -> None:
    async with talking() as client, client.socket("/ws?session_id=none") as socket:
        assert json.loads((await socket.inner.receive(timeout=10)).data)["data"]["code"] == "SESSION_ERROR"
        assert (await socket.inner.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE


async def test_too_many_sessions_are_told_as_the_wires_capacity() -> None:
    async with talking(quota=lambda owner: Quota(open_sessions=1)) as client, client.socket() as socket:
        await socket.say("reset", {"scenario": TEXT})
        async with client.socket() as other:
            assert (await other.refused("reset", {"scenario": TEXT}))["code"] == "CAPACITY_REACHED"


async def test_json_rpc_keeps_sessions_that_a_websocket_can_sit_at() -> None:
    base = f"/openenv/{TOOLS}"
    async with talking() as client:
        name = (await client.rpc("openenv/session/create", f"{base}/mcp"))["result"]["session_id"]
        tools = (await client.rpc("tools/list", session_id=name))["result"]["tools"]
        assert tools[0]["inputSchema"] == dict(TOOLED.setup.tools[0].input_schema)
        asked = {"session_id": name, "name": CALL.name, "arguments": dict(CALL.arguments)}
        called = (await client.rpc("tools/call", **asked))["result"]
        assert called["data"] == called["result"] == f"0: {calls.render(CALL.name, CALL.arguments)}"
        async with client.socket(f"{base}/ws?session_id={name}") as socket:
            assert (await socket.say("state"))["data"]["step_count"] == 1
            await socket.say("reset", {"seed": 9})
            again = (await client.rpc("tools/call", **asked))["result"]
            assert again["data"].startswith("0: ")  # the same seat: it was reset over the WebSocket
            own = await socket.say("mcp", {"jsonrpc": "2.0", "id": "a", "method": "openenv/session/create"})
            assert own["data"] == {"jsonrpc": "2.0", "id": "a", "result": {"session_id": name}}
        closed = await client.rpc("openenv/session/close", session_id=name)
        assert closed["result"] == {"session_id": name, "closed": True}
        gone = await client.rpc("tools/call", **asked)
        assert gone["error"]["code"] in (-32602, -32000) and gone["error"]["data"]["code"] == "session_ended"


async def test_json_rpc_over_a_websocket_has_one_episode() -> None:
    async with talking() as client, client.socket(f"/openenv/{TEXT}/mcp") as socket:
        for index in range(2):
            tool = (await socket.raw('{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'))["result"]["tools"][0]
            (argument,) = tool["inputSchema"]["properties"]
            params = {"name": tool["name"], "arguments": {argument: "ls"}}
            called = await socket.raw(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}))
            assert called["result"]["data"] == f"{index}: ls"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", -32700),
        ("[]", -32600),
        ('{"jsonrpc": "1.0", "method": "tools/list"}', -32600),
        ('{"jsonrpc": "2.0", "method": "tools/list", "id": []}', -32600),
        ('{"jsonrpc": "2.0", "method": "tools/list", "params": []}', -32600),
        ('{"jsonrpc": "2.0", "method": "initialize"}', -32601),
        ('{"jsonrpc": "2.0", "method": "tools/call", "params": {}}', -32602),
        ('{"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "x", "session_id": "none"}}', -32602),
        ('{"jsonrpc": "2.0", "method": "openenv/session/close"}', -32602),
    ],
)
async def test_a_request_that_does_not_fit_has_the_code_of_json_rpc(body: str, code: int) -> None:
    async with talking() as client, client.session.post(client.url + "/mcp", data=body) as answer:
        assert answer.status == 200
        assert (await answer.json())["error"]["code"] == code


async def test_an_episode_over_http_is_named_in_each_step() -> None:
    service = service_of()
    async with talking(service=service) as client:
        begun = await client.post("/reset", {"scenario": TEXT, "seed": 2})
        name = begun["metadata"]["episode_id"]
        for index in range(2):
            shown = await client.post("/step", {"action": {"text": "ls"}, "episode_id": name})
            assert shown["observation"]["text"] == f"{index}: ls"
        assert (await client.get(f"/state?episode_id={name}"))["step_count"] == 2
        alone = await client.post(f"/openenv/{TEXT}/step", {"action": {"text": "ls"}})
        assert alone["observation"]["text"] == "0: ls"
        ended = await service.sessions.view("local", alone["metadata"]["episode_id"])
        assert ended.ending == "closed"
        assert (await client.post("/step", {"action": {}, "episode_id": name}, 400))["error"]["code"] == "bad_request"
        await client.post("/step", {"action": {"text": "ls"}, "episode_id": "none"}, 404)
        await client.post("/step", {"action": {"text": "ls"}, "episode_id": []}, 400)
        await client.post("/reset", [], 400)
        await client.get("/openenv/no/such/schema", 400)


async def test_an_environment_tells_what_it_is() -> None:
    async with talking() as client:
        assert await client.get("/health") == {"status": "healthy"}
        assert TEXT in (await client.get(f"/openenv/{TEXT}/metadata"))["description"]
        schema = await client.get(f"/openenv/{TOOLS}/schema")
        assert schema["action"]["properties"]["tool_name"]["enum"] == [one.name for one in TOOLED.setup.tools]
        texts = await client.get(f"/openenv/{TEXT}/schema")
        assert texts["action"]["required"] == ["text"]
        assert (await client.get("/state"))["episode_id"] is None


async def test_scenarios_are_tasks_and_their_origins_splits() -> None:
    async with talking() as client:
        assert await client.get("/list_environments") == ["nextstate"]
        splits = await client.get("/nextstate/splits")
        assert {"name": "terminal", "type": "validation"} in splits
        tasks = (await client.post("/nextstate/tasks", {"split": "terminal"}))["tasks"]
        assert tasks[0]["scenario"] == TEXT
        assert await client.post("/nextstate/num_tasks", {"split": "terminal"}) == {"num_tasks": len(tasks)}
        assert await client.post("/nextstate/task", {"split": "terminal", "index": 1}) == {"task": tasks[1]}
        some = await client.post("/nextstate/task_range", {"split": "terminal", "start": 0, "stop": 1})
        assert some == {"tasks": tasks[:1]}
        await client.post("/nextstate/task", {"split": "terminal", "index": len(tasks)}, 400)
        await client.post("/nextstate/task", {"split": "terminl", "index": 0}, 400)
        async with client.socket() as socket:
            begun = await socket.say("reset", tasks[1])
            assert begun["data"]["metadata"]["scenario"] == tasks[1]["scenario"]


async def test_a_request_that_fails_leaves_no_open_session() -> None:
    service = service_of()
    async with talking(service=service) as client:
        await client.post(f"/openenv/{TOOLS}/step", {"action": {"text": "no call"}}, 422)
        called = await client.rpc("tools/call", f"/openenv/{TEXT}/mcp", name="none", arguments={})
        assert called["error"]["code"] == -32602
        views = await service.sessions.list("local")
        assert [view.ending for view in views] == ["closed", "closed"]


async def test_one_key_cannot_see_or_take_the_episodes_of_another(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    headers = {name: {"Authorization": f"Bearer {keys.new(name)}"} for name in ("alice", "bob")}
    async with talking(service=service_of(gate=Gate(keys))) as client:

        def socket(name: str, query: str = "") -> Any:
            return client.session.ws_connect(f"{client.url}/ws{query}", headers=headers[name])

        async with socket("alice") as inner:
            await Socket(inner).say("reset", {"scenario": TEXT, "episode_id": "mine"})
            async with socket("bob") as other:
                bob = Socket(other)
                taken = await bob.refused("reset", {"scenario": TEXT, "episode_id": "mine"})
                assert taken["code"] == "VALIDATION_ERROR"
                resumed = await bob.refused("reset", {"episode_id": "mine", "resume": True})
                assert resumed["code"] == "SESSION_ERROR"
                named = {"jsonrpc": "2.0", "id": 1, "method": "openenv/session/close", "params": {"session_id": "mine"}}
                assert (await bob.say("mcp", named))["data"]["error"]["data"]["code"] == "no_such_session"
            async with socket("bob", "?session_id=mine") as other:
                told = json.loads((await other.receive(timeout=10)).data)
                assert told["data"]["code"] == "SESSION_ERROR"
            assert (await Socket(inner).step(text="ls"))["metadata"]["turn"] == 0
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.session.ws_connect(client.url + "/ws")


async def test_a_client_that_goes_away_in_the_midst_of_a_step_loses_nothing() -> None:
    waiting, going = asyncio.Event(), asyncio.Event()
    inner = echo()

    class Slow:
        name = "slow"

        async def predict(self, query: Any, *, seed: int | None = None) -> Any:
            waiting.set()
            await going.wait()
            return await inner.predict(query, seed=seed)

    service = service_of({"slow": Slow()})
    async with talking(service=service) as client:
        async with client.socket() as socket:
            await socket.say("reset", {"scenario": TEXT, "episode_id": "slow"})
            await socket.inner.send_str('{"type": "step", "data": {"text": "ls"}}')
            await waiting.wait()
        going.set()
        async with client.socket("/ws?session_id=slow") as socket:
            counts = [(await socket.say("state"))["data"]["step_count"] for _ in range(50)]
            assert counts[-1] == 1
