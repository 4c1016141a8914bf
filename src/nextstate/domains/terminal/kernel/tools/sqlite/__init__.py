"""``sqlite3``: the command line of SQLite, with the real engine on a copy of the database in memory."""

from __future__ import annotations

from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool


def sqlite3(call: Call) -> Out:
    from nextstate.domains.terminal.kernel.tools.sqlite.command import run  # loaded when a database is opened

    return run(call)


TOOLS: dict[str, Tool] = {"sqlite3": sqlite3}
