"""What typing, ticking, choosing and moving the focus do to a page, where nothing but HTML is at work.

Each rule gives the page that HTML alone makes of an action, or a :class:`Unknown` where the tree does not tell enough.
Whether a site may be trusted to do no more than that is decided by :mod:`~nextstate.domains.web.kernel.trust`.
"""

from __future__ import annotations

from dataclasses import replace

from nextstate.domain import Unknown
from nextstate.domains.web.codec import Call
from nextstate.domains.web.page import Node, Page, plain

FIELDS = frozenset(("textbox", "searchbox"))
TOGGLES = frozenset(("checkbox", "radio"))
FOCUSABLE = FIELDS | TOGGLES | {"link", "button", "combobox", "spinbutton", "DisclosureTriangle", "listbox", "slider"}
INERT = frozenset(("heading", "paragraph", "StaticText", "strong", "emphasis", "time", "Legend", "caption", "code"))
"""Roles that take no focus and do nothing of themselves when they are clicked."""
FROM_CONTENT = frozenset(
    "cell gridcell row columnheader rowheader LayoutTableCell LayoutTableRow link button heading option tab menuitem "
    "treeitem tooltip LabelText Legend".split()
)
"""Roles that are called after what stands inside them (WAI-ARIA 1.2, name from content)."""
SPACE = frozenset((" ", "Space"))


def apply(page: Page, place: int, call: Call) -> Page | Unknown:
    """The page after ``call`` was done to the node at ``place``, if HTML alone decides."""
    node = page.nodes[place]
    if any(one.role == "alert" and not one.bid for one in page.nodes):
        return Unknown("a message of the browser stands above the page")
    if node.get("disabled") == "True":
        return Unknown("the element is disabled")
    if call.name in ("fill", "clear"):
        return _filled(page, place, call.text("value") if call.name == "fill" else "")
    if call.name == "select_option":
        return _selected(page, place, call)
    if call.name == "focus":
        return _focused(page, place)
    if call.name == "press":
        if call.text("key_comb") in SPACE and node.role in TOGGLES:
            return _toggled(page, place)
        return Unknown("what a key does is up to the page")
    if call.name == "click" and call.arguments["button"] == "left" and not call.arguments["modifiers"]:
        return _clicked(page, place)
    return Unknown("what this does is up to the page")


def _clicked(page: Page, place: int) -> Page | Unknown:
    role = page.nodes[place].role
    if role in TOGGLES:
        return _toggled(page, place)
    if role in FIELDS or role == "spinbutton":
        return _focused(page, place)
    if role in INERT and not _live(page, place):
        return _with_focus(page, place, None)
    return Unknown("what a click does here is up to the page")


def _live(page: Page, place: int) -> bool:
    """Whether a node stands in or around something that a click may set off."""
    inside = range(place + 1, page.end(place))
    live = FOCUSABLE | {"LabelText", "option", "tab", "menuitem"}
    return any(page.nodes[one].role in live for one in (*inside, *page.around(place)))


def _focused(page: Page, place: int) -> Page | Unknown:
    role = page.nodes[place].role
    if role in FOCUSABLE:
        return _with_focus(page, place, place)
    return page if role in INERT else Unknown("it does not show whether the element takes the focus")


def _with_focus(page: Page, place: int, focus: int | None) -> Page:
    """The page with the focus on a node, or on nothing, of the frame that ``place`` is in."""
    root = next((one for one in page.around(place) if page.nodes[one].role == "RootWebArea"), 0)
    keep = {root} if focus is None else {root, focus}
    return page.with_nodes([node.with_focus(one in keep) for one, node in enumerate(page.nodes)])


def _toggled(page: Page, place: int) -> Page | Unknown:
    node = page.nodes[place]
    checked = node.get("checked")
    if checked not in ("'true'", "'false'"):
        return Unknown("the element is neither ticked nor unticked")
    others: list[int] = []
    if node.role == "radio":
        group = _group(page, place)
        others = [one for one in group if page.nodes[one].get("checked") == "'true'" and one != place]
        if len(others) > 1:
            return Unknown("it does not show which radio buttons belong together")
    new = "'true'" if node.role == "radio" or checked == "'false'" else "'false'"
    nodes = list(page.nodes)
    nodes[place] = node.with_property("checked", new)
    for one in others:
        nodes[one] = nodes[one].with_property("checked", "'false'")
    return _with_focus(page.with_nodes(nodes), place, place)


