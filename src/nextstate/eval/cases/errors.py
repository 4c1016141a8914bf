"""Error handling: an action that must fail, by what the question itself shows, fails, and says why."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.domain.acts import related
from nextstate.eval.cases import failures, texts
from nextstate.eval.cases.consistency import WHOLE
from nextstate.eval.cases.scene import GAP, Draft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.eval.cases.failures import Failure
    from nextstate.eval.cases.scene import Rule, Scene


def _failure(scene: Scene, turn: int) -> Failure | None:
    """The failure that a turn really showed, where that is most of what it showed."""
    if scene.failed[turn] is not True or scene.domain.screens:
        return None
    found = failures.find(scene.shown[turn])
    return found if found is not None and len(scene.lines[turn]) <= 60 else None


def _demand(found: Failure, *things: str) -> dict[str, Any]:
    """A failure of the kind, which names what it is about."""
    told = [failures.one_of("|".join(found.kind.words))]
    named = [{"contains": thing} for thing in things if thing]
    return {"all": [{"failed": True}, *told, *named, {"size": {"most": 4_000 + len(found.line)}}]}


def fails_again(scene: Scene, turn: int) -> Iterator[Draft]:
    """An action that failed some turns ago, and nothing between could have helped: it fails alike."""
    text = scene.shown[turn]
    found = failures.find(text)
    if scene.failed[turn] is not True or scene.domain.screens or _passing(found) or len(text) > WHOLE:
        return
    earlier = next((i for i in range(turn - GAP, -1, -1) if scene.actions[i] == scene.actions[turn]), None)
    if earlier is None or scene.shown[earlier] != text or not _unhelped(scene, earlier, turn):
        return
    first = texts.lines(text)[:1]
    what = [{"contains": found.what}] if found and texts.telling(found.what) else []
    yield Draft({"all": [{"failed": True}, {"lines": first}, *what, {"size": {"most": 2 * len(text) + 200}}]})


def _passing(found: Failure | None) -> bool:
    """Whether a failure may be over the next time."""
    return found is not None and found.kind.name in ("timeout", "too_many", "unreachable", "internal")


def _unhelped(scene: Scene, earlier: int, turn: int) -> bool:
    """Whether each action between failed itself, looks only, or is known not to touch what the action is about."""
    act = scene.acts[turn]
    touched = act.reads | act.changes
    for i in range(earlier + 1, turn):
        other = scene.acts[i]
        if scene.failed[i] is True or other.looks:
            continue
        if not other.plain or (other.moves and act.here) or related(touched, other.changes):
            return False
    return True


def gone(scene: Scene, turn: int) -> Iterator[Draft]:
    """What an action before removed, or moved away, and none made again, is not there."""
    found = _failure(scene, turn)
    if found is None or found.kind.name not in ("no_such_file", "no_such_thing"):
        return
    for earlier in range(turn - 1, -1, -1):
        act = scene.acts[earlier]
        thing = next((one for one in act.removes if _about(one, scene, turn) and _blames(found, one)), "")
        if thing and scene.failed[earlier] is not True:
            if not _touched(scene, thing, earlier, turn):
                yield Draft(_demand(found, _named(found, scene, turn) or ""))
            return


def _touched(scene: Scene, thing: str, since: int, turn: int) -> bool:
    """Whether an action between two turns names a thing and may have made it anew."""
    return any(_last(thing) in scene.actions[i] and not scene.acts[i].looks for i in range(since + 1, turn))


def _blames(found: Failure, thing: str) -> bool:
    """Whether a failure names nothing else than what was removed."""
    return not found.what or related({found.what}, {thing})


def _about(thing: str, scene: Scene, turn: int) -> bool:
    return (
        len(thing) >= 1 and texts.has(scene.actions[turn], _last(thing)) and texts.has(scene.shown[turn], _last(thing))
    )


def _last(thing: str) -> str:
    return thing.rstrip("/").rpartition("/")[2] or thing


def _named(found: Failure, scene: Scene, turn: int) -> str | None:
    """What the failure names, if the action names it too."""
    return found.what if found.what and found.what in _spelt(scene.actions[turn]) else None


def _spelt(action: str) -> str:
    return action.replace('\\"', '"').replace("\\n", "\n")


def missing_before(scene: Scene, turn: int) -> Iterator[Draft]:
    """A path or program that an earlier, other action was told to be missing, and that no action made since."""
    found = _failure(scene, turn)
    if found is None or found.kind.name not in (
        "no_such_file",
        "not_installed",
        "no_module",
        "denied",
        "not_directory",
    ):
        return
    what = _named(found, scene, turn)
    if not what or len(what) < 2 or scene.acts[turn].moves:
        return
    for earlier in range(turn - 1, -1, -1):
        old = failures.find(scene.shown[earlier]) if scene.failed[earlier] is True else None
        if old and old.kind == found.kind and old.what == what and scene.actions[earlier] != scene.actions[turn]:
            moved = any(act.moves for act in scene.acts[earlier + 1 : turn])
            if not moved and not _touched(scene, what, earlier, turn):
                yield Draft(_demand(found, what))
            return


def made_before(scene: Scene, turn: int) -> Iterator[Draft]:
    """What an earlier action made, or is known to be a directory, cannot be made again or read as a file."""
    found = _failure(scene, turn)
    if found is None or found.kind.name not in ("exists", "is_directory", "not_empty"):
        return
    what = _named(found, scene, turn)
    if not what or len(_last(what)) < 2:
        return
    for earlier in range(turn - 1, -1, -1):
        act = scene.acts[earlier]
        if any(_last(what) == _last(one) for one in act.removes):
            return
        made = act.changes and any(_last(what) == _last(one) for one in act.writes)
        if made and scene.failed[earlier] is not True:
            yield Draft(_demand(found, what))
            return


_EVIDENT = ("bad_option", "no_operand", "syntax", "division", "literal", "name_error")


def evident(scene: Scene, turn: int) -> Iterator[Draft]:
    """The action is wrong in itself: an unknown option, a missing operand, broken syntax, a division by zero."""
    found = _failure(scene, turn)
    if found is None or found.kind.name not in _EVIDENT or len(scene.lines[turn]) > 25:
        return
    if found.kind.name in ("bad_option", "literal", "name_error") and not _named(found, scene, turn):
        return
    if found.kind.name == "syntax" and not _broken(scene.actions[turn]):
        return
    yield Draft(_demand(found, *([found.what] if texts.telling(found.what) else [])))


def _broken(action: str) -> bool:
    """Whether quotes or brackets of an action do not close, or it stops in the middle of a construct."""
    text = _spelt(action)
    if text.count("'") % 2 or text.count('"') % 2 or text.count("`") % 2 or text.count("(") != text.count(")"):
        return True
    return bool(
        re.search(r"(?:\|\||&&|\||\()\s*$|^\s*(?:\||&&|;|\))|\bdo\b(?!.*\bdone\b)|\bthen\b(?!.*\bfi\b)", text, re.S)
    )


_ORDINARY = re.compile(r"^(?:[A-Z][a-z]{1,20}|I|\d+\.?|[A-Z][A-Za-z]+,)$")


def no_program(scene: Scene, turn: int) -> Iterator[Draft]:
    """The first word is no program but a word of a sentence, or a name that the shell has refused before."""
    found = _failure(scene, turn)
    if found is None or found.kind.name != "not_installed" or not scene.actions[turn].startswith(found.what):
        return
    if _ORDINARY.match(found.what) and len(scene.lines[turn]) <= 3:
        yield Draft(_demand(found, found.what))


_ELSEWHERE = ("ModuleNotFoundError", "ImportError", "AttributeError")
"""Exceptions that depend on what is installed."""
_IMPORTED = re.compile(r"(?:^|\\n|;|['\"]) *(?:from|import) +(\w+)", re.MULTILINE)


def own_script(scene: Scene, turn: int) -> Iterator[Draft]:
    """A script that an action wrote whole raises an exception of its own."""
    shown = scene.shown[turn]
    if scene.failed[turn] is not True or "Traceback (most recent call last)" not in shown or scene.domain.screens:
        return
    frames = re.findall(r'File "([^"\n]{1,200})", line \d+', shown)
    last = shown.strip().rpartition("\n")[2]
    raised = re.match(r"([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Iteration))\b(?:: (.*))?", last)
    if not frames or not raised or raised[1] in _ELSEWHERE or len(frames) > 12:
        return
    if set(_IMPORTED.findall("\n".join(scene.actions[: turn + 1]))) - sys.stdlib_module_names:
        return
    scripts = {_last(frame) for frame in frames if frame not in ("<stdin>", "<string>")}
    if len(scripts) > 1 or not all(_whole(scene, turn, name) for name in scripts):
        return
    told = _told(scene, turn, raised[2] or "")
    yield Draft({"all": [{"failed": True}, {"contains": raised[1]}, *({"contains": one} for one in told)]})


def _whole(scene: Scene, turn: int, name: str) -> bool:
    """Whether an action wrote the file whole and none that came after wrote to it without our knowing."""
    for earlier in range(turn - 1, -1, -1):
        if name in scene.actions[earlier] and any(_last(one) == name for one in scene.acts[earlier].changes):
            text = scene.actions[earlier]
            return scene.acts[earlier].plain and (("<<" in text) or '"file_text"' in text or '"content"' in text)
    return False


def _told(scene: Scene, turn: int, message: str) -> list[str]:
    """Quoted or odd words of the message that actions hold."""
    actions = "\n".join(scene.actions[: turn + 1])
    return [word for word in texts.words(message) if texts.has(actions, word)][:3]


def bad_arguments(scene: Scene, turn: int) -> Iterator[Draft]:
    """A call of a declared tool whose arguments its schema forbids, or of a tool that is not declared."""
    call = calls.call_of(scene.actions[turn])
    setup = scene.trajectory.setup
    if call is None or scene.failed[turn] is not True or not setup.tools:
        return
    tool = calls.declared(setup, call.name)
    if tool is None:
        yield Draft({"all": [{"failed": True}, {"contains": call.name}, failures.NO_TOOL]})
        return
    blamed = _blamed(calls.problems(tool.input_schema, dict(call.arguments)), scene.shown[turn], tool.input_schema)
    if blamed:
        yield Draft({"all": [{"failed": True}, *({"contains": name} for name in blamed[:3])]})


def _blamed(problems: tuple[str, ...], shown: str, schema: Any) -> list[str]:
    """The members of the schema that the problems and the real message name both."""
    named = set(calls.properties(schema))
    said = "\n".join(problems)
    return [name for name in sorted(named) if len(name) > 1 and texts.has(said, name) and texts.has(shown, name)]


def unknown_thing(scene: Scene, turn: int) -> Iterator[Draft]:
    """A call for an identity that nothing before has shown, though other arguments were, and it is refused."""
    found = _failure(scene, turn)
    call = calls.call_of(scene.actions[turn])
    if found is None or call is None or found.kind.name not in ("no_such_thing", "no_such_file"):
        return
    shown = "\n".join([scene.trajectory.setup.initial_state, *scene.shown[:turn]])
    given = [(key, texts.written(one)) for key, one in texts.leaves(dict(call.arguments)) if isinstance(one, str | int)]
    odd = [one for key, one in given if _names_thing(key) and len(one) < 80 and not texts.has(shown, one)]
    if len(odd) != 1 or not any(texts.has(shown, one) for _, one in given if one != odd[0]):
        return
    yield Draft({"all": [{"failed": True}, failures.one_of("|".join(found.kind.words)), {"size": {"most": 600}}]})


def _names_thing(key: str) -> bool:
    return bool(re.search(r"(?:^|_)id$|Id$|ID$|_number$|^(?:path|filename|file_path|symbol|name|title)$", key))


def not_on_screen(scene: Scene, turn: int) -> Iterator[Draft]:
    """An action on an element that the screen does not have is refused by name."""
    if not scene.domain.screens or scene.failed[turn] is not True:
        return
    found = re.match(r"\w+\(['\"]([^'\"\n]{1,40})['\"]", scene.actions[turn])
    if (
        not found
        or f"[{found[1]}]" in scene.before(turn)
        or not re.search(r"ould not find|no element|not found", scene.shown[turn])
    ):
        return
    yield Draft({"all": [{"failed": True}, {"contains": found[1]}]})


RULES: dict[str, Rule] = {
    "fails_again": fails_again,
    "gone": gone,
    "missing_before": missing_before,
    "made_before": made_before,
    "evident": evident,
    "no_program": no_program,
    "own_script": own_script,
    "bad_arguments": bad_arguments,
    "unknown_thing": unknown_thing,
    "not_on_screen": not_on_screen,
}
