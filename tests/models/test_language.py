"""Language models asked by chat messages: endpoints, the embedded engine, the fake, and the cache around them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from nextstate.errors import DataError, UsageError
from nextstate.models import language
from nextstate.models.cache import CachedReplies
from nextstate.models.chat import ChatEndpoint, ChatOptions
from nextstate.models.endpoint import Patience
from nextstate.models.language import Messages, Reply, ScriptedReplies
from nextstate.types import Outcome, Usage

from .conftest import Handler, Played
from .test_chat import fails, says

ASKED = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]


class Counting:
    """Says how often it was asked."""

    name = fingerprint = "counting"

    def __init__(self, outcome: Outcome = Outcome.OK) -> None:
        self.asked = 0
        self.outcome = outcome

    async def complete(self, messages: Messages, *, seed: int | None = None) -> Reply:
        self.asked += 1
        await asyncio.sleep(0)
        return Reply(self.outcome, f"reply {self.asked}")


async def test_an_endpoint_says_what_came_back_with_reasoning_and_usage(played: Played) -> None:
    played.answers = [says("hello", reasoning_content="hm", usage={"prompt_tokens": 7, "completion_tokens": 2})]
    endpoint = ChatEndpoint("m", played.base)
    reply = await endpoint.complete(ASKED, seed=3)
    assert (reply.outcome, reply.text, reply.reasoning, reply.usage) == (Outcome.OK, "hello", "hm", Usage(7, 0, 2))
    assert played.bodies[0]["messages"] == ASKED
    assert played.bodies[0]["seed"] == 3
    await endpoint.aclose()


@pytest.mark.parametrize(
    ("handler", "outcome"),
    [
        (says("  "), Outcome.EMPTY),
        (says("half a sen", finish="length"), Outcome.CUT_OFF),
        (says(None, refusal="no"), Outcome.REFUSED),
        (fails(400, "bad"), Outcome.PROVIDER_ERROR),
    ],
)
async def test_every_ending_of_a_reply_has_a_name(played: Played, handler: Handler, outcome: Outcome) -> None:
    played.answers = [handler]
    endpoint = ChatEndpoint("m", played.base, options=ChatOptions(patience=Patience(tries=1)))
    assert (await endpoint.complete(ASKED)).outcome is outcome
    await endpoint.aclose()


async def test_a_conversation_is_asked_once_and_another_seed_is_another_conversation(tmp_path: Path) -> None:
    inner = Counting()
    model = CachedReplies(inner, tmp_path / "calls.db")
    first = await asyncio.gather(*(model.complete(ASKED, seed=1) for _ in range(5)))
    assert {reply.text for reply in first} == {"reply 1"}
    assert (await model.complete(ASKED, seed=2)).text == "reply 2"
    assert (model.hits, model.misses) == (0, 2)
    await model.aclose()
    again = CachedReplies(Counting(), tmp_path / "calls.db")
    assert (await again.complete(ASKED, seed=2)).text == "reply 2"
    await again.aclose()


async def test_a_provider_error_is_not_kept(tmp_path: Path) -> None:
    inner = Counting(Outcome.PROVIDER_ERROR)
    model = CachedReplies(inner, tmp_path / "calls.db")
    await model.complete(ASKED)
    await model.complete(ASKED)
    assert inner.asked == 2
    await model.aclose()


async def test_a_scripted_model_says_what_it_is_told() -> None:
    model = ScriptedReplies(lambda messages: messages[-1]["content"].upper())
    assert (await model.complete(ASKED)).text == "HI"
    assert (await ScriptedReplies(lambda messages: " ").complete(ASKED)).outcome is Outcome.EMPTY


def test_language_models_are_built_from_names(tmp_path: Path) -> None:
    endpoint = language.build("chat:qwen@http://localhost:1/v1")
    assert endpoint.name == "chat:qwen@http://localhost:1/v1"
    kept = language.build(f"cached:{tmp_path / 'calls.db'}+chat:qwen@http://localhost:1/v1")
    assert (kept.name, kept.fingerprint) == (endpoint.name, endpoint.fingerprint)


@pytest.mark.parametrize(
    ("spec", "told"),
    [("chat:qwen", "NAME@URL"), ("chta:q@http://x", "did you mean|chat"), ("cached:f", "cached:FILE"), ("", "chat:")],
)
def test_a_name_that_does_not_fit_is_told_with_what_does(spec: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        language.build(spec)


def test_a_reply_survives_the_cache_and_anything_else_is_refused() -> None:
    reply = Reply(Outcome.CUT_OFF, "half", "why", Usage(1, 2, 3), 0.5, "long", "m")
    assert language.decode(language.encode(reply)) == reply
    with pytest.raises(DataError, match="not a reply"):
        language.decode({"outcome": "perhaps"})
