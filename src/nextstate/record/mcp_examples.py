"""The golden examples of the MCP domain: sessions with the real server of :mod:`nextstate.record.mcp_notes_server`.

``python -m nextstate.record.mcp_examples --out FILE`` makes them again.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nextstate.data import store
from nextstate.domain import calls
from nextstate.record import command, mcp
from nextstate.record.mcp_notes_server import INSTRUCTIONS
from nextstate.types import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.types import Json, Trajectory

SOURCE = Source(dataset="nextstate recordings", licence="Apache-2.0")


@dataclass(frozen=True, slots=True)
class Session:
    """Calls, name and arguments each, for a store that holds ``notes``."""

    id: str
    calls: tuple[tuple[str, dict[str, Json]], ...]
    notes: tuple[dict[str, Json], ...] = ()


SESSIONS = (
    Session(
        "mcp-notes-changes",
        (
            ("list_notes", {}),
            ("create_note", {"title": "Groceries", "body": "oat milk\nrye bread", "tags": ["home"]}),
            (
                "create_note",
                {"title": "Sailing trip", "body": "Ask the harbour office about the boat.", "tags": ["leisure", "may"]},
            ),
            ("create_note", {"title": "Groceries", "body": "tea"}),
            ("update_note", {"id": 1, "body": "oat milk\nrye bread\ntea"}),
            ("get_note", {"id": 1}),
            ("create_note", {"title": "Räder wechseln"}),
            ("update_note", {"id": 3, "title": "Sailing trip"}),
            ("update_note", {"id": 3, "tags": ["home", "car"], "pinned": True}),
            ("list_notes", {"tag": "home"}),
            ("delete_notes", {"ids": [1, 8]}),
            ("get_note", {"id": 1}),
            ("update_note", {"id": 1, "pinned": True}),
            ("create_note", {"title": "Groceries"}),
            ("print_note", {"id": 2}),
            ("list_notes", {}),
        ),
    ),
    Session(
        "mcp-notes-pages",
        (
            ("status", {}),
            ("list_notes", {"limit": 2}),
            ("list_notes", {"limit": 2, "offset": 2}),
            ("list_notes", {"limit": 2, "offset": 4}),
            ("search_notes", {"query": "PUMP"}),
            ("search_notes", {"query": "pump", "limit": 1}),
            ("get_note", {"id": 9}),
            ("delete_notes", {"ids": [4, 9]}),
            ("search_notes", {"query": "pump"}),
            ("create_note", {"title": "Spare parts", "body": "two gaskets for the pump", "tags": ["workshop"]}),
            ("search_notes", {"query": "gasket"}),
            ("list_notes", {"tag": "garden"}),
            ("print_note", {"id": 4}),
            ("status", {}),
        ),
        (
            {"id": 2, "title": "Pump", "body": "The pump in the cellar drips.", "tags": ["house"], "pinned": True},
            {"id": 3, "title": "Seeds", "body": "Beans, chard.", "tags": ["garden"], "pinned": False},
            {"id": 4, "title": "Plumber", "body": "Call about the pump.", "tags": ["house"], "pinned": False},
            {"id": 7, "title": "Fence", "body": "", "tags": ["garden", "house"], "pinned": False},
            {"id": 9, "title": "Bird list", "body": "wren, siskin, nuthatch", "tags": [], "pinned": False},
        ),
    ),
    Session(
        "mcp-notes-refusals",
        (
            ("create_note", {"title": "Rehearsal", "body": "Tuesday, hall B", "tags": ["choir"]}),
            ("create_note", {"body": "no title"}),
            ("create_note", {"title": ""}),
            ("get_note", {"id": "first"}),
            ("get_note", {"id": "1"}),
            ("get_note", {}),
            ("get_note", {"id": 2}),
            ("remove_note", {"id": 1}),
            ("update_note", {"id": 1, "pinned": "perhaps", "tags": "choir"}),
            ("list_notes", {"limit": 0}),
            ("list_notes", {"limit": 51, "offset": -1}),
            ("delete_notes", {"ids": [1, None]}),
            ("get_note", {"id": 1, "verbose": True}),
            ("search_notes", {"query": ""}),
            ("search_notes", {"query": "hall"}),
        ),
    ),
)


async def play(session: Session) -> Trajectory:
    """Record one session."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "nextstate.record.mcp_notes_server"]
        if session.notes:
            path = Path(folder) / "notes.json"
            path.write_text(json.dumps(session.notes), "utf-8")
            words.append(str(path))
        return await mcp.record(
            mcp.Server(tuple(words)),
            [calls.render(name, arguments) for name, arguments in session.calls],
            id=session.id,
            initial_state=_described(session),
            facts={"initial_config": {"notes": list(session.notes)}},
            source=SOURCE,
        )


def _described(session: Session) -> str:
    held = json.dumps(list(session.notes), ensure_ascii=False) if session.notes else "no notes yet"
    return f"{INSTRUCTIONS}\n\nBefore the first call the store holds: {held}\n"


async def examples() -> list[Trajectory]:
    """Record all :data:`SESSIONS`."""
    return list(await asyncio.gather(*map(play, SESSIONS)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the golden examples of the MCP domain."""
    store.write(command.parser("mcp_examples", main.__doc__).parse_args(arguments).out, asyncio.run(examples()))


if __name__ == "__main__":
    main()
