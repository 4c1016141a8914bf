"""The keys of a server: bearer secrets that are kept only as hashes, each with a name, a rate and a quota.

A secret is 256 random bits, so a plain SHA-256 of it is enough: there is nothing to guess from a dictionary, and what
a thief of the file learns opens no door. The file is read anew when it has changed, so that a key that is revoked stops
at the next request. A file that is broken or gone lets nobody in.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from nextstate.data.lines import replacing
from nextstate.errors import DataError, UsageError, unknown_name
from nextstate.serve.problems import ANYBODY
from nextstate.sim.quota import Quota

PREFIX = "ns_"
"""What every secret begins with, so that scanners for leaked secrets can find one."""
SECRET_BYTES = 32
MAX_SECRET = 200
"""Characters of what is looked up; nothing longer is a secret of ours."""
MAX_FILE = 64 * 2**20
"""Bytes of a file of keys."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the file says of a key. ``hash`` is the SHA-256 of its secret in hexadecimal; times are seconds since 1970.

    ``rate`` is how many requests (and messages of a WebSocket) a second it may send, ``None`` any number.
    """

    name: str
    hash: str
    created: float
    quota: Quota = Quota()
    rate: float | None = None
    revoked: float | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    keys: list[Key]


class Keys:
    """A file of keys. Asking costs one ``stat`` of the file, and reading it where it has changed."""

    def __init__(self, path: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(path)
        self.problem = ""
        """Why nobody is let in, where the file is broken or gone."""
        self._clock = clock
        self._stamp: tuple[int, int, int] | None = None
        self._by_hash: Mapping[str, Key] = {}
        self._by_name: Mapping[str, Key] = {}

    def find(self, secret: str) -> Key | None:
        """The key whose secret this is, unless it is revoked."""
        self._look()
        if len(secret) > MAX_SECRET:
            return None
        hashed = hash_of(secret)
        key = self._by_hash.get(hashed)
        # The table is asked with a hash, which nobody can steer letter by letter; the comparison takes equal time.
        return key if key is not None and hmac.compare_digest(key.hash, hashed) else None

    def holds(self, key: Key) -> bool:
        """Whether ``key`` is still in force."""
        self._look()
        return key.hash in self._by_hash

    def named(self, name: str) -> Key | None:
        """The key in force that is called ``name``."""
        self._look()
        return self._by_name.get(name)

    def all(self) -> list[Key]:
        """Every key of the file, revoked ones too, in the order in which they were made. Raises :class:`DataError`."""
        return _read(self.path)

    def new(self, name: str, *, quota: Quota | None = None, rate: float | None = None) -> str:
        """Make a key and return its secret, which is kept nowhere. A revoked key of that name is replaced.

        Whoever has a key of a name is the owner of all sessions made under that name. Raises :class:`UsageError`.
        """
        _refuse(name, rate)
        secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        with self._changing() as keys:
            if any(key.name == name and key.revoked is None for key in keys):
                raise UsageError(f"there is a key called {name!r} already; revoke it first, or take another name")
            keys[:] = [key for key in keys if key.name != name]
            keys.append(Key(name, hash_of(secret), self._clock(), quota or Quota(), rate))
        return secret

    def revoke(self, name: str) -> None:
        """Put the key called ``name`` out of force. Raises :class:`UsageError` where there is none in force."""
        with self._changing() as keys:
            valid = [key.name for key in keys if key.revoked is None]
            if name not in valid:
                raise unknown_name("key", name, valid)
            keys[:] = [_revoked(key, self._clock()) if key.name == name else key for key in keys]

    def _look(self) -> None:
        """Read the file again where it is another one than before."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 - several times as fast as Path.stat, and on every request
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        except OSError:
            stamp = None
        if stamp is not None and stamp == self._stamp:
            return
        try:
            keys = _read(self.path)
            self.problem = ""
        except (DataError, UsageError) as error:
            keys, self.problem = [], str(error)
        self._stamp = stamp
        valid = [key for key in keys if key.revoked is None]
        self._by_hash = {key.hash: key for key in valid}
        self._by_name = {key.name: key for key in valid}

    @contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """The keys of the file, which is written with what has become of them; no two do so at a time."""
        if self.path.is_dir() or not self.path.parent.is_dir():
            raise UsageError(f"{self.path} cannot be a file of keys; name a file in a folder that there is")
        with Path(f"{self.path}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = _read(self.path) if self.path.exists() else []
            yield keys
            _write(self.path, keys)


def hash_of(secret: str) -> str:
    """The SHA-256 of a secret, in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _refuse(name: str, rate: float | None) -> None:
    if not NAME.fullmatch(name) or name == ANYBODY:
        allowed = "1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
        raise UsageError(f"a key cannot be called {name[:80]!r}: give {allowed}; {ANYBODY!r} is nobody's name")
    if rate is not None and not 0 < rate < float("inf"):
        raise UsageError(f"a rate of {rate:g} requests a second lets nothing through or is none; leave it out for any")


def _revoked(key: Key, now: float) -> Key:
    return msgspec.structs.replace(key, revoked=now)


def _read(path: Path) -> list[Key]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE + 1)
    except OSError as error:
        raise UsageError(f"cannot read the keys of {path}: {error.strerror or error}") from None
    try:
        held = msgspec.json.decode(text, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"no file of keys ({error}); make keys with `nextstate keys new`", where=str(path)) from None
    if held.version != 1:
        raise DataError(f"keys of version {held.version}; this program reads version 1", where=str(path))
    return held.keys


def _write(path: Path, keys: list[Key]) -> None:
    """Replace the file, which only its owner may read."""
    text = msgspec.json.format(msgspec.json.encode(_File(1, keys)), indent=2)
    with replacing(path) as draft:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text + b"\n")
            file.flush()
            os.fsync(file.fileno())
