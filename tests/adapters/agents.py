"""A scripted agent behind an OpenAI-compatible address: it calls tools in order, then says what it has seen."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import web

Call = tuple[str, dict[str, Any]]


USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


@contextlib.asynccontextmanager
async def calling(replies: Sequence[Call | str]) -> AsyncIterator[str]:
    """The base address; in each conversation the n-th reply makes the n-th call or is the n-th text; then it ends."""

    async def chat(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        made = sum(message["role"] == "assistant" for message in body["messages"])
        reply = replies[made] if made < len(replies) else "I have seen enough."
        message: dict[str, Any] = {"role": "assistant", "content": reply}
        if not isinstance(reply, str):
            name, arguments = reply
            function = {"name": name, "arguments": json.dumps(arguments)}
            message |= {"content": None, "tool_calls": [{"id": f"c{made}", "type": "function", "function": function}]}
        reason = "tool_calls" if "tool_calls" in message else "stop"
        told = {"id": "x", "created": 0, "model": body["model"]}
        if body.get("stream"):
            return await _streamed(request, {**told, "object": "chat.completion.chunk"}, message, reason)
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return web.json_response({**told, "object": "chat.completion", "choices": [choice], "usage": USAGE})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def _streamed(request: web.Request, told: Any, message: Any, reason: str) -> web.StreamResponse:
    """The same reply as server-sent events: the message at once, its end, the usage."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    delta = {**message, "tool_calls": [{"index": 0, **call} for call in message.get("tool_calls", [])]}
    ends = [
        [{"index": 0, "delta": delta, "finish_reason": None}],
        [{"index": 0, "delta": {}, "finish_reason": reason}],
        [],
    ]
    for choices in ends:
        chunk = {**told, "choices": choices, "usage": None if choices else USAGE}
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response
