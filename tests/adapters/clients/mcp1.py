"""The official client for Python, 1.x, against the sessions of a server: BASE ERA [survive]. Prints JSON.

See `mcp2.py`, whose sessions and answers these are.
"""

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from importlib.metadata import version
from itertools import chain

from mcp.client.streamable_http import streamablehttp_client

from mcp import ClientSession, McpError

PARALLEL = 20
CALLS = 5


@asynccontextmanager
async def connected(url):
    async with streamablehttp_client(url) as (reading, writing, _), ClientSession(reading, writing) as client:
        yield client, await client.initialize()


async def seen(client, name, arguments):
    try:
        answer = await client.call_tool(name, arguments)
    except McpError as error:
        return {"code": error.error.code, "data": error.error.data}
    meta = {key: value for key, value in (answer.meta or {}).items() if key.startswith("nextstate/")}
    texts = [one.text for one in answer.content]
    return {"texts": texts, "error": bool(answer.isError), "structured": answer.structuredContent, "meta": meta}


async def turns(client, calls):
    answers = [await seen(client, "count", {}) for _ in range(calls)]
    return [answer["meta"]["nextstate/turn"] for answer in answers]


async def conform(base):
    told = {"library": f"mcp {version('mcp')}"}
    async with connected(f"{base}/s/desk/mcp") as (client, begun):
        listed = (await client.list_tools()).tools
        told["protocol"] = begun.protocolVersion
        told["instructions"] = begun.instructions
        told["tools"] = {tool.name: [tool.inputSchema, tool.outputSchema] for tool in listed}
        calls = {"ok": "search-flights", "structured": "count", "failed": "fail", "broken": "break", "unknown": "nope"}
        for what, name in calls.items():
            told[what] = await seen(client, name, {"legs": [{"to": "OSL"}]})
    async with connected(f"{base}/s/plain/mcp") as (client, _):
        (tool,) = (await client.list_tools()).tools
        told["bad"] = await seen(client, tool.name, {"nonsense": 1})
    async with connected(f"{base}/s/both/mcp") as (one, _), connected(f"{base}/s/both/mcp") as (other, _):
        told["both"] = sorted(chain(*await asyncio.gather(turns(one, CALLS), turns(other, CALLS))))
    started = time.perf_counter()

    async def alone(number):
        async with connected(f"{base}/s/s{number}/mcp") as (client, _):
            return await turns(client, CALLS)

    told["parallel"] = await asyncio.gather(*map(alone, range(PARALLEL)))
    told["rate"] = round(PARALLEL * CALLS / (time.perf_counter() - started))
    return told


async def survive(base):
    found = []
    while len(found) < 10:
        try:
            async with connected(f"{base}/s/desk/mcp") as (client, _):
                while len(found) < 10:
                    found += await turns(client, 1)
        except Exception:
            await asyncio.sleep(0.1)
    return {"turns": found}


if __name__ == "__main__":
    base, _, *what = sys.argv[1:]
    print(json.dumps(asyncio.run(survive(base) if what else conform(base))))
