"""The picture in a real browser; skipped where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nextstate.domain.picture import Box, page, visible

if TYPE_CHECKING:
    pass

HOSTILE = "<script>window.ran=1</script>\"><img src=x onerror='window.ran=1'>\u202e\x07</div></title>"


def test_a_browser_runs_nothing_and_shows_every_text_where_it_should_lie(browser: Any) -> None:
    boxes = [
        Box("Window", "whole", (), (0, 0, 1080, 2400), 0, "0"),
        Box("Button", HOSTILE, ("focused", HOSTILE), (540, 1200, 810, 1800), 1, HOSTILE),
        Box("Item", HOSTILE, (), None, 3),
    ]
    asked: list[str] = []
    view = browser.new_page(viewport={"width": 1200, "height": 1300})
    view.on("request", lambda request: asked.append(request.url))
    view.set_content(page(HOSTILE, boxes))
    assert view.evaluate("window.ran") is None
    assert view.title() == visible(HOSTILE)
    assert view.eval_on_selector_all(".text", "all => all.map(one => one.textContent)") == [
        "whole",
        visible(HOSTILE),
        visible(HOSTILE),
    ]
    screen = view.query_selector(".screen").bounding_box()
    button = view.query_selector(".screen .focused").bounding_box()
    assert button["x"] - screen["x"] == pytest.approx(screen["width"] / 2, abs=2)
    assert button["y"] - screen["y"] == pytest.approx(screen["height"] / 2, abs=2)
    assert button["width"] == pytest.approx(screen["width"] / 4, abs=2)
    assert button["height"] == pytest.approx(screen["height"] / 4, abs=2)
    assert [url for url in asked if not url.startswith("about:")] == []
    view.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_and_paper_differ_clearly_in_light_and_dark(browser: Any, scheme: str) -> None:
    view = browser.new_page(color_scheme=scheme)
    view.set_content(page("s", [Box("Button", "text", (), (0, 0, 100, 40))]))
    colours = view.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    ink, paper = (sum(map(int, one[4:-1].split(","))) / 3 for one in colours)
    assert (ink < 60 and paper > 230) if scheme == "light" else (ink > 200 and paper < 40)
    view.close()
