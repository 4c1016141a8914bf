"""Executable checks of an observation: rules that hold whatever the world holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from nextstate.domain import Check, calls
from nextstate.domain.checks import no_reply_tags
from nextstate.domains.swe import dialects
from nextstate.domains.swe import operations as op
from nextstate.domains.swe.kernel import forms, layouts, replies
from nextstate.types import Action, Observation, Query

_CREATED = re.compile(r"success|created|wrote|written|updated|\bok\b", re.I)


def _operation(action: Action) -> op.Operation | None:
    call = calls.call_of(action)
    return None if call is None else dialects.operation(call)


def well_formed(query: Query, observation: Observation) -> bool | None:
    """What a command shows has the form that every earlier command's had: tags, JSON, an ending with the status."""
    if not isinstance(_operation(query.action), op.Run):
        return None
    name = calls.parse(query.action).name
    kinds = {_form(turn.observation) for turn in query.history if _runs(turn.action, name)}
    if len(kinds) != 1 or (kind := kinds.pop()) in ("bare", "failure", "cut"):
        return None
    shown = _form(observation)
    return shown in (kind, "cut") if kind in ("tags", "json") else shown == kind or None


def _runs(action: Action, name: str) -> bool:
    return isinstance(_operation(action), op.Run) and _named(action, name)


def _form(observation: Observation) -> str:
    shown = forms.taken_apart(observation)
    return "cut" if shown.cut and shown.kind == "bare" else shown.kind


def created_is_viewed(query: Query, observation: Observation) -> bool | None:
    """A view of the file that the last call wrote shows the text that was written."""
    now, last = _operation(query.action), _last(query)
    if not isinstance(now, op.View) or not now.whole or not isinstance(last, op.Create) or last.path != now.path:
        return None
    said = query.history[-1].observation
    if not _CREATED.search(said[:300]) or replies.refuses(said.replace(last.path, "")) or forms.is_cut(observation):
        return None
    lines = [line for line in last.text.split("\n") if line.strip() and "\\" not in line and '"' not in line]
    if len(last.text) > 5_000 or any(len(line) > 500 or not line.isascii() for line in lines):
        return None
    return all(line.strip() in observation for line in lines)


def _last(query: Query) -> op.Operation | None:
    return _operation(query.history[-1].action) if query.history else None


def same_edit_again(query: Query, observation: Observation) -> bool | None:
    """A replacement that was refused because the text is not in the file is refused again, nothing done between."""
    now = _operation(query.action)
    if not isinstance(now, op.Replace) or not query.history or query.history[-1].action != query.action:
        return None
    said = query.history[-1].observation
    if not re.search(r"did not appear verbatim|not found in file", said[:400]):
        return None
    return re.search(r"did not appear verbatim|not found in file", observation[:400]) is not None


def numbers_rise(query: Query, observation: Observation) -> bool | None:
    """Line numbers of a view count up by one from line to line."""
    operation = _operation(query.action)
    if not isinstance(operation, op.View) or forms.is_cut(observation):
        return None
    seen = layouts.taken_apart(layouts.inside(observation))
    if seen is None or len(seen.lines) < 2 or "`cat -n`" not in seen.head:
        return None
    rest = re.findall(r"^ {0,8}(\d{1,7})\t", seen.tail, re.M)
    return not rest


def range_is_kept(query: Query, observation: Observation) -> bool | None:
    """A view of a range shows no line outside it."""
    operation = _operation(query.action)
    if not isinstance(operation, op.View) or operation.first is None or operation.last is None:
        return None
    seen = layouts.taken_apart(layouts.inside(observation))
    if seen is None or seen.separator == ": " or operation.first < 1 or operation.last < operation.first:
        return None
    return seen.first >= operation.first and seen.last <= operation.last + 1


_ECHO = re.compile(r"\s*echo\s+([A-Za-z0-9_.,:/-]+(?: [A-Za-z0-9_.,:/-]+)*)\s*")
_WRITES = re.compile(r"cat\s+(?:<<\s*'EOF'\s*>\s*[\w./-]+|>\s*[\w./-]+\s*<<\s*'EOF')\n.*\nEOF\s*", re.S)


def echoed(query: Query, observation: Observation) -> bool | None:
    """``echo`` of plain words shows these words."""
    operation = _operation(query.action)
    found = _ECHO.fullmatch(operation.command) if isinstance(operation, op.Run) else None
    if found is None or found[1].startswith("-"):
        return None
    return found[1] in observation


def writing_is_silent(query: Query, observation: Observation) -> bool | None:
    """A here-document that goes into a file prints nothing but complaints of the shell."""
    operation = _operation(query.action)
    if not isinstance(operation, op.Run) or _WRITES.fullmatch(operation.command) is None:
        return None
    if operation.command.count("\nEOF") != 1:
        return None
    output = forms.taken_apart(observation).output.strip()
    return output == "" or len(output) < 40 or ": " in output


def valid_json(query: Query, observation: Observation) -> bool | None:
    """A tool whose results were all JSON objects returns one."""
    call = calls.call_of(query.action)
    if call is None:
        return None
    earlier = [turn.observation for turn in query.history if _named(turn.action, call.name)]
    if len(earlier) < 2 or not all(_is_object(one) for one in earlier):
        return None
    return _is_object(observation)


def _named(action: Action, name: str) -> bool:
    call = calls.call_of(action)
    return call is not None and call.name == name


def _is_object(text: str) -> bool:
    if not text.startswith("{") or len(text) > 1_000_000:
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "well_formed": well_formed,
        "created_is_viewed": created_is_viewed,
        "same_edit_again_is_refused": same_edit_again,
        "line_numbers_rise": numbers_rise,
        "range_is_kept": range_is_kept,
        "no_reply_tags": no_reply_tags,
        "echo_prints_words": echoed,
        "writing_is_silent": writing_is_silent,
        "json_stays_json": valid_json,
    }
)
