"""What the viewers ask the server for, as the server answers it, also to requests that nobody should send."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import zstandard

from nextstate import ui
from nextstate.data import store
from nextstate.serve.testing import served
from nextstate.ui import trajectories, viewers

from .stock import HOSTILE, catalogue, recordings, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nextstate.serve.service import Service


class Client:
    """Asks a running server."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address, self.session = address, session

    async def get(self, path: str, **query: Any) -> Any:
        async with self.session.get(self.address + path, params=query) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json(content_type=None)

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body)
        async with self.session.post(self.address + path, data=data) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return json.loads(text)


@pytest.fixture
async def client(service: Service) -> AsyncIterator[Client]:
    async with served(service, ui, surfaces=()) as address, aiohttp.ClientSession() as session:
        yield Client(address, session)


async def names(client: Client, **query: Any) -> list[str]:
    return [one["name"] for one in (await client.get("/viewers/trajectories", **query))["entries"]]


async def test_the_list_is_filtered_by_text_domain_origin_and_failure(client: Client) -> None:
    everything = await names(client)
    assert everything == [f"made/{one.id}" for one in recordings()]
    assert await names(client, text="NEEDLE") == ["made/made-0"]
    assert await names(client, domain="terminal") == everything
    assert await names(client, domain="web") == []
    assert await names(client, origin="computed") == ["made/mixed"]
    assert await names(client, failed="yes") == ["made/made-1", everything[-1]]
    assert "made/made-1" not in await names(client, failed="no")
    mixed = (await client.get("/viewers/trajectories", text="mixed"))["entries"][0]
    assert mixed["origins"] == {"computed": 1, "model": 1, "recorded": 1}


async def test_the_list_comes_in_parts_that_follow_each_other(client: Client) -> None:
    found: list[str] = []
    offset: int | None = 0
    while offset is not None:
        part = await client.get("/viewers/trajectories", offset=offset, limit=3)
        found += [one["name"] for one in part["entries"]]
        offset = part["next"]
    assert found == await names(client)


def test_looking_through_many_stops_in_time_and_goes_on_where_it_was() -> None:
    shelf = trajectories.Shelf(catalogue([told(f"more-{n}", [("a", "b")]) for n in range(50)]))
    wanted, found, offset, parts = trajectories.Wanted(text="more-49"), [], 0, 0
    while offset is not None:
        part = shelf.listed(wanted, offset, 10, seconds=0.0)
        assert part["next"] is None or part["next"] > offset
        found, offset, parts = [*found, *part["entries"]], part["next"], parts + 1
    assert [one["name"] for one in found] == ["made/more-49"]
    assert parts > 10


async def test_a_trajectory_comes_as_a_head_an_outline_and_turns(client: Client) -> None:
    head = await client.get("/viewers/trajectory", name="made/made-2")
    assert (head["id"], head["domain"], head["turns"]) == ("made-2", "terminal", 8)
    assert head["setup"]["initial_state"] == "A shell on a small machine."
    outline = await client.get("/viewers/outline", name="made/made-2", **{"from": 6, "count": 200})
    assert [one["action"] for one in outline["turns"]] == ["echo 2 6", "echo 2 7"]
    (turn,) = (await client.get("/viewers/turns", name="made/made-2", **{"from": 3, "count": 1}))["turns"]
    assert turn == {"action": "echo 2 3", "observation": "2 3\n", "meta": {}, "origin": "recorded", "failed": None}
    assert (await client.get("/viewers/turns", name="made/made-2", **{"from": 99}))["turns"] == []


def test_long_texts_are_cut_and_few_long_turns_come_at_once() -> None:
    one = told("long", [("a", "x" * 3_000_000)] * 5 + [("b", "y" * 900_000)] * 9)
    assert len(trajectories.turns(one, 0, 10)) == 3
    assert "[2,000,000 characters more" in trajectories.turns(one, 0, 1)[0]["observation"][-60:]
    assert len(trajectories.turns(one, 5, 10)) == 4


