"""The processes under another one, by /proc: found, killed, limited."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Sequence
from pathlib import Path


def below(pid: int) -> list[int]:
    """The processes below ``pid``, nearest first."""
    found, level = [], [pid]
    while level:
        children: list[int] = []
        for one in level:
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{one}/task").iterdir():
                    children += [int(word) for word in (task / "children").read_text().split()]
        found += children
        level = children
    return found


def kill(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def restrict(pid: int, *, file: int, processes: int | None) -> None:
    """Limit the size of files (bytes) and the number of processes of ``pid`` and of what it starts from now on.

    The number of processes counts per user, so it suits only a process that has a user of its own.
    """
    wanted = {resource.RLIMIT_FSIZE: file, resource.RLIMIT_CORE: 0}
    if processes is not None:
        wanted[resource.RLIMIT_NPROC] = processes
    for kind, value in wanted.items():
        with contextlib.suppress(PermissionError, ValueError):
            resource.prlimit(pid, kind, (value, value))
