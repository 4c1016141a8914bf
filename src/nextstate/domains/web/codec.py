"""Actions and screens of the web: calls are parsed and never run, screens are compared without what nobody can know.

An action is one or more calls as BrowserGym takes them (``click('a12')``), one a line. An observation is a screen as
text: the open tabs, the accessibility tree of the page, and, where the action failed, what the environment said.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from nextstate.domains.web.actions import ACTIONS, KINDS, Parameter, Value, accepted
from nextstate.errors import ActionError, nearest_name
from nextstate.types import Action, Observation

MAX_ACTION = 200_000
"""Characters of one action."""
MAX_CALLS = 100
"""Calls of one action."""

TABS = "# Currently open tabs"
TREE = "# Current page Accessibility Tree"
ERROR = "# Error message from last action"
EXAMPLE = "click('a12')"


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``arguments`` holds every parameter in its declared order, also those left to their defaults."""

    name: str
    arguments: Mapping[str, Value]

    def text(self, name: str) -> str:
        """The argument ``name``, which is declared to be a text."""
        value = self.arguments[name]
        assert isinstance(value, str)
        return value


def parse(action: Action) -> tuple[Call, ...]:
    """The calls of an action; raises :class:`ActionError`. Nothing of it is evaluated."""
    if not action.strip():
        raise ActionError(f"the action is empty; give a call such as {EXAMPLE}")
    if len(action) > MAX_ACTION:
        raise ActionError(f"the action has {len(action)} characters; at most {MAX_ACTION} are taken")
    body = _body(action)
    if not 1 <= len(body) <= MAX_CALLS:
        raise ActionError(f"an action is 1 to {MAX_CALLS} calls, one a line, got {len(body)}")
    if any(isinstance(node, ast.Constant) and _halved(node.value) for one in body for node in ast.walk(one)):
        raise ActionError("the action holds half of a surrogate pair, which is no text")
    return tuple(_call(statement) for statement in body)


def _halved(value: object) -> bool:
    return isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value)


def _body(action: Action) -> list[ast.stmt]:
    text = action.strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python, about escapes such as \d
            try:
                return ast.parse(text).body
            except IndentationError:
                return ast.parse("\n".join(line.strip() for line in text.split("\n"))).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or type(error).__name__
        raise ActionError(f"the action is no call ({reason}); give one a line, such as {EXAMPLE}") from None


def _call(statement: ast.stmt) -> Call:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ActionError(f"an action is a call such as {EXAMPLE}, got {_shown(statement)}")
    name = call.func.id
    if name not in ACTIONS:
        near = nearest_name(name, ACTIONS)
        hint = f"did you mean {near!r}?" if near else "known: " + ", ".join(ACTIONS)
        raise ActionError(f"unknown action {name[:80]!r}; {hint}")
    return Call(name, _bound(name, call))


def _bound(name: str, call: ast.Call) -> dict[str, Value]:
    parameters = ACTIONS[name]
    if len(call.args) > len(parameters):
        raise ActionError(f"{_signature(name)} takes {len(parameters)} arguments, got {len(call.args)}")
    given = dict(zip((one.name for one in parameters), call.args, strict=False))
    for keyword in call.keywords:
        _check_keyword(name, keyword.arg, given)
        given[keyword.arg or ""] = keyword.value
    return {one.name: _argument(name, one, given.get(one.name)) for one in parameters}


def _check_keyword(name: str, keyword: str | None, given: Mapping[str, ast.expr]) -> None:
    known = [one.name for one in ACTIONS[name]]
    if keyword in given:
        raise ActionError(f"{name}() got the argument {keyword!r} twice")
    if keyword not in known:
        near = nearest_name(keyword or "", known)
        hint = f"did you mean {near!r}?" if near else f"its form is {_signature(name)}"
        raise ActionError(f"{name}() has no argument {(keyword or '**')[:80]!r}; {hint}")


def _argument(name: str, parameter: Parameter, node: ast.expr | None) -> Value:
    if node is None:
        if parameter.default is None:
            raise ActionError(f"{name}() lacks the argument {parameter.name!r}; its form is {_signature(name)}")
        return parameter.default
    value = accepted(parameter.kind, _literal(node))
    if value is None:
        wanted = KINDS[parameter.kind]
        raise ActionError(f"the argument {parameter.name!r} of {name}() is {wanted}, got {_shown(node)}")
    return value


def _literal(node: ast.expr) -> object:
    """The value of a literal, lists of them included; ``None`` for anything else."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(one.value if isinstance(one, ast.Constant) else None for one in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        number = node.operand.value if isinstance(node.operand, ast.Constant) else None
        if isinstance(number, int | float) and not isinstance(number, bool):
            return -number if isinstance(node.op, ast.USub) else number
    return None


def _shown(node: ast.AST) -> str:
    """A piece of an action for an error message: kinds of syntax in words, since its text may be anything."""
    if isinstance(node, ast.Constant):
        return f"{type(node.value).__name__} {node.value!r}"[:80]
    return "code (" + type(node.value if isinstance(node, ast.Expr) else node).__name__ + ")"


def _signature(name: str) -> str:
    parts = (one.name if one.default is None else f"{one.name}={_written(one.default)}" for one in ACTIONS[name])
    return f"{name}({', '.join(parts)})"


def _written(value: Value) -> str:
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def render(calls: tuple[Call, ...]) -> Action:
    """The canonical text of calls: what is required by position, what differs from its default by name."""
    return "\n".join(map(_rendered, calls))


def _rendered(call: Call) -> str:
    parts = []
    for one in ACTIONS[call.name]:
        value = call.arguments[one.name]
        if one.default is None:
            parts.append(_written(value))
        elif value != one.default:
            parts.append(f"{one.name}={_written(value)}")
    return f"{call.name}({', '.join(parts)})"


def validate(action: Action) -> None:
    """Raises :class:`ActionError` for what is not one or more known calls with fitting arguments."""
    parse(action)


_MARKS = re.compile(r' browsergym_\w+="[^"\n]*"')
_LOGGED = re.compile(r"^(?:\s*(?:-|\d+ ×) *)+")
_RETRY = re.compile(r"waiting \d+ms|retrying .* action.*|scrolling into view if needed|done scrolling")
_TIMEOUT = re.compile(r"Timeout \d+ms exceeded")


def canonical(observation: Observation) -> Observation:
    """The observation without what nobody can know: how often a failing action was tried again, and when.

    Below an error message, equal lines of the call log count once, lines about waiting and trying again do not count,
    and the marks that the environment puts on elements to measure them are left out.
    """
    screen, heading, error = observation.partition(f"\n{ERROR}\n")
    if not heading:
        return observation
    message, log, lines = error.partition("\nCall log:\n")
    message = _TIMEOUT.sub("Timeout exceeded", message)
    kept = dict.fromkeys(_MARKS.sub("", _LOGGED.sub("- ", line).rstrip()) for line in lines.split("\n"))
    wanted = [line for line in kept if line.strip("- ") and not _RETRY.fullmatch(line.removeprefix("- "))]
    return screen + heading + message + log + "\n".join(wanted)


def error_of(observation: Observation) -> str:
    """What the environment said of the last action; empty where it said nothing."""
    return observation.partition(f"\n{ERROR}\n")[2].strip()
