"""Real recordings, and a server of notes to set up queries with.

This folder is no package: as one it would hide the SDK's own package ``mcp``.
"""

from data.conftest import recordings

__all__ = ["recordings"]
