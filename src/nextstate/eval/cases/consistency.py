"""Long-context consistency: what was written or shown some turns ago is what is read now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nextstate.domain.acts import related
from nextstate.eval.cases import failures, texts
from nextstate.eval.cases.scene import GAP, Draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nextstate.eval.cases.scene import Rule, Scene

WHOLE = 6_000
"""Characters up to which an answer that was shown before must be the same whole; of a longer one its lines."""
DEMANDED = 40
"""Lines or values that a verifier demands at most."""
_NUMBERED = re.compile(r"^(?:[\w./+-]{1,200}[:-])?\d{1,6}[:\t|-] ?|^[\w./+-]{1,200}:(?=\S)|^\s*\d{1,6}\s")
"""What readers put in front of a line: its number, its file."""


def read_again(scene: Scene, turn: int) -> Iterator[Draft]:
    """The same read as some turns before, and nothing between could have changed what it shows: it shows the same."""
    act, text = scene.acts[turn], scene.shown[turn]
    if not act.looks or scene.failed[turn] is True or len(text) < 8:
        return
    earlier = _same_before(scene, turn)
    if earlier is not None and scene.shown[earlier] == text and scene.untouched(earlier, turn):
        yield Draft(_same(text))


_DRIFTS = re.compile(
    r"time|now|date|random|current|latest|live|trend|weather|price|uuid|stat|next|lookup|more|status|ps|df|free|uptime"
)


def asked_again(scene: Scene, turn: int) -> Iterator[Draft]:
    """A read of some turns before, asked here in place of the recorded action: nothing has changed what it shows."""
    if (
        scene.domain.screens
        or turn < GAP + 1
        or turn != scene.chance("asked_again").randrange(GAP + 1, len(scene.turns))
    ):
        return
    found = [i for i in range(turn - GAP + 1) if _lasting(scene, i) and scene.untouched_until(i, turn)]
    if found:
        earlier = scene.chance(turn, "earlier").choice(found)
        turn_then = scene.turns[earlier]
        if scene.shown[earlier] != scene.before(turn):
            yield Draft(_same(scene.shown[earlier]), turn_then.observation, action=turn_then.action)


def _lasting(scene: Scene, turn: int) -> bool:
    """Whether a turn shows something that stays unless it is changed, and did wherever it was asked for again."""
    act = scene.acts[turn]
    looks = act.looks and scene.failed[turn] is not True and 12 <= len(scene.shown[turn]) <= WHOLE
    again = (i for i in range(len(scene.turns)) if scene.actions[i] == scene.actions[turn])
    return looks and not _DRIFTS.search(act.program) and all(scene.shown[i] == scene.shown[turn] for i in again)


def _same_before(scene: Scene, turn: int) -> int | None:
    """The last time before the turns just before that the same action was taken."""
    found = (one for one in range(turn - GAP, -1, -1) if scene.actions[one] == scene.actions[turn])
    return next(found, None)


def _same(text: str) -> dict[str, Any]:
    if len(text) <= WHOLE:
        return {"equals": text}
    lines = texts.lines(text)
    return {"all": [{"lines": spread(lines)}, _about(len(lines))]}


def spread(lines: list[str]) -> list[str]:
    """At most :data:`DEMANDED` of the lines, evenly spread, in order."""
    step = max(1, -(-len(lines) // DEMANDED))
    return lines[::step]


def _about(count: int) -> dict[str, Any]:
    """So many lines, a tenth more or less."""
    return {"line_count": {"least": count - count // 10, "most": count + count // 10}}


def known_lines(scene: Scene, turn: int) -> Iterator[Draft]:
    """A read of something all of whose lines were written or shown, some turns ago, as lines of that same thing."""
    act, lines = scene.acts[turn], scene.lines[turn]
    if not act.looks or scene.failed[turn] is True or not lines or len(lines) > 200:
        return
    if _same_before(scene, turn) is not None and scene.stale(turn) is None:
        return  # another rule's case
    if failures.find(scene.shown[turn]) is not None or _COMPARES.search(scene.actions[turn]):
        return
    sources = [i for i in range(turn - 1) if _tells_of(scene, i, turn)]
    known, parts = _known(scene, sources)
    bare = [_NUMBERED.sub("", line, count=1).strip() for line in lines]
    if not all(
        line in known or short in known or _known_part(line, parts) for line, short in zip(lines, bare, strict=True)
    ):
        return
    if not any(len(line) >= 4 for line in lines) or not _beyond(scene, turn):
        return
    if any(not scene.acts[i].plain and not scene.refused(i) for i in range(max(sources) + 1, turn)):
        return
    yield Draft({"all": [{"lines": spread(lines)}, {"line_count": {"least": len(lines), "most": len(lines)}}]})


_COMPARES = re.compile(r"\b(?:comm|join|diff|cmp|paste|uniq -[du])\b")
"""What shows a file by another one, of which all need not have been shown."""


def _tells_of(scene: Scene, earlier: int, turn: int) -> bool:
    """Whether an earlier turn wrote or showed what a turn reads, by name, and worked."""
    act = scene.acts[earlier]
    if "." in scene.acts[turn].reads and ("." in act.reads or act.changes) and scene.failed[earlier] is not True:
        return True
    named = scene.acts[turn].reads - {"."}
    return bool(named) and scene.failed[earlier] is not True and related(named, (act.reads | act.changes) - {"."})


def _known(scene: Scene, sources: Iterable[int]) -> tuple[set[str], set[str]]:
    """The lines that sources show or write, and the words of what they write."""
    lines: set[str] = set()
    parts: set[str] = set()
    for source in sources:
        lines.update(scene.lines[source])
        lines.update(_NUMBERED.sub("", line, count=1).strip() for line in scene.lines[source])
        if scene.acts[source].changes:
            written = _spelt(scene.actions[source])
            lines.update(texts.lines(written))
            parts.update(re.split(r"[\s'\"=;|&<>()]+", written)[:2_000])
    return lines - {""}, parts - {""}


def _spelt(action: str) -> str:
    """An action with the line ends of JSON and of quoted texts as line ends."""
    return action.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')


def _known_part(line: str, parts: set[str]) -> bool:
    """Whether a line is one word, or few, that an action wrote."""
    words = line.split(" ")
    return len(line) >= 4 and len(words) <= 12 and all(word in parts for word in words)


def _beyond(scene: Scene, turn: int) -> bool:
    """Whether the action does not itself say what is shown."""
    return any(line not in texts.lines(_spelt(scene.actions[turn])) for line in scene.lines[turn]) and not all(
        line in scene.actions[turn] for line in scene.lines[turn]
    )


def written_value(scene: Scene, turn: int) -> Iterator[Draft]:
    """A read that shows values which an action gave to the same thing some turns ago."""
    act, text = scene.acts[turn], scene.shown[turn]
    if not act.looks or scene.failed[turn] is True or not text or scene.values[turn] is None:
        return
    near = f"{scene.actions[turn]}\n{scene.before(turn)}\n{scene.actions[turn - 1] if turn else ''}"
    given: list[str] = []
    for earlier in range(turn - GAP, -1, -1):
        if scene.acts[earlier].changes and scene.failed[earlier] is not True and _of_same(scene, earlier, turn):
            given += [
                value for value in _given(scene, earlier) if texts.has(text, value) and not texts.has(near, value)
            ]
    wanted = list(dict.fromkeys(given))[:8]
    if wanted:
        yield Draft({"all": [*({"contains": value} for value in wanted), *_gone(scene, turn), _no_more(text)]})


def _of_same(scene: Scene, earlier: int, turn: int) -> bool:
    """Whether a turn reads what an earlier one wrote: the same name, or an identity that the earlier answer told."""
    ours, theirs = scene.acts[turn], scene.acts[earlier]
    if related(ours.reads, theirs.changes):
        return True
    return any(texts.has(scene.shown[earlier], thing) for thing in ours.reads if texts.telling(thing))


def _given(scene: Scene, turn: int) -> list[str]:
    """The values that a call gave."""
    value = texts.value_of(scene.actions[turn])
    found = (texts.written(one) for key, one in texts.leaves(value) if key != "name" and one is not None)
    return [text for text in found if _distinct(text)]


def _distinct(text: str) -> bool:
    return "\n" not in text and 3 <= len(text) <= 200 and any(map(texts.telling, [text, *text.split()]))


def _gone(scene: Scene, turn: int) -> list[dict[str, Any]]:
    """What the same read showed before and shows no more, as values that must be absent."""
    stale = scene.stale(turn)
    old = texts.value_of(scene.domain.canonical(stale)) if stale is not None else None
    if old is None:
        return []
    found = dict.fromkeys(texts.written(one) for _, one in texts.leaves(old) if isinstance(one, str | int | float))
    return [{"absent": one} for one in found if _distinct(one) and not texts.has(scene.shown[turn], one)][:4]


def _no_more(text: str) -> dict[str, Any]:
    """No answer that shows everything there ever was."""
    return {"size": {"most": 2 * len(text) + 80}}


def set_up_told(scene: Scene, turn: int) -> Iterator[Draft]:
    """A read that shows values which nothing but the first state has told."""
    value, act = scene.values[turn], scene.acts[turn]
    told = scene.trajectory.setup.initial_state
    if scene.domain.screens or value is None or scene.failed[turn] is True or not told or turn < GAP or not act.looks:
        return
    if not all(texts.has(told, thing) for thing in act.reads if texts.telling(thing) and not thing.startswith("#")):
        return  # about a thing that came later
    found = [texts.written(one) for _, one in texts.leaves(value) if isinstance(one, str | int | float)]
    found = [one for one in dict.fromkeys(found) if _distinct(one)]
    near = f"{scene.actions[turn]}\n{scene.before(turn)}"
    wanted = [one for one in found if texts.has(told, one) and not texts.has(near, one)]
    if len(wanted) >= len(found) / 2 and any(len(one) > 5 for one in wanted):
        yield Draft(
            {"all": [*({"contains": one} for one in wanted[:8]), *_gone(scene, turn), _no_more(scene.shown[turn])]}
        )


def record_kept(scene: Scene, turn: int) -> Iterator[Draft]:
    """A thing that the action names by its identity, shown some turns ago, is shown again with the values it had.

    The tool has answered in this form before.

    Values that an action between gave to it, or that changed, are not asked for.
    """
    text, value = scene.shown[turn], scene.values[turn]
    if value is None or scene.failed[turn] is True or not _form_known(scene, turn):
        return
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for earlier in range(turn - 1):
        if scene.values[earlier] is not None and scene.failed[earlier] is not True:
            for one in texts.objects(scene.values[earlier]):
                for identity in _identities(one):
                    seen.setdefault(identity, {}).update(one)
    kept: list[str] = []
    near = f"{scene.actions[turn]}\n{scene.before(turn)}"
    for one in texts.objects(value):
        named = [identity for identity in _identities(one) if texts.has(scene.actions[turn], identity[1])]
        old = next((seen[identity] for identity in named if _same_record(one, seen.get(identity, {}))), {})
        pairs = [(texts.written(new), key) for key, new in one.items() if isinstance(new, str | int | float)]
        kept += [new for new, key in pairs if key in old and texts.written(old[key]) == new and _distinct(new)]
    wanted = [one for one in dict.fromkeys(kept) if not texts.has(near, one)]
    if wanted:
        yield Draft({"all": [*({"contains": one} for one in wanted[:DEMANDED]), *_gone(scene, turn), _no_more(text)]})


def _same_record(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two objects agree in each identity: that of an owner, say, is no proof."""
    return all(str(other.get(key)) == value for key, value in _identities(one))


