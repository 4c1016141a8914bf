"""Two invented apps for the scripted device: notes, and the settings of a device."""

from __future__ import annotations

from nextstate.record.android_parts import Do, Item, Screen, Script

_CLOSE = (Do("close"),)


def _go(screen: str) -> tuple[Do, ...]:
    return (Do("close"), Do("go", screen))


def _pick(name: str, *values: str) -> tuple[Item, ...]:
    """A list of values of which one is chosen, which closes it."""
    return tuple(Item("choice", value, name, (Do("set", name, value), Do("close"))) for value in values)


_NOTES = {
    "main": Screen(
        title="Notes",
        bar=(Item("icon", "Search", do=_go("search")), Item("icon", "More options", do=(Do("go", "menu"),))),
        items=(Item("icon", "New note", do=(Do("set", "title"), Do("set", "text"), Do("go", "editor"))),),
        each=Item("row", "$row", do=_go("note"), hold=(Do("go", "remove"),)),
    ),
    "menu": Screen(
        "menu",
        items=(
            Item("row", "Sort by", do=_go("sort")),
            Item("row", "Settings", do=_go("settings")),
            Item("row", "About", do=_go("about")),
        ),
    ),
    "sort": Screen("choice", items=_pick("order", "Title", "Date created", "Date changed")),
    "search": Screen(
        title="Search",
        bar=(Item("icon", "Navigate up", do=(Do("leave"),)),),
        items=(
            Item("field", "Find in notes", "find"),
            Item("text", "Type to search"),
            Item("check", "Whole words", "whole"),
        ),
    ),
    "editor": Screen(
        title="New note",
        bar=(Item("icon", "Navigate up", do=(Do("leave"),)),),
        items=(
            Item("field", "Title", "title"),
            Item("field", "Text", "text"),
            Item("button", "Save", do=(Do("add", "title", "text"), Do("leave"))),
        ),
    ),
    "note": Screen(
        title="$row",
        bar=(Item("icon", "Navigate up", do=(Do("leave"),)), Item("icon", "Delete", do=(Do("go", "remove"),))),
        items=(Item("text", "$body"), Item("button", "Rename", do=(Do("set", "label"), Do("go", "rename")))),
    ),
    "remove": Screen(
        "dialog",
        "Delete this note?",
        items=(
            Item("text", "$row will be gone."),
            Item("button", "Cancel", do=_CLOSE),
            Item("button", "Delete", do=(Do("drop"), Do("close"), Do("leave", "note"))),
        ),
    ),
    "rename": Screen(
        "dialog",
        "Rename",
        items=(
            Item("field", "New title", "label"),
            Item("button", "Cancel", do=_CLOSE),
            Item("button", "OK", do=(Do("rename", "label"), Do("close"))),
        ),
    ),
    "settings": Screen(
        title="Settings",
        bar=(Item("icon", "Navigate up", do=(Do("leave"),)),),
        items=(
            Item("text", "General"),
            Item("row", "Font size: $size", do=_go("size")),
            Item("check", "Show word count", "count"),
            Item("check", "Keep the screen on", "awake"),
            Item("text", "Help"),
            Item("row", "About", do=_go("about")),
        ),
    ),
    "size": Screen("choice", items=_pick("size", "Small", "Medium", "Large")),
    "about": Screen(
        title="About",
        bar=(Item("icon", "Navigate up", do=(Do("leave"),)),),
        items=(
            Item("text", "Notes 1.4"),
            Item("row", "Licences", do=_go("licences")),
            Item("row", "What is new", do=_go("news")),
        ),
    ),
    "licences": Screen(
        title="Licences",
        bar=(Item("icon", "Navigate up", do=(Do("leave"),)),),
        items=tuple(Item("text", f"Library {number}, Apache License 2.0") for number in range(1, 25)),
        scrolls=True,
    ),
    "news": Screen(
        "dialog",
        "What is new",
        items=(Item("text", "Notes can be renamed."), Item("button", "OK", do=_CLOSE)),
    ),
}

NOTES = Script(
    "Notes",
    "org.example.notes",
    _NOTES,
    {
        "notes": (("Groceries", 'Milk, bread & "good" cheese'), ("Ideas", "<b>Paint</b> the fence")),
        "order": "Title",
        "size": "Medium",
    },
)

_PLACES = ("Network", "Connected devices", "Apps", "Notifications", "Battery", "Storage", "Sound", "Display")

DEVICE = Script(
    "Settings",
    "org.example.settings",
    {
        "main": Screen(
            title="Settings",
            items=(
                *(Item("row", place, do=_go(place)) for place in _PLACES),
                *(Item("row", f"Account {number}", do=_go("account")) for number in range(1, 11)),
            ),
            scrolls=True,
        ),
        "account": Screen(
            title="Account",
            bar=(Item("icon", "Navigate up", do=(Do("leave"),)), Item("icon", "More options", do=(Do("go", "more"),))),
            items=(Item("check", "Synchronise", "sync"), Item("text", "Last time: never")),
        ),
        "more": Screen(
            "menu", items=(Item("row", "Remove account", do=_go("sure")), Item("row", "Help", do=_go("help")))
        ),
        "sure": Screen(
            "dialog",
            "Remove the account?",
            items=(Item("button", "Cancel", do=_CLOSE), Item("button", "Remove", do=(Do("close"), Do("leave")))),
        ),
        "help": Screen(title="Help", items=(Item("text", "Ask somebody who knows."),)),
        **{
            place: Screen(
                title=place,
                bar=(Item("icon", "Navigate up", do=(Do("leave"),)),),
                items=(
                    Item("check", f"Use {place.casefold()}", f"use {place}"),
                    Item("row", "Level: $level", do=_go("level")),
                ),
            )
            for place in _PLACES
        },
        "level": Screen("choice", items=_pick("level", "Low", "Middle", "High")),
    },
    {"level": "Middle"},
)

SCRIPTS = (NOTES, DEVICE)
