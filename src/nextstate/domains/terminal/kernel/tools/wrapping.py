"""``timeout`` and ``nice``: programs that run another one."""

from __future__ import annotations

import re

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool, wrong_usage

TIMEOUT = grammar(
    "k:s:",
    {"kill-after=": "k", "signal=": "s", "foreground": "foreground"},
    other="v",
    other_long="preserve-status verbose",
    code=125,
    permute=False,
)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)([smhd]?)")
_SHELLS = frozenset("bash sh dash zsh ksh su sudo watch tail env xargs find nice nohup timeout stdbuf setsid".split())


def seconds(text: str) -> float | None:
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _UNITS[match[2]] if match else None


@tool(TIMEOUT)
def timeout(call: Call, options: Options) -> Out:
    """The other program's answer, if it surely ends in time; of ``sleep`` it is known how long it takes."""
    if len(options.operands) < 2:
        raise Undetermined("timeout without a command")
    given, name, *args = options.operands
    limit = seconds(given)
    if limit is None:
        if re.fullmatch(r"[a-z]+", given) and given not in ("inf", "infinity", "nan"):
            raise wrong_usage(call, f"invalid time interval {call.quote(given)}", 125)
        raise Undetermined(f"a time of {given!r}")
    if options.values("k", "s") and any(seconds(value) is None for value in options.values("k")):
        raise Undetermined("timeout with other options")
    if name == "sleep" and len(args) == 1 and (time := seconds(args[0])) is not None:
        return slept(time, limit, options)
    if 0 < limit < 2 or name in _SHELLS or "/" in name:
        raise Undetermined("whether it ends in time")
    return call.run([name, *args], call.stdin)


def slept(time: float, limit: float, options: Options) -> Out:
    if min(time, limit or time) > 5 or (limit and abs(time - limit) < 0.5) or options.has("s", "k"):
        raise Undetermined("how the recorder deals with waiting")
    return Out(code=124 if limit and time > limit else 0)


@tool(grammar("n:", {"adjustment=": "n"}, code=125, permute=False))
def nice(call: Call, options: Options) -> Out:
    if not options.operands or any(not re.fullmatch(r"\+?\d{1,2}", value) for value in options.values("n")):
        raise Undetermined("nice without a program, or a higher priority")
    return call.run(list(options.operands), call.stdin)


TOOLS = {"nice": nice, "timeout": timeout}
