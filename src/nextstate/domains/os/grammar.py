"""Desktop actions: what was done to mouse and keyboard, read from pyautogui code without running it.

The code is parsed with `ast`; only calls of the functions below with literal arguments are taken. Names, order and
defaults of the parameters are those of PyAutoGUI 0.9.54. WAIT, DONE and FAIL are the special words of OSWorld
(xlang-ai/OSWorld), each the whole of an action. How long something takes (``interval``, ``duration``) is checked and
then dropped, for it does not change what the screen shows once it has settled.
"""

from __future__ import annotations

import ast
import warnings

from nextstate.domains.os.makers import MAKERS, Given, Value
from nextstate.domains.os.steps import WORDS, Step, Word
from nextstate.errors import ActionError, nearest_name

MAX_ACTION = 200_000
"""Characters of one action."""
MAX_STATEMENTS = 1_000
"""Calls in one action."""

_TAIL = ("logScreenshot", "_pause")
_PRESSED = ("x", "y", "button", "duration", "tween", *_TAIL)
_SINGLE = ("x", "y", "interval", "duration", "tween", *_TAIL)
_MULTIPLE = ("x", "y", "interval", "button", "duration", "tween", *_TAIL)
_OFFSET = ("xOffset", "yOffset", "duration", "tween", *_TAIL)
_DRAGGED = ("duration", "tween", "button", *_TAIL, "mouseDownUp")
_WHEEL = ("clicks", "x", "y", *_TAIL)
_TYPED = ("message", "interval", *_TAIL)

PARAMETERS: dict[str, tuple[str, ...]] = {
    "click": ("x", "y", "clicks", "interval", "button", "duration", "tween", *_TAIL),
    "leftClick": _SINGLE,
    "rightClick": _SINGLE,
    "middleClick": _SINGLE,
    "doubleClick": _MULTIPLE,
    "tripleClick": _MULTIPLE,
    "moveTo": ("x", "y", "duration", "tween", *_TAIL),
    "moveRel": _OFFSET,
    "move": _OFFSET,
    "dragTo": ("x", "y", *_DRAGGED),
    "dragRel": ("xOffset", "yOffset", *_DRAGGED),
    "drag": ("xOffset", "yOffset", *_DRAGGED),
    "mouseDown": _PRESSED,
    "mouseUp": _PRESSED,
    "scroll": _WHEEL,
    "vscroll": _WHEEL,
    "hscroll": _WHEEL,
    "typewrite": _TYPED,
    "write": _TYPED,
    "press": ("keys", "presses", "interval", *_TAIL),
    "keyDown": ("key", *_TAIL),
    "keyUp": ("key", *_TAIL),
    "hotkey": ("interval", *_TAIL),
    "sleep": ("seconds",),
}
"""The functions that are taken and their parameters in order; ``hotkey`` takes any number of keys before them."""

_REQUIRED = {
    "scroll": "clicks",
    "vscroll": "clicks",
    "hscroll": "clicks",
    "typewrite": "message",
    "write": "message",
    "press": "keys",
    "keyDown": "key",
    "keyUp": "key",
    "sleep": "seconds",
}


def parse(action: str) -> tuple[Step, ...]:
    """What an action does, in order; raises :class:`ActionError` that says what is wrong with it."""
    text = action.strip()
    if not text:
        raise ActionError("the action is empty; give pyautogui code, WAIT, DONE or FAIL")
    if len(action) > MAX_ACTION:
        raise ActionError(f"the action has {len(action)} characters; at most {MAX_ACTION} are taken")
    if text in WORDS:
        return (Word(text),)
    body = _tree(text).body
    if len(body) > MAX_STATEMENTS:
        raise ActionError(f"the action has {len(body)} statements; at most {MAX_STATEMENTS} are taken")
    if any(isinstance(node, ast.Constant) and _halved(node.value) for one in body for node in ast.walk(one)):
        raise ActionError("the action holds half of a surrogate pair, which is no text")
    steps = tuple(_step(statement) for statement in body if not _imports(statement))
    if not steps:
        raise ActionError("the action only imports; add a call such as pyautogui.click(100, 200)")
    return steps


