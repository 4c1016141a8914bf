"""One key cannot see, step, fork, list or guess what belongs to another; secrets stay where they are."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from rest_client import Client

from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys
from nextstate.serve.rest.table import OPERATIONS
from nextstate.serve.testing import served, service_of
from nextstate.sim.quota import Quota

BODIES = {"step": {"action": "ls"}, "instruct": {"instruction": "x"}, "rewind": {"turns": 0}}
OF_ONE = [one for one in OPERATIONS if "{id}" in one.path]


class Two:
    """Two owners of one server, and what it has logged."""

    def __init__(self, url: str, http: aiohttp.ClientSession, keys: Keys, log: list[str]) -> None:
        self.keys, self.log = keys, log
        self.secrets = {"ann": keys.new("ann"), "ben": keys.new("ben", quota=Quota(steps=1))}
        self.ann, self.ben = (Client(http, secret) for secret in self.secrets.values())
        self.nobody = Client(http)


@contextlib.asynccontextmanager
async def two(folder: Path) -> AsyncIterator[Two]:
    keys, log = Keys(folder / "keys.json"), list[str]()
    gate = Gate(keys, log=log.append)
    service = service_of(gate=gate, quota=gate.quota)
    async with served(service, surfaces=("rest",)) as url, aiohttp.ClientSession(url) as http:
        yield Two(url, http, keys, log)


@pytest.mark.parametrize("operation", OF_ONE, ids=lambda one: one.name)
async def test_a_session_of_another_is_as_if_it_were_not_there(tmp_path: Path, operation: object) -> None:
    assert isinstance(operation, type(OF_ONE[0]))
    async with two(tmp_path) as both:
        session = await both.ann.session()
        body = BODIES.get(operation.path.rpartition("/")[2], {}) if operation.body else None
        own = await both.ben.ask(operation.method, operation.path.replace("{id}", "A" * 16), body, 404)
        found = await both.ben.ask(
            operation.method, operation.path.replace("{id}", session.rpartition("/")[2]), body, 404
        )
        assert found["error"]["message"].replace(session.rpartition("/")[2], "A" * 16) == own["error"]["message"]
        assert (await both.ann.ask("GET", session))["ending"] is None


async def test_nobody_lists_or_pages_from_what_is_anothers(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        session = await both.ann.session()
        assert (await both.ben.ask("GET", "/v1/sessions"))["sessions"] == []
        await both.ben.ask("GET", f"/v1/sessions?before={session.rpartition('/')[2]}", status=404)
        assert (await both.ben.ask("GET", "/v1/spent"))["sessions"] == 0


async def test_the_same_scenario_of_two_owners_is_two_worlds(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        await both.ann.step(await both.ann.session(), "ls")
        assert not (await both.ben.step(await both.ben.session(), "ls"))["shared"]


async def test_a_key_has_its_own_quota(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        for owner, status in ((both.ann, 200), (both.ben, 429)):
            session = await owner.session()
            await owner.step(session, "a")
            await owner.step(session, "b", status)


async def test_a_revoked_key_stops_at_once_and_a_new_one_of_its_name_goes_on(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        session = await both.ann.session()
        both.keys.revoke("ann")
        await both.ann.ask("GET", session, status=401)
        both.ann.headers["Authorization"] = f"Bearer {both.keys.new('ann')}"
        await both.ann.ask("GET", session)


async def test_metrics_and_the_document_need_a_key_and_health_does_not(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        for path in ("/metrics", "/openapi.json", "/v1/models", "/v1/nothing"):
            await both.nobody.ask("GET", path, status=401)
        assert await both.nobody.ask("GET", "/healthz") == {"status": "ok"}
        text, _ = await both.ann.text("GET", "/metrics")
        assert "ann" not in text and "ben" not in text


async def test_secrets_are_in_no_answer_and_no_line_of_the_log(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        session = await both.ann.session()
        seen = []
        for path in (session, f"{session}/trajectory", "/v1/spent", "/metrics", "/openapi.json"):
            text, headers = await both.ann.text("GET", path)
            seen += [text, str(headers)]
        secret = both.secrets["ann"]
        seen.append((await both.nobody.text("GET", f"/v1/sessions/{secret}?key={secret}", 401))[0])
        await both.ann.step(session, "cat hidden-words")
        assert secret not in "".join(seen)
        log = "".join(both.log)
        assert secret not in log and "hidden-words" not in log
        lines = list(map(json.loads, both.log))
        assert {line["route"] for line in lines} >= {"/v1/sessions/{id}", "/v1/sessions/{id}/step", None}
        assert {line["owner"] for line in lines} == {"ann", None}
