"""Real recordings, where there are some. The tests of this folder are no package."""

from data.conftest import recordings

__all__ = ["recordings"]
