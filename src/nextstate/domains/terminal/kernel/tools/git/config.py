"""Configuration files: reading, changing, and the settings under which git behaves as it is computed here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextstate.domains.terminal.kernel.files import File, Undetermined
from nextstate.domains.terminal.kernel.tools.base import decode

if TYPE_CHECKING:
    from nextstate.domains.terminal.kernel.tools.base import Call

FRESH = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n"
"""What ``git init`` writes."""
_SECTION = re.compile(r'\[([A-Za-z0-9.-]+)(?: "([^"\\]*)")?\]\s*')
_ENTRY = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*=[ \t]*([^\"\\#;\n]*?)[ \t]*")
_KEY = re.compile(r"([A-Za-z0-9-]+)\.(?:(.+)\.)?([A-Za-z][A-Za-z0-9-]*)", re.S)
_HARMLESS = re.compile(
    r"core\.(repositoryformatversion|bare|filemode|logallrefupdates|editor|pager)|user\.(name|email|signingkey)|"
    r"init\.defaultbranch|(pull|push|fetch|credential|alias|remote|gc|http|https|url|safe|gui|github|gitlab|merge\.tool|"
    r"diff\.tool|difftool|mergetool|maintenance|receive|uploadpack|sendemail|web|help)\..*"
)
_HARMLESS_VALUES = {
    "core.autocrlf": ("false",), "commit.gpgsign": ("false",), "tag.gpgsign": ("false",), "core.quotepath": ("true",),
    "color.ui": ("auto", "true", "false", "never"), "core.fileMode": ("true",), "core.symlinks": ("true",),
    "core.ignorecase": ("false",), "status.short": ("false",), "diff.renames": ("true",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a configuration file: ``key`` is set on lines that give a value, ``section`` on all."""

    text: str
    section: str
    key: str = ""
    value: str = ""

    @property
    def name(self) -> str:
        return f"{self.section}.{self.key}"


def lines(text: str) -> list[Line]:
    """The lines of a file; anything but plain sections, values and comments is undetermined."""
    found, section = [], ""
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\n")
        head, entry = _SECTION.fullmatch(bare), _ENTRY.fullmatch(bare)
        if head:
            section = head[1].lower() + (f".{head[2]}" if head[2] is not None else "")
            found.append(Line(line, section))
        elif entry and section:
            found.append(Line(line, section, entry[1].lower(), entry[2]))
        elif not bare.strip() or bare.lstrip()[0] in "#;":
            found.append(Line(line, section))
        else:
            raise Undetermined(f"the configuration line {bare!r}")
    return found


def values(text: str) -> list[tuple[str, str]]:
    return [(line.name, line.value) for line in lines(text) if line.key]


def split(key: str) -> tuple[str, str, str] | None:
    """``section`` and ``name`` in lower case and the name as typed; ``None`` for what is no key."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    section = match[1].lower() + (f".{match[2]}" if match[2] is not None else "")
    return section, match[3].lower(), match[3]


def changed(text: str, key: str, value: str) -> str:
    """The file after ``git config key value``."""
    parts = split(key)
    if parts is None or value != value.strip() or re.search(r"[\"\\#;\n\t]", value) or not value:
        raise Undetermined(f"how git writes {key} = {value!r}")
    section, name, typed = parts
    old = lines(text)
    entry = f"\t{typed} = {value}\n"
    same = [i for i, line in enumerate(old) if (line.section, line.key) == (section, name)]
    if len(same) > 1 or (text and not text.endswith("\n")):
        raise Undetermined(f"several values of {key}")
    texts = [line.text for line in old]
    if same:
        texts[same[0]] = entry
        return "".join(texts)
    inside = [i for i, line in enumerate(old) if line.section == section]
    if not inside:
        rest = section.partition(".")[2]
        typed_head = key.partition(".")[0]
        return text + (f'[{typed_head} "{rest}"]\n' if rest else f"[{typed_head}]\n") + entry
    if [i for i in range(inside[0], inside[-1] + 1) if i not in inside] or _heads(old, section) > 1:
        raise Undetermined(f"several sections {section}")
    at = max([i for i in inside if old[i].key or i == inside[0]])
    return "".join([*texts[: at + 1], entry, *texts[at + 1 :]])


def _heads(old: list[Line], section: str) -> int:
    return sum(1 for line in old if line.section == section and _SECTION.fullmatch(line.text.rstrip("\n")))


def without(text: str, key: str) -> str | None:
    """The file after ``git config --unset key``; ``None`` when there is no such value."""
    parts = split(key)
    old = lines(text)
    same = [i for i, line in enumerate(old) if parts and (line.section, line.key) == parts[:2]]
    if not same:
        return None
    inside = [i for i, line in enumerate(old) if line.section == old[same[0]].section]
    if len(same) > 1 or _heads(old, old[same[0]].section) > 1:
        raise Undetermined(f"several values of {key}")
    if any(not old[i].key for i in inside[1:]):
        raise Undetermined("a section with comments")
    gone = set(inside) if len(inside) == 2 else set(same)
    return "".join(line.text for i, line in enumerate(old) if i not in gone)


# -- where settings come from -------------------------------------------------------------------------------------


def user_file(call: Call) -> str:
    """The path of the user's own configuration file."""
    home = call.env.get("HOME")
    if not home or not home.startswith("/") or "GIT_CONFIG_GLOBAL" in call.env or "XDG_CONFIG_HOME" in call.env:
        raise Undetermined("where the user's configuration lies")
    return f"{home}/.gitconfig"


def text_of(call: Call, path: str) -> str:
    """The text of a configuration file; empty when there is none."""
    return decode(call.tree.read(path), path) if call.tree.exists(path) else ""


def user_text(call: Call) -> str:
    """The text of the user's configuration; what lies in other places must be known not to be there."""
    path = user_file(call)
    home = call.env["HOME"]
    for other in ("/etc/gitconfig", f"{home}/.config/git/config", f"{home}/.config/git/ignore",
                  f"{home}/.config/git/attributes"):  # fmt: skip
        known = call.tree.entry(call.tree.resolve(other)) if not other.startswith("/etc") else call.tree.entry(other)
        if isinstance(known, File) or (known is None and not other.startswith("/etc")):
            raise Undetermined(f"{other} may change how git behaves")
    return text_of(call, path)


def settings(pairs: list[tuple[str, str]]) -> Mapping[str, str]:
    """The settings by key; one that changes how git behaves in ways that are not computed is undetermined."""
    for key, value in pairs:
        if not (_HARMLESS.fullmatch(key) or value.lower() in _HARMLESS_VALUES.get(key, ())):
            raise Undetermined(f"the setting {key} = {value}")
    found = dict(pairs)
    if found.get("core.bare", "false") != "false" or found.get("core.filemode", "true") != "true":
        raise Undetermined("a bare repository, or one that ignores modes")
    return found
