"""What was looked up in one branch is shown in another only where nothing can have changed it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import count

import pytest

from nextstate.models.fakes import Scripted
from nextstate.sim.scenario import Scenario
from nextstate.sim.sessions import Sessions
from nextstate.sim.tree import Tree
from nextstate.types import Setup

ME = "me"


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    """A world that never says the same twice."""
    numbers = count()
    made = Sessions({"made": Scripted(lambda query: f"{next(numbers)}\n")}, Tree())
    yield made
    await made.aclose()


async def shared(sessions: Sessions, domain: str, ours: list[str], look: str, theirs: list[str], **more: str) -> bool:
    """Whether a branch that did ``ours`` is shown what another saw that did ``theirs`` and then looked."""
    ids = [(await sessions.create(ME, Scenario(domain, Setup()), **more)).id for _ in range(2)]  # type: ignore[arg-type]
    for action in [*theirs, look]:
        await sessions.step(ME, ids[0], action)
    for action in ours:
        await sessions.step(ME, ids[1], action)
    return (await sessions.step(ME, ids[1], look)).shared


def call(name: str, **arguments: object) -> str:
    return json.dumps({"name": name, "arguments": arguments})


CHANGES = [
    "echo x > other.txt",
    "cat a >> /srv/b",
    "export LC_ALL=C",
    "PATH=/opt/bin",
    "alias cat=tac",
    "cat() (echo hi)",
    "cat() { echo hi; }",
    "cd /tmp",
    ". ./env.sh",
    "source env.sh",
    "git checkout main",
    'python3 -c \'open("notes.txt", "w")\'',
    "rm *",
    "rm -rf /",
    "mv /srv /tmp",
    "ln -sf other notes.txt",
    "sort -o notes.txt notes.txt",
    "sed -n 'w notes.txt' other",
    "sed -ni p notes.txt",
    "awk '{print > \"notes.txt\"}' other",
    "awk 'BEGIN{system(\"make\")}'",
    "find . -fprint notes.txt",
    "env make",
    "xxd -r a notes.txt",
    "uniq a notes.txt",
    "date -s 12:00",
    "printf -v X hi",
    "ls <>notes.txt",
    "LD_PRELOAD=./x.so ls /srv",
    "!make",
    "cat <(make)",
    "ls | xargs -I cat rm cat",
    "git diff --output=notes.txt",
]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_command_that_may_change_something_ends_the_sharing(sessions: Sessions, change: str) -> None:
    for look in ("cat notes.txt", "ls"):
        assert not await shared(sessions, "terminal", [change], look, [], seed=1)  # type: ignore[arg-type]
        assert not await shared(sessions, "terminal", [], look, [change], seed=2)  # type: ignore[arg-type]


async def test_looking_around_does_not_end_the_sharing(sessions: Sessions) -> None:
    ours = ["ls -l /srv", "grep -rn total /usr/lib | head -3", "sed -n '1,9p' /etc/hosts", "git log --oneline"]
    assert await shared(sessions, "terminal", ours, "cat notes.txt", ["wc -l /var/log/syslog"])


async def test_what_was_made_up_about_the_same_things_weighs_more(sessions: Sessions) -> None:
    """For it may say that there is no such file."""
    assert not await shared(sessions, "terminal", ["ls -la /srv/app"], "cat /srv/app/notes.txt", [])
    assert await shared(sessions, "terminal", ["ls -la /srv/app"], "cat /srv/app/notes.txt", ["ls -la /srv/app"])


async def test_looking_again_is_not_answered_by_the_first_look_of_another(sessions: Sessions) -> None:
    assert not await shared(sessions, "terminal", ["tail app.log", "ls /srv"], "tail app.log", ["wc -l x"])


@pytest.mark.parametrize(
    "change",
    [
        call("find_or_create_note", title="x"),
        call("execute_query", sql="DROP TABLE notes"),
        call("query", sql="delete from notes"),
        call("query", sql="PRAGMA user_version = 3"),
        call("fetch", url="https://example.org/notes", method="POST"),
        call("fetch", request={"method": "PUT"}),
        call("get_mail", mark_read=True),
        call("check_in", id=3),
        call("status_update", text="x"),
        call("get_next_message"),
        call("find_and_replace", text="x"),
        call("open_account", owner="x"),
        call("frobnicate"),
        "not a call",
    ],
)
async def test_a_call_that_may_change_something_ends_the_sharing(sessions: Sessions, change: str) -> None:
    if change.startswith("{"):
        assert not await shared(sessions, "mcp", [change], call("get_note", id=1), [])
    assert await shared(sessions, "mcp", [call("list_tags")], call("get_note", id=2), [call("get_user", id=7)])


async def test_a_look_that_goes_on_from_the_last_one_is_not_shared(sessions: Sessions) -> None:
    ours, theirs = [call("search", query="ships")], [call("search", query="towns")]
    assert not await shared(sessions, "search", ours, call("open", id=1), theirs)
    assert await shared(sessions, "search", ours, call("search", query="lights"), theirs)


async def test_nothing_is_shared_under_an_instruction(sessions: Sessions) -> None:
    ours, rule = ["ls /srv"], "every second command fails"
    assert not await shared(sessions, "terminal", ours, "cat notes.txt", [], instruction=rule)
    one, two = [(await sessions.create(ME, Scenario("terminal", Setup()))).id for _ in range(2)]
    await sessions.step(ME, one, "cat notes.txt")
    await sessions.instruct(ME, two, rule)
    await sessions.step(ME, two, "ls /srv")
    await sessions.instruct(ME, two, "")
    assert not (await sessions.step(ME, two, "cat notes.txt")).shared
