"""Search: an agent that searches, reads pages and keeps notes, by tool calls.

An action is a call ``{"name": ..., "arguments": {...}}``; what it asks for is recognised from name and arguments
(`operations.py`), so tools may have any name. An observation is the tool's text, or JSON.

Facts of the set-up that the kernel reads (all optional); they describe the local tools, whose texts `layout.py` and
`memory.py` document:

``pages``: address -> text, or ``{"title": ..., "text": ...}``; these pages are shown when they are read. ``complete``
(true): there are no other pages, and every other address is not found. ``index``: how searches are answered, which is
determined where ``complete`` is true as well; ``{"ranking": "bm25", "results": 5}`` ranks as `index.py` documents and
shows at most so many results. ``memory``: key -> text, the entries of the memory before the first turn; ``{}`` for an
empty one. Without ``memory`` nothing is known of what a memory holds, and how its tools word what they say is learned.
"""

from __future__ import annotations

from nextstate.domain import Domain, Kernel, golden
from nextstate.domains.search import codec
from nextstate.domains.search.checks import CHECKS
from nextstate.domains.search.engine import ENGINE
from nextstate.domains.search.failures import failed
from nextstate.domains.search.prompts import LONG, PROMPT, RUBRIC


def _kernel() -> Kernel:
    from nextstate.domains.search.kernel import SearchKernel

    return SearchKernel()


DOMAIN = Domain(
    name="search",
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
    engine=ENGINE,
)
