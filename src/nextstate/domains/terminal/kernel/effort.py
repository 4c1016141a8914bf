"""Bounds the work of one run: what takes more of a thread's processor time is ended, and nothing is determined.

The tools count their steps and sizes themselves; this is for what such counts miss. Processor time does not pass while
other programs run, so that a busy machine changes nothing.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 0.5
"""Processor time of one run; those of real sessions take some hundredths."""
TOO_MUCH = "it takes more work than is computed"
STACK = 1 << 29
"""Bytes of address space for the stack of a run; memory is taken only as far as it is used."""
_STARTING = threading.Lock()
"""Held while the size of new stacks is another one."""
_LOOK = 0.02
"""Seconds between two looks at the clock."""
_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
_raise_in.argtypes = (ctypes.c_ulong, ctypes.py_object)


class Overworked(BaseException):
    """Raised in the midst of a tool; not an `Exception`, which a tool may handle."""


class Effort:
    """One run, in a thread of its own with a deep stack: scripts that call themselves go deeper than a plain one.

    ``stop`` ends what runs outside of tools; it is called in another thread.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self.over = False
        """Whether the time is used up."""
        self._stop = stop
        self._busy = False
        self._lock = threading.Lock()
        self._thread = self._clock = 0
        self._failure: BaseException | None = None

    def run(self, work: Callable[[], None]) -> None:
        """Does ``work``; what it raises is raised here."""
        with _STARTING:
            plain = threading.stack_size(STACK)
            worker = threading.Thread(target=self._work, args=(work,), daemon=True)
            worker.start()
            threading.stack_size(plain)
        try:
            while worker.is_alive():
                worker.join(_LOOK)
                self._look()
        finally:
            if worker.is_alive():
                self._stop()
                worker.join()
        if self._failure is not None:
            raise self._failure

    def _work(self, work: Callable[[], None]) -> None:
        self._thread = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._thread)
        try:
            work()
        except BaseException as failure:  # it goes on in the thread that waits
            self._failure = failure

    @contextmanager
    def tool(self) -> Iterator[None]:
        """Within it, :class:`Overworked` is raised when the time is used up (at most once in a run)."""
        if self.over:
            raise Overworked
        self._busy = True
        try:
            yield
        finally:
            with self._lock:
                self._busy = False
                _raise_in(self._thread, ctypes.py_object())

    def _look(self) -> None:
        """Ends the run when its time is used up."""
        try:
            used = time.clock_gettime(self._clock) if self._clock and not self.over else 0.0
        except OSError:  # the thread has ended
            return
        if used < SECONDS:
            return
        with self._lock:
            self.over = True
            if self._busy:
                _raise_in(self._thread, Overworked)
        self._stop()
