"""Where recorded commands run: bubblewrap where it works, a plain private directory only where it was allowed."""

from __future__ import annotations

import logging
import os
import posixpath
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath

from nextstate.errors import UsageError

log = logging.getLogger(__name__)

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UID = 1000
"""The user id inside bubblewrap."""
_SYSTEM = frozenset({"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "sys", "usr"})
_ETC = (
    *("alternatives", "bash.bashrc", "debian_version", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime"),
    *("lsb-release", "magic", "magic.mime", "manpath.config", "mime.types", "os-release", "profile", "protocols"),
    *("services", "shells", "timezone"),
)
"""What of the real /etc is shown inside; everything about this machine is left out or generated."""


@dataclass(frozen=True, slots=True)
class World:
    """What a recording starts from. ``files`` maps paths (absolute, or relative to ``cwd``) to their text."""

    files: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "/home/dev"
    user: str = "dev"
    host: str = "box"
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables beside or instead of the defaults of :func:`environment`."""

    @property
    def home(self) -> str:
        return "/root" if self.user == "root" else f"/home/{self.user}"

    def paths(self) -> dict[str, str]:
        """``files`` under absolute, normal paths; one that ends in ``/`` is an empty directory."""
        whole = {posixpath.join(self.cwd, path): text for path, text in self.files.items()}
        return {posixpath.normpath(path) + "/" * path.endswith("/"): text for path, text in whole.items()}

    def known(self, under: str = "") -> dict[str, str]:
        """``paths`` and the directories that start empty, all below the directory ``under``."""
        files = self.paths()
        empty = {path for path in (self.home, self.cwd, "/tmp") if not any(one.startswith(f"{path}/") for one in files)}
        return {f"{under}{path}": text for path, text in {**files, **{f"{path}/": "" for path in empty}}.items()}

    def tops(self) -> list[str]:
        """The first components of all directories that the recording owns, as ``home`` or ``srv``; sorted."""
        used = {PurePosixPath(path).parts[1] for path in (self.home, self.cwd, "/tmp", *self.paths()) if path != "/"}
        if bad := sorted(used & _SYSTEM) or ([] if self.cwd != "/" else ["/"]):
            raise UsageError(f"a recording cannot own {bad[0]!r}, which is the system's; use /home, /srv, /opt or such")
        return sorted(used)


@dataclass(frozen=True, slots=True)
class Place:
    """A prepared place to run commands in. ``prefix`` goes before an argument vector; ``run`` from ``workdir``."""

    kind: str
    """``bubblewrap`` or ``none``."""
    prefix: tuple[str, ...]
    workdir: str
    """Where the launching process must stand (a real path), which is ``cwd`` itself without a sandbox."""
    cwd: str
    """The working directory as the commands see it."""
    home: str
    env: Mapping[str, str]
    """The whole environment that a command is started with."""
    files: Mapping[str, str]
    """The text of every file; a path that ends in ``/`` is an empty directory."""
    complete: tuple[str, ...]


def environment(world: World, home: str) -> dict[str, str]:
    """The variables that the first shell is started with, and nothing else."""
    base = {"HOME": home, "LANG": "C.UTF-8", "LOGNAME": world.user, "PATH": PATH, "SHELL": "/bin/bash"}
    return base | {"TERM": "dumb", "USER": world.user} | dict(world.env)


@cache
def why_no_bubblewrap() -> str:
    """Empty when bubblewrap works here, else the reason why it does not."""
    if shutil.which("bwrap") is None:
        return "bwrap is not installed (package bubblewrap)"
    argv = [*_walls("box", UID), *_system(), "--", "/usr/bin/true"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bwrap does not run: {error}"
    return "" if done.returncode == 0 else f"bwrap fails here: {done.stderr.strip()[:200]}"


def prepare(world: World, root: Path, *, sandbox: str = "auto", allow_unsandboxed: bool = False) -> Place:
    """Lay out ``world`` under the empty real directory ``root``; raise :class:`UsageError` rather than run unguarded.

    ``sandbox`` is ``auto`` (bubblewrap, else none where that is allowed), ``bubblewrap`` or ``none``.
    """
    world.tops()
    if sandbox not in ("auto", "bubblewrap", "none"):
        raise UsageError(f"unknown sandbox {sandbox!r}; known: auto, bubblewrap, none")
    missing = "" if sandbox == "none" else why_no_bubblewrap()
    if sandbox == "bubblewrap" and missing:
        raise UsageError(missing)
    if sandbox != "none" and not missing:
        return _walled(world, root)
    if not allow_unsandboxed:
        what = missing or "sandbox 'none' was asked for"
        raise UsageError(f"{what}; commands would run unguarded as you: install bubblewrap or allow it by name")
    log.warning("RECORDING WITHOUT A SANDBOX (%s): commands run as you, on this machine", missing or "as asked")
    return _open(world, root)


def _walled(world: World, root: Path) -> Place:
    uid = 0 if world.user == "root" else UID
    _etc(world, root / "etc", uid)
    _lay(world, root / "own")
    owned = [word for top in world.tops() for word in ("--bind", str(root / "own" / top), f"/{top}")]
    etc = ("--ro-bind", str(root / "etc"), "/etc")
    prefix = (*_walls(world.host, uid), *_system(), *etc, *owned, "--remount-ro", "/", "--chdir", world.cwd, "--")
    env, complete = environment(world, world.home), tuple(f"/{top}" for top in world.tops())
    return Place("bubblewrap", prefix, "/", world.cwd, world.home, env, world.known(), complete)


def _walls(host: str, uid: int) -> list[str]:
    ids = ("--uid", str(uid), "--gid", str(uid))
    return [
        shutil.which("bwrap") or "bwrap",
        "--unshare-all",
        "--unshare-user",
        "--die-with-parent",
        *ids,
        "--hostname",
        host,
    ]


def _system() -> list[str]:
    """The read-only system: /usr whole, and what /bin, /lib and such are on this machine."""
    words = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for empty in ("/mnt", "/opt", "/srv", "/var/log"):
        words += ["--dir", empty]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/") / name
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]  # noqa: PTH115 - the text of the link, unresolved
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    return words


def _etc(world: World, into: Path, uid: int) -> None:
    into.mkdir(parents=True)
    for name in _ETC:
        real = Path("/etc") / name
        if real.is_dir():
            shutil.copytree(real, into / name, symlinks=True)
        elif real.is_file():
            shutil.copyfile(real, into / name)
    root = "" if uid == 0 else "root:x:0:0:root:/root:/bin/bash\n"
    texts = {
        "passwd": f"{root}{world.user}:x:{uid}:{uid}:{world.user}:{world.home}:/bin/bash\n",
        "group": ("" if uid == 0 else "root:x:0:\n") + f"{world.user}:x:{uid}:\n",
        "hostname": f"{world.host}\n",
        "hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{world.host}\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "shadow": "",
    }
    for name, text in texts.items():
        (into / name).write_text(text, encoding="utf-8")
    (into / "shadow").chmod(0)


def _lay(world: World, under: Path) -> None:
    """Make the directories and files of ``world`` below the real directory ``under``."""
    for folder in (world.home, world.cwd, "/tmp"):
        (under / folder.lstrip("/")).mkdir(mode=0o755, parents=True, exist_ok=True)
    (under / "tmp").chmod(0o1777)
    for path, text in world.paths().items():
        target = under / path.lstrip("/")
        try:
            (target if path.endswith("/") else target.parent).mkdir(mode=0o755, parents=True, exist_ok=True)
            if not path.endswith("/"):
                target.write_bytes(text.encode("utf-8", "surrogateescape"))
                target.chmod(0o644)
        except OSError as error:
            raise UsageError(f"cannot make the file {path!r} of the recording: {error.strerror}") from error


def _open(world: World, root: Path) -> Place:
    """No walls: the same tree under a private directory, with this machine's own user and host name."""
    _lay(world, root)
    cwd, home = f"{root}{world.cwd}", f"{root}{world.home}"
    env = environment(world, home) | {"TMPDIR": f"{root}/tmp"}
    return Place("none", (), cwd, cwd, home, env, world.known(str(root)), (str(root),))
