"""The terminal: a shell that an agent types into.

Facts of the set-up that the kernel reads (all optional):

``user``, ``host``, ``cwd``; ``env`` (the environment of the shell; whole when it holds ``SHLVL``, which every bash
sets, else what is not in it is unknown); ``files`` (path -> text; a path that ends in ``/`` is an empty directory);
``modes`` (path -> octal mode as text, where it is not 644 or 755); ``complete`` (directories that are known whole, with
everything below them: what is not in ``files`` does not exist there; everything else is unknown, not absent);
``tools`` (program -> version: programs known to be installed); ``invoke`` (how an action reaches a shell, where a new
one is started for every action; see `kernel/invoke.py`); ``screen`` (the keystroke dialect)::

    {"columns": 160, "rows": 40, "shows": "whole", "text": "dev@box:~$"}

with the screen before the first action. Where it shows ``whole``, an observation is the visible screen without what is
blank at its end; where it shows ``new``, it is what the pane gained, from the last row that was there before (behind a
line end, if rows stood above that one), and ``rows`` does not matter.
"""

from __future__ import annotations

from nextstate.domain import Domain, Kernel, golden
from nextstate.domains.terminal import codec
from nextstate.domains.terminal.cases import acts
from nextstate.domains.terminal.checks import CHECKS, failed
from nextstate.domains.terminal.prompts import LONG, PROMPT, RUBRIC
from nextstate.types import Setup, Tool


def _kernel() -> Kernel:
    from nextstate.domains.terminal.kernel import TerminalKernel  # bashkit is loaded when a world is computed

    return TerminalKernel()


BASH = Tool(
    "bash",
    "Run a command in a bash session that stays open: working directory, variables and functions last.",
    {
        "type": "object",
        "properties": {"command": {"type": "string", "description": "The command, as it is typed."}},
        "required": ["command"],
        "additionalProperties": False,
    },
)
KEYS = Tool(
    "type",
    "Type keys into a terminal and see what it shows.",
    {
        "type": "object",
        "properties": {
            "keystrokes": {
                "type": "string",
                "description": 'A JSON array such as [{"keystrokes": "ls\\n", "duration": 0.5}]; keys as in tmux.',
            }
        },
        "required": ["keystrokes"],
        "additionalProperties": False,
    },
)


def tool(setup: Setup) -> Tool:
    """Commands for a shell, keys for a terminal whose screen is shown."""
    return KEYS if "screen" in setup.facts else BASH


DOMAIN = Domain(
    name="terminal",
    version="1",
    prompt=PROMPT,
    rubric=RUBRIC,
    canonical=codec.canonical,
    validate=codec.validate,
    examples=lambda: golden.read(__name__),
    checks=CHECKS,
    kernel=_kernel,
    prompts={"long": LONG},
    failed=failed,
    acts=acts,
    tool=tool,
)
