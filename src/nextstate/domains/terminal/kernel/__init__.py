"""The terminal kernel: answers exactly what the history determines, and knows what it does not know."""

from nextstate.domains.terminal.kernel.core import TerminalKernel

__all__ = ["TerminalKernel"]
