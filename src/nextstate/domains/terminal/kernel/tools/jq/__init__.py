"""``jq``: filters of JSON, as version 1.6 reads and prints them.

Where versions are known to differ (numbers that are kept as they were written, the words of some messages) the output
is filled in by the call's variant, so that only what every version shows counts; other differences are undetermined.
"""

from __future__ import annotations

from nextstate.domains.terminal.kernel.tools.base import Call, Out, Tool


def jq(call: Call) -> Out:
    from nextstate.domains.terminal.kernel.tools.jq.command import run  # loaded when a program is run

    return run(call)


TOOLS: dict[str, Tool] = {"jq": jq}
