"""Worlds of a running server as other frameworks want them; one module for each framework.

These modules are used where the framework is installed, not where the server runs: each imports its framework, the
standard library, and of this package only what has no other dependencies. The server is named by its address.
"""

from __future__ import annotations

KEY = "NEXTSTATE_KEY"
"""The variable that adapters read the bearer key from, for a server that asks for one."""
