"""Values as text: f-strings, ``format``, ``%``; widths are bounded and addresses are not shown."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.python.objects import Function

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.python.machine import Machine

_SIMPLE = (str, int, float)


def formatted(machine: Machine, value: Any, conversion: str, spec: str) -> str:
    """One replacement field: ``{value!conversion:spec}``."""
    kind = type(value)
    if spec:
        machine.budget.format(spec)
    if kind not in _SIMPLE and (conversion or not _formats_itself(machine, kind)):
        machine.vet(value)
    if conversion == "r":
        value = repr(value)
    elif conversion == "s":
        value = str(value)
    elif conversion == "a":
        value = ascii(value)
    if not spec and type(value) is str:
        return value
    if "n" in spec[-1:] and isinstance(value, int | float):
        raise Undetermined("a number in the way of the locale")
    text = format(value, spec)
    machine.budget.text(len(text))
    return text


def _formats_itself(machine: Machine, kind: type) -> bool:
    """Whether a class of the program says how it is formatted."""
    return kind in machine.classes and isinstance(getattr(kind, "__format__", None), Function)


def percent(machine: Machine, template: Any, values: Any) -> Any:
    """``template % values``."""
    machine.budget.format(template if isinstance(template, str) else template.decode("latin-1"))
    given = values if isinstance(values, tuple) else (values,)
    size = len(template)
    for value in given:
        machine.vet(value)
        if isinstance(value, int) and "*" in str(template):
            machine.budget.width(value)
        size += len(value) if hasattr(value, "__len__") else 20
    machine.budget.text(size)
    return template % values


def format_text(machine: Machine, template: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """``template.format(*args, **kwargs)``: fields reach no attribute that the program may not reach."""
    parts: list[str] = []
    _expand(machine, template, args, kwargs, parts, Numbering(), 2)
    text = "".join(parts)
    machine.budget.text(len(text))
    return text


class Numbering:
    """Counts automatic fields; mixing them with numbered ones raises Python's own errors."""

    def __init__(self) -> None:
        self.next = 0
        self.manual: bool | None = None

    def key(self, first: str) -> int | str:
        if first and not first.isdigit():
            return first
        manual = first != ""
        if self.manual is not None and self.manual is not manual:
            if manual:
                raise ValueError("cannot switch from automatic field numbering to manual field specification")
            raise ValueError("cannot switch from manual field specification to automatic field numbering")
        self.manual = manual
        if manual:
            return int(first)
        self.next += 1
        return self.next - 1


def _expand(
    machine: Machine,
    template: str,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    parts: list[str],
    numbering: Numbering,
    depth: int,
) -> None:
    if depth == 0:
        raise ValueError("Max string recursion exceeded")
    for literal, field, spec, conversion in string.Formatter().parse(template):
        parts.append(literal)
        if field is None:
            continue
        value = _looked_up(machine, field, args, kwargs, numbering)
        if spec and "{" in spec:
            inner: list[str] = []
            _expand(machine, spec, args, kwargs, inner, numbering, depth - 1)
            spec = "".join(inner)
        if conversion and conversion not in "rsa":
            raise Undetermined("an unknown conversion")
        parts.append(formatted(machine, value, conversion or "", spec or ""))


def _looked_up(
    machine: Machine, field: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], numbering: Numbering
) -> Any:
    from _string import formatter_field_name_split  # type: ignore[import-not-found]

    first, rest = formatter_field_name_split(field)
    key = numbering.key(str(first))
    if isinstance(key, int):
        if key >= len(args):
            raise IndexError(f"Replacement index {key} out of range for positional args tuple")
        value = args[key]
    else:
        value = kwargs[key]
    for is_attribute, name in rest:
        value = machine.getattr(value, name) if is_attribute else machine.item(value, name)
    return value
