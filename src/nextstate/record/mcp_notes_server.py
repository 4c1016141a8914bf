"""A small real MCP server: a store of notes in memory, over standard input and output.

``python -m nextstate.record.mcp_notes_server [FILE]`` starts it; ``FILE`` is a JSON array of notes that are there from
the start (``id``, ``title``, ``body``, ``tags``, ``pinned``). It is what golden examples and tests of recording talk
to: tools with schemas and output schemas, a tool that answers in plain text, pages, a batch in which single items may
fail, and every kind of failure (no such note, arguments against the schema, a clash, a tool that does not exist).
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nextstate.types import Json

INSTRUCTIONS = (
    "A store of notes. A note has an id (a number, counted from 1 and never used twice), a title that no other note "
    "has, a body, tags and a pin. Lists are ordered by id."
)


class Note(BaseModel):
    """A note."""

    id: int
    title: str
    body: str = ""
    tags: list[str] = []
    pinned: bool = False


class Page(BaseModel):
    """A part of a list."""

    total: int
    notes: list[Note]
    next_offset: int | None


class Deleted(BaseModel):
    """What became of each id."""

    deleted: list[int]
    missing: list[int]


class Status(BaseModel):
    """The server."""

    notes: int
    started_at: str
    uptime_ms: int


Limit = Annotated[int, Field(ge=1, le=50, description="how many notes at most")]
Offset = Annotated[int, Field(ge=0, description="how many notes to pass over")]
Title = Annotated[str, Field(min_length=1, max_length=80)]


@dataclass(slots=True)
class Store:
    """The notes by id, in the order of their ids."""

    notes: dict[int, Note] = field(default_factory=dict)
    last: int = 0
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)

    def put(self, note: Note) -> Note:
        self.notes[note.id] = note
        self.last = max(self.last, note.id)
        return note

    def get(self, id: int) -> Note:
        if id not in self.notes:
            raise ToolError(f"there is no note {id}")
        return self.notes[id]

    def new_title(self, title: str, own: int | None = None) -> None:
        for note in self.notes.values():
            if note.title == title and note.id != own:
                raise ToolError(f"note {note.id} already has the title {title!r}")

    def page(self, found: Iterable[Note], limit: int, offset: int) -> Page:
        every = sorted(found, key=lambda note: note.id)
        end = offset + limit
        return Page(total=len(every), notes=every[offset:end], next_offset=end if end < len(every) else None)


def build(notes: Iterable[Mapping[str, Json]] = ()) -> MCPServer:
    """The server with its tools and a store of its own; raises :class:`pydantic.ValidationError` for a bad note."""
    store = Store()
    for note in notes:
        store.put(Note.model_validate(note))
    server = MCPServer("notes", instructions=INSTRUCTIONS, version="1.0.0", log_level="ERROR")
    _writing(server, store)
    _reading(server, store)
    return server


def _writing(server: MCPServer, store: Store) -> None:
    @server.tool()
    def create_note(title: Title, body: str = "", tags: list[str] | None = None) -> Note:
        """Make a note. Its id is the next number."""
        store.new_title(title)
        return store.put(Note(id=store.last + 1, title=title, body=body, tags=tags or []))

    @server.tool()
    def update_note(
        id: int,
        title: Title | None = None,
        body: str | None = None,
        tags: list[str] | None = None,
        pinned: bool | None = None,
    ) -> Note:
        """Change parts of a note; what is not given stays as it is."""
        note = store.get(id)
        if title is not None:
            store.new_title(title, own=id)
        given = {"title": title, "body": body, "tags": tags, "pinned": pinned}
        return store.put(note.model_copy(update={key: value for key, value in given.items() if value is not None}))

    @server.tool()
    def delete_notes(ids: list[int]) -> Deleted:
        """Delete several notes. Ids of notes that do not exist are told, the others are deleted all the same."""
        there = [id for id in ids if store.notes.pop(id, None) is not None]
        return Deleted(deleted=there, missing=[id for id in ids if id not in there])


def _reading(server: MCPServer, store: Store) -> None:
    @server.tool()
    def get_note(id: int) -> Note:
        """Read a note."""
        return store.get(id)

    @server.tool()
    def list_notes(tag: str | None = None, limit: Limit = 10, offset: Offset = 0) -> Page:
        """List notes, all of them or those with a tag, one page at a time."""
        return store.page((note for note in store.notes.values() if tag is None or tag in note.tags), limit, offset)

    @server.tool()
    def search_notes(query: Annotated[str, Field(min_length=1)], limit: Limit = 10) -> Page:
        """Find notes whose title or body holds a text; upper and lower case are the same."""
        wanted = query.casefold()
        return store.page((n for n in store.notes.values() if wanted in f"{n.title}\n{n.body}".casefold()), limit, 0)

    @server.tool(structured_output=False)
    def print_note(id: int) -> str:
        """Show a note as text, for people."""
        note = store.get(id)
        tags = " ".join(f"#{tag}" for tag in note.tags)
        return "\n".join(line for line in (f"# {note.title}", note.body, tags) if line)

    @server.tool()
    def status() -> Status:
        """How many notes there are, and since when the server has been running."""
        uptime = int((time.monotonic() - store.clock) * 1000)
        return Status(
            notes=len(store.notes), started_at=store.started.isoformat(timespec="milliseconds"), uptime_ms=uptime
        )


def main(arguments: list[str]) -> None:
    """Serve over standard input and output until the client leaves."""
    build(json.loads(Path(arguments[0]).read_text("utf-8")) if arguments else ()).run("stdio")


if __name__ == "__main__":
    main(sys.argv[1:])
