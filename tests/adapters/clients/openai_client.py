"""The official ``openai`` client against a server: prints one JSON object of what it saw."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import openai


def messages(*texts: str) -> list[Any]:
    """Actions and what they showed, in turn."""
    return [{"role": ("user", "assistant")[k % 2], "content": text} for k, text in enumerate(texts)]


def run(base: str) -> dict[str, Any]:
    client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0)
    seen: dict[str, Any] = {"version": openai.__version__}
    seen["models"] = [one.id for one in client.models.list()]
    seen["retrieved"] = client.models.retrieve("scripted/terminal").owned_by

    whole = client.chat.completions.create(model="scripted/terminal", messages=messages("a", "b", "c"))
    seen["whole"] = whole.choices[0].message.content
    seen["finish"] = whole.choices[0].finish_reason
    seen["tokens"] = whole.usage.total_tokens
    seen["origin"] = whole.nextstate["origin"]

    pieces = client.chat.completions.create(
        model="scripted/terminal", messages=messages("a"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(pieces)
    seen["streamed"] = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    seen["stream_finish"] = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1]
    seen["stream_tokens"] = chunks[-1].usage.total_tokens

    with client.chat.completions.stream(model="scripted/terminal", messages=messages("a")) as stream:
        seen["helper"] = stream.get_final_completion().choices[0].message.content

    tools = [{"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}]
    call = {"id": "c", "type": "function", "function": {"name": "read", "arguments": "{}"}}
    answered = client.chat.completions.create(
        model="scripted/mcp", tools=tools, messages=[*messages("go"), {"role": "assistant", "tool_calls": [call]}]
    )
    seen["tool"] = answered.choices[0].message.content

    body = {"nextstate": {"session": "mine", "form": "observation"}}
    steps = [
        client.chat.completions.create(model="scripted", messages=messages(text), extra_body=body)
        for text in ("x", "y")
    ]
    seen["session"] = [step.choices[0].message.content for step in steps]

    refusal = client.chat.completions.create(model="kernel/terminal", messages=messages("kubectl get pods"))
    seen["refusal"] = refusal.choices[0].message.refusal
    for name, asked in (
        ("bad", {"model": "scripted/terminal", "messages": messages("a"), "n": 3}),
        ("missing", {"model": "scripted", "messages": messages("a"), "extra_body": {"nextstate": {"session": "no"}}}),
    ):
        try:
            client.chat.completions.create(**asked)
        except openai.APIStatusError as error:
            seen[name] = [type(error).__name__, error.code, error.type]
    return seen


async def run_async(base: str) -> list[str]:
    async with openai.AsyncOpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0) as client:
        asked = [
            client.chat.completions.create(model="scripted/terminal", messages=messages(str(number)))
            for number in range(20)
        ]
        return [one.choices[0].message.content or "" for one in await asyncio.gather(*asked)]


if __name__ == "__main__":
    found = run(sys.argv[1])
    found["together"] = asyncio.run(run_async(sys.argv[1]))
    print(json.dumps(found))
