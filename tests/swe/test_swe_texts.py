"""Files known in part: lines, stand-ins, edits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nextstate.domains.swe.kernel import texts
from nextstate.domains.swe.kernel.texts import Text

LINE = st.text(st.characters(codec="ascii", exclude_characters="\n\r"), max_size=8)
TEXT = st.lists(LINE, min_size=1, max_size=12).map(lambda lines: "\n".join(lines) + "\n")


@given(TEXT, st.booleans())
def test_a_whole_text_is_its_content(content: str, closed: bool) -> None:
    content = content if closed else content.rstrip("\n") + "x"
    assert texts.of(content).content == content


@given(TEXT, st.sets(st.integers(1, 12)))
def test_a_stand_in_read_back_tells_the_same(content: str, shown: set[int]) -> None:
    lines = content.removesuffix("\n").split("\n")
    text = texts.put(Text(), {n: lines[n - 1] for n in shown if n <= len(lines)})
    assert texts.read_back(text, texts.stand_in(text), in_lines=True) == text


@given(TEXT, st.integers(1, 12), LINE)
def test_lines_put_in_stand_where_they_were_put(content: str, first: int, new: str) -> None:
    whole = texts.of(content)
    first = min(first, len(whole.lines))
    after = texts.with_lines(whole, first, first, [new, new])
    assert after.lines == (*whole.lines[: first - 1], new, new, *whole.lines[first:])


@given(TEXT, LINE.filter(bool), LINE)
def test_replacing_in_a_whole_text_is_what_python_does(content: str, old: str, new: str) -> None:
    after = texts.swapped(texts.of(content), old, new)
    if content.count(old) == 1:
        assert after is not None
        assert after.content == content.replace(old, new)
    else:
        assert after is None


def test_an_occurrence_in_unknown_lines_cannot_be_excluded() -> None:
    part = texts.put(Text(), {3: "x = 1", 4: "y = 2"})
    found = texts.find(part, "x = 1")
    assert found.lines == (3,)
    assert not found.certain
    assert texts.find(texts.of("x = 1\n"), "x = 1").certain


def test_replacing_in_a_part_moves_the_lines_behind() -> None:
    part = texts.put(Text(), {3: "x = 1", 4: "y = 2", 9: "z"})
    after = texts.swapped(part, "x = 1\n", "x = 1\nw = 0\n")
    assert after is not None
    assert after.known(3, 5) == ("x = 1", "w = 0", "y = 2")
    assert after.known(10, 10) == ("z",)


def test_a_contradiction_drops_what_was_known_before() -> None:
    part = texts.put(Text(), {1: "a", 2: "b"})
    assert texts.put(part, {2: "c"}).lines == (None, "c")


def test_behind_unknown_lines_nothing_is_kept_after_a_change_of_unknown_size() -> None:
    part = texts.put(Text(), {1: "a", 2: "b", 5: "e"})
    changed = texts.stand_in(part).replace("b", "B")
    assert texts.read_back(part, changed, in_lines=False).lines == ("a", "B")
    assert texts.read_back(part, changed, in_lines=True).lines == ("a", "B", None, None, "e")
