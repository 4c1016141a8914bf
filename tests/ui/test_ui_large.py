"""Observations of a megabyte and of ten thousand lines, and sessions of many turns, stay fluid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nextstate.models.fakes import Scripted
from nextstate.serve.catalogue import Catalogue
from nextstate.serve.testing import service_of
from nextstate.types import Setup, Trajectory, Turn

from .conftest import running
from .test_ui_play import act

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Opened

LINES = "".join(f"{n:05d} a line of a listing\n" for n in range(10_000))
LONG = "word " * 200_000
BLOCKED = """() => new Promise((resolve) => {
  const found = [];
  const keep = (list) => found.push(...list.getEntries().map((one) => one.duration));
  new PerformanceObserver(keep).observe({ type: "longtask", buffered: true });
  setTimeout(() => resolve(Math.max(0, ...found)), 300);
})"""
"""The longest time, in milliseconds, for which the page did not answer."""


@pytest.fixture(scope="module")
def large_site() -> Iterator[str]:
    world = Scripted(
        lambda query: {"lines": LINES, "long": LONG, "other": LINES.replace("05000 a", "05000 the")}[query.action]
    )
    many = Trajectory("many", "terminal", Setup(), tuple(Turn(f"echo {n}", f"{n}\n") for n in range(300)))
    other = Scripted(lambda query: LINES.replace("05000 a", "05000 the"), name="other")
    service = service_of({"large": world, "other": other}, catalogue=Catalogue({"terminal/many": many}))
    with running(service) as address:
        yield address


def test_ten_thousand_lines_and_a_megabyte_in_one_line_open_without_freezing(opened: Opened, large_site: str) -> None:
    with opened(large_site) as page:
        page.click("#start")
        page.wait_for_selector(".composer")
        box = act(page, "lines").get_by_role("region")
        box.evaluate("box => { box.scrollTop = box.scrollHeight; }")
        box.get_by_text("09999 a line").wait_for()
        assert box.locator(".row").count() < 200
        assert act(page, "long").locator(".row").count() < 400
        assert page.evaluate("document.querySelectorAll('*').length") < 2_000
        assert page.evaluate(BLOCKED) < 1_000


def test_the_difference_of_two_long_observations_is_found_and_folded(opened: Opened, large_site: str) -> None:
    with opened(large_site, "#/compare") as page:
        page.get_by_label("World model").first.select_option("large")
        page.get_by_label("World model").last.select_option("other")
        page.click("#start-both")
        page.wait_for_selector(".pair-top")
        page.fill(".composer-line", "lines")
        page.press(".composer-line", "Enter")
        page.get_by_role("button", name="Show the difference").click()
        page.locator(".difference ins", has_text="the").wait_for()
        assert page.locator(".difference .row").count() < 20
        assert page.evaluate(BLOCKED) < 1_000


def test_of_many_turns_the_last_are_shown_and_the_others_on_demand(opened: Opened, large_site: str) -> None:
    with opened(large_site) as page:
        made = page.evaluate(
            """async () => {
              const { api } = await import("/ui/lib/api.js");
              return (await api.post("/v1/sessions", { scenario: "terminal/many", after: 300 })).id;
            }"""
        )
        page.goto(f"{large_site}/#/play/{made}")
        page.locator(".turn").get_by_text("echo 299").wait_for()
        assert page.locator(".turn").count() == 40
        page.get_by_role("button", name="Show 260 earlier turns").click()
        assert page.locator(".turn").count() == 240
        page.get_by_role("button", name="Show 60 earlier turns").click()
        assert page.locator(".turn").first.locator(".action-text").inner_text() == "echo 0"


def test_a_stream_that_comes_in_pieces_is_read_whole(opened: Opened, site: str) -> None:
    with opened(site) as page:
        found = page.evaluate(
            r"""async () => {
              const { Events } = await import("/ui/lib/api.js");
              const text =
                ": note\r\nevent: a\r\ndata: {\"x\":\r\ndata: \"é😀\"}\r\n\r\ndata: plain" +
                "\n\nevent: b\ndata: 1\n\nevent: cut\ndata: 2";
              const all = [];
              for (let size = 1; size < text.length + 1; size++) {
                const found = [], events = new Events((name, data) => found.push([name, data]));
                for (let at = 0; at < text.length; at += size) events.take(text.slice(at, at + size));
                all.push(JSON.stringify(found));
              }
              return [...new Set(all)];
            }"""
        )
        assert found == ['[["a",{"x":"é😀"}],["message","plain"],["b",1]]']


def test_differing_lines_are_found_as_the_report_finds_them(opened: Opened, site: str) -> None:
    from nextstate.eval.reports.difference import runs

    texts = [
        "",
        "a",
        "a\nb\nc",
        "b\nc\nd",
        "x\na\nb\nc\ny",
        "a\na\na",
        "c\nb\na",
        "a\nb\nc\n",
        "1\n2\n3\n4\n5\n6",
        "1\n2\n9\n4\n6",
    ]
    pairs = [(a, b) for a in texts for b in texts]
    with opened(site) as page:
        found = page.evaluate(
            """async (pairs) => {
              const { lineRuns } = await import("/ui/lib/difference.js");
              return pairs.map(([a, b]) => lineRuns(a, b));
            }""",
            pairs,
        )
    for (a, b), got in zip(pairs, found, strict=True):
        expected = runs(a, b)
        assert (sum(got[0::3]), sum(got[1::3]), sum(got[2::3])) == (
            sum(expected[0::3]),
            sum(expected[1::3]),
            sum(expected[2::3]),
        ), (a, b, got, expected)
