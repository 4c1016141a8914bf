"""A small web site of our own, to be recorded: a shop with a search, a form, a table, panels, a frame and errors.

Nothing of it needs a network beyond loopback. A :class:`Site` is made from a seed: other seeds sell other goods, ask
other questions and lay their pages out differently. A site ``with_scripts`` reacts to input (a total, a count of
letters, a mirrored field, panels) and has links that open a tab; one without does only what HTML does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HOST = "shop.example"
"""The name under which the pages know themselves; a recorder maps it to loopback."""

_GOODS = ("Kettle", "Lamp", "Desk", "Chair", "Mug", "Clock", "Basket", "Rug", "Vase", "Shelf", "Stool", "Mirror")
_KINDS = ("Oak", "Blue", "Round", "Small", "Folding", "Wool", "Glass", "Tall")
_SHOPS = ("Quay Street Goods", "Moss & Stone", "Northlight Home", "The Corner Store")
_WORDS = ("Delivery", "Returns", "Care", "Repair", "Sizes", "Stock")
_COLOURS = ("Red", "Green", "Grey", "Sand", "Navy")


@dataclass(frozen=True, slots=True)
class Item:
    """Something that the shop sells; ``price`` in whole pounds."""

    number: int
    name: str
    price: int


@dataclass(slots=True)
class Site:
    """The pages of one shop. ``basket`` is what visitors have put into it, the only state of the server."""

    seed: int = 0
    with_scripts: bool = False
    basket: list[str] = field(default_factory=list)
    items: tuple[Item, ...] = field(init=False)
    name: str = field(init=False)
    words: tuple[str, ...] = field(init=False)
    colours: tuple[str, ...] = field(init=False)
    in_table: bool = field(init=False)

    def __post_init__(self) -> None:
        pick = random.Random(self.seed)
        names = [f"{kind} {good}" for good in pick.sample(_GOODS, 5) for kind in pick.sample(_KINDS, 1)]
        self.items = tuple(Item(number, name, pick.randrange(4, 90)) for number, name in enumerate(names, 1))
        self.name = pick.choice(_SHOPS)
        self.words = tuple(pick.sample(_WORDS, 3))
        self.colours = tuple(pick.sample(_COLOURS, 3))
        self.in_table = pick.random() < 0.5

    def respond(self, method: str, target: str, body: str = "") -> tuple[int, str]:
        """The status and the HTML that answer a request."""
        parts = urlsplit(target)
        asked = {key: values[-1] for key, values in parse_qs(parts.query if method == "GET" else body).items()}
        first, _, rest = parts.path.strip("/").partition("/")
        page = _PAGES.get(first)
        made = page(self, rest, asked) if page else None
        if made is None:
            return 404, self._page(
                "Page not found", "<p>There is no such page.</p><p><a href='/'>Back to the start</a></p>"
            )
        return 200, made

    def _page(self, title: str, body: str, script: str = "") -> str:
        code = f"<script>{script}</script>" if script and self.with_scripts else ""
        links = "".join(f"<li><a href='/{path}'>{text}</a></li>" for path, text in _MENU)
        count = f" ({len(self.basket)})" if self.basket else ""
        return (
            f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)} | {escape(self.name)}"
            f"</title></head><body><nav aria-label='Main'><ul>{links}<li><a href='/basket'>Basket{count}</a></li></ul>"
            f"</nav><main><h1>{escape(title)}</h1>{body}</main>{code}</body></html>"
        )

    def _home(self, rest: str, asked: Mapping[str, str]) -> str | None:
        goods = "".join(
            f"<li><a href='/item/{one.number}'>{escape(one.name)}</a> £{one.price}</li>" for one in self.items
        )
        search = (
            "<form action='/search' role='search'><input type='search' name='q' aria-label='Search the shop' "
            "list='known'><button>Search</button></form><p id='hint' role='status'></p>"
        )
        script = (
            "document.querySelector('input').addEventListener('input', e => {"
            "document.getElementById('hint').textContent = e.target.value.length + ' letters typed'})"
        )
        return self._page("Welcome", f"{search}<h2>Our goods</h2><ul>{goods}</ul>", script)

    def _search(self, rest: str, asked: Mapping[str, str]) -> str | None:
        words = asked.get("q", "")
        found = [one for one in self.items if words.lower() in one.name.lower()]
        rows = "".join(f"<li><a href='/item/{one.number}'>{escape(one.name)}</a></li>" for one in found)
        shown = f"<ul>{rows}</ul>" if rows else "<p>Nothing was found.</p>"
        form = (
            f"<form action='/search'><label>Search again <input name='q' value='{escape(words, quote=True)}'></label>"
            "<button>Search</button></form>"
        )
        return self._page(f"Results for {words or 'everything'}", form + shown)

    def _item(self, rest: str, asked: Mapping[str, str]) -> str | None:
        item = next((one for one in self.items if str(one.number) == rest), None)
        if item is None:
            return None
        counts = "".join(f"<option>{count}</option>" for count in range(1, 6))
        colours = "".join(
            f"<label><input type='radio' name='colour' value='{one}'{' checked' * (not place)}>{one}</label> "
            for place, one in enumerate(self.colours)
        )
        body = (
            f"<p>£<span id='total'>{item.price}</span></p><form method='post' action='/basket'>"
            f"<input type='hidden' name='item' value='{escape(item.name, quote=True)}'>"
            f"<label for='count'>Quantity</label> <select id='count' name='count'>{counts}</select>"
            f"<fieldset><legend>Colour</legend>{colours}</fieldset>"
            "<label><input type='checkbox' name='wrap'> Gift wrap</label> <button>Add to basket</button></form>"
            f"<details><summary>{self.words[0]}</summary><p>We answer within two days.</p></details>"
        )
        if self.with_scripts:
            body += f"<p><a href='/item/{rest}' target='_blank'>Open in a new tab</a></p>"
        script = (
            f"document.getElementById('count').addEventListener('change', e => {{"
            f"document.getElementById('total').textContent = {item.price} * Number(e.target.value)}})"
        )
        return self._page(item.name, body, script)

    def _basket(self, rest: str, asked: Mapping[str, str]) -> str | None:
        if "item" in asked:
            self.basket.append(f"{asked.get('count', '1')} x {asked['item']}, {asked.get('colour', 'plain')}")
        rows = "".join(f"<li>{escape(one)}</li>" for one in self.basket)
        return self._page("Basket", f"<ol>{rows}</ol>" if rows else "<p>Your basket is empty.</p>")

    def _form(self, rest: str, asked: Mapping[str, str]) -> str | None:
        fields = [
            ("Your name", "<input id='f0' name='name'>"),
            ("E-mail", "<input id='f1' type='email' name='mail' required>"),
            ("Message", "<textarea id='f2' name='message'></textarea>"),
            (
                "Subject",
                "<select id='f3' name='subject'>" + "".join(f"<option>{one}" for one in self.words) + "</select>",
            ),
            ("How many", "<input id='f4' type='number' name='many' min='1' max='9' value='1'>"),
        ]
        if self.in_table:
            rows = "".join(
                f"<tr><td><label for='f{n}'>{text}</label> {control}</td></tr>"
                for n, (text, control) in enumerate(fields)
            )
            inner = f"<table><tr><th>Your question</th></tr>{rows}</table>"
        else:
            inner = "".join(
                f"<p><label for='f{n}'>{text}</label> {control}</p>" for n, (text, control) in enumerate(fields)
            )
        ticks = "".join(
            f"<label><input type='checkbox' name='tick{n}'{' checked' * (n == 1)}> {text}</label><br>"
            for n, text in enumerate(("Send me a copy", "Call me back", "I have read the terms"))
        )
        script = (
            "document.getElementById('f2').addEventListener('input', e => {"
            "document.getElementById('copy').textContent = 'You wrote: ' + e.target.value})"
        )
        buttons = "<button>Send</button> <button type='button' disabled>Withdraw</button>"
        body = f"<form method='post' action='/sent'>{inner}{ticks}{buttons}</form><p id='copy'></p>"
        return self._page("Ask us", body, script)

    def _sent(self, rest: str, asked: Mapping[str, str]) -> str | None:
        rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in asked.items())
        return self._page("Thank you", f"<dl>{rows}</dl>")

    def _table(self, rest: str, asked: Mapping[str, str]) -> str | None:
        by: Callable[[Item], str | int] = (
            (lambda one: one.price) if asked.get("sort") == "price" else (lambda one: one.name)
        )
        rows = "".join(
            f"<tr><td><a href='/item/{one.number}'>{escape(one.name)}</a></td><td>£{one.price}</td></tr>"
            for one in sorted(self.items, key=by)
        )
        head = "<tr><th><a href='/table'>Name</a></th><th><a href='/table?sort=price'>Price</a></th></tr>"
        return self._page("Price list", f"<table>{head}{rows}</table><p><a href='/old-prices'>Old prices</a></p>")

    def _panels(self, rest: str, asked: Mapping[str, str]) -> str | None:
        tabs = "".join(
            f"<button role='tab' aria-selected='{'false' if n else 'true'}' data-panel='p{n}'>{word}</button>"
            for n, word in enumerate(self.words)
        )
        panels = "".join(
            f"<div role='tabpanel' id='p{n}' aria-label='{word}'{' hidden' * bool(n)}>All about {word.lower()}.</div>"
            for n, word in enumerate(self.words)
        )
        script = (
            "for (const tab of document.querySelectorAll('[role=tab]')) tab.onclick = () => {"
            "for (const one of document.querySelectorAll('[role=tab]')) {"
            "one.setAttribute('aria-selected', one === tab ? 'true' : 'false');"
            "document.getElementById(one.dataset.panel).hidden = one !== tab}}"
        )
        more = f"<details><summary>More about {self.words[1].lower()}</summary><p>Ask us in the shop.</p></details>"
        return self._page(
            "Good to know", f"<div role='tablist' aria-label='Subjects'>{tabs}</div>{panels}{more}", script
        )

    def _frame(self, rest: str, asked: Mapping[str, str]) -> str | None:
        return self._page("Newsletter", "<iframe src='/inner' title='Sign up'></iframe><p>Leave whenever you like.</p>")

    def _inner(self, rest: str, asked: Mapping[str, str]) -> str | None:
        greeting = f"<p role='status'>Welcome, {escape(asked['mail'])}</p>" if asked.get("mail") else ""
        return (
            "<!doctype html><html lang='en'><title>Sign up</title><form action='/inner'>"
            "<label>Your address <input name='mail'></label> "
            "<label><input type='checkbox' name='weekly'> Weekly</label> "
            f"<button>Sign up</button></form>{greeting}</html>"
        )


_MENU: Sequence[tuple[str, str]] = (
    ("", "Start"),
    ("table", "Prices"),
    ("form", "Ask us"),
    ("panels", "Good to know"),
    ("frame", "Newsletter"),
)
_PAGES: Mapping[str, Callable[[Site, str, Mapping[str, str]], str | None]] = {
    "": Site._home,
    "search": Site._search,
    "item": Site._item,
    "basket": Site._basket,
    "form": Site._form,
    "sent": Site._sent,
    "table": Site._table,
    "panels": Site._panels,
    "frame": Site._frame,
    "inner": Site._inner,
}
