"""An answer as server-sent events: what the model is heard to write, then the certain text in pieces."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from nextstate.data import store
from nextstate.errors import NextstateError
from nextstate.serve import problems
from nextstate.serve.hearing import hearing, kept
from nextstate.serve.openai import answers, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nextstate.serve.openai.answers import Question, Said
    from nextstate.serve.service import Service

PIECE = 400
"""Characters of one piece of the text."""
PATIENCE = 0.5
"""Seconds in which an error is still told by the status of the response."""
SILENCE = 15.0
"""Seconds without an event after which a comment keeps the connection open."""
WAITING = 1_000
"""Pieces that wait to be sent; what is heard beyond them is not sent, for the text follows anyway."""


async def response(service: Service, asked: Question, *, usage: bool) -> StreamingResponse:
    """The stream of an answer. What is wrong with a question at once is raised, not streamed."""
    pieces: asyncio.Queue[str] = asyncio.Queue(WAITING)
    with hearing(kept(pieces)):
        task = asyncio.create_task(answers.answer(service, asked))
    try:
        await asyncio.wait([task], timeout=PATIENCE)
        if task.done() and (error := task.exception()) is not None:
            raise error
    except asyncio.CancelledError:
        task.cancel()
        raise
    return StreamingResponse(_events(asked, task, pieces, usage), media_type="text/event-stream")


async def _events(
    asked: Question, task: asyncio.Task[Said], pieces: asyncio.Queue[str], usage: bool
) -> AsyncIterator[bytes]:
    try:
        yield _chunk(asked, {"role": "assistant", "content": ""})
        async for piece in _heard(task, pieces):
            yield b": waiting\n\n" if piece is None else _chunk(asked, {}, nextstate={"heard": piece})
        for event in _said(asked, await task, usage):
            yield event
    except NextstateError as error:
        yield _event(wire.problem(error, problems.status(error)))
    finally:
        task.cancel()
    yield b"data: [DONE]\n\n"


async def _heard(task: asyncio.Task[Said], pieces: asyncio.Queue[str]) -> AsyncIterator[str | None]:
    """What the model is heard to write until the answer is there; ``None`` after every long silence."""
    while not task.done() or not pieces.empty():
        following = asyncio.create_task(pieces.get())
        await asyncio.wait([task, following], timeout=SILENCE, return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            yield following.result()
            continue
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        if not task.done():
            yield None


def _said(asked: Question, answer: Said, usage: bool) -> list[bytes]:
    content = answer.content or ""
    deltas: list[dict[str, Any]] = [{"content": content[k : k + PIECE]} for k in range(0, len(content), PIECE)]
    deltas[:0] = [thought] if (thought := answers.thoughts(answer)) else []
    deltas += [{"refusal": answer.refusal}] if answer.refusal else []
    events = [_chunk(asked, delta) for delta in deltas]
    events.append(_chunk(asked, {}, finish=answer.finish, nextstate=answer.nextstate))
    if usage:
        events.append(
            _event(
                {**answers.head(asked, "chat.completion.chunk"), "choices": [], "usage": answers.usage(answer.usage)}
            )
        )
    return events


def _chunk(asked: Question, delta: dict[str, Any], *, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _event({**answers.head(asked, "chat.completion.chunk"), "choices": [choice], **more})


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + store.dump(value) + b"\n\n"
