"""Screens for the tests: one of each kind, queries about them, and strategies that make faulty ones."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from nextstate.domain import TAG, edits
from nextstate.types import Query, Setup, Turn

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from nextstate.domain.edits import Syntax

NAMES = ("web", "android", "os")
SYNTAXES: dict[str, Syntax] = {
    name: importlib.import_module(f"nextstate.domains.{name}.lines").SYNTAX for name in NAMES
}

PAGE = """\
# Currently open tabs

Tab 0 (active tab)
  Title: Pottery
  URL: http://shop.test/

# Current page Accessibility Tree

RootWebArea 'Pottery', focused, url='http://shop.test/'
\t[12] link 'Cups', url='/cups'
\t\tStaticText 'Cups'
\t[14] textbox 'Search' value='', required
\t[a15] checkbox 'In stock', checked='false'
\t[a17] button 'Go'"""
PHONE = """\
package com.example.notes
0 TextView "Notes" [42,148][175,233]
1 ImageButton desc="New note" id=add clickable [0,128][147,275]
2 TextView "Milk" id=row [0,300][1080,420]
3 TextView "Bread" id=row [0,420][1080,540]
4 TextView "Salt" id=row [0,540][1080,660]
package com.android.systemui
5 TextView "9:41" id=clock [50,1][148,128]"""
HTML = """\
<input id=0>Search</input>
 <button id=1 text='Sort'></button>
 <checkbox id=2 checked=False>Dark</checkbox>
 <button id=3>go back</button>"""
DESK = """\
tag\tname\ttext\tclass\tdescription\tposition (top-left x&y)\tsize (w&h)\tstate
frame\tPad\t\tgtk\t\t(10, 20)\t(800, 600)\tactive
menu\tFile\t\tgtk\t\t(10, 40)\t(39, 25)\t
menu\tEdit\t\tgtk\t\t(49, 40)\t(39, 25)\t
text\t\thello\tgtk\t\t(10, 65)\t(800, 500)\tfocused
label\t\tLn 1\tgtk\t\t(10, 565)\t(80, 20)\t
label\t\tCol 1\tgtk\t\t(90, 565)\t(80, 20)\t"""
SCREENS = {"web": PAGE, "android": PHONE, "os": DESK}


def asked(*screens: str) -> Query:
    """A query whose first screen is the set-up's and whose others are its history."""
    first, *others = screens
    return Query("any", Setup(initial_state=first), tuple(Turn("act", screen) for screen in others), "act")


def block(*lines: str) -> str:
    """A reply of these lines."""
    return "\n".join((f"<{TAG}>", *lines, f"</{TAG}>"))


def inside(reply: str) -> list[str]:
    """The lines of a reply between its tags."""
    return reply.removeprefix(f"<{TAG}>\n").removesuffix(f"\n</{TAG}>").split("\n")


def edited(name: str, screen: str, *program: str) -> str:
    """The screen after these edits, in the syntax called ``name``."""
    return edits.read(SYNTAXES[name])(asked(screen), block("edit", *program))


LINES = sorted(
    {line for screen in (PAGE, PHONE, HTML, DESK) for line in screen.split("\n")}
    | {
        "",
        "edit",
        "screen",
        "delete 1",
        "|",
        "| x",
        "after top",
        "<predicted_observation>",
        "\ud800",
        "a\rb\r",
        "\t\t[12]",
    }
    | {
        "[12] link 'Cups'",
        "\t[top] link ''",
        "\t[1..2] a ''",
        "7 Button",
        "7 Button ",
        "07 Button [1,2][3,4]",
        "-1 a [1,2][3,4]",
    }
    | {"[99999999999999999999] b 'x'", "x\t\t\t\t\t(1, 2)\t(3, 4)\t", "end\t\t\t\t\t(1, 2)\t(03, 4)\t", "<p>no id</p>"}
    | {" TextView [1,2][3,4]", "\x85\u2028", "+1", "top+1", "a15", "set 1 text=x", "<p id=4 checked=x >y</p>"}
)


def screens() -> SearchStrategy[str]:
    """Texts of lines of all kinds, in any order, with any repetition."""
    return st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=6)), max_size=30).map("\n".join)


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, str]:
    """A screen and another one made of it by taking out, putting in, moving and changing lines."""
    lines = st.sampled_from(LINES)
    old = draw(st.lists(lines, max_size=25))
    new = list(old)
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(new)))
        match draw(st.integers(0, 4)):
            case 0:
                new[place:place] = draw(st.lists(lines, max_size=4))
            case 1:
                del new[place : place + draw(st.integers(1, 4))]
            case 2 if new:
                cut = [new.pop(min(place, len(new) - 1))]
                new[draw(st.integers(0, len(new))) :][:0] = cut
            case 3 if place < len(new):
                new[place] = new[place].replace(
                    draw(st.sampled_from("0124ae ")), draw(st.sampled_from(["1", "55", "x", ""]))
                )
            case _:
                new = new[place:] + new[:place]
    return "\n".join(old), "\n".join(new)