def _form_known(scene: Scene, turn: int) -> bool:
    """Whether the same tool has answered before with the same keys."""
    form = keys(scene.values[turn])
    program = scene.acts[turn].program
    return any(scene.acts[i].program == program and keys(scene.values[i]) == form for i in range(turn))


def keys(value: Any) -> frozenset[str]:
    """The members of an object, or of the first one of a list; none of anything else."""
    first = value[0] if isinstance(value, list) and value else value
    return frozenset(first) if isinstance(first, dict) else frozenset()


def _identities(one: dict[str, Any]) -> list[tuple[str, str]]:
    """The members by which an object is the same as another, such as ``id``, ``order_id`` and ``flight_number``."""
    return [(key, str(value)) for key, value in one.items() if _IDENTITY.search(key) and isinstance(value, str | int)]


_IDENTITY = re.compile(r"(?:^|_)id$|Id$|ID$|^symbol$|_number$|^path$|^url$")


def counted_on(scene: Scene, turn: int) -> Iterator[Draft]:
    """A quantity that was shown some turns ago and that given numbers have since raised or lowered."""
    value = scene.values[turn]
    if value is None or scene.failed[turn] is True or isinstance(value, list):
        return
    for key, new in texts.leaves(value):
        old_turn = next((i for i in range(turn - 1, -1, -1) if _leaf(scene, i, key) is not None), None)
        if not _number(new) or old_turn is None or turn - old_turn < GAP or not key:
            continue
        old = _leaf(scene, old_turn, key)
        steps = [number for i in range(old_turn + 1, turn + 1) for number in _amounts(scene, i)]
        if old != new and _moved(float(old), float(new), steps):
            demanded = [{"contains": texts.written(new)}, {"absent": texts.written(old)}]
            yield Draft({"all": [*demanded, _no_more(scene.shown[turn])]}, variant=key)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 3


