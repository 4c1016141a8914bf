"""Software engineering: an agent that reads, edits, searches and runs a repository through tools.

Actions are tool calls, ``{"name": ..., "arguments": {...}}``; which tools there are differs from trajectory to
trajectory (`dialects` says which shapes are understood). Facts of the set-up that the kernel reads, all optional, are
those of the terminal: ``user``, ``host``, ``cwd``; ``env``; ``files`` (path -> text; a path that ends in ``/`` is an
empty directory); ``modes``; ``complete`` (directories that are known whole: what is not in ``files`` does not exist
there); ``tools`` (program -> version: programs known to be installed); ``invoke`` (how a command reaches a shell where
a new one is started for every command: ``{"per_action": true, "keeps": []}``). Without ``cwd`` the directory is
unknown, and commands that hang on it are not computed.

One key is this domain's own: ``shown``, how what a command printed is worded, ``bare`` or ``tags`` (with the exit
status between tags). Without it, it is ``bare`` where ``cwd`` or ``invoke`` is given (recorders that tell these take
the words of a harness off); else it is learned from what was shown.
"""

from __future__ import annotations

from nextstate.domain import Domain, Kernel, golden
from nextstate.domains.swe import codec
from nextstate.domains.swe.checks import CHECKS
from nextstate.domains.swe.failures import failed
from nextstate.domains.swe.prompts import LONG, PROMPT, RUBRIC


def _kernel() -> Kernel:
    from nextstate.domains.swe.kernel import SweKernel  # the shell inside is loaded when a world is computed

    return SweKernel()


DOMAIN = Domain(
    name="swe",
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
)
