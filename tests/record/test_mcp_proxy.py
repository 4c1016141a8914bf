"""The recording proxy in front of real MCP servers."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import Request

from mcp import Client, MCPError
from nextstate.data import store
from nextstate.errors import UsageError
from nextstate.record import mcp_results
from nextstate.record.mcp import Server
from nextstate.record.mcp_book import Book
from nextstate.record.mcp_proxy import Proxy, proxied
from nextstate.record.mcp_wire import About, bare, dressed
from nextstate.types import Turn
from proxied import Case, Raw, Told, ask, talk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxied import Call

NOTES = (sys.executable, "-m", "nextstate.record.mcp_notes_server")
CHATTY = (sys.executable, str(Path(__file__).parent / "chatty_server.py"))
ERAS = ["legacy", "2026-07-28"]
SCRIPT: tuple[Call, ...] = (
    ("tools/list", {}),
    ("create_note", {"title": "Milk", "tags": ["shop"]}),
    ("get_note", {"id": 1}),
    ("get_note", {"id": 9}),
    ("get_note", {}),
    ("print_note", {"id": 1}),
    ("no_such_tool", {}),
)


def client_of(proxy: Proxy, mode: str = "legacy", **more: Any) -> Client:
    assert proxy.front is not None
    return Client(proxy.front.server, mode=mode, cache=None, **more)


async def through(command: Sequence[str], out: Path, calls: Sequence[Call], mode: str = "legacy") -> list[Told]:
    """What a client in this process hears through the proxy."""
    async with proxied(Server(command=tuple(command)), out, mode="legacy") as proxy, client_of(proxy, mode) as client:
        return [await ask(client, call) for call in calls]


def only(out: Path) -> Any:
    (trajectory,) = store.read(out)
    return trajectory


@pytest.mark.parametrize("mode", ERAS)
async def test_answers_pass_as_they_are_and_can_be_made_again_from_the_file(tmp_path: Path, mode: str) -> None:
    out = tmp_path / "notes.jsonl"
    direct = await talk(NOTES, SCRIPT, Case("notes", NOTES, SCRIPT))
    seen = await through(NOTES, out, SCRIPT, mode)
    assert [one.answer for one in seen] == [one.answer for one in direct]
    turns = only(out).turns
    results = [one.result for one in direct[1:7]]
    assert [mcp_results.result(turn) for turn in turns] == [*results[: len(turns)]]
    assert [json.loads(turn.action)["name"] for turn in turns] == [name for name, _ in SCRIPT[1:7]]
    assert all(turn.meta["seconds"] >= 0 and turn.meta["t"] > 1e9 for turn in turns)


async def test_the_proxy_says_of_itself_what_the_server_says(tmp_path: Path) -> None:
    async with proxied(Server(command=CHATTY), tmp_path / "a.jsonl") as proxy, client_of(proxy) as client:
        assert client.server_info is not None
        assert (client.server_info.name, client.server_info.version) == ("chatty", "2.0")
        assert client.instructions == "Ask away."
        assert client.server_capabilities == proxy.client.server_capabilities
    kept = only(tmp_path / "a.jsonl")
    assert kept.setup.initial_state == "Ask away."
    assert About.of(kept.meta["server"]).info.name == kept.meta["environment"] == "chatty"


async def test_every_call_is_in_the_file_before_the_client_has_its_answer(tmp_path: Path) -> None:
    out = tmp_path / "notes.jsonl"
    async with proxied(Server(command=NOTES), out) as proxy, client_of(proxy) as client:
        for number in range(4):
            await ask(client, ("create_note", {"title": f"note {number}"}))
            assert len(only(out).turns) == number + 1


async def test_resources_and_prompts_are_kept_with_the_place_at_which_they_were_asked(tmp_path: Path) -> None:
    out = tmp_path / "chatty.jsonl"
    asked: tuple[Call, ...] = (
        ("resources/read", {"uri": "note://today"}),
        ("draw", {}),
        ("prompts/get", {"name": "greet", "arguments": {"name": "Ann"}}),
        ("resources/read", {"uri": "note://gone"}),
    )
    seen = await through(CHATTY, out, asked)
    kept = only(out)
    places = [(one["method"], one["after"]) for one in kept.meta["exchanges"] if one["method"] != "tools/list"]
    assert places == [("resources/read", 0), ("prompts/get", 1), ("resources/read", 1)]
    assert kept.meta["exchanges"][-1]["error"] == seen[-1].error
    assert kept.turns[0].observation == "[image image/png]"
    assert mcp_results.result(kept.turns[0]) == seen[1].result


async def test_a_client_hears_of_progress(tmp_path: Path) -> None:
    heard: list[tuple[float, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, message))

    async with proxied(Server(command=CHATTY), tmp_path / "a.jsonl") as proxy, client_of(proxy) as client:
        result = await client.call_tool("count", {"upto": 3}, progress_callback=hear)
        assert result.structured_content == {"result": "counted to 3"}
    assert heard == [(1.0, "number 1"), (2.0, "number 2"), (3.0, "number 3")]


async def test_a_cancelled_call_is_cancelled_at_the_server_and_noted(tmp_path: Path) -> None:
    mark, out = tmp_path / "mark", tmp_path / "a.jsonl"
    async with proxied(Server(command=CHATTY), out) as proxy, client_of(proxy) as client:
        call = asyncio.create_task(client.call_tool("wait", {"mark": str(mark)}))
        await ask(client, ("draw", {}))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(5):
            while not mark.exists():
                await ask(client, ("draw", {}))
    unseen = [one for turn in only(out).turns for one in turn.meta.get("unseen", ())]
    assert [(json.loads(one["action"])["name"], one["ending"]) for one in unseen] == [("wait", "cancelled")]


async def test_a_changed_list_of_tools_is_passed_on_and_written_down(tmp_path: Path) -> None:
    out, heard = tmp_path / "a.jsonl", asyncio.Event()

    async def hear(message: Any) -> None:
        if getattr(message, "method", "") == "notifications/tools/list_changed":
            heard.set()

    server = Server(command=CHATTY)
    async with proxied(server, out, mode="legacy") as proxy, client_of(proxy, message_handler=hear) as client:
        await ask(client, ("learn", {}))
        async with asyncio.timeout(5):
            await heard.wait()
        assert "sing" in {tool.name for tool in (await client.list_tools()).tools}
        await ask(client, ("sing", {}))
    kept = only(out)
    assert "sing" not in {tool.name for tool in kept.setup.tools}
    assert [tool["name"] for tool in kept.turns[-1].meta["tools_changed"]["new"]] == ["sing"]


async def test_a_server_that_dies_leaves_an_error_and_a_whole_file(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    seen = await through(CHATTY, out, (("draw", {}), ("leave", {}), ("draw", {})))
    assert [one.error is None for one in seen] == [True, False, False]
    kept = only(out)
    assert len(kept.turns) == 1
    assert [one["ending"] for one in kept.meta["unseen"]] == ["closed", "closed"]


async def test_the_client_gets_secrets_and_the_file_does_not(tmp_path: Path) -> None:
    out = tmp_path / "notes.jsonl"
    (seen,) = await through(NOTES, out, (("create_note", {"title": "x", "body": "DB_PASSWORD=hunter2hunter2"}),))
    assert "hunter2hunter2" in json.dumps(seen.result)
    assert "hunter2" not in out.read_text()
    assert only(out).meta["scrubbed"]


async def test_what_stood_in_the_file_stays_and_two_recorders_do_not_harm_each_other(tmp_path: Path) -> None:
    out = tmp_path / "notes.jsonl"
    await through(NOTES, out, SCRIPT[1:2])
    books = [Book(out, {"info": {"name": "notes"}}) for _ in range(2)]
    for number in range(3):
        for book in books:
            book.called("get_note", {"id": number}, {"content": []}, {})
        await asyncio.gather(*(book.save() for book in books))
    kept = list(store.read(out))
    assert [(one.id, len(one.turns)) for one in kept] == [("notes-1", 1), ("notes-2", 3), ("notes-3", 3)]


async def test_what_is_no_server_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no MCP server answers at no-such-program"):
        async with proxied(Server(command=("no-such-program",)), tmp_path / "a.jsonl"):
            pass


async def test_a_file_that_cannot_grow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"give a \.jsonl file"):
        async with proxied(Server(command=NOTES), tmp_path / "a.parquet"):
            pass


async def test_a_result_that_is_none_is_an_error_for_the_client(tmp_path: Path) -> None:
    async with proxied(Server(command=NOTES), tmp_path / "a.jsonl") as proxy:
        book = proxy.book
        book.called("get_note", {}, {"content": "no list"}, {})
        book.unanswered("make_note", {}, "cancelled")
        book.called("get_note", {}, {"content": "no list"}, {})
        assert book.turns == []
        assert [one["ending"] for one in book.trajectory.meta["unseen"]] == [
            "malformed_result",
            "cancelled",
            "malformed_result",
        ]
        with pytest.raises(MCPError):
            await proxy.request("no/method", {})


async def test_a_call_that_was_cancelled_last_is_told_in_the_file(tmp_path: Path) -> None:
    async with proxied(Server(command=NOTES), tmp_path / "a.jsonl") as proxy:
        proxy.book.unanswered("make_note", {}, "cancelled")
    assert [one["ending"] for one in only(tmp_path / "a.jsonl").meta["unseen"]] == ["cancelled"]


async def test_a_port_serves_both_eras(tmp_path: Path) -> None:
    out, address = tmp_path / "notes.jsonl", asyncio.get_running_loop().create_future()
    async with proxied(Server(command=NOTES), out) as proxy:
        assert proxy.front is not None
        serving = asyncio.create_task(proxy.front.http(0, address.set_result))
        try:
            url = await address
            for number, mode in enumerate(ERAS):
                async with Client(url, mode=mode, cache=None) as client:
                    request = Request[dict[str, Any], str](
                        method="tools/call", params={"name": "create_note", "arguments": {"title": mode}}
                    )
                    found = (await client.session.send_request(request, Raw)).root
                    assert found["structuredContent"]["id"] == number + 1
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
    assert len(only(out).turns) == 2


# Results as turns

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TEXT = st.text(max_size=20).map(lambda text: {"type": "text", "text": text})
PICTURE = st.just({"type": "image", "data": "iVBORw==", "mimeType": "image/png"})
RESULTS = st.fixed_dictionaries(
    {"content": st.lists(TEXT | PICTURE, max_size=3)},
    optional={
        "structuredContent": st.dictionaries(st.text(max_size=5), JSON, max_size=3),
        "isError": st.booleans(),
        "_meta": st.dictionaries(st.text(min_size=1, max_size=5), JSON, max_size=2),
    },
)


@given(RESULTS)
def test_a_result_comes_back_from_its_turn(result: dict[str, Any]) -> None:
    turn = mcp_results.turn('{"name": "x", "arguments": {}}', result, {"seconds": 0.1})
    kept = Turn(turn.action, turn.observation, json.loads(json.dumps(dict(turn.meta))))
    assert mcp_results.result(kept) == result


@given(RESULTS, st.booleans(), st.sampled_from(["tools/call", "tools/list"]))
def test_what_an_era_adds_is_taken_off_again(result: dict[str, Any], modern: bool, method: str) -> None:
    about = About.of({"info": {"name": "x", "version": "1"}})
    expected = {key: value for key, value in result.items() if key != "_meta" or value}
    assert {k: v for k, v in bare(dressed(result, method, modern, about)).items() if k != "_meta" or v} == expected
