"""A session's tools as tools of smolagents: URL. Prints JSON."""

import json
import sys
from importlib.metadata import version

from smolagents import ToolCollection

server = {"url": sys.argv[1], "transport": "streamable-http"}
with ToolCollection.from_mcp(server, trust_remote_code=True, structured_output=False) as collection:
    tools = {tool.name: tool for tool in collection.tools}
    told = {
        "library": f"smolagents {version('smolagents')}",
        "tools": sorted(tools),
        "count": [str(tools["count"]()), str(tools["count"]())],
        "read": str(tools["read"]()),
    }
print(json.dumps(told))
