"""Real recordings, where there are some."""

from data.conftest import recordings

__all__ = ["recordings"]
