"""``date``: never known, but what a pipeline makes of it may be (``date +%Y | wc -c``)."""

from __future__ import annotations

import datetime
import re

from nextstate.domains.terminal.kernel.files import Undetermined
from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool

_TIMES = (
    datetime.datetime(2026, 11, 23, 21, 57, 38, 123456789 // 1000, tzinfo=datetime.UTC),
    datetime.datetime(2019, 1, 2, 3, 4, 5, 60, tzinfo=datetime.UTC),
    datetime.datetime(2031, 6, 17, 12, 0, 0, 0, tzinfo=datetime.UTC),
)
_PLAIN = re.compile(r"\+(?:[^%]|%[YmdHMSsFTjybBaADZ%n])*")


def date(call: Call) -> Out:
    """The time of the call's variant; only formats of steady meaning."""
    args = [arg for arg in call.args if arg not in ("-u", "--utc")]
    if len(args) > 1 or (args and not _PLAIN.fullmatch(args[0])):
        raise Undetermined("the clock")
    now = _TIMES[call.variant]
    form = args[0][1:] if args else "%a %b %e %H:%M:%S %Z %Y"
    return Out(now.strftime(form.replace("%D", "%m/%d/%y")) + "\n", varied=True)


TOOLS: dict[str, Tool] = {"date": date}
