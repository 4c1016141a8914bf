"""The real desk: the environment that the domain simulates. Run it to record the examples anew."""

from __future__ import annotations

import json
import re
import time

from nextstate.errors import ActionError

ACTION = re.compile(r"(note) ([A-Z][a-z]{0,40}): (.+)|(read|rub) ([A-Z][a-z]{0,40})|(cities|clock)")
ABSENT = "no note for {city}\n"
SCRIPTS = (
    ({"Oslo": "7C, rain"}, False, ("read Oslo", "note Rome: 31C, sun", "read Rome", "rub Oslo", "read Oslo", "clock")),
    ({"Lima": "19C"}, True, ("cities", "read Cairo", "note Cairo: 40C", "cities", "rub Cairo", "rub Cairo", "cities")),
    ({"Bonn": "3C, fog"}, False, ("note Kyiv: -2C", "read Kyiv", "note Kyiv: -5C, snow", "read Kyiv", "read Bonn")),
)


def parse(action: str) -> tuple[str, str, str]:
    """Verb, city and text of an action; the last two may be empty."""
    found = ACTION.fullmatch(action)
    if found is None:
        raise ActionError(f"the desk does not know {action[:80]!r}; try `note CITY: TEXT`, `read CITY` or `cities`")
    verb, city, text, other, place, bare = (part or "" for part in found.groups())
    return verb or other or bare, city or place, text


class Desk:
    """Notes by city."""

    def __init__(self, notes: dict[str, str]) -> None:
        self.notes = dict(notes)

    def do(self, action: str) -> str:
        verb, city, text = parse(action)
        if verb == "clock":
            return time.strftime("it is %H:%M:%S\n")
        if verb == "cities":
            return "".join(f"{one}\n" for one in sorted(self.notes)) or "no notes\n"
        if verb == "note":
            self.notes[city] = text
            return f"noted {city}\n"
        if city not in self.notes:
            return ABSENT.format(city=city)
        if verb == "rub":
            del self.notes[city]
            return f"rubbed out {city}\n"
        return f"{self.notes[city]}\n"


def record(number: int, notes: dict[str, str], complete: bool, actions: tuple[str, ...]) -> dict[str, object]:
    """One episode at a real desk. The facts tell its notes only where they are told to be complete."""
    desk = Desk(notes)
    return {
        "id": f"desk-{number}",
        "initial_state": f"The desk has a note for {', '.join(sorted(notes))}" + (" only." if complete else "."),
        "facts": {"notes": notes if complete else {}, "complete": complete},
        "turns": [[action, desk.do(action)] for action in actions],
    }


if __name__ == "__main__":
    for number, script in enumerate(SCRIPTS):
        print(json.dumps(record(number, *script)))
