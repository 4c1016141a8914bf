from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.data.sources import android_screen
from nextstate.domains.android import screen

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.lists(
        st.builds(
            android_screen.Element,
            class_name=st.sampled_from(["android.widget.Button", "android.widget.EditText", ""]),
            text=TEXTS,
            description=TEXTS,
            hint=TEXTS,
            resource=st.sampled_from(["", "org.example:id/go", "other:id/x"]),
            package=st.sampled_from(["org.example", "com.android.systemui"]),
            flags=st.frozensets(st.sampled_from(android_screen.FLAGS)),
            bounds=st.none() | st.just((0.0, 1.0, 20.0, 30.0)) | st.just((0.25, 0.5, 0.75, 1.0)),
        ),
        max_size=6,
    )
)
def test_lines_are_read_as_the_importers_write_them(elements: list[android_screen.Element]) -> None:
    view = screen.read(android_screen.screen(enumerate(elements)))
    assert len(view.elements) == len(elements)
    for number, (found, given_one) in enumerate(zip(view.elements, elements, strict=True)):
        assert (found.number, found.text, found.description) == (number, given_one.text, given_one.description)
        assert (found.hint, found.flags, found.package) == (given_one.hint, given_one.flags, given_one.package)
        assert found.bounds == given_one.bounds


TAGS = """<input id=0>Search</input>
<button id=1 text='Sort by'></button>
 <checkbox id=2 checked=True>Large
files</checkbox>
<button id=3 text='Menu<br>What's new'>More<br>here</button>
<p id=4>a < b</p>
<button id=5>go back</button>"""


def test_tags_are_read_with_their_labels_descriptions_and_states() -> None:
    view = screen.read(TAGS)
    assert view.notation == "tags"
    assert [(one.number, one.kind, one.text, one.description) for one in view.elements] == [
        (0, "input", "Search", ""),
        (1, "button", "", "Sort by"),
        (2, "checkbox", "Large\nfiles", ""),
        (3, "button", "More<br>here", "Menu<br>What's new"),
        (4, "p", "a < b", ""),
        (5, "button", "go back", ""),
    ]
    assert [one.flags for one in view.elements][2] == {"clickable", "checkable", "checked"}
    assert [one.name for one in view.elements][:4] == ["search", "sort by", "large", "more"]
    assert [TAGS[one.start : one.end] for one in view.elements][1] == "<button id=1 text='Sort by'></button>"


@pytest.mark.parametrize(
    "text", ["", "prose about a screen", "# Current page\n1 Button", "<html><p>x</p></html>", "\x00"]
)
def test_other_texts_are_in_neither_notation(text: str) -> None:
    view = screen.read(text)
    assert (view.notation, view.elements) == ("", ())


def test_changes_are_made_in_place() -> None:
    view = screen.read(TAGS)
    assert screen.with_text(view, view.elements[0], "x") == TAGS.replace(">Search<", ">x<")
    assert screen.with_text(view, view.elements[1], "x") is None
    assert screen.with_check(view, view.elements[2]) == TAGS.replace("checked=True", "checked=False")
    line = '0 CheckBox "a checkable checked" clickable checkable focusable [0,0][9,9]'
    ticked = '0 CheckBox "a checkable checked" clickable checkable checked focusable [0,0][9,9]'
    for before, after in ((line, ticked), (ticked, line)):
        view = screen.read(before)
        assert screen.with_check(view, view.elements[0]) == after


def test_a_number_that_two_elements_have_names_neither() -> None:
    view = screen.read('0 Button "a"\n1 Button "b"\n1 Button "c"')
    assert view.at(0) is not None
    assert view.at(1) is None
    assert view.at(2) is None


def test_a_touch_reaches_the_last_element_there_that_can_be_touched() -> None:
    view = screen.read(
        '0 FrameLayout clickable [0,0][100,100]\n1 Button "b" clickable [10,10][50,50]\n2 TextView "c" [10,10][50,50]'
    )
    found = [view.under(*point) for point in ((20, 20), (60, 60), (500, 500))]
    assert [one and one.number for one in found] == [1, 0, None]


def test_likeness_is_what_screens_share() -> None:
    one = screen.read("<p id=0>a</p><p id=1>b</p>")
    other = screen.read("<p id=0>a</p><p id=1>b</p><p id=2>c</p><p id=3>d</p>")
    assert screen.likeness(one, other) == (1.0, 0.5)
    assert screen.likeness(one, screen.read("")) == (0.0, 0.0)
