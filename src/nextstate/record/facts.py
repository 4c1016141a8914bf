"""What is known before the first action: asked of the place itself, never assumed."""

from __future__ import annotations

import asyncio
import posixpath
import re
import subprocess
from typing import TYPE_CHECKING

from nextstate.errors import NextstateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextstate.record.sandbox import Place
    from nextstate.types import Json

TOOLS: Mapping[str, str] = {
    "bash": "bash --version",
    "coreutils": "ls --version",
    "grep": "grep --version",
    "sed": "sed --version",
    "awk": "awk -W version 2>&1 </dev/null || awk --version",
    "find": "find --version",
    "diff": "diff --version",
    "tar": "tar --version",
    "gzip": "gzip --version",
    "perl": "perl -e 'print \"perl $^V\"'",
    "python3": "python3 --version",
    "git": "git --version",
    "sqlite3": "sqlite3 --version",
    "jq": "jq --version",
    "bc": "bc --version",
    "curl": "curl --version",
    "tmux": "tmux -V",
    "make": "make --version",
    "gcc": "gcc --version",
    "node": "node --version",
    "rg": "rg --version",
}
"""How each tool tells its version, on the first line of what it prints."""

_ASK = r"""
env -0; printf '\1'
printf '%s\0' "$(id -un)" "$(id -u)" "$(hostname 2>/dev/null || uname -n)" "$(umask)"
printf '%s\0' "$BASH_VERSION" "$(uname -s)" "$(date -u +%F)"
printf '%s\0' "$(. /etc/os-release 2>/dev/null; printf %s "${PRETTY_NAME:-}")"; printf '\1'
"""
_KEYS = ("user", "uid", "host", "umask", "shell", "kernel", "date", "os")
_VERSION = re.compile(r"\bv?(\d[\w.+~]*)")


async def gather(place: Place) -> dict[str, Json]:
    """The facts of a place, as the terminal domain documents them."""
    versions = "".join(f"printf '%s\\0' {name} \"$({ask} 2>/dev/null | head -n 1)\"\n" for name, ask in TOOLS.items())
    env, told, tools = (await _ask(place, _ASK + versions)).split("\1")
    values = dict(zip(_KEYS, told.split("\0"), strict=False))
    variables = dict(pair.split("=", 1) for pair in env.split("\0") if "=" in pair)
    variables.pop("_", None)
    return {
        "user": values["user"],
        "uid": int(values["uid"]),
        "host": values["host"],
        "cwd": place.cwd,
        "home": place.home,
        "env": dict(sorted(variables.items())),
        "files": dict(sorted(place.files.items())),
        "complete": list(place.complete),
        "umask": values["umask"],
        "locale": variables.get("LC_ALL") or variables.get("LC_CTYPE") or variables.get("LANG") or "C",
        "os": values["os"] or values["kernel"],
        "date": values["date"],
        "shell": f"bash {values['shell']}",
        "tools": _tools(tools),
    }


async def _ask(place: Place, script: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *place.prefix, "bash", "--noprofile", "--norc", "-c", script, cwd=place.workdir, env=place.env,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, umask=0o022,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    if process.returncode or out.count(b"\1") != 2:
        raise NextstateError(f"bash does not run in the sandbox ({place.kind}): {err.decode(errors='replace')[:300]}")
    return out.decode("utf-8", "replace")


def _tools(text: str) -> dict[str, Json]:
    words = text.split("\0")
    told = dict(zip(words[::2], words[1::2], strict=False))
    found = {name: _version(name, line) for name, line in told.items()}
    return {name: version for name, version in found.items() if version}


def _version(name: str, line: str) -> str:
    """The number, and for awk, grep and sed also the flavour, since that decides what is printed."""
    number = _VERSION.search(re.sub(r"\([^)]*\)", "", line))
    if number is None:
        return ""
    if name == "awk":
        return f"{line.split()[0]} {number[1]}"
    return f"GNU {name} {number[1]}" if f"GNU {name}" in line and name in ("grep", "sed") else number[1]


def describe(facts: Mapping[str, Json]) -> str:
    """The facts as the text that a model reads."""
    tools = facts["tools"]
    assert isinstance(tools, dict)
    listed = ", ".join(f"{name} {version}" for name, version in tools.items())
    return (
        f"System: {facts['os']}; host {facts['host']}; user {facts['user']} (uid {facts['uid']}); "
        f"locale {facts['locale']}; umask {facts['umask']}; date {facts['date']}.\n"
        f"Shell: {facts['shell']}. Tools: {listed}.\n"
        f"Working directory: {facts['cwd']}\n"
        f"{_listing(facts)}"
    )


def _listing(facts: Mapping[str, Json], most: int = 200) -> str:
    files, cwd = facts["files"], str(facts["cwd"])
    assert isinstance(files, dict)
    lines = [
        f"{_shown(path, cwd)} ({len(str(text).encode())} bytes)"
        for path, text in files.items()
        if not path.endswith("/")
    ]
    if not lines:
        return "It is empty.\n"
    more = [f"... and {len(lines) - most} more"] if len(lines) > most else []
    return "Files:\n" + "".join(f"  {line}\n" for line in lines[:most] + more)


def _shown(path: str, cwd: str) -> str:
    return posixpath.relpath(path, cwd) if path.startswith(f"{cwd}/") else path
