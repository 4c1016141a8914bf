"""The accessibility tree of a page in a real browser, as text.

As in BrowserGym, every element has a number of its own within its frame (its *bid*), frames have letters that stand
before the numbers inside them, and the tree is that of the DevTools protocol (``Accessibility.getFullAXTree``), with
the tree of each frame below its element. The implementation is our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextstate.data.sources.axtree import flatten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.async_api import Frame, Page

MARK = """prefix => {
  const next = window.nextstateNext ?? {element: 0, frame: 0};
  const letter = n => n < 26 ? String.fromCharCode(97 + n)
    : String.fromCharCode(96 + Math.floor(n / 26)) + String.fromCharCode(65 + n % 26);
  for (const one of document.querySelectorAll('*')) {
    if (one.hasAttribute('bid')) continue;
    const frame = ['IFRAME', 'FRAME'].includes(one.tagName);
    one.setAttribute('bid', prefix + (frame ? letter(next.frame++) : next.element++));
  }
  window.nextstateNext = next;
}"""
"""Numbers the elements of a document that have no number yet, in document order."""

_UNSHOWN = frozenset(("InlineTextBox", "MenuListPopup"))
"""Nodes of newer versions of Chromium that older ones, whose trees the recordings show, do not have."""


async def tree(page: Page) -> str:
    """The accessibility tree of a page and its frames, as text."""
    await _mark(page.main_frame, "")
    session = await page.context.new_cdp_session(page)
    try:
        found = await session.send("DOM.getDocument", {"depth": -1, "pierce": True})
        bids, frames = _numbers(found["root"])
        root = await session.send("Page.getFrameTree")
        nodes: list[dict[str, Any]] = []
        for frame in (root["frameTree"]["frame"]["id"], *frames):
            answer = await session.send("Accessibility.getFullAXTree", {"frameId": frame})
            nodes += _of_frame(frame, answer["nodes"], bids, frames)
    finally:
        await session.detach()
    return flatten({"nodes": nodes})


async def _mark(frame: Frame, prefix: str) -> None:
    await frame.evaluate(MARK, prefix)
    for child in frame.child_frames:
        element = await child.frame_element()
        bid = await element.get_attribute("bid")
        await _mark(child, bid or "")


def _numbers(root: dict[str, Any]) -> tuple[dict[int, str], dict[str, int]]:
    """The bid of each element, and the element of each frame, by the ids of the protocol."""
    bids: dict[int, str] = {}
    frames: dict[str, int] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        pairs = node.get("attributes", [])
        known = dict(zip(pairs[::2], pairs[1::2], strict=False))
        if "bid" in known:
            bids[node["backendNodeId"]] = known["bid"]
        inside = node.get("contentDocument")
        if inside:
            frames[node["frameId"]] = node["backendNodeId"]
        waiting += [*node.get("children", ()), *([inside] if inside else [])]
    return bids, frames


def _of_frame(
    frame: str, nodes: list[dict[str, Any]], bids: Mapping[int, str], frames: Mapping[str, int]
) -> list[dict[str, Any]]:
    """The nodes of one frame with ids that hold for the whole page, and the roots of frames below their elements."""
    inside = {element: f"{name} root" for name, element in frames.items()}
    by_id = {node["nodeId"]: node for node in nodes}

    def ids(children: list[str]) -> list[str]:
        shown: list[str] = []
        for child in children:
            node = by_id.get(child)
            if node and node.get("role", {}).get("value") in _UNSHOWN:
                shown += ids(node.get("childIds", []))
            elif node:
                shown.append(f"{frame} {child}")
        return shown

    made = []
    for place, node in enumerate(nodes):
        element = node.get("backendDOMNodeId")
        new = {**node, "nodeId": f"{frame} {node['nodeId']}" if place else f"{frame} root"}
        new["childIds"] = [*ids(node.get("childIds", [])), *([inside[element]] if element in inside else [])]
        if element is not None and element in bids:
            new["browsergym_id"] = bids[element]
        made.append(new)
    return made
