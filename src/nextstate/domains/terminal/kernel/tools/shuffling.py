"""``shuf``, as far as chance leaves anything determined."""

from __future__ import annotations

import re

from nextstate.domains.terminal.kernel.files import FsError, Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out
from nextstate.domains.terminal.kernel.tools.options import Options, grammar, tool
from nextstate.domains.terminal.kernel.tools.reading import split_at

SHUF = grammar(
    "ei:n:",
    {"echo": "e", "input-range=": "i", "head-count=": "n"},
    other="o:rz",
    other_long="output= repeat zero-terminated random-source=",
)


@tool(SHUF)
def shuf(call: Call, options: Options) -> Out:
    """Lines in no determined order; which are chosen (``-n``) is chance."""
    if options.has("e") and not options.has("i"):
        lines = list(options.operands)
    elif options.has("i") and not options.operands and not options.has("e"):
        match = re.fullmatch(r"(\d{1,9})-(\d{1,9})", options.last("i") or "")
        if match is None or not 0 <= int(match[2]) - int(match[1]) < 100_000 or len(options.values("i")) > 1:
            raise Undetermined("a range of shuf")
        lines = [str(number) for number in range(int(match[1]), int(match[2]) + 1)]
    elif len(options.operands) <= 1 and not options.has("e", "i"):
        try:
            lines = split_at(call.read_text(options.operands[0] if options.operands else "-"))
        except FsError:
            raise Undetermined("shuf of what cannot be read") from None
    else:
        raise Undetermined("shuf used wrongly")
    counts = options.values("n")
    if any(not re.fullmatch(r"\d{1,9}", count) for count in counts):
        raise Undetermined("a count of shuf")
    if counts and min(map(int, counts)) < len(lines) and len(set(lines)) > 1:
        raise Undetermined("chance")
    if counts:
        lines = lines[: min(map(int, counts))]
    return Out("".join(f"{line}\n" for line in lines), unordered=len(lines) > 1)


TOOLS = {"shuf": shuf}
