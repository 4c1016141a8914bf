"""The computable part of an Android device; `docs/kernel.md` tells of kernels in general.

A device is a stack of screens, and most actions only move on it: a dialog is cancelled, BACK uncovers what was below,
the same button leads to the same place again. What was shown is remembered (`learn`), and a step is answered where
that and a few rules of the platform determine it (`rules`). Everything else, which is what applications do on their
own, is unknown, and a model is told what was touched and what is known (`facts`).
"""

from nextstate.domains.android.kernel.core import AndroidKernel

__all__ = ["AndroidKernel"]
