"""Sessions over HTTP: what the core does, with plain statuses and bodies."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from rest_client import SHELL, TOOLED, client, events

from nextstate import domain
from nextstate.data import store
from nextstate.domain import calls
from nextstate.models.base import heard
from nextstate.models.fakes import Scripted
from nextstate.serve.rest import events as streaming
from nextstate.serve.rest import shapes
from nextstate.serve.testing import echo, service_of
from nextstate.sim.quota import Quota
from nextstate.types import Origin, Outcome, Prediction, Query


async def test_a_session_is_made_stepped_forked_rewound_and_closed() -> None:
    async with client() as one:
        session = await one.session(seed=3, limits={"turns": 5})
        assert (await one.step(session, "echo a"))["turn"]["observation"] == "0: echo a"
        second = await one.step(session, "echo b")
        assert (second["index"], second["shared"], second["turn"]["meta"]["origin"]) == (1, False, "model")
        fork = await one.ask("POST", f"{session}/fork", {"at": 1, "seed": 4}, 201)
        assert (fork["turns"], fork["seed"], fork["parent"]) == (1, 4, session.rpartition("/")[2])
        assert (await one.ask("POST", f"{session}/rewind", {"turns": 2}))["turns"] == 0
        assert (await one.ask("DELETE", session))["ending"] == "closed"
        assert (await one.step(session, "ls", 409))["error"] == {
            "code": "session_ended",
            "message": "the session has ended: closed; fork or rewind it to go on",
            "ending": "closed",
        }
        listed = await one.ask("GET", "/v1/sessions")
        assert [row["ending"] for row in listed["sessions"]] == [None, "closed"] and listed["next"] is None


async def test_a_list_comes_in_pages() -> None:
    async with client() as one:
        made = [await one.session() for _ in range(3)]
        first = await one.ask("GET", "/v1/sessions?limit=2")
        rest = await one.ask("GET", f"/v1/sessions?limit=2&before={first['next']}")
        found = [row["id"] for row in (*first["sessions"], *rest["sessions"])]
        assert sorted(found) == sorted(path.rpartition("/")[2] for path in made) and rest["next"] is None


async def test_a_scenario_may_be_brought_along() -> None:
    tools = [
        {"name": "find", "title": "Find", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}}
    ]
    given = {"action": calls.render("find", {}), "observation": "nothing"}
    scenario = {"domain": "mcp", "setup": {"tools": tools, "instruction": "be terse"}, "turns": [given]}
    async with client() as one:
        session = await one.session(scenario)
        view = await one.ask("GET", session)
        assert (view["turns"], view["instruction"]) == (1, "be terse")
        offered = await one.ask("GET", f"{session}/tools")
        assert offered == {"tools": [{"name": "find", "description": "", "inputSchema": {"type": "object"}}]}
        step = await one.ask("POST", f"{session}/step", {"call": {"name": "find", "arguments": {"q": "x"}}})
        assert step["turn"]["action"] == calls.render("find", {"q": "x"})


async def test_a_named_scenario_may_begin_after_recorded_turns() -> None:
    async with client() as one:
        session = await one.session(SHELL, after=2)
        recorded = await one.ask("GET", f"/v1/scenarios/{SHELL}")
        kept = await one.ask("GET", f"{session}/trajectory")
        assert [turn["action"] for turn in kept["turns"]] == [turn["action"] for turn in recorded["turns"][:2]]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "scenario"),
        ({"scenario": "nowhere/at-all"}, "unknown scenario"),
        ({"scenario": SHELL + "x"}, "did you mean"),
        ({"scenario": SHELL, "model": "gpt"}, "unknown world model"),
        ({"scenario": SHELL, "sed": 1}, "sed"),
        ({"scenario": SHELL, "seed": "one"}, "$.seed"),
        ({"scenario": SHELL, "seed": 2**63}, "seed"),
        ({"scenario": SHELL, "limits": {"turns": -1}}, "$.limits.turns"),
        ({"scenario": SHELL, "instruction": "x" * 100_001}, "instruction"),
        ({"scenario": {"domain": "moon"}}, "unknown domain"),
        ({"scenario": {"domain": "terminal", "setup": {"tool": []}}}, "$.scenario.setup"),
        ({"scenario": {"domain": "terminal", "turns": [{"action": 1}]}}, "$.scenario.turns[0].action"),
        ({"scenario": {"domain": "terminal"}, "after": 1}, "after"),
        ([], "object"),
    ],
)
async def test_a_body_that_does_not_fit_says_where(body: Any, told: str) -> None:
    async with client() as one:
        error = (await one.ask("POST", "/v1/sessions", body, 400))["error"]
        assert error["code"] == "bad_request" and told in error["message"]


@pytest.mark.parametrize("data", [b"{", b"\xff", b'{"scenario": NaN}', b'"\\ud800"', b'{"scenario": 1e999}', b"nul"])
async def test_what_is_no_json_is_a_bad_request(data: bytes) -> None:
    async with client() as one:
        await one.ask("POST", "/v1/sessions", status=400, data=data, headers={"Content-Type": "application/json"})


async def test_a_body_of_another_kind_is_refused() -> None:
    async with client() as one:
        told = {"Content-Type": "text/plain"}
        found = await one.ask("POST", "/v1/sessions", status=415, data=b"{}", headers=told)
        assert found["error"]["code"] == "bad_media"


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1&limit=2", "lim=1", "a=" * 40])
async def test_a_query_that_does_not_fit_is_a_bad_request(query: str) -> None:
    async with client() as one:
        await one.ask("GET", f"/v1/sessions?{query}", status=400)


@pytest.mark.parametrize("body", [{}, {"action": "ls", "call": {"name": "bash"}}, {"action": None}])
async def test_a_step_is_either_an_action_or_a_call(body: Any) -> None:
    async with client() as one:
        await one.ask("POST", f"{await one.session()}/step", body, 400)


async def test_an_action_that_does_not_parse_is_told_as_such() -> None:
    async with client() as one:
        session = await one.session(f"mcp/{TOOLED.id}")
        assert (await one.step(session, "no call", 422))["error"]["code"] == "bad_action"
        call = {"call": {"name": "other", "arguments": {}}}
        shell = await one.session()
        assert (await one.ask("POST", f"{shell}/step", call, 422))["error"]["code"] == "bad_action"


async def test_a_step_that_is_sent_again_is_taken_once() -> None:
    async with client() as one:
        session = await one.session()
        first = await one.step(session, "echo a", turn=0)
        again = await one.step(session, "echo a", turn=0)
        assert again["turn"] == first["turn"] and again["index"] == 0
        assert (await one.ask("GET", session))["turns"] == 1
        for action, turn in (("echo b", 0), ("echo a", 2)):
            error = (await one.step(session, action, 409, turn=turn))["error"]
            assert (error["code"], error["turns"]) == ("conflict", 1)
        assert (await one.step(session, "echo b", turn=1))["index"] == 1


def fails(query: Query) -> Prediction:
    return Prediction(Outcome.PROVIDER_ERROR, detail="the endpoint is away")


async def test_a_world_that_gives_no_observation_leaves_the_session_as_it_was() -> None:
    async with client(models={"broken": Scripted(fails)}) as one:
        session = await one.session()
        error = (await one.step(session, "ls", 502))["error"]
        assert (error["code"], error["outcome"]) == ("step_failed", "provider_error")
        assert (await one.ask("GET", session))["turns"] == 0


async def test_a_quota_that_is_used_up_says_which() -> None:
    async with client(quota=lambda owner: Quota(steps=1, open_sessions=2)) as one:
        session = await one.session()
        await one.step(session, "ls")
        assert (await one.step(session, "ls", 429))["error"]["what"] == "steps"
        await one.session()
        error = (await one.ask("POST", "/v1/sessions", {"scenario": SHELL}, 429))["error"]
        assert (error["code"], error["what"]) == ("quota_exceeded", "open_sessions")
        spent = await one.ask("GET", "/v1/spent")
        assert (spent["sessions"], spent["steps"], spent["quota"]["steps"]) == (2, 1, 1)


class Speaking:
    """A world that writes its answer word by word, when it is told to go on."""

    name = "speaking"

    def __init__(self) -> None:
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        self.asked.set()
        await self.go.wait()
        hear = heard.get()
        for word in ("one ", "two"):
            if hear is not None:
                hear(word)
        return Prediction(Outcome.OK, "one two", Origin.MODEL)


EVENTS = {"Accept": "text/event-stream"}


async def test_a_step_streams_what_the_model_writes() -> None:
    world = Speaking()
    world.go.set()
    async with client(models={"speaking": world}) as one:
        session = await one.session()
        text, headers = await one.text("POST", f"{session}/step", json={"action": "ls"}, headers=EVENTS)
        assert headers["Content-Type"] == "text/event-stream"
        found = events(text)
        assert found[0] == ("started", {**found[0][1], "index": 0, "model": "speaking"})
        assert "".join(data["text"] for name, data in found if name == "delta") == "one two"
        assert found[-1][0] == "observation" and found[-1][1]["turn"]["observation"] == "one two"


class Repeating:
    """Begins twice, as a model does that is asked again."""

    name = "repeating"

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        hear = heard.get()
        for word in ("", "fal", "", "tr", "ue") if hear is not None else ():
            await asyncio.to_thread(hear, word)
        return Prediction(Outcome.OK, "true", Origin.MODEL)


async def test_a_stream_says_where_a_model_begins_anew_also_one_that_speaks_from_a_thread() -> None:
    async with client(models={"repeating": Repeating()}) as one:
        session = await one.session()
        text, _ = await one.text("POST", f"{session}/step", json={"action": "ls"}, headers=EVENTS)
        deltas = [(data["text"], data["reset"]) for name, data in events(text) if name == "delta"]
        assert deltas == [("fal", False), ("", True), ("tr", False), ("ue", False)]


async def test_a_stream_that_is_silent_is_kept_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT", 0.001)
    world = Speaking()
    async with client(models={"speaking": world}) as one:
        session = await one.session()
        async with one.http.post(f"{session}/step", json={"action": "ls"}, headers=EVENTS) as answer:
            seen = b""
            while b": waiting" not in seen:
                seen += await answer.content.readany()
            world.go.set()
            assert events((seen + await answer.read()).decode())[-1][0] == "observation"


async def test_a_client_that_goes_away_does_not_lose_the_step() -> None:
    world = Speaking()
    service = service_of(models={"speaking": world})
    taken = asyncio.Event()
    async with client(service) as one:
        service.sessions.on_step = lambda *_: taken.set()
        session = await one.session()
        answer = await one.http.post(f"{session}/step", json={"action": "ls"}, headers=EVENTS)
        await world.asked.wait()
        answer.close()
        assert (await one.step(session, "ls", 409))["error"]["code"] == "busy"
        world.go.set()
        await taken.wait()
        assert (await one.step(session, "ls", turn=0))["turn"]["observation"] == "one two"


async def test_a_stream_tells_at_once_what_is_refused_and_at_its_end_what_failed() -> None:
    async with client(models={"broken": Scripted(fails)}) as one:
        session = await one.session()
        text, _ = await one.text("POST", f"{session}/step", json={"action": "ls"}, headers=EVENTS)
        name, data = events(text)[-1]
        assert (name, data["error"]["code"]) == ("error", "step_failed")
        await one.ask("DELETE", session)
        await one.text("POST", f"{session}/step", 409, json={"action": "ls"}, headers=EVENTS)
        await one.text("POST", "/v1/sessions/none/step", 404, json={"action": "ls"}, headers=EVENTS)


async def test_a_snapshot_is_forked_and_not_stepped() -> None:
    async with client() as one:
        session = await one.session()
        await one.step(session, "echo a")
        frozen = await one.ask("POST", f"{session}/snapshot", status=201)
        assert frozen["kind"] == "snapshot"
        path = f"/v1/sessions/{frozen['id']}"
        assert (await one.step(path, "ls", 409))["error"]["code"] == "session_ended"
        assert (await one.ask("POST", f"{path}/fork", status=201))["turns"] == 1


async def test_an_instruction_holds_from_here_on() -> None:
    async with client(models={"told": Scripted(lambda query: query.setup.instruction or "none")}) as one:
        session = await one.session()
        assert (await one.step(session, "a"))["turn"]["observation"] == "none"
        assert (await one.ask("POST", f"{session}/instruct", {"instruction": "rain"}))["instruction"] == "rain"
        assert (await one.step(session, "b"))["turn"]["observation"] == "rain"


async def test_a_trajectory_is_a_line_of_a_trajectory_file() -> None:
    async with client() as one:
        session = await one.session()
        await one.step(session, "echo \u2028 \u00e9")
        value = await one.ask("GET", f"{session}/trajectory")
        text, headers = await one.text("GET", f"{session}/trajectory?download=1")
        assert text.count("\n") == 1 and json.loads(text) == value
        assert store.decode(store.parse(text.encode())).turns[0].action == "echo \u2028 \u00e9"
        assert headers["Content-Disposition"] == f'attachment; filename="{value["id"]}.jsonl"'


async def test_branches_are_a_tree_with_the_sessions_at_its_leaves() -> None:
    async with client() as one:
        session = await one.session()
        await one.step(session, "a")
        fork = await one.ask("POST", f"{session}/fork", {}, 201)
        await one.step(session, "b" * 1_000)
        await one.step(f"/v1/sessions/{fork['id']}", "c")
        tree = await one.ask("GET", f"{session}/branches")
        by_key = {node["key"]: node for node in tree["nodes"]}
        assert sorted((node["index"], node["action"][:1]) for node in tree["nodes"]) == [(0, "a"), (1, "b"), (1, "c")]
        assert max(len(node["action"]) for node in tree["nodes"]) < 500
        parents = {by_key[tree["heads"][one_id]]["parent"] for one_id in (fork["id"], session.rpartition("/")[2])}
        assert [by_key[parent]["action"] for parent in parents] == ["a"]


async def test_a_picture_may_do_nothing_where_it_is_shown() -> None:
    web = domain.find("web").examples()[0]
    async with client() as one:
        session = await one.session(f"web/{web.id}")
        text, headers = await one.text("GET", f"{session}/picture?turns=0")
        assert text.startswith("<!doctype html>") and headers["Content-Security-Policy"].startswith("sandbox;")
        await one.ask("GET", f"{session}/picture?turns=1", status=400)
        error = (await one.ask("GET", f"{await one.session()}/picture", status=404))["error"]
        assert error["code"] == "no_picture"


async def test_facts_are_what_a_kernel_knows() -> None:
    from nextstate.models.grounded import Grounded

    async with client(models={"grounded": Grounded(echo())}) as one:
        session = await one.session()
        assert isinstance((await one.ask("GET", f"{session}/facts"))["facts"], str)


async def test_text_that_is_no_unicode_does_no_harm() -> None:
    async with client(models={"odd": Scripted(lambda query: "half \ud800")}) as one:
        session = await one.session()
        assert (await one.step(session, "ls"))["turn"]["observation"].startswith("half ")
        await one.ask("GET", f"{session}/trajectory")


async def test_answers_have_the_shapes_that_are_told() -> None:
    async with client() as one:
        session = await one.session()
        step = await one.step(session, "ls")
        for shape, value in (
            (shapes.Session, await one.ask("GET", session)),
            (shapes.Step, step),
            (shapes.SessionPage, await one.ask("GET", "/v1/sessions")),
            (shapes.Trajectory, await one.ask("GET", f"{session}/trajectory")),
            (shapes.Branches, await one.ask("GET", f"{session}/branches")),
            (shapes.Tools, await one.ask("GET", f"{session}/tools")),
            (shapes.Spending, await one.ask("GET", "/v1/spent")),
            (shapes.ScenarioPage, await one.ask("GET", "/v1/scenarios?limit=3&domain=terminal")),
            (shapes.Models, await one.ask("GET", "/v1/models")),
            (shapes.Domains, await one.ask("GET", "/v1/domains")),
            (shapes.Health, await one.ask("GET", "/healthz")),
            (shapes.Error, await one.ask("GET", "/v1/sessions/none", status=404)),
        ):
            told = msgspec.to_builtins(msgspec.convert(value, shape))
            assert told == value, shape


async def test_a_path_or_method_that_is_not_there_is_told_as_json() -> None:
    async with client() as one:
        assert (await one.ask("GET", "/v1/nothing", status=404))["error"]["code"] == "not_found"
        assert (await one.ask("PUT", "/v1/sessions", status=405))["error"]["code"] == "bad_method"
        await one.ask("GET", "/v1/scenarios?domain=termina", status=400)


async def test_metrics_count_steps_by_who_answered() -> None:
    async with client() as one:
        session = await one.session()
        await one.step(session, "ls")
        fork = await one.ask("POST", f"{session}/fork", {"at": 0}, 201)
        await one.step(f"/v1/sessions/{fork['id']}", "ls")
        text, headers = await one.text("GET", "/metrics")
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert 'nextstate_steps_total{model="scripted",origin="model",outcome="ok"} 1\n' in text
        assert 'nextstate_steps_total{model="scripted",origin="shared",outcome="ok"} 1\n' in text
        assert "nextstate_sessions_open 2\n" in text
        assert 'nextstate_step_seconds_count{model="scripted"} 2\n' in text


async def test_a_trajectory_is_a_file_whatever_its_session_is_called() -> None:
    service = service_of()
    name = 'm\u00e9 "\r\nx: y'
    await service.sessions.create("local", service.catalogue.find(SHELL), id=name)
    async with client(service) as one:
        text, headers = await one.text("GET", f"/v1/sessions/{quote(name)}/trajectory?download=1")
        assert headers["content-disposition"] == 'attachment; filename="m_____x__y.jsonl"'
        assert json.loads(text)["id"] == name
