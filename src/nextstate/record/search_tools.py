"""The tools of the recorded search engine, as they are declared to an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.types import Tool

if TYPE_CHECKING:
    from nextstate.types import Json

_ONE_OR_MANY: Json = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_TEXT: Json = {"type": "string"}


def _tool(name: str, description: str, given: dict[str, Json], needed: list[Json]) -> Tool:
    schema: dict[str, Json] = {
        "type": "object",
        "properties": given,
        "required": needed,
        "additionalProperties": False,
    }
    return Tool(name, description, schema)


TOOLS = (
    _tool(
        "web_search",
        "Search the web. Several queries at once show one block each.",
        {"query": _ONE_OR_MANY, "max_results": {"type": "integer", "minimum": 1, "maximum": 10}},
        ["query"],
    ),
    _tool("web_extractor", "Read one or several pages.", {"url": _ONE_OR_MANY, "goal": _TEXT}, ["url"]),
    _tool("lookup", "The next sentence with a word on the page that was shown last.", {"keyword": _TEXT}, ["keyword"]),
    _tool("memory_write", "Keep a text under a key.", {"key": _TEXT, "value": _TEXT}, ["key", "value"]),
    _tool("memory_append", "Add a line to an entry.", {"key": _TEXT, "value": _TEXT}, ["key", "value"]),
    _tool("memory_read", "Show an entry.", {"key": _TEXT}, ["key"]),
    _tool("memory_delete", "Remove an entry.", {"key": _TEXT}, ["key"]),
    _tool("memory_list", "The keys of all entries.", {}, []),
    _tool("memory_search", "The entries with a text in them.", {"query": _TEXT}, ["query"]),
)