def _group(page: Page, place: int) -> list[int]:
    """Radio buttons around one, up to where another control or another group begins."""
    within = next((one for one in page.around(place) if page.nodes[one].role in ("group", "radiogroup")), None)
    first, last = (within + 1, page.end(within)) if within is not None else (0, len(page.nodes))
    found = [place]
    for step in (-1, 1):
        one = place + step
        while first <= one < last and page.nodes[one].role not in FOCUSABLE - {"radio"}:
            if page.nodes[one].role == "radio":
                found.append(one)
            one += step
    return found


def _filled(page: Page, place: int, text: str) -> Page | Unknown:
    node = page.nodes[place]
    if node.role not in FIELDS or node.get("autocomplete") or node.get("hasPopup"):
        return Unknown("no plain text field")
    if text != text.strip() or not text.isprintable():
        return Unknown("what a field makes of blanks and line ends is not shown")
    inside = page.nodes[place + 1 : page.end(place)]
    if any(one.role != "StaticText" for one in inside) or len(inside) > 1:
        return Unknown("the field holds more than a text")
    shown = [Node(node.depth + 1, "", "StaticText", repr(text))] if text else []
    field = replace(node, value=repr(text) if text else "")
    new = page.with_nodes([*page.nodes[:place], field, *shown, *page.nodes[page.end(place) :]])
    named = _renamed(new, place, node, field)
    return named if isinstance(named, Unknown) else _with_focus(named, place, place)


def _selected(page: Page, place: int, call: Call) -> Page | Unknown:
    node, options = page.nodes[place], call.arguments["options"]
    wanted = options if isinstance(options, str) else options[0] if isinstance(options, tuple) and options else None
    if node.role != "combobox" or not node.value or (isinstance(options, tuple) and len(options) != 1):
        return Unknown("no list to choose one option from")
    inside = range(place + 1, page.end(place))
    choices = [one for one in inside if page.nodes[one].role == "option"]
    chosen = next((one for one in choices if page.nodes[one].called == wanted), None)
    if chosen is None or wanted is None or len(choices) != len(inside):
        return Unknown("no option has this label; it may be the value of one")
    if page.nodes[chosen].get("disabled"):
        return Unknown("the option is disabled")
    nodes = list(page.nodes)
    nodes[place] = replace(node, value=page.nodes[chosen].name)
    for one in choices:
        nodes[one] = nodes[one].with_property("selected", str(one == chosen))
    return _renamed(page.with_nodes(nodes), place, node, nodes[place])


def _renamed(page: Page, place: int, old: Node, new: Node) -> Page | Unknown:
    """The page whose nodes around a field, where they are called after their content, have their new names."""
    nodes = list(page.nodes)
    for one in page.around(place):
        node = nodes[one]
        if node.role not in FROM_CONTENT or not node.called or old.value == new.value:
            continue
        name = _new_name(page, one, place, old, new)
        if name is None:
            return Unknown("the name of what stands around the field does not tell which part of it is the field's")
        nodes[one] = replace(node, name=repr(name))
    return page.with_nodes(nodes)


def _new_name(page: Page, one: int, place: int, old: Node, new: Node) -> str | None:
    """The name of the node at ``one`` once a field inside it has another value.

    Versions of Chromium differ in what an empty field adds to it: its own name, or nothing. The name that is shown
    tells which, if one of the two ways gives it; a name that neither gives was made of more than the tree shows.
    """
    before, ways = plain(old.value), {"": "", "own": old.called}
    if before:
        ways = {"both": before}
    fits = [way for way, told in ways.items() if _content(page, one, place, told) == page.nodes[one].called]
    after = plain(new.value)
    if len(fits) != 1 or (not after and before):
        return None
    return _content(page, one, place, after)


def _content(page: Page, one: int, place: int, told: str) -> str:
    """What the nodes inside the node at ``one`` say together; the one at ``place`` says ``told``."""
    parts, skip = [], one + 1
    for inner in range(one + 1, page.end(one)):
        node = page.nodes[inner]
        if inner < skip:
            continue
        if inner == place or node.called:
            parts.append(told if inner == place else node.called)
            skip = page.end(inner)
    return " ".join(" ".join(parts).split())
