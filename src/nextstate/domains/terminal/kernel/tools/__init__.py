"""The programs that the kernel computes itself, equal to the GNU ones in output, messages and exit status.

Each module of this package defines ``TOOLS``, a map from program names to functions.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from nextstate.domains.terminal.kernel.tools.base import Tool

TOOLS: dict[str, Tool] = {}
for _module in iter_modules(__path__):
    TOOLS |= getattr(import_module(f"{__name__}.{_module.name}"), "TOOLS", {})
