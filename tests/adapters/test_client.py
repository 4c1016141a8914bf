"""The small client that adapters speak through, and episodes one after another, on a server and in process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from nextstate import domain
from nextstate.adapters.client import Client, ServerError
from nextstate.adapters.play import InProcess, OnServer
from nextstate.domain import calls
from nextstate.errors import ActionError, SessionEnded, StepFailed, UsageError
from nextstate.models import base
from nextstate.models.fakes import Scripted
from nextstate.serve.gate import Gate
from nextstate.serve.keys import Keys
from nextstate.serve.testing import echo, served, service_of
from nextstate.sim.scenario import Scenario
from nextstate.types import Outcome, Prediction, Query, Setup, Turn

T = TypeVar("T")
TEXT = f"terminal/{domain.find('terminal').examples()[0].id}"
TOOLED = domain.find("mcp").examples()[0]
CALL = calls.parse(TOOLED.turns[0].action)


class Silent:
    """A world model that never knows."""

    name = "silent"

    async def predict(self, query: Any, *, seed: int | None = None) -> Any:
        return base.refused("it does not know")


async def with_client(use: Callable[[Client], T], **options: Any) -> T:
    async with served(surfaces=("rest",), **options) as url:

        def run() -> T:
            client = Client(url)
            try:
                return use(client)
            finally:
                client.close()

        return await asyncio.to_thread(run)


async def test_a_session_is_stepped_forked_rewound_and_read() -> None:
    def use(client: Client) -> None:
        session = client.create(scenario=TEXT, seed=3, instruction="Be slow.")
        assert session.view["seed"] == 3 and session.view["instruction"] == "Be slow."
        taken = session.step("echo é")
        assert (taken["observation"], taken["index"], taken["origin"]) == ("0: echo é", 0, "model")
        assert session.shown() == "0: echo é" and session.ending() is None
        fork = session.fork(at=0)
        assert fork.view["parent"] == session.id and fork.shown() == ""
        assert fork.step("echo é")["shared"] is True
        assert session.rewind(1)["turns"] == 0
        assert session.instruct("Be quick.")["instruction"] == "Be quick."
        assert client.session(fork.id).trajectory()["turns"][0]["action"] == "echo é"
        assert fork.close()["ending"] == "closed" == fork.ending()

    await with_client(use)


async def test_tools_are_declared_and_called() -> None:
    def use(client: Client) -> None:
        session = client.create(scenario=f"mcp/{TOOLED.id}")
        assert [(tool.name, tool.input_schema) for tool in session.tools()] == [
            (tool.name, dict(tool.input_schema)) for tool in TOOLED.setup.tools
        ]
        taken = session.call(CALL.name, CALL.arguments)
        assert taken["action"] == calls.render(CALL.name, CALL.arguments)

    await with_client(use)


async def test_a_scenario_may_be_brought_along_or_left_to_the_server() -> None:
    def use(client: Client) -> None:
        own = client.create(scenario={"domain": "terminal", "setup": {"initial_state": "A machine."}})
        assert own.trajectory()["setup"]["initial_state"] == "A machine."
        first = client.scenarios(limit=1)[0]["name"]
        assert client.create().view["scenario"] == first

    await with_client(use)


async def test_errors_have_the_classes_that_they_have_in_process() -> None:
    def use(client: Client) -> None:
        with pytest.raises(UsageError, match=TEXT):
            client.create(scenario=TEXT[:-1])
        with pytest.raises(ServerError) as gone:
            client.session("none")
        assert (gone.value.status, gone.value.code) == (404, "no_such_session")
        tools = client.create(scenario=f"mcp/{TOOLED.id}")
        with pytest.raises(ActionError, match="not JSON"):
            tools.step("no call")
        short = client.create(scenario=TEXT, limits={"turns": 1})
        short.step("ls")
        with pytest.raises(SessionEnded) as ended:
            short.step("ls")
        assert ended.value.ending == "turn_limit"
        with pytest.raises(StepFailed) as failed:
            client.create(scenario=TEXT, model="silent").step("ls")
        assert failed.value.prediction.outcome == "refused"

    await with_client(use, models={"scripted": echo(), "silent": Silent()})


async def test_a_key_is_sent_and_a_server_that_is_not_there_is_named(tmp_path: Any) -> None:
    keys = Keys(tmp_path / "keys")
    secret = keys.new("alice")
    async with served(service_of(gate=Gate(keys)), surfaces=("rest",)) as url:

        def use() -> None:
            with_key, without = Client(url, secret), Client(url)
            assert with_key.create(scenario=TEXT).step("ls")["observation"] == "0: ls"
            with pytest.raises(ServerError) as refused:
                without.create(scenario=TEXT)
            assert (refused.value.status, refused.value.code) == (401, "unauthorized")
            with_key.close()
            without.close()

        await asyncio.to_thread(use)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(ServerError) as unreachable:
        Client(closed).create(scenario=TEXT)
    assert (unreachable.value.status, unreachable.value.code) == (0, "unreachable") and closed in str(unreachable.value)
    for url in ("localhost:1", "ftp://x", "http://"):
        with pytest.raises(UsageError, match="no address"):
            Client(url)


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    accepted: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):  # one request a connection, though nothing in the answer says so
                connection, _ = listener.accept()
                accepted.append(1)
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert client.request("GET", "/a") == {}
        while not accepted[0:1] or not _closed(client):
            pass
        assert client.request("POST", "/b", {}) == {}
        thread.join()
        client.close()
    assert len(accepted) == 2


async def test_a_step_whose_answer_was_lost_is_taken_once() -> None:
    service = service_of()
    async with served(service, surfaces=("rest",)) as url:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            relay = threading.Thread(target=_relay, args=(listener, int(url.rpartition(":")[2]), b"/step"))
            relay.start()
            client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}")

            def use() -> str:
                session = client.create(scenario=TEXT)
                assert session.step("ls")["observation"] == "0: ls"
                assert session.step("pwd")["observation"] == "1: pwd"
                client.close()
                return session.id

            id = await asyncio.to_thread(use)
        relay.join()
        assert (await service.sessions.view("local", id)).turns == 2


def _relay(listener: socket.socket, port: int, loses: bytes) -> None:
    """Hands requests and answers on, but drops the answer to the first request that holds ``loses``."""
    lost = False
    for _ in range(2):
        near, _ = listener.accept()
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            while request := _message(near):
                far.sendall(request)
                answer = _message(far)
                if loses in request and not lost:
                    lost = True
                    break
                near.sendall(answer)


def _message(connection: socket.socket) -> bytes:
    """A whole message of HTTP/1.1; empty at the end."""
    text = b""
    while b"\r\n\r\n" not in text and (more := connection.recv(65_536)):
        text += more
    head, _, body = text.partition(b"\r\n\r\n")
    length = next((line.split(b":")[1] for line in head.lower().split(b"\r\n") if b"content-length" in line), b"0")
    while len(body) < int(length):
        more = connection.recv(65_536)
        text, body = text + more, body + more
    return text


def _closed(client: Client) -> bool:
    from nextstate.adapters.client import _hung_up

    return _hung_up(client._local.connection)


async def test_episodes_follow_each_other_on_a_server() -> None:
    async with served(surfaces=("rest",)) as url:

        def use() -> None:
            play = OnServer(url, None, TEXT, "", None, 2)
            assert play.begin(1) == "" and play.id
            first, ending = play.step("ls")
            assert (first.observation, ending) == ("0: ls", None)
            assert play.step("ls")[1] == "turn_limit"
            before = play.id
            play.begin(2)
            assert play.id != before
            play.close()
            assert play.id == ""

        await asyncio.to_thread(use)


async def test_episodes_in_process_work_inside_a_running_loop() -> None:
    play = InProcess(TEXT, Scripted(lambda query: f"{query.setup.instruction}{query.action}"), "x", 1)
    with pytest.raises(UsageError, match="reset"):
        play.step("ls")
    assert play.begin(1) == ""
    turn, ending = play.step("ls")
    assert (turn.observation, turn.meta["origin"], ending) == ("xls", "model", "turn_limit")
    with pytest.raises(SessionEnded):
        play.step("ls")
    assert play.begin(1, instruction="y") == "" and play.step("ls")[0].observation == "yls"
    play.close()


def test_episodes_in_process_begin_with_a_history_and_count_only_their_own_turns() -> None:
    start = Scenario("terminal", Setup(), (Turn("pwd", "/home"),))
    play = InProcess(start, echo(), None, 1)
    assert play.begin(0) == "/home"
    assert play.step("ls") == (Turn("ls", "1: ls", {"origin": "model", "outcome": "ok"}), "turn_limit")
    with pytest.raises(UsageError, match="did you mean"):
        InProcess(TEXT[:-1], echo(), None, None).begin(0)


def test_a_kernel_answers_in_process_by_its_name() -> None:
    play = InProcess(TEXT, "kernel", None, None)
    play.begin(0)
    turn, _ = play.step("echo hello > note; cat note")
    assert (turn.observation, turn.meta["origin"]) == ("hello\n", "computed")


class _Closing:
    name = "closing"
    closed = 0

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        return Prediction(Outcome.OK, "shown")

    async def aclose(self) -> None:
        self.closed += 1


async def test_a_model_that_was_made_for_the_play_is_closed_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _Closing()
    monkeypatch.setattr("nextstate.models.spec.build", lambda text: model)
    given: tuple[tuple[Any, int], ...] = ((model, 0), ("closing", 1))
    for one, closed in given:
        play = InProcess(TEXT, one, None, None)
        play.begin(0)
        play.close()
        assert model.closed == closed
