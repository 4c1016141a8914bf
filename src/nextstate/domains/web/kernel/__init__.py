"""The computable part of a browser: see :mod:`nextstate.domains.web.kernel.core`."""

from nextstate.domains.web.kernel.core import WebKernel

__all__ = ["WebKernel"]
