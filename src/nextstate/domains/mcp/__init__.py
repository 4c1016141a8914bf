"""MCP: the tools that an agent calls through the Model Context Protocol.

An action is a call, ``{"name": "get_note", "arguments": {"id": 1}}``; an observation is the text of its result as an
agent sees it, or the message of the error (see `codec.py`). ``setup.tools`` declares the tools, as ``tools/list`` does.

Facts of the set-up that the kernel reads (all optional): the state of the services before the first call, as JSON in
whatever layout the services have it, whole as far as it goes. By convention it stands under ``initial_config``, by
service::

    {"initial_config": {"notes": [{"id": 1, "title": "Milk", "body": "", "tags": ["shop"], "pinned": false}]}}

or under ``initial_state``; other keys (``classes``: the names of the services) are read alike.
"""

from __future__ import annotations

from nextstate.domain import Domain, Kernel, golden
from nextstate.domains.mcp import codec
from nextstate.domains.mcp.checks import CHECKS
from nextstate.domains.mcp.failures import failed
from nextstate.domains.mcp.prompts import LONG, PROMPT, RUBRIC


def _kernel() -> Kernel:
    from nextstate.domains.mcp.kernel import McpKernel  # loaded when a world is computed

    return McpKernel()


DOMAIN = Domain(
    name="mcp",
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
