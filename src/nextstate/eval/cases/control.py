"""Controllability, perturbations: an instruction demands what did not happen.

The true answer is then computed from the recorded one, which itself must fail.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nextstate.domain import calls
from nextstate.eval.cases import consistency, texts, told
from nextstate.eval.cases.scene import Draft
from nextstate.eval.cases.told import drawn, dumped, exactly, form_known, shell, usable
from nextstate.eval.cases.wordings import MESSAGES, code, worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nextstate.eval.cases.scene import Rule, Scene


def refused(scene: Scene, turn: int) -> Iterator[Draft]:
    """The action, or the tool, answers with a given message and with nothing else."""
    if scene.domain.screens or not usable(scene, turn) or not drawn(scene, turn, "refused"):
        return
    if not shell(scene, turn) and calls.call_of(scene.actions[turn]) is None:
        return
    chance = scene.chance(turn, "refused")
    mark = code(chance)
    said = chance.choice(MESSAGES).format(code=mark)
    call = calls.call_of(scene.actions[turn])
    text = f"Error: {said}"
    if call is not None:
        wording = worded("refuse_tool", chance, tool=call.name, text=text)
    else:
        wording = worded("refuse", chance, text=text)
    rules = [{"contains": said}, {"line_count": {"least": 1, "most": 2}}, {"size": {"most": 2 * len(text) + 40}}]
    yield Draft({"all": rules}, text + "\n" * (call is None), wording)


def others_work(scene: Scene, turn: int) -> Iterator[Draft]:
    """Another tool, or program, is out of order; this one, whose answer history determines, works as ever."""
    other = _other(scene, turn)
    if not other or scene.domain.screens:
        return
    chance = scene.chance(turn, "others_work")
    text = f"Error: {chance.choice(MESSAGES).format(code=code(chance))}"
    kind = "other_tool" if calls.call_of(scene.actions[turn]) else "other_program"
    wording = worded(kind, chance, tool=other, text=text)
    for rule in (consistency.read_again, consistency.known_lines):
        for draft in rule(scene, turn):
            verifier = {"all": [draft.verifier, {"absent": text}]}
            yield Draft(verifier, None, wording, {"overreach": text})
            return


def _other(scene: Scene, turn: int) -> str:
    """Another tool or program of the same world; a program that does not stand in the action."""
    call = calls.call_of(scene.actions[turn])
    if call is not None and "command" in call.arguments:
        return ""
    if call is not None:
        names = [tool.name for tool in scene.trajectory.setup.tools if tool.name != call.name]
        names += [
            found.name for i in range(turn) if (found := calls.call_of(scene.actions[i])) and found.name != call.name
        ]
    else:
        names = [act.program for act in scene.acts[:turn] if act.program.isalpha()]
        names = [name for name in names if not texts.has(scene.actions[turn], name)]
    return scene.chance(turn, "other").choice(names) if names else ""


def first_lines(scene: Scene, turn: int) -> Iterator[Draft]:
    """Long outputs are cut after some lines."""
    lines = scene.turns[turn].observation.split("\n")
    filled = [line for line in lines if line.strip()]
    if scene.domain.screens or len(filled) < 5 or not usable(scene, turn) or not shell(scene, turn):
        return
    if scene.failed[turn] is True or not scene.acts[turn].looks:
        return
    chance = scene.chance(turn, "first_lines")
    count, mark = chance.randrange(2, min(len(filled) - 1, 7)), f"[cut {code(chance)}]"
    truth = "\n".join([*filled[:count], mark]) + "\n"
    wording = worded("first_lines", chance, count=count, mark=mark)
    wrong = {"not_cut": "\n".join([*filled, mark]), "only_mark": mark}
    yield Draft({"all": [{"last_line": mark}, exactly(count + 1), {"failed": False}]}, truth, wording, wrong)


def first_items(scene: Scene, turn: int) -> Iterator[Draft]:
    """Lists in results are cut after some entries."""
    value = scene.recorded(turn)
    lists = [value] if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    lists = [one for one in lists if isinstance(one, list) and len(one) >= 4]
    if scene.domain.screens or len(lists) != 1 or texts.longest_list(value) != len(lists[0]) or not usable(scene, turn):
        return
    if not form_known(scene, turn):
        return
    chance = scene.chance(turn, "first_items")
    count = chance.randrange(2, min(len(lists[0]), 7))
    short = lists[0][:count]
    cut = short if isinstance(value, list) else {key: short if one is lists[0] else one for key, one in value.items()}
    if texts.longest_list(cut) != count:
        return
    wording = worded("first_items", chance, count=count)
    rules = [{"items": {"least": count, "most": count}}, {"failed": False}]
    yield Draft({"all": rules}, dumped(cut, scene.turns[turn].observation), wording)


_STRERROR = {"read_only": "Read-only file system", "disk_full": "No space left on device"}


def cannot_write(scene: Scene, turn: int) -> Iterator[Draft]:
    """The disk is full or read-only; an action that would have changed a file fails for that reason."""
    act = scene.acts[turn]
    if not shell(scene, turn) or not act.plain or scene.failed[turn] is True:
        return
    paths = [path for path in sorted(act.changes) if not path.startswith(("$", "#")) and path in scene.actions[turn]]
    if len(paths) != 1 or act.moves or act.program not in _WRITES or re.search(r"[;&|<*\n]", scene.actions[turn]):
        return
    chance = scene.chance(turn, "cannot_write")
    full = act.program in ("touch", "mkdir")
    kind = chance.choice(("read_only", "disk_full") if full else ("read_only",))
    said = _STRERROR[kind]
    wording = worded(kind, chance)
    redirected = ">" in scene.actions[turn]
    truth = (
        f"bash: line 1: {paths[0]}: {said}\n"
        if redirected
        else f"{act.program}: cannot {_WRITES[act.program]} '{paths[0]}': {said}\n"
    )
    yield Draft(
        {"all": [{"contains": said}, {"contains": paths[0]}, {"line_count": {"least": 1, "most": 3}}]}, truth, wording
    )


_WRITES = {
    "touch": "touch", "mkdir": "create directory", "rm": "remove", "rmdir": "remove", "cp": "create regular file",
    "chmod": "change permissions of", "ln": "create link", "echo": "write", "printf": "write", "sed": "open",
}  # fmt: skip


def cannot_read(scene: Scene, turn: int) -> Iterator[Draft]:
    """One of the files that an action reads cannot be read; others can."""
    act, action = scene.acts[turn], scene.actions[turn]
    if not shell(scene, turn) or not act.looks or act.program not in _FILE_READERS or _ODD.search(action):
        return
    operands = [word for word in action.split()[1:] if not word.startswith("-") and not word.isdigit()]
    if act.program == "grep":
        operands = operands[1:]
    if len(operands) != 1 or scene.failed[turn] is not False or not scene.shown[turn]:
        return
    chance = scene.chance(turn, "cannot_read")
    path = operands[0]
    kind, said = chance.choice((("unreadable", "Permission denied"), ("bad_item", "Input/output error")))
    wording = worded(kind, chance, path=path)
    rules = [{"contains": said}, {"contains": path}, {"line_count": {"least": 1, "most": 2}}]
    yield Draft({"all": rules}, f"{act.program}: {path}: {said}\n", wording)


_ODD = re.compile(r"[;&|<>*$\n\"'`]")
_FILE_READERS = frozenset("cat head tail wc grep sort md5sum sha256sum nl tac cut uniq od".split())


def withheld(scene: Scene, turn: int) -> Iterator[Draft]:
    """A value of the result is hidden; that it belongs there is known, for the tool has shown it before."""
    value = scene.recorded(turn)
    if scene.domain.screens or not isinstance(value, dict) or scene.failed[turn] is True or not usable(scene, turn):
        return
    program = scene.acts[turn].program
    known = {key for i in range(turn) if scene.acts[i].program == program for key in consistency.keys(scene.values[i])}
    names = [name for name, _ in texts.leaves(value)]
    keys = [
        key
        for key, one in value.items()
        if key in known and isinstance(one, str | int | float) and names.count(key) == 1
    ]
    if not keys:
        return
    chance = scene.chance(turn, "withheld")
    key, mark = chance.choice(keys), f"<hidden {code(chance)}>"
    wording = worded("withheld", chance, key=key, mark=mark)
    kept = [{"contains": texts.written(value[one])} for one in value if one in scene.actions[turn]][:2]
    truth = dumped({**value, key: mark}, scene.turns[turn].observation)
    wrong = {"all_hidden": dumped(dict.fromkeys(value, mark), scene.turns[turn].observation)}
    others = [{"not": {"leaf": {"key": one, "value": mark}}} for one in value if one != key][:10]
    yield Draft({"all": [{"leaf": {"key": key, "value": mark}}, *kept, *others]}, truth, wording, wrong)


def notice(scene: Scene, turn: int) -> Iterator[Draft]:
    """A line stands above every output; what the action shows, which history determines, stands below."""
    if not shell(scene, turn) or not usable(scene, turn):
        return
    chance = scene.chance(turn, "notice")
    mark = f"*** maintenance tonight, notice {code(chance)} ***"
    wording = worded("notice", chance, mark=mark)
    lines = scene.lines[turn]
    if next((one for rule in _DETERMINED for one in rule(scene, turn)), None) is None:
        return
    rules = [{"lines": [mark, *consistency.spread(lines)]}, exactly(len(lines) + 1)]
    truth = f"{mark}\n{scene.turns[turn].observation}"
    yield Draft({"all": [{"first_line": mark}, *rules]}, truth, wording, {"only_mark": mark})


_DETERMINED = (consistency.read_again, consistency.known_lines)


def relabelled(scene: Scene, turn: int) -> Iterator[Draft]:
    """What a screen calls one thing it calls another; the thing was on the screen before and still is."""
    if not scene.domain.screens or not usable(scene, turn) or not drawn(scene, turn, "relabelled"):
        return
    text = scene.turns[turn].observation
    before = scene.before(turn)
    held = [
        word
        for word in dict.fromkeys(_LABEL.findall(scene.shown[turn]))
        if before.count(word) == 1 and text.count(word) == 1
    ]
    held = [word for word in held if word not in scene.actions[turn]]
    if not held:
        return
    chance = scene.chance(turn, "relabelled")
    old = chance.choice(held)
    new = f"{chance.choice(_NEW)} {code(chance)}"
    wording = worded("relabelled", chance, old=old, new=new)
    rules = [{"contains": new}, {"absent": old}, _near(len(scene.lines[turn]))]
    yield Draft({"all": rules}, text.replace(old, new), wording, {"line_alone": new})


def _near(count: int) -> dict[str, Any]:
    return {"line_count": {"least": count // 2, "most": 2 * count + 2}}


_LABEL = re.compile(r"(?<=['\">\t])[A-Z][a-z]{2,15}(?: [A-Za-z]{2,15}){0,2}(?=['\"<\t])")
_NEW = ("Bereich", "Avsnitt", "Parte", "Osa", "Kohta")

RULES: dict[str, Rule] = {
    **told.RULES,
    "refused": refused,
    "others_work": others_work,
    "first_lines": first_lines,
    "first_items": first_items,
    "cannot_write": cannot_write,
    "cannot_read": cannot_read,
    "withheld": withheld,
    "notice": notice,
    "relabelled": relabelled,
}
