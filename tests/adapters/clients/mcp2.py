"""The official client for Python, 2.x, against the sessions of a server: BASE ERA [survive]. Prints JSON.

The sessions are ``desk`` (``odd`` schemas and endings), ``both`` (two clients) and ``s0`` to ``s19`` (at once).
"""

import asyncio
import json
import sys
import time
from importlib.metadata import version
from itertools import chain

import httpx2
from mcp.client.streamable_http import streamable_http_client

from mcp import Client, MCPError

PARALLEL = 20
CALLS = 5


async def seen(client, name, arguments):
    """What a call is answered with, an error of the protocol by its code."""
    try:
        answer = await client.call_tool(name, arguments)
    except MCPError as error:
        return {"code": error.code, "data": error.data}
    meta = {key: value for key, value in (answer.meta or {}).items() if key.startswith("nextstate/")}
    texts = [one.text for one in answer.content]
    return {"texts": texts, "error": bool(answer.is_error), "structured": answer.structured_content, "meta": meta}


async def turns(client, calls):
    """The numbers of the turns that some calls were."""
    answers = [await seen(client, "count", {}) for _ in range(calls)]
    return [answer["meta"]["nextstate/turn"] for answer in answers]


async def conform(base, era):
    told = {"library": f"mcp {version('mcp')}"}
    async with Client(f"{base}/s/desk/mcp", mode=era) as client:
        listed = (await client.list_tools()).tools
        told["protocol"] = client.protocol_version
        told["instructions"] = client.instructions
        told["tools"] = {tool.name: [tool.input_schema, tool.output_schema] for tool in listed}
        calls = {"ok": "search-flights", "structured": "count", "failed": "fail", "broken": "break", "unknown": "nope"}
        for what, name in calls.items():
            told[what] = await seen(client, name, {"legs": [{"to": "OSL"}]})
    async with Client(f"{base}/s/plain/mcp", mode=era) as client:
        (tool,) = (await client.list_tools()).tools
        told["bad"] = await seen(client, tool.name, {"nonsense": 1})
    async with Client(f"{base}/s/both/mcp", mode=era) as one, Client(f"{base}/s/both/mcp", mode=era) as other:
        told["both"] = sorted(chain(*await asyncio.gather(turns(one, CALLS), turns(other, CALLS))))
    started = time.perf_counter()
    async with httpx2.AsyncClient(timeout=60) as shared:  # making a client takes longer than a call

        async def alone(number):
            async with Client(
                streamable_http_client(f"{base}/s/s{number}/mcp", http_client=shared), mode=era
            ) as client:
                return await turns(client, CALLS)

        told["parallel"] = await asyncio.gather(*map(alone, range(PARALLEL)))
    told["rate"] = round(PARALLEL * CALLS / (time.perf_counter() - started))
    return told


async def survive(base, era):
    """Ten calls; a lost connection ends this client whole, so it is made again."""
    found = []
    while len(found) < 10:
        try:
            async with Client(f"{base}/s/desk/mcp", mode=era) as client:
                while len(found) < 10:
                    found += await turns(client, 1)
        except Exception:
            await asyncio.sleep(0.1)
    return {"turns": found}


if __name__ == "__main__":
    base, era, *what = sys.argv[1:]
    work = survive(base, era) if what else conform(base, era)
    print(json.dumps(asyncio.run(work)))
