"""White space that a screen does not show: tabs look like spaces, and blanks at the ends of lines like nothing.

Files whose content was read off a screen are right for most uses. Commands that would tell the difference are not.
"""

from __future__ import annotations

import posixpath
import re

_TELLS = re.compile(
    r"\b(?:wc(?!\s+-l\b)|md5sum|sha\d+sum|cksum|sum|b2sum|stat|du|od|xxd|hexdump|cmp|diff|comm|cut|tr|base64|gzip|tar|"
    r"zip|expand|unexpand|jq|column|rev|fold|paste|length|strlen|file)\b"
    r"|\b(?:head|tail|cut)\b[^|;&]*\s-\w*[cb]|\bcat\b[^|;&]*\s-\w*[AETtve]|\bls\b[^|;&]*\s-\w*[sSl]|-size\b|--bytes"
    r"|\$\{#|\\[tsS]|\$'|:(?:space|blank):|[ \t]\$(?=['\"/])|\$/|\bIFS=|\$0\b(?!\s*[}|;'])"
)
"""Commands that tell tabs from spaces or see white space at the ends of lines."""
_PROGRAMS = re.compile(r"\b(?:python3?|perl|node|ruby|sqlite3|bash|sh|source)\b|(?:^|[\s;|&(])\./")
"""Programs that read files which the command line does not name."""
_ANY = re.compile(r"[*?]|\s-\w*[rR]|\bfind\b|\bxargs\b|\$\{?[A-Za-z_]|\.git\b|\bgit\b")
"""Ways to reach files without their names."""


def touched(line: str, read: frozenset[str], cwd: str) -> bool:
    """Whether a command may use one of the files that were read off the screen."""
    return bool(read) and (_ANY.search(line) is not None or any(_named(line, path, cwd) for path in read))


def _named(line: str, path: str, cwd: str) -> bool:
    below = path[len(cwd) :] if path.startswith(cwd.rstrip("/") + "/") else posixpath.basename(path)
    return any(part in line for part in below.split("/") if part)


def matter(line: str, read: frozenset[str], cwd: str) -> bool:
    """Whether the outcome of a command may hang on white space that the screen did not show."""
    if not read:
        return False
    data = any(not path.endswith((".py", ".sh", ".c", ".js", ".pl")) for path in read)
    return (_TELLS.search(line) is not None and touched(line, read, cwd)) or (
        data and _PROGRAMS.search(line) is not None
    )


def maybe_tabs(rows: list[str]) -> bool:
    """Whether all wide gaps between the words of a text end where tabs would."""
    gaps = [(match.start(), match.end()) for row in rows for match in re.finditer(r"(?:^ +| {2,})(?=\S)", row)]
    for group in ([end for start, end in gaps if start == 0], [end for start, end in gaps if start]):
        if group and all(end % 8 == 0 for end in group):
            return True
    return False
