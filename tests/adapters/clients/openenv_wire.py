"""What the official clients of OpenEnv see of a server: one JSON object on standard output."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from openenv.core.env_server.mcp_types import CallToolAction
from openenv.core.generic_client import GenericEnvClient
from openenv.core.mcp_client import MCPToolClient


async def generic(url: str, scenario: str) -> dict[str, object]:
    async with GenericEnvClient(base_url=url) as env:
        begun = await env.reset(scenario=scenario, seed=7, episode_id="official")
        shown = await env.step({"text": "echo hello"})
        state = await env.state()
        try:
            await env.step({"nothing": "known"})
            refused = ""
        except RuntimeError as error:
            refused = str(error)
        return {
            "begun": [begun.observation, begun.reward, begun.done],
            "shown": [shown.observation, shown.reward, shown.done],
            "state": state,
            "refused": refused,
        }


async def tools(url: str, name: str, arguments: dict[str, object]) -> dict[str, object]:
    async with MCPToolClient(base_url=url) as env:
        await env.reset(seed=1)
        listed = await env.list_tools()
        called = await env.call_tool(name, **arguments)
        stepped = await env.step(CallToolAction(tool_name=name, arguments=arguments))
        state = await env.state()
        try:
            await env.call_tool(name, no=object.__name__, such=1)
            refused = ""
        except RuntimeError as error:
            refused = str(error)
        return {
            "tools": [[one.name, one.input_schema] for one in listed],
            "called": called,
            "stepped": [stepped.observation.tool_name, stepped.observation.result, stepped.done],
            "steps": state.step_count,
            "refused": refused,
        }


async def many(url: str, scenario: str, sockets: int, steps: int) -> dict[str, object]:
    async def play(index: int) -> int:
        async with GenericEnvClient(base_url=url, connect_timeout_s=60) as env:
            await env.reset(scenario=scenario, seed=index)
            right = 0
            for turn in range(steps):
                shown = await env.step({"text": f"echo {index}-{turn}"})
                right += f"{index}-{turn}" in shown.observation["text"]
            return right

    started = time.perf_counter()
    right = sum(await asyncio.gather(*map(play, range(sockets))))
    seconds = time.perf_counter() - started
    return {"right": right, "steps_per_second": round(sockets * steps / seconds)}


def synchronous(url: str) -> bool:
    with GenericEnvClient(base_url=url).sync() as env:
        env.reset()
        return bool(env.step({"text": "echo sync"}).done)


async def main(url: str, text_scenario: str, tool_scenario: str, name: str, arguments: str) -> None:
    found = {
        "generic": await generic(url, text_scenario),
        "tools": await tools(f"{url}/openenv/{tool_scenario}", name, json.loads(arguments)),
        "many": await many(url, text_scenario, 200, 5),
        "synchronous": await asyncio.to_thread(synchronous, f"{url}/openenv/{text_scenario}"),
    }
    print(json.dumps(found))


asyncio.run(main(*sys.argv[1:]))
