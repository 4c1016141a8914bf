"""The programs of a device's shell: what of Android's toolbox a world of screens can answer.

Whatever is said of the platform itself (versions, density) is the same for every device, and made up: a world does not
tell it. Time does not pass between commands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from nextstate.errors import ActionError, NextstateError
from nextstate.serve.adb.phone import MAX_BYTES, Phone

DUMP = "/sdcard/window_dump.xml"
"""Where ``uiautomator dump`` writes, unless it is told otherwise."""
DENSITY = 420
"""Dots per inch."""
PROPERTIES = {
    "ro.build.version.release": "14",
    "ro.build.version.sdk": "34",
    "ro.product.brand": "nextstate",
    "ro.product.device": "simulated",
    "ro.product.manufacturer": "nextstate",
    "ro.product.model": "Simulated",
    "ro.product.name": "simulated",
    "sys.boot_completed": "1",
}
"""System properties of every device."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a program printed, and its exit status."""

    out: bytes = b""
    error: bytes = b""
    status: int = 0


Program: TypeAlias = Callable[[Phone, "tuple[str, ...]", bytes], Awaitable[Done]]
"""The device, the words of the command with its name, and what is piped into it."""


async def run(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    """Run one command."""
    program = PROGRAMS.get(words[0].rpartition("/")[2])
    if program is None:
        return _failed(f"/system/bin/sh: {words[0][:200]}: inaccessible or not found", 127)
    try:
        return await program(phone, words, piped)
    except NextstateError as error:
        return _failed(str(error), 1)


def _said(text: str) -> Done:
    return Done(text.encode("utf-8", "replace"))


def _failed(text: str, status: int = 1) -> Done:
    return Done(error=text.encode("utf-8", "replace") + b"\n", status=status)


async def _act(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    """``input``, ``am`` and ``monkey``: what is done to the screen."""
    try:
        if not await phone.act(words):
            return _failed(f"nextstate: this world has no action for: {' '.join(words)[:300]}")
    except ActionError as error:
        return _failed(str(error), 255)
    if words[0] == "monkey":
        return _said("Events injected: 1\n")
    return _said(f"Starting: Intent {{ {' '.join(words[2:])[:300]} }}\n" if words[0] == "am" else "")


async def _uiautomator(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    if words[1:2] != ("dump",):
        return _failed("usage: uiautomator dump [--compressed] [FILE]")
    path = next((word for word in words[2:] if not word.startswith("-")), DUMP)
    dump = phone.device.dump(await phone.screen()).encode("utf-8", "replace")
    said = f"UI hierchary dumped to: {path}\n".encode()  # spelt as the real one spells it, for scripts look for it
    if path in ("/dev/tty", "/dev/stdout", "/proc/self/fd/1"):
        return Done(dump + said)
    phone.keep(path, dump)
    return Done(said)


async def _cat(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    out, error = b"" if words[1:] else piped, ""
    for path in words[1:]:
        if path in phone.files:
            out += phone.files[path] if len(out) <= MAX_BYTES else b""  # nothing longer is kept or shown
        else:
            error += f"cat: {path[:200]}: No such file or directory\n"
    return Done(out, error.encode("utf-8", "replace"), 1 if error else 0)


async def _ls(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    folders = [word for word in words[1:] if not word.startswith("-")] or ["/"]
    names = [name for folder in folders for name in listing(phone, folder)]
    if not names and folders != ["/"]:
        return _failed(f"ls: {folders[0][:200]}: No such file or directory")
    return _said("".join(f"{name}\n" for name in names))


def listing(phone: Phone, folder: str) -> list[str]:
    """The names in a folder; of a file, itself; none where there is neither."""
    if folder in phone.files:
        return [folder]
    below = folder.rstrip("/") + "/"
    return sorted({path.removeprefix(below).split("/")[0] for path in phone.files if path.startswith(below)})


async def _rm(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    forced = any(word.startswith("-") and "f" in word for word in words[1:])
    missing = [word for word in words[1:] if not word.startswith("-") and phone.files.pop(word, None) is None]
    return Done() if forced or not missing else _failed(f"rm: {missing[0][:200]}: No such file or directory")


async def _wm(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    if words[1:] == ("size",):
        width, height = phone.device.size(await phone.screen())
        return _said(f"Physical size: {width}x{height}\n")
    if words[1:] == ("density",):
        return _said(f"Physical density: {DENSITY}\n")
    return _failed("usage: wm size | wm density")


async def _getprop(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    known = {**PROPERTIES, "ro.serialno": phone.serial, **await phone.told()}
    if words[1:]:
        return _said(known.get(words[1], words[2] if len(words) > 2 else "") + "\n")
    return _said("".join(f"[{name}]: [{known[name]}]\n" for name in sorted(known)))


async def _dumpsys(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    screen = await phone.screen()
    width, height = phone.device.size(screen)
    package = phone.device.front(screen)
    window = f"Window{{0 u0 {package}/{package}.Unknown}}" if package else "null"
    activity = f"ActivityRecord{{0 u0 {package}/.Unknown t1}}" if package else "null"
    viewport = f"valid=true, displayId=0, orientation=0, deviceWidth={width}, deviceHeight={height}"
    services = {
        "window": f"  mCurrentFocus={window}\n  mFocusedApp={activity}\n",
        "activity": f"  mResumedActivity: {activity}\n  topResumedActivity={activity}\n",
        "display": f"  DisplayViewport{{{viewport}}}\n",
        "input": "  SurfaceOrientation: 0\n",
        "power": "  mWakefulness=Awake\n  mHoldingDisplaySuspendBlocker=true\n",
    }
    name = words[1] if len(words) > 1 else ""
    return _said(services[name]) if name in services else _failed(f"Can't find service: {name[:200]}")


async def _screencap(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    return _failed("screencap: this device is a list of elements without pixels; use: uiautomator dump")


async def _settings(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    return _said("null\n") if words[1:2] == ("get",) else _failed("settings: the world keeps no settings of its own")


async def _echo(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    bare = words[1:2] == ("-n",)
    return _said(" ".join(words[2 if bare else 1 :]) + ("" if bare else "\n"))


async def _grep(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    """The lines with a text in them, or one of several (``a|b`` with ``-E``, ``a\\|b`` without); no other patterns."""
    options = "".join(word[1:] for word in words[1:] if word.startswith("-"))
    given = [word for word in words[1:] if not word.startswith("-")]
    if len(given) != 1 or any(char in given[0] for char in "[](){}*+?^$") or set(options) - set("EFivae"):
        return _failed("grep: only lines with plain texts are found here: grep [-E] [-i] [-v] 'TEXT|TEXT'", 2)
    wanted = given[0].replace("\\|", "|").split("|")
    folded = [text.casefold() if "i" in options else text for text in wanted]
    lines = piped.decode("utf-8", "replace").splitlines()
    found = [line for line in lines if _has(line.casefold() if "i" in options else line, folded) != ("v" in options)]
    return Done("".join(f"{line}\n" for line in found).encode(), status=0 if found else 1)


def _has(line: str, texts: list[str]) -> bool:
    return any(text in line for text in texts)


async def _nothing(phone: Phone, words: tuple[str, ...], piped: bytes) -> Done:
    return Done(status=1 if words[0] == "false" else 0)


PROGRAMS: dict[str, Program] = {
    "am": _act,
    "cat": _cat,
    "dumpsys": _dumpsys,
    "echo": _echo,
    "false": _nothing,
    "getprop": _getprop,
    "grep": _grep,
    "input": _act,
    "ls": _ls,
    "monkey": _act,
    "rm": _rm,
    "screencap": _screencap,
    "settings": _settings,
    "sleep": _nothing,
    "true": _nothing,
    "uiautomator": _uiautomator,
    "wm": _wm,
}