async def test_play_from_here_begins_behind_the_turn_of_a_named_or_a_given_trajectory(
    client: Client, service: Service
) -> None:
    one = recordings()[2]
    for asked in ({"name": "made/made-2"}, {"trajectory": store.encode(one)}):
        id = (await client.post("/viewers/play", {**asked, "after": 3, "model": "echo"}))["id"]
        begun = await service.sessions.scenario("local", id)
        assert begun.history == one.turns[:3]
        assert (await service.sessions.step("local", id, "pwd")).turn.observation == "echo of pwd"


async def test_a_screen_is_drawn_by_its_domain_and_a_text_is_not(client: Client) -> None:
    html = (await client.post("/viewers/picture", {"domain": "web", "observation": HOSTILE}))["html"]
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    told = await client.post("/viewers/picture", {"domain": "terminal", "observation": "x"}, 422)
    assert told["error"]["code"] == "no_picture"


async def test_a_zst_file_is_unpacked_and_a_damaged_or_huge_one_is_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"".join(map(store.line, recordings()))
    frames = zstandard.compress(content[:500]) + zstandard.compress(content[500:])
    body = {"packed": base64.b64encode(frames).decode()}
    async with client.session.post(client.address + "/viewers/unpack", json=body) as answer:
        assert await answer.read() == content
    for packed in (frames[:-9], b"no zstd at all", b""):
        told = await client.post("/viewers/unpack", {"packed": base64.b64encode(packed).decode()}, 422)
        assert told["error"]["code"] == "damaged"
    await client.post("/viewers/unpack", {"packed": "not base64!"}, 400)
    monkeypatch.setattr(viewers, "MAX_UNPACKED", 1000)
    bomb = zstandard.compress(b"\0" * 50_000_000)
    assert "longer than 1,000" in str(
        await client.post("/viewers/unpack", {"packed": base64.b64encode(bomb).decode()}, 413)
    )


async def test_runs_are_listed_with_figures_and_broken_ones_with_the_reason(client: Client, shelf: Path) -> None:
    found = await client.get("/viewers/reports")
    kinds = {one["name"]: one["kind"] for one in found["items"]}
    assert kinds == {"oracle": "run", "half": "run", "bench": "run", "broken": "broken", "written": "page"}
    assert str(shelf) not in json.dumps(found)
    numbers = {one["name"]: one["run"] for one in found["items"] if one["kind"] == "run"}
    (group,) = [group for group in found["summary"]["groups"] if len(group["runs"]) == 2]
    best = group["runs"][0]
    assert best["run"] == numbers["oracle"]
    assert best["scores"]["exact"]["mean"] == 1.0
    assert best["scores"]["exact"]["ci95"][0] < 1.0


async def test_a_report_opens_by_a_secret_under_a_policy_that_reaches_nothing(client: Client) -> None:
    items = (await client.get("/viewers/reports"))["items"]
    for name in ("oracle", "written"):
        ids = [one["id"] for one in items if one["name"] == name]
        url = (await client.post("/viewers/reports/open", {"ids": ids}))["url"]
        async with client.session.get(client.address + url) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert answer.status == 200
            assert "<title>" in await answer.text()
        assert policy.startswith("sandbox allow-scripts; default-src 'none'")
        assert "allow-same-origin" not in policy
    both = [one["id"] for one in items if one["kind"] == "run"]
    first = (await client.post("/viewers/reports/open", {"ids": both}))["url"]
    second = (await client.post("/viewers/reports/open", {"ids": both}))["url"]
    assert first != second


async def test_reports_that_are_not_there_are_not_opened(client: Client) -> None:
    broken = [one["id"] for one in (await client.get("/viewers/reports"))["items"] if one["kind"] == "broken"]
    for ids in ([], ["../../etc/passwd"], ["nonsense"], broken):
        told = await client.post("/viewers/reports/open", {"ids": ids}, 404)
        assert told["error"]["code"] == "no_such_report"
    for ids in (None, "x", [1], ["x"] * 201):
        await client.post("/viewers/reports/open", {"ids": ids}, 400)
    async with client.session.get(client.address + "/ui/report/" + "x" * 43) as answer:
        assert answer.status == 404
    async with client.session.get(client.address + "/ui/report/..%2f..%2fetc%2fpasswd") as answer:
        assert answer.status == 404


