"""The desktop: applications that an agent works by mouse and keyboard, seen as a table of accessible elements.

Actions are pyautogui code, which is parsed and never run (`grammar`); screens are tables as OSWorld makes them
(`table`). Facts of the set-up: none are read. The first screen is ``setup.initial_state``, and the kernel learns what
it needs (which menus show what, where the caret is, how a title marks changes) from the screens that follow.
"""

from __future__ import annotations

from nextstate.domain import Domain, Kernel, edits, golden
from nextstate.domains.os import codec, lines
from nextstate.domains.os.checks import CHECKS, failed
from nextstate.domains.os.picture import page
from nextstate.domains.os.prompts import LONG, PROMPT, RUBRIC


def _kernel() -> Kernel:
    from nextstate.domains.os.kernel import OsKernel

    return OsKernel()


DOMAIN = Domain(
    name="os",
    version="1",
    prompt=PROMPT,
    rubric=RUBRIC,
    write=edits.write(lines.SYNTAX),
    read=edits.read(lines.SYNTAX),
    canonical=codec.canonical,
    validate=codec.validate,
    examples=lambda: golden.read(__name__),
    checks=CHECKS,
    kernel=_kernel,
    prompts={"long": LONG},
    failed=failed,
    screens=True,
    picture=page,
)