def _leaf(scene: Scene, turn: int, key: str) -> Any:
    value = scene.values[turn]
    found = [one for name, one in texts.leaves(value) if name == key and _number(one)] if value is not None else []
    return found[0] if len(found) == 1 else None


def _amounts(scene: Scene, turn: int) -> list[float]:
    if scene.acts[turn].looks or scene.failed[turn] is True:
        return []
    value = texts.value_of(scene.actions[turn])
    return [float(one) for _, one in texts.leaves(value) if _number(one)][:4]


def _moved(old: float, new: float, steps: list[float]) -> bool:
    """Whether one step, or all of them, lead from the old number to the new one."""
    change = abs(new - old)
    return any(abs(change - step) < 1e-6 for step in [*steps, sum(steps)])


_BACK = re.compile(
    r"\b(?:go_?back|navigate_?back|back|escape|esc|cancel|close|go back|alt', ?'left|alt', ?'up)\b", re.I
)


def screen_again(scene: Scene, turn: int) -> Iterator[Draft]:
    """The same action on the same screen as some turns before leads to the same screen again."""
    if not scene.domain.screens or scene.shown[turn] == scene.before(turn):
        return
    for earlier in range(turn - GAP, -1, -1):
        if scene.actions[earlier] == scene.actions[turn] and scene.before(earlier) == scene.before(turn):
            if scene.shown[earlier] == scene.shown[turn]:
                yield _change(scene, turn)
            return