async def test_a_run_that_grew_is_read_again(tmp_path: Path) -> None:
    from eval.reports.folders import DATA, evaluation, half, right
    from nextstate.ui.reports import Library

    evaluation(tmp_path / "run", DATA[:2], right)
    library = Library((tmp_path,), catalogue())
    assert library.listed()["summary"]["groups"][0]["n"] == 4
    evaluation(tmp_path / "run", DATA, half)
    assert library.listed()["summary"]["groups"][0]["n"] == 12


async def test_the_truth_of_rows_comes_from_recordings_that_the_server_offers(tmp_path: Path) -> None:
    from eval.reports.folders import evaluation, right
    from nextstate.ui.reports import Library

    evaluation(tmp_path, recordings()[2:4], right)
    library = Library((tmp_path,), catalogue())
    (id,) = [one["id"] for one in library.listed()["items"]]
    page = library.page(library.opened([id]))
    assert 'id="part-1"' in page.read_text("utf-8")
    assert sorted(one.name for one in page.parent.iterdir()) == ["report.html", "report.json", "report.md"]


BAD: list[tuple[str, Any]] = [
    ("/viewers/play", b"not json"),
    ("/viewers/play", []),
    ("/viewers/play", {"name": 3}),
    ("/viewers/play", {"name": "made/made-2", "after": -1}),
    ("/viewers/play", {"name": "made/made-2", "after": True}),
    ("/viewers/play", {"trajectory": {"id": "x"}}),
    ("/viewers/play", {"trajectory": None}),
    ("/viewers/play", {"trajectory": {"id": "x", "domain": "nowhere", "setup": {}, "turns": []}}),
    ("/viewers/play", {"name": "made/made-2", "model": "nobody"}),
    ("/viewers/picture", {"domain": "nowhere", "observation": ""}),
    ("/viewers/picture", {"domain": "web"}),
    ("/viewers/unpack", {"packed": 1}),
    ("/viewers/game/deal", {"model": "x" * 300}),
    ("/viewers/game/deal", {"domain": "nowhere"}),
    ("/viewers/game/guess", {"round": "x", "guess": ["first"]}),
    ("/viewers/game/guess", {"round": "x", "guess": "third"}),
    ("/viewers/game/guess", {"guess": "first"}),
    ("/viewers/game/guess", b'{"round": "\xff", "guess": "first"}'),
]


@pytest.mark.parametrize(("path", "body"), BAD)
async def test_a_bad_request_is_told_in_words(client: Client, path: str, body: Any) -> None:
    told = await client.post(path, body, 400)
    assert told["error"]["message"]
    assert "Traceback" not in told["error"]["message"]


@pytest.mark.parametrize("query", ["name=nothing", "", "name=made/made-2&from=x", "name=made/made-2&count=99999"])
async def test_a_bad_query_is_told_in_words(client: Client, query: str) -> None:
    async with client.session.get(f"{client.address}/viewers/turns?{query}") as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["message"]


async def test_the_game_is_played_and_exported_over_http(client: Client) -> None:
    state = await client.get("/viewers/game")
    assert state["domains"] == {"terminal": 2 + 1 + 8 * 4 + 1}
    dealt = await client.post("/viewers/game/deal", {"model": "echo"})
    assert (await client.get("/viewers/game"))["open"] is True
    verdict = await client.post("/viewers/game/guess", {"round": dealt["round"], "guess": "first"})
    assert verdict["figures"]["n"] == 1
    async with client.session.get(client.address + "/viewers/game/export") as answer:
        (line,) = [json.loads(one) for one in (await answer.text()).splitlines()]
    assert line["right"] is verdict["right"]
    async with client.session.delete(client.address + "/viewers/game") as answer:
        assert answer.status == 200
    assert (await client.get("/viewers/game"))["figures"]["n"] == 0


async def test_answers_are_not_kept_by_the_browser(client: Client) -> None:
    for path in ("/viewers/game", "/viewers/about", "/viewers/reports"):
        async with client.session.get(client.address + path) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
