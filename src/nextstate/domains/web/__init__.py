"""The web: a browser that an agent steers by calls, seen as an accessibility tree.

Facts of the set-up that the kernel reads (all optional):

``plain``: a list of addresses (beginnings of URLs) of sites that are known to be plain: their pages run no scripts,
their links open in the same tab, and their servers change only when a form is sent. On such sites the kernel computes
what HTML alone determines; on others it answers only what it has seen to hold there.

``pages``: pages by address, as they look when they were just loaded, before a form was sent::

    {"http://shop.example/": {"title": "Shop", "tree": "RootWebArea 'Shop', focused, url='http://shop.example/'"}}
"""

from __future__ import annotations

from nextstate.domain import Domain, Kernel, edits, golden
from nextstate.domains.web import codec, lines, picture
from nextstate.domains.web.checks import CHECKS, failed
from nextstate.domains.web.prompts import LONG, PROMPT, RUBRIC


def _kernel() -> Kernel:
    from nextstate.domains.web.kernel import WebKernel

    return WebKernel()


DOMAIN = Domain(
    name="web",
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
)
