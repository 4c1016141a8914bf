"""A real MCP server that does what few servers do: it tells of progress, waits, changes its tools, shows pictures."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from mcp.server.mcpserver import Context, Image, MCPServer

server = MCPServer("chatty", version="2.0", instructions="Ask away.", log_level="ERROR")


@server.tool()
async def count(upto: int, ctx: Context) -> str:
    """Count, and tell of each number."""
    for number in range(upto):
        await ctx.report_progress(number + 1, upto, f"number {number + 1}")
    return f"counted to {upto}"


@server.tool()
async def wait(mark: str) -> str:
    """Wait until the call is cancelled, and leave a mark then."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        Path(mark).write_text("cancelled")
        raise
    return "waited"


@server.tool()
async def learn(ctx: Context) -> str:
    """Learn a further tool."""
    server.add_tool(lambda: "la la la", name="sing", description="Sing.")
    await ctx.session.send_tool_list_changed()
    return "learned"


@server.tool()
def draw() -> Image:
    """Show a picture."""
    return Image(data=b"\x89PNG", format="png")


@server.tool()
def leave() -> None:
    """End the server without an answer."""
    os._exit(3)


@server.resource("note://today")
def today() -> str:
    """What is on today."""
    return "nothing"


@server.prompt()
def greet(name: str) -> str:
    """Greet somebody."""
    return f"Say hello to {name}."


if __name__ == "__main__":
    server.run("stdio")
