"""Bounds the work of one run: what takes more of a thread's processor time is ended, and nothing is determined.

The tools count their steps and sizes themselves; this is for what such counts miss. Processor time does not pass while
other programs run, so that a busy machine changes nothing.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

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


class _Worker:
    """A thread with a deep stack that does one work after another: starting one takes as long as a short step."""

    def __init__(self) -> None:
        self.todo: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.done: SimpleQueue[BaseException | None] = SimpleQueue()
        thread = threading.Thread(target=self._loop, daemon=True)
        with _STARTING:
            plain = threading.stack_size(STACK)
            thread.start()
            threading.stack_size(plain)
        assert thread.ident is not None
        self.ident = thread.ident
        self.clock = time.pthread_getcpuclockid(thread.ident)

    def _loop(self) -> None:
        while True:
            work = self.todo.get()
            failure: BaseException | None = None
            try:
                work()
            except BaseException as raised:  # it goes on in the thread that waits
                failure = raised
            del work
            self.done.put(failure)


_idle: list[_Worker] = []
"""Workers without work; a forked process has none of its parent's threads."""
os.register_at_fork(after_in_child=_idle.clear)


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
        self._worker: _Worker
        self._began = 0.0

    def run(self, work: Callable[[], None]) -> None:
        """Does ``work``; what it raises is raised here."""
        try:
            self._worker = _idle.pop()
        except IndexError:
            self._worker = _Worker()
        self._began = time.clock_gettime(self._worker.clock)
        self._worker.todo.put(work)
        try:
            failure = self._waited()
        except BaseException:  # an interrupt of the user
            self._stop()
            self._worker.done.get()
            raise
        finally:
            _idle.append(self._worker)
        if failure is not None:
            raise failure

    def _waited(self) -> BaseException | None:
        while True:
            try:
                return self._worker.done.get(timeout=_LOOK)
            except Empty:
                self._look()

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
            self._arrived()

    def _arrived(self) -> None:
        """Does nothing: what was raised a moment ago comes through at the latest when a function is called.

        It must not be taken back instead: CPython would look for it at every step for ever, and hang under a profiler.
        """

    def _look(self) -> None:
        """Ends the run when its time is used up."""
        if self.over or time.clock_gettime(self._worker.clock) - self._began < SECONDS:
            return
        with self._lock:
            self.over = True
            if self._busy:
                _raise_in(self._worker.ident, Overworked)
        self._stop()
