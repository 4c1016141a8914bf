"""The golden examples of the search domain: sessions with the search engine of :mod:`nextstate.record.search`.

``python -m nextstate.record.search_examples --out FILE`` records them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextstate.data import store
from nextstate.domain import calls
from nextstate.record import command
from nextstate.record.search import record
from nextstate.types import Action, Source, Trajectory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nextstate.types import Json


def _do(name: str, **arguments: Json) -> Action:
    return calls.render(name, arguments)


LIGHTHOUSE = (
    _do("web_search", query="lighthouse engineer Orrin Sound", max_results=3),
    _do("web_extractor", url="https://orrin.example/lighthouse", goal="who built it"),
    _do("memory_write", key="tower", value="built from 1869 to 1874"),
    _do("web_search", query=["engineer Tarn Light born", "first lens Tarn Light", "zeppelin"]),
    _do("web_extractor", url=["https://brask-museum.example/engineer", "https://brask-museum.example/prisms"]),
    _do("lookup", keyword="lighthouse"),
    _do("lookup", keyword="Kessel"),
    _do("lookup", keyword="Kessel"),
    _do("memory_append", key="tower", value="engineer born in Kessel in 1836"),
    _do("memory_read", key="tower"),
    _do("memory_list"),
    _do("web_search", query="   "),
    _do("web_extractor", url="the museum page"),
)
"""Everything is known: pages, ranking, memory. With a batch, a missing page, a look-up, and failures."""

FERRIES = (
    _do("web_search", query="winter ferry crossing Brask", max_results=2),
    _do("web_search", query=["when does the Petrel sail", "Grey Heron cars"], max_results=2),
    _do("web_extractor", url="https://kessel-ferries.example/timetable"),
    _do("web_search", query="Grey Heron cars", max_results=2),
    _do("web_search", query=["Grey Heron cars", "winter ferry crossing Brask"], max_results=2),
    _do("web_search", query=["puffins", "Grey Heron cars"], max_results=2),
    _do("web_extractor", url="https://kessel-ferries.example/prices"),
    _do("web_search", query="winter ferry crossing Brask", max_results=2),
    _do("web_search", query="qwxz"),
    _do("web_search", query="ferry", max_results=0),
    _do("web_extractor", url="https://kessel-ferries.example/timetable"),
    _do("web_translate", text="ferry"),
)
"""Nothing is known beforehand: what was shown is shown again, alone and in batches. With calls that are refused."""

NOTES = (
    _do("memory_list"),
    _do("memory_read", key="todo"),
    _do("memory_write", key="todo", value="reeve, wool price\nand the school"),
    _do("memory_write", key="wool", value="best price 77 crowns a stone (2012)"),
    _do("memory_write", key="todo", value="reeve"),
    _do("memory_search", query="CROWNS"),
    _do("web_search", query="reeve of the council elected", max_results=2),
    _do("memory_append", key="reeve", value="a member from Brask"),
    _do("memory_delete", key="todo"),
    _do("memory_delete", key="todo"),
    _do("memory_list"),
    _do("memory_read", key="reeve"),
    _do("memory_search", query="ferry"),
    _do("memory_write", key="reeve"),
)
"""The memory is known and the pages are not."""


def golden() -> list[Trajectory]:
    """The sessions, recorded anew."""
    sessions = (
        ("lighthouse", LIGHTHOUSE, ("pages", "memory")),
        ("ferries", FERRIES, ()),
        ("notes", NOTES, ("memory",)),
    )
    return [
        record(actions, id=f"example-{name}", known=known, source=_source(name)) for name, actions, known in sessions
    ]


def _source(row: str) -> Source:
    return Source(dataset="nextstate recordings", revision="1", licence="Apache-2.0", row=row)


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the golden examples of the search domain."""
    store.write(command.parser("search_examples", main.__doc__).parse_args(arguments).out, golden())


if __name__ == "__main__":
    main()