def _halved(value: object) -> bool:
    return isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value)


def _tree(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in a text is no error of the action
            return ast.parse(text)
    except SyntaxError as error:
        raise ActionError(f"the action is not Python code: {error.msg} in line {error.lineno}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ActionError(f"the action is not Python code: {error or 'nested too deeply'}") from None


def _step(statement: ast.stmt) -> Step:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _call(statement.value)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Name) and statement.value.id in WORDS:
        raise ActionError(f"{statement.value.id} must be the whole action; send the code before it on its own")
    kind = type(statement).__name__
    raise ActionError(
        f"line {statement.lineno} is no call ({kind}); only calls such as pyautogui.click(100, 200) one after another"
    )


def _imports(statement: ast.stmt) -> bool:
    """Whether a statement imports what every action may import; raises :class:`ActionError` for other imports."""
    if not isinstance(statement, ast.Import):
        return False
    for alias in statement.names:
        if alias.name not in ("pyautogui", "time") or alias.asname:
            raise ActionError(
                f"line {statement.lineno} imports {alias.name[:80]!r}; only pyautogui and time, under their own names"
            )
    return True


def _call(call: ast.Call) -> Step:
    name = _function(call.func)
    given = _arguments(name, call)
    needed = _REQUIRED.get(name)
    if needed is not None and needed not in given:
        raise ActionError(f"{name} in line {call.lineno} needs the argument {needed!r}")
    try:
        return MAKERS[name](given)
    except ActionError as error:
        raise ActionError(f"{name} in line {call.lineno}: {error}") from None


def _function(func: ast.expr) -> str:
    if isinstance(func, ast.Name):
        near = nearest_name(func.id, PARAMETERS)
        raise ActionError(f"unknown function {func.id[:80]!r}" + (f"; did you mean pyautogui.{near}?" if near else ""))
    if not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Name):
        raise ActionError("only functions of pyautogui and time.sleep are called")
    module, name = func.value.id, func.attr
    if (module == "time" and name == "sleep") or (module == "pyautogui" and name in PARAMETERS):
        return name
    near = nearest_name(name, PARAMETERS) or "click"
    right = "time.sleep" if module == "time" else f"pyautogui.{near}"
    raise ActionError(f"unknown function {module[:80]}.{name[:80]}; did you mean {right}?")


def _arguments(name: str, call: ast.Call) -> Given:
    values = [_literal(name, one) for one in call.args]
    known = PARAMETERS[name]
    given: Given = {}
    if name == "hotkey":
        first = values[0] if values else None
        given["keys"] = first if isinstance(first, list) and len(values) == 1 else values
    elif len(values) > len(known):
        raise ActionError(f"{name} in line {call.lineno} takes at most {len(known)} arguments, got {len(values)}")
    else:
        given |= dict(zip(known, values, strict=False))
    for keyword in call.keywords:
        key = keyword.arg
        if key is None or key in given or key not in known:
            raise ActionError(_misnamed(name, key, given, known))
        given[key] = None if key == "tween" else _literal(name, keyword.value)
    return given


def _misnamed(name: str, key: str | None, given: Given, known: tuple[str, ...]) -> str:
    if key is None:
        return f"{name}: arguments behind ** are not taken"
    if key in given:
        return f"{name} has the argument {key!r} twice"
    near = nearest_name(key, known) or known[0]
    return f"{name} has no argument {key[:80]!r}; did you mean {near!r}?"


def _literal(name: str, node: ast.expr, depth: int = 0) -> Value:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str | None):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _literal(name, node.operand, depth + 1) if depth < 2 else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.List | ast.Tuple) and depth == 0:
        return [_literal(name, one, depth + 1) for one in node.elts]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pyautogui":
        return node.attr.lower()  # pyautogui.RIGHT, pyautogui.easeInQuad
    raise ActionError(f"{name} in line {node.lineno}: arguments must be literal numbers and texts")