def screen_back(scene: Scene, turn: int) -> Iterator[Draft]:
    """Leaving a screen shows the one from which it was entered."""
    if not scene.domain.screens or turn < 1 or scene.shown[turn] == scene.before(turn):
        return
    if not _BACK.search(scene.actions[turn]):
        return
    entered = next((i for i in range(turn - 1, -1, -1) if scene.before(i) != scene.before(turn)), None)
    if entered is not None and scene.before(entered) == scene.shown[turn]:
        yield _change(scene, turn)


def _change(scene: Scene, turn: int) -> Draft:
    """The lines that come and those that go."""
    old, new = texts.lines(scene.before(turn)), scene.lines[turn]
    held, gone = set(old), set(new)
    came = [line for line in dict.fromkeys(new) if line not in held]
    went = [line for line in dict.fromkeys(old) if line not in gone]
    return Draft({"all": [{"lines": spread(came)}, {"no_line": went[:DEMANDED]}, _about(len(new))]})


RULES: dict[str, Rule] = {
    "read_again": read_again,
    "asked_again": asked_again,
    "known_lines": known_lines,
    "written_value": written_value,
    "set_up_told": set_up_told,
    "record_kept": record_kept,
    "counted_on": counted_on,
    "screen_again": screen_again,
    "screen_back": screen_back,
}
