"""Real recordings, and the kernel walked through turns."""

from data.conftest import recordings

__all__ = ["recordings"]
