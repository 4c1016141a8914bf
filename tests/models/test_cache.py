"""Calls are kept, shared and survive."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nextstate.errors import UsageError
from nextstate.models.cache import Cached
from nextstate.types import Outcome, Prediction, Query, Setup, Turn, WorldModel

from .worlds import PLAIN, Counting, domain_of, query


def cached(inner: WorldModel, folder: Path) -> Cached:
    return Cached(inner, folder / "sub" / "calls.db", domain_of=domain_of)


async def test_a_question_is_asked_once_also_by_a_later_process(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    for inner in (first, second):
        model = cached(inner, tmp_path)
        answers = [await model.predict(query("ls"), seed=3) for _ in range(2)]
        assert [answer.observation for answer in answers] == ["ls 3", "ls 3"]
        await model.aclose()
    assert (len(first.asked), len(second.asked)) == (1, 0)
    assert (model.hits, model.misses) == (2, 0)


async def test_a_hit_is_the_stored_prediction_unchanged(tmp_path: Path) -> None:
    answer = Prediction(Outcome.UNTAGGED, reply="\ud800", detail="no block", seconds=0.25)
    model = cached(Counting(lambda query, seed: answer), tmp_path)
    assert [await model.predict(query("ls")) for _ in range(2)] == [answer, answer]
    assert model.hits == 1
    await model.aclose()


async def test_provider_errors_are_asked_again(tmp_path: Path) -> None:
    inner = Counting(lambda query, seed: Prediction(Outcome.PROVIDER_ERROR, detail="down"))
    model = cached(inner, tmp_path)
    for _ in range(2):
        assert (await model.predict(query("ls"))).outcome is Outcome.PROVIDER_ERROR
    assert len(inner.asked) == 2
    await model.aclose()


async def test_whatever_may_change_the_answer_makes_another_question(tmp_path: Path) -> None:
    inner = Counting()
    model = cached(inner, tmp_path)
    base = query("ls", ("a", "1"))
    variants: list[Query] = [
        base,
        replace(base, action="ls -l"),
        replace(base, notes="seen"),
        replace(base, setup=Setup("box")),
        replace(base, setup=Setup(facts={"cwd": "/"})),
        replace(base, history=(Turn("a", "2"),)),
        replace(base, history=(Turn("a", "1", {"answers": ["x"]}),)),
        replace(base, history=(Turn("a", "1"), Turn("", ""))),
        replace(base, history=()),
    ]
    for variant in variants:
        await model.predict(variant)
    await model.predict(base, seed=0)
    assert len(inner.asked) == len(variants) + 1
    await model.predict(replace(base, history=(Turn("a", "1", {"seconds": 9}),)))
    assert len(inner.asked) == len(variants) + 1
    await model.aclose()


async def test_another_model_or_domain_version_makes_another_question(tmp_path: Path) -> None:
    inners = [Counting(), Counting(), Counting()]
    inners[1].name = "other"
    newer = replace(PLAIN, version="2")
    lookups = [domain_of, domain_of, lambda name: newer]
    for inner, lookup in zip(inners, lookups, strict=True):
        model = Cached(inner, tmp_path / "calls.db", domain_of=lookup)
        await model.predict(query("ls"))
        await model.aclose()
    assert [len(inner.asked) for inner in inners] == [1, 1, 1]


async def test_concurrent_equal_questions_share_one_call(tmp_path: Path) -> None:
    inner = Counting()
    model = cached(inner, tmp_path)
    answers = await asyncio.gather(*(model.predict(query(f"ls {index % 5}")) for index in range(100)))
    assert len(inner.asked) == 5
    assert [answer.observation for answer in answers[:6]] == [f"ls {index} None" for index in (0, 1, 2, 3, 4, 0)]
    await model.aclose()


class Gated(Counting):
    """Answers when the gate opens."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.gate = asyncio.Event()

    async def predict(self, query: Query, *, seed: int | None = None) -> Prediction:
        await self.gate.wait()
        return await super().predict(query, seed=seed)


async def test_a_cancelled_caller_leaves_the_call_to_the_others(tmp_path: Path) -> None:
    inner = Gated()
    model = cached(inner, tmp_path)
    first, second = (asyncio.create_task(model.predict(query("ls"))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    inner.gate.set()
    assert (await second).observation == "ls None"
    assert len(inner.asked) == 1
    await model.aclose()


async def test_an_error_of_the_inner_model_reaches_every_caller_and_is_not_kept(tmp_path: Path) -> None:
    def broken(query: Query, seed: int | None) -> str:
        raise ZeroDivisionError

    inner = Counting(broken)
    model = cached(inner, tmp_path)
    answers = await asyncio.gather(*(model.predict(query("ls")) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ZeroDivisionError] * 3
    with pytest.raises(ZeroDivisionError):
        await model.predict(query("ls"))
    assert len(inner.asked) == 2
    await model.aclose()


async def test_closing_ends_calls_that_nobody_waits_for_and_closes_the_inner_model(tmp_path: Path) -> None:
    inner = Gated()
    model = cached(inner, tmp_path)
    caller = asyncio.create_task(model.predict(query("ls")))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await model.aclose()
    assert (len(inner.asked), inner.closed) == (0, 1)


async def test_a_row_that_cannot_be_read_is_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    inner = Counting()
    model = cached(inner, tmp_path)
    for broken in ("{", "[]", "{}", '{"outcome": "ok", "origin": null}'):
        await model.predict(query("ls"))
        model._calls._db.execute("UPDATE calls SET prediction = ?", (broken,))
    assert (await model.predict(query("ls"))).observation == "ls None"
    assert len(inner.asked) == 5
    assert "asked again" in caplog.text
    await model.aclose()


async def test_an_answer_that_cannot_be_kept_is_still_given(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = cached(Counting(), tmp_path)
    model._calls._db.execute("PRAGMA query_only = 1")
    assert (await model.predict(query("ls"))).observation == "ls None"
    assert "could not be kept" in caplog.text
    await model.aclose()


@pytest.mark.parametrize("content", [b"this is not a database, but a text that is long enough" * 40, None])
def test_a_file_that_cannot_hold_a_cache_is_a_usage_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "calls.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be used as a call cache"):
        Cached(Counting(), path)


async def test_two_processes_may_share_a_file(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    models = [cached(first, tmp_path), cached(second, tmp_path)]
    for model, index in ((model, index) for index in range(20) for model in models):
        await model.predict(query(f"ls {index}"))
    for model in models:
        await model.aclose()
    assert (len(first.asked), len(second.asked)) == (20, 0)


KILLED = """
import asyncio, os, signal, sys
from nextstate.models.cache import Cached
from nextstate.models.fakes import Scripted
from nextstate.types import Query, Setup

async def main():
    model = Cached(Scripted(lambda query: query.action), sys.argv[1], domain_of=None)
    model._key = lambda query, seed: query.action.encode()
    for index in range(50):
        await model.predict(Query("plain", Setup(), (), f"echo {index}"))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_killed_process_loses_nothing_it_was_told(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(path))
    assert await killed.wait() == -9
    model = Cached(Counting(), path, domain_of=domain_of)
    for index in range(50):
        kept = model._calls._get(f"echo {index}".encode())
        assert kept is not None
        assert kept.observation == f"echo {index}"
    await model.aclose()
