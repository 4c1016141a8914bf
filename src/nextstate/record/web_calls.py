"""What the calls of an action do in a real browser, and what is said of one that fails, as in BrowserGym."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from nextstate.domains.web import codec
from nextstate.errors import ActionError
from nextstate.record.web_browser import LOAD_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nextstate.domains.web.codec import Call
    from nextstate.record.web_browser import Browser
    from nextstate.types import Action

ACTION_MS = 500
"""How long an action tries to find its element ready, in milliseconds, as in BrowserGym."""


async def _nothing(browser: Browser, call: Call) -> None:
    browser.messages += [str(value) for value in call.arguments.values() if isinstance(value, str)]


async def _fill(browser: Browser, call: Call) -> None:
    await (await browser.element(call.text("bid"))).fill(call.text("value"), timeout=ACTION_MS)


async def _select(browser: Browser, call: Call) -> None:
    options = call.arguments["options"]
    wanted = list(options) if isinstance(options, tuple) else call.text("options")
    await (await browser.element(call.text("bid"))).select_option(wanted, timeout=ACTION_MS)


async def _click(browser: Browser, call: Call, *, twice: bool = False) -> None:
    element = await browser.element(call.text("bid"))
    press = element.dblclick if twice else element.click
    await press(**_mouse(call), timeout=ACTION_MS)


def _mouse(call: Call) -> dict[str, Any]:
    return {"button": call.arguments["button"], "modifiers": list(call.arguments["modifiers"])}  # type: ignore[arg-type]


async def _simple(browser: Browser, call: Call, *, method: str) -> None:
    await getattr(await browser.element(call.text("bid")), method)(timeout=ACTION_MS)


async def _press(browser: Browser, call: Call) -> None:
    await (await browser.element(call.text("bid"))).press(call.text("key_comb"), timeout=ACTION_MS)


async def _drag(browser: Browser, call: Call) -> None:
    await (await browser.element(call.text("from_bid"))).hover(timeout=ACTION_MS)
    await browser.page.mouse.down()
    await (await browser.element(call.text("to_bid"))).hover(timeout=ACTION_MS)
    await browser.page.mouse.up()


async def _scroll(browser: Browser, call: Call) -> None:
    x, y = call.arguments.values()
    await browser.page.mouse.wheel(x, y)  # type: ignore[arg-type]  # both are declared to be numbers


async def _keyboard(browser: Browser, call: Call, *, method: str) -> None:
    (text,) = call.arguments.values()
    await getattr(browser.page.keyboard, method)(text)


async def _point(browser: Browser, call: Call, *, method: str) -> None:
    x, y = call.arguments["x"], call.arguments["y"]
    await getattr(browser.page.mouse, method)(x, y)


async def _goto(browser: Browser, call: Call) -> None:
    await browser.page.goto(call.text("url"), timeout=LOAD_MS)


async def _history(browser: Browser, call: Call, *, method: str) -> None:
    await getattr(browser.page, method)(timeout=LOAD_MS)


async def _new_tab(browser: Browser, call: Call) -> None:
    browser.show(await browser.context.new_page())


async def _close_tab(browser: Browser, call: Call) -> None:
    await browser.page.close()
    pages = browser.context.pages
    browser.show(pages[-1] if pages else await browser.context.new_page())


async def _focus_tab(browser: Browser, call: Call) -> None:
    index = call.arguments["index"]
    assert isinstance(index, int)
    browser.show(browser.context.pages[index])
    await browser.page.bring_to_front()


_DO: dict[str, Callable[[Browser, Call], Any]] = {
    "noop": _nothing,
    "send_msg_to_user": _nothing,
    "report_infeasible": _nothing,
    "scroll": _scroll,
    "fill": _fill,
    "select_option": _select,
    "click": _click,
    "dblclick": functools.partial(_click, twice=True),
    "hover": functools.partial(_simple, method="hover"),
    "focus": functools.partial(_simple, method="focus"),
    "clear": functools.partial(_simple, method="clear"),
    "press": _press,
    "drag_and_drop": _drag,
    "goto": _goto,
    "go_back": functools.partial(_history, method="go_back"),
    "go_forward": functools.partial(_history, method="go_forward"),
    "new_tab": _new_tab,
    "tab_close": _close_tab,
    "tab_focus": _focus_tab,
    "keyboard_press": functools.partial(_keyboard, method="press"),
    "keyboard_type": functools.partial(_keyboard, method="type"),
    "keyboard_insert_text": functools.partial(_keyboard, method="insert_text"),
    "mouse_move": functools.partial(_point, method="move"),
    "mouse_click": functools.partial(_point, method="click"),
    "mouse_dblclick": functools.partial(_point, method="dblclick"),
}
"""What this recorder can do: all but uploads, buttons and keys that are held down, and reading HTML."""


async def do(browser: Browser, action: Action) -> str:
    """Let the browser see an action; gives what the environment says of it, empty where nothing went wrong.

    Raises :class:`ActionError` for an action that does not parse or that this recorder cannot do.
    """
    from playwright.async_api import Error

    calls = codec.parse(action)
    if lacking := [call.name for call in calls if call.name not in _DO]:
        raise ActionError(f"this recorder cannot do {lacking[0]}(); known: {', '.join(_DO)}")
    try:
        for call in calls:
            await _DO[call.name](browser, call)
    except (Error, ValueError, IndexError) as error:
        return f"{type(error).__name__}: {error}".strip()
    return ""
