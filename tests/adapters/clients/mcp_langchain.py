"""A session's tools as tools of LangChain: URL. Prints JSON."""

import asyncio
import json
import sys
from importlib.metadata import version

from langchain_core.tools import ToolException
from langchain_mcp_adapters.client import MultiServerMCPClient


async def main():
    client = MultiServerMCPClient({"world": {"url": sys.argv[1], "transport": "streamable_http"}})
    tools = {tool.name: tool for tool in await client.get_tools()}
    called = {"type": "tool_call", "id": "1", "args": {}}
    counted = [await tools["count"].ainvoke({**called, "name": "count"}) for _ in range(2)]
    try:
        failed = str(await tools["fail"].ainvoke({}))
    except ToolException as error:
        failed = f"ToolException: {error}"
    return {
        "library": f"langchain-mcp-adapters {version('langchain-mcp-adapters')}",
        "tools": sorted(tools),
        "schema": tools["search-flights"].args_schema,
        "count": [one.content if isinstance(one.content, str) else one.content[0]["text"] for one in counted],
        "structured": [one.artifact["structured_content"] for one in counted],
        "failed": failed,
    }


print(json.dumps(asyncio.run(main())))
