"""A session as a server of the Model Context Protocol, seen through the official client over a live server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import flight_desk
import pytest
from mcp.shared.exceptions import MCPError

from mcp import Client
from nextstate.domain import find
from nextstate.models.base import heard
from nextstate.models.fakes import Scripted
from nextstate.serve.gate import Gate
from nextstate.serve.mcp import progress
from nextstate.serve.testing import served, service_of
from nextstate.sim.limits import Limits
from nextstate.sim.scenario import Scenario
from nextstate.types import Setup, Tool

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from nextstate.serve.service import Service
    from nextstate.types import Prediction, Query, WorldModel

ERAS = ("legacy", "2026-07-28")


@asynccontextmanager
async def desk(model: WorldModel | None = None, **options: Any) -> AsyncIterator[tuple[str, Service]]:
    """A live server with one session, ``s``; its address and what it serves."""
    service = service_of({"scripted": model or flight_desk.model()}, **options)
    async with served(service, surfaces=("mcp",)) as url:
        await flight_desk.session(service, "s")
        yield f"{url}/s/s/mcp", service


async def posted(url: str, message: object, **headers: str) -> tuple[int, Any]:
    """The status and the JSON of what one POST is answered with."""
    told = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json", **headers}
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    async with aiohttp.ClientSession() as client, client.post(url, data=body, headers=told) as answer:
        text = await answer.read()
        return answer.status, json.loads(text) if text else None


def request(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


@pytest.mark.parametrize("era", ERAS)
async def test_an_agent_sees_the_tools_and_nothing_of_what_the_world_model_is_told(era: str) -> None:
    async with desk() as (url, _), Client(url, mode=era) as client:
        listed = (await client.list_tools()).tools
        told = str([await client.list_resources(), await client.read_resource("nextstate://session"), listed])
        assert [tool.name for tool in listed] == [tool.name for tool in flight_desk.TOOLS]
        assert client.instructions is None
        assert "A desk with flights." not in told
        assert "third call" not in told


async def test_where_the_world_is_a_screen_the_first_one_stands_in_the_instructions() -> None:
    service = service_of()
    name = next(one.name for one in service.catalogue.page() if find(one.domain).screens)
    view = await service.sessions.create("local", service.catalogue.find(name))
    async with served(service, surfaces=("mcp",)) as base, Client(f"{base}/s/{view.id}/mcp", mode="auto") as client:
        assert client.protocol_version == "2026-07-28"
        assert client.instructions == service.catalogue.find(name).setup.initial_state


@pytest.mark.parametrize("version", ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"])
async def test_schemas_pass_byte_for_byte(version: str) -> None:
    async with desk() as (url, _):
        meta = {
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        headers = {"MCP-Protocol-Version": version, "Mcp-Method": "tools/list"}
        _, answer = await posted(url, request("tools/list", _meta=meta), **headers)
        listed = {tool["name"]: tool for tool in answer["result"]["tools"]}
        assert json.dumps(listed["search-flights"]["inputSchema"]) == json.dumps(flight_desk.ODD)
        assert json.dumps(listed["count"]["outputSchema"]) == json.dumps(flight_desk.COUNTED)
        assert not any("_meta" in tool for tool in listed.values())


@pytest.mark.parametrize("era", ERAS)
async def test_a_schema_that_no_client_takes_is_mended_and_says_so(era: str) -> None:
    odd = Tool("odd", "", {"properties": None, "required": "all", "x": 1}, {"type": "array"})
    async with desk() as (url, service):
        await service.sessions.create("local", Scenario("mcp", Setup("", (odd, Tool("bare")))), id="odd")
        async with Client(url.replace("/s/s/", "/s/odd/"), mode=era) as client:
            listed = (await client.list_tools()).tools
            assert listed[0].input_schema == {"x": 1, "type": "object"}
            assert listed[0].output_schema == (None if era == "legacy" else {"type": "array"})
            mended = ["inputSchema", *(["outputSchema"] if era == "legacy" else [])]
            assert listed[0].meta == {"nextstate/mended": mended}
            assert (listed[1].input_schema, listed[1].meta) == ({"type": "object", "properties": {}}, None)


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_is_a_turn_and_says_who_answered(era: str) -> None:
    async with desk() as (url, service), Client(url, mode=era) as client:
        arguments = {"legs": [{"to": "OSL"}], "x-any": "ø\u2028"}
        answer = await client.call_tool("search-flights", arguments)
        (turn,) = (await service.sessions.trajectory("local", "s")).turns
        assert json.loads(turn.action) == {"name": "search-flights", "arguments": arguments}
        assert [one.text for one in answer.content] == [turn.observation]
        assert not answer.is_error
        meta = {name: value for name, value in (answer.meta or {}).items() if name.startswith("nextstate/")}
        assert meta == {
            "nextstate/turn": 0,
            "nextstate/origin": "model",
            "nextstate/model": "scripted",
            "nextstate/shared": False,
        }


@pytest.mark.parametrize("era", ERAS)
async def test_a_structured_result_is_what_the_text_says_where_the_schema_takes_it(era: str) -> None:
    async with desk() as (url, _), Client(url, mode=era) as client:
        counted = await client.call_tool("count", {})
        read = await client.call_tool("read", {})
        unfit = await client.call_tool("unfit", {})
        assert counted.structured_content == {"turn": 0, "note": None}
        assert read.structured_content == {"content": "two lines\nof text"}
        assert read.content[0].text == "two lines\nof text"
        assert unfit.is_error
        assert unfit.structured_content is None
        assert "output schema" in (unfit.meta or {})["nextstate/unfit"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_simulated_failure_a_bad_call_and_a_failed_world_model_can_be_told_apart(era: str) -> None:
    async with desk() as (url, service), Client(url, mode=era) as client:
        failed = await client.call_tool("fail", {})
        assert failed.is_error
        assert (failed.meta or {})["nextstate/origin"] == "model"
        deep: dict[str, Any] = {}
        for _ in range(98):
            deep = {"a": deep}
        with pytest.raises(MCPError) as broken:
            await client.call_tool("break", {})
        assert broken.value.code == -32007
        assert broken.value.data["outcome"] == "refused"
        assert "the script has no answer" in broken.value.message
        assert (await service.sessions.view("local", "s")).turns == 1
        undeclared = await client.call_tool("serch", {})
        assert undeclared.is_error  # which tools there are is the world's business
        assert (undeclared.meta or {})["nextstate/turn"] == 1


@pytest.mark.parametrize("era", ERAS)
async def test_a_world_of_plain_actions_has_one_tool_that_says_what_it_needs(era: str) -> None:
    service = service_of()
    async with served(service, surfaces=("mcp",)) as url:
        name = next(one.name for one in service.catalogue.page() if one.tools == 0)
        await service.sessions.create("local", service.catalogue.find(name), id="plain")
        async with Client(f"{url}/s/plain/mcp", mode=era) as client:
            (tool,) = (await client.list_tools()).tools
            wrong = await client.call_tool(tool.name, {"nonsense": 1})
            assert wrong.is_error
            assert (wrong.meta or {})["nextstate/error"]["code"] == "bad_action"
            with pytest.raises(MCPError) as unknown:
                await client.call_tool("nonsense", {})
            assert unknown.value.code == -32602
            assert (await service.sessions.view("local", "plain")).turns == 0


async def test_calls_at_once_are_taken_one_after_the_other() -> None:
    async with desk() as (url, service), Client(url, mode="legacy") as one, Client(url) as other:
        calls = [client.call_tool("search-flights", {"legs": [n]}) for n in range(10) for client in (one, other)]
        answers = await asyncio.gather(*calls)
        assert sorted((answer.meta or {})["nextstate/turn"] for answer in answers) == list(range(20))
        assert (await service.sessions.view("local", "s")).turns == 20


class Slow:
    """A world model that answers when it is let."""

    name = "slow"

    def __init__(self) -> None:
        self.asked, self.let = asyncio.Event(), asyncio.Event()
        self._inner = Scripted(flight_desk.desk)

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        self.asked.set()
        await self.let.wait()
        return await self._inner.predict(query, seed=seed)


@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28"])
async def test_a_client_that_leaves_takes_back_what_was_not_begun_and_keeps_what_was(version: str) -> None:
    model = Slow()
    meta = {"io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {}}
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": "tools/call"}

    def call(name: str) -> asyncio.Task[tuple[int, Any]]:
        message = request("tools/call", name=name, arguments={}, _meta=meta)
        return asyncio.create_task(posted(url, message, **headers, **{"Mcp-Name": name}))

    async with desk(model) as (url, service):
        begun = call("count")
        await model.asked.wait()
        waiting, last = call("fail"), call("read")
        async with Client(url) as client:  # by now both have come in
            await client.list_tools()
        begun.cancel()
        waiting.cancel()
        await asyncio.wait([begun, waiting])
        async with Client(url) as client:
            await client.list_tools()
        model.let.set()
        status, answer = await last
        assert (status, answer["result"]["isError"]) == (200, False)
        turns = (await service.sessions.trajectory("local", "s")).turns
        assert [json.loads(turn.action)["name"] for turn in turns] == ["count", "read"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_session_that_has_ended_and_a_quota_that_is_used_up_are_errors_of_the_protocol(era: str) -> None:
    async with desk(limits=Limits(turns=1)) as (url, _), Client(url, mode=era) as client:
        await client.call_tool("count", {})
        with pytest.raises(MCPError) as ended:
            await client.call_tool("count", {})
        assert (ended.value.code, ended.value.data["ending"]) == (-32005, "turn_limit")


class ByHeader(Gate):
    """A gate that believes who somebody says to be."""

    def wrap(self, application: ASGIApp) -> ASGIApp:
        async def gated(scope: Scope, receive: Receive, send: Send) -> None:
            named = {name: value.decode() for name, value in scope.get("headers", ())}
            await application({**scope, "owner": named.get(b"x-owner", "local")}, receive, send)

        return gated


async def test_another_owners_session_is_not_there() -> None:
    async with desk(gate=ByHeader()) as (url, _):
        mine = await posted(url, request("tools/list"))
        theirs = await posted(url, request("tools/list"), **{"x-owner": "eve"})
        nobodys = await posted(url.replace("/s/s/", "/s/t/"), request("tools/list"), **{"x-owner": "eve"})
        assert mine[0] == 200
        assert theirs[0] == nobodys[0] == 404
        assert theirs[1]["error"]["code"] == nobodys[1]["error"]["code"] == -32003
        assert theirs[1]["id"] == 7


@pytest.mark.parametrize("era", ERAS)
async def test_an_address_with_a_scenario_opens_its_session_once(era: str) -> None:
    service = service_of()
    names = [one.name for one in service.catalogue.page()]
    async with served(service, surfaces=("mcp",)) as url:
        address = f"{url}/s/mine/mcp?scenario={names[0]}&seed=5"
        for _ in range(2):
            async with Client(address, mode=era) as client:
                await client.list_tools()
        view = await service.sessions.view("local", "mine")
        assert (view.scenario, view.seed) == (names[0], 5)
        assert len(await service.sessions.list("local")) == 1
        status, answer = await posted(f"{url}/s/mine/mcp?scenario={names[1]}", request("tools/list"))
        assert (status, "use another id" in answer["error"]["message"]) == (400, True)
        status, answer = await posted(f"{url}/s/new/mcp?scenario={names[0][:-1]}", request("tools/list"))
        assert (status, "did you mean" in answer["error"]["message"]) == (400, True)
        status, _ = await posted(f"{url}/s/new/mcp?scenario={names[0]}&seed=many", request("tools/list"))
        assert status == 400


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_there_is_no_stream_and_no_session_of_the_protocol(method: str) -> None:
    async with desk() as (url, _), aiohttp.ClientSession() as client, client.request(method, url) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_a_header_that_contradicts_the_argument_it_mirrors_is_refused() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string", "x-mcp-header": "City"}}}
    version = "2026-07-28"
    meta = {"io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {}}
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": "tools/call", "Mcp-Name": "book"}
    async with desk() as (url, service):
        await service.sessions.create("local", Scenario("mcp", Setup("", (Tool("book", "", schema),))), id="h")
        at = url.replace("/s/s/", "/s/h/")
        message = request("tools/call", name="book", arguments={"city": "Oslo"}, _meta=meta)
        wrong, _ = await posted(at, message, **headers, **{"Mcp-Param-City": "Bergen"})
        right, _ = await posted(at, message, **headers, **{"Mcp-Param-City": "Oslo"})
        assert (wrong, right) == (400, 200)
        assert (await service.sessions.view("local", "h")).turns == 1


class Writing(Slow):
    """A world model that is heard to write before it answers."""

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        listener = heard.get()
        assert listener is not None
        listener("twelve chars")
        return await super().predict(query, seed=seed)


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_asks_for_progress_is_told_while_it_waits(
    era: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.01)
    model, told = Writing(), list[tuple[float, str | None]]()

    async def hear(done: float, total: float | None, message: str | None) -> None:
        told.append((done, message))
        if len(told) == 3:
            model.let.set()

    async with desk(model) as (url, service), Client(url, mode=era) as client:
        answer = await client.call_tool("count", {}, progress_callback=hear)
        assert answer.structured_content == {"turn": 0, "note": None}
        assert (await service.sessions.view("local", "s")).turns == 1
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert {message for _, message in told} == {"12 characters written"}


@pytest.mark.parametrize("era", ERAS)
async def test_a_failed_world_model_is_told_in_a_stream_as_without_one(era: str) -> None:
    async def hear(done: float, total: float | None, message: str | None) -> None:
        raise AssertionError("the answer comes at once")

    async with desk() as (url, _), Client(url, mode=era) as client:
        with pytest.raises(MCPError) as broken:
            await client.call_tool("break", {}, progress_callback=hear)
        assert (broken.value.code, broken.value.data["outcome"]) == (-32007, "refused")
