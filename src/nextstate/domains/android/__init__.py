"""An Android device that an agent touches; a screen is the elements that accessibility services see.

No facts of the set-up are read: ``setup.initial_state`` is the first screen, and every observation the screen after an
action, in the notation of lines or of tags (see `screen`). Actions are AndroidWorld's (see `codec`).
"""

from __future__ import annotations

from nextstate.domain import Domain, Kernel, edits, golden
from nextstate.domains.android import codec, lines, picture
from nextstate.domains.android.checks import CHECKS, failed
from nextstate.domains.android.device import DEVICE
from nextstate.domains.android.prompts import LONG, PROMPT, RUBRIC


def _kernel() -> Kernel:
    from nextstate.domains.android.kernel import AndroidKernel

    return AndroidKernel()


DOMAIN = Domain(
    name="android",
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
    picture=picture.page,
    device=DEVICE,
)
