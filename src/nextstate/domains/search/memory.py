"""The local memory: named entries of text, and what its tools say.

==================================  ================================================================================
write (``key``, ``value``)          ``Stored 'key'.``, or ``Replaced 'key'.`` where there was such an entry
append (``key``, ``value``)         ``Appended to 'key'.``: a line more; ``Stored 'key'.`` where there was none
read (``key``)                      the entry as it was written; ``Error: no entry 'key'.``
delete (``key``)                    ``Deleted 'key'.``; ``Error: no entry 'key'.``
list                                the keys, one a line behind ``- ``, in the order in which they were first written
search (``query``)                  the entries with the text in key or value, in whatever case, as ``key: value`` lines
==================================  ================================================================================

What a call lacks is an error: ``Error: 'value' is missing.`` Nothing found is ``No entry contains 'query'.``, and an
empty memory lists as ``The memory is empty.``
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from nextstate.domains.search.operations import Memory, Verb

Entries: TypeAlias = Mapping[str, str]
EMPTY = "The memory is empty."


def missing(argument: str) -> str:
    """What a call without an argument that it needs shows."""
    return f"Error: '{argument}' is missing."


def no_entry(key: str) -> str:
    """What reading or deleting an entry that does not exist shows."""
    return f"Error: no entry '{key}'."


def applied(entries: Entries, asked: Memory) -> tuple[str, Entries] | None:
    """What the memory shows and the entries afterwards; ``None`` for something that it cannot do."""
    match asked.verb:
        case Verb.LIST:
            return "\n".join(f"- {key}" for key in entries) or EMPTY, entries
        case Verb.SEARCH:
            return _search(entries, asked.text), entries
        case Verb.OTHER:
            return None
    if not asked.key:
        return missing("key"), entries
    if asked.verb in (Verb.READ, Verb.DELETE) and asked.key not in entries:
        return no_entry(asked.key), entries
    match asked.verb:
        case Verb.READ:
            return entries[asked.key], entries
        case Verb.DELETE:
            return f"Deleted '{asked.key}'.", {key: text for key, text in entries.items() if key != asked.key}
    if asked.text is None:
        return missing("value"), entries
    return _written(entries, asked.verb, asked.key, asked.text)


def _written(entries: Entries, verb: Verb, key: str, text: str) -> tuple[str, Entries]:
    old = entries.get(key)
    if old is None:
        return f"Stored '{key}'.", {**entries, key: text}
    if verb is Verb.APPEND:
        return f"Appended to '{key}'.", {**entries, key: f"{old}\n{text}"}
    return f"Replaced '{key}'.", {**entries, key: text}


def _search(entries: Entries, query: str | None) -> str:
    if not query:
        return missing("query")
    wanted = query.casefold()
    found = [f"{key}: {text}" for key, text in entries.items() if wanted in key.casefold() or wanted in text.casefold()]
    return "\n".join(found) or f"No entry contains '{query}'."
